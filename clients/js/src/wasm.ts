import type { About, GraphName } from "./about.js";
import type { Engine, OpenGraph, Value, Values, Wanted } from "./engine.js";
import { type Numbers, numbersOf } from "./numbers.js";
import { rowWidth } from "./signatures.js";

/** The arguments of each function that have rows, in the order of C; the context is one of them. */
const CALLS: Partial<Record<GraphName, readonly [inputs: readonly string[], outputs: readonly string[]]>> = {
  log_prob: [["x", "context"], ["log_prob"]],
  sample: [["context"], ["x", "log_prob"]],
  from_noise: [["noise", "context"], ["x", "log_prob"]],
  to_base: [["x", "context"], ["z", "log_prob"]],
  log_prob_grad: [["x", "context"], ["log_prob", "x_grad", "context_grad"]],
};

const PLAIN = /^native\/(\w+)\.plain\.wasm$/;

/** A module of one instruction of 128 bits: valid where there are such. */
const SIMD = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11);

/** Rows begin at multiples of so many bytes. */
const ALIGNED = 64;
const PAGE = 65536;

/**
 * The WebAssembly that `flowspec compile --wasm` put into a bundle; undefined where there is none.
 *
 * @param other what runs the gradients through samples, which that module has not; it is asked for when they are opened
 */
export function wasmEngine(files: Wanted, about: About, other: () => Promise<Engine>): Engine | undefined {
  if (about.target === "hssm") return undefined; // its graph takes one vector
  const name = files.names.map((file) => PLAIN.exec(file)?.[1]).find((found) => found !== undefined);
  if (name === undefined || typeof WebAssembly === "undefined") return undefined;
  const simd = WebAssembly.validate(SIMD);
  const file = `native/${name}${simd ? "" : ".plain"}.wasm`;
  let module: Promise<FlowModule> | undefined;
  let fallback: Promise<Engine> | undefined;
  return {
    name: `the flow's own WebAssembly (${file})`,
    graphs: Object.keys(CALLS) as GraphName[],
    async open(graph, wanted, dtype) {
      if (!(graph in CALLS)) return (await (fallback ??= other())).open(graph, wanted, dtype);
      module ??= FlowModule.of(wanted, file, name, about);
      return (await module).graph(graph);
    },
  };
}

/** The number of bytes that the header of a flow states. */
function stated(header: string, constant: string): number {
  return Number(new RegExp(`^#define \\w+_${constant}_BYTES (\\d+)$`, "m").exec(header)?.[1] ?? 0);
}

const aligned = (size: number): number => Math.ceil(size / ALIGNED) * ALIGNED;

/** A module with its memory. Calls do not wait for anything, so that they may share it. */
class FlowModule {
  /** The addresses of what the functions of a large flow take beside rows: its weights, and memory to work in. */
  private readonly lent: readonly number[];
  /** The address behind them. */
  private readonly start: number;

  private constructor(
    private readonly exports: Record<string, any>,
    private readonly name: string,
    private readonly about: About,
    weights: Uint8Array,
    scratch: number,
  ) {
    const at = aligned(exports.__heap_base.value);
    const behind = at + aligned(weights.length);
    this.lent = [...(weights.length ? [at] : []), ...(scratch ? [behind] : [])];
    this.start = behind + aligned(scratch);
    this.reserve(this.start);
    new Uint8Array(exports.memory.buffer).set(weights, at);
  }

  static async of(wanted: Wanted, file: string, name: string, about: About): Promise<FlowModule> {
    const { instance } = await WebAssembly.instantiate((await wanted.get(file)) as BufferSource);
    const exports: Record<string, any> = instance.exports;
    const usual = CALLS.log_prob!.flat().length + 1;
    if (exports[`${name}_log_prob`].length === usual) return new FlowModule(exports, name, about, new Uint8Array(), 0);
    const header = new TextDecoder().decode(await wanted.get(`native/${name}.h`));
    const weights = stated(header, "WEIGHTS") ? await wanted.get(`native/${name}.weights`) : new Uint8Array();
    return new FlowModule(exports, name, about, weights, stated(header, "SCRATCH"));
  }

  graph(graph: GraphName): OpenGraph {
    return { run: async (feeds) => this.call(graph, feeds) };
  }

  private call(graph: GraphName, feeds: Values): Values {
    const [inputs, outputs] = CALLS[graph]!;
    const rows = rowsOf(feeds);
    const empty = numbersOf(this.about.dtype, 0);
    const widths = [...inputs, ...outputs].map((name) => rowWidth(name, this.about));
    const places = this.placed(widths.map((width) => width * rows * empty.BYTES_PER_ELEMENT));
    const numbers = (i: number): Numbers =>
      new (empty.constructor as any)(this.exports.memory.buffer, places[i], rows * widths[i]!);
    inputs.forEach((name, i) => widths[i] && numbers(i).set(feeds[name]!.data as Numbers));
    const stream = graph === "sample" ? [feeds.seed!.data[0], feeds.first_row!.data[0]] : [];
    this.exports[`${this.name}_${graph}`](...stream, ...places, rows, ...this.lent);
    const found = outputs.map((name, i): [string, Value] => {
      const at = inputs.length + i;
      return [name, { data: numbers(at).slice(), shape: [rows, widths[at]!] }];
    });
    return Object.fromEntries(found);
  }

  /** Addresses for so many bytes each; 0 for none. */
  private placed(sizes: readonly number[]): number[] {
    let end = this.start;
    const places = sizes.map((size) => {
      const at = end;
      end += aligned(size);
      return size ? at : 0;
    });
    this.reserve(end);
    return places;
  }

  private reserve(end: number): void {
    const { memory } = this.exports;
    const missing = end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  }
}

/** The number of rows that is asked for, or that the inputs have. */
function rowsOf(feeds: Values): number {
  if (feeds.n) return Number(feeds.n.data[0]);
  return Object.values(feeds).find(({ shape }) => shape.length)?.shape[0] ?? 0;
}
