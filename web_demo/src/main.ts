/** The page: what the visitor chooses, played. */

import bundles from "virtual:bundles";
import { playedFor, takesStyle, usualFit } from "./bundle";
import type { Accelerator, Stylized } from "./network";
import { cut, type Pixels, type Square } from "./pixels";
import { Closed, Player } from "./player";
import samples from "./samples.json";
import { record, savePng } from "./save";
import {
  fetchFile,
  frameOf,
  isTflite,
  type Live,
  openCamera,
  openVideo,
  partOf,
  readBytes,
  readPicture,
} from "./sources";
import * as view from "./view";

const FIRST_BUNDLE = "comic";
const SUITABLE: Record<string, string> = { heads: "head.jpg" }; // a bundle that wants its own sample
const PORTRAIT = "astronaut.jpg";
const SCENE = "chelsea.jpg";
const LIGHT = "rocket.jpg"; // the first style of a network for photos
const MANNER = "mosaic.jpg"; // of one that paints
const SQUARE = ["zoom", "across", "down"]; // the fields of the square that is seen
const MEASURED = 10; // runs
const LONGEST = 10_000; // milliseconds of measuring, after the third run

let player: Player | undefined;
let file: File | undefined; // the player's
let still: Pixels | undefined;
let live: Live | undefined;
let style: Pixels | undefined;
const own = { source: false, style: false }; // whether the visitor chose them
let loads = 0; // bundles asked for: of several at once the last counts
let round = 0; // grows with every choice: what an earlier one still makes is not shown
let recording: { stop(): void } | undefined;

const alpha = view.byId<HTMLInputElement>("alpha");
const after = view.byId<HTMLCanvasElement>("after");

/** Do what was asked for; what goes wrong is one line on the page. */
async function attempt(work: () => Promise<void>): Promise<void> {
  view.showError(null);
  try {
    await work();
  } catch (error) {
    if (error instanceof Closed) return;
    view.showError(error instanceof Error ? error.message : String(error));
  }
}

/** Load a bundle; the one before it plays on until then, and stays where this fails. */
async function useBundle(chosen: File): Promise<void> {
  view.showStatus(`Loading ${chosen.name}`, true);
  const mine = ++loads;
  const wanted = view.chosen("accelerator") as Accelerator;
  try {
    const opened = await Player.open(await readBytes(chosen), chosen.name, wanted);
    if (mine !== loads) return opened.close();
    player?.close();
    [player, file] = [opened, chosen];
  } finally {
    if (player !== undefined) view.markBundle(player.info.name);
  }
  const { info, accelerator } = player;
  const fit = usualFit(info);
  view.showAbout(info, fit);
  view.showFellBack(wanted !== accelerator);
  if (!own.source) await useSample(SUITABLE[info.name] ?? (fit === "crop" ? PORTRAIT : SCENE));
  if (takesStyle(info) && !own.style) await useStyleSample(fit === "detail" ? LIGHT : MANNER);
  if (mine !== loads) return;
  if (takesStyle(info)) await player.setStyle(style!);
  await play();
}

async function useSample(name: string): Promise<void> {
  setSource(await readPicture(await fetchFile(`samples/${name}`)), name);
}

async function useStyleSample(name: string): Promise<void> {
  style = await readPicture(await fetchFile(`samples/${name}`));
  view.markSample("styles", name);
}

/** A picture or a video in place of what was there. */
function setSource(source: Pixels | Live, sample: string | null): void {
  recording?.stop();
  live?.close();
  [still, live] = "video" in source ? [undefined, source] : [source, undefined];
  view.byId<HTMLFormElement>("square").reset();
  view.byId("pause").textContent = "Pause";
  view.showLive(live !== undefined);
  view.markSample("pictures", sample);
}

async function useSource(chosen: File, sample: string | null = null): Promise<void> {
  const isVideo = chosen.type.startsWith("video/") || /\.(mp4|webm|mov|m4v)$/i.test(chosen.name);
  setSource(await (isVideo ? openVideo(chosen) : readPicture(chosen)), sample);
  own.source = true;
  await play();
}

async function useStyle(chosen: File, sample: string | null = null): Promise<void> {
  style = await readPicture(chosen);
  own.style = true;
  view.markSample("styles", sample);
  if (player !== undefined && takesStyle(player.info)) await player.setStyle(style);
  await play();
}

/** Whatever was dropped or pasted. */
async function useFile(chosen: File): Promise<void> {
  if (isTflite(new Uint8Array(await chosen.slice(0, 8).arrayBuffer()))) await useBundle(chosen);
  else await useSource(chosen);
}

/** Stylize the picture, or frame after frame until something else is chosen. */
async function play(): Promise<void> {
  const mine = ++round;
  if (player === undefined || (still === undefined && live === undefined)) return;
  const times: number[] = [];
  const first = player.runs === 0 ? ", the first run" : "";
  do {
    if (live === undefined) view.showStatus("Working", true);
    const began = performance.now();
    const made = await player.stylize(content(player), share());
    if (mine !== round) return;
    view.showResult(made);
    const now = performance.now();
    times.push(now);
    const told = view.timesOf(player.accelerator, made.networkMs, now - began);
    view.showStatus(told + (live === undefined ? first : rateOf(times)), false);
    if (live !== undefined) await nextFrame(live.video);
  } while (live !== undefined && mine === round);
}

/** Frames a second over the last two seconds, told; nothing of a single picture. */
function rateOf(times: number[]): string {
  const now = times[times.length - 1];
  while (times[0] < now - 2000) times.shift();
  if (times.length < 2) return "";
  return `, ${((1000 * (times.length - 1)) / (now - times[0])).toFixed(1)} frames a second`;
}

/** What the network is given: the picture or frame, or the part of it that was chosen. */
function content({ info }: Player): Pixels {
  if (usualFit(info) !== "crop") return live === undefined ? still! : frameOf(live);
  if (live === undefined) return cut(still!, square(), playedFor(info, still!));
  const { videoWidth: width, videoHeight: height } = live.video;
  return partOf(live, square(), playedFor(info, { width, height }));
}

function square(): Square {
  const [zoom, x, y] = SQUARE.map((id) => Number(view.byId<HTMLInputElement>(id).value));
  return { zoom, x, y };
}

/** How much of the style is wanted, 0..1; all of it from a network that takes none. */
function share(): number {
  return player === undefined || !takesStyle(player.info) ? 1 : Number(alpha.value) / 100;
}

function nextFrame(video: HTMLVideoElement): Promise<void> {
  return new Promise((resolve) => {
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(() => resolve());
    else requestAnimationFrame(() => resolve());
  });
}

/** The median of some runs, once warm. */
async function measure(): Promise<void> {
  if (player === undefined || (still === undefined && live === undefined)) return;
  const picture = content(player);
  const mine = ++round;
  const [network, whole]: [number[], number[]] = [[], []];
  const began = performance.now();
  while (whole.length < MEASURED && (whole.length < 3 || performance.now() - began < LONGEST)) {
    view.showStatus(`Measuring ${whole.length + 1} of ${MEASURED}`, true);
    const start = performance.now();
    const made: Stylized = await player.stylize(picture, share());
    if (mine !== round) return;
    whole.push(performance.now() - start);
    network.push(made.networkMs);
  }
  const output = view.byId("measured");
  const told = view.timesOf(player.accelerator, median(network), median(whole));
  output.textContent = `Median of ${whole.length}. ${player.info.name} on ${told}`;
  Object.assign(output.dataset, {
    runs: whole.length,
    networkMs: median(network),
    wholeMs: median(whole),
    accelerator: player.accelerator,
  });
  await play();
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

function onFile(id: string, use: (chosen: File) => Promise<void>): void {
  const input = view.byId<HTMLInputElement>(id);
  input.addEventListener("change", () => {
    const [chosen] = input.files ?? [];
    if (chosen !== undefined) void attempt(() => use(chosen));
    input.value = ""; // the same file can be chosen again
  });
}

function onClick(id: string, work: () => Promise<void>): void {
  view.byId(id).addEventListener("click", () => void attempt(work));
}

function toggleRecording(): void {
  const button = view.byId("record");
  if (recording !== undefined) return recording.stop();
  const recorder = record(after, `${player?.info.name}`);
  button.textContent = "Stop and save";
  recording = {
    stop() {
      recorder.stop();
      recording = undefined;
      button.textContent = "Record video";
    },
  };
}

async function togglePause(): Promise<void> {
  if (live === undefined) return;
  const { video } = live;
  await (video.paused ? video.play() : video.pause());
  view.byId("pause").textContent = video.paused ? "Play" : "Pause";
}

/** Files that are dropped: on the style's field a style, anywhere else what they are. */
function listenForDrops(): void {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    const [chosen] = event.dataTransfer?.files ?? [];
    const onStyle = view.byId("style-controls").contains(event.target as Node);
    if (chosen !== undefined) void attempt(() => (onStyle ? useStyle : useFile)(chosen));
  });
  addEventListener("paste", (event) => {
    const [chosen] = event.clipboardData?.files ?? [];
    if (chosen !== undefined) void attempt(() => useFile(chosen));
  });
}

async function chooseAccelerator(): Promise<void> {
  const gpu = await navigator.gpu?.requestAdapter().catch(() => null);
  view.showGpu(!!gpu);
}

async function start(): Promise<void> {
  const open = async (url: string) => useBundle(await fetchFile(url));
  view.listBundles(bundles, ({ url }) => void attempt(() => open(url)));
  view.listSamples("pictures", [...samples.pictures, ...samples.clips], (sample) =>
    attempt(async () => useSource(await fetchFile(`samples/${sample.file}`), sample.file)),
  );
  view.listSamples("styles", samples.styles, (sample) =>
    attempt(async () => useStyle(await fetchFile(`samples/${sample.file}`), sample.file)),
  );
  view.showCredits([...samples.pictures, samples.styles[0]]);
  onFile("open-bundle", useBundle);
  onFile("open-source", useSource);
  onFile("open-style", useStyle);
  onClick("camera", async () => {
    setSource(await openCamera(), null);
    own.source = true;
    await play();
  });
  onClick("save", () => savePng(after, `${player?.info.name}`));
  onClick("record", async () => toggleRecording());
  onClick("pause", togglePause);
  onClick("measure", measure);
  for (const id of ["alpha", ...SQUARE]) {
    view.byId(id).addEventListener("change", () => void (live === undefined && attempt(play)));
  }
  view.byId("divide").addEventListener("input", ({ target }) => {
    const { value } = target as HTMLInputElement;
    view.byId("frame").style.setProperty("--divide", `${value}%`);
  });
  for (const radio of document.querySelectorAll("input[name=mode]")) {
    radio.addEventListener("change", () => (view.byId("frame").dataset.mode = view.chosen("mode")));
  }
  await chooseAccelerator();
  for (const radio of document.querySelectorAll("input[name=accelerator]")) {
    radio.addEventListener("change", () => void attempt(async () => file && useBundle(file)));
  }
  listenForDrops();
  const first = bundles.find(({ name }) => name === FIRST_BUNDLE) ?? bundles[0];
  await open(first.url);
}

void attempt(start);
