import { expect, it, test } from "vitest";
import fixtures from "../fixtures/pixels.json";
import type { TensorInfo } from "../src/bundle";
import { blend, boxOf, CENTRE, cut, denormalise, laidOver, normalise, type Pixels, resize } from "../src/pixels";

/** Opaque pixels of a fixture. */
function pixels({ width, height, rgb }: { width: number; height: number; rgb: string }): Pixels {
  const bytes = Buffer.from(rgb, "base64");
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  bytes.forEach((byte, i) => (data[Math.floor(i / 3) * 4 + (i % 3)] = byte));
  return { width, height, data };
}

const tensor = (mean: number, std: number, dtype: TensorInfo["dtype"] = "float32"): TensorInfo => ({
  name: "content",
  shape: [1, 4, 4, 3],
  dtype,
  mean,
  std,
});

test.each(fixtures.resized)("resampling is Pillow's, to the bit ($#)", ({ picture, made }) => {
  expect(resize(pixels(picture), made.width, made.height)).toEqual(pixels(made));
});

test.each(fixtures.squares)("the centre square is the SDK's ($#)", ({ picture, made }) => {
  expect(cut(pixels(picture), CENTRE)).toEqual(pixels(made));
});

it("keeps every square inside the picture", () => {
  for (const zoom of [1, 1.37, 4]) {
    for (const x of [0, 0.5, 1]) {
      const [left, top, side] = boxOf({ zoom, x, y: 1 - x }, 31, 17);
      expect(Math.min(left, top, 31 - left - side, 17 - top - side)).toBeGreaterThanOrEqual(0);
    }
  }
});

it("lays a change over a picture as the SDK does", () => {
  const { picture, seen, made, laid } = fixtures.laid;
  expect(laidOver(pixels(picture), pixels(seen), pixels(made))).toEqual(pixels(laid));
});

test.each(fixtures.rules)("values are numpy's: mean $mean, std $std", (rule) => {
  const values = normalise(pixels(rule.picture), tensor(rule.mean, rule.std));
  values.forEach((value, i) => expect(value).toBeCloseTo(rule.values[i], 6));
  const made = denormalise(Float32Array.from(rule.made), tensor(rule.mean, rule.std), 4);
  expect(made).toEqual(pixels(rule.pixels));
});

it("hands bytes over as they are", () => {
  const picture = pixels(fixtures.rules[0].picture);
  const bytes = normalise(picture, tensor(0, 1, "uint8"));
  expect(bytes).toBeInstanceOf(Uint8Array);
  expect(denormalise(bytes, tensor(0, 1, "uint8"), 4)).toEqual(picture);
});

it("takes less of what was made", () => {
  const [taken, made] = [Float32Array.of(0, 1), Float32Array.of(1, -1)];
  blend(taken, made, 0.25);
  expect([...made]).toEqual([0.25, 0.5]);
});
