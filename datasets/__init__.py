"""Pictures for training: folders, the procedural heads, and batches of both."""

from .batches import ENLARGE, Batches, to_pictures, to_tensor
from .folders import PictureSet, read_folder
from .head_set import render_heads

__all__ = [
    "ENLARGE",
    "Batches",
    "PictureSet",
    "read_folder",
    "render_heads",
    "to_pictures",
    "to_tensor",
]
