"""What each precision costs and saves: the shipped students, on portraits.

    python benchmarks/quantisation.py --photos ../shared/data/portraits/cc_by

int8 is calibrated on some of the photos and all are judged on others, against fp32. Latency is
XNNPACK's on one thread, a run of each precision in turn. Writes docs/quantisation.md and
benchmarks/results/quantisation.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any, get_args

import numpy as np
from hardware import hardware
from pages import table
from pocketstyle.converters import to_tflite
from pocketstyle.converters.fidelity import compare, network_values
from pocketstyle.converters.player import Player
from pocketstyle.converters.tflite import Precision
from pocketstyle.datasets import read_folder
from pocketstyle.networks import ModelCard, load
from pocketstyle.search import resolve_model
from residency import in_words, residency
from torch import nn

ROOT = Path(__file__).parents[1]
OUT = ROOT / "benchmarks/results/quantisation.json"
TABLE = ROOT / "docs/quantisation.md"
STUDENTS = ("toonhead", "adventurer")
CALIBRATED_ON, JUDGED_ON, ROUNDS = 32, 32, 9
SPLITS = 4  # into photos to calibrate and to judge on, for int8


def measured(files: dict[str, bytes], content: np.ndarray) -> dict[str, dict[str, Any]]:
    """Likeness to fp32, size, speed and residency of each precision."""
    players = {name: Player(tflite) for name, tflite in files.items()}
    made = {name: player.play_all(content) for name, player in players.items()}
    seconds: dict[str, list[float]] = {name: [] for name in players}
    for _ in range(ROUNDS):
        for name, player in players.items():
            seconds[name].append(player.play(content[0])[1])
    rows = {}
    for name, tflite in files.items():
        rows[name] = {
            "bytes": len(tflite),
            "of_fp32": len(tflite) / len(files["fp32"]),
            **asdict(compare(made[name], made["fp32"])),
            "latency_ms": 1000 * median(seconds[name]),
            **residency(tflite),
        }
    return rows


def split(pictures: np.ndarray, seed: int, card: ModelCard) -> np.ndarray:
    """Photos to calibrate on and then those to judge on, as the network sees them."""
    chosen = np.random.default_rng(seed).permutation(pictures)[: CALIBRATED_ON + JUDGED_ON]
    return network_values(chosen, card.mean, card.std)


def int8_psnr(network: nn.Module, fp32: bytes, content: np.ndarray) -> float:
    """Of a split."""
    seen = {"stylize": content[:CALIBRATED_ON]}
    int8 = to_tflite(network, ["int8"], calibration=seen)["int8"]
    made = [Player(tflite).play_all(content[CALIBRATED_ON:]) for tflite in (int8, fp32)]
    return compare(*made).psnr_db


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    photos = parser.parse_args().photos
    students = {}
    for name in STUDENTS:
        network, card = load(resolve_model(name))
        pictures = read_folder(photos, network.spec.size).pictures
        splits = [split(pictures, seed, card) for seed in range(SPLITS)]
        content = splits[0]
        files = to_tflite(
            network, get_args(Precision), calibration={"stylize": content[:CALIBRATED_ON]}
        )
        students[name] = measured(files, content[CALIBRATED_ON:])
        students[name]["int8"]["psnr_db_by_split"] = [
            int8_psnr(network, files["fp32"], content) for content in splits
        ]
        print(name, json.dumps(students[name], indent=1), flush=True)
    result = {
        "command": " ".join(("python", *sys.argv)),
        "students": students,
        "calibrated_on": CALIBRATED_ON,
        "judged_on": JUDGED_ON,
        "rounds": ROUNDS,
        "hardware": hardware(),
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n")
    TABLE.write_text(page(result))


def page(result: dict[str, Any]) -> str:
    """The table in Markdown."""
    head = ("student", "precision", "MB", "of fp32", "PSNR, dB", "SSIM", "max abs", "mean abs")
    head += ("ms, 1 thread",)
    spread = "; ".join(
        f"{name} {', '.join(f'{psnr:.1f}' for psnr in one['int8']['psnr_db_by_split'])} dB"
        for name, one in result["students"].items()
    )
    rows = []
    for student, precisions in result["students"].items():
        for precision, one in precisions.items():
            plain = precision == "fp32"
            rows.append(
                (
                    student,
                    precision,
                    f"{one['bytes'] / 1e6:.2f}",
                    f"{one['of_fp32']:.2f}",
                    "" if plain else f"{one['psnr_db']:.1f}",
                    "" if plain else f"{one['ssim']:.4f}",
                    "" if plain else f"{one['max_abs']:.3f}",
                    "" if plain else f"{one['mean_abs']:.4f}",
                    f"{one['latency_ms']:.0f}",
                    in_words(one),
                )
            )
    return f"""# What each precision costs and saves

Written by `{result["command"]}`: int8 calibrated on {result["calibrated_on"]} portraits, all judged
on {result["judged_on"]} others against fp32, {result["rounds"]} runs in turn
({result["hardware"]}). The shipped weights are stored as float16, so fp16 loses nothing.
"GPU and CPU differ" is about noise: the GPU delegate runs the same file with its integers as
floats, so that what a CPU clips to the calibrated ranges is not clipped there. For a phone's GPU,
take fp16 or int8-weights; the last two are for CPUs and integer accelerators.

int8 by other splits of the photos: {spread}. An avatar's network decides between drawings (this
hair or that), and where eight bits decide otherwise, a whole patch is another: `convert` refuses
what falls below 30 dB on the photos that it is given.

{table((*head, "GPU-resident"), rows)}
"""


if __name__ == "__main__":
    main()
