import { byId, element } from "../dom";

type Entry = "samples" | "bars" | "curve" | readonly [low: string, high: string];

const WORDS = { samples: "a sample", bars: "samples", curve: "density of the model" };

/** Says what the colors of a plot mean; the two ends of a ramp are the ends of its densities. */
export function showLegend(entries: readonly Entry[]): void {
  byId("legend").replaceChildren(...entries.map((entry) => element("span", { class: "entry" }, ...parts(entry))));
}

function parts(entry: Entry): (Node | string)[] {
  if (typeof entry === "string") return [element("i", { class: entry }), WORDS[entry]];
  return [entry[0], element("i", { class: "ramp" }), entry[1]];
}
