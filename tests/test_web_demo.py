"""The page in the browser: types, units, and the built page in Chromium beside the SDK."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WEB = Path(__file__).parents[1] / "web_demo"
NODE = (20, 19)  # what Vite needs
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
OFFLINE = re.compile("ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH")


def npm(*arguments: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHON": sys.executable, "CHROMIUM": CHROMIUM or "", "CI": "1"}
    return subprocess.run(
        ["npm", *arguments], cwd=WEB, env=environment, capture_output=True, text=True, timeout=400
    )


@pytest.fixture(scope="module")
def run():
    """Runs a script of package.json, in what `npm ci` installed."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("no node and npm: the page cannot be built")
    told = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    if tuple(int(part) for part in told.strip().lstrip("v").split(".")[:2]) < NODE:
        pytest.skip(f"node {told.strip()} is older than {'.'.join(map(str, NODE))}")
    installed = npm("ci")
    if installed.returncode and OFFLINE.search(installed.stderr):
        pytest.skip("npm reaches no registry: the page cannot be built")
    assert installed.returncode == 0, installed.stderr

    def script(name: str) -> None:
        done = npm("run", name)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]

    return script


def test_types(run):
    run("check")


def test_units(run):
    run("test")


def test_the_built_page_beside_the_sdk(run):
    if CHROMIUM is None:
        pytest.skip("no Chromium: the built page cannot be tried")
    run("e2e")


def test_the_fixtures_are_what_python_makes():
    spec = importlib.util.spec_from_file_location("web_fixtures", WEB / "fixtures/make.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    for name, made in make.fixtures().items():
        kept = json.loads((WEB / "fixtures" / name).read_text())
        assert kept == json.loads(json.dumps(made)), name


def test_the_lock_names_no_registry():
    packages = json.loads((WEB / "package-lock.json").read_text())["packages"]
    assert packages["node_modules/@litertjs/core"]["version"].startswith("2.5.")
    for package in packages.values():
        assert package.get("resolved", "https://registry.npmjs.org/").startswith(
            "https://registry.npmjs.org/"
        )
