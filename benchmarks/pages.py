"""What the pages that benchmarks write are made of: tables in Markdown, sheets of pictures."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

MARGIN = 220  # pixels for a row's name


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """In Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


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
