// The model, in a thread of its own, so that the page stays quick.
import { type Engine, Flow, FlowError, innerPoint, type Numbers, ortEngine, verify, wasmEngine } from "flowspec";
import type { Answer, Asked, Calls } from "./protocol";
import { safetensors } from "./safetensors";

const beside = (path: string): URL => new URL(path, import.meta.url);

/** onnxruntime-web, which runs what has no WebAssembly of its own. */
async function onnxruntime(): Promise<Engine> {
  const ort = await import(beside("./ort/ort.wasm.bundle.min.js").href);
  ort.env.wasm.numThreads = 1; // more need pages that are isolated, which a plain server's are not
  ort.env.wasm.wasmPaths = { wasm: beside("./ort/ort-wasm-simd-threaded.wasm").href };
  ort.env.logLevel = "error";
  const engine = ortEngine(ort, { providers: ["wasm"] });
  return { ...engine, name: `onnxruntime-web ${ort.env.versions.web ?? ""}, WebAssembly`.replace(" ,", ",") };
}

const flow = Flow.load(beside("./model/"), {
  engine: (files, about) => wasmEngine(files, about, onnxruntime) ?? onnxruntime(),
});

const calls: { [N in keyof Calls]: (...values: Parameters<Calls[N]>) => Promise<ReturnType<Calls[N]>> } = {
  async open() {
    const model = await flow;
    const { about, supports, contextSupports, graphs, engine } = model;
    await model.prepare(...graphs.filter((name) => name === "sample" || name === "log_prob"));
    if (graphs.includes("sample")) await model.sample(undefined, { context: start(model) });
    const context = await trainedContext(model);
    return { about, supports, contextSupports, graphs, engine: engine.name, ...(context ? { context } : {}) };
  },

  async sample(seed, count, context) {
    const model = await flow;
    const begun = performance.now();
    const drawn = await model.sample(count, { seed, context });
    return { ...drawn, seconds: (performance.now() - begun) / 1e3 };
  },

  density: async (x, context) => (await flow).logProb(x, context),

  async point(x, context) {
    const model = await flow;
    if (!model.graphs.includes("to_base")) return { logProb: (await model.logProb(x, context))[0]! };
    const { z, logProb } = await model.toBase(x, context);
    return { logProb: logProb[0]!, z };
  },

  verify: async () => verify(await flow),
};

/** A context that no flow refuses. */
function start(model: Flow): number[] | undefined {
  return model.context.length ? model.contextSupports.map(innerPoint) : undefined;
}

/** The location and scale that a training measured of the context. */
async function trainedContext(model: Flow): Promise<{ location: number[]; scale: number[] } | undefined> {
  if (!model.context.length || !("weights.safetensors" in model.about.files)) return undefined;
  const weights = safetensors(await model.file("weights.safetensors"));
  const [location, scale] = [weights("context.location"), weights("context.scale")];
  return location && scale ? { location, scale } : undefined;
}

addEventListener("message", async ({ data }: MessageEvent<Asked>) => {
  const answer = await answerTo(data);
  postMessage(answer, { transfer: buffersOf(answer.value) as ArrayBuffer[] });
});

/** The memory of arrays, which is handed over and not copied. */
function buffersOf(value: unknown): ArrayBufferLike[] {
  const parts = ArrayBuffer.isView(value) ? [value] : Object.values((value ?? {}) as object);
  return parts.filter((part): part is Numbers => ArrayBuffer.isView(part)).map((part) => part.buffer);
}

async function answerTo({ id, name, values }: Asked): Promise<Answer> {
  try {
    return { id, value: await (calls[name] as (...values: unknown[]) => Promise<unknown>)(...values) };
  } catch (error) {
    const words = error instanceof FlowError ? `${error.what}. To mend it: ${error.help}.` : String((error as Error)?.message ?? error);
    return { id, error: words };
  }
}
