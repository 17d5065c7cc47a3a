import type { Numbers } from "flowspec";
import { colors } from "./colors";
import { across, type Box, Frame, LEFT, type Scale, upwards } from "./frame";
import { showLegend } from "./legend";
import type { Plot, Shown, Step } from "./plot";
import type { View } from "./view";

const POINTS = 400;
const BAR = 8; // pixels, at least

/** One column: a histogram of the samples, and the density as a curve. */
export class Curve implements Plot {
  private readonly frame: Frame;
  private box: Box = { left: 0, top: 0, width: 0, height: 0 };
  private x!: Scale;
  private y!: Scale;

  constructor(place: HTMLElement) {
    this.frame = new Frame(place);
  }

  gridOf({ low: [low], high: [high] }: View): Float64Array {
    return Float64Array.from({ length: POINTS }, (_, i) => low! + ((high! - low!) * (i + 0.5)) / POINTS);
  }

  draw({ opened, state, view, x, grid }: Shown): void {
    const context = this.frame.clear((width) => Math.min(Math.max(width * 0.62, 240), 460));
    const box = (this.box = { left: LEFT, top: 12, width: this.frame.width - LEFT - 14, height: this.frame.height - 62 });
    const [low, high] = [view.low[0]!, view.high[0]!];
    const bars = histogram(x, low, high, Math.max(20, Math.min(60, Math.floor(box.width / BAR))));
    const densities = grid?.map(Math.exp);
    const top = Math.max(...(state.samples ? bars : []), ...(state.density && densities ? finite(densities) : []), 1e-300);
    this.x = across(low, high, box);
    this.y = upwards(0, 1.06 * top, box);
    if (state.samples) this.drawBars(context, bars, low, high);
    if (state.density && densities) this.drawCurve(context, this.gridOf(view), densities);
    showLegend([...(state.samples ? ["bars" as const] : []), ...(state.density ? ["curve" as const] : [])]);
    this.frame.below(this.x, box, opened.about.columns[0]!);
    this.frame.beside(this.y, box, "density");
  }

  private drawBars(context: CanvasRenderingContext2D, bars: readonly number[], low: number, high: number): void {
    context.fillStyle = colors().bars;
    const wide = (high - low) / bars.length;
    bars.forEach((height, i) => {
      const [left, right] = [this.x(low + i * wide), this.x(low + (i + 1) * wide)];
      context.fillRect(left, this.y(height), Math.max(right - left - 1, 1), this.y(0) - this.y(height));
    });
  }

  private drawCurve(context: CanvasRenderingContext2D, points: Float64Array, densities: Numbers): void {
    context.beginPath();
    let down = true;
    points.forEach((point, i) => {
      const [left, top] = [this.x(point), this.y(densities[i]!)];
      if (!Number.isFinite(top)) down = true;
      else if (down) context.moveTo(left, top), (down = false);
      else context.lineTo(left, top);
    });
    context.strokeStyle = colors().density;
    context.lineWidth = 2.25;
    context.lineJoin = "round";
    context.stroke();
  }

  pointAt(left: number): number[] | undefined {
    const { left: start, width } = this.box;
    return left >= start && left <= start + width ? [this.x.invert(left)] : undefined;
  }

  pointBeside(point: readonly number[] | undefined, step: Step, far: boolean): number[] {
    const [low, high] = this.x.domain() as [number, number];
    if (!point) return [(low + high) / 2];
    const move = ((high - low) / (far ? 10 : 100)) * (step === "left" || step === "down" ? -1 : 1);
    return [Math.min(Math.max(point[0]! + move, low), high)];
  }

  mark(point: readonly number[] | undefined): void {
    this.frame.mark(point ? [{ x: this.x(point[0]!), box: this.box }] : []);
  }
}

/** Heights of bars, as densities of all samples. */
function histogram(x: Numbers, low: number, high: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of x) {
    const bin = Math.floor(((value - low) / (high - low)) * bins);
    if (bin >= 0 && bin < bins) counts[bin]!++;
  }
  return counts.map((count) => (count * bins) / (Math.max(x.length, 1) * (high - low)));
}

const finite = (values: Numbers): number[] => Array.from(values).filter(Number.isFinite);
