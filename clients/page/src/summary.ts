import type { Numbers } from "flowspec";
import { byId, element, short } from "./dom";
import { columnOf } from "./plots/view";

const HEADS = ["column", "mean", "deviation", "5 %", "median", "95 %"];

/** A table of the samples, column by column: what the pictures show, in numbers. */
export function showSummary(x: Numbers, columns: readonly string[]): void {
  const heads = element("tr", {}, ...HEADS.map((head) => element("th", { scope: "col" }, head)));
  const rows = columns.map((name, i) => {
    const cells = figures(columnOf(x, i, columns.length)).map((figure) => element("td", {}, short(figure)));
    return element("tr", {}, element("th", { scope: "row" }, name), ...cells);
  });
  byId("summary").replaceChildren(element("thead", {}, heads), element("tbody", {}, ...rows));
}

function figures(column: Numbers): number[] {
  const values = Float64Array.from(column);
  const sorted = values.slice().sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(values.length - 1, 1);
  return [mean, Math.sqrt(variance), at(0.05), at(0.5), at(0.95)];
}
