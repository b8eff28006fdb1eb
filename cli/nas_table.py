"""The best genotypes of a running search, on stderr."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.table import Table

if TYPE_CHECKING:
    from ..search.stylenas import Candidate, Tell

SHOWN = 8


@contextmanager
def nas_table(total: int) -> Iterator[Tell]:
    """Gives `tell(candidates, lost)`, which shows the best so far."""
    with Live(console=Console(stderr=True), auto_refresh=False) as live:

        def tell(candidates: Sequence[Candidate], lost: int) -> None:
            live.update(_table(candidates, total, lost), refresh=True)

        yield tell


def _table(candidates: Sequence[Candidate], total: int, lost: int) -> Table:
    told = f"{len(candidates)} of {total} candidates" + (f", {lost} lost" if lost else "")
    table = Table(title=told, title_justify="left")
    table.add_column("genotype", no_wrap=True)
    for name in ("score", "E", "P", "O", "ms"):
        table.add_column(name, justify="right")
    for one in sorted(candidates, key=lambda one: one.score)[:SHOWN]:
        table.add_row(
            one.genotype,
            f"{one.score:.4f}",
            f"{one.error:.4f}",
            f"{one.perception:.3f}",
            str(one.genotype.count("1")),
            f"{one.ms:.1f}",
        )
    return table
