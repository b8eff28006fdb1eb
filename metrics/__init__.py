"""Quality of pictures, each metric one function on tensors."""

from .edges import edges, load_teed
from .fid import fid
from .gram import gram, gram_loss
from .inception import features, load_inception
from .inception_2048 import features_2048, load_inception_2048
from .kid import kid
from .ssim import ssim
from .warping_error import warping_error

__all__ = [
    "edges",
    "features",
    "features_2048",
    "fid",
    "gram",
    "gram_loss",
    "kid",
    "load_inception",
    "load_inception_2048",
    "load_teed",
    "ssim",
    "warping_error",
]
