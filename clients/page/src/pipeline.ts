import type { About, Part } from "flowspec";
import { supportOf } from "flowspec";
import { breakable, byId, element, short } from "./dom";

const SHOWN = 4;

/** The pipeline as a list: the noise, the base, each step with its shape and support, the data. */
export function showPipeline(about: About): void {
  const { noise, columns, context, flow } = about;
  const items = [
    item("Noise", listed(count(noise)), `(N, ${noise.length})`, "", "end"),
    ...[flow.base, ...flow.steps].map((part, index) =>
      item(fullName(part), settings(part), shape(about, part), supports(part), index ? "step" : "base"),
    ),
    item("Data", columnNames(columns), about.scalar ? "(N,)" : `(N, ${columns.length})`, "", "end"),
  ];
  byId("pipeline").replaceChildren(...items);
  byId("context-line").textContent = context.length ? `Conditional on ${columnNames(context)}, (N, ${context.length}).` : "";
}

function item(title: string, detail: string, size: string, support: string, kind: string): HTMLElement {
  return element(
    "li",
    { class: kind },
    element("span", { class: "name" }, ...breakable(title)),
    ...(detail ? [element("span", { class: "detail" }, detail)] : []),
    element("span", { class: "shape" }, [size, support].filter(Boolean).join(" · ")),
  );
}

/** The name of a component, and of those in it: Autoregressive(RQS). */
function fullName(part: Part): string {
  const inner = Object.values(part).flatMap((field) => (Array.isArray(field) ? field : [field])).filter(isPart);
  const names = inner.map(fullName);
  const listed = names.length > 3 ? [...names.slice(0, 2), `and ${names.length - 2} more`] : names;
  return part.name + (names.length ? `(${listed.join(", ")})` : "");
}

const isPart = (field: unknown): field is Part => typeof (field as Part)?.name === "string";

/** The first settings, and whether anything is learned. */
function settings(part: Part): string {
  const words = Object.entries(part).flatMap(([key, value]) => {
    if (key === "name" || key === "output" || key === "size" || value === false || value === "") return [];
    if (typeof value === "string") return [`${key} ${value}`];
    const numbers = [value].flat();
    const few = numbers.length > 0 && numbers.length < 5 && numbers.every((entry) => typeof entry === "number");
    return few ? [`${key} ${(numbers as number[]).map(short).join(", ")}`] : [];
  });
  const learned = JSON.stringify({ ...part, output: 0 }).includes('"learn"') || /"hidden"/.test(JSON.stringify(Object.keys(part)));
  return [...words.slice(0, SHOWN), ...(learned ? ["learned"] : [])].join(" · ");
}

function shape(about: About, { output }: Part): string {
  const wide = output?.supports.reduce((sum, json) => sum + supportOf(json).size, 0) ?? about.columns.length;
  return output?.scalar ? "(N,)" : `(N, ${wide})`;
}

function supports({ output }: Part): string {
  const texts = (output?.supports ?? []).map((json) => {
    const { text, size } = supportOf(json);
    return size > 1 ? `${text}(${size})` : text;
  });
  const groups = texts.reduce<[string, number][]>((found, text) => {
    const last = found.at(-1);
    if (last?.[0] === text) last[1]++;
    else found.push([text, 1]);
    return found;
  }, []);
  return groups.map(([text, times]) => (times > 1 ? `${text} × ${times}` : text)).join(", ");
}

function count(kinds: readonly string[]): Map<string, number> {
  return kinds.reduce((all, kind) => all.set(kind, (all.get(kind) ?? 0) + 1), new Map<string, number>());
}

const listed = (counts: Map<string, number>): string =>
  [...counts].map(([kind, times]) => (times > 1 ? `${kind} × ${times}` : kind)).join(", ");

const columnNames = (names: readonly string[]): string =>
  names.length > 8 ? `${names.slice(0, 6).join(", ")} … ${names.at(-1)}` : names.join(", ");
