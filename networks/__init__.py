"""Networks as data: specs, Widths and Gates, compaction, and one file of weights each."""

from .checkpoint import ModelCard, load, save, write_tensors
from .compact import compact
from .layers import Conv2d
from .normalisation import clamp_rho
from .portrait import (
    PORTRAIT_SPECS,
    MultiScaleDiscriminator,
    PatchDiscriminator,
    UgatitGenerator,
    cyclegan_spec,
    ugatit_full_spec,
    ugatit_spec,
)
from .spec import Spec, build
from .width import THRESHOLD, Concatenation, Gate, Width, is_open, searchable, start_search

__all__ = [
    "PORTRAIT_SPECS",
    "THRESHOLD",
    "Concatenation",
    "Conv2d",
    "Gate",
    "ModelCard",
    "MultiScaleDiscriminator",
    "PatchDiscriminator",
    "Spec",
    "UgatitGenerator",
    "Width",
    "build",
    "clamp_rho",
    "compact",
    "cyclegan_spec",
    "is_open",
    "load",
    "save",
    "searchable",
    "start_search",
    "ugatit_full_spec",
    "ugatit_spec",
    "write_tensors",
]
