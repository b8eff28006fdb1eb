/** Pixels before and after the network, as in sdk/stylizer.py and images.py. */

import type { TensorInfo } from "./bundle";
import { BICUBIC, LANCZOS, resample } from "./resample";

/** A picture: RGBA bytes, opaque, row by row. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8ClampedArray<ArrayBuffer>; // [height, width, 4]
}

/** A network's values, as they are in its memory. */
export type Values = Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** Where the square that a network sees lies in a picture. */
export interface Square {
  zoom: number; // 1: as large as the picture allows
  x: number; // 0: at the left, 1: at the right
  y: number; // 0: at the top, 1: at the bottom
}

/** The largest centred square, which Python takes. */
export const CENTRE: Square = { zoom: 1, x: 0.5, y: 0.5 };

/** Left, top and side in pixels. */
export function boxOf(square: Square, width: number, height: number): [number, number, number] {
  const side = Math.max(1, Math.round(Math.min(width, height) / square.zoom));
  return [Math.floor((width - side) * square.x), Math.floor((height - side) * square.y), side];
}

/** The part of a picture in a square. */
export function cut(picture: Pixels, square: Square): Pixels {
  const [left, top, side] = boxOf(square, picture.width, picture.height);
  const data = new Uint8ClampedArray(side * side * 4);
  for (let y = 0; y < side; y++) {
    const from = ((top + y) * picture.width + left) * 4;
    data.set(picture.data.subarray(from, from + side * 4), y * side * 4);
  }
  return { width: side, height: side, data };
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
export function denormalise(values: Values, tensor: TensorInfo, size: number): Pixels {
  const data = new Uint8ClampedArray(size * size * 4); // it rounds and clips what is put in
  for (let from = 0, to = 0; to < data.length; from += 3, to += 4) {
    data[to] = values[from] * tensor.std + tensor.mean;
    data[to + 1] = values[from + 1] * tensor.std + tensor.mean;
    data[to + 2] = values[from + 2] * tensor.std + tensor.mean;
    data[to + 3] = 255;
  }
  return { width: size, height: size, data };
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
