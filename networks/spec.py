"""A network is data (C1): a frozen spec, and the registry that turns it into a module."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from torch import nn

from ..errors import FormatError, UsageError

BUILDERS: dict[str, Callable[[Spec], nn.Module]] = {}


@dataclass(frozen=True)
class Spec:
    """What a network is made of.

    Attributes:
        family: the registered name of its architecture, such as "ugatit".
        size: side of the square input in pixels.
        widths: channels per width group.
        blocks: names of the residual blocks that are present, in order.
    """

    family: str
    size: int
    widths: dict[str, int]
    blocks: tuple[str, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Spec:
        """Parse and check a spec.

        Raises:
            FormatError: not a spec, or of a family that this version does not know.
        """
        try:
            fields = json.loads(text)
            fields["blocks"] = tuple(fields["blocks"])
            spec = cls(**fields)
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
    """The module of a spec, freshly initialised."""
    if spec.family not in BUILDERS:
        raise UsageError(f"unknown network family {spec.family!r}; known: {sorted(BUILDERS)}")
    return BUILDERS[spec.family](spec)
