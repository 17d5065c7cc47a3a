import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Ort } from "../engine.js";
import { fetched } from "./browser.js";

const HELP = "install it with `npm install onnxruntime-node`, or pass `{ ort }` to `Flow.load`";

/** What the system says, in the words of Python. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  ENOTDIR: "not a directory",
  EISDIR: "is a directory",
  EACCES: "permission denied",
};

/** onnxruntime-node, or else onnxruntime-web. */
export async function findOrt(): Promise<Ort> {
  for (const name of ["onnxruntime-node", "onnxruntime-web"]) {
    const loaded: any = await import(name).catch(missing);
    if (loaded) return loaded.default?.InferenceSession ? loaded.default : loaded;
  }
  throw new Error(`neither onnxruntime-node nor onnxruntime-web is installed: ${HELP}`);
}

function missing(error: { code?: string }): undefined {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
}

/** Reads the files of a folder, or those below a URL. */
export function readFrom(source: string | URL): (name: string, signal?: AbortSignal) => Promise<Uint8Array> {
  const text = String(source);
  if (/^https?:/.test(text)) {
    const url = new URL(text.endsWith("/") ? text : `${text}/`);
    return (name, signal) => fetched(new URL(name, url), signal);
  }
  const folder = text.startsWith("file:") ? fileURLToPath(text) : text;
  return async (name, signal) => {
    try {
      return new Uint8Array(await readFile(join(folder, name), signal ? { signal } : {}));
    } catch (error) {
      const words = REASONS[(error as { code?: string }).code ?? ""];
      throw words ? new Error(words) : error;
    }
  };
}

/** Lets the event loop turn once. */
export const pause = (): Promise<void> => setImmediate();
