/** The thread that owns a network: one call after the other, answered in order. */

import type { BundleInfo } from "./bundle";
import { type Accelerator, Network, type Stylized } from "./network";
import type { Pixels } from "./pixels";

export type Call =
  | { kind: "load"; bytes: Uint8Array; info: BundleInfo; accelerator: Accelerator }
  | { kind: "style"; picture: Pixels }
  | { kind: "stylize"; picture: Pixels; alpha: number };

/** What came of a call: a value, or a line for people. */
export type Answer = { value: Accelerator | Stylized | undefined } | { error: string };

let network: Network;
let last: Promise<void> = Promise.resolve();

self.onmessage = ({ data }: MessageEvent<Call>) => {
  last = last.then(async () => {
    let answer: Answer;
    try {
      answer = { value: await answered(data) };
    } catch (error) {
      answer = { error: error instanceof Error ? error.message : String(error) };
    }
    postMessage(answer);
  });
};

async function answered(call: Call): Promise<Accelerator | Stylized | undefined> {
  switch (call.kind) {
    case "load":
      network = await Network.load(call.bytes, call.info, call.accelerator);
      return network.accelerator;
    case "style":
      await network.setStyle(call.picture);
      return undefined;
    case "stylize":
      return network.stylize(call.picture, call.alpha);
  }
}
