"""A Python environment of its own for a converter that pins old libraries.

It is made on first use, below the user's cache directory ($XDG_CACHE_HOME or ~/.cache), from the
pinned list in `environments/`, and called by a subprocess with a time limit. Another list, or
another Python, is another environment; nothing else of the user's is touched.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from filelock import FileLock

from ..errors import PocketstyleError, UsageError

LISTS = Path(__file__).parent / "environments"
PYTHON = "3.11"  # the newest that the old TensorFlows know
PREPARE_LIMIT, CALL_LIMIT = 3600.0, 1800.0  # seconds

Say = Callable[[str], None]


def to_stderr(line: str) -> None:
    """Where progress goes."""
    print(line, file=sys.stderr, flush=True)


class RouteEnvironment:
    """The environment of one route.

    Attributes:
        path: its folder; `.ready` in it says that it is whole.
    """

    def __init__(self, route: str, say: Say = to_stderr):
        """
        Args:
            route: one of `LISTS`.
            say: told what takes long and what was mended, a line at a time.

        Raises:
            UsageError: no such route.
        """
        self.route, self.say = route, say
        self.requirements = LISTS / f"{route}.txt"
        if not self.requirements.is_file():
            known = ", ".join(sorted(path.stem for path in LISTS.glob("*.txt")))
            raise UsageError(f"no environment for {route!r}; there are some for {known}")
        digest = hashlib.sha256(self.requirements.read_bytes() + PYTHON.encode()).hexdigest()
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        self.path = cache / "pocketstyle/routes" / f"{route}-{digest[:12]}"
        self._ready = self.path / ".ready"

    @property
    def python(self) -> Path:
        return self.path / "bin/python"

    def prepare(self) -> None:
        """Make it, if it is not there; what an interrupted making left behind goes first.

        Raises:
            PocketstyleError: no Python of the right version, no network, no room; nothing stays.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PocketstyleError(f"cannot make {self.path.parent}: {error.strerror}") from error
        with FileLock(f"{self.path}.lock"):
            if self._ready.exists() and self.python.exists():
                return
            if self.path.exists():
                self.say(f"{self.path} is broken or unfinished: removed and built again")
                shutil.rmtree(self.path)
            self.say(f"making the environment of {self.route} in {self.path}")
            try:
                for step in self._steps():
                    self._build(step)
            except BaseException:
                shutil.rmtree(self.path, ignore_errors=True)
                raise
            self._ready.touch()

    def call(self, script: Path, *arguments: object, within: Path) -> None:
        """Run a script in it, making it first; one that lost a library is built again, once.

        Args:
            within: the script's working directory.

        Raises:
            PocketstyleError: the script failed, was killed, or took too long; with its last words.
        """
        self.prepare()
        done = self._run(script, arguments, within)
        if done.returncode and "ModuleNotFoundError" in done.stderr:
            self._ready.unlink(missing_ok=True)
            self.prepare()
            done = self._run(script, arguments, within)
        if done.returncode == -signal.SIGKILL:
            raise PocketstyleError(f"{self.route} was killed: probably not enough memory")
        if done.returncode:
            raise PocketstyleError(f"{self.route} failed: {last_words(done)}")

    def _run(
        self, script: Path, arguments: Sequence[object], within: Path
    ) -> subprocess.CompletedProcess[str]:
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        try:
            return subprocess.run(
                [self.python, "-I", script, *map(str, arguments)],
                cwd=within,
                env=os.environ | quiet,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=CALL_LIMIT,
            )
        except subprocess.TimeoutExpired as error:
            raise PocketstyleError(f"{self.route}: no answer within {CALL_LIMIT:g} s") from error

    def _steps(self) -> list[list[str]]:
        """The commands that make it."""
        uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
        if uv:
            return [
                [uv, "venv", "--quiet", "--python", PYTHON, str(self.path)],
                [
                    *(uv, "pip", "install", "--quiet", "--no-deps"),
                    *("--python", str(self.python), "--requirement", str(self.requirements)),
                ],
            ]
        python = shutil.which(f"python{PYTHON}")
        if python is None:
            raise PocketstyleError(
                f"the route {self.route} needs Python {PYTHON}: pip install uv, which fetches one"
            )
        pip = [str(self.python), "-m", "pip", "install", "--quiet", "--no-deps"]
        return [
            [python, "-m", "venv", str(self.path)],
            [*pip, "--requirement", str(self.requirements)],
        ]

    def _build(self, step: Sequence[str]) -> None:
        try:
            done = subprocess.run(
                step, capture_output=True, text=True, errors="replace", timeout=PREPARE_LIMIT
            )
        except subprocess.TimeoutExpired as error:
            raise PocketstyleError(
                f"the environment of {self.route} was not there after {PREPARE_LIMIT:g} s"
            ) from error
        if done.returncode:
            raise PocketstyleError(
                f"cannot make the environment of {self.route}: {last_words(done)}"
            )


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """The last line that a process wrote to its standard error, or its exit status."""
    lines = done.stderr.strip().splitlines()
    return lines[-1].strip() if lines else f"exit status {done.returncode}"
