"""What the pages that benchmarks write are made of: tables in Markdown, sheets of pictures."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

MARGIN = 220  # pixels for a row's name
DEVICES = {  # of the speed model: phones of the cards of networks that take a style, by name
    "s10": "Samsung Galaxy S10",
    "pixel4": "Google Pixel 4",
    "mi8se": "Xiaomi Mi 8 SE",
    "iphonexs": "iPhone XS",
}
PICTURES = (  # attributions of what `benchmarks/photo/pictures.py` gathers
    "Face Research Lab London Set and composites by DeBruine and Jones, CC BY 4.0",
    "Sample videos by Intel, CC BY 4.0",
    "Photos by danielbuechele and vultilion (flickr.com), CC BY 2.0",
)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """In Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def put_numbers(page: Path, script: str, numbers: str) -> None:
    """Between a page's marks, which name the script that writes them."""
    start, end = f"<!-- numbers: benchmarks/{script} -->", "<!-- end of numbers -->"
    block = f"{start}\n{numbers}\n{end}"
    text = re.sub(f"{start}.*{end}", lambda _: block, page.read_text(), flags=re.DOTALL)
    page.write_text(text)


def sheet(rows: dict[str, np.ndarray], *, named: bool = False) -> Image.Image:
    """Rows of pictures, uint8[N, S, S, 3] each, with their names on the left where asked for."""
    drawn = Image.fromarray(np.concatenate([np.concatenate(list(row), 1) for row in rows.values()]))
    if not named:
        return drawn
    wide = Image.new("RGB", (MARGIN + drawn.width, drawn.height), "white")
    wide.paste(drawn, (MARGIN, 0))
    pen, side = ImageDraw.Draw(wide), drawn.height // len(rows)
    for row, name in enumerate(rows):
        pen.text((6, row * side + side // 2 - 16), name, "black", font_size=32)
    return wide


def halved(picture: Image.Image) -> Image.Image:
    """At half its sides."""
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)
