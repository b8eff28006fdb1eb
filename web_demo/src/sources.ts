/** Where pictures come from: files, the samples, a video, the camera. */

import type { Frame } from "./bundle";
import { boxOf, type Pixels, type Square } from "./pixels";

const LARGEST_FILE = 64; // megabytes
const LARGEST_PICTURE = 16e6; // pixels: a phone's browser has no larger canvas
const LIVE_SIDE = 640; // pixels, the longer side of a video's frame that is not cropped

/** Bytes of a file. Throws a line for people where it is too large. */
export async function readBytes(file: File): Promise<Uint8Array> {
  if (file.size > LARGEST_FILE * 1e6) {
    throw new Error(`${file.name} is too large: ${Math.round(file.size / 1e6)} MB of ${LARGEST_FILE}`);
  }
  return new Uint8Array(await file.arrayBuffer());
}

/** Whether the bytes are a TFLite file. */
export function isTflite(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(4, 8)) === "TFL3";
}

/**
 * A picture the right way up, over white; one of more than 16 megapixels is shrunk to that.
 *
 * @throws Error with a line for people.
 */
export async function readPicture(file: File): Promise<Pixels> {
  const bytes = await readBytes(file);
  if (isTflite(bytes)) throw new Error(`${file.name} is a network, not a picture`);
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`${file.name} is not a picture that this browser can read`);
  });
  const shrunk = Math.min(1, Math.sqrt(LARGEST_PICTURE / (bitmap.width * bitmap.height)));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * shrunk)));
  const picture = drawn(bitmap, [0, 0, bitmap.width, bitmap.height], width, height, false);
  bitmap.close();
  return picture;
}

/** A file of the page itself. */
export async function fetchFile(url: string): Promise<File> {
  const name = url.slice(url.lastIndexOf("/") + 1);
  const response = await fetch(new URL(url, document.baseURI));
  if (!response.ok) throw new Error(`${name} cannot be loaded (${response.status})`);
  return new File([await response.blob()], name);
}

/** A video that plays, or the camera's. */
export interface Live {
  video: HTMLVideoElement;
  camera: boolean;
  close(): void;
}

export async function openVideo(file: File): Promise<Live> {
  const video = document.createElement("video");
  video.src = URL.createObjectURL(file);
  video.loop = true;
  const close = () => {
    video.pause();
    URL.revokeObjectURL(video.src);
  };
  try {
    await started(video);
  } catch {
    close();
    throw new Error(`${file.name} is not a video that this browser can play`);
  }
  return { video, camera: false, close };
}

export async function openCamera(): Promise<Live> {
  if (navigator.mediaDevices === undefined) {
    throw new Error("the browser gives no camera to this page; it needs https or localhost");
  }
  const stream = await navigator.mediaDevices
    .getUserMedia({ video: { facingMode: "user", width: { ideal: 640 } } })
    .catch((error: DOMException) => {
      const refused = error.name === "NotAllowedError";
      throw new Error(refused ? "the camera was not allowed" : "there is no camera that can be used");
    });
  const video = document.createElement("video");
  video.srcObject = stream;
  await started(video);
  return { video, camera: true, close: () => stream.getTracks().forEach((track) => track.stop()) };
}

/** The whole frame that a video shows, shrunk by the browser where it is large. */
export function frameOf({ video, camera }: Live): Pixels {
  const { videoWidth: width, videoHeight: height } = video;
  const shrunk = Math.min(1, LIVE_SIDE / Math.max(width, height));
  const [toWidth, toHeight] = [Math.round(width * shrunk), Math.round(height * shrunk)];
  return drawn(video, [0, 0, width, height], toWidth, toHeight, camera);
}

/** A part of what a video shows, in the proportion of a network's frame and shrunk to it. */
export function partOf({ video, camera }: Live, square: Square, frame: Frame): Pixels {
  const x = camera ? 1 - square.x : square.x; // in the mirror
  const box = boxOf({ ...square, x }, video.videoWidth, video.videoHeight, frame);
  return drawn(video, box, frame.width, frame.height, camera);
}

/** Wait until there is a frame. */
async function started(video: HTMLVideoElement): Promise<void> {
  video.muted = true;
  video.playsInline = true;
  await video.play();
}

/** A part of a picture or frame as pixels of this size; `mirrored` as in a mirror. */
function drawn(
  source: CanvasImageSource,
  [left, top, boxWidth, boxHeight]: readonly [number, number, number, number],
  width: number,
  height: number,
  mirrored: boolean,
): Pixels {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  if (mirrored) context.setTransform(-1, 0, 0, 1, width, 0);
  context.drawImage(source, left, top, boxWidth, boxHeight, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}
