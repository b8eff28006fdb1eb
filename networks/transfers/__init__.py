"""Style transforms: what a content's features become under a style's statistics, one file each."""

from .adain import AdaIn
from .region_wise import RegionWise
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
    "RegionWise",
    "Statistics",
    "Transfer",
    "blended",
    "square_roots",
]
