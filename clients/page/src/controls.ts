import type { Support } from "flowspec";
import { innerPoint } from "flowspec";
import { breakable, byId, element, whole as grouped } from "./dom";
import type { Opened } from "./protocol";
import { COUNTS, type State } from "./state";

const MOST_COLUMNS = 6;

interface Range {
  readonly low: number;
  readonly high: number;
  readonly start: number;
}

/** The ranges that the sliders of the context offer, and where they stand. */
export function rangesOf({ contextSupports, context }: Opened): Range[] {
  return contextSupports.map((support, i) => rangeOf(support, context?.location[i], context?.scale[i]));
}

function rangeOf(support: Support, location = NaN, scale = NaN): Range {
  const { low, high } = support;
  const known = location > low && location < high; // what was not trained may lie anywhere
  const start = known ? location : innerPoint(support);
  if (Number.isFinite(low) && Number.isFinite(high)) {
    const margin = (high - low) / 200;
    return { low: low + margin, high: high - margin, start: rounded(start, high - low) };
  }
  const reach = known && scale > 0 ? 3 * scale : 3;
  const inside = (end: number): number => (Number.isFinite(end) ? end + (start - end) / 200 : end);
  return {
    low: Math.max(start - reach, inside(low)),
    high: Math.min(start + reach, inside(high)),
    start: rounded(start, reach),
  };
}

/** A number of as few digits as sliders of this reach need. */
const rounded = (value: number, reach: number): number => Number(value.toFixed(Math.max(0, 2 - Math.floor(Math.log10(reach)))));

/** Builds the sliders and boxes; `changed` is called when one of them was moved. */
export function showControls(opened: Opened, state: State, changed: () => void): void {
  const { about } = opened;
  const fields: Node[] = [countSlider(state, changed), slider("Seed", { low: 0, high: 100, start: state.seed }, true, (value) => {
    state.seed = Math.trunc(value);
    changed();
  })];
  rangesOf(opened).forEach((range, i) => {
    const moved = { ...range, start: state.context[i]! };
    const move = (value: number): void => {
      state.context[i] = value;
      changed();
    };
    fields.push(slider(about.context[i]!, moved, false, move));
  });
  byId("sliders").replaceChildren(...fields);
  byId("choices").replaceChildren(...(about.columns.length > 2 ? [columnBoxes(opened, state, changed)] : layerBoxes(state, changed)));
}

function countSlider(state: State, changed: () => void): HTMLElement {
  const last = COUNTS.length - 1;
  const near = COUNTS.findIndex((count) => count >= state.count);
  const input = element("input", { type: "range", id: "count", min: 0, max: last, step: 1, value: near < 0 ? last : near });
  const output = element("output", { for: "count" }, grouped(state.count));
  input.setAttribute("aria-valuetext", `${grouped(state.count)} samples`);
  input.addEventListener("input", () => {
    state.count = COUNTS[Number(input.value)]!;
    output.textContent = grouped(state.count);
    input.setAttribute("aria-valuetext", `${grouped(state.count)} samples`);
    changed();
  });
  return element("div", { class: "field" }, element("label", { for: "count" }, "Samples"), output, input);
}

/** A slider, and a box for numbers that it does not offer. */
function slider(name: string, { low, high, start }: Range, whole: boolean, moved: (value: number) => void): HTMLElement {
  const id = `slider-${name}`;
  const bar = element("input", { type: "range", id, min: low, max: high, step: whole ? 1 : "any", value: start });
  const box = element("input", { type: "number", step: whole ? 1 : "any", value: start, "aria-label": `${name}, as a number` });
  bar.addEventListener("input", () => {
    const value = whole ? Number(bar.value) : rounded(Number(bar.value), high - low);
    box.value = String(value);
    moved(value);
  });
  box.addEventListener("input", () => {
    if (!Number.isFinite(box.valueAsNumber)) return;
    bar.value = box.value;
    moved(box.valueAsNumber);
  });
  return element("div", { class: "field" }, element("label", { for: id }, ...breakable(name)), box, bar);
}

function layerBoxes(state: State, changed: () => void): HTMLElement[] {
  return (["samples", "density"] as const).map((layer) => {
    const box = element("input", { type: "checkbox", checked: state[layer] });
    box.addEventListener("change", () => {
      state[layer] = box.checked;
      changed();
    });
    return element("label", { class: "box" }, box, layer === "samples" ? "Samples" : "Density");
  });
}

function columnBoxes({ about }: Opened, state: State, changed: () => void): HTMLElement {
  const summary = element("summary");
  const boxes = about.columns.map((name, i) => {
    const box = element("input", { type: "checkbox", checked: state.columns.includes(i) });
    box.addEventListener("change", () => {
      const others = state.columns.filter((column) => column !== i);
      state.columns = box.checked ? [...others, i].sort((a, b) => a - b) : others;
      refresh();
      changed();
    });
    return [box, element("label", { class: "box" }, box, name)] as const;
  });
  const refresh = (): void => {
    const count = state.columns.length;
    summary.textContent = `Columns: ${count} of ${about.columns.length}`;
    for (const [box] of boxes) box.disabled = box.checked ? count <= 2 : count >= MOST_COLUMNS;
  };
  refresh();
  return element("details", {}, summary, element("div", { class: "boxes" }, ...boxes.map(([, label]) => label)));
}
