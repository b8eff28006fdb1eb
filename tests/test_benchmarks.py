"""Benchmarks are run by hand and seldom: their imports and what they read are checked here."""

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

from pocketstyle.converters import Fidelity, Verification

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "benchmarks"
OF_ANOTHER_ENVIRONMENT = {"checkpoint_child"}  # tensorflow's
START_ALL = """
import importlib, inspect, sys
paths, names = sys.argv[1].split(":"), sys.argv[2:]
sys.path[:0] = paths
sys.argv = ["benchmark", "--help"]
faults = []
for name in names:
    try:
        module = importlib.import_module(name)
        if "parse_args" in inspect.getsource(getattr(module, "main", module)):
            module.main()
    except SystemExit as end:
        if end.code:
            faults.append(f"{name}: exit status {end.code}")
    except Exception as error:
        faults.append(f"{name}: {error}")
sys.exit("; ".join(faults) or 0)
"""


def test_every_benchmark_starts():
    """It is imported, and where it has options, says what they do."""
    files = [p for p in sorted(FOLDER.rglob("*.py")) if p.stem not in OF_ANOTHER_ENVIRONMENT]
    assert len(files) > 40
    paths = ":".join(dict.fromkeys(str(path.parent) for path in files))
    command = [sys.executable, "-c", START_ALL, paths, *(path.stem for path in files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr


def test_portraits_sh_reads_what_verify_writes():
    script = (FOLDER / "portraits.sh").read_text()
    (read,) = re.findall(r"verified\[key\] for key in \((.*?)\)", script)
    written = {field.name for field in fields(Verification)}
    written |= {f"parity_{field.name}" for field in fields(Fidelity)}
    assert set(re.findall(r'"(\w+)"', read)) <= written
    subprocess.run(["bash", "-n", FOLDER / "portraits.sh"], check=True)


def test_one_runs_at_its_smallest(tmp_path):
    """The others take minutes, trained networks or photos of others."""
    out = tmp_path / "waits.json"
    smallest = ["--rounds", "1", "--steps", "1", "--layers", "1", "--out", out]
    command = [sys.executable, FOLDER / "wait_policy.py", *smallest]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(out.read_text())["step_ms"]) == 6
