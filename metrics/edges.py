"""Edges as TEED sees them (Soria et al. 2023): the stand-in for HED in SSIM-Edge."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import FormatError

MEAN = (104.007, 116.669, 122.679)  # of blue, green, red
MULTIPLE = 16  # that sides have to be of


def load_teed(path: str | Path) -> nn.Module:
    """The network with weights from a safetensors file, under the names of the authors' own.

    Raises:
        FormatError: no such file, or not these tensors.
    """
    network = Teed()
    try:
        network.load_state_dict(load_file(path))
    except (SafetensorError, OSError, RuntimeError) as error:
        raise FormatError(f"{path} holds no weights of TEED") from error
    return network.eval()


@torch.no_grad()
def edges(pictures: Tensor, network: nn.Module) -> Tensor:
    """Edge maps [B, 1, H, W] of 0..1 of pictures [B, 3, H, W] of -1..1.

    Sides that are no multiple of 16 are mirrored up to one and cut off again. Each map is stretched
    from its least value to its greatest, as the authors do.
    """
    h, w = pictures.shape[2:]
    padded = F.pad(pictures, (0, -w % MULTIPLE, 0, -h % MULTIPLE), "reflect")
    bgr = 127.5 * (padded.flip(1) + 1) - torch.tensor(MEAN)[None, :, None, None].to(pictures)
    made = network(bgr)[:, :, :h, :w].sigmoid()
    low, high = made.amin((2, 3), keepdim=True), made.amax((2, 3), keepdim=True)
    return (made - low) / (high - low).clamp(min=1e-6)


def smish(x: Tensor) -> Tensor:
    """x · tanh(ln(1 + sigmoid(x)))."""
    return x * torch.log1p(x.sigmoid()).tanh()


class Teed(nn.Module):
    """[B, 3, H, W] of BGR less `MEAN` → the fused map's logits [B, 1, H, W]; 58,910 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.block_1 = nn.ModuleDict({"conv1": _conv(3, 16, 2), "conv2": _conv(16, 16)})
        self.block_2 = nn.ModuleDict({"conv1": _conv(16, 32), "conv2": _conv(32, 32)})
        dense = {"conv1": nn.Conv2d(32, 48, 3, padding=2), "conv2": nn.Conv2d(48, 48, 3)}
        self.dblock_3 = nn.ModuleDict({"denselayer1": nn.ModuleDict(dense)})
        self.side_1 = nn.ModuleDict({"conv": nn.Conv2d(16, 32, 1, 2)})
        self.pre_dense_3 = nn.ModuleDict({"conv": nn.Conv2d(32, 48, 1)})
        self.up_block_1, self.up_block_2, self.up_block_3 = _up(16, 1), _up(32, 1), _up(48, 2)
        fuse = {
            "DWconv1": nn.Conv2d(3, 24, 3, padding=1, groups=3),
            "DWconv2": nn.Conv2d(24, 24, 3, padding=1, groups=24),
        }
        self.block_cat = nn.ModuleDict(fuse)

    def forward(self, x: Tensor) -> Tensor:
        first = smish(self.block_1["conv2"](smish(self.block_1["conv1"](x))))  # H/2
        second = self.block_2["conv2"](smish(self.block_2["conv1"](first)))
        pooled = F.max_pool2d(second, 3, 2, 1)  # H/4
        layer = self.dblock_3["denselayer1"]
        y = smish(pooled + self.side_1["conv"](first))
        y = layer["conv2"](smish(layer["conv1"](y)))
        third = 0.5 * (y + self.pre_dense_3["conv"](pooled))
        scales = (self.up_block_1(first), self.up_block_2(second), self.up_block_3(third))
        y = self.block_cat["DWconv1"](smish(torch.cat(scales, 1)))
        return smish((y + self.block_cat["DWconv2"](smish(y))).sum(1, keepdim=True))


class _Smish(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return smish(x)


class _Up(nn.Module):
    """Under the authors' name, "features"."""

    def __init__(self, layers: list[nn.Module]):
        super().__init__()
        self.features = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)


def _conv(cin: int, cout: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(cin, cout, 3, stride, padding=1)


def _up(cin: int, times: int) -> _Up:
    """Doubled so many times, to one channel."""
    k, padding = 2**times, {1: 0, 2: 1}[times]
    layers: list[nn.Module] = []
    for i in range(times):
        cout = 1 if i == times - 1 else 16
        layers += [nn.Conv2d(cin, cout, 1), _Smish()]
        layers.append(nn.ConvTranspose2d(cout, cout, k, 2, padding))
        cin = cout
    return _Up(layers)
