// Runs a bundle in onnxruntime-node: samples, and their density from the other graph. Prints them as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [bundle, seed, n, firstRow, context] = process.argv.slice(2);
const ort = createRequire(process.cwd() + "/")("onnxruntime-node");
const { dtype, scalar, columns } = JSON.parse(readFileSync(`${bundle}/flow.json`));
const whole = (value) => new ort.Tensor("int64", [BigInt(value)], []);
const open = (name) => ort.InferenceSession.create(`${bundle}/${name}.onnx`, { logSeverityLevel: 3 });

const given = context ? { context: new ort.Tensor(dtype, JSON.parse(context).flat(), [Number(n), JSON.parse(context)[0].length]) } : {};
const count = context ? given : { n: whole(n) };
const { x, log_prob } = await (await open("sample")).run({ seed: whole(seed), first_row: whole(firstRow), ...count });
const density = await (await open("log_prob")).run({ x, ...given });
if (x.dims.join() !== (scalar ? `${n}` : `${n},${columns.length}`)) throw new Error(`x has shape ${x.dims}`);
const words = (tensor) => Array.from(tensor.data, (value) => (Number.isFinite(value) ? value : String(value)));
console.log(JSON.stringify({ x: words(x), log_prob: words(log_prob), density: words(density.log_prob) }));
