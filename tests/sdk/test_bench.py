"""How fast a bundle is: every way measured in a process of its own, or told why not."""

import json
import os

import pytest
from pocketstyle.cli.app import app
from pocketstyle.errors import FormatError
from pocketstyle.sdk import bench as module
from pocketstyle.sdk.bench import Timing, bench
from typer.testing import CliRunner


def test_every_way_is_measured_or_told_of(tiny):
    found = list(bench(tiny.path))
    on_cpu = [one for one in found if isinstance(one, Timing) and one.accelerator == "cpu"]
    assert [one.threads for one in on_cpu][:2] == [1, 2][: os.cpu_count()]
    for one in on_cpu:
        assert 0 < one.median_ms <= one.p95_ms and one.runs == module.RUNS
        assert one.first_ms > 0 and one.load_ms > 0 and one.style_ms is None
        assert 20 < one.peak_mb < 2000
    assert isinstance(found[-1], Timing) or found[-1].startswith("gpu: ")


def test_a_child_that_dies_takes_nothing_with_it(tiny, monkeypatch):
    monkeypatch.setattr(module.sys, "executable", "/bin/false")
    assert set(map(str, bench(tiny.path))) == {"cpu: exit status 1", "gpu: exit status 1"}


def test_what_is_no_bundle(tmp_path):
    (tmp_path / "no.tflite").write_bytes(b"no bundle")
    with pytest.raises(FormatError):
        next(bench(tmp_path / "no.tflite"))


def test_the_command(tiny, monkeypatch):
    timing = Timing("32x32", "cpu", 1, 10.0, None, 5.0, 2.0, 3.0, 50, 90.0)
    monkeypatch.setattr(module, "bench", lambda *_: iter([timing, "gpu: none"]))
    made = CliRunner().invoke(app, ["bench", str(tiny.path), "--json"])
    told = json.loads(made.stdout)
    assert told["timings"][0]["median_ms"] == 2.0 and told["missing"] == ["gpu: none"]
    table = CliRunner().invoke(app, ["bench", str(tiny.path)]).stdout
    assert "2.0" in table and "gpu: none" in table
    assert "fastest on the CPU with 1 thread: 2.0 ms a picture, 500 pictures a second" in table
