// Building elements. Text goes in as text nodes, never as markup.

/** An element with properties (`class`, `onclick`, `aria-…`, any other) and children (nodes or text). */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role" || name === "for") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

const SHAPES = {
  drive: "M2 5.5h12v6.5H2zM4 9.5h.5M2 8h12",
  folder: "M1.5 4h4.5l1.5 2h7v7h-13z",
  sheet: "M3 1.5h10v13H3zM3 6h10M3 10h10M7 6v8.5",
  file: "M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3",
  person: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 14c.7-3 2.8-4 5.5-4s4.8 1 5.5 4",
  above: "M2 9.5h12v4H2zM8 7V2M5.5 4.5h5",
  copy: "M5 5h9v9H5zM2 11V2h9",
  remove: "M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.5 9.5h6l.5-9.5",
  up: "M4 13V3M1.5 5.5 4 3l2.5 2.5M9 4h2M9 8h3.5M9 12h5",
  down: "M4 3v10M1.5 10.5 4 13l2.5-2.5M9 4h5M9 8h3.5M9 12h2",
  clip: "M11.5 7 7 11.5a2 2 0 0 1-3-3L9.5 3a3 3 0 0 1 4 4.5L8 13",
};

/** A line drawing of 16 by 16 pixels, without meaning of its own. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 16 16", "aria-hidden": "true", class: `icon icon-${name}` })) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

const ADDRESS = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]/g;

/** The text as nodes, in which web addresses are links. */
export function linked(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    nodes.push(text.slice(from, match.index));
    nodes.push(el("a", { href: match[0], target: "_blank", rel: "noopener noreferrer" }, match[0]));
    from = match.index + match[0].length;
  }
  nodes.push(text.slice(from));
  return nodes;
}

/** `10:32` today, `3 Dec 10:32` this year, `3 Dec 2025` before. */
export function when(instant) {
  const date = new Date(instant);
  const now = new Date();
  const clock = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === now.toDateString()) return clock;
  const sameYear = date.getFullYear() === now.getFullYear();
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: sameYear ? undefined : "numeric" });
  return sameYear ? `${day} ${clock}` : day;
}

/** Date and time in full. */
export function whenInFull(instant) {
  return new Date(instant).toLocaleString("en-GB", { dateStyle: "full", timeStyle: "short" });
}

/** Say something in the status line; `kind` is "" or "error". */
export function say(line, text, kind = "", ...more) {
  if (line.dataset.text === text && line.dataset.kind === kind && !more.length) return;
  line.dataset.text = text;
  line.dataset.kind = kind;
  line.replaceChildren(text, ...more);
}
