import type { Answer, Asked, Calls, Name } from "./protocol";

/** The worker, asked by calls. */
export class Model {
  private readonly worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  private readonly waiting = new Map<number, { resolve: (value: any) => void; reject: (error: Error) => void }>();
  private last = 0;

  constructor() {
    this.worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => this.settle(data));
    this.worker.addEventListener("error", (event) => {
      for (const { reject } of this.waiting.values()) reject(new Error(event.message || "worker.js cannot be loaded"));
      this.waiting.clear();
    });
  }

  ask<N extends Name>(name: N, ...values: Parameters<Calls[N]>): Promise<ReturnType<Calls[N]>> {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, name, values } as Asked);
    });
  }

  private settle({ id, value, error }: Answer): void {
    const { resolve, reject } = this.waiting.get(id)!;
    this.waiting.delete(id);
    if (error === undefined) resolve(value);
    else reject(new Error(error));
  }
}

/** Runs a job now, or once when the one that runs has ended, however often it is asked for until then. */
export function latest(job: () => Promise<void>): () => void {
  let [running, wanted] = [false, false];
  return async function next(): Promise<void> {
    wanted = true;
    if (running) return;
    running = true;
    try {
      while (wanted) {
        wanted = false;
        await job();
      }
    } finally {
      running = false;
    }
  };
}
