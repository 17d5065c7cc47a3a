import { byId, element, short } from "./dom";
import { latest, type Model } from "./model";
import type { Plot, Step } from "./plots/plot";
import type { Opened, Point } from "./protocol";
import type { State } from "./state";

const KEYS: Readonly<Record<string, Step>> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const LISTED = 8;

/** What is told of the point under the pointer, or of the one that arrow keys lead to. */
export class Readout {
  private point: number[] | undefined;
  private readonly place = byId("readout");
  private readonly tell = latest(() => this.told());

  constructor(
    private readonly model: Model,
    private readonly opened: Opened,
    private readonly state: State,
    private readonly plot: Plot,
    place: HTMLElement,
  ) {
    place.addEventListener("pointermove", (event) => this.pointed(event, place));
    place.addEventListener("pointerdown", (event) => this.pointed(event, place));
    place.addEventListener("keydown", (event) => this.pressed(event));
  }

  /** Tells of the same point anew, for another context or other samples. */
  refresh(): void {
    this.plot.mark(this.point);
    if (this.point) this.tell();
  }

  private pointed(event: PointerEvent, place: HTMLElement): void {
    const { left, top } = place.getBoundingClientRect();
    this.place.setAttribute("aria-live", "off");
    this.look(this.plot.pointAt(event.clientX - left, event.clientY - top));
  }

  private pressed(event: KeyboardEvent): void {
    const step = KEYS[event.key];
    if (!step) return;
    event.preventDefault();
    this.place.setAttribute("aria-live", "polite");
    this.look(this.plot.pointBeside(this.point, step, event.shiftKey));
  }

  private look(point: number[] | undefined): void {
    if (!point) return;
    this.point = point;
    this.plot.mark(point);
    this.tell();
  }

  private async told(): Promise<void> {
    const { point } = this;
    if (!point) return;
    const context = this.state.context.length ? this.state.context : undefined;
    const found = await this.model.ask("point", point, context).catch(() => undefined);
    if (found) this.place.replaceChildren(...this.entries(point, found));
  }

  private entries(point: readonly number[], { logProb, z }: Point): HTMLElement[] {
    const { columns, latent } = this.opened.about;
    const density = logProb === -Infinity ? "−∞: outside of the support" : short(logProb);
    return [
      group("Point", columns.map((name, i) => [name, short(point[i]!)])),
      group("Log-density", [["", density]]),
      ...(z ? [group("Latent", Array.from(z, (value, i) => [`z${i}`, Number.isNaN(value) ? "none" : short(value)]), latentWords(latent))] : []),
    ];
  }
}

function group(title: string, entries: readonly (readonly string[])[], aside = ""): HTMLElement {
  const rest = entries.length - LISTED;
  const parts = entries.slice(0, LISTED).map(([name, value]) =>
    element("span", { class: "value" }, ...(name ? [element("span", { class: "of" }, name), " "] : []), value!),
  );
  const more = rest > 0 ? [element("span", { class: "value" }, `and ${rest} more`)] : [];
  return element("div", {}, element("h3", aside ? { title: aside } : {}, title), element("p", {}, ...parts.flatMap((part) => [part, " "]), ...more));
}

const latentWords = (latent: readonly string[] | undefined): string => (latent ? `distributed as ${[...new Set(latent)].join(", ")}` : "");
