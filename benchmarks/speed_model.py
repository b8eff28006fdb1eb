"""The speed model against what else predicts latency: unseen kernels, networks, sizes, widths.

    python benchmarks/speed_model.py phones --tables ../shared/data/latency
    python benchmarks/speed_model.py blocks --sweep sweep.csv
    python benchmarks/speed_model.py students --device host-cpu

Splits are by configuration and by family of networks, five folds, the same for every model; see
`latency_model/evaluation.py`. Ours are the errors in the devices' cards, which come from those very
splits; with `--refit` they are computed anew (an hour of one core) and drawn. The baselines get
a kernel's sizes, work, traffic and number of links, in logarithms, and predict the logarithm of its
time. `students` converts twenty random UGATIT students and measures them, interleaved with the
block that the device's card has as its unit of speed: times are brought to the card's.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from pocketstyle.converters.tflite import to_tflite
from pocketstyle.latency_model import Prediction, SpeedModel, total_macs
from pocketstyle.latency_model.block_table import Block
from pocketstyle.latency_model.blocks import block_measurements, blocks_of_one_device, runtime_of
from pocketstyle.latency_model.evaluation import (
    FOLDS,
    LARGE_SIDE,
    SMALL_SIDE,
    Fitter,
    configuration_folds,
    extrapolation,
    held_out_configurations,
    held_out_families,
    kernel_table,
    plain_convolutions,
)
from pocketstyle.latency_model.fit import Measurements, fit, mape
from pocketstyle.latency_model.judging import Judgement
from pocketstyle.latency_model.phones import PHONES, read_phone
from pocketstyle.latency_model.plots import draw
from pocketstyle.networks import build
from pocketstyle.networks.portrait import ugatit_spec
from pocketstyle.networks.spec import Spec
from pocketstyle.sweep import ThisComputer
from pocketstyle.sweep.sweep import REFERENCE
from pocketstyle.sweep.template import Template
from scipy.stats import spearmanr
from sklearn.base import RegressorMixin
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

OUT = Path(__file__).parent / "results/speed_model.json"
DRAWINGS = Path(__file__).parents[1] / "docs/speed_model"
OURS = "pocketstyle"
STUDENTS, STUDENT_SIZE, STUDENT_BASE = 20, 128, 24
PAPER_MACS, PAPER_FPS = 5.56e9, 18  # Real-Time Portrait Stylization on the Edge, Table 1


class Baseline:
    """A regressor of scikit-learn's on the logarithms of a kernel's sizes."""

    def __init__(self, regressor: RegressorMixin, seen: Measurements):
        self.regressor = regressor.fit(_raw(seen), np.log(seen.ms))

    def predict(self, table: Measurements) -> np.ndarray:
        return np.exp(self.regressor.predict(_raw(table)))


class RidgeAndTrees:
    """A line in the logarithms, which extrapolates, and extra-trees on what it leaves over."""

    def __init__(self, seen: Measurements):
        raw, times = _raw(seen), np.log(seen.ms)
        self.line = make_pipeline(StandardScaler(), Ridge(1.0)).fit(raw, times)
        self.trees = ExtraTreesRegressor(300, random_state=0)
        self.trees.fit(raw, times - self.line.predict(raw))

    def predict(self, table: Measurements) -> np.ndarray:
        raw = _raw(table)
        return np.exp(self.line.predict(raw) + self.trees.predict(raw))


class LinearInMacs:
    """a + b * MACs, by least squares of relative errors."""

    def __init__(self, seen: Measurements):
        terms = self._terms(seen)
        self.line = np.linalg.lstsq(terms / seen.ms[:, None], np.ones(len(seen.ms)), rcond=None)[0]

    def _terms(self, table: Measurements) -> np.ndarray:
        work = np.array(
            [float(one.kernel.macs or one.kernel.elements_read) for one in table.launches]
        )
        return np.stack([np.ones(len(table.ms)), table.sums(work)], axis=1)

    def predict(self, table: Measurements) -> np.ndarray:
        return np.maximum(self._terms(table) @ self.line, 1e-4)


def _raw(table: Measurements) -> np.ndarray:
    """Sizes, MACs, elements moved and operator of single launches."""
    ops = sorted(
        {
            "CONV_2D",
            "DEPTHWISE_CONV_2D",
            "FULLY_CONNECTED",
            "MEAN",
            "CONCATENATION",
            "MAX_POOL_2D",
            "AVERAGE_POOL_2D",
        }
    )
    rows = []
    for one in table.launches:
        k = one.kernel
        sizes = [
            k.cin,
            k.cout,
            k.k,
            k.stride,
            k.groups,
            k.h,
            k.macs + 1,
            k.elements_read,
            k.elements_written,
            k.weights + 1,
        ]
        links = one.linked, one.operands
        rows.append([*np.log2(np.array(sizes, float)), *links, *(k.op == op for op in ops)])
    return np.array(rows, dtype=float)


def baselines() -> dict[str, Fitter]:
    """What the speed model is compared with."""

    def trees(seen: Measurements) -> Baseline:
        return Baseline(ExtraTreesRegressor(300, random_state=0), seen)

    def mlp(seen: Measurements) -> Baseline:
        return Baseline(_mlp(), seen)

    return {
        "extra-trees": trees,
        "ridge and extra-trees": RidgeAndTrees,
        "mlp": mlp,
        "linear in MACs": LinearInMacs,
    }


def judge_phone(tables: Path, refit: bool, device: str) -> dict:
    """All models on one phone."""
    rows, networks, evidence, runtime = read_phone(tables, device)
    table = kernel_table(rows, runtime)
    fold, convolution = configuration_folds(table), plain_convolutions(table)
    measured = np.array([network.ms for network in networks.values()])
    held_out = SpeedModel.load(device).card["errors"]["held_out"]
    result: dict = {
        "configurations": len(table.ms),
        "conv2d": {OURS: held_out["conv2d"]},
        "large": {OURS: held_out[f"conv2d_from_side_{SMALL_SIDE}_to_{LARGE_SIDE}"]},
        "end_to_end": {OURS: held_out["network"]},
        "covered": {k: v for k, v in held_out.items() if k.endswith("_covered")},
    }
    ours = {OURS: partial(fit, evidence=evidence)} if refit else {}
    for name, fitter in (ours | baselines()).items():
        guess = held_out_configurations(table, fold, fitter)
        far, far_measured = extrapolation(table, fitter)
        whole = held_out_families(rows, networks, runtime, fitter)
        result["conv2d"][name] = mape(guess[convolution], table.ms[convolution])
        result["large"][name] = mape(far, far_measured)
        result["end_to_end"][name] = mape(np.array(list(whole.values())), measured)
        result["n"] = {
            "conv2d": int(convolution.sum()),
            "large": len(far),
            "end_to_end": len(networks),
        }
        if name == OURS:
            _draw(device, table, guess, networks, whole)
    return result


def _draw(device, table, guess, networks, whole) -> None:
    """Plots of what was held out, for docs/speed_model.md."""
    found = Judgement()
    for one, predicted, measured in zip(table.launches, guess, table.ms, strict=True):
        size = float(one.kernel.macs or one.kernel.elements_read)
        found.add(one.kernel.op, size, Prediction(predicted, predicted, predicted, 0), measured)
    for model, ms in whole.items():
        found.add("network", networks[model].macs, Prediction(ms, ms, ms, 0), networks[model].ms)
    draw(found, f"{device}, held out", DRAWINGS / device)


def phones(tables: Path, workers: int, refit: bool) -> dict:
    """Every phone, and two anchors on the S10."""
    with ProcessPoolExecutor(workers) as pool:
        judged = dict(
            zip(PHONES, pool.map(partial(judge_phone, tables, refit), PHONES), strict=True)
        )
    s10 = SpeedModel.load("s10")
    rows, networks, _, _ = read_phone(tables, "s10")
    bagnet = s10.predict_group([row.launch for row in rows if row.model == "bagnet9"])
    specs = (ugatit_spec(256, base) for base in range(8, 64))
    student = min(
        (list(build(spec).kernels()) for spec in specs),
        key=lambda kernels: abs(total_macs(kernels) - PAPER_MACS),
    )
    return {
        "phones": judged,
        "anchors": {
            "bagnet9 on the s10, one of the networks of the fit": {
                "measured_ms": round(networks["bagnet9"].ms, 1),
                **vars(bagnet),
            },
            "a UGATIT student of the paper's 5.56 GMACs on the s10": {
                "published_ms": round(1000 / PAPER_FPS, 1),
                "gmacs": round(float(total_macs(student)) / 1e9, 2),
                **vars(s10.predict(student)),
            },
        },
    }


def width_folds(measured: list[Block]) -> np.ndarray:
    """The fold of each block: those of a kind and of equal widths share one, at any side."""
    keys = [(one.block, one.configuration.partition(" side=")[0]) for one in measured]
    different = list(dict.fromkeys(keys))
    number = np.random.default_rng(0).permutation(len(different)) % FOLDS
    fold = dict(zip(different, number.tolist(), strict=True))
    return np.array([fold[key] for key in keys])


def _raw_blocks(measured: list[Block], kinds: np.ndarray) -> np.ndarray:
    """Log sizes of each block's configuration, its log MACs and elements moved, and its kind."""
    found = [dict(part.split("=") for part in one.configuration.split()) for one in measured]
    names = sorted({name for sizes in found for name in sizes})
    rows = []
    for one, sizes in zip(measured, found, strict=True):
        macs = sum(kernel.macs for kernel in one.kernels)
        moved = sum(kernel.elements_read + kernel.elements_written for kernel in one.kernels)
        rows.append([float(sizes.get(name, 1)) for name in names] + [macs + 1, moved])
    return np.hstack([np.log2(np.array(rows)), kinds[:, None] == np.unique(kinds)])


def _left_out(
    regressor: RegressorMixin, raw: np.ndarray, ms: np.ndarray, fold: np.ndarray
) -> np.ndarray:
    """Each block's milliseconds by the regressor fitted to the other folds."""
    guess = np.empty(len(ms))
    for number in np.unique(fold):
        rest = fold == number
        guess[rest] = np.exp(regressor.fit(raw[~rest], np.log(ms[~rest])).predict(raw[rest]))
    return guess


def _mlp() -> RegressorMixin:
    network = MLPRegressor(hidden_layer_sizes=(64, 64), max_iter=2000, random_state=0)
    return make_pipeline(StandardScaler(), network)


def blocks(sweep: Path) -> dict:
    """UGATIT's blocks on this computer, widths that a fit had not seen."""
    measured = blocks_of_one_device(sweep)
    table, names = block_measurements(measured, runtime_of(measured[0]))
    if len(names) != len(measured):
        raise SystemExit("a configuration was measured twice; folds by widths need each once")
    fold = width_folds(measured)
    guess = held_out_configurations(table, fold, fit)
    kinds = np.array(names)
    raw = _raw_blocks(measured, kinds)
    others = {
        "extra-trees": _left_out(ExtraTreesRegressor(300, random_state=0), raw, table.ms, fold),
        "mlp": _left_out(_mlp(), raw, table.ms, fold),
        "linear in MACs": held_out_configurations(table, fold, LinearInMacs),
    }

    def quantiles(rows: np.ndarray, predicted: np.ndarray = guess) -> dict:
        off = 100 * np.abs(predicted[rows] / table.ms[rows] - 1)
        median, high = np.quantile(off, [0.5, 0.9])
        return {"median": round(median, 2), "90th": round(high, 2), "n": int(rows.sum())}

    every = np.ones(len(guess), dtype=bool)
    return {
        "device": measured[0].device,
        "all": quantiles(every),
        **{name: quantiles(every, predicted) for name, predicted in others.items()},
        "by_block": {kind: quantiles(kinds == kind) for kind in sorted(set(kinds))},
    }


def random_spec(random: np.random.Generator) -> Spec:
    """A student: pruned to between a fifth and all, each width its own; some blocks left out."""
    teacher = ugatit_spec(STUDENT_SIZE, STUDENT_BASE)
    share = random.uniform(0.2, 1)
    widths = {
        name: max(4, round(n * min(1.0, share * float(random.uniform(0.6, 1.4)))))
        for name, n in teacher.widths.items()
    }
    stages = [[n for n in teacher.blocks if n.startswith(s)] for s in ("encoder", "decoder")]
    kept = [sorted(random.choice(s, random.integers(1, len(s) + 1), replace=False)) for s in stages]
    blocks = tuple(str(name) for stage in kept for name in stage)
    widths = {
        name: n for name, n in widths.items() if not name.startswith("encoder") or name in blocks
    }
    return Spec("ugatit", STUDENT_SIZE, STUDENT_SIZE, widths, blocks)


def students(device: str) -> dict:
    """Whole students on this computer, predicted and measured."""
    model = SpeedModel.load(device)
    random = np.random.default_rng(0)
    specs = [random_spec(random) for _ in range(STUDENTS)]
    predicted, measured = [], []
    kind, sizes = REFERENCE
    reference = Template(kind).at(sizes)
    for spec in specs:
        network = build(spec).eval()
        converted = to_tflite(network, ["fp32"])["fp32"]
        unit, found = ThisComputer().measure([reference, converted])
        predicted.append(model.predict(network.kernels()))
        measured.append(found.ms * model.card["reference_ms"] / unit.ms)
        print(f"{predicted[-1].ms:8.2f} {measured[-1]:8.2f} ms", flush=True)
    guess, truth = np.array([one.ms for one in predicted]), np.array(measured)
    inside = [a.low_ms <= ms <= a.high_ms for a, ms in zip(predicted, measured, strict=True)]
    return {
        "device": model.card["chip"],
        "n": len(truth),
        "mape": mape(guess, truth),
        "worst": round(100 * float(np.abs(guess / truth - 1).max()), 2),
        "rank_correlation": round(float(spearmanr(guess, truth).statistic), 4),
        "covered": sum(inside) / len(inside),
        "predicted_ms": np.round(guess, 3).tolist(),
        "measured_ms": np.round(truth, 3).tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["phones", "blocks", "students"])
    parser.add_argument("--tables", type=Path)
    parser.add_argument("--sweep", type=Path)
    parser.add_argument("--device", default="host-cpu")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--refit", action="store_true", help="judge ours anew, and draw it")
    arguments = parser.parse_args()
    start = time.monotonic()
    match arguments.what:
        case "phones":
            found = phones(arguments.tables, arguments.workers, arguments.refit)
        case "blocks":
            found = {"host_blocks": blocks(arguments.sweep)}
        case _:
            found = {"host_students": students(arguments.device)}
    result = json.loads(OUT.read_text()) if OUT.exists() else {}
    seconds = {arguments.what: round(time.monotonic() - start)}
    result |= found | {"seconds": result.get("seconds", {}) | seconds, "host": platform.machine()}
    OUT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
