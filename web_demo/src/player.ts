/** A bundle that is ready to play, in a thread of its own. */

import { type BundleInfo, readInfo } from "./bundle";
import type { Accelerator, Stylized } from "./network";
import type { Pixels } from "./pixels";
import type { Answer, Call } from "./worker";

/** One thread per bundle: what a broken file does to its memory ends with it. */
export class Player {
  accelerator: Accelerator = "wasm"; // that runs it, which may not be the one that was wanted
  runs = 0; // so far; the first is slow, it prepares what the others use
  private readonly waiting: { resolve(value: unknown): void; reject(error: Error): void }[] = [];

  private constructor(
    readonly info: BundleInfo,
    private readonly worker: Worker,
  ) {
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const call = this.waiting.shift();
      if ("error" in data) call?.reject(new Error(data.error));
      else call?.resolve(data.value);
    };
    worker.onerror = ({ message }) => {
      this.waiting.splice(0).forEach((call) => call.reject(new Error(message || "the worker failed")));
    };
  }

  /**
   * Load a bundle.
   *
   * @param bytes the file.
   * @param file its name, for messages.
   */
  static async open(bytes: Uint8Array, file: string, accelerator: Accelerator): Promise<Player> {
    const info = readInfo(bytes, file);
    const player = new Player(info, new Worker(new URL("./worker.ts", import.meta.url)));
    try {
      player.accelerator = await player.call<Accelerator>({ kind: "load", bytes, info, accelerator });
    } catch (error) {
      player.close();
      throw error;
    }
    return player;
  }

  async setStyle(picture: Pixels): Promise<void> {
    await this.call({ kind: "style", picture });
  }

  async stylize(picture: Pixels, alpha: number): Promise<Stylized> {
    const made = await this.call<Stylized>({ kind: "stylize", picture, alpha });
    this.runs++;
    return made;
  }

  close(): void {
    this.worker.terminate();
    this.waiting.splice(0).forEach((call) => call.reject(new Closed()));
  }

  private call<T>(call: Call): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.waiting.push({ resolve: resolve as (value: unknown) => void, reject });
      this.worker.postMessage(call);
    });
  }
}

/** Another bundle came in between. */
export class Closed extends Error {}
