"""The parts of a report: one HTML page that holds its pictures and loads nothing.

Colours are CSS variables, in the plots too, so that a page follows the reader's light or dark mode.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ... import __version__

MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".mp4": "video/mp4"}

STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf8; --card: #ffffff; --ink: #1d1f24;
  --muted: #646a75; --line: #dfdcd6; --accent: #c2410c; --soft: #fbe9df; --good: #15803d;
  --bad: #b91c1c; --series0: #c2410c; --series1: #2563a8; --series2: #15803d; --series3: #9333a8;
  --series4: #a16207; }
@media (prefers-color-scheme: dark) { :root { --paper: #15171b; --card: #1d2026; --ink: #e9e7e3;
  --muted: #a0a5af; --line: #353a43; --accent: #fb923c; --soft: #33241a; --good: #4ade80;
  --bad: #f87171; --series0: #fb923c; --series1: #6cb0f5; --series2: #4ade80; --series3: #d48bf0;
  --series4: #facc15; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: clamp(1.5rem, 4.5vw, 2.3rem); line-height: 1.2; margin: 0 0 .6rem;
  letter-spacing: -.015em; max-width: 30em; text-wrap: balance; }
h2 { font-size: 1.3rem; margin: 2.8rem 0 .7rem; letter-spacing: -.01em; }
p, ul, ol { max-width: 46em; margin: .5rem 0 .9rem; }
li { margin: .3rem 0; }
.lead { font-size: 1.1rem; color: var(--muted); }
.note { color: var(--muted); font-size: .9rem; }
.notice { border: 2px solid var(--bad); color: var(--bad); border-radius: 10px;
  padding: .7rem 1rem; margin: 0 0 1.5rem; font-weight: 600; max-width: none; }
.good { color: var(--good); } .bad { color: var(--bad); }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .88em; }
pre { overflow-x: auto; background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; padding: 1rem; }
summary { cursor: pointer; color: var(--muted); }
footer { margin-top: 3.5rem; padding-top: 1rem; border-top: 1px solid var(--line);
  color: var(--muted); font-size: .85rem; }
.tiles { display: grid; gap: .8rem; margin: 1.5rem 0;
  grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: .9rem 1.1rem; }
.tile .label, .tile .detail { display: block; color: var(--muted); font-size: .87rem; }
.tile .value { display: block; font-size: 1.75rem; font-weight: 650; line-height: 1.3; }
.scroll { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .94rem; }
th, td { padding: .42rem .9rem .42rem 0; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; vertical-align: top; }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 9rem; }
thead th { color: var(--muted); font-weight: 500; }
table.facts td:last-child { text-align: left; white-space: normal; }
table.facts td:first-child { color: var(--muted); }
tr.strong td { font-weight: 650; background: var(--soft); }
figure { margin: 0; min-width: 0; }
figcaption { color: var(--muted); font-size: .9rem; max-width: 46em; margin-top: .4rem; }
.side { display: grid; gap: 1.2rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); }
.flow { display: flex; flex-wrap: wrap; gap: 1.2rem; margin: 1rem 0; }
.plot { max-width: 40rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 12px; padding: .8rem .8rem .6rem; }
.plot svg { display: block; width: 100%; height: auto; }
.plot svg text { font-family: inherit !important; }
img, video { display: block; max-width: 100%; height: auto; border-radius: 8px; }
video { width: 40rem; }
.strips { display: grid; grid-template-columns: max-content minmax(48rem, 1fr); gap: .35rem .9rem;
  align-items: center; }
.strips span { position: sticky; left: 0; background: var(--paper); padding: .2rem .5rem .2rem 0;
  font-size: .92rem; z-index: 1; }
.strips img { width: 100%; border-radius: 6px; }
.bars { display: grid; grid-template-columns: max-content minmax(6rem, 1fr) max-content;
  gap: .38rem .8rem; align-items: center; font-size: .92rem; max-width: 46rem;
  font-variant-numeric: tabular-nums; }
.bars .track { height: .95rem; background: var(--soft); border-radius: 4px; overflow: hidden; }
.bars .track i { display: block; height: 100%; background: var(--accent); }
.bars .gone { color: var(--muted); }
.bars .track.gone { background: none; border: 1px dashed var(--line); }
.chips { display: flex; flex-wrap: wrap; gap: .4rem; margin: .8rem 0; font-size: .9rem; }
.chips span { border-radius: 6px; padding: .1rem .6rem; background: var(--soft);
  border: 1px solid transparent; }
.chips .gone { background: none; border: 1px dashed var(--line); color: var(--muted);
  text-decoration: line-through; }
@media (max-width: 600px) {
  main { padding-top: 1.4rem; } th, td { padding-right: .6rem; } table { font-size: .88rem; }
  thead th { white-space: normal; }
  .strips { grid-template-columns: minmax(40rem, 1fr); gap: .1rem; }
  .strips span { justify-self: start; } .strips img { margin-bottom: .5rem; }
}
"""


class Html(str):
    """Markup; any other string is escaped on its way into a page."""


def escape(value: Any) -> Html:
    """A value as HTML text; `Html` stays as it is."""
    return value if isinstance(value, Html) else Html(html.escape(str(value)))


def element(tag: str, *children: Any, css: str = "") -> Html:
    """`<tag class=css>children</tag>`, the children escaped."""
    attribute = f' class="{html.escape(css)}"' if css else ""
    return Html(f"<{tag}{attribute}>{''.join(map(escape, children))}</{tag}>")


def page(title: str, sections: Iterable[Html]) -> str:
    """A whole HTML file, with its style sheet inside.

    Args:
        title: for the window and the tab; the heading is the first section's affair.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(map(escape, sections))
        + f"\n<footer>Made by pocketstyle {escape(__version__)}. This page loads nothing from "
        "elsewhere; it can be sent as it is.</footer>\n</main>\n</body>\n</html>\n"
    )


def section(heading: str, *parts: Any) -> Html:
    """A heading and what belongs under it."""
    return element("section", element("h2", heading), *parts)


def table(header: Sequence[Any], rows: Iterable[Sequence[Any]], strong: int | None = None) -> Html:
    """A table of numbers, names in its first column.

    Args:
        strong: index of the row to set off.
    """
    head = element("thead", element("tr", *(element("th", cell) for cell in header)))
    body = (
        element("tr", *(element("td", cell) for cell in row), css="strong" if i == strong else "")
        for i, row in enumerate(rows)
    )
    return element("div", element("table", head, element("tbody", *body)), css="scroll")


def facts(pairs: Mapping[str, Any]) -> Html:
    """A table of names and what they are."""
    rows = (
        element("tr", element("td", name), element("td", value)) for name, value in pairs.items()
    )
    return element("div", element("table", *rows, css="facts"), css="scroll")


def tiles(items: Iterable[tuple[str, str, Any]]) -> Html:
    """Key numbers: label, value, detail."""
    return element(
        "div",
        *(
            element(
                "div",
                element("span", label, css="label"),
                element("span", value, css="value"),
                element("span", detail, css="detail"),
                css="tile",
            )
            for label, value, detail in items
        ),
        css="tiles",
    )


def figure(content: Html, caption: Any = "", css: str = "") -> Html:
    """Pictures or a plot with a caption."""
    below = element("figcaption", caption) if caption else ""
    return element("figure", content, below, css=css)


def side_by_side(*figures: Html) -> Html:
    """Figures in a row, one under the other where the window is narrow."""
    return element("div", *figures, css="side")


def data_uri(source: Path | np.ndarray) -> str:
    """A file, or a picture uint8[H, W, 3] as PNG, as a data URI."""
    if isinstance(source, Path):
        media_type, data = MEDIA_TYPES[source.suffix], source.read_bytes()
    else:
        stream = io.BytesIO()
        Image.fromarray(source).save(stream, "png", optimize=True)
        media_type, data = "image/png", stream.getvalue()
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def picture(source: Path | np.ndarray, description: str, width: int | None = None) -> Html:
    """An embedded picture; `width` in CSS pixels."""
    size = f' width="{width}"' if width else ""
    return Html(f'<img src="{data_uri(source)}" alt="{escape(description)}"{size}>')


def video(source: Path) -> Html:
    """An embedded clip that plays in a loop."""
    return Html(
        f'<video controls loop muted autoplay playsinline src="{data_uri(source)}"></video>'
    )


def strips(rows: Mapping[str, np.ndarray]) -> Html:
    """Rows of pictures, uint8[N, S, S, 3] each, with their names: same column, same picture."""
    cells = []
    for name, pictures in rows.items():
        cells.append(element("span", name))
        cells.append(picture(np.concatenate(list(pictures), axis=1), name))
    return element("div", element("div", *cells, css="strips"), css="scroll")


def count(value: float) -> str:
    """1570000000 → "1.57 G"."""
    for unit, name in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"


def duration(seconds: float) -> str:
    """Seconds as a reader would say them: "4.2 s", "3 min 05 s", "1 h 02 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
