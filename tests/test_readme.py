"""The README's numbers are those of the kept result, not typed."""

import importlib.util
import json
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_numbers_come_from_the_result():
    spec = importlib.util.spec_from_file_location("readme", ROOT / "benchmarks/readme.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    result = json.loads((ROOT / "benchmarks/results/demo.json").read_text())
    assert module.numbers(result) in (ROOT / "README.md").read_text()
