import type { Numbers } from "flowspec";
import { colors } from "./colors";
import { across, type Box, Frame, LEFT, type Mark, type Scale, upwards } from "./frame";
import { drawHeat } from "./heat";
import { showLegend } from "./legend";
import type { Plot, Shown, Step } from "./plot";

const [TOP, GAP, BELOW] = [8, 8, 50];
const FEW = 1000;

interface Cell {
  readonly box: Box;
  /** The columns along its axes. On the diagonal they are the same, and a histogram is shown. */
  readonly across: number;
  readonly up: number;
  readonly x: Scale;
  readonly y: Scale;
}

/** More columns: a histogram of each, and each pair of them. The points that can be looked at are the samples. */
export class Corner implements Plot {
  private readonly frame: Frame;
  private cells: Cell[] = [];
  private shown!: Shown;
  /** The number of the sample that is looked at. */
  private looked = 0;

  constructor(place: HTMLElement) {
    this.frame = new Frame(place);
  }

  gridOf(): undefined {
    return undefined;
  }

  draw(shown: Shown): void {
    this.shown = shown;
    const context = this.frame.clear((width) => Math.min(width, 760));
    const { columns } = shown.state;
    const side = (total: number): number => (total - GAP * (columns.length - 1)) / columns.length;
    const [width, height] = [side(this.frame.width - LEFT - 10), side(this.frame.height - TOP - BELOW)];
    this.cells = columns.flatMap((up, row) =>
      columns.slice(0, row + 1).map((along, place) => {
        const box = { left: LEFT + place * (width + GAP), top: TOP + row * (height + GAP), width, height };
        return this.cell(box, along, up);
      }),
    );
    for (const cell of this.cells) this.drawCell(context, cell);
    this.drawAxes(columns);
    showLegend(["bars", this.rows < FEW ? "samples" : ["few samples", "many"]]);
  }

  private cell(box: Box, along: number, up: number): Cell {
    const { low, high } = this.shown.view;
    return { box, across: along, up, x: across(low[along]!, high[along]!, box), y: upwards(low[up]!, high[up]!, box) };
  }

  private drawCell(context: CanvasRenderingContext2D, cell: Cell): void {
    if (cell.across === cell.up) this.drawBars(context, cell);
    else if (this.rows < FEW) this.drawPoints(context, cell);
    else this.drawPairs(context, cell);
    this.frame.border(cell.box);
  }

  private get wide(): number {
    return this.shown.opened.about.columns.length;
  }

  private get rows(): number {
    return this.shown.x.length / this.wide;
  }

  private drawBars(context: CanvasRenderingContext2D, { box, across: column }: Cell): void {
    const bins = Math.max(12, Math.min(40, Math.floor(box.width / 4)));
    const counts = new Array<number>(bins).fill(0);
    this.each((row) => {
      const bin = this.bin(row, column, bins);
      if (bin >= 0) counts[bin]!++;
    });
    const most = Math.max(...counts, 1);
    context.fillStyle = colors().bars;
    counts.forEach((count, i) => {
      const height = (count / most) * box.height * 0.94;
      context.fillRect(box.left + (i * box.width) / bins, box.top + box.height - height, Math.max(box.width / bins - 0.6, 0.6), height);
    });
  }

  private drawPoints(context: CanvasRenderingContext2D, { box, across: along, up, x, y }: Cell): void {
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    context.fillStyle = colors().points;
    context.globalAlpha = 0.6;
    this.each((row) => context.fillRect(x(this.at(row, along)) - 1, y(this.at(row, up)) - 1, 2, 2));
    context.restore();
  }

  private drawPairs(context: CanvasRenderingContext2D, { box, across: along, up }: Cell): void {
    const bins = Math.max(12, Math.min(48, Math.floor(box.width / 5), Math.floor(Math.sqrt(this.rows) / 2.5)));
    const counts = new Float64Array(bins * bins);
    this.each((row) => {
      const [i, j] = [this.bin(row, along, bins), this.bin(row, up, bins)];
      if (i >= 0 && j >= 0) counts[j * bins + i]!++;
    });
    drawHeat(context, box, counts, bins, colors().ramp, false);
  }

  private drawAxes(columns: readonly number[]): void {
    const names = this.shown.opened.about.columns;
    const bottom = this.cells.filter((cell) => cell.up === columns.at(-1));
    for (const cell of bottom) this.frame.below(cell.x, cell.box, names[cell.across]!, true);
    for (const cell of this.cells.filter(({ across: along, up }) => along === columns[0] && up !== along)) {
      this.frame.beside(cell.y, cell.box, names[cell.up]!, true);
    }
  }

  private each(work: (row: number) => void): void {
    for (let row = 0; row < this.rows; row++) work(row);
  }

  private at(row: number, column: number): number {
    return this.shown.x[row * this.wide + column]!;
  }

  private bin(row: number, column: number, bins: number): number {
    const { low, high } = this.shown.view;
    const bin = Math.floor(((this.at(row, column) - low[column]!) / (high[column]! - low[column]!)) * bins);
    return bin >= 0 && bin < bins ? bin : -1;
  }

  private row(row: number): number[] {
    return Array.from(this.shown.x.subarray(row * this.wide, (row + 1) * this.wide) as Numbers);
  }

  /** The sample that is nearest in the cell under a place. */
  pointAt(left: number, top: number): number[] | undefined {
    const cell = this.cells.find(
      ({ box }) => left >= box.left && left <= box.left + box.width && top >= box.top && top <= box.top + box.height,
    );
    if (!cell || !this.rows) return undefined;
    let [best, nearest] = [0, Infinity];
    this.each((row) => {
      const aside = cell.across === cell.up ? 0 : cell.y(this.at(row, cell.up)) - top;
      const distance = (cell.x(this.at(row, cell.across)) - left) ** 2 + aside ** 2;
      if (distance < nearest) [best, nearest] = [row, distance];
    });
    this.looked = best;
    return this.row(best);
  }

  /** The sample before or behind. */
  pointBeside(point: readonly number[] | undefined, step: Step, far: boolean): number[] {
    const move = (step === "left" || step === "down" ? -1 : 1) * (far ? 10 : 1);
    this.looked = point ? (this.looked + move + this.rows) % this.rows : 0;
    return this.row(this.looked);
  }

  mark(point: readonly number[] | undefined): void {
    const marks = point ? this.cells.map((cell) => this.markIn(cell, point)) : [];
    this.frame.mark(marks.filter((mark): mark is Mark => mark !== undefined));
  }

  private markIn({ box, across: along, up, x, y }: Cell, point: readonly number[]): Mark | undefined {
    const [left, top] = [x(point[along]!), along === up ? undefined : y(point[up]!)];
    const outside = left < box.left || left > box.left + box.width || (top !== undefined && (top < box.top || top > box.top + box.height));
    return outside ? undefined : { x: left, ...(top === undefined ? {} : { y: top }), box };
  }
}
