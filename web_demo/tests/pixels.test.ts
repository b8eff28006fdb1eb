import { expect, it, test } from "vitest";
import fixtures from "../fixtures/pixels.json";
import type { TensorInfo } from "../src/bundle";
import { blend, boxOf, CENTRE, cut, denormalise, laidOver, normalise, type Pixels, Place, resize } from "../src/pixels";

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

test.each(fixtures.frames)("a frame sees what it does in the SDK ($#)", (made) => {
  const [picture, frame] = [pixels(made.picture), made.frame];
  expect(resize(cut(picture, CENTRE, frame), frame.width, frame.height)).toEqual(pixels(made.cropped));
  const place = new Place(picture, frame);
  expect(place).toMatchObject(made.place);
  const shrunk = resize(picture, place.width, place.height);
  const whole = place.mirrored(shrunk);
  expect(whole).toEqual(pixels(made.whole));
  expect(place.cut(whole)).toEqual(shrunk);
});

it("keeps every square inside the picture", () => {
  for (const zoom of [1, 1.37, 4]) {
    for (const x of [0, 0.5, 1]) {
      for (const frame of [{ height: 1, width: 1 }, { height: 3, width: 4 }, { height: 4, width: 3 }]) {
        const [left, top, across, down] = boxOf({ zoom, x, y: 1 - x }, 31, 17, frame);
        expect(Math.min(left, top, 31 - left - across, 17 - top - down)).toBeGreaterThanOrEqual(0);
      }
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
  const made = denormalise(Float32Array.from(rule.made), tensor(rule.mean, rule.std));
  expect(made).toEqual(pixels(rule.pixels));
});

it("hands bytes over as they are", () => {
  const picture = pixels(fixtures.rules[0].picture);
  const bytes = normalise(picture, tensor(0, 1, "uint8"));
  expect(bytes).toBeInstanceOf(Uint8Array);
  expect(denormalise(bytes, tensor(0, 1, "uint8"))).toEqual(picture);
});

it("takes less of what was made", () => {
  const [taken, made] = [Float32Array.of(0, 1), Float32Array.of(1, -1)];
  blend(taken, made, 0.25);
  expect([...made]).toEqual([0.25, 0.5]);
});
