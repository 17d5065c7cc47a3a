import type { Comparison } from "flowspec";
import { byId, element } from "./dom";

/** What the replay of the conformance vectors gave: a sentence, and a table. */
export function showConformance(report: readonly Comparison[]): void {
  const verdict = byId("verdict");
  verdict.textContent = words(report);
  verdict.className = report.every(({ passed }) => passed) ? "right" : "wrong";
  byId("report").replaceChildren(heads(), element("tbody", {}, ...report.map(row)));
}

/** Why the vectors could not be replayed. */
export function showTrouble(words: string): void {
  byId("verdict").textContent = words;
  byId("verdict").className = "wrong";
}

function words(report: readonly Comparison[]): string {
  const failed = report.filter(({ passed }) => !passed);
  const graphs = new Set(report.map(({ graph }) => graph)).size;
  if (report.length === 1 && !failed.length) return "Its only output agrees with the reference, in this browser.";
  if (!failed.length) return `All ${report.length} outputs of ${graphs} graph${graphs > 1 ? "s" : ""} agree with the reference, in this browser.`;
  const agreeing = `${report.length - failed.length} of ${report.length} outputs agree with the reference, in this browser.`;
  if (failed.some(({ onlyFar }) => !onlyFar)) return agreeing;
  const names = failed.map(({ graph, output }) => `${graph}.${output}`).join(", ");
  return `${agreeing} ${names}: only in rows next to the overflow of numbers, where engines round apart.`;
}

function heads(): HTMLElement {
  const names = ["output", "rows", "difference", "allowed", ""];
  return element("thead", {}, element("tr", {}, ...names.map((name) => (name ? element("th", { scope: "col" }, name) : element("td")))));
}

function row({ graph, output, rows, difference, allowed, passed, reason }: Comparison): HTMLElement {
  const name = element("th", { scope: "row" }, `${graph}.${output}`);
  const cells = [String(rows), power(difference), power(allowed), passed ? "agrees" : reason];
  return element("tr", { class: passed ? "" : "wrong" }, name, ...cells.map((cell) => element("td", {}, cell)));
}

const power = (value: number): string => (Number.isFinite(value) ? value.toExponential(1) : "∞").replace("-", "−");
