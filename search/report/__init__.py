"""Reports: pages that hold all they show. The demo builds its own from the same parts."""

from .figures import blocks_figure, history_figure, latency_figure, loss_figure, widths_figure
from .latency_table import latency_by_part
from .page import (
    Html,
    count,
    duration,
    element,
    escape,
    facts,
    figure,
    page,
    picture,
    section,
    side_by_side,
    strips,
    table,
    tiles,
    video,
)
from .run_report import write_run_report

__all__ = [
    "Html",
    "blocks_figure",
    "count",
    "duration",
    "element",
    "escape",
    "facts",
    "figure",
    "history_figure",
    "latency_by_part",
    "latency_figure",
    "loss_figure",
    "page",
    "picture",
    "section",
    "side_by_side",
    "strips",
    "table",
    "tiles",
    "video",
    "widths_figure",
    "write_run_report",
]
