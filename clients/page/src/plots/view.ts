import type { Numbers, Support } from "flowspec";

/** The part of the line that is shown of each column. */
export interface View {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** The share of samples that may lie outside of what is shown, at each side. */
const TAIL = 0.004;

/** A view of most samples, within the supports; of a circle all. */
export function viewOf(x: Numbers, supports: readonly Support[]): View {
  const ends = supports.flatMap((support) => Array.from({ length: support.size }, () => support));
  const wide = ends.length;
  const both = ends.map((support, column) => range(columnOf(x, column, wide), support));
  return { low: both.map(([low]) => low), high: both.map(([, high]) => high) };
}

export const columnOf = (x: Numbers, column: number, wide: number): Numbers =>
  x.filter((_, i) => i % wide === column) as Numbers;

function range(values: Numbers, { kind, low, high }: Support): [number, number] {
  if (kind === "circle") return [low, high];
  const sorted = values.filter(Number.isFinite).sort();
  const [first, last] = [TAIL, 1 - TAIL].map((share) => sorted[Math.round(share * (sorted.length - 1))] ?? 0) as [number, number];
  const margin = 0.15 * (last - first) || Math.abs(first) / 10 || 1;
  return [Math.max(first - margin, low), Math.min(last + margin, high)];
}
