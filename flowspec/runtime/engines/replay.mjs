// Does jobs in onnxruntime's JavaScript, in Node or on a page: see ../replay/jobs.py.
//
// ort       the module
// provider  "cpu", "wasm" or "webgpu"
// place     read(name) -> ArrayBuffer, write(name, bytes), say(text), model(number, path), and
//           shared(number, path) -> constants that the graphs of a bundle share, or undefined

const SHARED = "weights.bin";

const ARRAYS = { float32: Float32Array, float64: Float64Array, int64: BigInt64Array, int32: Int32Array };

const SHORT = 1; // seconds up to which a run is done twice: the first one warms up

export function jobs(text) {
  return text.split("end\n").slice(0, -1).map((lines) => {
    const job = { inputs: [], outputs: [] };
    for (const line of lines.trim().split("\n")) {
      const [kind, ...rest] = line.split(" ");
      if (kind === "graph") job.graph = rest.join(" ");
      if (kind === "input") job.inputs.push({ name: rest[0], type: rest[1], shape: rest.slice(3).map(Number) });
      if (kind === "output") job.outputs.push(rest[0]);
    }
    return job;
  });
}

export async function replay(ort, provider, text, first, place) {
  for (const [number, job] of jobs(text).entries()) {
    if (number < first) continue;
    await place.say(`start ${number}`);
    try {
      await one(ort, provider, number, job, place);
    } catch (error) {
      await place.say(`failed ${number} ${String(error?.message ?? error).replace(/\s+/g, " ")}`);
    }
  }
}

async function one(ort, provider, number, job, place) {
  const options = { executionProviders: [provider], logSeverityLevel: 4, intraOpNumThreads: 1 };
  const shared = await place.shared(number, job.graph);
  if (shared) options.externalData = [{ path: SHARED, data: shared }];
  const session = await ort.InferenceSession.create(await place.model(number, job.graph), options);
  const feeds = {};
  for (const { name, type, shape } of job.inputs) {
    const data = new ARRAYS[type](await place.read(`${number}.${name}.in`));
    feeds[name] = new ort.Tensor(type, data, shape);
  }
  let [seconds, outputs] = await timed(session, feeds, job.outputs);
  if (seconds < SHORT) [seconds, outputs] = await timed(session, feeds, job.outputs);
  for (const name of job.outputs) {
    const { data, type, dims } = outputs[name];
    await place.write(`${number}.${name}.out`, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    await place.say(["output", number, name, type, dims.length, ...dims].join(" "));
  }
  await place.say(`done ${number} ${seconds}`);
  await session.release();
}

async function timed(session, feeds, names) {
  const start = performance.now();
  const outputs = await session.run(feeds, names);
  return [(performance.now() - start) / 1e3, outputs];
}
