"""Photorealistic transfer: PhotoNet, PhotoNAS and the 31 bits between them (An et al. 2020)."""

from .encoder import VggEncoder, load_encoder, stages_of, vgg_channels
from .genotype import BITS, PHOTONAS, PHOTONET, Genotype
from .inheritance import inherit
from .photo import PhotoNetwork, photo_spec

__all__ = [
    "BITS",
    "PHOTONAS",
    "PHOTONET",
    "Genotype",
    "PhotoNetwork",
    "VggEncoder",
    "inherit",
    "load_encoder",
    "photo_spec",
    "stages_of",
    "vgg_channels",
]
