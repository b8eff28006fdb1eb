"""VGG-19's first stages as a trunk, at its full width or at a fraction of it."""

from __future__ import annotations

from torch import nn

from ..photo.encoder import VggEncoder
from .trunk import ReceptiveField


class VggTrunk(VggEncoder):
    """Maps at 1, 1/2, 1/4 and 1/8, relu1_1 to relu4_1; what `Trunk` says of others holds for it."""

    def __init__(self, widths: nn.ModuleDict):
        super().__init__(widths)
        field, fields = ReceptiveField(), []
        for i, names in enumerate(self.layers):
            if i:
                field.see(2, 2)
            fields.append(field.see(3))
            for _ in names[1:]:
                field.see(3)
        self.features = tuple(getattr(self, f"conv{names[0]}").out_width for names in self.layers)
        self.receptive_fields = tuple(fields)
        self.strides = (1, 2, 4, 8, 16)[: len(fields)]
