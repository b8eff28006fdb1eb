"""Sweeps on a backend that reckons instead of measuring, and one on this computer."""

import pytest

pytest.importorskip("litert_torch")

from pocketstyle.converters.flatbuffer import read_model
from pocketstyle.errors import PocketstyleError, UsageError
from pocketstyle.latency_model.block_table import read_blocks
from pocketstyle.latency_model.measuring import Measurement
from pocketstyle.sweep import ThisComputer, run_sweep, sweep
from pocketstyle.sweep.blocks import configuration, sizes_to_text

BATCHES = 3


class Abacus:
    """A millisecond per operator, a fifth slower from batch to batch; stopped in the fourth."""

    device, name = "abacus", "by-hand"

    def __init__(self):
        self.batches = 0

    def measure(self, models):
        self.batches += 1
        if self.batches > BATCHES:
            raise KeyboardInterrupt
        operators = (len(read_model(model).subgraphs[0].operators) for model in models)
        return [self.measurement(n * 1.2**self.batches) for n in operators]

    def measurement(self, ms):
        return Measurement(self.device, self.name, (0.99 * ms, ms, 1.01 * ms), {})


@pytest.fixture
def converted(monkeypatch, templates):
    """Sweeps that find the kinds already converted."""
    monkeypatch.setattr(sweep, "_templates", lambda report: templates)


def stopped_sweep(out, seed=0):
    with pytest.raises(KeyboardInterrupt):
        run_sweep(out, 60, Abacus(), seed)
    return read_blocks(out)


def configurations(rows):
    return [(row.block, row.configuration) for row in rows if row.block != "reference"]


def drawn(n, seed=0):
    found = (configuration(seed, index) for index in range(n))
    return [(kind.name, sizes_to_text(sizes)) for kind, sizes in found]


def test_a_sweep_is_the_seeds_configurations_in_order(converted, tmp_path):
    rows = stopped_sweep(tmp_path / "t.csv")
    assert [row.block for row in rows].index("reference") == 0
    assert configurations(rows) == drawn(8 * BATCHES)
    assert {(row.device, row.backend) for row in rows} == {("abacus", "by-hand")}


def test_times_are_at_the_speed_of_the_tables_first_batch(converted, tmp_path):
    stopped_sweep(tmp_path / "t.csv")
    rows = stopped_sweep(tmp_path / "t.csv")  # and stay so in a continued table
    assert len(rows) == 1 + 16 * BATCHES
    for row in rows:
        assert row.ms == pytest.approx(1.2 * len(row.kernels))
        assert row.spread_ms == pytest.approx(0.02484 * row.ms, rel=1e-3)  # 4.303 / 3**0.5 %


def test_a_row_whose_line_was_not_ended_stays(converted, tmp_path):
    table = tmp_path / "t.csv"
    whole = stopped_sweep(table)
    table.write_bytes(table.read_bytes()[:-1])
    assert stopped_sweep(table)[: len(whole)] == whole


def test_an_interrupted_row_is_measured_again(converted, tmp_path):
    table = tmp_path / "t.csv"
    whole = stopped_sweep(table)
    table.write_bytes(table.read_bytes()[:-40])  # the last row's end never reached the disk
    assert read_blocks(table) == whole[:-1]
    rows = stopped_sweep(table)
    assert rows[: len(whole) - 1] == whole[:-1]
    assert configurations(rows) == drawn(16 * BATCHES - 1)


def test_another_seed_adds_other_configurations(converted, tmp_path):
    stopped_sweep(tmp_path / "t.csv")
    rows = stopped_sweep(tmp_path / "t.csv", seed=1)
    assert configurations(rows) == drawn(8 * BATCHES) + drawn(8 * BATCHES, seed=1)


def test_a_table_of_another_device_is_refused(converted, tmp_path):
    stopped_sweep(tmp_path / "t.csv")
    before = (tmp_path / "t.csv").read_bytes()
    with pytest.raises(UsageError, match=r"was measured on abacus, by-hand, not on .*, litert-cpu"):
        run_sweep(tmp_path / "t.csv", 1)
    assert (tmp_path / "t.csv").read_bytes() == before


@pytest.mark.parametrize("minutes", [0, -1, float("nan")])
def test_minutes_are_positive(tmp_path, minutes):
    with pytest.raises(UsageError, match="minutes"):
        run_sweep(tmp_path / "t.csv", minutes)


def test_a_missing_folder_and_an_unknown_backend_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"no such folder: .*none"):
        run_sweep(tmp_path / "none" / "t.csv", 1)
    with pytest.raises(UsageError, match="backend 'npu'; on this computer: litert-cpu, litert-gpu"):
        run_sweep(tmp_path / "t.csv", 1, "npu")


def test_without_a_gpu_one_line_says_so(monkeypatch, templates):
    for name in ("VK_DRIVER_FILES", "VK_ICD_FILENAMES"):
        monkeypatch.setenv(name, "/dev/null")
    model = templates["cam"].at({"trunk": 8, "decoder": 8, "side": 16})
    with pytest.raises(PocketstyleError, match="finds no GPU") as caught:
        ThisComputer("litert-gpu").measure([model])
    assert "\n" not in str(caught.value)


def test_this_computer_measures_a_batch(converted, tmp_path):
    said = []
    added = run_sweep(tmp_path / "t.csv", 1e-6, report=lambda *words: said.append(words))
    rows = read_blocks(tmp_path / "t.csv")
    assert added == len(rows) == 9
    assert said == [("seconds measured", 0, 0)]
    assert configurations(rows) == drawn(8)
    assert all(0 < row.spread_ms < row.ms for row in rows)
    assert rows[0].backend == "litert-cpu" and rows[0].device.endswith(", 1 thread")
