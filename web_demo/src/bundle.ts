/**
 * The bundle: one `.tflite` that says of itself what it is, in an appended zip.
 *
 * The same rules as in sdk/bundle.py: the zip holds `pocketstyle.json`, uncompressed.
 */

export const ENCODE_STYLE = "encode_style"; // a style picture's signature
const FORMAT = "pocketstyle-bundle";
const VERSION = 2; // the newest that is read; 1 has one frame or squares, and no fit
const MEMBER = "pocketstyle.json";
const ZIP_END = 0x06054b50;
const ZIP_ENTRY = 0x02014b50;
const ZIP_LOCAL = 0x04034b50;
const LONGEST_COMMENT = 0xffff;

/** One input or output of a network; `network value = (pixel - mean) / std`. */
export interface TensorInfo {
  name: string;
  shape: number[]; // NHWC for pictures
  dtype: "float32" | "uint8";
  mean: number;
  std: number;
}

/** One callable of the file. */
export interface Signature {
  name: string;
  inputs: TensorInfo[];
  outputs: TensorInfo[];
  predictedMs?: Record<string, number>; // at this frame, in a bundle of several
}

/** Sides of pictures, pixels. */
export interface Frame {
  height: number;
  width: number;
}

/** What a bundle says of itself, as far as the page shows or needs it. */
export interface BundleInfo {
  name: string;
  title: string;
  description: string;
  signatures: Signature[];
  precision: string;
  family: string;
  fit?: Fit; // how pictures of other shapes are played; without, the family's way
  predictedMs: Record<string, number>; // device to milliseconds, at the first frame
  licence: string;
  attribution: string[];
}

/** How a picture is made to fit the network's frame, as in sdk/stylizer.py. */
export const FITS = ["crop", "stretch", "detail", "frame"] as const;
export type Fit = (typeof FITS)[number];

/**
 * Read what a bundle says of itself; the network is not loaded.
 *
 * @param bytes the whole file.
 * @param file its name, for messages.
 * @throws Error with one line for people.
 */
export function readInfo(bytes: Uint8Array, file: string): BundleInfo {
  if (latin(bytes.subarray(4, 8)) !== "TFL3") throw new Error(`${file} is not a TFLite file`);
  let member: Uint8Array | undefined;
  try {
    member = zipMember(bytes);
  } catch {
    throw new Error(`${file} is damaged: its metadata cannot be unpacked`);
  }
  if (member === undefined) {
    throw new Error(`${file} is a TFLite file without pocketstyle metadata, or cut short`);
  }
  let fields: unknown;
  try {
    fields = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(member));
  } catch {
    throw new Error(`${file} is damaged: its metadata is not JSON`);
  }
  try {
    return parse(fields);
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`);
  }
}

/** A signature that is played: a picture goes in and one of its frame comes out. */
export interface Played extends Frame {
  signature: Signature;
}

/** The signatures that stylize, from the file's first; one for each frame. */
export function allPlayed(info: BundleInfo): Played[] {
  const [first, ...further] = info.signatures;
  return [first, ...further.filter(({ name }) => name !== ENCODE_STYLE)].map((signature) => {
    const [picture, ...statistics] = signature.inputs;
    const [, height, width] = picture.shape.length === 4 ? picture.shape : [];
    const frame = [1, height, width, 3].join();
    const fits = [picture, ...signature.outputs].every((tensor) => tensor.shape.join() === frame);
    if (!fits || signature.outputs.length !== 1 || statistics.some(isPicture)) {
      throw new Error(`${info.name}: signature ${signature.name} is not one picture in, one out`);
    }
    return { signature, height, width };
  });
}

/**
 * The signature that plays a picture, as sdk/framing.py has it: that of its orientation, else a
 * square one; of several the one of the most similar proportion. A picture that lies across all of
 * them is shown in part or squeezed by the first.
 *
 * @throws Error with a line for people where the whole picture was to be shown.
 */
export function playedFor(info: BundleInfo, picture: Frame, fit: Fit = usualFit(info)): Played {
  const all = allPlayed(info);
  const wanted = orientation(picture);
  const square = all.filter((frame) => orientation(frame) === "square");
  const own = all.filter((frame) => orientation(frame) === wanted);
  const fitting = [own, square, wanted === "square" ? all : []].find((kind) => kind.length > 0);
  if (fitting === undefined && fit === "frame") {
    const frames = all.map(frameText).join(", ");
    throw new Error(`${info.name} has no frame for ${wanted} pictures; it has ${frames}`);
  }
  const difference = ({ height, width }: Frame) =>
    Math.abs(Math.log(width / height) - Math.log(picture.width / picture.height));
  const nearer = (best: Played, one: Played) => (difference(one) < difference(best) ? one : best);
  return fitting?.reduce(nearer) ?? all[0];
}

/** Height x width, such as "480x640". */
export function frameText({ height, width }: Frame): string {
  return `${height}x${width}`;
}

function orientation({ height, width }: Frame): "square" | "landscape" | "portrait" {
  if (height === width) return "square";
  return width > height ? "landscape" : "portrait";
}

/** Whether it draws in the manner of a style picture. */
export function takesStyle(info: BundleInfo): boolean {
  return info.signatures[0].inputs.length > 1;
}

/** What suits the network: a photo keeps its details, a painting has strokes instead. */
export function usualFit(info: BundleInfo): Fit {
  if (info.fit !== undefined) return info.fit;
  if (!takesStyle(info)) return "crop";
  return info.family.startsWith("art-") ? "stretch" : "detail";
}

function isPicture(tensor: TensorInfo): boolean {
  return tensor.shape.length === 4 && tensor.shape[3] === 3;
}

/** The bytes of the JSON in the zip at the end; undefined where there is none. */
function zipMember(bytes: Uint8Array): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  const first = Math.max(0, end - LONGEST_COMMENT);
  while (end >= first && view.getUint32(end, true) !== ZIP_END) end--;
  if (end < first) return undefined;
  const entries = view.getUint16(end + 10, true);
  const size = view.getUint32(end + 12, true);
  // some writers count offsets from the start of the zip, others from that of the file
  const start = end - size - view.getUint32(end + 16, true);
  let entry = end - size;
  for (let i = 0; i < entries; i++) {
    expect(view, entry, ZIP_ENTRY);
    const length = view.getUint16(entry + 28, true);
    if (latin(bytes.subarray(entry + 46, entry + 46 + length)) === MEMBER) {
      const local = start + view.getUint32(entry + 42, true);
      expect(view, local, ZIP_LOCAL);
      if (view.getUint16(entry + 10, true) !== 0) throw new Error("compressed");
      const skipped = view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      const data = local + 30 + skipped;
      return bytes.subarray(data, data + view.getUint32(entry + 20, true));
    }
    entry += 46 + length + view.getUint16(entry + 30, true) + view.getUint16(entry + 32, true);
  }
  return undefined;
}

function expect(view: DataView, offset: number, magic: number): void {
  if (view.getUint32(offset, true) !== magic) throw new Error("no such record");
}

function latin(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function parse(fields: unknown): BundleInfo {
  if (!isObject(fields) || fields.format !== FORMAT) {
    throw new Error(`its ${MEMBER} is not of format '${FORMAT}'`);
  }
  if (typeof fields.version === "number" && fields.version > VERSION) {
    throw new Error(
      `made by a newer pocketstyle (bundle version ${fields.version}, this page reads ${VERSION})`,
    );
  }
  if (fields.version !== 1 && fields.version !== VERSION) throw bad("version");
  const fit = fields.fit ?? undefined;
  if (fit !== undefined && !FITS.includes(fit as Fit)) throw bad("fit");
  const spec = fields.spec;
  if (!isObject(spec)) throw bad("spec");
  return {
    name: text(fields, "name"),
    title: text(fields, "title"),
    description: text(fields, "description"),
    signatures: list(fields, "signatures", "", signature),
    precision: text(fields, "precision"),
    family: text(spec, "family", "spec."),
    ...(fit === undefined ? {} : { fit: fit as Fit }),
    predictedMs: numbers(fields.predicted_ms ?? {}, "predicted_ms"),
    licence: text(fields, "licence"),
    attribution: fields.attribution === undefined ? [] : texts(fields.attribution, "attribution"),
  };
}

function signature(value: unknown, where: string): Signature {
  if (!isObject(value)) throw bad(where);
  return {
    name: text(value, "name", `${where}.`),
    inputs: list(value, "inputs", `${where}.`, tensor),
    outputs: list(value, "outputs", `${where}.`, tensor),
    ...(value.predicted_ms == null
      ? {}
      : { predictedMs: numbers(value.predicted_ms, `${where}.predicted_ms`) }),
  };
}

function tensor(value: unknown, where: string): TensorInfo {
  if (!isObject(value)) throw bad(where);
  const { shape, dtype = "float32", mean = 0, std = 1 } = value;
  if (!Array.isArray(shape) || !shape.every((side) => Number.isInteger(side) && side > 0)) {
    throw bad(`${where}.shape`);
  }
  if (dtype !== "float32" && dtype !== "uint8") throw bad(`${where}.dtype`);
  if (!isFinite(mean)) throw bad(`${where}.mean`);
  if (!isFinite(std) || std <= 0) throw bad(`${where}.std`);
  if (dtype === "uint8" && (mean !== 0 || std !== 1)) throw bad(`${where}: bytes are pixels as they are`);
  return { name: text(value, "name", `${where}.`), shape, dtype, mean, std };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFinite(value: unknown): value is number {
  return Number.isFinite(value);
}

function text(fields: Record<string, unknown>, key: string, where = ""): string {
  const value = fields[key];
  if (typeof value !== "string") throw bad(where + key);
  return value;
}

function texts(value: unknown, where: string): string[] {
  if (!Array.isArray(value) || !value.every((line) => typeof line === "string")) throw bad(where);
  return value;
}

function numbers(value: unknown, where: string): Record<string, number> {
  if (!isObject(value) || !Object.values(value).every(isFinite)) throw bad(where);
  return value as Record<string, number>;
}

function list<T>(
  fields: Record<string, unknown>,
  key: string,
  where: string,
  one: (value: unknown, where: string) => T,
): T[] {
  const value = fields[key];
  if (!Array.isArray(value) || value.length === 0) throw bad(where + key);
  return value.map((part, i) => one(part, `${where}${key}.${i}`));
}

function bad(where: string): Error {
  return new Error(`bad metadata at ${where}`);
}
