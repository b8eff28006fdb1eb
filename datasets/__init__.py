"""Pictures for training: folders, the procedural heads, and batches of both."""

from .batches import CROP, Batches, to_pictures, to_tensor
from .folders import PictureSet, read_folder
from .head_set import render_heads
from .prefetch import Prefetch
from .style_pairs import read_pairs

__all__ = [
    "CROP",
    "Batches",
    "PictureSet",
    "Prefetch",
    "read_folder",
    "read_pairs",
    "render_heads",
    "to_pictures",
    "to_tensor",
]
