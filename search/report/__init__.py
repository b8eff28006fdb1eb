"""Reports: pages that hold all they show. The demo builds its own from the same parts."""

from .figures import blocks_figure, cost_figure, history_figure, loss_figure, widths_figure
from .front_report import write_front_report
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
from .run_report import LiveReport, write_run_report
from .verification_report import verification_section, write_verification_report

__all__ = [
    "Html",
    "LiveReport",
    "blocks_figure",
    "cost_figure",
    "count",
    "duration",
    "element",
    "escape",
    "facts",
    "figure",
    "history_figure",
    "latency_by_part",
    "loss_figure",
    "page",
    "picture",
    "section",
    "side_by_side",
    "strips",
    "table",
    "tiles",
    "verification_section",
    "video",
    "widths_figure",
    "write_front_report",
    "write_run_report",
    "write_verification_report",
]
