// The calls of benchmarks/webassembly.py: node webassembly.mjs MODULE.mjs BUNDLE PLACE_OF_ONNXRUNTIME_WEB
import fs from "node:fs";
import { pathToFileURL } from "node:url";

const [module, bundle, web] = process.argv.slice(2);
const ort = await import(pathToFileURL(web));
ort.env.wasm.numThreads = 1;
const { load } = await import(pathToFileURL(module));
const flow = await load();
const { columns } = JSON.parse(fs.readFileSync(`${bundle}/flow.json`));
const session = async (name) => ort.InferenceSession.create(new Uint8Array(fs.readFileSync(`${bundle}/${name}.onnx`)));
const density = await session("log_prob");
const sampler = await session("from_noise");

let seed = 1;
const uniform = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

/** Milliseconds a call, the median of rounds in which all are called in turn. */
async function timed(calls, rounds = 15) {
  const times = calls.map(() => []);
  const counts = [];
  for (const call of calls) {
    const start = performance.now();
    let count = 0;
    while (performance.now() - start < 200) {
      await call();
      count++;
    }
    counts.push(Math.max(1, Math.round(count / 20)));
  }
  for (let round = 0; round < rounds; round++)
    for (const [i, call] of calls.entries()) {
      const start = performance.now();
      for (let n = 0; n < counts[i]; n++) await call();
      times[i].push((performance.now() - start) / counts[i]);
    }
  return times.map(median);
}

for (const rows of [1, 1024]) {
  const size = columns.length;
  const noise = Float32Array.from({ length: rows * size }, normal);
  const tensor = (values) => new ort.Tensor("float32", values, [rows, size]);
  const x = Float32Array.from((await sampler.run({ noise: tensor(noise) })).x.data);
  const pairs = {
    log_prob: [() => flow.logProb(x), () => density.run({ x: tensor(x) })],
    from_noise: [() => flow.fromNoise(noise), () => sampler.run({ noise: tensor(noise) })],
  };
  for (const [name, calls] of Object.entries(pairs)) {
    const [own, other] = (await timed(calls)).map((each) => (1e3 * each) / rows);
    console.log(
      `  ${name.padEnd(12)}${String(rows).padStart(6)} rows  WebAssembly ${own.toFixed(2)}  ` +
        `onnxruntime-web ${other.toFixed(2)} (${(other / own).toFixed(2)})`,
    );
  }
}
