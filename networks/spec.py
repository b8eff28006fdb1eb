"""A network is data (C1): a frozen spec, and the registry that turns it into a module."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import torch
from torch import nn

from ..errors import FormatError, UsageError
from ..frames import Frame, check_multiple, frame_text

BUILDERS: dict[str, Callable[[Spec], nn.Module]] = {}


@dataclass(frozen=True)
class Spec:
    """What a network is made of.

    Attributes:
        family: the registered name of its architecture, such as "ugatit".
        height, width: of the frame, its pictures, in pixels.
        widths: channels per width group.
        blocks: names of the residual blocks that are present, in order.
    """

    family: str
    height: int
    width: int
    widths: dict[str, int]
    blocks: tuple[str, ...]

    @property
    def frame(self) -> Frame:
        """Height and width."""
        return self.height, self.width

    @property
    def size(self) -> int:
        """Side of a square frame.

        Raises:
            UsageError: it is none.
        """
        if self.height != self.width:
            raise UsageError(f"{self.family} at {frame_text(self.frame)} is no square")
        return self.height

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Spec:
        """Parse and check a spec; one of an older version has a `size`, the side of a square.

        Raises:
            FormatError: not a spec, or of a family that this version does not know.
        """
        try:
            fields = json.loads(text)
            fields["blocks"] = tuple(fields["blocks"])
            if "size" in fields and "height" not in fields:
                fields["height"] = fields["width"] = fields.pop("size")
            spec = cls(**fields)
            if not all(isinstance(side, int) and side > 0 for side in spec.frame):
                raise ValueError(f"a frame of {spec.height!r} by {spec.width!r}")
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"not a network spec: {error}") from error
        if spec.family not in BUILDERS:
            raise FormatError(f"unknown network family {spec.family!r}; known: {sorted(BUILDERS)}")
        return spec


def register(family: str):
    """Class decorator: `build` finds the architecture under this name."""

    def add(builder):
        BUILDERS[family] = builder
        return builder

    return add


def build(spec: Spec) -> nn.Module:
    """The module of a spec, freshly initialised.

    Its `multiple` is what the frame's sides are multiples of, its `fit` how pictures of other
    shapes are played: "crop", "stretch", "detail" or "frame" (`sdk.Stylizer.stylize`).

    Raises:
        UsageError: an unknown family, or a frame that does not suit it; the nearest is named.
    """
    if spec.family not in BUILDERS:
        raise UsageError(f"unknown network family {spec.family!r}; known: {sorted(BUILDERS)}")
    network = BUILDERS[spec.family](spec)
    check_multiple(spec.frame, network.multiple, spec.family)
    return network


def at_frame(network: nn.Module, frame: Frame) -> nn.Module:
    """The same network for pictures of another frame: itself, or a copy.

    Raises:
        UsageError: the frame does not suit it, or its weights fit their own frame alone.
    """
    spec, (height, width) = network.spec, frame
    if spec.frame == frame:
        return network
    alone = UsageError(f"{spec.family}: the weights fit {frame_text(spec.frame)} alone")
    if spec.family not in BUILDERS:
        raise alone
    with torch.device("meta"):  # for the shapes alone
        fresh = build(replace(spec, height=height, width=width))
    weights = network.state_dict()
    if any(weights[name].shape != value.shape for name, value in fresh.state_dict().items()):
        raise alone
    made = copy.deepcopy(network)
    made.spec = fresh.spec
    return made
