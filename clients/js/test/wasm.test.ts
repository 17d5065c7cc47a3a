import { basename } from "node:path";
import { expect, test } from "vitest";
import { type Engine, Flow, verify, wasmEngine } from "flowspec";
import { everyBundle, exported, filesOf } from "./bundles.js";

const own = everyBundle.filter((path) => Object.keys(filesOf(path)).some((name) => name.endsWith(".wasm")));
const modules = own.filter((path) => !basename(path).endsWith("vector"));
const vectors = own.filter((path) => basename(path).endsWith("vector"));

test("a bundle without a module runs in onnxruntime", async () => {
  expect((await Flow.load(exported("wind"))).engine.name).toMatch(/^onnxruntime/);
});

test.each(modules.map((path) => [basename(path), path]))("%s runs in its own module", async (_, path) => {
  const flow = await Flow.load(path);
  expect(flow.engine.name).toMatch(/^the flow's own WebAssembly \(native\/\w+\.wasm\)$/);
  const report = await verify(flow);
  const written = flow.graphs.filter((graph) => `${graph}.onnx` in flow.about.files);
  expect(new Set(report.map(({ graph }) => graph))).toEqual(new Set(written));
  expect(report.filter(({ passed }) => !passed)).toEqual([]);
});

test.each(modules.map((path) => [basename(path), path]))("%s has the gradient of the density, whatever graphs it has", async (_, path) => {
  const flow = await Flow.load(path);
  expect(flow.graphs).toContain("log_prob_grad");
  const [x, context, step] = [[0.3, -0.4], [0.5], 1 / 512];
  const { xGrad, logProb } = await flow.gradient(x, context);
  expect(logProb).toEqual(await flow.logProb(x, context));
  for (const column of [0, 1]) {
    const moved = (way: number) => x.map((value, i) => (i === column ? value + way * step : value));
    const [more, less] = await flow.logProb([...moved(1), ...moved(-1)], context);
    expect(xGrad[column]).toBeCloseTo((more! - less!) / (2 * step), 2);
  }
});

test.each(modules.map((path) => [basename(path), path]))("%s in onnxruntime has the gradients that were written", async (_, path) => {
  const flow = await Flow.load(path, { threads: 1 });
  const written = "log_prob_grad.onnx" in flow.about.files;
  expect(flow.graphs.includes("log_prob_grad")).toBe(written);
  if (!written) await expect(flow.gradient([0.3, 0.4], [0.5])).rejects.toThrow("has no log_prob_grad.onnx");
});

test.each(modules.map((path) => [basename(path), path]))("%s does not ask for onnxruntime", async (_, path) => {
  const none = async (): Promise<Engine> => Promise.reject(new Error("it was asked for"));
  const flow = await Flow.load(path, { engine: (files, about) => wasmEngine(files, about, none) ?? none() });
  const { x, logProb } = await flow.sample(5000, { seed: 1, context: [0.5] });
  expect(await flow.logProb(x.subarray(0, 2), [0.5])).toHaveLength(1);
  expect(logProb).toHaveLength(5000);
  await expect(flow.fromNoiseGradient([0, 0], { x: [1, 1] }, [0.5])).rejects.toThrow(flow.graphs.includes("from_noise_grad") ? "it was asked for" : "has no from_noise_grad.onnx");
});

test.each(modules.map((path) => [basename(path), path]))("%s runs in onnxruntime where that is asked for", async (_, path) => {
  expect((await Flow.load(path, { threads: 1 })).engine.name).toMatch(/^onnxruntime/);
});

test.each(modules.map((path) => [basename(path), path]))("%s of other bytes is refused", async (_, path) => {
  const files = filesOf(path);
  const [name] = Object.keys(files).filter((file) => /\/\w+\.wasm$/.test(file));
  const flow = await Flow.load({ ...files, [name!]: new Uint8Array(8) });
  await expect(flow.logProb([0.5, 0.5], [0.5])).rejects.toThrow(`${name} is not the file that was written`);
});

test.each(vectors.map((path) => [basename(path), path]))("%s, of one vector, runs in onnxruntime", async (_, path) => {
  expect((await Flow.load(path)).engine.name).toMatch(/^onnxruntime/);
});
