import { basename } from "node:path";
import * as web from "onnxruntime-web";
import { expect, test } from "vitest";
import { Flow, verify } from "flowspec";
import { everyBundle, exported, filesOf } from "./bundles.js";

test.each(everyBundle.map((path) => [basename(path), path]))("%s gives the numbers of its vectors", async (_, path) => {
  const flow = await Flow.load(path, { threads: 1 });
  const report = await verify(flow);
  expect(report.map(({ graph }) => graph)).toContain("log_prob");
  expect(report.filter(({ passed }) => !passed)).toEqual([]);
  await flow.close();
});

test("onnxruntime-web gives them too", async () => {
  web.env.wasm.numThreads = 1;
  const flow = await Flow.load(exported("wind"), { ort: web });
  expect((await verify(flow)).filter(({ passed }) => !passed)).toEqual([]);
});

test("vectors of other numbers are told", async () => {
  const path = exported("one_liner");
  const flow = await Flow.load(path, { threads: 1 });
  const [first] = await verify(flow);
  const vectors = JSON.parse(new TextDecoder().decode(filesOf(path)["vectors.json"]));
  vectors.log_prob.log_prob.parity[5] += 0.01;
  flow.file = async () => new TextEncoder().encode(JSON.stringify(vectors));
  const [other] = await verify(flow);
  expect([first!.passed, other!.passed]).toEqual([true, false]);
});
