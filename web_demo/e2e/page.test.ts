import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { CAMERA, difference, Expected, GPU, playBundle, played, playing, shown, Site } from "./site";

const CLOSE = 2; // levels of 255 between the page and the SDK
const expected = new Expected();
afterAll(() => expected.remove());

async function choose(page: Page, id: string, file: string): Promise<void> {
  await page.locator(`#${id}`).setInputFiles(expected.file(file));
}

/** Drop a file on an element, or paste it. */
async function give(page: Page, file: string, how: "drop" | "paste", at = "body"): Promise<void> {
  const bytes = [...readFileSync(expected.file(file))];
  await page.locator(at).evaluate(
    (element, { bytes, file, how }) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], file));
      const event =
        how === "drop"
          ? new DragEvent("drop", { dataTransfer: data, bubbles: true })
          : new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
      element.dispatchEvent(event);
    },
    { bytes, file, how },
  );
}

async function error(page: Page): Promise<string> {
  const line = page.locator("#error");
  await line.waitFor({ timeout: 30_000 });
  return (await line.textContent())!;
}

describe("without WebGPU and without a camera", () => {
  let site: Site;
  let page: Page;
  beforeAll(async () => {
    site = await Site.open([]);
    page = await site.page();
  });
  afterAll(() => site.close());

  it("says that the CPU runs it, and why", async () => {
    expect(await played(page)).toContain("CPU (WebAssembly)");
    expect(await page.locator("#no-gpu").isVisible()).toBe(true);
    expect(await page.locator("input[value=webgpu]").isDisabled()).toBe(true);
  });

  test.each(["heads", "toonhead"])("a portrait is the SDK's: %s", async (name) => {
    await playBundle(page, name);
    await playing(page, () => choose(page, "open-source", "portrait.png"));
    expect(difference(await shown(page), expected.picture(name))).toBeLessThanOrEqual(CLOSE);
  });

  it("shows who made it and under which licence", async () => {
    await playBundle(page, "toonhead");
    const about = await page.locator(".about").textContent();
    const { licence, attribution } = expected.about("toonhead");
    for (const line of [licence, ...attribution]) expect(about).toContain(line);
  });

  test.each(["artnet-256", "photonas"])("a style is the SDK's: %s", async (name) => {
    if (!expected.has(name)) return;
    await playing(page, () => choose(page, "open-source", "cat.png"));
    await playBundle(page, name);
    await playing(page, () => choose(page, "open-style", "style.png"));
    const share = name === "artnet-256" ? "50" : "100"; // as in expected.py
    if ((await page.locator("#alpha").inputValue()) !== share) {
      await playing(page, () => page.locator("#alpha").fill(share));
    }
    expect(difference(await shown(page), expected.picture(name))).toBeLessThanOrEqual(CLOSE);
  });

  test.each([
    ["open-source", "notes.png", "notes.png is not a picture that this browser can read"],
    ["open-source", "large.png", "large.png is too large: 65 MB of 64"],
    ["open-source", "own.tflite", "own.tflite is a network, not a picture"],
    ["open-bundle", "notes.txt", "notes.txt is not a TFLite file"],
    ["open-bundle", "plain.tflite", "plain.tflite is a TFLite file without pocketstyle metadata, or cut short"],
    ["open-bundle", "broken.tflite", /LiteRT cannot load the network|network has/],
  ])("%s: %s is refused in one line", async (id, file, message) => {
    await playBundle(page, "heads");
    await choose(page, id, file);
    const line = await error(page);
    expect(line).toMatch(message);
    expect(line).not.toContain("\n");
    // and what was there still plays
    await playing(page, () => choose(page, "open-source", "portrait.png"));
    expect(await page.locator("#error").isHidden()).toBe(true);
    expect(difference(await shown(page), expected.picture("heads"))).toBeLessThanOrEqual(CLOSE);
  });

  it("plays a bundle that is dropped, and refuses a text", async () => {
    await playBundle(page, "toonhead");
    await playing(page, () => choose(page, "open-source", "portrait.png"));
    await playing(page, () => give(page, "own.tflite", "drop"));
    expect(await page.locator("#about-title").textContent()).toBe("heads");
    expect(difference(await shown(page), expected.picture("heads"))).toBeLessThanOrEqual(CLOSE);
    await give(page, "notes.txt", "drop");
    expect(await error(page)).toBe("notes.txt is not a picture that this browser can read");
  });

  it("takes a picture that is pasted, and a style that is dropped on its field", async () => {
    if (!expected.has("artnet-256")) return;
    await playBundle(page, "artnet-256");
    await playing(page, () => give(page, "style.png", "paste"));
    expect((await shown(page)).width).toBe(300); // style.png's
    await playing(page, () => give(page, "cat.png", "paste"));
    await playing(page, () => choose(page, "open-style", "portrait.png"));
    expect(difference(await shown(page), expected.picture("artnet-256"))).toBeGreaterThan(CLOSE);
    await playing(page, () => give(page, "style.png", "drop", "#style-drop"));
    if ((await page.locator("#alpha").inputValue()) !== "50") {
      await playing(page, () => page.locator("#alpha").fill("50"));
    }
    expect(difference(await shown(page), expected.picture("artnet-256"))).toBeLessThanOrEqual(CLOSE);
  });

  it("takes the square that is chosen", async () => {
    await playBundle(page, "heads");
    await playing(page, () => choose(page, "open-source", "portrait.png"));
    const whole = await shown(page, "before");
    await playing(page, () => page.locator("#zoom").fill("2"));
    expect((await shown(page, "before")).rgba).not.toEqual(whole.rgba);
    await playing(page, () => page.locator("#zoom").fill("1"));
    expect((await shown(page, "before")).rgba).toEqual(whole.rgba);
  });

  it("saves a PNG and measures", async () => {
    const waiting = page.waitForEvent("download");
    await page.locator("#save").click();
    const saved = await waiting;
    expect(saved.suggestedFilename()).toBe("heads.png");
    expect(readFileSync(await saved.path()).subarray(1, 4).toString()).toBe("PNG");
    await page.locator("#measure").click();
    await page.locator("#measured", { hasText: "Median of" }).waitFor();
  });

  it("plays a video, pauses it and records it", async () => {
    await playing(page, () => choose(page, "open-source", "clip.webm"));
    await page.locator("#status", { hasText: "frames a second" }).waitFor();
    const waiting = page.waitForEvent("download");
    await page.locator("#record").click();
    await page.waitForTimeout(1500);
    await page.locator("#record").click();
    const saved = await waiting;
    expect(saved.suggestedFilename()).toBe("heads.webm");
    expect(readFileSync(await saved.path()).subarray(0, 4).toString("hex")).toBe("1a45dfa3"); // EBML
    await page.locator("#pause").click();
    expect(await page.locator("#pause").textContent()).toBe("Play");
  });

  it("says that there is no camera", async () => {
    await page.locator("#camera").click();
    expect(await error(page)).toMatch(/camera/);
  });

  it("is usable by keyboard, and every control has a name", async () => {
    await page.locator("input[name=mode][value=slider]").focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.locator("#frame").getAttribute("data-mode")).toBe("side");
    await page.keyboard.press("ArrowLeft");
    await page.locator("#divide").focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.locator("#divide").inputValue()).toBe("51");
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLInputElement>("button, input")]
        .filter((one) => !(one.textContent || one.ariaLabel || one.labels?.[0]?.textContent)?.trim())
        .map((one) => one.outerHTML),
    );
    expect(nameless).toEqual([]);
  });

  it("fits a phone and asks nobody else for files", async () => {
    const phone = await site.page(360);
    expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    const asked: string[] = [];
    phone.on("request", (request) => asked.push(request.url()));
    await phone.reload();
    await played(phone);
    const elsewhere = asked.filter((url) => !/^(data|blob):/.test(url) && !url.startsWith(site.url));
    expect(asked.length).toBeGreaterThan(5);
    expect(elsewhere).toEqual([]);
    await phone.close();
  });
});

describe("with WebGPU, by SwiftShader, and a camera", () => {
  let site: Site;
  let page: Page;
  beforeAll(async () => {
    site = await Site.open([...GPU, ...CAMERA]);
    page = await site.page();
  });
  afterAll(() => site.close());

  // SwiftShader computes in 32 bits: a GPU that takes 16 may differ by more
  it("runs a portrait on the GPU, as the SDK does", async () => {
    const status = await playBundle(page, "heads");
    expect(status).toContain("GPU (WebGPU)");
    await playing(page, () => choose(page, "open-source", "portrait.png"));
    expect(difference(await shown(page), expected.picture("heads"))).toBeLessThanOrEqual(CLOSE);
  });

  it("changes to the CPU, and plays the camera", async () => {
    const status = await playing(page, () => page.locator("input[value=wasm]").check({ force: true }));
    expect(status).toContain("CPU (WebAssembly)");
    await playing(page, () => page.locator("#camera").click());
    await page.locator("#status", { hasText: "frames a second" }).waitFor();
  });
});
