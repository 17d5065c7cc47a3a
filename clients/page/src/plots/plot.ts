import type { Numbers } from "flowspec";
import type { Opened } from "../protocol";
import type { State } from "../state";
import type { View } from "./view";

/** What a plot shows. */
export interface Shown {
  readonly opened: Opened;
  readonly state: State;
  readonly view: View;
  readonly x: Numbers;
  /** Densities on the grid that the plot asked for. */
  readonly grid?: Numbers | undefined;
}

export type Step = "left" | "right" | "up" | "down";

/** A picture of samples, and of the density where it has one or two columns. */
export interface Plot {
  /** The points at which it wants the density, for a view; none where it shows none. */
  gridOf(view: View): Float64Array | undefined;
  draw(shown: Shown): void;
  /** The point of the flow under a place of the picture; none outside. */
  pointAt(left: number, top: number): number[] | undefined;
  /** The point next to another one, or the first one. */
  pointBeside(point: readonly number[] | undefined, step: Step, far: boolean): number[];
  mark(point: readonly number[] | undefined): void;
}
