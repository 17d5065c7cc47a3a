import { columnMissing, contextMissing, FlowError, noContext, notNumbers, wrongContextRows, wrongShape } from "./errors.js";
import { type DType, general, type Numbers, numbersOf } from "./numbers.js";
import { brackets, outsideOf, rowAdvice, type Support } from "./supports.js";

/** Numbers row by row in one array, an array of rows, or columns by name. */
export type RowsLike<Name extends string = string> =
  | ArrayLike<number>
  | readonly ArrayLike<number>[]
  | Readonly<Record<Name, ArrayLike<number>>>;

const LISTED = 8;

/** Rows of `names.length` numbers, one behind the other, in a float type. */
export function rowsOf(name: string, values: unknown, names: readonly string[], dtype: DType, wide = names.length): Numbers {
  if (isFlat(values)) return flat(name, values, names, dtype, wide);
  if (Array.isArray(values)) return stacked(name, values, names, dtype, wide);
  if (typeof values === "object" && values !== null && names.length) return byName(name, values, names, dtype);
  throw notNumbers(name);
}

function isFlat(values: unknown): values is ArrayLike<number> {
  if (ArrayBuffer.isView(values) && !(values instanceof DataView)) return true;
  return Array.isArray(values) && (values.length === 0 || !isRow(values[0]));
}

const isRow = (value: unknown): value is ArrayLike<number> => Array.isArray(value) || ArrayBuffer.isView(value);

function flat(name: string, values: ArrayLike<number>, names: readonly string[], dtype: DType, wide: number): Numbers {
  if (values.length % wide) throw wrongWidth(name, `(${values.length},)`, names, wide);
  const kind = dtype === "float64" ? Float64Array : Float32Array;
  const asIs = values instanceof kind && values.buffer instanceof ArrayBuffer; // and not of memory that threads share
  return asIs ? values : filled(name, [values], values.length, dtype);
}

function stacked(name: string, rows: readonly unknown[], names: readonly string[], dtype: DType, wide: number): Numbers {
  for (const row of rows) {
    if (!isRow(row)) throw notNumbers(name);
    if (row.length !== wide) throw wrongWidth(name, `(${rows.length}, ${row.length})`, names, wide);
  }
  return filled(name, rows as readonly ArrayLike<number>[], rows.length * wide, dtype);
}

function filled(name: string, parts: readonly ArrayLike<number>[], length: number, dtype: DType): Numbers {
  const all = numbersOf(dtype, length);
  let place = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) {
      const value = part[i];
      if (typeof value !== "number") throw notNumbers(name);
      all[place++] = value;
    }
  }
  return all;
}

function byName(name: string, table: object, names: readonly string[], dtype: DType): Numbers {
  const columns = names.map((column) => {
    const values = (table as Record<string, unknown>)[column];
    if (values === undefined) throw columnMissing(name, column);
    if (!isFlat(values)) throw notNumbers(column);
    return filled(column, [values], values.length, dtype);
  });
  const rows = columns[0]!.length;
  columns.forEach((values, index) => {
    if (values.length !== rows) {
      throw wrongShape(names[index]!, `(${values.length},)`, `\`${names[0]}\` has ${rows} rows`, "as many numbers in each column");
    }
  });
  return numbersOf(dtype, rows * names.length).map((_, i) => columns[i % names.length]![Math.floor(i / names.length)]!);
}

function wrongWidth(name: string, shape: string, names: readonly string[], wide: number): FlowError {
  const listed = names.length && name !== "context" ? ` (${names.slice(0, LISTED).join(", ")})` : "";
  const needed = `${wide} column${wide === 1 ? " is" : "s are"} needed${listed}`;
  return wrongShape(name, shape, needed, `rows of ${wide} number${wide === 1 ? "" : "s"}, in one array or as an array of rows`);
}

/** The context of some rows, one row repeated for all; undefined for a flow that has none. */
export function contextOf(
  names: readonly string[],
  supports: readonly Support[],
  context: unknown,
  rows: number | undefined,
  dtype: DType,
): Numbers | undefined {
  if (context === undefined || context === null) {
    if (names.length) throw contextMissing(names);
    return undefined;
  }
  if (!names.length) throw noContext();
  const values = rowsOf("context", context, names, dtype);
  refuseOutside(names, supports, values, dtype, rows ?? values.length / names.length);
  return repeated(values, names.length, rows);
}

function repeated(values: Numbers, wide: number, rows: number | undefined): Numbers {
  const count = values.length / wide;
  if (rows === undefined || rows === count) return values;
  if (count !== 1) throw wrongContextRows(count, rows);
  const all = numbersOf(values instanceof Float64Array ? "float64" : "float32", rows * wide);
  for (let row = 0; row < rows; row++) all.set(values, row * wide);
  return all;
}

function refuseOutside(names: readonly string[], supports: readonly Support[], values: Numbers, dtype: DType, needed: number): void {
  const [wide, rows] = [names.length, values.length / names.length];
  supports.forEach((support, column) => {
    const outside = outsideOf(support, dtype);
    const found = Array.from({ length: rows }, (_, row) => row).filter((row) => outside(values[row * wide + column]!));
    if (!found.length) return;
    const [first, total] = [found[0]!, rows === 1 ? needed : rows];
    throw new FlowError(
      "context-outside",
      `context \`${names[column]}\` is ${general(values[first * wide + column]!)} in row ${first + 1}, outside of ${brackets(support)}`,
      `leave such rows out (${rows === 1 ? needed : found.length} of ${total}), or ${rowAdvice(support, values[first * wide + column]!)}`,
    );
  });
}

/** A whole number from `low` to 2^63 - 1; 2.0 and 2n are such. */
export function whole(name: string, value: unknown, low: bigint, high = 2n ** 63n - 1n): bigint {
  if (typeof value !== "bigint" && !Number.isInteger(value)) {
    const words = typeof value === "string" ? JSON.stringify(value) : String(value);
    throw new FlowError("not-whole", `\`${name}\` is ${words}, which is not a whole number`, "give a whole number");
  }
  const number = BigInt(value as bigint | number);
  if (number < low || number > high) {
    const ends = high < 2n ** 63n - 1n || low < 0n ? `from ${low} to ${high}` : `from ${low} on`;
    throw new FlowError("out-of-range", `\`${name}\` is ${number}, which is out of range`, `give a number ${ends}`);
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    const what = `\`${name}\` is ${number}, beyond 2^53, where numbers of JavaScript are rounded`;
    throw new FlowError("rounded-number", what, `give a BigInt, such as ${number}n`);
  }
  return number;
}
