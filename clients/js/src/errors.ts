/** What is wrong, in words, and what to write instead. */
export class FlowError extends Error {
  override readonly name = "FlowError";

  /**
   * @param kind the name of the mistake, such as "wrong-shape": the same as in Python
   * @param what what is wrong
   * @param help what to write instead
   */
  constructor(
    readonly kind: string,
    readonly what: string,
    readonly help: string,
  ) {
    super(`${what}\n  = help: ${help}`);
  }
}

export const broken = (place: string, reason: string): FlowError =>
  new FlowError(
    "broken-bundle",
    `${place} is not a complete bundle: ${reason}`,
    "write it again with `flowspec compile`",
  );

export const newer = (place: string, format: number, newest: number): FlowError =>
  new FlowError(
    "newer-bundle",
    `${place} was written by a newer FlowSpec: its format is ${format}, and this one reads up to ${newest}`,
    "update it: npm install flowspec@latest",
  );

const VERIFY = "`flowspec verify` checks the bundle; write it again with `flowspec compile`";

export const graphFails = (graph: string, reason: string, help = VERIFY): FlowError =>
  new FlowError("graph-fails", `${graph}.onnx cannot be run: ${reason}`, help);

export const noSource = (source: unknown): FlowError =>
  new FlowError(
    "no-source",
    `a flow cannot be loaded from ${String(source)}`,
    "give the folder that `flowspec compile` wrote: its path or URL, its files by name, or a function that reads them",
  );

export const graphMissing = (place: string, graph: string, target: string, lacks: boolean): FlowError => {
  const written = graph.endsWith("_grad")
    ? "`flowspec compile --gradient` writes it"
    : "compile the flow anew";
  const help = lacks ? `graphs for ${target} are without it: choose another target` : written;
  return new FlowError("graph-missing", `${place} has no ${graph}.onnx`, help);
};

export const notNumbers = (name: string): FlowError =>
  new FlowError("not-numbers", `\`${name}\` does not hold real numbers only`, "give an array of numbers");

export const wrongShape = (name: string, shape: string, needed: string, wanted: string): FlowError =>
  new FlowError("wrong-shape", `\`${name}\` has shape ${shape}, but ${needed}`, `give ${wanted}`);

export const noContext = (): FlowError =>
  new FlowError("no-context", "this flow has no context", "leave `context` out");

export const contextMissing = (names: readonly string[]): FlowError =>
  new FlowError(
    "context-missing",
    `this flow is conditional: it needs ${names.join(", ")}`,
    `give \`context\`, rows of ${names.length} number${names.length === 1 ? "" : "s"}`,
  );

export const wrongContextRows = (rows: number, needed: number): FlowError =>
  new FlowError(
    "wrong-context-rows",
    `\`context\` has ${rows} row${rows === 1 ? "" : "s"}, and ${needed} are needed`,
    "give one row for each, or one for all",
  );

export const columnMissing = (name: string, column: string): FlowError =>
  new FlowError("column-missing", `\`${name}\` has no column ${column}`, `give \`${column}\`, an array of numbers`);

export const wrongRows = (name: string, rows: number, needed: number): FlowError =>
  new FlowError("unlike-rows", `\`${name}\` has ${rows} rows, and \`noise\` ${needed}`, "give a row of it for each row of noise");
