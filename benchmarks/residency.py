"""Whether a file stays on a phone's GPU, for the tables."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from pocketstyle.sdk.gpu_gate import check_gpu


def residency(tflite: bytes) -> dict[str, Any]:
    """The gate's word on a file's bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.tflite"
        path.write_bytes(tflite)
        gate = check_gpu(path)
    return {"gpu_resident": gate.resident, "gpu_note": gate.note}


def in_words(found: dict[str, Any]) -> str:
    """Of a row that has a `residency` in it."""
    if found["gpu_resident"] is None:
        return "not checked"
    return "yes" if found["gpu_resident"] else f"no: {found['gpu_note']}"
