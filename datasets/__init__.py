"""Pictures for training: folders, the procedural heads, and batches of both.

Names are imported on first use: batches need torch, the rest does not.
"""

from ..lazy import names_from

_HOMES = {
    "CROP": ".batches",
    "Batches": ".batches",
    "PictureSet": ".folders",
    "Prefetch": ".prefetch",
    "read_folder": ".folders",
    "read_pairs": ".style_pairs",
    "render_heads": ".head_set",
    "to_pictures": ".batches",
    "to_tensor": ".batches",
}

__all__ = sorted(_HOMES)
__getattr__ = names_from(__name__, _HOMES)
