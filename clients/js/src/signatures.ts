import type { About, GraphName } from "./about.js";

type Kind = "x" | "z" | "noise" | "context" | "log_prob";

/** The inputs of each graph that have rows, but for the context; and its outputs. */
const GRAPHS: Record<GraphName, { readonly inputs: readonly string[]; readonly outputs: readonly string[] }> = {
  log_prob: { inputs: ["x"], outputs: ["log_prob"] },
  from_noise: { inputs: ["noise"], outputs: ["x", "log_prob"] },
  sample: { inputs: [], outputs: ["x", "log_prob"] },
  to_base: { inputs: ["x"], outputs: ["z", "log_prob"] },
  log_prob_grad: { inputs: ["x"], outputs: ["log_prob", "x_grad", "context_grad"] },
  from_noise_grad: {
    inputs: ["noise", "x_cotangent", "log_prob_cotangent"],
    outputs: ["x", "log_prob", "noise_grad", "context_grad"],
  },
};

/** The names of the inputs of a graph that have rows. */
export function inputsOf(graph: GraphName, about: About): string[] {
  return [...GRAPHS[graph].inputs, ...(about.context.length ? ["context"] : [])];
}

/** The names of the outputs of a graph. */
export function outputsOf(graph: GraphName, about: About): string[] {
  return GRAPHS[graph].outputs.filter((name) => about.context.length || name !== "context_grad");
}

/** The shape of one row of an input or output. */
export function rowShape(value: string, about: About): number[] {
  const kind = value.replace(/_grad$|_cotangent$/, "") as Kind;
  if (kind === "log_prob" || (about.scalar && (kind === "x" || kind === "z"))) return [];
  return [{ x: about.columns, z: about.latent ?? about.columns, noise: about.noise, context: about.context }[kind].length];
}

/** How many numbers a row of an input or output has. */
export const rowWidth = (value: string, about: About): number => rowShape(value, about)[0] ?? 1;
