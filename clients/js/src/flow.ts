import { findOrt } from "#platform";
import { type About, GRAPHS, GRAPHS_OF, type GraphName } from "./about.js";
import {
  type Engine,
  type OpenGraph,
  type Ort,
  type OrtOptions,
  ortEngine,
  type Value,
  type Values,
  type Wanted,
} from "./engine.js";
import { FlowError, graphFails, graphMissing, wrongRows } from "./errors.js";
import { refuseStray } from "./external.js";
import { Files, type Source } from "./files.js";
import { type DType, type Numbers, numbersOf } from "./numbers.js";
import { inPieces, type Watch } from "./pieces.js";
import { contextOf, type RowsLike, rowsOf, whole } from "./rows.js";
import { outputsOf, rowShape, rowWidth } from "./signatures.js";
import { type Support, supportOf } from "./supports.js";
import { wasmEngine } from "./wasm.js";

/** Larger inputs are cut: beyond some thousand rows the intermediate results fall out of the caches. */
const ROWS_AT_ONCE = 4096;

/** The first number behind those that a counter of rows takes. */
const END_OF_ROWS = 2n ** 63n;

export interface LoadOptions extends OrtOptions {
  /**
   * A module of onnxruntime to run on; by default the WebAssembly of the bundle itself, where it has
   * one (`flowspec compile --wasm`), and else the onnxruntime that is installed.
   */
  readonly ort?: Ort | undefined;
  /** What runs the graphs, in the place of onnxruntime; or what chooses it. */
  readonly engine?: Engine | ChooseEngine | undefined;
  /** Inputs with more rows are cut; 4096 by default. */
  readonly rowsAtOnce?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type ChooseEngine = (files: Wanted, about: About) => Engine | Promise<Engine>;

export interface SampleOptions<Variable extends string = string> extends Watch {
  /** The same seed gives the same rows, here, in Python, and everywhere. 0 by default. */
  readonly seed?: number | bigint | undefined;
  /** One row for all samples, or one for each. */
  readonly context?: RowsLike<Variable> | undefined;
  /** Row i of the samples is row `firstRow + i` of the stream of its seed. 0 by default. */
  readonly firstRow?: number | bigint | undefined;
}

/** Points, row by row, and their log-densities. */
export interface Points {
  readonly x: Numbers;
  readonly logProb: Numbers;
}

/** Points of the base, row by row, and the log-densities of the points that they give. */
export interface BasePoints {
  readonly z: Numbers;
  readonly logProb: Numbers;
}

/** Log-densities, and their derivatives with respect to the points and, if there is one, the context. */
export interface Gradient {
  readonly logProb: Numbers;
  readonly xGrad: Numbers;
  readonly contextGrad?: Numbers;
}

/** How what follows depends on the points and, 0 if it does not, on their log-densities. */
export interface Cotangents {
  readonly x: RowsLike;
  readonly logProb?: ArrayLike<number> | undefined;
}

/** Points from noise, and the derivatives with respect to the noise and, if there is one, the context. */
export interface NoiseGradient extends Points {
  readonly noiseGrad: Numbers;
  readonly contextGrad?: Numbers;
}

/**
 * A compiled flow. Points go in as rows one behind the other in one array, as an array of rows, or
 * as columns by name; they come out as one typed array, row by row.
 */
export class Flow<Column extends string = string, Variable extends string = string> {
  /** Everything that `flow.json` says. */
  readonly about: About<Column, Variable>;
  /** The names of the columns of points. */
  readonly columns: readonly Column[];
  /** The names of the conditioning variables; empty if there are none. */
  readonly context: readonly Variable[];
  /** The values that the columns take: a support for each, or for those that it ties together. */
  readonly supports: readonly Support[];
  /** The values that each conditioning variable takes. */
  readonly contextSupports: readonly Support[];
  /** The kinds of the standard draws, column by column. */
  readonly noise: readonly ("normal" | "uniform")[];
  /** The distribution of each column in the base; empty in bundles of early formats. */
  readonly latent: readonly string[];
  /** The float type of all that goes in and comes out. */
  readonly dtype: DType;
  /** The names of the graphs that can be run: those of the bundle, and those that its WebAssembly has beside them. */
  readonly graphs: readonly GraphName[];

  private readonly opened = new Map<GraphName, Promise<OpenGraph>>();
  /** The calls that have not ended. */
  private readonly calls = new Set<Promise<void>>();
  private readonly size: number;

  private constructor(
    private readonly files: Files,
    /** What runs the graphs. */
    readonly engine: Engine,
    rowsAtOnce: number,
  ) {
    const about = files.about as About<Column, Variable>;
    this.about = about;
    this.columns = about.columns;
    this.context = about.context;
    this.noise = about.noise;
    this.latent = about.latent ?? [];
    this.dtype = about.dtype;
    this.supports = ([about.flow.base, ...about.flow.steps].at(-1)?.output?.supports ?? []).map(supportOf);
    this.contextSupports = (about.flow.context ?? []).flatMap(({ names, support }) => names.map(() => supportOf(support)));
    this.graphs = GRAPHS.filter((name) => `${name}.onnx` in about.files || engine.graphs?.includes(name));
    this.size = about.batch ?? rowsAtOnce;
  }

  /**
   * Opens a bundle: the folder that `flowspec compile` wrote, by its path or URL. Each file is
   * checked against its hash, when it is first needed.
   */
  static async load<Column extends string = string, Variable extends string = string>(
    source: Source,
    options: LoadOptions = {},
  ): Promise<Flow<Column, Variable>> {
    const rows = Number(whole("rowsAtOnce", options.rowsAtOnce ?? ROWS_AT_ONCE, 1n));
    const files = await Files.open(source, options.signal);
    const choose = options.engine ?? chosenBy(options);
    const engine = typeof choose === "function" ? await choose(wantedOf(files), files.about) : choose;
    return new Flow<Column, Variable>(files, engine, rows);
  }

  /** The natural logarithm of the density at `x`: -Infinity outside the support, NaN only where `x` is NaN. */
  async logProb(x: RowsLike<Column>, context?: RowsLike<Variable>, watch: Watch = {}): Promise<Numbers> {
    const { log_prob } = await this.ofRows("log_prob", { x }, context, watch);
    return log_prob!;
  }

  /**
   * `n` draws. Of a conditional flow one for each row of the context, or `n` for one row; where `n`
   * is undefined, one for each row.
   */
  async sample(n?: number, options: SampleOptions<Variable> = {}): Promise<Points> {
    const wanted = n === undefined && options.context === undefined ? 1 : n;
    const rows = wanted === undefined ? undefined : Number(whole("n", wanted, 0n));
    const seed = whole("seed", options.seed ?? 0, -END_OF_ROWS);
    const context = this.contextFor(options.context, rows);
    const count = rows ?? context!.length / this.context.length;
    const last = END_OF_ROWS - BigInt(Math.max(count, 1));
    const firstRow = whole("firstRow", options.firstRow ?? 0, -END_OF_ROWS, last);
    const { x, log_prob } = await this.run("sample", count, options, (start, piece) => ({
      seed: integer(seed),
      first_row: integer(firstRow + BigInt(start)),
      ...(context ? { context: this.piece("context", context, start, piece) } : {}),
      ...(context || this.about.batch ? {} : { n: integer(BigInt(piece)) }),
    }));
    return { x: x!, logProb: log_prob! };
  }

  /** Points and their log-densities from standard noise, of the kinds that `noise` lists. */
  async fromNoise(noise: RowsLike, context?: RowsLike<Variable>, watch: Watch = {}): Promise<Points> {
    const { x, log_prob } = await this.ofRows("from_noise", { noise }, context, watch);
    return { x: x!, logProb: log_prob! };
  }

  /** The points of the base that give `x`, distributed as `latent` says. NaN for rows outside the support. */
  async toBase(x: RowsLike<Column>, context?: RowsLike<Variable>, watch: Watch = {}): Promise<BasePoints> {
    const { z, log_prob } = await this.ofRows("to_base", { x }, context, watch);
    return { z: z!, logProb: log_prob! };
  }

  /** The log-density at `x` and its derivatives: 0 for rows outside the support. */
  async gradient(x: RowsLike<Column>, context?: RowsLike<Variable>, watch: Watch = {}): Promise<Gradient> {
    const { log_prob, x_grad, context_grad } = await this.ofRows("log_prob_grad", { x }, context, watch);
    return { logProb: log_prob!, xGrad: x_grad!, ...(context_grad ? { contextGrad: context_grad } : {}) };
  }

  /** Points from noise, and the derivatives of sum(cotangents.x * x) + sum(cotangents.logProb * logProb). */
  async fromNoiseGradient(
    noise: RowsLike,
    cotangents: Cotangents,
    context?: RowsLike<Variable>,
    watch: Watch = {},
  ): Promise<NoiseGradient> {
    await this.graph("from_noise_grad");
    const wide = rowWidth("noise", this.about);
    const standard = rowsOf("noise", noise, [], this.dtype, wide);
    const none = numbersOf(this.dtype, standard.length / wide);
    const inputs = { noise: standard, x_cotangent: cotangents?.x, log_prob_cotangent: cotangents?.logProb ?? none };
    const { x, log_prob, noise_grad, context_grad } = await this.ofRows("from_noise_grad", inputs, context, watch);
    return { x: x!, logProb: log_prob!, noiseGrad: noise_grad!, ...(context_grad ? { contextGrad: context_grad } : {}) };
  }

  /** One column of points that came out, by its name. */
  column(x: Numbers, name: Column): Numbers {
    const [place, wide] = [this.columns.indexOf(name), this.columns.length];
    if (place < 0) throw new FlowError("no-such-column", `there is no column ${name}`, `it has ${this.columns.join(", ")}`);
    return numbersOf(this.dtype, x.length / wide).map((_, row) => x[row * wide + place]!);
  }

  /** A file of the bundle, as it was written; its hash is checked. */
  file(name: string): Promise<Uint8Array> {
    return this.files.get(name);
  }

  /** Opens a graph before it is needed, so that the first call does not wait for it. */
  async prepare(...graphs: GraphName[]): Promise<void> {
    for (const graph of graphs) await this.graph(graph);
  }

  /** Gives the memory of the graphs back, when the calls that run have ended. A later call opens them anew. */
  async close(): Promise<void> {
    const graphs = [...this.opened.values()];
    this.opened.clear();
    await Promise.all(this.calls);
    for (const graph of graphs) await (await graph).close?.();
  }

  // --- graphs ------------------------------------------------------------------------------------

  private async ofRows(
    graph: GraphName,
    inputs: Readonly<Record<string, unknown>>,
    context: unknown,
    watch: Watch,
  ): Promise<Record<string, Numbers>> {
    const rows: Record<string, Numbers> = {};
    let count = -1;
    for (const [name, values] of Object.entries(inputs)) {
      const wide = rowWidth(name, this.about);
      rows[name] = rowsOf(name, values, name === "x" ? this.columns : [], this.dtype, wide);
      const found = rows[name].length / wide;
      if (count >= 0 && found !== count) throw wrongRows(name, found, count);
      count = found;
    }
    const given = this.contextFor(context, count);
    if (given) rows.context = given;
    return this.run(graph, count, watch, (start, piece) =>
      Object.fromEntries(Object.entries(rows).map(([name, values]) => [name, this.piece(name, values, start, piece)])),
    );
  }

  private contextFor(context: unknown, rows: number | undefined): Numbers | undefined {
    return contextOf(this.context, this.contextSupports, context, rows, this.dtype);
  }

  /** Some rows of an input; for a graph of a fixed batch the last one repeated. */
  private piece(name: string, values: Numbers, start: number, rows: number): Value {
    const [shape, wide] = [rowShape(name, this.about), rowWidth(name, this.about)];
    const data = values.subarray(start * wide, (start + rows) * wide) as Numbers;
    const batch = this.about.batch ?? rows;
    if (batch === rows) return { data, shape: [rows, ...shape] };
    const last = data.subarray((rows - 1) * wide);
    const padded = numbersOf(this.dtype, batch * wide).map((_, i) => data[i] ?? last[i % wide]!);
    return { data: padded, shape: [batch, ...shape] };
  }

  /** All outputs of a graph for `count` rows, whose inputs are worked out batch by batch. */
  private run(
    name: GraphName,
    count: number,
    watch: Watch,
    feeds: (start: number, rows: number) => Values,
  ): Promise<Record<string, Numbers>> {
    const call = this.runPieces(name, count, watch, feeds);
    const ended = call.then(() => undefined, () => undefined).then(() => void this.calls.delete(ended));
    this.calls.add(ended);
    return call;
  }

  private async runPieces(
    name: GraphName,
    count: number,
    watch: Watch,
    feeds: (start: number, rows: number) => Values,
  ): Promise<Record<string, Numbers>> {
    const graph = await this.graph(name);
    const widths = outputsOf(name, this.about).map((output) => [output, rowWidth(output, this.about)] as const);
    const all = Object.fromEntries(widths.map(([output, wide]) => [output, this.room(name, count * wide)]));
    await inPieces(count, this.size, watch, async (start, rows) => {
      const found = await this.outputs(name, graph, feeds(start, rows), rows);
      for (const [output, wide] of widths) {
        const data = found[output]?.data;
        if (data?.length !== (this.about.batch ?? rows) * wide) {
          throw graphFails(name, `it gives \`${output}\` of shape (${found[output]?.shape}) for ${rows} rows`);
        }
        all[output]!.set(data.subarray(0, rows * wide) as Numbers, start * wide);
      }
    });
    return all;
  }

  /** Memory for an output. */
  private room(graph: GraphName, length: number): Numbers {
    try {
      return numbersOf(this.dtype, length);
    } catch {
      throw graphFails(graph, "there is not enough memory for it", "give fewer rows at once");
    }
  }

  private async outputs(name: GraphName, graph: OpenGraph, feeds: Values, rows: number): Promise<Values> {
    try {
      return await (this.about.target === "hssm" ? this.rowByRow(graph, feeds, rows) : graph.run(feeds));
    } catch (error) {
      throw Object.assign(graphFails(name, `${this.engine.name} gives up (${reason(error)})`), { cause: error });
    }
  }

  /** The graph of one vector, run for each row: its context, then its point. */
  private async rowByRow(graph: OpenGraph, feeds: Values, rows: number): Promise<Values> {
    const names = ["context", "x"].filter((name) => name in feeds);
    const logProb = numbersOf(this.dtype, rows);
    for (let row = 0; row < rows; row++) {
      const parts = names.flatMap((name) => {
        const wide = rowWidth(name, this.about);
        return [...(feeds[name]!.data as Numbers).subarray(row * wide, (row + 1) * wide)];
      });
      const data = numbersOf(this.dtype, parts.length);
      data.set(parts);
      const { log_prob } = await graph.run({ row: { data, shape: [parts.length] } });
      logProb[row] = Number(log_prob!.data[0]);
    }
    return { log_prob: { data: logProb, shape: [rows] } };
  }

  private graph(name: GraphName): Promise<OpenGraph> {
    if (!this.graphs.includes(name)) {
      const target = this.about.target ?? "onnxruntime";
      const lacks = target in GRAPHS_OF && !GRAPHS_OF[target]!.includes(name);
      throw graphMissing(this.files.place, name, target, lacks);
    }
    let graph = this.opened.get(name);
    if (!graph) {
      graph = this.openGraph(name);
      this.opened.set(name, graph);
      graph.catch(() => this.opened.delete(name));
    }
    return graph;
  }

  private async openGraph(name: GraphName): Promise<OpenGraph> {
    try {
      return await this.engine.open(name, wantedOf(this.files), this.dtype);
    } catch (error) {
      if (error instanceof FlowError) throw error;
      throw Object.assign(graphFails(name, `${this.engine.name} cannot open it (${reason(error)})`), { cause: error });
    } finally {
      this.files.forget(`${name}.onnx`);
    }
  }
}

/** The WebAssembly of the bundle, unless the options ask for something of onnxruntime. */
function chosenBy(options: LoadOptions): ChooseEngine {
  const ort = async () => ortEngine(options.ort ?? (await findOrt()), options);
  if (options.ort || options.providers || options.threads !== undefined) return ort;
  return (files, about) => wasmEngine(files, about, ort) ?? ort();
}

/** The files that an engine may ask for. No graph among them points to another file. */
function wantedOf(files: Files): Wanted {
  const get = async (name: string) => {
    const data = await files.get(name);
    if (name.endsWith(".onnx")) refuseStray(files.place, name, data);
    return data;
  };
  return { names: Object.keys(files.about.files), get };
}

const integer = (value: bigint): Value => ({ data: BigInt64Array.of(value), shape: [] });

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]!.slice(0, 200);
