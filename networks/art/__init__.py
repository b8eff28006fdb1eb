"""ArtNet: trunks of classifiers, their weights, and the network that draws with them."""

from .artnet import ART_TRANSFERS, LINEAR, TRUNKS, ArtNetwork, art_spec
from .googlenet import GoogLeNet, googlenet_channels
from .mobilenet import MobileNet, mobilenet_channels
from .squeezenet import SqueezeNet, squeezenet_channels
from .trunk import Trunk
from .vgg import VggTrunk
from .weights import load_trunk, spec_of, trunk_of

__all__ = [
    "ART_TRANSFERS",
    "LINEAR",
    "TRUNKS",
    "ArtNetwork",
    "GoogLeNet",
    "MobileNet",
    "SqueezeNet",
    "Trunk",
    "VggTrunk",
    "art_spec",
    "googlenet_channels",
    "load_trunk",
    "mobilenet_channels",
    "spec_of",
    "squeezenet_channels",
    "trunk_of",
]
