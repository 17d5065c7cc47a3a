// node node.mjs MODULE PROVIDER FOLDER FIRST: does the jobs of a folder in onnxruntime-node or -web.
import { existsSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";
import { replay } from "./replay.mjs";

const [module, provider, folder, first] = process.argv.slice(2);
const ort = createRequire(import.meta.url)(module);
ort.env.logLevel = "fatal";
if (provider === "wasm") ort.env.wasm.numThreads = 1;

function read(name) {
  const bytes = readFileSync(`${folder}/${name}`);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
}

// Of the module for Node, onnxruntime itself finds it.
function beside(path) {
  const shared = join(dirname(path), "weights.bin");
  return existsSync(shared) ? new Uint8Array(readFileSync(shared)) : undefined;
}

await replay(ort, provider, readFileSync(`${folder}/jobs.txt`, "utf8"), Number(first), {
  read,
  write: (name, bytes) => writeFileSync(`${folder}/${name}`, bytes),
  say: (text) => writeSync(1, `@ ${text}\n`),
  model: (number, path) => (provider === "cpu" ? path : new Uint8Array(readFileSync(path))),
  shared: (number, path) => (provider === "cpu" ? undefined : beside(path)),
});
process.exit(0);
