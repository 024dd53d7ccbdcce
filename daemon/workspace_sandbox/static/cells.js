// What a cell of the API means for the page. Nothing here touches the document.

/** 0 -> A, 25 -> Z, 26 -> AA. */
export function columnName(index) {
  let name = "";
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name;
  }
  return name;
}

/** `'O''Brien'!B3`; with a second corner `'O''Brien'!B3:D4`. Rows and columns count from 0. */
export function address(tab, row, column, lastRow, lastColumn) {
  const start = `${columnName(column)}${row + 1}`;
  const end = lastRow === undefined ? "" : `:${columnName(lastColumn)}${lastRow + 1}`;
  return `'${tab.replaceAll("'", "''")}'!${start}${end}`;
}

export function shown(cell) {
  return cell?.formattedValue ?? "";
}

// Text that would be read as a formula, a number, a date or a boolean if it were typed again.
const READ_AS_SOMETHING_ELSE = /^(['=]|[-+]?[\d.,:/\s%€$-]*\d[\d.,:/\s%€$-]*$|(true|false|verdadero|falso)$)/i;

/** What typing into the cell starts from: typed again as it is, it gives the same value. */
export function typed(cell) {
  const entered = cell?.userEnteredValue ?? {};
  if (entered.formulaValue !== undefined) return entered.formulaValue;
  if (entered.stringValue !== undefined) {
    return READ_AS_SOMETHING_ELSE.test(entered.stringValue) ? `'${entered.stringValue}` : entered.stringValue;
  }
  return shown(cell);
}

/** `{kind: "list", options, strict}`, `{kind: "checkbox", on, off}` or null. */
export function validation(cell) {
  const rule = cell?.dataValidation;
  const values = rule?.condition?.values?.map((value) => value.userEnteredValue) ?? [];
  if (rule?.condition?.type === "ONE_OF_LIST") return { kind: "list", options: values, strict: Boolean(rule.strict) };
  if (rule?.condition?.type === "BOOLEAN") {
    return { kind: "checkbox", on: values[0] ?? "TRUE", off: values[1] ?? "FALSE" };
  }
  return null;
}

export function isChecked(cell) {
  const value = cell?.effectiveValue ?? cell?.userEnteredValue ?? {};
  const own = cell?.dataValidation?.condition?.values?.[0]?.userEnteredValue;
  return own === undefined ? value.boolValue === true : shown(cell) === own;
}

/** CSS of the cell: `background` and `color` (null where they are the default), weight, style, line, align, wrap. */
export function looks(cell) {
  const formats = [cell?.effectiveFormat, cell?.userEnteredFormat].filter(Boolean);
  const first = (pick) => formats.map(pick).find((value) => value !== undefined);
  const text = first((format) => format.textFormat) ?? {};
  const lines = [text.underline && "underline", text.strikethrough && "line-through"].filter(Boolean).join(" ");
  return {
    background: colour(first((format) => format.backgroundColorStyle?.rgbColor ?? format.backgroundColor), 1),
    color: colour(text.foregroundColorStyle?.rgbColor ?? text.foregroundColor, 0),
    fontWeight: text.bold ? "600" : "",
    fontStyle: text.italic ? "italic" : "",
    textDecoration: lines,
    textAlign: (first((format) => format.horizontalAlignment) ?? natural(cell)).toLowerCase(),
    clipped: first((format) => format.wrapStrategy) === "CLIP",
  };
}

function natural(cell) {
  const value = cell?.effectiveValue ?? {};
  if (value.numberValue !== undefined) return "right";
  return value.boolValue !== undefined || value.errorValue ? "center" : "";
}

/** `rgb(…)`, or null for white or black where that is what a cell has anyway (`usual` is 1 or 0). */
function colour(rgb, usual) {
  if (!rgb) return null;
  const parts = [rgb.red ?? 0, rgb.green ?? 0, rgb.blue ?? 0];
  if (parts.every((part) => part === usual)) return null;
  return `rgb(${parts.map((part) => Math.round(part * 255)).join(" ")})`;
}

/** Rows and columns of pasted text: tabs between cells, lines between rows, quotes around what contains either. */
export function parsePasted(text) {
  const rows = [[""]];
  let quoted = false;
  const clean = text.replaceAll("\r\n", "\n").replace(/\n$/, "");
  for (let at = 0; at < clean.length; at += 1) {
    const sign = clean[at];
    const row = rows[rows.length - 1];
    if (quoted) {
      if (sign === '"' && clean[at + 1] === '"') { row[row.length - 1] += '"'; at += 1; }
      else if (sign === '"') quoted = false;
      else row[row.length - 1] += sign;
    } else if (sign === '"' && row[row.length - 1] === "" && closesLater(clean, at)) quoted = true;
    else if (sign === "\t") row.push("");
    else if (sign === "\n") rows.push([""]);
    else row[row.length - 1] += sign;
  }
  return rows;
}

/** Whether the quote at `at` has its closing quote at the end of a cell; a lone quote is just a sign. */
function closesLater(text, at) {
  return /^"(?:[^"]|"")*"(?=\t|\n|$)/.test(text.slice(at));
}
