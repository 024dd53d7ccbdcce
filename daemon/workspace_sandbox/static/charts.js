// Column charts of a tab, drawn over its grid where they are anchored. Other kinds of charts are named, not drawn.

import { shown } from "/static/cells.js";
import { el } from "/static/dom.js";

const EDGE = { left: 46, right: 14, top: 44, bottom: 62 };
const USUAL_SIZE = [600, 371];

/** Show the charts of the tab (`charts` of the API) over the grid that is drawn in the scroller. */
export function showCharts(scroller, grid, charts) {
  for (const old of scroller.querySelectorAll("figure.chart")) old.remove();
  for (const chart of charts) {
    const place = chart.position?.overlayPosition;
    const anchor = place && grid.element(place.anchorCell?.rowIndex ?? 0, place.anchorCell?.columnIndex ?? 0);
    if (!anchor) continue;
    const [width, height] = [place.widthPixels ?? USUAL_SIZE[0], place.heightPixels ?? USUAL_SIZE[1]];
    const figure = el("figure", { class: "chart", role: "img", "aria-label": chart.spec.altText ?? chart.spec.title ?? "Chart" });
    const left = anchor.offsetLeft + (place.offsetXPixels ?? 0);
    const top = anchor.offsetTop + (place.offsetYPixels ?? 0);
    figure.style.cssText = `left:${left}px;top:${top}px;width:${width}px;height:${height}px`;
    figure.append(drawing(chart.spec, grid, width, height));
    scroller.append(figure);
  }
}

function drawing(spec, grid, width, height) {
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  svg.append(draw("text", { x: EDGE.left, y: 24, class: "title" }, spec.title ?? ""));
  const chart = spec.basicChart;
  if (chart?.chartType !== "COLUMN") {
    svg.append(draw("text", { x: EDGE.left, y: 60 }, `A chart of the kind ${chart?.chartType ?? Object.keys(spec)[1]}`));
    return svg;
  }
  const heads = chart.headerCount ?? 0;
  const names = cellsOf(grid, chart.domains?.[0]?.domain).slice(heads).map(shown);
  const series = (chart.series ?? []).map((one, index) => {
    const cells = cellsOf(grid, one.series);
    return {
      name: heads ? shown(cells[0]) : "",
      values: cells.slice(heads).map((cell) => cell?.effectiveValue?.numberValue ?? 0),
      colour: rgb(one.colorStyle?.rgbColor ?? one.color) ?? `hsl(${index * 80} 50% 45%)`,
    };
  });
  columns(svg, names, series, chart.stackedType === "STACKED", width, height);
  legend(svg, series, height);
  return svg;
}

function columns(svg, names, series, stacked, width, height) {
  const sums = names.map((_, at) => series.map((one) => one.values[at] ?? 0).reduce((sum, one) => (stacked ? sum + one : Math.max(sum, one)), 0));
  const top = Math.max(1, ...sums);
  const step = Math.max(1, Math.ceil(top / 5));
  const high = height - EDGE.top - EDGE.bottom;
  const wide = (width - EDGE.left - EDGE.right) / Math.max(1, names.length);
  const y = (value) => EDGE.top + high - (value / (Math.ceil(top / step) * step)) * high;
  for (let value = 0; value <= Math.ceil(top / step) * step; value += step) {
    svg.append(draw("line", { x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value) }));
    svg.append(draw("text", { x: EDGE.left - 8, y: y(value) + 4, "text-anchor": "end" }, String(value)));
  }
  names.forEach((name, at) => {
    const left = EDGE.left + at * wide;
    name.split(" ").forEach((word, line) => {
      svg.append(draw("text", { x: left + wide / 2, y: height - EDGE.bottom + 15 + 13 * line, "text-anchor": "middle" }, word));
    });
    let base = 0;
    series.forEach((one, index) => {
      const value = one.values[at] ?? 0;
      const bar = stacked ? wide * 0.62 : (wide * 0.7) / series.length;
      const x = stacked ? left + wide * 0.19 : left + wide * 0.15 + index * bar;
      if (value > 0) svg.append(draw("rect", { x, y: y(base + value), width: bar, height: y(base) - y(base + value), fill: one.colour }));
      if (stacked) base += value;
    });
  });
}

function legend(svg, series, height) {
  let x = EDGE.left;
  for (const one of series) {
    svg.append(draw("rect", { x, y: height - 21, width: 11, height: 11, fill: one.colour }));
    svg.append(draw("text", { x: x + 17, y: height - 11 }, one.name));
    x += 42 + 7 * one.name.length;
  }
}

/** The cells of a chart's source on this tab, down the column or along the row. */
function cellsOf(grid, source) {
  const range = source?.sourceRange?.sources?.[0];
  if (!range) return [];
  const cells = [];
  for (let row = range.startRowIndex ?? 0; row < (range.endRowIndex ?? grid.rowCount); row += 1) {
    for (let column = range.startColumnIndex ?? 0; column < (range.endColumnIndex ?? grid.columnCount); column += 1) {
      cells.push(grid.cell(row, column));
    }
  }
  return cells;
}

function rgb(colour) {
  return colour && `rgb(${["red", "green", "blue"].map((part) => Math.round((colour[part] ?? 0) * 255)).join(" ")})`;
}

function draw(tag, properties, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}
