"""Teach a one-style student of fixed widths: how the shipped ones were made.

    python benchmarks/teach_styles.py WEIGHTS.npz --photos runs/styles/photos --steps 3000 \
        --out runs/styles/candy
    python benchmarks/teach_styles.py WEIGHTS.npz --photos runs/styles/photos --steps 1200 \
        --start runs/styles/candy --prune --out runs/styles/candy-small

The terms are those of `pocketstyle search style`; there is no search: `--prune` takes the hidden
channels of least energy away, down to `KEPT`, so that a bundle stays below 500 kB. candy begins
with fresh weights, the others with candy's. The teacher's pictures are computed once. A killed run
goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from pocketstyle.datasets import read_folder, to_pictures, to_tensor
from pocketstyle.latency_model import total_macs
from pocketstyle.metrics import ssim
from pocketstyle.networks import (
    ModelCard,
    build,
    compact,
    load,
    mobile_style_spec,
    read_published,
    save,
    start_search,
)
from pocketstyle.search.importance import channel_importance
from pocketstyle.search.perception import Perception
from pocketstyle.search.steadiness import unsteadiness
from torch import Tensor, nn
from torch.nn import functional as F

SIDE, BATCH, RATE, AVERAGE = 256, 4, 2e-3, 0.995
STEADY = 2.0  # weight of steadiness, in the last two thirds, every other step
KEPT = {"eighth": 64, "mid0": 26, "mid1": 26, "mid2": 26, "early0": 28, "late0": 28}


def pruned(network: nn.Module, photos: np.ndarray) -> nn.Module:
    """The network with the `KEPT` channels of most energy."""
    start_search(network, 0.1)
    with torch.no_grad():
        for name, importance in channel_importance(network, to_tensor(photos)).items():
            if name in KEPT:
                width = network.widths[name]
                width.minimum = KEPT[name]
                width.v.zero_()
                width.v[importance.topk(KEPT[name]).indices] = 1.0
    return compact(network)


def answers(teacher: nn.Module, photos: np.ndarray) -> np.ndarray:
    """The teacher's pictures, in bfloat16."""
    made = []
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for i in range(0, len(photos), BATCH):
            made.append(to_pictures(teacher(to_tensor(photos[i : i + BATCH]))))
    return np.concatenate(made)


def order(step: int, count: int) -> list[int]:
    """The pictures of a step's batch: shuffled epochs, one behind the other."""
    places = range(step * BATCH, (step + 1) * BATCH)
    return [
        int(np.random.default_rng([1, p // count]).permutation(count)[p % count]) for p in places
    ]


def losses(
    student: nn.Module, perception: Perception, x: Tensor, y: Tensor
) -> tuple[dict[str, Tensor], Tensor]:
    """The terms that need no moved frame, and the student's picture."""
    made = student(x)
    with torch.autocast("cpu", torch.bfloat16):
        seen = perception.maps(made)
        with torch.no_grad():
            wanted = perception.maps(y)
    return {
        "l1": F.l1_loss(made, y),
        "structure": 1 - ssim(made, y).mean(),
        "content": perception.content(seen, wanted),
        "style": perception.style(seen, wanted),
    }, made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path, help="the teacher's, .npz or .pth")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--start", type=Path, help="a run whose model it begins with")
    parser.add_argument("--prune", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    photos = read_folder(arguments.photos, SIDE).pictures
    teacher = read_published(arguments.weights)
    student = build(mobile_style_spec(SIDE))
    if arguments.start:
        student = load(arguments.start / "model.safetensors")[0]
    if arguments.prune:
        student = pruned(student, photos[:32])
    student = student.train().to(memory_format=torch.channels_last)
    wanted = answers(teacher, photos)
    perception = Perception(None, torch.device("cpu"))
    optimizer = torch.optim.Adam(student.parameters(), RATE, (0.9, 0.99))
    average = {name: value.clone() for name, value in student.state_dict().items()}
    checkpoint, first = arguments.out / "checkpoint.pt", 0
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        student.load_state_dict(state["student"])
        optimizer.load_state_dict(state["optimizer"])
        average, first = state["average"], state["step"]
    began = time.monotonic()
    with (arguments.out / "metrics.jsonl").open("a") as log:
        for step in range(first, arguments.steps):
            falling = 0.5 * (1 + math.cos(math.pi * step / arguments.steps))
            for group in optimizer.param_groups:
                group["lr"] = RATE * min(1, (step + 1) / 100) * (0.98 * falling + 0.02)
            chosen = order(step, len(photos))
            x, y = to_tensor(photos[chosen]), to_tensor(wanted[chosen])
            terms, made = losses(student, perception, x, y)
            if step > arguments.steps // 3 and step % 2 == 0:
                terms["temporal"] = STEADY * unsteadiness(student, x, made, [0, 3, step, 1])
            optimizer.zero_grad()
            sum(terms.values()).backward()
            nn.utils.clip_grad_norm_(student.parameters(), 5.0)
            optimizer.step()
            kept = min(AVERAGE, (1 + step - first) / (10 + step - first))
            for name, value in student.state_dict().items():
                average[name].lerp_(value, 1 - kept)
            if (step + 1) % 50 == 0:
                line = {name: round(float(term.detach()), 4) for name, term in terms.items()}
                seconds = (time.monotonic() - began) / (step + 1 - first)
                log.write(
                    json.dumps({"step": step + 1, "seconds": round(seconds, 3)} | line) + "\n"
                )
                log.flush()
            if (step + 1) % 250 == 0 or step + 1 == arguments.steps:
                part = checkpoint.with_suffix(".part")
                state = {"student": student.state_dict(), "optimizer": optimizer.state_dict()}
                torch.save(state | {"average": average, "step": step + 1}, part)
                part.replace(checkpoint)
    student.load_state_dict(average)
    save(arguments.out / "model.safetensors", student.eval(), ModelCard(arguments.out.name))
    print(json.dumps({"steps": arguments.steps, "macs": total_macs(student.kernels())}))


if __name__ == "__main__":
    main()
