"""Networks as data: specs, Widths and Gates, compaction, and one file of weights each."""

from .art import ArtNetwork, art_spec
from .checkpoint import ModelCard, load, read_tensors, save, write_tensors
from .compact import compact
from .layers import Conv2d
from .normalisation import clamp_mixtures, randomise_mixtures
from .photo import Genotype, PhotoNetwork, photo_spec
from .picture_network import PictureNetwork
from .portrait import (
    PORTRAIT_SPECS,
    MultiScaleDiscriminator,
    PatchDiscriminator,
    UgatitGenerator,
    cyclegan_spec,
    photo2cartoon_spec,
    ugatit_deep_spec,
    ugatit_full_spec,
    ugatit_spec,
)
from .spec import Spec, at_frame, build
from .style import STYLE_SPECS, fast_style_spec, mobile_style_spec, read_published, unet_spec
from .width import (
    THRESHOLD,
    Concatenation,
    Gate,
    Width,
    has_masks,
    is_open,
    searchable,
    start_search,
)

__all__ = [
    "PORTRAIT_SPECS",
    "STYLE_SPECS",
    "THRESHOLD",
    "ArtNetwork",
    "Concatenation",
    "Conv2d",
    "Gate",
    "Genotype",
    "ModelCard",
    "MultiScaleDiscriminator",
    "PatchDiscriminator",
    "PhotoNetwork",
    "PictureNetwork",
    "Spec",
    "UgatitGenerator",
    "Width",
    "art_spec",
    "at_frame",
    "build",
    "clamp_mixtures",
    "compact",
    "cyclegan_spec",
    "fast_style_spec",
    "has_masks",
    "is_open",
    "load",
    "mobile_style_spec",
    "photo2cartoon_spec",
    "photo_spec",
    "randomise_mixtures",
    "read_published",
    "read_tensors",
    "save",
    "searchable",
    "start_search",
    "ugatit_deep_spec",
    "ugatit_full_spec",
    "ugatit_spec",
    "unet_spec",
    "write_tensors",
]
