// node time.mjs SITE: how soon a page from a plain server draws ten thousand samples, as JSON.
import { launch, open, serve } from "./browser.mjs";

const ROWS = 10_000;
const SEEDS = 10;

const server = await serve(process.argv[2]);
const browser = await launch();
const begun = performance.now();
const { page } = await open(browser, `${server.address}/#n=${ROWS}&seed=0`);
const opened = performance.now() - begun;
const draws = [await drawn()];
for (let seed = 1; seed < SEEDS; seed++) {
  const before = await page.getAttribute("#timing", "data-draws");
  const start = performance.now();
  await page.locator("#slider-Seed").press("ArrowRight");
  await page.waitForFunction((draws) => document.querySelector("#timing").dataset.draws !== draws, before);
  draws.push({ ...(await drawn()), shown: performance.now() - start });
}
await browser.close();
server.close();
console.log(JSON.stringify({ browser: browser.version(), opened, draws }));

async function drawn() {
  const { rows, milliseconds } = await page.evaluate(() => ({ ...document.querySelector("#timing").dataset }));
  if (Number(rows) !== ROWS) throw new Error(`it drew ${rows} rows`);
  return { milliseconds: Number(milliseconds) };
}
