"""Tables of measured blocks: written, read, refused, fitted and judged."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from pocketstyle.errors import DataError
from pocketstyle.latency_model import Kernel, SpeedModel, roofline
from pocketstyle.latency_model.block_table import Block, append_block, read_blocks
from pocketstyle.latency_model.blocks import fit_blocks, public_name, runtime_of
from pocketstyle.latency_model.cards import write_card
from pocketstyle.latency_model.features import PATHS, look
from pocketstyle.latency_model.judging import judge_blocks
from pocketstyle.latency_model.kernel import kernels_from_text, kernels_to_text
from pocketstyle.latency_model.launches import Launch
from pocketstyle.latency_model.runtimes import RUNTIMES

CONSTANTS = np.tile([0.002, 40.0, 20.0, 1e-9], (len(PATHS), 1))


def block(index: int, device="A CPU, 1 thread", backend="litert-cpu") -> Block:
    """A convolution, an addition and a pad, timed by a roofline."""
    random = np.random.default_rng(index)
    c, side = int(random.integers(4, 100)), int(random.integers(8, 80))
    kernels = (
        Kernel("MIRROR_PAD", c, c, 1, 1, 1, side + 2, side + 2),
        Kernel("CONV_2D", c, 2 * c, 3, 1, 1, side, side),
        Kernel("ADD", 4 * c, 2 * c, 1, 1, 1, side, side),
    )
    seen = look([Launch(kernel) for kernel in kernels], RUNTIMES["cpu"])
    ms = roofline.times(seen, CONSTANTS).sum() * random.normal(1, 0.02)
    sizes = f"width={c} side={side}"
    return Block(device, backend, "residual", sizes, kernels, float(ms), 0.01, "2026-01-31")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "sweep.csv"
    for index in range(60):
        append_block(path, block(index))
    return path


def test_kernels_survive_their_text():
    kernels = list(block(3).kernels)
    assert kernels_from_text(kernels_to_text(kernels)) == kernels
    for text in ("", "CONV_2D 1 2", "CONV_2D 8 8 3 1 1 0 9", "conv 8 8 3 1 1 9 9"):
        with pytest.raises(ValueError):
            kernels_from_text(text)


def test_rows_survive_their_file_and_a_cut_one_is_left_out(table):
    rows = read_blocks(table)
    assert rows == [block(index) for index in range(60)]
    whole = table.read_text()
    table.write_text(whole[:-40])
    assert read_blocks(table) == rows[:-1]


def test_a_last_row_that_does_not_end_is_whole_if_its_date_is(table):
    rows = read_blocks(table)
    table.write_text(table.read_text()[:-1])
    assert read_blocks(table) == rows
    table.write_text(table.read_text()[:-1])
    assert read_blocks(table) == rows[:-1]


def test_a_card_does_not_have_the_phone_s_serial_number():
    assert public_name(block(0, "SM_G973F (R58M, mali)", "adb-gpu")) == "SM_G973F (mali)"
    assert public_name(block(0, "SM_G973F (R58M)", "adb-gpu")) == "SM_G973F"
    assert public_name(block(0, "A (CPU), 1 thread")) == "A (CPU), 1 thread"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("spread_ms", "spread", "no column 'spread_ms'"),
        ("MIRROR_PAD", "MIRROR_PAT", r"sweep\.csv, line 2: unknown operator 'MIRROR_PAT'"),
        ("CONV_2D ", "CONV_2D x", "line 2: invalid literal"),
        (",0.01,", ",wide,", "line 2: spread_ms 'wide' is no number"),
    ],
)
def test_what_cannot_be_right_is_named(table, old, new, words):
    table.write_text(table.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match=words):
        read_blocks(table)


@pytest.mark.parametrize("ms", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_times_are_refused(table, ms):
    append_block(table, replace(block(99), ms=ms))
    with pytest.raises(DataError, match="line 62: a time of"):
        read_blocks(table)


@pytest.mark.parametrize("factor", [1e3, 1e-3])
def test_a_row_in_other_units_is_named(table, factor):
    append_block(table, replace(block(99), ms=block(99).ms * factor))
    with pytest.raises(DataError, match=r"line 62: residual takes .* units"):
        fit_blocks(table, "mine")


def test_empty_short_and_mixed_tables_are_refused(tmp_path, table):
    empty = tmp_path / "empty.csv"
    empty.write_text(table.read_text().splitlines()[0] + "\n")
    with pytest.raises(DataError, match="holds no block"):
        fit_blocks(empty, "mine")
    append_block(table, block(99, device="another"))
    with pytest.raises(DataError, match="mixes devices: A CPU, 1 thread by litert-cpu; another"):
        fit_blocks(table, "mine")


def test_the_gpu_is_told_by_the_phone_s_name():
    for device, name in (("SM_G973F (R5, mali)", "mali"), ("Pixel_4 (9A, adreno)", "adreno")):
        assert runtime_of(block(0, device, "adb-gpu")).name == name
    assert runtime_of(block(0, "host", "litert-gpu")).name == "gpu"
    assert runtime_of(block(0)).name == "cpu"


def test_a_fit_predicts_blocks_that_it_has_not_seen(tmp_path, table):
    card = fit_blocks(table, "mine")
    held_out = card["errors"]["held_out"]
    assert held_out["block_median"] < 5 and 0.75 <= held_out["blocks_covered"] <= 1
    write_card(card, tmp_path / "mine.json")
    model = SpeedModel.load(tmp_path / "mine.json")
    unseen = [block(index) for index in range(100, 130)]
    measured = np.array([one.ms for one in unseen])
    guess = np.array([model.latency(one.kernels) for one in unseen])
    assert np.median(np.abs(guess / measured - 1)) < 0.05
    judged = judge_blocks(model, table).summary()
    assert judged["seen"] == len(read_blocks(table))
    fresh = tmp_path / "fresh.csv"
    for one in unseen:
        append_block(fresh, one)
    assert judge_blocks(model, fresh).summary()["seen"] == 0
    assert judged["by_op"]["residual"]["n"] == 60 and judged["end_to_end"] is None
    assert judged["by_op"]["residual"]["mape"] == pytest.approx(card["errors"]["fitted"], abs=0.01)


def run(*words):
    command = [sys.executable, "-m", "pocketstyle", "latency", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_the_commands(tmp_path, table):
    card = tmp_path / "mine.json"
    fitted = run("fit", table, "--out", card)
    assert fitted.returncode == 0 and "60 blocks of A CPU" in fitted.stdout
    again = run("fit", table, "--out", card)
    assert again.returncode == 2 and "pass --force" in again.stderr
    wrong = run("fit", table, "--out", tmp_path / "folder")
    assert wrong.returncode == 2 and "does not end in .json" in wrong.stderr

    out = tmp_path / "judged"
    done = run("evaluate", "--device", card, "--blocks", table, "--out", out, "--json")
    result = json.loads(done.stdout)
    assert result == json.loads((out / "evaluation.json").read_text())
    assert result["interval_coverage"] > 0.5
    for name in ("predicted", "by_op", "by_size"):
        assert (out / f"{name}.png").stat().st_size > 5000
    nothing = run("evaluate", "--device", card)
    assert nothing.returncode == 2 and len(nothing.stderr.splitlines()) == 1

    predicted = run("predict", "heads", "--device", card)
    assert predicted.returncode == 0 and "up2" in predicted.stdout
