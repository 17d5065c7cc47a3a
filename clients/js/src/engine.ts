import type { GraphName } from "./about.js";
import type { DType, Numbers } from "./numbers.js";

/** The constants that all graphs of a bundle share, by the name that graphs know them by. */
export const SHARED = "weights.bin";

/** A value that goes into a graph, or comes out of it. */
export interface Value {
  readonly data: Numbers | BigInt64Array;
  readonly shape: readonly number[];
}

export type Values = Readonly<Record<string, Value>>;

/** A graph that is open. */
export interface OpenGraph {
  run(feeds: Values): Promise<Values>;
  close?(): Promise<void>;
}

/** The files of a bundle that an engine may ask for. */
export interface Wanted {
  /** The names of all files. */
  readonly names: readonly string[];
  get(name: string): Promise<Uint8Array>;
}

/**
 * What runs the graphs of a bundle: onnxruntime, the WebAssembly that the bundle has itself, or another
 * one with the same two functions.
 */
export interface Engine {
  /** Its name and version, for people. */
  readonly name: string;
  /** The graphs that it runs without a file of their own. */
  readonly graphs?: readonly GraphName[];
  open(graph: GraphName, files: Wanted, dtype: DType): Promise<OpenGraph>;
}

/** What is used of onnxruntime-node and onnxruntime-web. */
export interface Ort {
  readonly InferenceSession: { create(model: Uint8Array, options?: any): Promise<OrtSession> };
  readonly Tensor: new (type: any, data: any, dims: readonly number[]) => OrtTensor;
  readonly env?: any;
}

interface OrtSession {
  run(feeds: any): Promise<Record<string, any>>;
  release(): Promise<void>;
}

interface OrtTensor {
  readonly data: any;
  readonly dims: readonly number[];
}

export interface OrtOptions {
  /** Threads for one call, where the runtime has them; by default what onnxruntime takes. */
  readonly threads?: number | undefined;
  /** Where onnxruntime computes, such as ["webgpu", "wasm"]. */
  readonly providers?: readonly string[] | undefined;
}

/** An engine of onnxruntime-node, onnxruntime-web, or whatever has their classes. */
export function ortEngine(ort: Ort, options: OrtOptions = {}): Engine {
  const version = ort.env?.versions?.node ?? ort.env?.versions?.web ?? ort.env?.versions?.common;
  const oneAtATime = queue();
  const session = {
    logSeverityLevel: 3,
    ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
    ...(options.providers ? { executionProviders: options.providers } : {}),
  };
  return {
    name: `onnxruntime${version ? ` ${version}` : ""}`,
    async open(graph, files, dtype) {
      const model = await files.get(`${graph}.onnx`);
      const shared = files.names.includes(SHARED) ? await files.get(SHARED) : undefined;
      const external = shared?.length ? { externalData: [{ path: SHARED, data: shared }] } : {};
      const opened = await oneAtATime(() => ort.InferenceSession.create(model, { ...session, ...external }));
      return {
        run: (feeds) => oneAtATime(() => run(ort, opened, feeds, dtype)),
        close: () => oneAtATime(() => opened.release()),
      };
    },
  };
}

async function run(ort: Ort, session: OrtSession, feeds: Values, dtype: DType): Promise<Values> {
  const tensors: Record<string, OrtTensor> = {};
  for (const [name, { data, shape }] of Object.entries(feeds)) {
    tensors[name] = new ort.Tensor(data instanceof BigInt64Array ? "int64" : dtype, data, shape);
  }
  const outputs = await session.run(tensors);
  return Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [name, { data: tensor.data, shape: tensor.dims }]),
  );
}

/** Runs jobs one after the other: onnxruntime-web has one thread of control. */
function queue(): <T>(job: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const next = last.then(job);
    last = next.catch(() => undefined);
    return next;
  };
}
