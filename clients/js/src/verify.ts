import type { GraphName } from "./about.js";
import { broken } from "./errors.js";
import type { Flow } from "./flow.js";
import type { DType, Numbers } from "./numbers.js";
import { inputsOf, outputsOf, rowWidth } from "./signatures.js";

/** One output of one graph against its reference values, relative to 1 + |reference|. */
export interface Comparison {
  readonly graph: GraphName;
  readonly output: string;
  readonly rows: number;
  readonly difference: number;
  readonly allowed: number;
  readonly passed: boolean;
  /** Of one run of the graph. */
  readonly seconds: number;
}

/** Replays the conformance vectors of a bundle: every output of the graphs that a client calls. */
export async function verify(flow: Flow): Promise<Comparison[]> {
  const vectors = JSON.parse(new TextDecoder().decode(await flow.file("vectors.json")));
  const all: Comparison[] = [];
  for (const graph of flow.graphs) {
    const call = CALLS[graph];
    if (!call) continue;
    if (!vectors[graph]) throw broken("the bundle", "vectors.json is damaged");
    all.push(...(await compared(flow, graph, vectors[graph], vectors.tolerance.relative, call)));
  }
  return all;
}

type Outputs = Readonly<Record<string, Numbers | undefined>>;
type Call = (flow: Flow, of: (name: string) => Numbers, vector: any) => Promise<Outputs>;

const context = (flow: Flow, of: (name: string) => Numbers): Numbers | undefined => (flow.context.length ? of("context") : undefined);

const CALLS: Partial<Record<GraphName, Call>> = {
  log_prob: async (flow, of) => ({ log_prob: await flow.logProb(of("x"), context(flow, of)) }),
  from_noise: async (flow, of) => named(await flow.fromNoise(of("noise"), context(flow, of))),
  to_base: async (flow, of) => named(await flow.toBase(of("x"), context(flow, of))),
  log_prob_grad: async (flow, of) => named(await flow.gradient(of("x"), context(flow, of))),
  sample: async (flow, of, { seed, first_row, n, x }) =>
    named(await flow.sample(n ?? x.parity.length, { seed, firstRow: first_row, context: context(flow, of) })),
};

function named(found: { x?: Numbers; z?: Numbers; logProb: Numbers; xGrad?: Numbers; contextGrad?: Numbers }): Outputs {
  return { x: found.x, z: found.z, log_prob: found.logProb, x_grad: found.xGrad, context_grad: found.contextGrad };
}

async function compared(flow: Flow, graph: GraphName, vector: any, usual: number, call: Call): Promise<Comparison[]> {
  const of = (name: string): Numbers => numbers(vector[name], flow.dtype);
  await call(flow, of, vector); // the first run allocates
  const start = performance.now();
  const outputs = await call(flow, of, vector);
  const seconds = (performance.now() - start) / 1e3;
  const inputs = inputsOf(graph, flow.about).filter((name) => name in vector);
  const allowed: number = vector.tolerance?.relative ?? usual;
  const densities = numbers(vector.log_prob.parity, "float64");
  return outputsOf(graph, flow.about).map((output) => {
    const reference = numbers(vector[output].parity, "float64");
    const kinds = rowKinds(inputs.map((name) => [of(name), rowWidth(name, flow.about)]), densities, flow.dtype);
    const lawful = (row: number): boolean => kinds.nan[row]! || (output === "z" && densities[row] === -Infinity);
    const difference = apart(outputs[output]!, reference, rowWidth(output, flow.about), kinds.subnormal, lawful);
    return { graph, output, rows: densities.length, difference, allowed, passed: difference <= allowed, seconds };
  });
}

/** The rows with NaN in them, and those with numbers that engines may take for 0. */
function rowKinds(inputs: [Numbers, number][], densities: Numbers, dtype: DType): { nan: boolean[]; subnormal: boolean[] } {
  const smallest = dtype === "float32" ? 2 ** -126 : 2 ** -1022;
  const any = (row: number, test: (value: number) => boolean): boolean =>
    inputs.some(([values, wide]) => Array.from(values.subarray(row * wide, (row + 1) * wide)).some(test));
  const rows = Array.from(densities, (_, row) => row);
  return {
    nan: rows.map((row) => any(row, Number.isNaN)),
    subnormal: rows.map((row) => any(row, (value) => value !== 0 && Math.abs(value) < smallest)),
  };
}

/** The largest relative difference. Of rows without NaN nothing may be NaN, even where both sides agree. */
function apart(actual: Numbers, expected: Numbers, wide: number, skipped: boolean[], lawful: (row: number) => boolean): number {
  if (actual.length !== expected.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const [row, one, other] = [Math.floor(i / wide), actual[i]!, expected[i]!];
    if (skipped[row]) continue;
    if (Number.isNaN(other) && !lawful(row)) return Infinity;
    if (one === other || (Number.isNaN(one) && Number.isNaN(other))) continue;
    const difference = Math.abs(one - other) / (1 + Math.abs(other));
    largest = Number.isNaN(difference) ? Infinity : Math.max(largest, difference);
  }
  return largest;
}

/** The rows that a list of `vectors.json` stands for; NaN and infinities are written as words. */
function numbers(rows: (number | string)[] | (number | string)[][], dtype: DType): Numbers {
  const values = (rows as (number | string)[][]).flat().map(Number);
  return dtype === "float64" ? Float64Array.from(values) : Float32Array.from(values);
}

