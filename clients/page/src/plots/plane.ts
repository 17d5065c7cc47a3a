import type { Numbers } from "flowspec";
import { colors } from "./colors";
import { across, type Box, Frame, LEFT, type Scale, upwards } from "./frame";
import { short } from "../dom";
import { drawHeat, mostOf } from "./heat";
import { showLegend } from "./legend";
import type { Plot, Shown, Step } from "./plot";
import type { View } from "./view";

const SIZE = 110;

/** Two columns: the density as a heat map, and the samples as points. */
export class Plane implements Plot {
  private readonly frame: Frame;
  private box: Box = { left: 0, top: 0, width: 0, height: 0 };
  private x!: Scale;
  private y!: Scale;

  constructor(place: HTMLElement) {
    this.frame = new Frame(place);
  }

  gridOf({ low, high }: View): Float64Array {
    const at = (column: number, step: number): number => low[column]! + ((high[column]! - low[column]!) * (step + 0.5)) / SIZE;
    return Float64Array.from({ length: 2 * SIZE * SIZE }, (_, i) =>
      i % 2 ? at(1, Math.floor(i / 2 / SIZE)) : at(0, Math.floor(i / 2) % SIZE),
    );
  }

  draw({ opened, state, view, x, grid }: Shown): void {
    const context = this.frame.clear((width) => Math.min(width * 0.85, 560));
    const box = (this.box = { left: LEFT, top: 12, width: this.frame.width - LEFT - 14, height: this.frame.height - 62 });
    this.x = across(view.low[0]!, view.high[0]!, box);
    this.y = upwards(view.low[1]!, view.high[1]!, box);
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    const hues = colors();
    const densities = grid?.map(Math.exp);
    if (state.density && densities) drawHeat(context, box, densities, SIZE, hues.ramp);
    if (state.samples) this.drawPoints(context, x, hues.points);
    context.restore();
    this.frame.border(box);
    const most = densities ? mostOf(densities) : 0;
    showLegend([...(state.samples ? ["samples" as const] : []), ...(state.density && densities ? [["density 0", `${short(most)}, on a scale of square roots`] as const] : [])]);
    this.frame.below(this.x, box, opened.about.columns[0]!);
    this.frame.beside(this.y, box, opened.about.columns[1]!);
  }

  private drawPoints(context: CanvasRenderingContext2D, x: Numbers, color: string): void {
    const count = x.length / 2;
    const crowd = Math.sqrt(count / (this.box.width * this.box.height)); // points for each pixel, and their distance
    const size = Math.min(3, Math.max(1, 0.16 / crowd));
    context.fillStyle = color;
    context.globalAlpha = Math.min(0.85, Math.max(0.25, 0.08 / crowd));
    for (let i = 0; i < x.length; i += 2) context.fillRect(this.x(x[i]!) - size / 2, this.y(x[i + 1]!) - size / 2, size, size);
    context.globalAlpha = 1;
  }

  pointAt(left: number, top: number): number[] | undefined {
    const { box } = this;
    const inside = left >= box.left && left <= box.left + box.width && top >= box.top && top <= box.top + box.height;
    return inside ? [this.x.invert(left), this.y.invert(top)] : undefined;
  }

  pointBeside(point: readonly number[] | undefined, step: Step, far: boolean): number[] {
    const scales = [this.x, this.y];
    const ends = scales.map((scale) => scale.domain() as [number, number]);
    if (!point) return ends.map(([low, high]) => (low + high) / 2);
    const column = step === "left" || step === "right" ? 0 : 1;
    const sign = step === "left" || step === "down" ? -1 : 1;
    return ends.map(([low, high], i) => {
      const move = i === column ? (sign * (high - low)) / (far ? 10 : 50) : 0;
      return Math.min(Math.max(point[i]! + move, low), high);
    });
  }

  mark(point: readonly number[] | undefined): void {
    this.frame.mark(point ? [{ x: this.x(point[0]!), y: this.y(point[1]!), box: this.box }] : []);
  }
}
