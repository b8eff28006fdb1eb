"""What a user does who has a generator that is too slow for a phone, from top to bottom.

Data → teacher → search → compact and fine-tune → convert → verify → stylise → report. The teacher
ships with the package; the data are procedural heads, whose cartoons are known, so that quality is
measured against the truth.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from ..converters import convert, verify
from ..datasets import heads, render_heads, to_pictures, to_tensor
from ..errors import PocketstyleError, UsageError
from ..images import centre_square, read_rgb, resize
from ..latency_model import predict_all, total_macs
from ..networks import load, save
from ..sdk import Stylizer, stylize_video, write_video
from ..search import Report, load_config, quality_to_truth, resolve_model, search
from ..whole import check_free, written_whole
from .report import write_report

ASTRONAUT = Path(__file__).parent / "astronaut.jpg"
# the teacher and the search draw from set 1; settings were chosen on set 2, and set 3 judged the
# teacher, so set 4 is new to all
UNSEEN, UNSEEN_SEED = 128, 4
CLIP_SEED, CLIP_FRAMES, FPS = 2, 96, 24
SHORT = {"heads": 96, "steps": 12, "fine_tune_steps": 8}


def demo(out: Path, *, force: bool, short: bool, report: Report) -> dict[str, Any]:
    """Run the main job and write everything to `out`, with `report.html` as the way in.

    Args:
        short: a few steps only, to see that everything runs; the numbers then mean nothing.

    Returns:
        The result that `--json` prints, also in `out/result.json`.
    """
    check_free(out, force)
    if out.exists() and any(out.iterdir()) and not (out / "demo").is_file():
        raise UsageError(f"{out} was not made by the demo; choose another --out")
    work = out.with_name(f".{out.name}.part")  # an earlier demo stays until this one is done
    if work.exists():
        shutil.rmtree(work)
    work.mkdir(parents=True)
    result = _run(work, short=short, report=report)
    result["bundle"]["path"] = str(out / result["bundle"]["path"])
    result["report"] = str(out / result["report"])
    with written_whole(work / "result.json") as part:
        part.write_text(json.dumps(result, indent=1))
    if out.exists():
        shutil.rmtree(out)
    work.rename(out)
    return result


def _run(out: Path, *, short: bool, report: Report) -> dict[str, Any]:
    """The job itself, into an empty folder; files are named without it."""
    (out / "demo").touch()
    seconds: dict[str, float] = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        start = perf_counter()
        yield
        seconds[name] = perf_counter() - start

    changes = ["card.licence=Apache-2.0"]  # teacher and pictures are the project's own
    if short:
        changes += [f"data.heads={SHORT['heads']}", f"search.steps={SHORT['steps']}"]
        changes.append(f"search.fine_tune_steps={SHORT['fine_tune_steps']}")
    config = load_config("heads-search", changes)
    size, settings = config.data.size, config.search

    with stage("data"):
        photos, truth = render_heads(
            UNSEEN, size, UNSEEN_SEED, lambda done, total: report("unseen heads", done, total)
        )
        clip = list(heads.clip(CLIP_SEED, CLIP_FRAMES, size))
        write_video((photo for photo, _ in clip), out / "clip.mp4", FPS)
        Image.fromarray(read_rgb(ASTRONAUT)).save(out / "astronaut.png")

    with stage("teacher"):
        teacher, _ = load(resolve_model(settings.teacher))
        identity = quality_to_truth(None, photos, truth)
        teacher_result = _costs(teacher) | quality_to_truth(teacher, photos, truth)

    with stage("search"):
        student_path = search(config, out / "search", resume=False, report=report)

    with stage("student"):
        student, card = load(student_path)
        student_result = _costs(student) | quality_to_truth(student, photos, truth)
        metrics = {name: student_result[name] for name in ("ssim_to_truth", "l1_to_truth")}
        card = replace(
            card,
            name="heads",
            metrics=metrics | {"n": UNSEEN},
            provenance=card.provenance | {"made_by": "pocketstyle demo"},
        )
        save(student_path, student, card)

    with stage("convert"):
        bundles = {p: out / f"heads-{p}.tflite" for p in ("fp32", "fp16")}
        convert(
            student,
            card,
            bundles,
            predicted_ms=student_result["predicted_ms"],
            report=lambda _, done, total: report("convert", done, total),
        )

    with stage("verify"):
        pictures = np.concatenate((_astronaut(size)[None], photos.pictures[:15]))
        checks = {
            precision: verify(path, (student, card), pictures)
            for precision, path in bundles.items()
        }
        for precision, check in checks.items():
            if check.problems:
                raise PocketstyleError(f"{bundles[precision]} fails: {'; '.join(check.problems)}")

    with stage("stylise"):
        bundle = bundles["fp16"]
        with Stylizer.load(bundle) as stylizer:
            Image.fromarray(stylizer.stylize(read_rgb(ASTRONAUT))).save(
                out / "astronaut-stylised.png"
            )
            video = stylize_video(
                stylizer,
                out / "clip.mp4",
                out / "clip-stylised.mp4",
                compare=True,
                report=lambda done, total: report("stylise the clip", done, total),
            )

    result = {
        "device": settings.device,
        "target_ms": settings.target_ms,
        "unseen_heads": UNSEEN,
        "identity": identity,
        "teacher": teacher_result,
        "student": student_result,
        "bundle": {
            "path": bundle.name,
            "bytes": bundle.stat().st_size,
            "parity_max_abs": checks["fp16"].max_abs,
            "parity_max_abs_fp32": checks["fp32"].max_abs,
            "transposes": checks["fp16"].transposes,
            "gpu_resident": checks["fp16"].gpu_resident,
            "gpu_note": checks["fp16"].gpu_note,
            "verification": json.loads(checks["fp16"].to_json()),
        },
        "host_ms": checks["fp16"].host_ms,
        "video_fps": video.fps,
        "seconds": seconds,
    }
    with stage("report"):
        rows = _rows(photos.pictures, truth.pictures, teacher, student)
        page = write_report(out, result, rows, teacher.spec, student.spec, short=short)
    return result | {"report": page.name}


def _costs(network: nn.Module) -> dict[str, Any]:
    kernels = list(network.kernels())
    return {
        "macs": total_macs(kernels),
        "params": sum(parameter.numel() for parameter in network.parameters()),
        "predicted_ms": predict_all(kernels),
    }


@torch.no_grad()
def _rows(
    photos: np.ndarray, truth: np.ndarray, teacher: nn.Module, student: nn.Module, count: int = 8
) -> dict[str, np.ndarray]:
    """Pictures for the report, uint8[count, S, S, 3] by row."""
    x = to_tensor(photos[:count])
    return {
        "input": photos[:count],
        "teacher": to_pictures(teacher(x)),
        "student": to_pictures(student(x)),
        "truth": truth[:count],
    }


def _astronaut(size: int) -> np.ndarray:
    return resize(centre_square(read_rgb(ASTRONAUT)), size, size)
