"""The output of TFLite's `benchmark_model`, and what in it is no measurement."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import PocketstyleError

US_PER_MS = 1e3
LEVELS = ("INFO", "WARNING", "ERROR")  # of the tool's own log lines


@dataclass(frozen=True)
class ToolRun:
    """One run of the tool: mean milliseconds of a picture, and by node type where it profiled."""

    ms: float
    operators_ms: dict[str, float]


def read_tool_output(text: str) -> ToolRun:
    """Reads what `benchmark_model --use_gpu=true --enable_op_profiling=true` printed.

    Raises:
        PocketstyleError: the tool failed, or not all of the model ran on the GPU: then its number
            is not the GPU's.
    """
    if "will be completely executed by the delegate" not in text:
        raise PocketstyleError(f"no GPU latency: {_why_not(text)}")
    timing = re.search(r"Inference timings in us:.*Inference \(avg\): ([\d.e+]+)", text)
    if timing is None:
        raise PocketstyleError("benchmark_model ended without a timing")
    return ToolRun(float(timing[1]) / US_PER_MS, _by_node_type(text))


def _why_not(text: str) -> str:
    # a line for each operator that the delegate does not take: NAME: reason
    unsupported = re.findall(r"([A-Z][A-Z0-9_]+): (.*(?:not supported|expected|but got).*)", text)
    named = "; ".join(f"{op}: {why.strip()}" for op, why in unsupported if op not in LEVELS)
    detail = f" ({named})" if named else ""
    if partly := re.search(r"partially executed by the delegate w/ (\d+) delegate kernels", text):
        return f"the GPU runs only parts of the model, in {partly[1]} pieces{detail}"
    if "will not be executed by the delegate" in text:
        return f"the model fell back to the CPU{detail}"
    if "Failed to apply" in text:
        return f"the GPU delegate was refused{detail}"
    last = (text.strip().splitlines() or ["nothing"])[-1]
    return f"benchmark_model printed: {last}"


def _by_node_type(text: str) -> dict[str, float]:
    """The last 'Summary by node type' table: node type to average milliseconds."""
    _, found, table = text.rpartition("Summary by node type")
    rows = re.findall(r"^\s*(\S+)\t\s*\d+\t\s*([\d.]+)\t", table, re.MULTILINE) if found else []
    return {name: float(ms) for name, ms in rows}
