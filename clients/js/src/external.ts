import { SHARED } from "./engine.js";
import { broken } from "./errors.js";

/** What every graph holds that points to a file, in front of the length of its name and the name. */
const KEY = Uint8Array.of(0x0a, 8, ...new TextEncoder().encode("location"), 0x12);

/** Refuses a graph whose constants are to be read from another file than the bundle's own. */
export function refuseStray(place: string, graph: string, model: Uint8Array): void {
  for (let at = next(model, 0); at >= 0; at = next(model, at)) {
    const start = at + KEY.length + 1;
    const name = new TextDecoder().decode(model.subarray(start, start + model[start - 1]!));
    if (name !== SHARED) throw broken(place, `${graph}: it points to ${name}, which is no file of the bundle`);
    at = start;
  }
}

/** The place of the next key; -1 where there is none. */
function next(model: Uint8Array, from: number): number {
  for (let at = model.indexOf(KEY[0]!, from); at >= 0; at = model.indexOf(KEY[0]!, at + 1)) {
    if (KEY.every((byte, i) => model[at + i] === byte)) return at;
  }
  return -1;
}
