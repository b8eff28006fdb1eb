"""The functions that are exported: networks with pictures as TFLite has them."""

from __future__ import annotations

from itertools import chain

from torch import Tensor, nn


class Stylize(nn.Module):
    """A network of [B, 3, H, W] → the same, ready for export.

    Attributes:
        shift: the function takes and gives network value + shift (`take_bytes`).
        nhwc: pictures are [B, H, W, 3]; else [B, 3, H, W].
    """

    def __init__(self, network: nn.Module, shift: float = 0.0, *, nhwc: bool = True):
        super().__init__()
        self.network, self.shift, self.nhwc = network, shift, nhwc
        self.eval()

    def forward(self, content: Tensor) -> Tensor:
        if self.shift:
            content = content - self.shift
        if self.nhwc:
            content = content.permute(0, 3, 1, 2)
        stylized = self.network(content)
        if self.nhwc:
            stylized = stylized.permute(0, 2, 3, 1)
        return stylized + self.shift if self.shift else stylized


class EncodeStyle(nn.Module):
    """A style picture [B, H, W, 3] → its statistics, of a network that takes a style."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network
        self.eval()

    def forward(self, style: Tensor) -> tuple[Tensor, ...]:
        encoded = self.network.encode_style(style.permute(0, 3, 1, 2))
        return tuple(chain.from_iterable(encoded))


class StylizeAs(nn.Module):
    """Content [B, H, W, 3] and what `EncodeStyle` gave → the same, of a network with a style."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network
        self.eval()

    def forward(self, content: Tensor, *statistics: Tensor) -> Tensor:
        each = self.network.transfer.count
        style = [statistics[i : i + each] for i in range(0, len(statistics), each)]
        return self.network.stylize(content.permute(0, 3, 1, 2), style).permute(0, 2, 3, 1)
