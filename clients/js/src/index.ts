export { type About, type Declared, FORMAT, type GraphName, type Part } from "./about.js";
export { type Engine, type OpenGraph, type Ort, ortEngine, type Value, type Values, type Wanted } from "./engine.js";
export { FlowError } from "./errors.js";
export type { ReadFile, Source } from "./files.js";
export {
  type BasePoints,
  type ChooseEngine,
  type Cotangents,
  Flow,
  type Gradient,
  type LoadOptions,
  type NoiseGradient,
  type Points,
  type SampleOptions,
} from "./flow.js";
export type { DType, Numbers } from "./numbers.js";
export type { Watch } from "./pieces.js";
export type { RowsLike } from "./rows.js";
export { innerPoint, type Support, type SupportJson, supportOf } from "./supports.js";
export { type Comparison, verify } from "./verify.js";
export { wasmEngine } from "./wasm.js";
