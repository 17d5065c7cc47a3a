import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { Flow } from "flowspec";
import { exported, filesOf } from "./bundles.js";

let moons: Flow<"x" | "y">;
let wind: Flow<"direction" | "speed">;
let prognosis: Flow;
beforeAll(async () => {
  moons = await Flow.load(exported("two_moons"));
  wind = await Flow.load(exported("wind"));
  prognosis = await Flow.load(exported("prognosis"));
});

describe("a flow says what it is", () => {
  test("names, supports, noise", () => {
    expect(wind.columns).toEqual(["direction", "speed"]);
    expect(wind.supports.map(({ text }) => text)).toEqual(["circle(-pi, pi)", "positive"]);
    expect(moons.noise).toEqual(["normal", "normal"]);
    expect(prognosis.context).toEqual(["bmi", "blood_pressure"]);
    expect(prognosis.contextSupports.map(({ text }) => text)).toEqual(["positive", "positive"]);
    expect(moons.graphs).toEqual(["log_prob", "from_noise", "sample", "to_base"]);
  });
});

describe("where a bundle may be", () => {
  test.each([
    ["a URL of a file", pathToFileURL(exported("one_liner"))],
    ["files in memory", filesOf(exported("one_liner"))],
    ["a function", async (name: string) => filesOf(exported("one_liner"))[name]!],
  ])("%s", async (_, source) => {
    const flow = await Flow.load(source);
    const [low, high] = await flow.logProb([0.1, 2]);
    expect(low).toBeCloseTo(-0.0481559, 6);
    expect(high).toBe(-Infinity);
  });
});

describe("rows", () => {
  test("go in as one array, as rows, and as columns by name", async () => {
    const flat = await moons.logProb([0.5, 0.2, -1, 0.7]);
    expect(await moons.logProb(Float32Array.of(0.5, 0.2, -1, 0.7))).toEqual(flat);
    expect(await moons.logProb(Float64Array.of(0.5, 0.2, -1, 0.7))).toEqual(flat);
    expect(await moons.logProb([[0.5, 0.2], Float32Array.of(-1, 0.7)])).toEqual(flat);
    expect(await moons.logProb({ y: [0.2, 0.7], x: [0.5, -1] })).toEqual(flat);
  });

  test("outside of the support have no density, and no point of the base", async () => {
    const outside = [0.5, -1, 4, 1];
    expect(await wind.logProb(outside)).toEqual(Float32Array.of(-Infinity, -Infinity));
    const { z } = await wind.toBase(outside);
    expect([...z].every(Number.isNaN)).toBe(true);
  });

  test("may be none", async () => {
    expect(await moons.logProb([])).toEqual(new Float32Array(0));
    expect((await moons.sample(0)).x).toEqual(new Float32Array(0));
  });

  test("that were given stay as they are", async () => {
    const x = Float32Array.of(0.5, 0.2);
    await moons.toBase(x);
    expect(x).toEqual(Float32Array.of(0.5, 0.2));
  });

  test("are cut without a change of numbers", async () => {
    const small = await Flow.load(exported("two_moons"), { rowsAtOnce: 7 });
    const [all, cut] = [await moons.sample(50, { seed: 3 }), await small.sample(50, { seed: 3 })];
    close(cut.x, all.x);
    close(await small.logProb(all.x), all.logProb);
    close((await small.toBase(all.x)).z, (await moons.toBase(all.x)).z);
  });
});

describe("samples", () => {
  test("depend on the seed and the number of the row only", async () => {
    const { x } = await moons.sample(20, { seed: -(2n ** 60n) - 1n, firstRow: 2n ** 40n });
    const later = await moons.sample(5, { seed: -(2n ** 60n) - 1n, firstRow: 2n ** 40n + 15n });
    close(later.x, x.subarray(30));
    expect((await moons.sample(20, { seed: 1 })).x).not.toEqual(x);
  });

  test("come with their log-density", async () => {
    const { x, logProb } = await wind.sample(30, { seed: 1 });
    close(await wind.logProb(x), logProb);
  });

  test("come back from the base", async () => {
    const { x, logProb } = await moons.sample(30, { seed: 1 });
    const again = await moons.fromNoise((await moons.toBase(x)).z);
    close(again.x, x);
    close(again.logProb, logProb);
  });

  test("of a conditional flow are as many as its rows, or as were asked for of one", async () => {
    const context = [[25, 90], [30, 110]];
    expect((await prognosis.sample(undefined, { context })).x.length).toBe(2);
    expect((await prognosis.sample(5, { context: { bmi: [25], blood_pressure: [90] } })).x.length).toBe(5);
    const { x } = await prognosis.sample(2, { context, seed: 4 });
    expect((await prognosis.logProb(x, context)).length).toBe(2);
  });

  test("are told one by one while they are drawn, and stop when they are to", async () => {
    const small = await Flow.load(exported("one_liner"), { rowsAtOnce: 10 });
    const steps: number[][] = [];
    await small.sample(25, { onProgress: (...step) => steps.push(step) });
    expect(steps).toEqual([[10, 25], [20, 25], [25, 25]]);
    const stop = new AbortController();
    const onProgress = (done: number): void => {
      if (done === 20) stop.abort(new Error("enough"));
      steps.push([done]);
    };
    await expect(small.sample(1000, { signal: stop.signal, onProgress })).rejects.toThrow("enough");
    expect(steps.slice(3)).toEqual([[10], [20]]);
  });

  test("have columns by name", async () => {
    const { x } = await wind.sample(3);
    expect([...wind.column(x, "speed")]).toEqual([x[1], x[3], x[5]]);
  });
});

describe("gradients", () => {
  // A graph by hand: x = 2 noise, log_prob = -noise, so that what goes in can be seen.
  const engine = {
    name: "by hand",
    open: async (graph: string) => ({
      run: async ({ x, noise, x_cotangent, log_prob_cotangent }: any): Promise<any> => {
        const of = (data: any): any => ({ data, shape: [] });
        if (graph === "log_prob_grad") return { log_prob: of(x.data.map((v: number) => -v)), x_grad: of(x.data.map(() => -1)) };
        const back = noise.data.map((_: number, i: number) => 2 * x_cotangent.data[i] - log_prob_cotangent.data[i]);
        return { x: of(noise.data.map((v: number) => 2 * v)), log_prob: of(noise.data.map((v: number) => -v)), noise_grad: of(back) };
      },
    }),
  };
  const withGradients = async (): Promise<Flow> => {
    const files = filesOf(exported("one_liner"));
    const about = JSON.parse(new TextDecoder().decode(files["flow.json"]));
    Object.assign(about, { format: 1, files: { ...about.files, "log_prob_grad.onnx": "", "from_noise_grad.onnx": "" } });
    return Flow.load({ ...files, "flow.json": new TextEncoder().encode(JSON.stringify(about)) }, { engine, rowsAtOnce: 2 });
  };

  test("of the density", async () => {
    expect(await (await withGradients()).gradient([1, 2, 3])).toEqual({
      logProb: Float32Array.of(-1, -2, -3),
      xGrad: Float32Array.of(-1, -1, -1),
    });
  });

  test("of samples, whose log-density counts where it is asked for", async () => {
    const flow = await withGradients();
    const { x, noiseGrad } = await flow.fromNoiseGradient([1, 2, 3], { x: [10, 20, 30] });
    expect([...x, ...noiseGrad]).toEqual([2, 4, 6, 20, 40, 60]);
    const both = await flow.fromNoiseGradient([1, 2, 3], { x: [10, 20, 30], logProb: [1, 1, 1] });
    expect([...both.noiseGrad]).toEqual([19, 39, 59]);
    await expect(flow.fromNoiseGradient([1, 2, 3], { x: [10] })).rejects.toThrow("`x_cotangent` has 1 rows, and `noise` 3");
  });
});

test("TypeScript knows the names that it was told", async () => {
  // @ts-expect-error -- it has no column z
  await expect(moons.logProb({ x: [1], z: [1] })).rejects.toThrow("`x` has no column y");
  // @ts-expect-error -- nor a column by this name
  expect(() => moons.column(new Float32Array(2), "z")).toThrow("there is no column z");
});

test("calls may overlap", async () => {
  const alone = await moons.sample(10, { seed: 9 });
  const together = await Promise.all([1, 2, 9].map((seed) => moons.sample(10, { seed })));
  expect(together[2]).toEqual(alone);
});

test("a flow that is closed lets calls that run end", async () => {
  const flow = await Flow.load(exported("one_liner"), { rowsAtOnce: 10 });
  const { x } = await flow.sample(100);
  const running = flow.sample(100);
  await flow.prepare("sample");
  await flow.close();
  expect((await running).x).toEqual(x);
});

test("a flow that was closed opens its graphs anew", async () => {
  const flow = await Flow.load(exported("one_liner"));
  const before = await flow.sample(3);
  await flow.close();
  expect(await flow.sample(3)).toEqual(before);
});

test("another engine may run the graphs", async () => {
  const engine = {
    name: "halves",
    open: async () => ({ run: async ({ x }: any) => ({ log_prob: { data: x.data.map(() => 0.5), shape: x.shape } }) }),
  };
  const flow = await Flow.load(exported("one_liner"), { engine });
  expect(await flow.logProb([0.1, 0.2])).toEqual(Float32Array.of(0.5, 0.5));
});

function close(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  const apart = Array.from(expected, (value, i) => Math.abs(actual[i]! - value) / (1 + Math.abs(value)));
  expect(Math.max(...apart)).toBeLessThan(2e-5);
}
