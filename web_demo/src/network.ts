/** The network of a bundle, run by LiteRT in WebAssembly or on the GPU. */

import {
  type CompiledModel,
  loadAndCompile,
  loadLiteRt,
  type SignatureRunner,
  Tensor,
} from "@litertjs/core";
import {
  allPlayed,
  type BundleInfo,
  ENCODE_STYLE,
  type Fit,
  playedFor,
  type Signature,
  usualFit,
} from "./bundle";
import {
  blend,
  denormalise,
  laidOver,
  normalise,
  type Pixels,
  Place,
  resize,
  type Values,
} from "./pixels";

export type Accelerator = "webgpu" | "wasm";

/** A picture before and after, of one size. */
export interface Stylized {
  before: Pixels; // for "crop" what the network saw, else the picture itself
  after: Pixels;
  networkMs: number; // from its input's values to its output's
}

/** Plays a network of one frame or several: a picture in, a picture out. */
export class Network {
  private readonly fit: Fit;
  private statistics: Record<string, Tensor> = {};

  private constructor(
    private readonly model: CompiledModel,
    private readonly info: BundleInfo,
    readonly accelerator: Accelerator,
  ) {
    allPlayed(info); // which throws where one is none
    this.fit = usualFit(info);
    for (const signature of info.signatures) checkAgreement(model, signature);
  }

  /**
   * Load and compile.
   *
   * @param bytes the bundle.
   * @param wanted "wasm" comes in place of "webgpu" where there is no GPU or it cannot run all of
   *   the network.
   */
  static async load(bytes: Uint8Array, info: BundleInfo, wanted: Accelerator): Promise<Network> {
    const liteRt = await loadLiteRt(wasmFolder(), { threads: crossOriginIsolated });
    if (wanted === "webgpu" && liteRt.getWebGpuDevice() !== null) {
      const model = await loadAndCompile(bytes, { accelerator: "webgpu" }).catch(() => null);
      if (model?.isFullyAccelerated) return new Network(model, info, "webgpu");
      model?.delete();
    }
    const model = await loadAndCompile(bytes, { accelerator: "wasm" }).catch((error) => {
      throw new Error(`${info.name}: LiteRT cannot load the network (${error.message ?? error})`);
    });
    return new Network(model, info, "wasm");
  }

  /** Draw in the manner of this picture from now on; the whole of it is seen, as a square. */
  async setStyle(picture: Pixels): Promise<void> {
    const encoder = this.info.signatures.find((signature) => signature.name === ENCODE_STYLE);
    if (encoder === undefined) throw new Error(`${this.info.name} takes no style picture`);
    const [input] = encoder.inputs;
    const [, height, width] = input.shape;
    const values = normalise(resize(picture, width, height), input);
    const made = await this.run(encoder, { [input.name]: values });
    for (const tensor of Object.values(this.statistics)) tensor.delete();
    this.statistics = made;
  }

  /**
   * Stylize a picture of any size by the signature of its orientation; a network that crops takes
   * it cropped.
   *
   * @param alpha 0..1, how much of what the network makes is laid over the picture.
   */
  async stylize(picture: Pixels, alpha: number): Promise<Stylized> {
    const frame = playedFor(this.info, picture, this.fit);
    const { signature } = frame;
    if (this.fit === "frame") {
      const place = new Place(picture, frame);
      const seen = place.mirrored(resize(picture, place.width, place.height));
      const { values, networkMs } = await this.play(signature, seen, alpha);
      const made = place.cut(denormalise(values, signature.outputs[0]));
      return { before: picture, after: resize(made, picture.width, picture.height), networkMs };
    }
    const seen = resize(picture, frame.width, frame.height);
    const { values, networkMs } = await this.play(signature, seen, alpha);
    const made = denormalise(values, signature.outputs[0]);
    switch (this.fit) {
      case "crop":
        return { before: seen, after: made, networkMs };
      case "stretch":
        return { before: picture, after: resize(made, picture.width, picture.height), networkMs };
      case "detail":
        return { before: picture, after: laidOver(picture, seen, made), networkMs };
    }
  }

  private async play(signature: Signature, seen: Pixels, alpha: number) {
    const [input] = signature.inputs;
    const [output] = signature.outputs;
    const taken = normalise(seen, input);
    const began = performance.now();
    const made = await this.run(signature, { [input.name]: taken }, this.statistics);
    const values = (await made[output.name].data()) as Values; // as was checked
    const networkMs = performance.now() - began;
    made[output.name].delete();
    if (alpha < 1) blend(taken, values, alpha);
    return { values, networkMs };
  }

  /** Outputs by name; whoever calls deletes them. */
  private async run(
    signature: Signature,
    values: Record<string, Values>,
    tensors: Record<string, Tensor> = {},
  ): Promise<Record<string, Tensor>> {
    const fed = { ...tensors };
    for (const { name, shape } of signature.inputs) {
      if (name in values) fed[name] = new Tensor(values[name], shape);
    }
    const made = await this.model.run(signature.name, fed);
    for (const name of Object.keys(values)) fed[name].delete();
    return made;
  }
}

/** LiteRT's files lie beside the page, this code in assets/. */
function wasmFolder(): string {
  const folder = new URL("../wasm/", self.location.href).href;
  // in a worker LiteRT would look beside this file
  Object.assign(self, {
    Module: {
      locateFile: (file: string) => folder + file,
      mainScriptUrlOrBlob: `${folder}litert_wasm_threaded_internal.js`,
    },
  });
  return folder;
}

/** Throw unless the file and what it says of itself agree on a signature. */
function checkAgreement(model: CompiledModel, promised: Signature): void {
  const found: SignatureRunner | undefined = model.signatures[promised.name];
  if (found === undefined) throw new Error(`the network has no signature ${promised.name}`);
  for (const [wanted, details] of [
    [promised.inputs, found.getInputDetails()],
    [promised.outputs, found.getOutputDetails()],
  ] as const) {
    const told = (tensors: readonly { name: string; shape: ArrayLike<number>; dtype: string }[]) =>
      tensors.map(({ name, shape, dtype }) => `${name}: ${dtype} ${Array.from(shape)}`).sort().join("; ");
    if (told(wanted) !== told(details)) {
      throw new Error(`the metadata promise ${told(wanted)}, the network has ${told(details)}`);
    }
  }
}
