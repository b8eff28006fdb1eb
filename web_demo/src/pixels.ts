/** Pixels before and after the network, as in sdk/stylizer.py and images.py. */

import type { Frame, TensorInfo } from "./bundle";
import { BICUBIC, LANCZOS, resample } from "./resample";

/** A picture: RGBA bytes, opaque, row by row. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8ClampedArray<ArrayBuffer>; // [height, width, 4]
}

/** A network's values, as they are in its memory. */
export type Values = Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** Where the part that a network sees lies in a picture, in the proportion of its frame. */
export interface Square {
  zoom: number; // 1: as large as the picture allows
  x: number; // 0: at the left, 1: at the right
  y: number; // 0: at the top, 1: at the bottom
}

/** The largest centred part, which Python takes. */
export const CENTRE: Square = { zoom: 1, x: 0.5, y: 0.5 };

const ONE: Frame = { height: 1, width: 1 };

/** Left, top, width and height in pixels. */
export function boxOf(
  square: Square,
  width: number,
  height: number,
  frame: Frame = ONE,
): [number, number, number, number] {
  const tall = height * frame.width > width * frame.height;
  const whole = tall
    ? [width, (width * frame.height) / frame.width]
    : [(height * frame.width) / frame.height, height];
  const [across, down] = whole.map((side) => Math.max(1, Math.round(side / square.zoom)));
  return [Math.floor((width - across) * square.x), Math.floor((height - down) * square.y), across, down];
}

/** The part of a picture that a network of a frame sees. */
export function cut(picture: Pixels, square: Square, frame: Frame = ONE): Pixels {
  return part(picture, ...boxOf(square, picture.width, picture.height, frame));
}

function part(picture: Pixels, left: number, top: number, width: number, height: number): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * picture.width + left) * 4;
    data.set(picture.data.subarray(from, from + width * 4), y * width * 4);
  }
  return { width, height, data };
}

/** Where the whole of a picture lies in a frame, centred, as in sdk/framing.py. */
export class Place {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;

  /** As large as it fits, in the proportion of a picture of these sides. */
  constructor(
    picture: Frame,
    private readonly frame: Frame,
  ) {
    const scale = Math.min(frame.height / picture.height, frame.width / picture.width);
    [this.height, this.width] = [picture.height, picture.width].map((side) =>
      Math.max(1, Math.floor(side * scale + 0.5)),
    );
    this.top = Math.floor((frame.height - this.height) / 2);
    this.left = Math.floor((frame.width - this.width) / 2);
  }

  /** The whole frame of a picture of `width` and `height`, reflected at its edges. */
  mirrored(picture: Pixels): Pixels {
    const { height, width } = this.frame;
    const data = new Uint8ClampedArray(width * height * 4);
    const columns = Array.from({ length: width }, (_, x) => reflected(x - this.left, this.width));
    for (let y = 0, to = 0; y < height; y++) {
      const row = reflected(y - this.top, this.height) * this.width;
      for (let x = 0; x < width; x++, to += 4) {
        const from = (row + columns[x]) * 4;
        data.set(picture.data.subarray(from, from + 4), to);
      }
    }
    return { width, height, data };
  }

  /** The picture's own part of a whole frame. */
  cut(made: Pixels): Pixels {
    return part(made, this.left, this.top, this.width, this.height);
  }
}

/** The place within 0..length - 1 that a place beyond the edges mirrors, as often as it takes. */
function reflected(place: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const folded = ((place % period) + period) % period;
  return folded < length ? folded : period - folded;
}

/** Lanczos, antialiased when shrinking. */
export function resize(picture: Pixels, width: number, height: number): Pixels {
  const from = [picture.width, picture.height] as const;
  return { width, height, data: resample(picture.data, from, [width, height], LANCZOS) };
}

/** The network's values, [1, height, width, 3]: (pixel - mean) / std. */
export function normalise(picture: Pixels, tensor: TensorInfo): Values {
  const { data } = picture;
  const length = (data.length / 4) * 3;
  const values = tensor.dtype === "uint8" ? new Uint8Array(length) : new Float32Array(length);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    values[to] = (data[from] - tensor.mean) / tensor.std;
    values[to + 1] = (data[from + 1] - tensor.mean) / tensor.std;
    values[to + 2] = (data[from + 2] - tensor.mean) / tensor.std;
  }
  return values;
}

/** Pixels of the network's values: value * std + mean, rounded and clipped. */
export function denormalise(values: Values, tensor: TensorInfo): Pixels {
  const [, height, width] = tensor.shape;
  const data = new Uint8ClampedArray(width * height * 4); // it rounds and clips what is put in
  for (let from = 0, to = 0; to < data.length; from += 3, to += 4) {
    data[to] = values[from] * tensor.std + tensor.mean;
    data[to + 1] = values[from + 1] * tensor.std + tensor.mean;
    data[to + 2] = values[from + 2] * tensor.std + tensor.mean;
    data[to + 3] = 255;
  }
  return { width, height, data };
}

/** So much (0..1) of what the network made, laid over what it took, in place of `made`. */
export function blend(taken: Values, made: Values, alpha: number): void {
  for (let i = 0; i < made.length; i++) made[i] = taken[i] + alpha * (made[i] - taken[i]);
}

/**
 * A picture with the change that a network made to a smaller version of it.
 *
 * What is finer than the network saw stays.
 *
 * @param picture of any size.
 * @param seen, made the smaller picture before and after, of one size.
 */
export function laidOver(picture: Pixels, seen: Pixels, made: Pixels): Pixels {
  const { width, height } = picture;
  const change = Float32Array.from(made.data, (value, i) => value - seen.data[i]);
  const grown = resample(change, [seen.width, seen.height], [width, height], BICUBIC);
  const data = new Uint8ClampedArray(picture.data.length);
  for (let i = 0; i < data.length; i++) data[i] = picture.data[i] + grown[i];
  return { width, height, data };
}
