// node main.mjs BUNDLE VECTORS: samples and densities from Node, with the module that --wasm writes.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [bundle, vectors] = process.argv.slice(2);
const { load, columns, context } = await import(new URL("native/flow.mjs", pathToFileURL(`${bundle}/`)));
const flow = await load();

const words = readFileSync(vectors, "utf8").trim().split(/\s+/);
let at = 0;
const number = () => Number(words[at++]);
const row = (count) => Array.from({ length: count }, number);
const differ = (a, b, tolerance) => !Object.is(a, b) && a !== b && !(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)));
const differs = (found, expected, tolerance) => expected.some((value, i) => differ(found[i], value, tolerance));
if (number() !== columns.length || number() !== context.length) throw new Error("the vectors are those of another flow");

let tolerance = number();
let [x, given, density] = [[], [], []];
for (let rows = number(); rows > 0; rows--) {
  x.push(...row(columns.length));
  given.push(...row(context.length));
  density.push(number());
}
let right = !differs(flow.logProb(x, context.length ? given : undefined), density, tolerance);

tolerance = number();
const [rows, seed, firstRow] = [number(), BigInt(words[at++]), BigInt(words[at++])];
[x, given, density] = [[], [], []];
for (let i = 0; i < rows; i++) {
  given.push(...row(context.length));
  x.push(...row(columns.length));
  density.push(number());
}
const drawn = flow.sample(rows, { seed, firstRow, context: context.length ? given : undefined });
right &&= !differs(drawn.x, x, tolerance) && !differs(drawn.logProb, density, tolerance);
console.log(right ? "ok" : "differs");
process.exitCode = right ? 0 : 1;
