/**
 * Resampling as Pillow does it: a filter per axis, widened when shrinking.
 *
 * Four interleaved channels. Bytes are rounded between the two passes and their weights are
 * integers of 1/2^22, as in Pillow's 8-bit path; floats are not rounded.
 */

const BYTE_WEIGHT = 2 ** 22;

/** An even function that is 0 beyond `support`. */
export interface Filter {
  support: number;
  at(x: number): number;
}

export const LANCZOS: Filter = {
  support: 3,
  at: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0),
};

/** Keys' cubic with a = -0.5. */
export const BICUBIC: Filter = {
  support: 2,
  at: (x) => {
    const d = Math.abs(x);
    if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
    return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
  },
};

/**
 * Resample [height, width, 4] to [toHeight, toWidth, 4].
 *
 * @returns a new array of the same kind; `source` itself where the size is the same.
 */
export function resample<T extends Uint8ClampedArray | Float32Array>(
  source: T,
  [width, height]: readonly [number, number],
  [toWidth, toHeight]: readonly [number, number],
  filter: Filter,
): T {
  const bytes = source instanceof Uint8ClampedArray;
  const columns = tapsOf(width, toWidth, filter, bytes);
  const rows = tapsOf(height, toHeight, filter, bytes);
  if (tallFirst(width - toWidth, height - toHeight)) {
    const made = down(source, width, rows);
    return toWidth === width ? made : across(made, width, toHeight, columns);
  }
  const made = toWidth === width ? source : across(source, width, height, columns);
  return toHeight === height ? made : down(made, toWidth, rows);
}

/** Whether Pillow 13 shrinks the height first, told by how many columns and rows go (measured). */
function tallFirst(columns: number, rows: number): boolean {
  return rows > 0 && rows > 2 * columns;
}

/** For each place of the result: the first place of the source that counts, and the weights. */
type Taps = { first: number; weights: Float64Array }[];

function tapsOf(from: number, to: number, filter: Filter, bytes: boolean): Taps {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = filter.support * stretch;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support + 0.5));
    const last = Math.min(from, Math.floor(centre + support + 0.5));
    const weights = Float64Array.from({ length: last - first }, (_, k) =>
      filter.at((first + k - centre + 0.5) / stretch),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    for (let k = 0; k < weights.length; k++) {
      const share = weights[k] / sum;
      weights[k] = bytes ? rounded(share * BYTE_WEIGHT) / BYTE_WEIGHT : share;
    }
    return { first, weights };
  });
}

function across<T extends Uint8ClampedArray | Float32Array>(
  source: T,
  width: number,
  height: number,
  taps: Taps,
): T {
  const made = emptyLike(source, taps.length * height * 4);
  const half = halfOf(source);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (const { first, weights } of taps) {
      let from = (y * width + first) * 4;
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let k = 0; k < weights.length; k++, from += 4) {
        const weight = weights[k];
        a += weight * source[from];
        b += weight * source[from + 1];
        c += weight * source[from + 2];
        d += weight * source[from + 3];
      }
      made[to++] = half ? Math.floor(a + half) : a;
      made[to++] = half ? Math.floor(b + half) : b;
      made[to++] = half ? Math.floor(c + half) : c;
      made[to++] = half ? Math.floor(d + half) : d;
    }
  }
  return made;
}

function down<T extends Uint8ClampedArray | Float32Array>(source: T, width: number, taps: Taps): T {
  const row = width * 4;
  const made = emptyLike(source, taps.length * row);
  const half = halfOf(source);
  const sums = new Float64Array(row);
  taps.forEach(({ first, weights }, y) => {
    sums.fill(0);
    for (let k = 0; k < weights.length; k++) {
      const weight = weights[k];
      const from = (first + k) * row;
      for (let x = 0; x < row; x++) sums[x] += weight * source[from + x];
    }
    for (let x = 0; x < row; x++) made[y * row + x] = half ? Math.floor(sums[x] + half) : sums[x];
  });
  return made;
}

function emptyLike<T extends Uint8ClampedArray | Float32Array>(source: T, length: number): T {
  return new (source.constructor as new (length: number) => T)(length);
}

/** What makes `floor` round, for bytes; 0 for floats. */
function halfOf(source: Uint8ClampedArray | Float32Array): number {
  return source instanceof Uint8ClampedArray ? 0.5 : 0;
}

/** To the nearest integer, halves away from 0. */
function rounded(x: number): number {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}
