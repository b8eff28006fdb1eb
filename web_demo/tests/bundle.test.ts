import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import bundles from "../fixtures/bundles.json";
import { type BundleInfo, played, readInfo, takesStyle, usualFit } from "../src/bundle";

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
  read.signatures.forEach(({ name, inputs, outputs }, i) => {
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

  test.each(names)("%s is square, licensed and named as its file", (name) => {
    const info = infos.get(name)!;
    expect(`${info.name}.tflite`).toBe(name);
    expect(played(info).size).toBeGreaterThanOrEqual(64);
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

it("refuses to play what is not one square picture in, one out", () => {
  const info = readInfo(file("good"), "x");
  expect(played(info).size).toBe(8);
  const [signature] = info.signatures;
  const twice = { ...signature, outputs: [...signature.outputs, ...signature.outputs] };
  expect(() => played({ ...info, signatures: [twice] })).toThrow("not one square picture");
  const wide = { ...signature, inputs: [{ ...signature.inputs[0], shape: [1, 8, 9, 3] }] };
  expect(() => played({ ...info, signatures: [wide] })).toThrow("not one square picture");
});
