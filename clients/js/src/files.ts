import { readFrom } from "#platform";
import { type About, aboutOf } from "./about.js";
import { broken, noSource } from "./errors.js";
import { sha256 } from "./sha256.js";

/** Gives the bytes of a file of a bundle, by its name. */
export type ReadFile = (name: string, signal?: AbortSignal) => Promise<Uint8Array>;

/** A folder (a path in Node, a URL everywhere), the files by name, or a function that gets them. */
export type Source = string | URL | Readonly<Record<string, Uint8Array>> | ReadFile;

const DIGEST = /"digest": "([0-9a-f]{64})"/g;

/** The files of a bundle, each checked against its hash when it is first read. */
export class Files {
  private readonly memory = new Map<string, Promise<Uint8Array>>();

  private constructor(
    readonly place: string,
    readonly about: About,
    private readonly read: ReadFile,
  ) {}

  /** Reads `flow.json`, and holds it against its own digest. */
  static async open(source: Source, signal?: AbortSignal): Promise<Files> {
    const [place, read] = readerOf(source);
    const data = await reading(place, read, "flow.json", signal);
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(data);
    const about = aboutOf(place, text);
    if (about.format >= 2) await checkDigest(place, text);
    return new Files(place, about, read);
  }

  /** The bytes of a file, as they were written. */
  get(name: string): Promise<Uint8Array> {
    let file = this.memory.get(name);
    if (!file) {
      file = this.checked(name);
      this.memory.set(name, file);
      file.catch(() => this.memory.delete(name));
    }
    return file;
  }

  /** Drops the bytes of a file that is needed no more. */
  forget(name: string): void {
    this.memory.delete(name);
  }

  private async checked(name: string): Promise<Uint8Array> {
    const hash = this.about.files[name];
    if (hash === undefined) throw broken(this.place, `\`files\` lacks ${name}`);
    const data = await reading(this.place, this.read, name);
    if ((await sha256(data)) !== hash) throw broken(this.place, `${name} is not the file that was written`);
    return data;
  }
}

function readerOf(source: Source): [string, ReadFile] {
  if (typeof source === "function") return ["the bundle", source];
  if (typeof source === "string" || source instanceof URL) return [String(source), readFrom(source)];
  if (typeof source !== "object" || source === null) throw noSource(source);
  return ["the bundle", async (name) => source[name] ?? Promise.reject(new Error("no such file"))];
}

async function reading(place: string, read: ReadFile, name: string, signal?: AbortSignal): Promise<Uint8Array> {
  try {
    return await read(name, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw broken(place, `${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function checkDigest(place: string, text: string): Promise<void> {
  const found = [...text.matchAll(DIGEST)];
  const open = text.replace(DIGEST, `"digest": "${"0".repeat(64)}"`);
  if (found.length !== 1 || (await sha256(new TextEncoder().encode(open))) !== found[0]![1]) {
    throw broken(place, "flow.json is not the file that was written: its digest does not fit");
  }
}
