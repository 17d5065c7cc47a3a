// node check.mjs SITES PICTURES: opens the page of each folder, uses it, and prints what was seen, as JSON.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { launch, open, serve } from "./browser.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [sites, pictures] = process.argv.slice(2);

const server = await serve(sites);
const browser = await launch();
const seen = {};
const names = readdirSync(sites);
await Promise.all([0, 1].map(async () => {
  for (let name = names.pop(); name; name = names.pop()) seen[name] = await look(name);
}));
await browser.close();
server.close();
console.log(JSON.stringify(seen));

async function look(name) {
  const { page, troubles } = await open(browser, `${server.address}/${name}/#seed=7&n=500`);
  const text = (selector) => page.textContent(selector);
  const facts = {
    state: await page.getAttribute("body", "data-state"),
    engine: await text("#engine"),
    verdict: await text("#verdict"),
    rightness: await page.getAttribute("#verdict", "class"),
    trouble: await text("#trouble"),
    pipeline: await page.locator("#pipeline li").allTextContents(),
    timing: await text("#timing"),
    themes: await themes(page),
  };
  if (facts.state === "done" && (await page.locator("#draw").isVisible())) Object.assign(facts, await use(page));
  facts.axe = [];
  await page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
  await page.waitForTimeout(50); // for the events of what was opened
  facts.summary = await page.locator("#summary tr").allTextContents();
  for (const [theme, width] of [["light", 1200], ["dark", 1200], ["light", 360], ["dark", 360]]) {
    await page.locator(`#theme label:has([value=${theme}])`).click();
    await page.setViewportSize({ width, height: 900 });
    await page.waitForTimeout(50);
    if (pictures) await page.screenshot({ path: join(pictures, `${name}-${theme}-${width}.png`), fullPage: true });
    facts.widths = { ...facts.widths, [width]: await page.evaluate(() => document.documentElement.scrollWidth) };
    if ((theme === "light") === (width === 1200)) facts.axe.push(...(await violations(page)));
  }
  await page.context().close();
  return { ...facts, troubles };
}

async function use(page) {
  const readout = () => page.locator("#readout p").allTextContents();
  const table = async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
  };
  const first = await table();
  await page.locator("#plot").focus();
  await page.keyboard.press("ArrowRight");
  await page.locator("#readout p").first().waitFor();
  const byKeys = await readout();
  await page.locator("#plot").hover({ position: { x: 110, y: 60 } });
  await page.waitForFunction((before) => document.querySelector("#readout p").textContent !== before, byKeys[0], { timeout: 10_000 });
  const byPointer = await readout();
  const moved = {};
  for (const slider of await page.locator("#sliders input[type=range]").all()) {
    const before = await page.getAttribute("#timing", "data-draws");
    await slider.press("ArrowRight");
    await page.waitForFunction((draws) => document.querySelector("#timing").dataset.draws !== draws, before, { timeout: 20_000 });
    moved[await slider.getAttribute("id")] = await page.textContent("#timing");
  }
  return { csv: first, byKeys, byPointer, moved, address: await page.evaluate(() => location.hash) };
}

async function violations(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

/** The colors of the page by the switch, and by what the system says. */
async function themes(page) {
  const colors = async (theme, colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.locator(`#theme label:has([value=${theme}])`).click();
    return page.evaluate(() => {
      const style = getComputedStyle(document.documentElement);
      const names = [...document.styleSheets[0].cssRules[0].style].filter((name) => name.startsWith("--"));
      return [style.colorScheme, ...names.map((name) => style.getPropertyValue(name))].join(" ");
    });
  };
  return {
    dark: [await colors("dark", "light"), await colors("auto", "dark")],
    light: [await colors("light", "dark"), await colors("auto", "light")],
  };
}
