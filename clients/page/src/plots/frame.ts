import { axisBottom, axisLeft } from "d3-axis";
import { scaleLinear, type ScaleLinear } from "d3-scale";
import { select } from "d3-selection";
import { element } from "../dom";

export type Scale = ScaleLinear<number, number>;

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Pixels for the axis at the left. */
export const LEFT = 68;

/** A canvas with axes of SVG above it, both as wide as the place where they stand. */
export class Frame {
  readonly canvas = element("canvas", { "aria-hidden": true });
  private readonly svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  width = 0;
  height = 0;

  constructor(readonly place: HTMLElement) {
    this.svg.setAttribute("aria-hidden", "true");
    place.replaceChildren(this.canvas, this.svg);
  }

  /** An empty canvas of a size, in pixels of the page. */
  clear(height: (width: number) => number): CanvasRenderingContext2D {
    this.width = this.place.clientWidth;
    this.height = Math.round(height(this.width));
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.style.height = this.svg.style.height = `${this.height}px`;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.svg.replaceChildren();
    const context = this.canvas.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return context;
  }

  /** An axis below a box, with the name of its column. */
  below(scale: Scale, { left, top, width, height }: Box, name: string, crowded = false): void {
    const ticks = crowded ? Math.max(3, Math.floor(width / 45)) : Math.max(2, Math.min(8, Math.floor(width / 70)));
    const group = select(this.svg).append("g").attr("transform", `translate(0,${top + height})`);
    group.call(axisBottom(scale).tickValues(roomy(scale, ticks, crowded)).tickFormat(scale.tickFormat(ticks)).tickSizeOuter(0));
    group.append("text").attr("class", "title").attr("x", left + width / 2).attr("y", 36).text(cut(name, width / 7));
  }

  /** An axis at the left of a box. */
  beside(scale: Scale, { left, top, height }: Box, name: string, crowded = false): void {
    const ticks = Math.max(crowded ? 3 : 2, Math.min(6, Math.floor(height / 45)));
    const group = select(this.svg).append("g").attr("transform", `translate(${left},0)`);
    group.call(axisLeft(scale).tickValues(roomy(scale, ticks, crowded)).tickFormat(scale.tickFormat(ticks)).tickSizeOuter(0));
    const place = `translate(${14 - left},${top + height / 2}) rotate(-90)`;
    group.append("text").attr("class", "title").attr("transform", place).text(cut(name, height / 7));
  }

  /** The border of a box. */
  border({ left, top, width, height }: Box): void {
    const rectangle = select(this.svg).append("rect").attr("class", "border");
    rectangle.attr("x", left).attr("y", top).attr("width", width).attr("height", height);
  }

  /** Moves the marks of the point that is looked at; none where there is none. */
  mark(marks: readonly Mark[]): void {
    select(this.svg)
      .selectAll<SVGPathElement, Mark>("path.mark")
      .data(marks)
      .join("path")
      .attr("class", "mark")
      .attr("d", ({ x, y, box }) => cross(x, y, box));
  }
}

export interface Mark {
  readonly x: number;
  readonly y?: number;
  readonly box: Box;
}

const RADIUS = 5;
const ROOM = 12;

/** A circle with lines to the axes; without a height a line. */
function cross(x: number, y: number | undefined, { left, top, height }: Box): string {
  if (y === undefined) return `M${x},${top}V${top + height}`;
  const circle = `M${x - RADIUS},${y}a${RADIUS},${RADIUS} 0 1 0 ${2 * RADIUS},0a${RADIUS},${RADIUS} 0 1 0 ${-2 * RADIUS},0`;
  return `${circle}M${x},${y + RADIUS}V${top + height}M${x - RADIUS},${y}H${left}`;
}

/** Ticks of an axis; where other boxes are near, those that do not reach into them. */
function roomy(scale: Scale, count: number, crowded: boolean): number[] {
  const ends = scale.range();
  return scale.ticks(count).filter((tick) => !crowded || ends.every((end) => Math.abs(scale(tick) - end) >= ROOM));
}

const cut = (name: string, letters: number): string => (name.length <= letters ? name : `${name.slice(0, Math.max(letters - 1, 2))}…`);

export const across = (low: number, high: number, { left, width }: Box): Scale => scaleLinear([low, high], [left, left + width]);
export const upwards = (low: number, high: number, { top, height }: Box): Scale => scaleLinear([low, high], [top + height, top]);
