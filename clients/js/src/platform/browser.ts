import type { Ort } from "../engine.js";

const HELP = "install it with `npm install onnxruntime-web`, or pass `{ ort }` to `Flow.load`";

/** onnxruntime-web. */
export async function findOrt(): Promise<Ort> {
  try {
    const loaded: any = await import("onnxruntime-web");
    return loaded.default?.InferenceSession ? loaded.default : loaded;
  } catch (error) {
    throw new Error(`onnxruntime-web cannot be loaded: ${HELP}`, { cause: error });
  }
}

/** Reads the files below a URL, which may be relative to the page. */
export function readFrom(source: string | URL): (name: string, signal?: AbortSignal) => Promise<Uint8Array> {
  return (name, signal) => fetched(new URL(name, folder(source)), signal);
}

function folder(source: string | URL): URL {
  const base = (globalThis as any).document?.baseURI ?? (globalThis as any).location?.href;
  const url = new URL(source, base);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

export async function fetched(url: URL, signal?: AbortSignal): Promise<Uint8Array> {
  const answer = await fetch(url, signal ? { signal } : {});
  if (!answer.ok) throw new Error(`the server answers ${answer.status} ${answer.statusText}`.trim().toLowerCase());
  return new Uint8Array(await answer.arrayBuffer());
}

/** Lets the page do what has been waiting, such as a click on "stop". */
export function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
