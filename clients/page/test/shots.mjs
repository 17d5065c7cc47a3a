// node shots.mjs SITES PICTURES: pictures of the pages in a folder, in both themes, wide and narrow.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { launch, open, serve } from "./browser.mjs";

const [sites, pictures] = process.argv.slice(2);
const server = await serve(sites);
const browser = await launch();
for (const name of readdirSync(sites)) {
  for (const width of [1200, 360]) {
    const { page, troubles } = await open(browser, `${server.address}/${name}/`, { viewport: { width, height: 800 } });
    for (const theme of ["light", "dark"]) {
      await page.locator(`#theme label:has([value=${theme}])`).click();
      await page.locator("#plot").focus();
      await page.keyboard.press("ArrowRight");
      await page.locator("#readout h3").first().waitFor();
      await page.waitForTimeout(150);
      await page.screenshot({ path: join(pictures, `${name}-${width}-${theme}.png`), fullPage: true });
    }
    console.log(name, width, await page.textContent("#timing"), await page.textContent("#verdict"), await page.textContent("#trouble"), troubles);
    await page.context().close();
  }
}
await browser.close();
server.close();
