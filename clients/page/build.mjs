// node build.mjs [FOLDER]: the scripts of the page, each in one file, into flowspec/view/page/ or FOLDER.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const license = readFileSync(here("../node_modules/d3-scale/LICENSE"), "utf8").trim();

await build({
  absWorkingDir: here("."),
  entryPoints: ["src/page.ts", "src/worker.ts"],
  outdir: process.argv[2] ?? here("../../flowspec/view/page"),
  alias: {
    flowspec: here("../js/src/index.ts"),
    "#platform": here("../js/src/platform/browser.ts"),
  },
  external: ["onnxruntime-web", "./ort/*"],
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  footer: { js: `/* page.js holds parts of d3:\n\n${license}\n*/` },
  logLevel: "warning",
});
