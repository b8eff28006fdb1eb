// Options by name on stdin → name.png each, in a new folder whose path is printed.
//     node draw.js STYLE SIDE
import { createAvatar } from "@dicebear/core";
import { adventurer, toonHead } from "@dicebear/collection";
import { Resvg } from "@resvg/resvg-js";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [style, side] = process.argv.slice(2);
const drawn = { adventurer, toonhead: toonHead }[style];
const folder = mkdtempSync(join(tmpdir(), "avatars-"));
for (const [name, options] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  const svg = createAvatar(drawn, { seed: name, ...options }).toString();
  const picture = new Resvg(svg, { fitTo: { mode: "width", value: Number(side) } }).render();
  writeFileSync(join(folder, `${name}.png`), picture.asPng());
}
console.log(folder);
