/** Rows of numbers, one behind the other, in the float type of the bundle. */
export type Numbers = Float32Array | Float64Array;

export type DType = "float32" | "float64";

export const numbersOf = (dtype: DType, length: number): Numbers =>
  dtype === "float64" ? new Float64Array(length) : new Float32Array(length);

/** A number with six digits, as C's %g and Python write it. */
export function general(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [digits, exponent] = value.toExponential(5).split("e") as [string, string];
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(Number(value.toPrecision(6)));
  const short = digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
  return `${short}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

const NAMED: readonly [number, string][] = [
  [Math.PI, "pi"],
  [-Math.PI, "-pi"],
  [2 * Math.PI, "2*pi"],
  [Math.PI / 2, "pi/2"],
  [-Math.PI / 2, "-pi/2"],
];

/** An end of an interval as the language writes it. */
export function written(value: number): string {
  const named = NAMED.find(([number]) => number === value);
  if (named) return named[1];
  return Number.isFinite(value) ? String(value) : value > 0 ? "inf" : "-inf";
}
