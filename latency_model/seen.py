"""Which measurements a device was fitted on: a judgement on those would be praise of a memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable


def fingerprint(measured: object) -> int:
    """32 bits of a launch, of a block's launches, or of a network's name."""
    return zlib.crc32(repr(measured).encode())


def fingerprints(measured: Iterable[object]) -> list[int]:
    """Of everything that went into a fit, as a card keeps them."""
    return sorted({fingerprint(one) for one in measured})
