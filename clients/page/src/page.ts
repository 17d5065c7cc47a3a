import { showConformance, showTrouble } from "./conformance";
import { rangesOf, showControls } from "./controls";
import { csv, download } from "./csv";
import { byId, short, whole } from "./dom";
import { latest, Model } from "./model";
import { showPipeline } from "./pipeline";
import { Corner } from "./plots/corner";
import { Curve } from "./plots/curve";
import { Plane } from "./plots/plane";
import type { Plot, Shown } from "./plots/plot";
import { type View, viewOf } from "./plots/view";
import type { Drawn, Opened } from "./protocol";
import { Readout } from "./readout";
import { remember, type State, stateOf } from "./state";
import { showSummary } from "./summary";
import { themes } from "./theme";

/** Samples that say what part of the space is shown: always the same, so that the picture stands still. */
const LOOK = 2000;

const NAME = document.querySelector<HTMLMetaElement>("meta[name=flow]")!.content;
const PLOT = byId("plot");
const SUMMARY = byId<HTMLDetailsElement>("numbers");

/** The page of an open model. */
class Page {
  private readonly plot: Plot;
  private readonly readout: Readout;
  private readonly state: State;
  private shown: Shown | undefined;
  private drawn: Drawn | undefined;
  private seen = "";
  private view!: View;
  private grid: Shown["grid"];

  constructor(
    private readonly model: Model,
    private readonly opened: Opened,
  ) {
    this.state = stateOf(opened, rangesOf(opened).map(({ start }) => start));
    const wide = opened.about.columns.length;
    this.plot = new (wide === 1 ? Curve : wide === 2 ? Plane : Corner)(PLOT);
    this.readout = new Readout(model, opened, this.state, this.plot, PLOT);
  }

  async start(): Promise<void> {
    const redraw = latest(() => this.draw());
    showControls(this.opened, this.state, redraw);
    new ResizeObserver(() => this.paint()).observe(PLOT);
    byId("download").addEventListener("click", () => this.save());
    SUMMARY.addEventListener("toggle", () => this.summarize());
    addEventListener("hashchange", () => location.reload()); // another address, by hand
    await this.draw();
  }

  private get context(): number[] | undefined {
    return this.state.context.length ? this.state.context : undefined;
  }

  /** Draws samples, and works the density out where the context is another one. */
  private async draw(): Promise<void> {
    remember(this.opened, this.state);
    try {
      const { context } = this;
      const { seed, count } = this.state;
      await this.look(context);
      const drawn = await this.model.ask("sample", seed, count, context);
      this.drawn = drawn;
      this.shown = { opened: this.opened, state: this.state, view: this.view, x: drawn.x, grid: this.grid };
      this.paint();
      this.tell(drawn);
      await this.addDensity(context);
      complain("");
    } catch (error) {
      complain((error as Error).message);
    }
  }

  /** Chooses what part of the space is shown. */
  private async look(context: number[] | undefined): Promise<void> {
    const key = JSON.stringify(context ?? []);
    if (key === this.seen) return;
    const { x } = await this.model.ask("sample", 0, LOOK, context);
    this.view = viewOf(x, this.opened.supports);
    this.grid = undefined;
    this.seen = key;
  }

  private async addDensity(context: number[] | undefined): Promise<void> {
    const points = this.grid ? undefined : this.plot.gridOf(this.view);
    if (!points || !this.opened.graphs.includes("log_prob")) return;
    this.grid = await this.model.ask("density", points, context);
    this.shown = { ...this.shown!, grid: this.grid };
    this.paint();
  }

  paint(): void {
    if (!this.shown || !PLOT.clientWidth) return;
    this.plot.draw(this.shown);
    this.readout.refresh();
  }

  private tell({ x, seconds }: Drawn): void {
    const { columns } = this.opened.about;
    const count = x.length / columns.length;
    const each = count ? (seconds / count) * 1e6 : 0;
    const timing = byId("timing");
    timing.textContent = `${whole(count)} samples in ${short(seconds * 1e3)} ms: ${short(each)} µs each.`;
    timing.dataset.rows = String(count);
    timing.dataset.milliseconds = String(seconds * 1e3);
    timing.dataset.draws = String(Number(timing.dataset.draws ?? 0) + 1);
    this.summarize();
  }

  /** The samples in numbers, which take longer than the picture: only while someone looks at them. */
  private summarize(): void {
    if (this.drawn && SUMMARY.open) showSummary(this.drawn.x, this.opened.about.columns);
  }

  private save(): void {
    if (this.drawn) download(`${NAME}.csv`, csv(this.opened.about, this.drawn.x, this.drawn.logProb));
  }
}

function complain(words: string): void {
  byId("trouble").textContent = words;
}

/** Without samples there is nothing to draw: a target may have no graph for them. */
function withoutSamples({ about }: Opened): void {
  byId("draw").hidden = true;
  complain(`This bundle cannot draw: graphs for ${about.target ?? "its target"} are without sample.onnx.`);
}

async function main(): Promise<void> {
  let page: Page | undefined;
  themes(() => page?.paint());
  const model = new Model();
  try {
    const opened = await model.ask("open");
    describe(opened);
    if (opened.graphs.includes("sample")) {
      page = new Page(model, opened);
      await page.start();
    } else {
      withoutSamples(opened);
    }
  } catch (error) {
    complain((error as Error).message);
    document.body.dataset.state = "failed";
    return;
  }
  await model.ask("verify").then(showConformance, (error: Error) => showTrouble(error.message));
  document.body.dataset.state = "done";
}

function describe(opened: Opened): void {
  showPipeline(opened.about);
  byId("engine").textContent = `By ${opened.engine}.`;
  byId("facts").textContent = facts(opened);
}

function facts({ about }: Opened): string {
  const { round_trip: trip, parity, accuracy } = about.certificate;
  const figures = [["round trip", trip], ["numpy", parity], ["float64", accuracy]]
    .filter(([, figure]) => typeof figure === "number")
    .map(([name, figure]) => `${name} ${short(figure as number)}`);
  return `Written by FlowSpec ${about.flowspec}, ${about.dtype}, opset ${about.opset}. Measured then, as relative differences: ${figures.join(", ")}.`;
}

void main();
