import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { innerPoint, type SupportJson, supportOf } from "flowspec";
import { general } from "../dist/numbers.js";
import { plain } from "../dist/sha256.js";
import { outsideOf, rowAdvice } from "../dist/supports.js";

test.each([0, 1, 55, 56, 63, 64, 65, 1000])("the digest of %i bytes is that of Node", (size) => {
  const bytes = Uint8Array.from({ length: size }, (_, i) => (7 * i + 3) % 256);
  expect(Buffer.from(plain(bytes)).toString("hex")).toBe(createHash("sha256").update(bytes).digest("hex"));
});

test.each([
  [0, "0"], [-0.5, "-0.5"], [1e6, "1e+06"], [123456.7, "123457"], [0.0001, "0.0001"], [0.00001234567, "1.23457e-05"],
  [1.5e300, "1.5e+300"], [NaN, "nan"], [-Infinity, "-inf"], [Math.fround(0.1), "0.1"], [999999.7, "1e+06"],
] as [number, string][])("%d is written %s, as in Python", (value, words) => {
  expect(general(value)).toBe(words);
});

const interval = (low: number | null, high: number | null, closed: [boolean, boolean] = [false, false]): SupportJson =>
  ({ kind: "interval", low, high, closed });

test.each<[SupportJson, string]>([
  [interval(null, null), "real"],
  [interval(0, null), "positive"],
  [interval(0, null, [true, false]), "nonnegative"],
  [interval(0, 1, [false, true]), "(0, 1]"],
  [interval(-Math.PI, 2.5), "(-pi, 2.5)"],
  [{ kind: "circle", low: 0, high: 360 }, "circle(0, 360)"],
  [{ kind: "simplex", size: 3 }, "simplex"],
])("a support is written as in the language", (json, words) => {
  expect(supportOf(json).text).toBe(words);
});

test("ends of float32 count as the ends that were declared", () => {
  const outside = outsideOf(supportOf(interval(0.1, 0.3, [true, true])), "float32");
  expect([0.1, 0.3, 0.2].map((value) => outside(Math.fround(value)))).toEqual([false, false, false]);
  expect([0.0999, 0.3001, -1].map((value) => outside(Math.fround(value)))).toEqual([true, true, true]);
  expect(outside(NaN)).toBe(false);
});

test("a point well inside lies inside", () => {
  for (const json of [interval(null, -3), interval(2, null), interval(-1, 5), interval(null, null)]) {
    expect(outsideOf(supportOf(json), "float64")(innerPoint(supportOf(json)))).toBe(false);
  }
});

test.each([[0, 360], [-Math.PI, Math.PI], [10, 15]])("the advice for angles outside of a circle leads into it", (low, high) => {
  const circle = supportOf({ kind: "circle", low, high });
  const code = rowAdvice(circle, high + 1).match(/`(.*)`/)![1]!;
  const moved = (angle: number): number => new Function("angle", `return ${code}`)(angle);
  for (const angle of [-1000, -0.1, 7, 500]) {
    expect(outsideOf(circle, "float64")(moved(angle))).toBe(false);
    expect((moved(angle) - angle) / (high - low)).toBeCloseTo(Math.round((moved(angle) - angle) / (high - low)), 9);
  }
});
