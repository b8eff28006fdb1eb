"""Style transforms: what a content's features become under a style's statistics, one file each."""

from .adain import AdaIn
from .transfer import Statistics, Transfer, blended
from .wct import EigenWct, NewtonSchulzWct, square_roots

TRANSFERS: dict[str, type[Transfer]] = {
    "adain": AdaIn,
    "wct": EigenWct,
    "wct-newton-schulz": NewtonSchulzWct,
}

__all__ = [
    "TRANSFERS",
    "AdaIn",
    "EigenWct",
    "NewtonSchulzWct",
    "Statistics",
    "Transfer",
    "blended",
    "square_roots",
]
