import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import bundles from "../fixtures/bundles.json";
import choices from "../fixtures/frames.json";
import { allPlayed, type BundleInfo, playedFor, readInfo, takesStyle, usualFit } from "../src/bundle";

const MODELS = join(import.meta.dirname, "../../sdk/models");

const file = (what: string) => {
  const found = bundles.find((bundle) => bundle.what === what)!;
  return new Uint8Array(Buffer.from(found.file, "base64"));
};
const fails = (what: string) => {
  try {
    readInfo(file(what), "x.tflite");
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
};

test.each(bundles)("what Python reads in a file, or refuses: $what", ({ what, info }) => {
  if (info === null) {
    expect(fails(what)).toMatch(/^x\.tflite/);
    return;
  }
  const read = readInfo(file(what), "x.tflite");
  const tensors = (list: object[]) => list.map((tensor) => expect.objectContaining(tensor));
  expect(info.signatures).toHaveLength(read.signatures.length);
  read.signatures.forEach(({ name, inputs, outputs, predictedMs }, i) => {
    expect(info.signatures[i].predicted_ms ?? undefined).toEqual(predictedMs);
    expect(info.signatures[i].name).toBe(name);
    expect(info.signatures[i].inputs).toEqual(tensors(inputs));
    expect(info.signatures[i].outputs).toEqual(tensors(outputs));
  });
  expect(read).toMatchObject({
    name: info.name,
    title: info.title,
    description: info.description,
    precision: info.precision,
    family: info.spec.family,
    predictedMs: info.predicted_ms,
    licence: info.licence,
    attribution: info.attribution,
  });
});

it("says in one line what is wrong", () => {
  expect(fails("a text")).toBe("x.tflite is not a TFLite file");
  expect(fails("no metadata")).toContain("without pocketstyle metadata");
  expect(fails("its zip is damaged")).toContain("damaged");
  expect(fails("not JSON")).toContain("not JSON");
  expect(fails("newer")).toContain("newer pocketstyle");
  expect(fails("no licence")).toBe("x.tflite: bad metadata at licence");
});

describe("the shipped bundles", () => {
  const names = readdirSync(MODELS).filter((name) => name.endsWith(".tflite"));
  const infos = new Map<string, BundleInfo>();
  for (const name of names) infos.set(name, readInfo(readFileSync(join(MODELS, name)), name));

  test.each(names)("%s can be played, is licensed and named as its file", (name) => {
    const info = infos.get(name)!;
    expect(`${info.name}.tflite`).toBe(name);
    expect(allPlayed(info).every(({ height, width }) => Math.min(height, width) >= 64)).toBe(true);
    expect(info.licence).toContain("Apache-2.0");
  });

  it("fit pictures in the SDK's ways", () => {
    const fit = (name: string) => usualFit(infos.get(`${name}.tflite`)!);
    expect(fit("toonhead")).toBe("crop");
    expect(fit("photonas")).toBe("detail");
    expect(usualFit(readInfo(file("good"), "x"))).toBe("stretch"); // of the family art-vgg
    expect(takesStyle(infos.get("photonas.tflite")!)).toBe(true);
  });
});

const frame = ([height, width]: number[]) => ({ height, width });

test.each(choices)("the frame that plays a picture is the SDK's ($#)", ({ picture, frames, best }) => {
  const info = readInfo(file("several frames"), "x");
  const own = allPlayed(info).filter((one) => frames.some(([h, w]) => one.height === h && one.width === w));
  const only = { ...info, signatures: own.map(({ signature }) => signature) };
  if (best === null) {
    expect(() => playedFor(only, frame(picture))).toThrow("small has no frame for");
    expect(playedFor(only, frame(picture), "crop")).toMatchObject(frame(frames[0]));
  } else expect(playedFor(only, frame(picture))).toMatchObject(frame(best));
});

it("reads what a bundle of several frames says of each", () => {
  const info = readInfo(file("several frames"), "x");
  expect(usualFit(info)).toBe("frame");
  expect(allPlayed(info).map(({ signature }) => signature.predictedMs?.s10)).toEqual([0.5, 1.5, 2.5, 3.5]);
  expect(fails("a fit of no kind")).toBe("x.tflite: bad metadata at fit");
});

it("refuses to play what is not one picture in, one out", () => {
  const info = readInfo(file("good"), "x");
  expect(allPlayed(info)[0]).toMatchObject({ height: 8, width: 8 });
  const [signature] = info.signatures;
  const twice = { ...signature, outputs: [...signature.outputs, ...signature.outputs] };
  expect(() => allPlayed({ ...info, signatures: [twice] })).toThrow("not one picture");
  const wide = { ...signature, inputs: [{ ...signature.inputs[0], shape: [1, 8, 9, 3] }] };
  expect(() => allPlayed({ ...info, signatures: [wide] })).toThrow("not one picture");
});
