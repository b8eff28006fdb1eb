/** The built page, served, in Debian's or anybody's Chromium; and what Python makes of pictures. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { preview, type PreviewServer } from "vite";

const ROOT = join(import.meta.dirname, "..");
const PYTHON = process.env.PYTHON ?? join(ROOT, "../.venv/bin/python");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const GPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
export const CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

/** The files of expected.py. */
export class Expected {
  readonly folder = mkdtempSync(join(tmpdir(), "web-demo-"));
  private readonly made: {
    sizes: Record<string, { width: number; height: number }>;
    about: Record<string, { licence: string; attribution: string[] }>;
  };

  constructor() {
    execFileSync(PYTHON, [join(import.meta.dirname, "expected.py"), this.folder], { stdio: "pipe" });
    this.made = JSON.parse(readFileSync(this.file("made.json"), "utf8"));
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  has(name: string): boolean {
    return existsSync(this.file(`${name}.rgb`));
  }

  /** A bundle's picture: its size and RGB bytes. */
  picture(name: string) {
    return { ...this.made.sizes[name], rgb: readFileSync(this.file(`${name}.rgb`)) };
  }

  about(name: string) {
    return this.made.about[name];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** A server of the build and a browser. */
export class Site {
  private constructor(
    private readonly server: PreviewServer,
    private readonly browser: Browser,
    readonly url: string,
  ) {}

  static async open(flags: string[]): Promise<Site> {
    const server = await preview({ root: ROOT, preview: { port: 0 }, logLevel: "warn" });
    const args = ["--no-sandbox", ...flags];
    const browser = await chromium.launch({ executablePath: CHROMIUM, args });
    return new Site(server, browser, server.resolvedUrls!.local[0]);
  }

  /** The page, once its first picture is there. */
  async page(width = 1200): Promise<Page> {
    const page = await this.browser.newPage({ viewport: { width, height: 900 } });
    await page.goto(this.url);
    await played(page);
    return page;
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.close();
  }
}

/** Wait for a result. */
export async function played(page: Page): Promise<string> {
  const status = page.locator("#status", { hasText: "network" });
  await status.waitFor({ timeout: 50_000 });
  return (await status.textContent())!;
}

/** Do something, and wait for the result of it. */
export async function playing(page: Page, action: () => Promise<unknown>): Promise<string> {
  await page.locator("#status").evaluate((status) => (status.textContent = ""));
  await action();
  return played(page);
}

/** Choose a shipped bundle unless it is chosen, and wait for its result. */
export async function playBundle(page: Page, name: string): Promise<string> {
  const radio = page.locator(`input[name=bundle][value="${name}"]`);
  return (await radio.isChecked()) ? played(page) : playing(page, () => radio.check({ force: true }));
}

/** What the page shows as the result: size and RGBA bytes. */
export async function shown(page: Page, id = "after") {
  return page.locator(`#${id}`).evaluate((canvas: HTMLCanvasElement) => {
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, width, height);
    return { width, height, rgba: [...data] };
  });
}

/** The largest difference of a channel, levels of 255; the sizes must agree. */
export function difference(
  page: { width: number; height: number; rgba: number[] },
  python: { width: number; height: number; rgb: Buffer },
): number {
  if (page.width !== python.width || page.height !== python.height) return Infinity;
  let largest = 0;
  python.rgb.forEach((value, i) => {
    const level = page.rgba[Math.floor(i / 3) * 4 + (i % 3)];
    largest = Math.max(largest, Math.abs(level - value));
  });
  return largest;
}
