/** What the page shows; nothing here decides anything. */

import { allPlayed, type BundleInfo, frameText, takesStyle } from "./bundle";
import type { Accelerator, Stylized } from "./network";
import type { Pixels } from "./pixels";

/** A picture, clip or style that comes with the page. */
export interface Sample {
  file: string;
  title: string;
  credit: string;
  thumb?: string; // a clip's first frame
}

/** A bundle that comes with the page. */
export interface Shipped {
  name: string;
  url: string;
  frames: string; // of its pictures, for people
  kind: string; // what it is for
}

const ACCELERATORS = { webgpu: "GPU (WebGPU)", wasm: "CPU (WebAssembly)" };
const HINTS = {
  crop: "This network wants a face that fills the square, its eyes a little above the middle.",
  stretch: "This network paints the whole picture anew, in the manner of the style below.",
  frame: "This network draws the whole picture, in its own shape.",
  detail: "This network gives the picture the colours and the light of the style below.",
};
const PHONES: Record<string, string> = {
  s10: "Galaxy S10",
  pixel4: "Pixel 4",
  mi8se: "Mi 8 SE",
  a03s: "Galaxy A03s",
  iphonexs: "iPhone XS",
  iphone7: "iPhone 7",
};

export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** The radio button of a group that is chosen. */
export function chosen(group: string): string {
  return document.querySelector<HTMLInputElement>(`input[name=${group}]:checked`)!.value;
}

export function showResult({ before, after }: Stylized): void {
  byId("frame").style.setProperty("--ratio", String(before.width / before.height));
  draw(byId("before"), before);
  draw(byId("after"), after);
}

let settled = ""; // what was told of the last result

/** One line on what happens; while `busy` the last result is dimmed. */
export function showStatus(text: string, busy: boolean): void {
  if (!busy) settled = text;
  byId("status").textContent = text;
  byId("frame").setAttribute("aria-busy", String(busy));
}

/** One line on what went wrong, and the last result stays; null takes the line away. */
export function showError(text: string | null): void {
  if (text !== null) showStatus(settled, false);
  byId("error").hidden = text === null;
  byId("error").textContent = text;
}

export function timesOf(accelerator: Accelerator, networkMs: number, wholeMs: number): string {
  return `${ACCELERATORS[accelerator]}: network ${ms(networkMs)}, whole picture ${ms(wholeMs)}`;
}

/** Whether there is a GPU to choose; it is chosen where there is. */
export function showGpu(there: boolean): void {
  const radio = document.querySelector<HTMLInputElement>("input[value=webgpu]")!;
  radio.checked = there;
  radio.disabled = !there;
  byId("no-gpu").hidden = there;
}

/** Whether the CPU runs what the GPU was wanted for. */
export function showFellBack(fellBack: boolean): void {
  byId("fell-back").hidden = !fellBack;
}

/** Buttons that are there for a video or the camera, and not for a picture. */
export function showLive(live: boolean): void {
  for (const id of ["record", "pause"]) byId(id).hidden = !live;
  byId("status").ariaLive = live ? "off" : "polite"; // nobody wants every frame's numbers read out
  byId("save").textContent = live ? "Save this frame" : "Save PNG";
}

export function showAbout(info: BundleInfo, fit: keyof typeof HINTS): void {
  byId("style-controls").hidden = !takesStyle(info);
  byId("square").hidden = fit !== "crop";
  byId("fit-hint").textContent = HINTS[fit];
  byId("about-title").textContent = info.name;
  byId("about-text").textContent = info.description;
  const frames = allPlayed(info);
  const predicted = frames
    .map((frame) => {
      const told = toldOf(frame.signature.predictedMs ?? info.predictedMs);
      return told !== "" && frames.length > 1 ? `${frameText(frame)}: ${told}` : told;
    })
    .filter((told) => told !== "");
  const entries: [string, string[]][] = [
    ["Licence", [info.licence]],
    ["Made from", info.attribution],
    ["Predicted on phones' GPUs", predicted],
  ];
  byId("about-list").replaceChildren(
    ...entries
      .filter(([, lines]) => lines.length > 0)
      .flatMap(([term, lines]) => [element("dt", term), ...lines.map((line) => element("dd", line))]),
  );
}

/** Milliseconds by phone. */
function toldOf(predictedMs: Record<string, number>): string {
  return Object.entries(PHONES)
    .filter(([device]) => device in predictedMs)
    .map(([device, name]) => `${name} ${ms(predictedMs[device])}`)
    .join(", ");
}

export function showCredits(samples: Sample[]): void {
  const told = samples.map(({ title, credit }) => `${title}: ${credit}`);
  byId("credits").textContent = `Samples: ${told.join("; ")}. Other styles are painted by pocketstyle.`;
}

/** A radio button for each shipped bundle. */
export function listBundles(bundles: Shipped[], pick: (bundle: Shipped) => void): void {
  byId("bundles").replaceChildren(
    ...bundles.map((bundle) => {
      const input = document.createElement("input");
      Object.assign(input, { type: "radio", name: "bundle", value: bundle.name });
      input.addEventListener("change", () => pick(bundle));
      const what = `${bundle.kind}, ${bundle.frames} px`;
      const label = element("label");
      label.append(input, element("strong", bundle.name), element("span", what));
      return label;
    }),
  );
}

/** Mark the shipped bundle of this name; none where it is the visitor's own. */
export function markBundle(name: string): void {
  for (const input of document.querySelectorAll<HTMLInputElement>("input[name=bundle]")) {
    input.checked = input.value === name;
  }
}

/** A button with a small picture for each sample. */
export function listSamples(id: string, samples: Sample[], pick: (sample: Sample) => void): void {
  byId(id).replaceChildren(
    ...samples.map((sample) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", title: sample.title });
      button.dataset.file = sample.file;
      button.setAttribute("aria-pressed", "false");
      const thumb = document.createElement("img");
      Object.assign(thumb, { src: `samples/${sample.thumb ?? sample.file}`, alt: "" });
      button.append(thumb, element("span", sample.title));
      button.addEventListener("click", () => pick(sample));
      return button;
    }),
  );
}

/** Mark the sample of this file in a list; none where it is the visitor's own. */
export function markSample(id: string, file: string | null): void {
  for (const button of byId(id).querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.file === file));
  }
}

function draw(canvas: HTMLCanvasElement, { width, height, data }: Pixels): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.getContext("2d")!.putImageData(new ImageData(data, width, height), 0, 0);
}

function element(tag: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
