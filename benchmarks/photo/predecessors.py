"""What photorealistic transfer was before: a cascade with smoothing, and a wavelet auto-encoder.

Written from the descriptions in PhotoWCT (Li et al. 2018) and WCT2 (Yoo et al. 2019) on the
encoder of PhotoNet, to be timed beside it: their decoders are not trained, which costs the same.
"""

from __future__ import annotations

import numpy as np
import torch
from pocketstyle.networks.photo import VggEncoder
from pocketstyle.networks.photo.encoder import STAGES
from pocketstyle.networks.transfers import EigenWct
from pocketstyle.networks.transfers.wct import composed
from scipy import sparse
from scipy.sparse.linalg import cg
from torch import Tensor, nn
from torch.nn import functional as F

SMOOTHNESS = 1e-4  # 1 - alpha of PhotoWCT's manifold ranking, which is .9999
RIDGE = 1e-7  # of a window's colours, in the matting affinity
CUT = 1e-5  # of the largest eigenvalue
WCT = EigenWct()


class PlainWct(EigenWct):
    """As published: the covariance of every pixel, no ridge, eigenvalues below a cut left out."""

    def statistics(self, style: Tensor) -> tuple[Tensor, Tensor]:
        mean, _, values, vectors = self.spectrum(style.double())
        root = composed(values.sqrt(), vectors)
        return mean.to(style.dtype), root.to(style.dtype)

    def forward(self, content: Tensor, *statistics: Tensor) -> Tensor:
        mean, colouring = (t.double() for t in statistics)
        _, centred, values, vectors = self.spectrum(content.double())
        inverse = torch.where(values > 0, values, torch.inf).rsqrt()
        made = centred @ (composed(inverse, vectors) @ colouring) + mean
        return made.permute(0, 3, 1, 2).to(content.dtype)

    @staticmethod
    def spectrum(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Mean, centred features, eigenvalues (0 below the cut) and eigenvectors."""
        x = x.permute(0, 2, 3, 1)
        mean = x.mean((1, 2), keepdim=True)
        flat = (x - mean).flatten(1, 2)
        covariance = flat.mT @ flat / (flat.shape[1] - 1)
        values, vectors = torch.linalg.eigh(covariance[:, None])
        values = torch.where(values > CUT * values.amax(-1, keepdim=True), values, 0)
        return mean, x - mean, values[..., None, :], vectors


def transferred(content: Tensor, style: Tensor) -> Tensor:
    return WCT(content, *WCT.statistics(style))


def conv(cin: int, cout: int) -> nn.Conv2d:
    return nn.Conv2d(cin, cout, 3, padding=1, padding_mode="reflect")


class Cascade(nn.Module):
    """PhotoWCT: five auto-encoders, from relu5_1 to relu1_1, each on the last one's picture.

    Pools remember where a maximum was, and decoders put it back there.
    """

    def __init__(self, encoder: VggEncoder):
        super().__init__()
        self.encoder = encoder
        self.decoders = nn.ModuleList()
        for level in range(5, 0, -1):
            decoder = nn.ModuleDict()
            for name, layer in self.layers(level):  # mirrored
                out = layer.in_width.channels
                decoder[name] = conv(layer.out_width.channels, out)
            self.decoders.append(decoder)

    def layers(self, level: int) -> list[tuple[str, nn.Module]]:
        names = [name for stage in STAGES[:level] for name in stage]
        names = names[: names.index(f"{level}1") + 1]
        return [(name, getattr(self.encoder, f"conv{name}")) for name in names]

    def encoded(self, x: Tensor, level: int) -> tuple[Tensor, list[Tensor]]:
        x, places = self.encoder.conv0(x), []
        for name, layer in self.layers(level):
            if name.endswith("1") and name != "11":
                x, where = F.max_pool2d(x, 2, return_indices=True)
                places.append(where)
            x = F.relu(layer(x))
        return x, places

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        for level, decoder in zip(range(5, 0, -1), self.decoders, strict=True):
            x, places = self.encoded(content, level)
            x = transferred(x, self.encoded(style, level)[0])
            for name, _ in reversed(self.layers(level)):
                x = decoder[name](x)
                if name != "11":
                    x = F.relu(x)
                if name.endswith("1") and name != "11":
                    x = F.max_unpool2d(x, places.pop(), 2)
            content = x
        return content


class Wavelet(nn.Module):
    """WCT2: Haar pooling, whose three high bands skip to the decoder; WCT at every level of both,
    on the low band and on what skips."""

    def __init__(self, encoder: VggEncoder):
        super().__init__()
        self.encoder = encoder
        low, high = torch.tensor([1.0, 1.0]), torch.tensor([-1.0, 1.0])
        bands = [a[:, None] * b / 2 for a in (low, high) for b in (low, high)]
        self.register_buffer("haar", torch.stack(bands)[:, None])  # [4, 1, 2, 2]
        self.decoder = nn.ModuleDict()
        for name in self.names():
            layer = getattr(encoder, f"conv{name}")
            self.decoder[name] = conv(layer.out_width.channels, layer.in_width.channels)

    @staticmethod
    def names() -> list[str]:
        """Up to relu4_1."""
        return [name for stage in STAGES[:3] for name in stage] + ["41"]

    def pooled(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        c = x.shape[1]
        made = F.conv2d(x, self.haar.repeat(c, 1, 1, 1), stride=2, groups=c)
        low, *high = made.unflatten(1, (c, 4)).unbind(2)
        return low, high

    def unpooled(self, low: Tensor, high: list[Tensor]) -> Tensor:
        c = low.shape[1]
        stacked = torch.stack((low, *high), 2).flatten(1, 2)
        return F.conv_transpose2d(stacked, self.haar.repeat(c, 1, 1, 1), stride=2, groups=c)

    def run(self, x: Tensor, style: dict[str, Tensor] | None) -> dict[str, Tensor]:
        """The features at every transform; of a content (with the style's), transformed."""
        seen: dict[str, Tensor] = {}

        def visit(name: str, features: Tensor) -> Tensor:
            if style is not None:
                features = transferred(features, style[name])
            seen[name] = features
            return features

        x, bands = self.encoder.conv0(x), []
        for name in self.names():
            if name.endswith("1") and name != "11":
                x, high = self.pooled(x)
                bands.append([visit(f"skip {name} {i}", band) for i, band in enumerate(high)])
            x = F.relu(getattr(self.encoder, f"conv{name}")(x))
            if name.endswith("1"):
                x = visit(f"encoder {name}", x)
        for name in reversed(self.names()):
            x = self.decoder[name](x)
            if name != "11":
                x = F.relu(x)
            if name.endswith("1") and name != "11":
                x = self.unpooled(visit(f"decoder {name}", x), bands.pop())
        return seen | {"picture": x}

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        return self.run(content, self.run(style, None))["picture"]


def smoothed(made: np.ndarray, content: np.ndarray) -> np.ndarray:
    """PhotoWCT's second step: manifold ranking on the matting affinity of the content's colours.

    Solves (I - a S) R = (1 - a) Y with S = D^-1/2 W D^-1/2 and W the matting affinity over windows
    of 3x3 (Levin et al. 2008, eq. 12), by conjugate gradients.

    Args:
        made, content: [H, W, 3] of 0..1.
    """
    h, w = content.shape[:2]
    affinity = matting_affinity(content)
    root = sparse.diags(1 / np.sqrt(np.maximum(np.asarray(affinity.sum(1)).ravel(), 1e-12)))
    a = 1 - SMOOTHNESS
    system = sparse.identity(h * w) - a * (root @ affinity @ root)
    flat = made.reshape(-1, 3)
    solved = [cg(system, (1 - a) * flat[:, i], flat[:, i], rtol=1e-4)[0] for i in range(3)]
    return np.stack(solved, 1).reshape(made.shape)


def matting_affinity(picture: np.ndarray) -> sparse.csr_matrix:
    """W of Levin's matting Laplacian L = D - W, [H W, H W]."""
    h, w = picture.shape[:2]
    places = np.arange(h * w).reshape(h, w)
    windows = np.lib.stride_tricks.sliding_window_view(places, (3, 3)).reshape(-1, 9)
    colours = picture.reshape(-1, 3)[windows]  # [windows, 9, 3]
    centred = colours - colours.mean(1, keepdims=True)
    covariance = np.einsum("wia,wib->wab", centred, centred) / 9 + RIDGE / 9 * np.eye(3)
    near = (1 + np.einsum("wia,wab,wjb->wij", centred, np.linalg.inv(covariance), centred)) / 9
    rows = np.repeat(windows, 9, 1).ravel()
    columns = np.tile(windows, (1, 9)).ravel()
    return sparse.csr_matrix((near.ravel(), (rows, columns)), (h * w, h * w))
