// Milliseconds a picture of bundles by WebAssembly in headless Chromium, as JSON on stdout.
//
//     npm run build && node bench.mjs toonhead ../sdk/models/photonas.tflite
//
// Each is a shipped name or a file. `networkMs` is from the network's input to its output, `wholeMs`
// what a visitor waits for: resampling and the way to the worker and back are in it. Medians.

import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { chromium } from "playwright-core";
import { preview } from "vite";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const names = process.argv.length > 2 ? process.argv.slice(2) : ["toonhead"];
const server = await preview({ root: import.meta.dirname, preview: { port: 0 }, logLevel: "silent" });
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
const page = await browser.newPage();
page.setDefaultTimeout(120_000);
await page.goto(server.resolvedUrls.local[0]);

const bundles = [];
for (const name of names) {
  const shipped = join(import.meta.dirname, `../sdk/models/${name}.tflite`);
  await page.locator("#status", { hasText: "network" }).waitFor();
  await page.locator("#status").evaluate((status) => (status.textContent = ""));
  await page.locator("#open-bundle").setInputFiles(existsSync(shipped) ? shipped : name);
  await page.locator("#status", { hasText: "network" }).waitFor();
  await page.locator("#measured").evaluate((output) => (output.textContent = ""));
  await page.locator("#measure").click();
  await page.locator("#measured", { hasText: "Median" }).waitFor();
  const { accelerator, runs, networkMs, wholeMs } = await page
    .locator("#measured")
    .evaluate((output) => ({ ...output.dataset }));
  bundles.push({
    bundle: basename(name, ".tflite"),
    accelerator,
    runs: Number(runs),
    networkMs: Number(networkMs),
    wholeMs: Number(wholeMs),
  });
}
const cores = await page.evaluate(() => navigator.hardwareConcurrency);
console.log(JSON.stringify({ browser: `Chromium ${browser.version()}`, cores, bundles }, null, 1));
await browser.close();
await server.close();
