import { pause } from "#platform";

/** How a long call may be watched, and stopped. */
export interface Watch {
  /** Stops the call before its next batch of rows; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Is called after each batch with the rows that are done, and all of them. */
  readonly onProgress?: ((done: number, rows: number) => void) | undefined;
}

/** Milliseconds after which the event loop gets a turn. */
const PATIENCE = 30;

/** Calls `work(start, rows)` for one batch of rows after the other. */
export async function inPieces(
  count: number,
  size: number,
  watch: Watch,
  work: (start: number, rows: number) => Promise<void>,
): Promise<void> {
  let last = performance.now();
  watch.signal?.throwIfAborted();
  for (let start = 0; start < count; start += size) {
    const rows = Math.min(size, count - start);
    await work(start, rows);
    watch.onProgress?.(start + rows, count);
    if (start + rows < count && performance.now() - last > PATIENCE) {
      await pause();
      last = performance.now();
    }
    watch.signal?.throwIfAborted();
  }
}
