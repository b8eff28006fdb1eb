"""Benchmarks are run by hand and seldom: their imports and what they read are checked here."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

from pocketstyle.converters import Fidelity, Verification

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "benchmarks"
OF_ANOTHER_ENVIRONMENT = {"checkpoint_child"}  # tensorflow's
IMPORT_ALL = """
import importlib, sys
sys.path[:0] = sys.argv[1].split(":")
missing = []
for name in sys.argv[2:]:
    try:
        importlib.import_module(name)
    except ImportError as error:
        missing.append(f"{name}: {error}")
sys.exit("; ".join(missing) or 0)
"""


def test_every_benchmark_can_be_imported():
    files = [p for p in sorted(FOLDER.rglob("*.py")) if p.stem not in OF_ANOTHER_ENVIRONMENT]
    assert len(files) > 40
    paths = ":".join(dict.fromkeys(str(path.parent) for path in files))
    command = [sys.executable, "-c", IMPORT_ALL, paths, *(path.stem for path in files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr


def test_portraits_sh_reads_what_verify_writes():
    script = (FOLDER / "portraits.sh").read_text()
    (read,) = re.findall(r"verified\[key\] for key in \((.*?)\)", script)
    written = {field.name for field in fields(Verification)}
    written |= {f"parity_{field.name}" for field in fields(Fidelity)}
    assert set(re.findall(r'"(\w+)"', read)) <= written
    subprocess.run(["bash", "-n", FOLDER / "portraits.sh"], check=True)


def test_every_benchmark_with_options_says_what_it_does():
    """In one that has the cheapest imports; the others' parsers are made alike."""
    for name in ("search_step.py", "wait_policy.py"):
        command = [sys.executable, FOLDER / name, "--help"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT)
        assert done.returncode == 0 and "--out" in done.stdout
