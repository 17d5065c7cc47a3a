import type { About, Comparison, GraphName, Numbers, Support } from "flowspec";

/** The model, as far as the page needs to know it. */
export interface Opened {
  readonly about: About;
  readonly supports: readonly Support[];
  readonly contextSupports: readonly Support[];
  readonly graphs: readonly GraphName[];
  /** What runs the graphs, in words. */
  readonly engine: string;
  /** Where the context of the training lay, variable by variable; nothing if that is not known. */
  readonly context?: { readonly location: readonly number[]; readonly scale: readonly number[] };
}

export interface Drawn {
  readonly x: Numbers;
  readonly logProb: Numbers;
  readonly seconds: number;
}

export interface Point {
  readonly logProb: number;
  /** Where the point comes from in the base; nothing in bundles without the way there. */
  readonly z?: Numbers;
}

type Context = readonly number[] | undefined;

/** What the page may ask of the worker: the arguments and the answer of each call. */
export interface Calls {
  open(): Opened;
  sample(seed: number, count: number, context: Context): Drawn;
  density(x: Float64Array, context: Context): Numbers;
  point(x: readonly number[], context: Context): Point;
  verify(): Comparison[];
}

export type Name = keyof Calls;
export type Asked = { readonly [N in Name]: { id: number; name: N; values: Parameters<Calls[N]> } }[Name];
export type Answer = { readonly id: number; readonly value?: unknown; readonly error?: string };
