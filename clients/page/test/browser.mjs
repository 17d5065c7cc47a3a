// What all programs that open the page share: Chromium, and a plain server of a folder.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];
const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };

/** Chromium, of the PATH. */
export function launch() {
  const folders = process.env.PATH.split(":");
  const executablePath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  return chromium.launch({ executablePath, args: FLAGS });
}

/** A plain server of files, on the loopback address. */
export async function serve(folder) {
  const server = createServer((request, response) => {
    let path = join(folder, normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname)));
    if (path.endsWith("/")) path += "index.html";
    if (!existsSync(path) || !statSync(path).isFile()) return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream" });
    createReadStream(path).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** A page that is open, with what went wrong on it. */
export async function open(browser, address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  const page = await context.newPage();
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
  page.on("requestfailed", (request) => troubles.push(`${request.url()} ${request.failure().errorText}`));
  page.on("request", (request) => {
    if (!/^(http:\/\/127\.0\.0\.1|data:|blob:)/.test(request.url())) troubles.push(`asks for ${request.url()}`);
  });
  await page.goto(address);
  await page.waitForFunction(() => ["done", "failed"].includes(document.body.dataset.state), undefined, { timeout: 120_000 });
  return { page, troubles };
}
