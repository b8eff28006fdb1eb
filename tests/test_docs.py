"""The pages say what is so: settings that load, commands and links that exist, measured numbers."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from pocketstyle.cli.app import app
from pocketstyle.search.config import Config
from results_page import page as results
from typer.main import get_command

ROOT = Path(__file__).parents[1]
ROOMS = "benchmarks|cli|datasets|docs|latency_model|metrics|networks|sdk|search|teachers|tests"
PAGES = [ROOT / "README.md"]
PAGES += sorted([*(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*/README.md")])


def test_the_results_are_those_of_the_files():
    assert results() == (ROOT / "docs/results.md").read_text()


def test_the_tutorials_settings_load():
    (settings,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/tutorial.md").read_text(), re.S)
    config = Config.model_validate(tomllib.loads(settings))
    assert config.search.loss == "distill"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_a_page_names_is_there(page):
    text = page.read_text()
    for target in re.findall(r"!?\[[^]]*\]\(([^)#:]+)\)", text):
        assert (page.parent / target).exists(), target
    for name in re.findall(rf"`((?:{ROOMS})/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name
    commands = re.findall(r"^ {4,}pocketstyle (.+)$", text.replace("\\\n", " "), re.M)
    for line in commands:
        check_command(shlex.split(line.replace("…", "")))


def check_command(words: list[str]) -> None:
    """The command exists and has the options."""
    command = get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    known = {name for option in command.params for name in option.opts}
    assert {word for word in words if word.startswith("-")} <= known, words
