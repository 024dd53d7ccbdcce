// The table of one tab: drawing only what changed, selecting, and opening the editor.

import { address, columnName, isChecked, looks, shown, typed, validation } from "/static/cells.js";
import { el } from "/static/dom.js";
import { Editor } from "/static/editor.js";

const EMPTY_ROWS = 25;
const MORE_ROWS = 100;
const NARROWEST = 84;
const WIDEST = 300;
const USUAL_WIDTH = 100;
const MEASURED_ROWS = 200;

/**
 * `save(row, column, text)`, `clear(row, column)`, `paste(row, column, text)` and `selected(row, column)` are called
 * back; `refuse(text)` is given what a person has to know about a cell that was not taken.
 */
export class Grid {
  constructor(scroller, { save, clear, paste, selected, refuse, leave }) {
    Object.assign(this, { scroller, save, clear, paste, selected, refuse, leave });
    this.reset();
  }

  reset() {
    this.editor?.close(() => {});
    this.editor = null;
    this.tab = null;
    this.structure = "";
    this.cells = [];
    this.more = 0;
    this.row = 0;
    this.column = 0;
    this.scroller.replaceChildren();
  }

  /** Show the tab as the API gives it (`properties` and the first of `data`). */
  show(sheet) {
    const data = sheet.data?.[0] ?? {};
    const rows = (data.rowData ?? []).map((row) => row.values ?? []);
    this.follow(rows);
    this.tab = sheet;
    this.rows = rows;
    // Rows may hold nothing but rules, colours and unticked boxes: they count as empty.
    this.used = rows.findLastIndex((row) => contents(row) !== "") + 1;
    this.rowCount = sheet.properties.gridProperties?.rowCount ?? rows.length;
    this.columnCount = sheet.properties.gridProperties?.columnCount ?? 0;
    this.frozenRows = Math.max(sheet.properties.gridProperties?.frozenRowCount ?? 0, rows.length ? 1 : 0);
    this.frozenColumns = sheet.properties.gridProperties?.frozenColumnCount ?? 0;
    const hidden = (data.columnMetadata ?? []).map((one) => Boolean(one.hiddenByUser || one.hiddenByFilter));
    this.columns = [...Array(this.columnCount).keys()].filter((index) => !hidden[index]);
    const structure = JSON.stringify([sheet.properties.sheetId, this.columns, this.frozenRows, this.frozenColumns]);
    if (structure !== this.structure) this.build(structure, data.columnMetadata ?? []);
    this.fill(data.rowMetadata ?? []);
  }

  /** How many rows are to be seen: those in use, some empty ones, and those asked for. */
  get reach() {
    return Math.min(this.rowCount, this.used + EMPTY_ROWS + this.more);
  }

  cell(row, column) {
    return this.rows?.[row]?.[column];
  }

  /** A selection or an edit stays with its row when others insert, delete or sort rows. */
  follow(rows) {
    if (!this.rows) return;
    const before = contents(this.rows[this.row]);
    if (!before || contents(rows[this.row]) === before) return;
    const places = rows.flatMap((row, index) => (contents(row) === before ? [index] : []));
    if (places.length !== 1) return;
    this.row = places[0];
    this.moved = true;
  }

  build(structure, metadata) {
    this.editor?.close(() => {});
    this.editor = null;
    this.structure = structure;
    this.cells = [];
    this.widths = this.columns.map((index) => this.width(index, metadata[index]));
    this.body = el("tbody");
    this.table = el("table", {
      class: "grid", role: "grid", "aria-label": this.tab.properties.title, "aria-describedby": "grid-help",
      onkeydown: (event) => this.key(event), onpointerdown: (event) => this.press(event), onclick: (event) => this.click(event),
      ondblclick: (event) => this.doubleClick(event), oncopy: (event) => this.copy(event),
      onpaste: (event) => this.pasted(event),
    },
    el("colgroup", {}, el("col", { class: "numbers" }), this.columns.map((_, at) => this.col(at))),
    el("thead", {}, el("tr", { role: "row", "aria-rowindex": "1" }, el("th", { class: "corner" }),
      this.columns.map((index, at) => el("th", { scope: "col", class: at < this.frozenColumns ? "held" : "" }, columnName(index))))),
    this.body);
    this.table.style.width = `${44 + this.widths.reduce((sum, width) => sum + width, 0)}px`;
    this.moreButton = el("button", { type: "button", class: "more", onclick: () => this.showMore() }, "Show more rows");
    this.scroller.replaceChildren(this.table, this.moreButton);
  }

  col(at) {
    const col = el("col");
    col.style.width = `${this.widths[at]}px`;
    return col;
  }

  /** The width the sheet sets, else one that suits the contents. */
  width(column, metadata) {
    if (metadata?.pixelSize && metadata.pixelSize !== USUAL_WIDTH) return metadata.pixelSize;
    const widths = this.rows.slice(0, MEASURED_ROWS).map((row, index) => {
      const rule = validation(row[column]);
      const lines = rule ? (rule.options ?? []) : shown(row[column]).split("\n");
      return Math.max(0, ...lines.map((line) => textWidth(line, index < this.frozenRows))) + (rule ? 42 : 20);
    });
    return Math.ceil(Math.min(WIDEST, Math.max(NARROWEST, ...widths)));
  }

  fill(rowMetadata) {
    const visible = this.reach;
    while (this.cells.length > visible) this.dropRow();
    while (this.cells.length < visible) this.addRow();
    this.table.setAttribute("aria-rowcount", String(this.rowCount + 1));
    this.table.setAttribute("aria-colcount", String(this.columnCount));
    this.cells.forEach((row, index) => {
      row.element.hidden = Boolean(rowMetadata[index]?.hiddenByUser || rowMetadata[index]?.hiddenByFilter);
      this.columns.forEach((column, at) => this.paint(row, at, this.cell(index, column)));
    });
    this.moreButton.hidden = visible >= this.rowCount;
    this.freeze();
    this.mark();
    if (this.moved && this.editor) this.editor.moveTo(this.element(this.row, this.column));
    else this.editor?.place();
    this.moved = false;
  }

  addRow() {
    const index = this.cells.length;
    const elements = this.columns.map((column, at) => el("td", {
      role: "gridcell", "aria-colindex": String(column + 1), tabIndex: -1, class: at < this.frozenColumns ? "held" : "",
    }));
    const element = el("tr", { role: "row", "aria-rowindex": String(index + 2) },
      el("th", { scope: "row" }, String(index + 1)), elements);
    element.classList.toggle("frozen", index < this.frozenRows);
    this.cells.push({ element, elements, painted: [] });
    this.body.append(element);
  }

  dropRow() {
    this.cells.pop().element.remove();
  }

  /** Draw the cell unless it is drawn like this already. */
  paint(row, at, cell) {
    const signature = cell ? JSON.stringify(cell) : "";
    if (row.painted[at] === signature) return;
    row.painted[at] = signature;
    const element = row.elements[at];
    const rule = validation(cell);
    const look = looks(cell);
    element.className = element.classList.contains("held") ? "held" : "";
    element.classList.toggle("coloured", Boolean(look.background));
    element.classList.toggle("inked", Boolean(look.color));
    element.classList.toggle("noted", Boolean(cell?.note));
    element.classList.toggle("clipped", look.clipped);
    element.classList.toggle("list", rule?.kind === "list");
    element.classList.toggle("vacant", shown(cell) === "");
    element.classList.toggle("failed", Boolean(cell?.effectiveValue?.errorValue));
    element.style.cssText = "";
    if (look.background) element.style.setProperty("--cell", look.background);
    if (look.color) element.style.setProperty("--ink", look.color);
    for (const name of ["fontWeight", "fontStyle", "textDecoration", "textAlign"]) element.style[name] = look[name];
    element.title = cell?.note ?? "";
    if (cell?.note) element.setAttribute("aria-description", cell.note);
    else element.removeAttribute("aria-description");
    element.replaceChildren(rule?.kind === "checkbox" ? this.checkbox(cell) : el("div", {}, shown(cell)));
  }

  checkbox(cell) {
    // The cell has the focus, not the box; `click` and the keys of the grid save what is ticked.
    return el("input", { type: "checkbox", tabIndex: -1, checked: isChecked(cell), "aria-label": "Ticked" });
  }

  /** Rows and columns that stay in sight while the rest scrolls. */
  freeze() {
    let top = this.table.tHead.offsetHeight;
    for (const row of this.cells.slice(0, this.frozenRows)) {
      for (const cell of row.element.cells) cell.style.top = `${top}px`;
      top += row.element.offsetHeight;
    }
    this.frozenHeight = top;
    let left = 44;
    for (let at = 0; at < Math.min(this.frozenColumns, this.columns.length); at += 1) {
      this.table.tHead.rows[0].cells[at + 1].style.left = `${left}px`;
      for (const row of this.cells) row.elements[at].style.left = `${left}px`;
      left += this.widths[at];
    }
  }

  showMore() {
    this.more += MORE_ROWS;
    this.fill(this.tab.data?.[0]?.rowMetadata ?? []);
  }

  // Selecting

  element(row, column) {
    return this.cells[row]?.elements[this.columns.indexOf(column)];
  }

  /** Show which cell is selected, without moving the focus. */
  mark() {
    if (!this.columns.includes(this.column)) this.column = this.columns[0] ?? 0;
    this.row = Math.min(this.row, Math.max(0, this.cells.length - 1));
    const element = this.element(this.row, this.column);
    if (element !== this.marked) {
      this.marked?.classList.remove("selected");
      this.marked?.removeAttribute("aria-selected");
      if (this.marked) this.marked.tabIndex = -1;
      if (this.marked && this.marked === document.activeElement) element?.focus({ preventScroll: true });
      this.marked = element;
    }
    element?.classList.add("selected");
    element?.setAttribute("aria-selected", "true");
    if (element) element.tabIndex = 0;
    this.selected(this.row, this.column);
  }

  select(row, column, { focus = true } = {}) {
    this.row = Math.max(0, Math.min(row, this.cells.length - 1));
    this.column = column;
    this.mark();
    const element = this.element(this.row, this.column);
    if (!element || !focus) return;
    element.focus({ preventScroll: true });
    this.reveal(element);
  }

  /** Scroll just so far that neither the frozen rows nor the edges cover the cell. */
  reveal(element) {
    const outer = this.scroller.getBoundingClientRect();
    const box = element.getBoundingClientRect();
    const left = outer.left + 44;
    if (!element.classList.contains("held")) {
      if (box.left < left) this.scroller.scrollLeft -= left - box.left;
      else if (box.right > outer.right - 14) this.scroller.scrollLeft += Math.min(box.right - outer.right + 14, box.left - left);
    }
    if (this.row < this.frozenRows) return;
    const top = outer.top + this.frozenHeight;
    if (box.top < top) this.scroller.scrollTop -= top - box.top;
    else if (box.bottom > outer.bottom - 14) this.scroller.scrollTop += box.bottom - outer.bottom + 14;
  }

  step(down, right) {
    const at = this.columns.indexOf(this.column) + right;
    let row = this.row + down;
    while (down && this.cells[row]?.element.hidden) row += Math.sign(down);
    if (!this.cells[row]) row = this.row;
    this.select(row, this.columns[Math.max(0, Math.min(at, this.columns.length - 1))]);
  }

  place(target) {
    const element = target.closest("td");
    const row = this.cells.findIndex((one) => one.element === element?.parentElement);
    return row < 0 ? null : [row, this.columns[this.cells[row].elements.indexOf(element)]];
  }

  /** Mouse and pen select when they press. A finger may be about to scroll: it selects with `click`. */
  press(event) {
    this.finger = event.pointerType === "touch";
    const place = this.place(event.target);
    if (!place || this.finger) return;
    event.preventDefault();
    this.editor?.finish(0, 0);
    this.select(...place);
    if (this.onArrow(event)) this.edit();
  }

  click(event) {
    const place = this.place(event.target);
    if (!place) return;
    const again = place[0] === this.row && place[1] === this.column && document.activeElement === this.marked;
    if (this.finger) this.select(...place);
    if (event.target.type === "checkbox") this.tick(event.target.checked);
    else if (this.finger && (again || this.onArrow(event))) this.edit();
  }

  /** Whether the press is on the small arrow at the right of a cell with choices. */
  onArrow(event) {
    const element = event.target.closest("td.list");
    return element && event.clientX > element.getBoundingClientRect().right - 22;
  }

  doubleClick(event) {
    if (this.place(event.target) && event.target.type !== "checkbox") this.edit();
  }

  // Changing

  key(event) {
    if (event.isComposing || !event.target.closest("td")) return;
    const control = event.ctrlKey || event.metaKey;
    const move = MOVES[event.key];
    if (event.key === "Tab") {
      const at = this.columns.indexOf(this.column) + (event.shiftKey ? -1 : 1);
      if (at < 0 || at >= this.columns.length) return;
      this.step(0, event.shiftKey ? -1 : 1);
    } else if (control && event.key === "Home") this.select(0, this.columns[0]);
    else if (control && event.key === "End") this.select(Math.max(0, this.used - 1), this.columns.at(-1));
    else if (move) this.step(...(control ? move.map((one) => one * 1e6).map((far, axis) => this.far(far, axis)) : move));
    else if (event.key === "Home") this.select(this.row, this.columns[0]);
    else if (event.key === "End") this.select(this.row, this.columns.at(-1));
    else if (event.key === "Enter" || event.key === "F2") this.enter();
    else if (event.key === "Delete" || event.key === "Backspace") this.erase();
    else if (event.key === "Escape") this.leave();
    else if (event.key === " " && this.rule()?.kind === "checkbox") this.toggle();
    else if (event.key.length === 1 && !control && !event.altKey) this.edit(event.key);
    else return;
    event.preventDefault();
  }

  /** Control and an arrow: to the last row with content, or to the first. */
  far(distance, axis) {
    if (!distance) return 0;
    if (axis === 1) return distance;
    return distance > 0 ? Math.max(0, this.used - 1 - this.row) : -this.row;
  }

  rule() {
    return validation(this.cell(this.row, this.column));
  }

  enter() {
    if (this.rule()?.kind === "checkbox") this.toggle();
    else this.edit();
  }

  erase() {
    const rule = this.rule();
    if (rule?.kind === "checkbox") this.save(this.row, this.column, rule.off);
    else this.clear(this.row, this.column);
  }

  toggle() {
    this.tick(!this.element(this.row, this.column).querySelector("input").checked);
  }

  tick(checked) {
    const rule = this.rule();
    this.save(this.row, this.column, checked ? rule.on : rule.off);
  }

  edit(sign) {
    const rule = this.rule();
    if (this.editor || rule?.kind === "checkbox") return;
    const cell = this.cell(this.row, this.column);
    const before = typed(cell);
    const element = this.element(this.row, this.column);
    this.reveal(element);
    this.editor = new Editor({
      scroller: this.scroller, cell: element, text: sign ?? before, replaces: sign !== undefined,
      label: `${columnName(this.column)}${this.row + 1}`, choices: rule?.kind === "list" ? rule : null,
      cancel: () => { this.editor = null; element.focus({ preventScroll: true }); },
      commit: (text, down, right, stay) => this.commit(before, text, down, right, stay),
    });
  }

  commit(before, text, down, right, stay) {
    this.editor = null;
    const [row, column] = [this.row, this.column];
    const rule = this.rule();
    if (text !== before) {
      if (rule?.kind === "list" && rule.strict && text !== "" && !rule.options.includes(text)) {
        this.refuse(`“${text}” is not one of the choices: ${rule.options.join(", ")}.`);
      } else if (text === "") this.clear(row, column);
      else this.save(row, column, text);
    }
    if (stay) this.step(down, right);
  }

  /** What was typed, until the API says what became of it. */
  pending(row, column, text) {
    const element = this.element(row, column);
    if (!element) return;
    this.cells[row].painted[this.columns.indexOf(column)] = null;
    element.classList.add("pending");
    const box = element.querySelector("input");
    if (box) box.checked = text === validation(this.cell(row, column))?.on;
    else element.replaceChildren(el("div", {}, text.replace(/^'/, "")));
  }

  /** Draw every cell again at the next `show`: what was typed was refused. */
  forget() {
    for (const row of this.cells) row.painted = [];
  }

  // Clipboard

  copy(event) {
    if (this.editor) return;
    const text = shown(this.cell(this.row, this.column));
    event.clipboardData.setData("text/plain", /[\t\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    event.preventDefault();
  }

  pasted(event) {
    if (this.editor) return;
    event.preventDefault();
    this.paste(this.row, this.column, event.clipboardData.getData("text/plain"));
  }

  range(row, column, lastRow, lastColumn) {
    return address(this.tab.properties.title, row, column, lastRow, lastColumn);
  }
}

const MOVES = {
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-10, 0], PageDown: [10, 0],
};

/** Pixels the line takes in the grid. */
function textWidth(line, bold) {
  const { fontFamily } = getComputedStyle(document.body);
  pen.font = `${bold ? 600 : 400} 13.5px ${fontFamily}`;
  return pen.measureText(line).width;
}

const pen = document.createElement("canvas").getContext("2d");

/** The contents of a row as one string, empty for a row without any. */
function contents(row) {
  const values = (row ?? []).map((cell) => cell?.userEnteredValue ?? null);
  return values.some((value) => value && value.boolValue === undefined) ? JSON.stringify(values) : "";
}
