"""The kinds of block, converted once: ten seconds for the first in a process, two for the rest."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def templates():
    """By name; each is converted when a test first uses it."""
    pytest.importorskip("litert_torch")

    from pocketstyle.sweep.blocks import KINDS
    from pocketstyle.sweep.template import Template

    return {name: Template(kind) for name, kind in KINDS.items()}
