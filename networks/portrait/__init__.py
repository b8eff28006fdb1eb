"""Portrait stylisation networks."""

from .discriminator import MultiScaleDiscriminator
from .ugatit import UgatitGenerator, ugatit_spec

__all__ = ["MultiScaleDiscriminator", "UgatitGenerator", "ugatit_spec"]
