import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { defineConfig, type Plugin } from "vite";
import { allPlayed, readInfo, takesStyle, usualFit } from "./src/bundle.ts";

const ROOT = join(import.meta.dirname, "..");
const MODELS = join(ROOT, "sdk/models");
const WASM = join(import.meta.dirname, "node_modules/@litertjs/core/wasm");
// plain, for browsers without relaxed SIMD, and with threads
const WASM_FILES = /^litert_wasm_(compat_|threaded_)?internal\.(js|wasm)$/;

// Threads need a page that is isolated from others.
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Puts LiteRT, the shipped bundles and the licences beside the page, and lists the bundles. */
function shipped(): Plugin {
  const name = "virtual:bundles";
  return {
    name: "shipped",
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load(id) {
      if (id !== `\0${name}`) return undefined;
      const bundles = readdirSync(MODELS)
        .filter((file) => file.endsWith(".tflite"))
        .map((file) => {
          const bytes = readFileSync(join(MODELS, file));
          const info = readInfo(bytes, file);
          const frames = allPlayed(info)
            .map(({ height, width }) => (height === width ? height : `${width}x${height}`))
            .join(", ");
          const style = takesStyle(info);
          const whole = usualFit(info) === "frame" ? "whole pictures" : "portraits";
          const kind = style ? "takes a style" : whole;
          return { name: basename(file, ".tflite"), url: `models/${file}`, frames, kind, style };
        })
        .sort((a, b) => Number(a.style) - Number(b.style) || a.name.localeCompare(b.name));
      return `export default ${JSON.stringify(bundles)}`;
    },
    generateBundle() {
      const copy = (folder: string, file: string, to: string) =>
        this.emitFile({ type: "asset", fileName: to + file, source: readFileSync(join(folder, file)) });
      for (const file of readdirSync(WASM)) if (WASM_FILES.test(file)) copy(WASM, file, "wasm/");
      for (const file of readdirSync(MODELS)) if (file.endsWith(".tflite")) copy(MODELS, file, "models/");
      for (const file of ["LICENSE", "NOTICE"]) copy(ROOT, file, "");
    },
  };
}

export default defineConfig({
  base: "./", // the build works in any folder of a server
  plugins: [shipped()],
  build: { target: "es2022"},
  worker: { format: "iife" }, // LiteRT loads itself by importScripts
  preview: { headers: ISOLATED },
});
