// The page `/sheets/ID`: the tabs of a spreadsheet, its grid, the toolbar and the status line.

import { api, poll, sentence } from "/static/api.js";
import { showCharts } from "/static/charts.js";
import { columnName, parsePasted, shown } from "/static/cells.js";
import { el, icon, linked, say } from "/static/dom.js";
import { Grid } from "/static/grid.js";
import { chosenPerson, keepPerson, mountHeader } from "/static/header.js";

const CELL = [
  "formattedValue", "userEnteredValue", "effectiveValue", "note", "hyperlink", "dataValidation",
  "effectiveFormat(backgroundColor,backgroundColorStyle,horizontalAlignment,wrapStrategy,textFormat)",
  "userEnteredFormat",
].join(",");
const TABS = "properties(title,timeZone,locale),sheets(properties,protectedRanges)";
const GRID = `sheets(properties,charts,data(rowData(values(${CELL})),rowMetadata(hiddenByUser,hiddenByFilter),`
  + "columnMetadata(pixelSize,hiddenByUser,hiddenByFilter)))";
// Tabs come, go and change their names seldom: they are read again with every third reading of the cells.
const TABS_EVERY = 3;
// Rules and colours reach to the end of a sheet: only as many rows are read as are seen.
const FIRST_ROWS = 100;
const KEPT = "userEnteredValue,userEnteredFormat,note,dataValidation";

const person = chosenPerson();
const spreadsheet = location.pathname.split("/")[2];
const resource = `/v4/spreadsheets/${spreadsheet}`;
const byId = (id) => document.getElementById(id);
const status = byId("status");

let tabs = [];
let current = Number(new URLSearchParams(location.hash.slice(1)).get("gid") ?? NaN);
let lastTabs = "";
let lastGrid = "";
let turn = 0;
let rowsRead = FIRST_ROWS;
// A reading begun before a write ended may still show the old value: it is thrown away.
let writes = 0;
let writing = 0;
let queue = Promise.resolve();

mountHeader({ here: "", label: "Acting as", person, open: (who) => keepPerson(location.pathname, who) });

const grid = new Grid(byId("scroller"), {
  save: (row, column, text) => writeCells(row, column, [[text]]),
  clear: clearCell,
  paste: (row, column, text) => writeCells(row, column, parsePasted(text)),
  selected: showSelected,
  refuse: (text) => say(status, text, "error"),
  leave: () => byId("toolbar").querySelector("button").focus(),
});

const buttons = [
  ["above", "Insert row above", insertRow], ["copy", "Duplicate row", duplicateRow],
  ["remove", "Delete row", deleteRow], ["up", "Sort A to Z", () => sort("ASCENDING")],
  ["down", "Sort Z to A", () => sort("DESCENDING")],
].map(([drawing, label, action]) => el("button", {
  type: "button", title: label, "aria-label": label, disabled: true, onclick: () => action(),
}, icon(drawing), el("span", { "aria-hidden": "true" }, label)));
byId("toolbar").append(...buttons);
byId("toolbar").addEventListener("keydown", alongToolbar);
byId("tabs").addEventListener("keydown", alongTabs);
byId("content").addEventListener("dblclick", () => grid.edit());
addEventListener("hashchange", () => {
  const wanted = Number(new URLSearchParams(location.hash.slice(1)).get("gid"));
  if (wanted !== current && tabs.some((tab) => tab.properties.sheetId === wanted)) openTab(wanted);
});

const refresh = poll(read, 1000, (error) => fail(error));

// Reading

async function read() {
  if (turn % TABS_EVERY === 0 || !tabs.length) await readTabs();
  turn += 1;
  await readGrid();
}

async function readTabs() {
  const answer = await api(person, resource, { params: { fields: TABS } });
  const text = JSON.stringify(answer);
  if (text === lastTabs) return;
  lastTabs = text;
  tabs = answer.sheets.filter((sheet) => !sheet.properties.hidden);
  byId("title").textContent = answer.properties.title;
  byId("title").title = `${answer.properties.locale}, ${answer.properties.timeZone}`;
  document.title = `${answer.properties.title} · Workspace sandbox`;
  if (!tabs.some((tab) => tab.properties.sheetId === current)) current = tabs[0].properties.sheetId;
  showTabs();
}

async function readGrid() {
  const before = writes;
  const tab = tabs.find((one) => one.properties.sheetId === current);
  const { title, gridProperties: { rowCount } } = tab.properties;
  const ranges = `'${title.replaceAll("'", "''")}'!1:${Math.min(rowsRead, rowCount)}`;
  const answer = await api(person, resource, { params: { includeGridData: true, ranges, fields: GRID } });
  if (writing || before !== writes || tab.properties.sheetId !== current) return;
  const text = JSON.stringify(answer);
  if (status.dataset.kind === "error" && status.dataset.lost) settle("");
  if (!status.dataset.text) settle("Changes by others appear by themselves.");
  if (text === lastGrid) return;
  lastGrid = text;
  grid.show(answer.sheets[0]);
  showCharts(byId("scroller"), grid, answer.sheets[0].charts ?? []);
  if (grid.reach > rowsRead) {
    rowsRead = Math.max(grid.reach, 2 * rowsRead);
    refresh();
  }
  for (const button of buttons) button.disabled = false;
}

function settle(text, ...more) {
  delete status.dataset.lost;
  say(status, text, "", ...more);
}

function fail(error) {
  // The tab may be gone, renamed or shorter than it was.
  turn = 0;
  say(status, sentence(error), "error");
  status.dataset.lost = "yes";
  if (!tabs.length) {
    byId("title").textContent = error.status === 404 || error.status === 403
      ? `${person} has no such spreadsheet` : "The spreadsheet cannot be read";
  }
}

// Tabs

function showTabs() {
  byId("tabs").replaceChildren(...tabs.map((tab) => {
    const { sheetId, title } = tab.properties;
    const chosen = sheetId === current;
    return el("button", {
      type: "button", role: "tab", "aria-selected": String(chosen), "aria-controls": "scroller",
      tabIndex: chosen ? 0 : -1, onclick: () => openTab(sheetId),
    }, title);
  }));
}

function openTab(sheetId) {
  if (sheetId === current) return;
  current = sheetId;
  lastGrid = "";
  rowsRead = FIRST_ROWS;
  history.replaceState(null, "", `#gid=${sheetId}`);
  grid.reset();
  showTabs();
  refresh();
}

function alongTabs(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  const at = tabs.findIndex((tab) => tab.properties.sheetId === current);
  openTab(tabs[(at + step + tabs.length) % tabs.length].properties.sheetId);
  byId("tabs").querySelector('[aria-selected="true"]').focus();
}

function alongToolbar(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step) buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length].focus();
}

// The selected cell, in full

let lastSelected = "";

function showSelected(row, column) {
  const cell = grid.cell(row, column);
  const guard = protection(row, column);
  const now = JSON.stringify([row, column, shown(cell), cell?.note, cell?.userEnteredValue?.formulaValue, guard]);
  if (now === lastSelected) return;
  lastSelected = now;
  byId("address").textContent = `${columnName(column)}${row + 1}`;
  const formula = cell?.userEnteredValue?.formulaValue;
  byId("content").replaceChildren(
    ...linked(shown(cell)),
    formula && !cell.hyperlink ? el("code", {}, formula) : "",
    cell?.hyperlink ? el("a", { href: safe(cell.hyperlink), target: "_blank", rel: "noopener noreferrer" }, cell.hyperlink) : "",
    cell?.note ? el("p", { class: "note" }, cell.note) : "",
    guard ? el("p", { class: "note" }, guard) : "",
  );
}

function safe(link) {
  return /^(https?|mailto):/i.test(link) ? link : null;
}

/** What is said about a protected cell, or "". */
function protection(row, column) {
  const tab = tabs.find((one) => one.properties.sheetId === current);
  const found = tab?.protectedRanges?.find(({ range = {} }) =>
    row >= (range.startRowIndex ?? 0) && row < (range.endRowIndex ?? Infinity)
    && column >= (range.startColumnIndex ?? 0) && column < (range.endColumnIndex ?? Infinity));
  if (!found) return "";
  return `Protected${found.warningOnly ? " (you may edit it, but should not)" : ""}. ${found.description ?? ""}`.trim();
}

// Writing

/** Carry out one write after the other; `done(answer)` gives the sentence for the status line. */
function write(send, done) {
  writing += 1;
  settle("Saving…");
  queue = queue.then(async () => {
    try {
      const answer = await send();
      const [text, ...more] = [done(answer)].flat();
      settle(text, ...more);
    } catch (error) {
      say(status, sentence(error), "error");
      grid.forget();
      lastGrid = "";
    }
    writing -= 1;
    writes += 1;
    refresh();
  });
  return queue;
}

function writeCells(row, column, values) {
  values.forEach((line, down) => line.forEach((text, right) => grid.pending(row + down, column + right, text)));
  const range = grid.range(row, column, row + values.length - 1, column + Math.max(...values.map((line) => line.length)) - 1);
  lastGrid = "";
  write(
    () => api(person, `${resource}/values/${encodeURIComponent(range)}`, {
      method: "PUT", params: { valueInputOption: "USER_ENTERED" }, body: { values },
    }),
    () => "Saved.",
  );
}

function clearCell(row, column) {
  if (shown(grid.cell(row, column)) === "" && !grid.cell(row, column)?.userEnteredValue) return;
  grid.pending(row, column, "");
  lastGrid = "";
  write(
    () => api(person, `${resource}/values/${encodeURIComponent(grid.range(row, column))}:clear`, { method: "POST", body: {} }),
    () => "Cleared.",
  );
}

function change(requests, done) {
  return write(() => api(person, `${resource}:batchUpdate`, { method: "POST", body: { requests } }), done);
}

function rows(from, to = from + 1) {
  return { sheetId: current, dimension: "ROWS", startIndex: from, endIndex: to };
}

function insertRow() {
  const row = grid.row;
  // The row of headings must not hand its looks down to the first row of data.
  const inheritFromBefore = row > grid.frozenRows;
  change([{ insertDimension: { range: rows(row), inheritFromBefore } }], () => `Inserted a row above row ${row + 1}.`)
    .then(() => grid.element(row, grid.column)?.focus({ preventScroll: true }));
}

function duplicateRow() {
  const row = grid.row;
  const range = (at) => ({
    sheetId: current, startRowIndex: at, endRowIndex: at + 1, startColumnIndex: 0, endColumnIndex: grid.columnCount,
  });
  change([
    { insertDimension: { range: rows(row + 1), inheritFromBefore: true } },
    { copyPaste: { source: range(row), destination: range(row + 1), pasteType: "PASTE_NORMAL" } },
  ], () => `Duplicated row ${row + 1}.`);
}

function deleteRow() {
  const row = grid.row;
  const sheetId = current;
  const values = (grid.rows[row] ?? []).map((cell) => pick(cell ?? {}));
  const undo = el("button", { type: "button", onclick: () => restoreRow(sheetId, row, values) }, "Undo");
  change([{ deleteDimension: { range: rows(row) } }], () => [`Deleted row ${row + 1}.`, undo]);
}

function restoreRow(sheetId, row, values) {
  change([
    { insertDimension: { range: { sheetId, dimension: "ROWS", startIndex: row, endIndex: row + 1 }, inheritFromBefore: row > 0 } },
    { updateCells: { start: { sheetId, rowIndex: row, columnIndex: 0 }, rows: [{ values }], fields: KEPT } },
  ], () => `Row ${row + 1} is back.`);
}

function pick(cell) {
  return Object.fromEntries(KEPT.split(",").filter((name) => name in cell).map((name) => [name, cell[name]]));
}

function sort(sortOrder) {
  const range = {
    sheetId: current, startRowIndex: grid.frozenRows, endRowIndex: grid.rowCount,
    startColumnIndex: 0, endColumnIndex: grid.columnCount,
  };
  const order = sortOrder === "ASCENDING" ? "A to Z" : "Z to A";
  change([{ sortRange: { range, sortSpecs: [{ dimensionIndex: grid.column, sortOrder }] } }],
    () => `Sorted by column ${columnName(grid.column)}, ${order}.`);
}
