"""A bundle as a folder that a model hub takes: README.md with metadata, the file, its sheet."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from ..errors import UsageError
from ..frames import frame_text
from .bundle import BundleInfo, read_info, resolve

# SPDX expressions that Hugging Face knows as one licence, by the name that it has there
LICENCES = {
    "Apache-2.0": "apache-2.0",
    "MIT": "mit",
    "BSD-3-Clause": "bsd-3-clause",
    "CC-BY-4.0": "cc-by-4.0",
    "CC0-1.0": "cc0-1.0",
}
TAGS = ("tflite", "litert", "style-transfer", "mobile", "real-time", "pocketstyle")

PYTHON = """from pocketstyle.sdk import Stylizer, read_rgb

with Stylizer.load("{file}") as stylizer:
    picture = stylizer.stylize(read_rgb("photo.jpg"))  # uint8[H, W, 3]"""

KOTLIN = """val model = CompiledModel.create(
    context.assets, "{file}", CompiledModel.Options(Accelerator.GPU)
)
val inputs = model.createInputBuffers()
val outputs = model.createOutputBuffers()
inputs[0].writeFloat(pixels)  // RGB, (value - {mean:g}) / {std:g}, {frame}
model.run(inputs, outputs)
val stylized = outputs[0].readFloat()  // the same scale"""

JAVASCRIPT = """import {{ loadLiteRt, loadAndCompile, Tensor }} from '@litertjs/core';

await loadLiteRt('wasm/');
const model = await loadAndCompile('{file}', {{ accelerator: 'webgpu' }});
// RGB, (value - {mean:g}) / {std:g}, as [1, {height}, {width}, 3]
const [stylized] = model.run(new Tensor(pixels, [1, {height}, {width}, 3]));"""


def write_hub_folder(
    name: str | Path, out: Path, *, sheet: Path | None = None, force: bool = False
) -> Path:
    """Write a folder that is ready to upload; returns its README.md.

    Args:
        name: a bundle, or the name of a shipped one.
        sheet: a picture that shows what it does.
        force: replace files that are there.

    Raises:
        DataError, FormatError: no bundle.
        UsageError: the folder exists and is not empty.
    """
    path = resolve(name)
    info = read_info(path)
    if out.exists() and any(out.iterdir()) and not force:
        raise UsageError(f"{out} is not empty; --force writes into it")
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, out / path.name)
    if sheet is not None:
        shutil.copyfile(sheet, out / f"sheet{sheet.suffix.lower()}")
    readme = out / "README.md"
    readme.write_text(hub_card(info, path, sheet and f"sheet{sheet.suffix.lower()}"))
    return readme


def hub_card(info: BundleInfo, path: Path, sheet: str | None = None) -> str:
    """The README.md: metadata in YAML, then the card in Markdown.

    Args:
        path: of the bundle.
        sheet: the name of the sheet's file beside it.
    """
    signature = info.stylizers[0]
    height, width = signature.frame
    taken = signature.inputs[0]
    facts = {
        "file": path.name,
        "frame": frame_text(signature.frame),
        "height": height,
        "width": width,
        "mean": taken.mean,
        "std": taken.std,
    }
    frames = ", ".join(frame_text(one.frame) for one in info.stylizers)
    parts = [
        _metadata(info),
        f"# {info.title}\n\n{info.description}",
        f"![What it does]({sheet})" if sheet else "",
        f"`{path.name}`: {path.stat().st_size / 1000:.0f} kB, {info.precision} weights, frames "
        f"{frames} (height x width).",
        _predictions(info),
        f"## Python\n\n```python\n{PYTHON.format(**facts)}\n```",
        f"## Kotlin\n\n```kotlin\n{KOTLIN.format(**facts)}\n```",
        f"## JavaScript\n\n```js\n{JAVASCRIPT.format(**facts)}\n```",
        "\n".join((f"## Licence\n\n{info.licence}", *(f"- {line}" for line in info.attribution))),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _predictions(info: BundleInfo) -> str:
    """A table of milliseconds by frame and phone; "" where none were predicted."""
    devices = sorted(info.predicted_ms.keys() - {"host-cpu"})
    if not devices:
        return ""
    lines = [f"| frame | {' | '.join(devices)} |", f"|---|{'---|' * len(devices)}"]
    for one in info.stylizers:
        predicted = info.predicted_ms if one.predicted_ms is None else one.predicted_ms
        numbers = [f"{predicted[device]:.1f}" for device in devices]
        lines.append(f"| {frame_text(one.frame)} | {' | '.join(numbers)} |")
    told = (
        "Milliseconds of a picture on the GPUs of phones, **predicted** by a speed model that was "
        "fitted to published measurements:"
    )
    return told + "\n\n" + "\n".join(lines)


def _metadata(info: BundleInfo) -> str:
    """The YAML block; every value is JSON, which YAML reads."""
    fields: dict[str, object] = {"license": LICENCES.get(info.licence, "other")}
    if fields["license"] == "other":
        fields |= {"license_name": info.licence, "license_link": "README.md"}
    fields |= {"pipeline_tag": "image-to-image", "library_name": "litert", "tags": list(TAGS)}
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    return "\n".join(("---", *lines, "---"))
