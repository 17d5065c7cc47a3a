import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const EXPORTED = fileURLToPath(new URL("../../../exported/", import.meta.url));

/** A bundle of the examples. */
export const exported = (name: string): string => join(EXPORTED, name);

/** Further folders of bundles, which whoever runs the tests may name. */
const further = (process.env.FLOWSPEC_BUNDLES ?? "").split(":").filter(Boolean);

/** Every bundle that the client is tried with. */
export const everyBundle = [EXPORTED, ...further].flatMap((folder) =>
  readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(path, "flow.json"))),
);

/** The files of a bundle, by name. */
export function filesOf(path: string, folder = ""): Record<string, Uint8Array> {
  const entries = readdirSync(join(path, folder), { withFileTypes: true });
  return Object.assign({}, ...entries.map((entry) => {
    const name = folder + entry.name;
    return entry.isDirectory() ? filesOf(path, `${name}/`) : { [name]: new Uint8Array(readFileSync(join(path, name))) };
  }));
}

/** What a call is refused with. */
export async function refusal(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    return (error as Error).message;
  }
  return "it was not refused";
}
