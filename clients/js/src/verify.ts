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
  /** The rows that differ, in words; "" where it passed. */
  readonly reason: string;
  /** Are the rows that differ all next to the overflow of float32, where runtimes round apart? */
  readonly onlyFar: boolean;
  /** Of one run of the graph. */
  readonly seconds: number;
}

/** Replays the conformance vectors of a bundle: every output of every graph. */
export async function verify(flow: Flow): Promise<Comparison[]> {
  const vectors = JSON.parse(new TextDecoder().decode(await flow.file("vectors.json")));
  const all: Comparison[] = [];
  for (const graph of flow.graphs) {
    if (!vectors[graph] && !(`${graph}.onnx` in flow.about.files)) continue; // there is nothing to hold it to
    if (!vectors[graph]) throw broken("the bundle", "vectors.json is damaged");
    all.push(...(await compared(flow, graph, vectors[graph], vectors.tolerance.relative, CALLS[graph])));
  }
  return all;
}

type Outputs = Readonly<Record<string, Numbers | undefined>>;
type Call = (flow: Flow, of: (name: string) => Numbers, vector: any) => Promise<Outputs>;

const context = (flow: Flow, of: (name: string) => Numbers): Numbers | undefined => (flow.context.length ? of("context") : undefined);

const CALLS: Record<GraphName, Call> = {
  log_prob: async (flow, of) => ({ log_prob: await flow.logProb(of("x"), context(flow, of)) }),
  from_noise: async (flow, of) => named(await flow.fromNoise(of("noise"), context(flow, of))),
  to_base: async (flow, of) => named(await flow.toBase(of("x"), context(flow, of))),
  log_prob_grad: async (flow, of) => named(await flow.gradient(of("x"), context(flow, of))),
  from_noise_grad: async (flow, of) => {
    const cotangents = { x: of("x_cotangent"), logProb: of("log_prob_cotangent") };
    return named(await flow.fromNoiseGradient(of("noise"), cotangents, context(flow, of)));
  },
  sample: async (flow, of, { seed, first_row, n, x }) =>
    named(await flow.sample(n ?? x.parity.length, { seed, firstRow: first_row, context: context(flow, of) })),
};

interface Found {
  readonly x?: Numbers;
  readonly z?: Numbers;
  readonly logProb: Numbers;
  readonly xGrad?: Numbers;
  readonly noiseGrad?: Numbers;
  readonly contextGrad?: Numbers;
}

function named({ x, z, logProb, xGrad, noiseGrad, contextGrad }: Found): Outputs {
  return { x, z, log_prob: logProb, x_grad: xGrad, noise_grad: noiseGrad, context_grad: contextGrad };
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
  const unsettled = new Set<number>(vector.unsettled ?? []); // what the float type does not determine
  const has = rowTest(inputs.map((name) => [of(name), rowWidth(name, flow.about)]));
  return outputsOf(graph, flow.about).map((output) => {
    const reference = numbers(vector[output].parity, "float64");
    const lawful = (row: number): boolean => has(row, Number.isNaN) || (output === "z" && densities[row] === -Infinity);
    const smallest = flow.dtype === "float32" ? 2 ** -126 : 2 ** -1022;
    const skipped = (row: number): boolean =>
      unsettled.has(row) || has(row, (value) => value !== 0 && Math.abs(value) < smallest);
    const rows = apart(outputs[output]!, reference, rowWidth(output, flow.about), densities.length, skipped, lawful);
    const wrong = rows.flatMap((difference, row) => (difference > allowed ? [row] : []));
    const far = wrong.filter((row) => has(row, (value) => Math.abs(value) > FAR));
    const difference = Math.max(...rows);
    return {
      graph, output, rows: rows.length, difference, allowed, seconds, passed: !wrong.length,
      reason: wrong.length ? `${wrong.length} of ${rows.length} rows differ${far.length ? `: ${far.length} next to the overflow` : ""}` : "",
      onlyFar: wrong.length > 0 && far.length === wrong.length,
    };
  });
}

/** Numbers from here on are next to the overflow of float32. */
const FAR = 1e30;

/** A test of rows: does any number that goes in pass? */
function rowTest(inputs: [Numbers, number][]): (row: number, test: (value: number) => boolean) => boolean {
  return (row, test) => inputs.some(([values, wide]) => Array.from(values.subarray(row * wide, (row + 1) * wide)).some(test));
}

/** The largest relative difference of each row. Of rows without NaN nothing may be NaN, even where both sides agree. */
function apart(
  actual: Numbers,
  expected: Numbers,
  wide: number,
  count: number,
  skipped: (row: number) => boolean,
  lawful: (row: number) => boolean,
): number[] {
  if (actual.length !== expected.length) return new Array<number>(count).fill(Infinity);
  return Array.from({ length: count }, (_, row) => {
    if (skipped(row)) return 0;
    const [found, right] = [actual, expected].map((values) => Array.from(values.subarray(row * wide, (row + 1) * wide)));
    return Math.max(...right!.map((value, i) => (Number.isNaN(value) && !lawful(row) ? Infinity : relative(found![i]!, value))));
  });
}

function relative(actual: number, expected: number): number {
  if (actual === expected || (Number.isNaN(actual) && Number.isNaN(expected))) return 0;
  const difference = Math.abs(actual - expected) / (1 + Math.abs(expected));
  return Number.isNaN(difference) ? Infinity : difference;
}

/** The rows that a list of `vectors.json` stands for; NaN and infinities are written as words. */
function numbers(rows: (number | string)[] | (number | string)[][], dtype: DType): Numbers {
  const values = (rows as (number | string)[][]).flat().map(Number);
  return dtype === "float64" ? Float64Array.from(values) : Float32Array.from(values);
}

