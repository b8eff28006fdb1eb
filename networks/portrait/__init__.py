"""Portrait stylisation networks."""

from .cyclegan import CycleganGenerator, cyclegan_spec
from .discriminator import MultiScaleDiscriminator, PatchDiscriminator
from .generator import Generator
from .photo2cartoon import Photo2cartoonGenerator, photo2cartoon_spec
from .ugatit import UgatitGenerator, ugatit_full_spec, ugatit_spec
from .ugatit_deep import DeepUgatitGenerator, ugatit_deep_spec

PORTRAIT_SPECS = {
    "ugatit": ugatit_spec,
    "ugatit-full": ugatit_full_spec,
    "ugatit-deep": ugatit_deep_spec,
    "cyclegan": cyclegan_spec,
    "photo2cartoon": photo2cartoon_spec,
}
"""By family: a spec from the frame, the stem's channels, and the number of blocks."""

__all__ = [
    "PORTRAIT_SPECS",
    "CycleganGenerator",
    "DeepUgatitGenerator",
    "Generator",
    "MultiScaleDiscriminator",
    "PatchDiscriminator",
    "Photo2cartoonGenerator",
    "UgatitGenerator",
    "cyclegan_spec",
    "photo2cartoon_spec",
    "ugatit_deep_spec",
    "ugatit_full_spec",
    "ugatit_spec",
]
