"""StyleNAS (An et al. 2020): PhotoNet's operators, searched by ageing evolution on Ray.

Workers share one population: each asks for a genotype when it is free and tells its score when it
knows it. A worker that dies loses its candidate and nothing else; `history.jsonl`, a line for each
candidate, is all that a search needs to go on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from ..datasets import read_pairs
from ..errors import PocketstyleError, UsageError
from ..latency_model import SpeedModel
from ..networks import Genotype, build, photo_spec
from ..networks.photo import PHOTONET
from ..whole import written_whole
from .cluster import cluster
from .config import Config, NasConfig
from .data import load_data
from .evolution import Evolution, RandomSearch, Scored
from .judge import Judge, Judgement, load_oracle
from .metrics_file import read_metrics
from .report.nas_report import write_nas_report
from .run_directory import RunDirectory
from .stopping import stopped_at_once

MOST_LOST = 8  # workers in a row: then it is no accident
DRAWS = 1000  # of genotypes, until one is fast enough


@dataclass(frozen=True)
class Candidate:
    """A line of the history.

    Attributes:
        genotype: its 31 digits.
        score: the objective, less is better.
        error, perception, operators: E, P and O of eq. 1.
        ms: predicted, on the configured phone.
        loss: the last one of its decoder's training.
        seconds: that its worker took.
    """

    genotype: str
    score: float
    error: float
    perception: float
    operators: float
    ms: float
    loss: float
    seconds: float


Tell = Callable[[Sequence[Candidate], int], None]
"""Called with all candidates so far and how many were lost."""


def stylenas(
    config: Config, out: Path, *, resume: bool, address: str = "auto", tell: Tell
) -> dict[str, Any]:
    """Search genotypes; write `out/history.jsonl`, `out/nas.json` and `out/report.html`.

    On a cluster of several machines the data and the oracle have to lie on a shared disk.

    Args:
        address: of a Ray cluster, as in `cluster`.
        tell: called after each candidate.

    Returns:
        `nas.json`: the best candidate, the front of error and milliseconds, the oracle's
        milliseconds, how many were judged and how many were lost with their workers.

    Raises:
        UsageError: the run exists, another process writes to it, its configuration differs, or no
            genotype is fast enough.
        Interrupted: by a signal; the candidates so far are kept.
        DataError: the pictures cannot be used.
        PocketstyleError: the cluster cannot be reached, or a candidate cannot be judged.
    """
    nas = config.nas
    stages = load_oracle(config).encoder_stages
    # what is wrong with the pictures shows before a run begins
    load_data(config, lambda stage, done, total: None)
    read_pairs(nas.pairs, nas.height, nas.width, nas.judged)
    model = SpeedModel.load(nas.device)

    def milliseconds(genotype: Genotype) -> float:
        with torch.device("meta"):  # its costs need no weights
            network = build(photo_spec(genotype, nas.priced, stages))
        return float(model.latency(network.kernels()))

    whole = milliseconds(PHOTONET)
    lost = in_a_row = 0

    def next_one(strategy: Evolution | RandomSearch) -> tuple[Genotype, float]:
        for _ in range(DRAWS):
            genotype = strategy.ask()
            ms = milliseconds(genotype)
            if nas.at_most_ms is None or ms <= nas.at_most_ms:
                return genotype, ms
        raise UsageError(
            f"nas.at_most_ms = {nas.at_most_ms:g}: {DRAWS} genotypes are all slower; "
            f"PhotoNet takes {whole:.1f}"
        )

    with ExitStack() as stack:
        ray = stack.enter_context(cluster(address))
        stack.enter_context(RunDirectory.held(out, config, resume=resume)).restore()
        stack.enter_context(stopped_at_once(out))  # each candidate is kept as it is known
        path = out / "history.jsonl"
        history = [Candidate(**line) for line in read_metrics(path)]
        with written_whole(path) as part:  # without a line that a kill cut short
            part.write_text("".join(_line(one) for one in history))
        strategy = _strategy(nas, config.train.seed, history)
        file = stack.enter_context(path.open("a"))
        count = min(nas.candidates, max(1, int(ray.cluster_resources().get("CPU", 1))))
        gpus = min(1.0, ray.cluster_resources().get("GPU", 0) / count)
        actor = ray.remote(Worker).options(num_cpus=1, num_gpus=gpus)
        free = [actor.remote(config) for _ in range(count)]
        at_work: dict[Any, tuple[Any, Genotype, float]] = {}
        while len(history) < nas.candidates:
            while free and len(history) + len(at_work) < nas.candidates:
                worker, (genotype, ms) = free.pop(), next_one(strategy)
                at_work[worker.judge.remote(str(genotype))] = worker, genotype, ms
            (done,), _ = ray.wait(list(at_work))
            worker, genotype, ms = at_work.pop(done)
            try:
                judgement, seconds = ray.get(done)
            except ray.exceptions.RayTaskError as error:
                raise PocketstyleError(f"{genotype}: {error.cause}") from error
            except ray.exceptions.RayError as error:
                lost += 1
                in_a_row += 1
                if in_a_row > MOST_LOST:
                    raise PocketstyleError(
                        f"{in_a_row} workers died one after the other; the last said: {error}"
                    ) from error
                free.append(actor.remote(config))  # in the place of the one that died
            else:
                in_a_row = 0
                free.append(worker)
                one = _candidate(config, genotype, judgement, ms, whole, seconds)
                file.write(_line(one))
                file.flush()
                history.append(one)
                strategy.tell(Scored(genotype, one.score))
            tell(history, lost)
    result = summary(history, whole, lost, nas)
    with written_whole(out / "nas.json") as part:
        part.write_text(json.dumps(result, indent=1) + "\n")
    write_nas_report(out, [asdict(one) for one in history], result)
    return result


class Worker:
    """In a process of the cluster: a judge for one candidate at a time, on one core."""

    def __init__(self, config: Config):
        torch.set_num_threads(1)
        self.config, self.judged_by = config, None

    def judge(self, genotype: str) -> tuple[Judgement, float]:
        """Judgement and seconds."""
        if self.judged_by is None:  # here, so that what goes wrong reaches the caller
            self.judged_by = Judge(self.config)
        start = perf_counter()
        judgement = self.judged_by.judge(Genotype.from_string(genotype))
        return judgement, perf_counter() - start


def summary(
    history: Sequence[Candidate], oracle_ms: float, lost: int, nas: NasConfig
) -> dict[str, Any]:
    """What `nas.json` holds."""
    best = min(history, key=lambda one: one.score)
    return {
        "method": nas.method,
        "device": nas.device,
        "candidates": len(history),
        "lost": lost,
        "oracle_ms": oracle_ms,
        "best": asdict(best),
        "operators": list(Genotype.from_string(best.genotype).on),
        "front": [asdict(one) for one in front(history)],
    }


def front(history: Sequence[Candidate]) -> list[Candidate]:
    """Those to which no other is at least as fast and nearer to the oracle, fastest first."""
    kept: list[Candidate] = []
    for one in sorted(history, key=lambda one: (one.ms, one.error)):
        if not kept or one.error < kept[-1].error:
            kept.append(one)
    return kept


def _candidate(
    config: Config,
    genotype: Genotype,
    judgement: Judgement,
    ms: float,
    oracle_ms: float,
    seconds: float,
) -> Candidate:
    nas = config.nas
    score = (
        nas.error * judgement.error
        + nas.perception * judgement.perception
        + nas.operators * genotype.share
        + nas.latency * ms / oracle_ms
    )
    return Candidate(
        str(genotype),
        score,
        judgement.error,
        judgement.perception,
        genotype.share,
        ms,
        judgement.loss,
        round(seconds, 2),
    )


def _strategy(nas: NasConfig, seed: int, history: Sequence[Candidate]) -> Evolution | RandomSearch:
    told = [Scored(Genotype.from_string(one.genotype), one.score) for one in history]
    if nas.method == "random":
        return RandomSearch(seed, told)
    return Evolution(nas.population, nas.sample, seed, told)


def _line(one: Candidate) -> str:
    return json.dumps(asdict(one)) + "\n"
