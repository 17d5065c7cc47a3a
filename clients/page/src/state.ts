import type { Opened } from "./protocol";

/** Numbers of samples that the slider offers. */
export const COUNTS = [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000];

/** What is shown: of the address behind the #, and back there. */
export interface State {
  seed: number;
  count: number;
  context: number[];
  /** The columns of a corner plot, by number. */
  columns: number[];
  samples: boolean;
  density: boolean;
}

export function stateOf({ about, contextSupports }: Opened, starts: readonly number[]): State {
  const asked = new URLSearchParams(location.hash.slice(1));
  const number = (name: string, otherwise: number): number => {
    const text = asked.get(name);
    return text !== null && text !== "" && Number.isFinite(Number(text)) ? Number(text) : otherwise;
  };
  const shown = Math.min(about.columns.length, innerWidth < 600 ? 3 : 4);
  const chosen = (asked.get("columns") ?? "").split(",").map((name) => about.columns.indexOf(name)).filter((i) => i >= 0);
  return {
    seed: Math.trunc(number("seed", 0)),
    count: Math.min(Math.max(Math.trunc(number("n", 5000)), 1), 1_000_000),
    context: contextSupports.map((_, i) => number(about.context[i]!, starts[i]!)),
    columns: chosen.length > 1 ? chosen : Array.from({ length: shown }, (_, i) => i),
    samples: true,
    density: true,
  };
}

/** Keeps the state in the address, so that it can be sent to someone. */
export function remember({ about }: Opened, { seed, count, context, columns }: State): void {
  const asked = new URLSearchParams({ seed: String(seed), n: String(count) });
  context.forEach((value, i) => asked.set(about.context[i]!, String(value)));
  if (about.columns.length > 2) asked.set("columns", columns.map((i) => about.columns[i]).join(","));
  history.replaceState(null, "", `#${asked}`);
}
