"""Style transforms: what a content's features become under a style's statistics, one file each."""

from .adain import AdaIn
from .avatar import AvatarDecorator
from .linear import LinearWct
from .optimal import OptimalWct
from .region_wise import RegionWise
from .sandwich_swap import ConvolutionalSandwichSwap, SandwichSwap, coloured
from .swap import StyleSwap
from .transfer import Statistics, Transfer, blended
from .wct import EigenWct, NewtonSchulzWct, square_roots

TRANSFERS: dict[str, type[Transfer]] = {
    "adain": AdaIn,
    "avatar": AvatarDecorator,
    "optimal-wct": OptimalWct,
    "sandwich-swap": SandwichSwap,
    "style-swap": StyleSwap,
    "wct": EigenWct,
    "wct-newton-schulz": NewtonSchulzWct,
}
"""Those without weights."""

__all__ = [
    "TRANSFERS",
    "AdaIn",
    "AvatarDecorator",
    "ConvolutionalSandwichSwap",
    "EigenWct",
    "LinearWct",
    "NewtonSchulzWct",
    "OptimalWct",
    "RegionWise",
    "SandwichSwap",
    "Statistics",
    "StyleSwap",
    "Transfer",
    "blended",
    "coloured",
    "square_roots",
]
