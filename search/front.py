"""One search for each of several latency targets, side by side on a Ray cluster: a Pareto front."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..datasets import to_pictures, to_tensor
from ..errors import UsageError
from ..latency_model import SpeedModel, total_macs
from ..metrics import ssim
from ..networks import load
from ..whole import written_whole
from .cluster import cluster
from .config import Config
from .data import load_data
from .latency_search import search
from .metrics_file import read_metrics
from .report import write_front_report
from .run_directory import LOCK, Report
from .run_lock import locked
from .samples import SAMPLES
from .shipped import resolve_model
from .stopping import stopped_at_once

RETRIES = 3  # of a search whose worker was lost; each goes on from its checkpoint
PATIENCE = 2.0  # seconds between two looks at the runs
JUDGED = 64  # pictures on which a student is compared with the teacher


def search_front(
    config: Config,
    targets: Sequence[float],
    out: Path,
    *,
    resume: bool,
    address: str,
    report: Report,
) -> dict[str, Any]:
    """Search every target, each in `out/{target}ms`; then write `out/front.json` and a report.

    A target that fails leaves the others unharmed. On a cluster of several machines `out` and the
    data have to lie on a shared disk.

    Args:
        targets: milliseconds on `search.device`.
        address: of a Ray cluster; "auto": one that runs here, or else one that is started for this.

    Returns:
        `front.json`: the teacher's and every student's target, milliseconds, MACs, parameters and
        structural similarity to the teacher's pictures; `failed`: what went wrong, by target.

    Raises:
        UsageError: no teacher to compare with, targets twice, or Ray is not installed.
        PocketstyleError: the cluster cannot be reached.
        Interrupted: by a signal.
    """
    if config.search.teacher is None:
        raise UsageError("several targets need search.teacher: the students are compared with it")
    if len(set(targets)) < len(targets):
        raise UsageError(f"a target is given twice: {', '.join(f'{t:g}' for t in targets)}")
    runs = {target: out / f"{target:g}ms" for target in targets}
    if not resume and (kept := [run for run in runs.values() if run.exists()]):
        raise UsageError(f"{kept[0]} exists; pass --resume or another --out")
    resolve_model(config.search.teacher)
    with locked(out / LOCK, out), stopped_at_once(out):  # each search keeps its own checkpoints
        failed = _search_all(config, {t: r.resolve() for t, r in runs.items()}, address, report)
        found = {target: run for target, run in runs.items() if target not in failed}
        front, pictures = _front(config, found)
        front["failed"] = {f"{target:g}": why for target, why in failed.items()}
        with written_whole(out / "front.json") as part:
            part.write_text(json.dumps(front, indent=1) + "\n")
        write_front_report(out, front, pictures)
        return front


def _search_all(
    config: Config, runs: dict[float, Path], address: str, report: Report
) -> dict[float, str]:
    """Run the searches on the cluster; what went wrong, by target."""
    with cluster(address) as ray:
        whole = ray.cluster_resources()
        largest = max(int(node["Resources"].get("CPU", 1)) for node in ray.nodes())
        cpus = max(1, min(largest, int(whole.get("CPU", 1)) // len(runs)))
        gpus = min(1.0, whole.get("GPU", 0) / len(runs))
        task = ray.remote(_one_search).options(num_cpus=cpus, num_gpus=gpus, max_retries=RETRIES)
        waiting = {
            task.remote(_with_target(config, target), run, cpus): target
            for target, run in runs.items()
        }
        failed = {}
        while waiting:
            done, _ = ray.wait(list(waiting), timeout=PATIENCE)
            for reference in done:
                target = waiting.pop(reference)
                try:
                    ray.get(reference)
                except ray.exceptions.RayTaskError as error:
                    failed[target] = str(error.cause)
                except ray.exceptions.RayError as error:
                    failed[target] = str(error).strip().splitlines()[0]
            for target, run in runs.items():
                _tell(config, target, run, report)
        return failed


def _one_search(config: Config, out: Path, threads: int) -> None:
    """In a worker: begin, or go on where a lost worker stopped."""
    torch.set_num_threads(threads)
    search(config, out, resume=True, report=lambda stage, done, total: None)


def _with_target(config: Config, target: float) -> Config:
    settings = config.search.model_copy(update={"target_ms": target})
    return config.model_copy(update={"search": settings})


def _tell(config: Config, target: float, run: Path, report: Report) -> None:
    """Progress as the run's metrics say."""
    total = config.search.steps + config.search.fine_tune_steps
    lines = read_metrics(run / "metrics.jsonl")
    finished = (run / "model.safetensors").exists()
    report(f"{target:g} ms", total if finished else int(lines[-1]["step"]) if lines else 0, total)


@torch.no_grad()
def _front(config: Config, runs: dict[float, Path]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The teacher and the students on pictures of the source, spread over all; some of each.

    They were trained on these: what is compared is how alike to the teacher they became.
    """
    source = load_data(config, lambda stage, done, total: None)[0].pictures
    pictures = source[:: -(-len(source) // JUDGED)]
    height, width = config.data.frame
    top, left = (pictures.shape[1] - height) // 2, (pictures.shape[2] - width) // 2
    x = to_tensor(pictures[:, top : top + height, left : left + width])
    model = SpeedModel.load(config.search.device)

    def described(path: Path) -> tuple[dict[str, Any], torch.Tensor]:
        network, _ = load(path)
        kernels = list(network.kernels())
        made = torch.cat([network(one) for one in x.split(8)])
        return {
            "predicted_ms": model.latency(kernels),
            "macs": total_macs(kernels),
            "params": sum(parameter.numel() for parameter in network.parameters()),
        }, made

    teacher, wanted = described(resolve_model(config.search.teacher))
    students, rows = [], {"input": x, "teacher": wanted}
    for target, run in sorted(runs.items()):
        student, made = described(run / "model.safetensors")
        like = float(ssim(made, wanted).mean())
        students.append({"target_ms": target, "run": run.name, **student, "ssim_to_teacher": like})
        rows[f"{target:g} ms"] = made
    return {
        "device": config.search.device,
        "n": len(x),
        "teacher": {**teacher, "ssim_to_teacher": 1.0},
        "students": students,
    }, {name: to_pictures(row[:SAMPLES]) for name, row in rows.items()}
