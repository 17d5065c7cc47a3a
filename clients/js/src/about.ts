import { broken, newer } from "./errors.js";
import type { DType } from "./numbers.js";
import type { SupportJson } from "./supports.js";

/** The newest format of bundles that is read. */
export const FORMAT = 3;

/** The names of all graphs that a bundle may have. */
export const GRAPHS = ["log_prob", "from_noise", "sample", "to_base", "log_prob_grad", "from_noise_grad"] as const;
export type GraphName = (typeof GRAPHS)[number];

/** The graphs of targets that do not get all. */
export const GRAPHS_OF: Readonly<Record<string, readonly GraphName[]>> = {
  tract: ["log_prob", "from_noise", "to_base", "log_prob_grad", "from_noise_grad"],
  hssm: ["log_prob"],
  sofie: ["log_prob", "from_noise", "to_base"],
};

/** A base or a step of the flow: its name, its settings, and what it gives. */
export interface Part {
  readonly name: string;
  readonly output?: { readonly scalar: boolean; readonly supports: readonly SupportJson[] };
  readonly [field: string]: unknown;
}

export interface Declared {
  readonly names: readonly string[];
  readonly support: SupportJson;
}

/** The content of `flow.json`. */
export interface About<Column extends string = string, Variable extends string = string> {
  readonly format: number;
  readonly flowspec: string;
  readonly target?: string;
  readonly dtype: DType;
  readonly opset: number;
  readonly batch: number | null;
  readonly columns: readonly Column[];
  readonly context: readonly Variable[];
  readonly scalar: boolean;
  readonly noise: readonly ("normal" | "uniform")[];
  readonly latent?: readonly string[];
  readonly support: string;
  readonly flow: {
    readonly event?: readonly Declared[];
    readonly context?: readonly Declared[] | null;
    readonly base: Part;
    readonly steps: readonly Part[];
    readonly train?: { readonly dequantize?: readonly string[] };
  };
  readonly certificate: Readonly<Record<string, number | null>>;
  readonly files: Readonly<Record<string, string>>;
  readonly digest?: string;
}

const texts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((entry) => typeof entry === "string");
const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

const FIELDS: Record<string, (value: any) => boolean> = {
  flowspec: (value) => typeof value === "string",
  dtype: (value) => value === "float32" || value === "float64",
  batch: (value) => value === null || (Number.isInteger(value) && value > 0),
  columns: (value) => texts(value) && value.length > 0,
  context: texts,
  scalar: (value) => typeof value === "boolean",
  noise: texts,
  flow: (value) => isObject(value) && isObject(value.base) && Array.isArray(value.steps),
  certificate: isObject,
  files: (value) => isObject(value) && texts(Object.values(value)),
};

/** The description that the text of a `flow.json` holds. */
export function aboutOf(place: string, text: string): About {
  let about: any;
  try {
    about = JSON.parse(text);
  } catch {
    throw broken(place, "flow.json is damaged");
  }
  if (!isObject(about) || !Number.isInteger(about.format) || about.format < 1) {
    throw broken(place, "flow.json is damaged: `format` is no format that there was");
  }
  if (about.format > FORMAT) throw newer(place, about.format, FORMAT);
  for (const [field, holds] of Object.entries(FIELDS)) {
    if (!(field in about)) throw broken(place, `flow.json is damaged: \`${field}\` is missing`);
    if (!holds(about[field])) throw broken(place, `flow.json is damaged: \`${field}\` is not what it should be`);
  }
  return about;
}
