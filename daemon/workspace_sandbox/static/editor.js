// The field that appears over a cell while it is edited, with its list of choices where the cell has one.

import { el } from "/static/dom.js";

/**
 * Opens over `cell` inside `scroller` and closes by itself.
 * `commit(text, down, right)` takes the text and the step to make afterwards; `cancel()` is told of Escape.
 * `replaces` says that the person started by typing: arrow keys then finish, as they do in every spreadsheet.
 */
export class Editor {
  constructor({ scroller, cell, label, text, replaces, choices, commit, cancel }) {
    Object.assign(this, { scroller, cell, replaces, choices, commit, cancel });
    this.done = false;
    this.highlighted = -1;
    this.field = el("textarea", {
      class: "editor", value: text, rows: 1, spellcheck: false, "aria-label": `Edit ${label}`,
      onkeydown: (event) => this.key(event), oninput: () => this.typedSomething(), onblur: () => this.finish(0, 0),
    });
    scroller.append(this.field);
    if (choices) this.openList(replaces ? text : "");
    this.reposition = () => this.place();
    scroller.addEventListener("scroll", this.reposition);
    addEventListener("resize", this.reposition);
    this.place();
    this.field.focus({ preventScroll: true });
    this.field.setSelectionRange(choices && !replaces ? 0 : text.length, text.length);
  }

  /** Over the cell, as wide and high as the text needs. */
  place() {
    const outer = this.scroller.getBoundingClientRect();
    const box = this.cell.getBoundingClientRect();
    const left = box.left - outer.left + this.scroller.scrollLeft;
    const top = box.top - outer.top + this.scroller.scrollTop;
    const widest = Math.max(box.width, Math.min(460, outer.right - box.left - 8));
    const style = this.field.style;
    style.left = `${left}px`;
    style.top = `${top}px`;
    style.width = `${Math.min(Math.max(box.width, 150), widest)}px`;
    if (this.field.value.length > 24) style.width = `${Math.max(box.width, Math.min(widest, 340))}px`;
    style.height = "auto";
    style.height = `${Math.max(box.height, this.field.scrollHeight + 2)}px`;
    if (!this.list) return;
    this.list.style.left = `${left}px`;
    this.list.style.top = `${top + this.field.offsetHeight + 2}px`;
    this.list.style.minWidth = `${this.field.offsetWidth}px`;
  }

  moveTo(cell) {
    this.cell = cell;
    this.place();
  }

  typedSomething() {
    if (this.choices) this.fillList(this.field.value);
    this.place();
  }

  openList(filter) {
    this.list = el("ul", { class: "choices", role: "listbox", id: "choices", "aria-label": "Choices" });
    this.field.setAttribute("role", "combobox");
    this.field.setAttribute("aria-controls", "choices");
    this.field.setAttribute("aria-expanded", "true");
    this.scroller.append(this.list);
    this.fillList(filter);
  }

  fillList(filter) {
    const wanted = filter.trim().toLowerCase();
    const options = this.choices.options.filter((option) => option.toLowerCase().includes(wanted));
    this.list.replaceChildren(...options.map((option, index) => el("li", {
      role: "option", id: `choice-${index}`, "aria-selected": "false",
      // The press, not the click: a click would come after the field has lost the focus and closed.
      onpointerdown: (event) => { event.preventDefault(); this.choose(option); },
    }, option)));
    this.list.hidden = options.length === 0;
    const current = options.indexOf(this.field.value);
    this.highlight(current >= 0 ? current : this.choices.strict && wanted && options.length ? 0 : -1);
  }

  highlight(index) {
    const items = [...this.list.children];
    this.highlighted = index;
    items.forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    if (index < 0) this.field.removeAttribute("aria-activedescendant");
    else this.field.setAttribute("aria-activedescendant", `choice-${index}`);
    // Not scrollIntoView, which would scroll the grid as well.
    if (index >= 0) this.list.scrollTop = items[index].offsetTop - this.list.clientHeight / 2;
  }

  choose(option) {
    this.field.value = option;
    this.finish(0, 0, true);
  }

  key(event) {
    if (event.isComposing) return;
    const newLine = event.key === "Enter" && (event.altKey || event.shiftKey || event.ctrlKey);
    if (event.key === "Escape") this.close(() => this.cancel());
    else if (newLine) this.newLine();
    else if (event.key === "Enter") this.take(() => this.finish(1, 0, true));
    else if (event.key === "Tab") this.take(() => this.finish(0, event.shiftKey ? -1 : 1, true));
    else if (this.list && event.key === "ArrowDown") this.highlight((this.highlighted + 1) % this.list.children.length);
    else if (this.list && event.key === "ArrowUp") {
      this.highlight((this.highlighted <= 0 ? this.list.children.length : this.highlighted) - 1);
    } else if (this.replaces && ARROWS[event.key] && !this.field.value.includes("\n")) {
      this.finish(...ARROWS[event.key], true);
    } else {
      event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  newLine() {
    this.field.setRangeText("\n", this.field.selectionStart, this.field.selectionEnd, "end");
    this.typedSomething();
  }

  /** Take the highlighted choice, where there is one, and go on. */
  take(go) {
    const choice = this.list?.children[this.highlighted];
    if (choice) this.field.value = choice.textContent;
    go();
  }

  /** `stay` keeps the focus in the grid; without it the focus went elsewhere and stays there. */
  finish(down, right, stay = false) {
    this.close(() => this.commit(this.field.value, down, right, stay));
  }

  close(then) {
    if (this.done) return;
    this.done = true;
    this.scroller.removeEventListener("scroll", this.reposition);
    removeEventListener("resize", this.reposition);
    then();
    this.field.remove();
    this.list?.remove();
  }
}

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
