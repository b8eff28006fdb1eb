"""The measured numbers of docs/android.md, from results/android.json: run it after android.py."""

from __future__ import annotations

import json
from pathlib import Path

from pages import put_numbers, table

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/android.md"


def numbers(result: dict) -> str:
    """The lines between the marks."""
    there, back = (
        result["frames_640x480_to_256"][key] for key in ("yuv_to_tensor", "tensor_to_argb")
    )
    rows = [
        ("YUV 640x480 → tensor 256x256, median", f"{there['median_ms']:.2f} ms"),
        ("the same, 95 %", f"{there['p95_ms']:.2f} ms"),
        ("tensor → ARGB, median", f"{back['median_ms']:.2f} ms"),
        (
            f"allocated by {there['frames']} frames there, and back",
            f"{there['allocated_bytes']} and {back['allocated_bytes']} bytes",
        ),
        (
            "allocated by a frame from conversion to ARGB, three threads",
            f"{result['frames_640x480_to_256']['pipeline_bytes_per_frame']:.0f} bytes",
        ),
        ("the library's AAR", f"{result['aar_bytes'] / 1e3:.0f} kB"),
        *((f"APK: {what}", f"{size / 1e6:.1f} MB") for what, size in result["apk_bytes"].items()),
        *((what, f"{seconds:.0f} s") for what, seconds in result["seconds"].items()),
        ("tests of the library, of the app", ", ".join(map(str, result["tests"].values()))),
        *(
            (f"`{name}` differs from Python by at most", f"{off:.1e} of [-1, 1]")
            for name, off in sorted(result["furthest_from_python"].items())
        ),
    ]
    ran = f"{result['hardware']}, {result['java']}, load {result['load']:.1f}"
    return f"{table(('on this computer', ''), rows)}\n\n*{ran}.*"


def main() -> None:
    result = json.loads((ROOT / "benchmarks/results/android.json").read_text())
    put_numbers(PAGE, "android_page.py", numbers(result))


if __name__ == "__main__":
    main()
