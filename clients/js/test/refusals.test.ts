import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { Flow, FlowError, type Wanted } from "flowspec";
import { exported, filesOf, refusal } from "./bundles.js";

let wind: Flow;
let prognosis: Flow;
let scalar: Flow;
beforeAll(async () => {
  wind = await Flow.load(exported("wind"));
  prognosis = await Flow.load(exported("prognosis"));
  scalar = await Flow.load(exported("one_liner"));
});

const at = [25, 90];

describe("what does not fit is refused in words", () => {
  test.each<[string, () => unknown, string]>([
    ["half a row", () => wind.logProb([1, 2, 3]),
      "`x` has shape (3,), but 2 columns are needed (direction, speed)\n  = help: give rows of 2 numbers, in one array or as an array of rows"],
    ["a row of one number", () => wind.toBase([[1, 2], [1]]),
      "`x` has shape (2, 1), but 2 columns are needed (direction, speed)\n  = help: give rows of 2 numbers, in one array or as an array of rows"],
    ["rows of two numbers for a scalar", () => scalar.logProb([[1, 2]]),
      "`x` has shape (1, 2), but 1 column is needed (x)\n  = help: give rows of 1 number, in one array or as an array of rows"],
    ["noise of another width", () => wind.fromNoise([[1, 2]]),
      "`noise` has shape (1, 2), but 66 columns are needed\n  = help: give rows of 66 numbers, in one array or as an array of rows"],
    ["words", () => wind.logProb(["a", "b"] as any),
      "`x` does not hold real numbers only\n  = help: give an array of numbers"],
    ["nothing", () => wind.logProb(undefined as any),
      "`x` does not hold real numbers only\n  = help: give an array of numbers"],
    ["a missing column", () => wind.logProb({ direction: [1] } as any),
      "`x` has no column speed\n  = help: give `speed`, an array of numbers"],
    ["columns of two lengths", () => wind.logProb({ direction: [1], speed: [1, 2] } as any),
      "`speed` has shape (2,), but `direction` has 1 rows\n  = help: give as many numbers in each column"],
    ["a context that is not needed", () => wind.sample(1, { context: [1] }),
      "this flow has no context\n  = help: leave `context` out"],
    ["no context", () => prognosis.sample(3),
      "this flow is conditional: it needs bmi, blood_pressure\n  = help: give `context`, rows of 2 numbers"],
    ["too few rows of context", () => prognosis.logProb([1, 2, 3], [at, at]),
      "`context` has 2 rows, and 3 are needed\n  = help: give one row for each, or one for all"],
    ["a context outside of its support", () => prognosis.sample(3, { context: [at, [-1e6, 90], [0, 1]] }),
      "context `bmi` is -1e+06 in row 2, outside of (0, inf)\n  = help: leave such rows out (2 of 3), or declare a wider support"],
    ["one context outside for all", () => prognosis.sample(3, { context: [25, -0.5] }),
      "context `blood_pressure` is -0.5 in row 1, outside of (0, inf)\n  = help: leave such rows out (3 of 3), or declare a wider support"],
    ["a context that overflows", () => prognosis.sample(3, { context: [at, [1e300, 90], at] }),
      "context `bmi` is inf in row 2, outside of (0, inf)\n  = help: leave such rows out (1 of 3), or give numbers that its float type has: of float32 they end at 3.4e38"],
    ["fewer than no samples", () => wind.sample(-1),
      "`n` is -1, which is out of range\n  = help: give a number from 0 on"],
    ["half a sample", () => wind.sample(1.5),
      "`n` is 1.5, which is not a whole number\n  = help: give a whole number"],
    ["a seed that is too large", () => wind.sample(1, { seed: 2n ** 63n }),
      "`seed` is 9223372036854775808, which is out of range\n  = help: give a number from -9223372036854775808 to 9223372036854775807"],
    ["rows beyond the end", () => wind.sample(10, { firstRow: 2n ** 63n - 5n }),
      "`firstRow` is 9223372036854775803, which is out of range\n  = help: give a number from -9223372036854775808 to 9223372036854775798"],
    ["a column that is not there", () => wind.column(new Float32Array(2), "pressure"),
      "there is no column pressure\n  = help: it has direction, speed"],
    ["gradients that were not compiled", () => wind.gradient([1, 2]),
      `${exported("wind")} has no log_prob_grad.onnx\n  = help: \`flowspec compile --gradient\` writes it`],
  ])("%s", async (_, call, words) => {
    expect(await refusal(call)).toBe(words);
  });

  test("with the name of the mistake", async () => {
    const error = await wind.sample(-1).catch((error) => error);
    expect(error).toBeInstanceOf(FlowError);
    expect([error.kind, error.what, error.help]).toEqual([
      "out-of-range", "`n` is -1, which is out of range", "give a number from 0 on",
    ]);
  });

  test("that JavaScript may have rounded", async () => {
    const rounded = "`seed` is 9007199254740992, beyond 2^53, where numbers of JavaScript are rounded\n  = help: give a BigInt, such as 9007199254740992n";
    expect(await refusal(() => wind.sample(1, { seed: 2 ** 53 + 1 }))).toBe(rounded);
    const [one, other] = [2n ** 53n, 2n ** 53n + 1n].map((seed) => wind.sample(1, { seed }));
    expect((await one!).x).not.toEqual((await other!).x);
  });

  test.each([1e12, 2 ** 50])("of %d rows, for which there is no memory", async (n) => {
    const words = "sample.onnx cannot be run: there is not enough memory for it\n  = help: give fewer rows at once";
    expect(await refusal(async () => (await Flow.load(exported("one_liner"))).sample(n))).toBe(words);
  });

  test("without cotangents", async () => {
    expect(await refusal(() => prognosis.fromNoiseGradient([0.5], undefined as any, [80, 90]))).toMatch(/no from_noise_grad|x_cotangent/);
  });

  test("NaN in a context passes, and its density is NaN", async () => {
    expect(await prognosis.logProb([100], [NaN, 90])).toEqual(Float32Array.of(NaN));
  });
});

describe("what is not the bundle that was written is refused", () => {
  const text = (data: Uint8Array): string => new TextDecoder().decode(data);
  const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);
  const changed = (name: string, change: (words: string) => string): Record<string, Uint8Array> => {
    const files = filesOf(exported("one_liner"));
    return { ...files, [name]: bytes(change(text(files[name]!))) };
  };
  const written = "\n  = help: write it again with `flowspec compile`";
  const start = "the bundle is not a complete bundle: ";

  test.each<[string, Record<string, Uint8Array>, string]>([
    ["a changed flow.json", changed("flow.json", (words) => words.replace('"opset": 18', '"opset": 17')),
      `${start}flow.json is not the file that was written: its digest does not fit${written}`],
    ["no JSON", changed("flow.json", () => "{"), `${start}flow.json is damaged${written}`],
    ["no format", changed("flow.json", () => "{}"),
      `${start}flow.json is damaged: \`format\` is no format that there was${written}`],
    ["a missing field", changed("flow.json", (words) => words.replace('"columns"', '"colums"')),
      `${start}flow.json is damaged: \`columns\` is missing${written}`],
    ["a field of another kind", changed("flow.json", (words) => words.replace('"float32"', '"float16"')),
      `${start}flow.json is damaged: \`dtype\` is not what it should be${written}`],
    ["a newer format", changed("flow.json", (words) => words.replace('"format": 3', '"format": 4')),
      "the bundle was written by a newer FlowSpec: its format is 4, and this one reads up to 3\n  = help: update it: npm install flowspec@latest"],
    ["a changed graph", { ...filesOf(exported("one_liner")), "log_prob.onnx": bytes("graph") },
      `${start}log_prob.onnx is not the file that was written${written}`],
    ["an empty folder", {}, `${start}flow.json: no such file${written}`],
  ])("%s", async (_, files, words) => {
    expect(await refusal(async () => (await Flow.load(files)).logProb([0.5]))).toBe(words);
  });

  const pointing = (name: string): Flow | Promise<Flow> => {
    const graph = bytes(`graph\n\x08location\x12${String.fromCharCode(name.length)}${name} and more`);
    const files = filesOf(exported("one_liner"));
    const about = JSON.parse(text(files["flow.json"]!));
    const hash = createHash("sha256").update(graph).digest("hex");
    Object.assign(about, { format: 1, files: { ...about.files, "log_prob.onnx": hash } });
    const engine = { name: "reader", open: async (graph: string, { get }: Wanted) => Promise.reject((await get(`${graph}.onnx`)).length) };
    return Flow.load({ ...files, "log_prob.onnx": graph, "flow.json": bytes(JSON.stringify(about)) }, { engine });
  };

  test("a graph that points to a file elsewhere", async () => {
    expect(await refusal(async () => (await pointing("../secrets")).logProb([0.5]))).toBe(
      `${start}log_prob.onnx: it points to ../secrets, which is no file of the bundle${written}`,
    );
    const own = await refusal(async () => (await pointing("weights.bin")).logProb([0.5]));
    expect(own).toContain("log_prob.onnx cannot be run: reader cannot open it");
  });

  test("a folder that is not there", async () => {
    expect(await refusal(() => Flow.load("nowhere"))).toBe(
      `nowhere is not a complete bundle: flow.json: no such file or directory${written}`,
    );
  });

  test("a folder that is a file", async () => {
    expect(await refusal(() => Flow.load("package.json"))).toBe(
      `package.json is not a complete bundle: flow.json: not a directory${written}`,
    );
  });

  test.each([undefined, null, 3])("%s in the place of a bundle", async (source) => {
    expect(await refusal(() => Flow.load(source as any))).toContain(`a flow cannot be loaded from ${source}\n  = help: give the folder`);
  });

  test("a graph that onnxruntime cannot run is told by its name", async () => {
    const engine = { name: "onnxruntime 0", open: () => Promise.reject(new Error("no such operator\nat line 1")) };
    const flow = await Flow.load(exported("one_liner"), { engine });
    expect(await refusal(() => flow.logProb([0.5]))).toBe(
      "log_prob.onnx cannot be run: onnxruntime 0 cannot open it (no such operator)\n  = help: `flowspec verify` checks the bundle; write it again with `flowspec compile`",
    );
  });
});
