import { type DType, written } from "./numbers.js";

/** A support as `flow.json` writes it; an end at infinity is null. */
export type SupportJson =
  | { kind: "interval"; low: number | null; high: number | null; closed: [boolean, boolean] }
  | { kind: "circle"; low: number; high: number }
  | { kind: "simplex" | "ordered"; size: number };

/** The set of values that a column, or some neighboring columns together, may take. */
export interface Support {
  readonly kind: SupportJson["kind"];
  /** The number of columns that it ties together; 1 but for "simplex" and "ordered". */
  readonly size: number;
  /** The ends; of a joint support those of each of its columns. */
  readonly low: number;
  readonly high: number;
  /** Does each end belong to it? */
  readonly closed: readonly [boolean, boolean];
  /** As the language writes it: "(0, 1)", "positive", "circle(-pi, pi)". */
  readonly text: string;
}

const NAMES: Record<string, string> = {
  "(-inf, inf)": "real",
  "(0, inf)": "positive",
  "(-inf, 0)": "negative",
  "[0, inf)": "nonnegative",
};

export function supportOf(json: SupportJson): Support {
  switch (json.kind) {
    case "interval": {
      const [low, high] = [json.low ?? -Infinity, json.high ?? Infinity];
      const text = interval(low, high, json.closed);
      return { kind: json.kind, size: 1, low, high, closed: json.closed, text: NAMES[text] ?? text };
    }
    case "circle": {
      const text = `circle(${written(json.low)}, ${written(json.high)})`;
      return { ...json, size: 1, closed: [true, true], text };
    }
    case "simplex":
      return { ...json, low: 0, high: 1, closed: [false, false], text: json.kind };
    case "ordered":
      return { ...json, low: -Infinity, high: Infinity, closed: [false, false], text: json.kind };
  }
}

function interval(low: number, high: number, [first, last]: readonly [boolean, boolean]): string {
  return `${first ? "[" : "("}${written(low)}, ${written(high)}${last ? "]" : ")"}`;
}

/** The interval in brackets, also where it has a name: "(0, inf)". */
export const brackets = (support: Support): string =>
  support.kind === "interval" ? interval(support.low, support.high, support.closed) : support.text;

/** A test of numbers of a float type: true for those outside; NaN is neither in nor out. */
export function outsideOf(support: Support, dtype: DType): (value: number) => boolean {
  const round = dtype === "float32" ? Math.fround : (value: number) => value;
  const { low, high, closed } = support;
  const [lowest, highest] = [Math.min(low, round(low)), Math.max(high, round(high))];
  return (value) =>
    (closed[0] ? value < lowest : value <= low) || (closed[1] ? value > highest : value >= high);
}

/** A number well inside. */
export function innerPoint({ low, high }: Support): number {
  if (Number.isFinite(low)) return Number.isFinite(high) ? (low + high) / 2 : low + 1;
  return Number.isFinite(high) ? high - 1 : 0;
}

/** What to write in the place of values outside, of which one is given. */
export function rowAdvice(support: Support, value: number): string {
  if (Math.abs(value) === Infinity) return "give numbers that its float type has: of float32 they end at 3.4e38";
  if (support.kind !== "circle") return "declare a wider support";
  const [low, turn] = [support.low, support.high - support.low];
  const shifted = low === 0 ? "angle" : `(angle - (${code(low)}))`;
  return `write \`angle - ${code(turn)} * Math.floor(${shifted} / (${code(turn)}))\` in their place`;
}

const code = (value: number): string => written(value).replace("pi", "Math.PI");
