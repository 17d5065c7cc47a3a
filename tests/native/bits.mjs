// node bits.mjs MODULE [FILE]: every output for rows that are read as JSON, as it was asked for and row by row.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [path, file] = process.argv.slice(2);
const { load, dtype } = await import(pathToFileURL(path));
const flow = await load(file && pathToFileURL(file));
const { seed, firstRow, rows, tables } = JSON.parse(readFileSync(0, "utf8"));
const Numbers = dtype === "float32" ? Float32Array : Float64Array;
const { x, noise, context } = Object.fromEntries(
  Object.entries(tables).map(([name, hex]) => {
    const bytes = Buffer.from(hex, "hex");
    return [name, new Numbers(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))];
  }),
);

function outputs(from, to) {
  const of = (values) => values && values.subarray((values.length / rows) * from, (values.length / rows) * to);
  const given = of(context);
  return {
    log_prob: { log_prob: flow.logProb(of(x), given) },
    sample: flow.sample(to - from, { seed: BigInt(seed), firstRow: BigInt(firstRow) + BigInt(from), context: given }),
    from_noise: flow.fromNoise(of(noise), given),
    to_base: flow.toBase(of(x), given),
    log_prob_grad: flow.gradient(of(x), given),
  };
}

const NAMES = { logProb: "log_prob", xGrad: "x_grad", contextGrad: "context_grad" };
const hex = (values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("hex");

/** The bytes of all pieces, by graph and output. */
function joined(pieces) {
  const found = {};
  for (const piece of pieces) {
    for (const [graph, values] of Object.entries(piece)) {
      for (const [name, numbers] of Object.entries(values)) {
        const key = `${graph} ${NAMES[name] ?? name}`;
        found[key] = (found[key] ?? "") + hex(numbers);
      }
    }
  }
  return found;
}

const alone = joined(Array.from({ length: rows }, (_, i) => outputs(i, i + 1)));
console.log(JSON.stringify({ together: joined([outputs(0, rows)]), alone }));
