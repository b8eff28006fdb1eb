"""How well a network keeps a content and takes a style: the three figures of PhotoNAS's paper."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import torch
from pocketstyle.datasets import read_pairs, to_tensor
from pocketstyle.metrics import edges, gram_loss, ssim
from pocketstyle.networks.photo import VggEncoder
from torch import Tensor, nn


@dataclass(frozen=True)
class Pair:
    """A content and a style of [1, 3, H, W], with what is measured of them once."""

    content: Tensor
    style: Tensor
    edges: Tensor
    features: list[Tensor]


@torch.no_grad()
def load_pairs(
    folder: Path, height: int, width: int, count: int, teed: nn.Module, encoder: VggEncoder
) -> list[Pair]:
    """So many of the pairs, spread over all."""
    contents, styles, _ = read_pairs(folder, height, width, count)
    both = zip(to_tensor(contents).split(1), to_tensor(styles).split(1), strict=True)
    return [Pair(content, style, edges(content, teed), encoder(style)) for content, style in both]


@torch.no_grad()
def measured(made: list[Tensor], pairs: list[Pair], teed: nn.Module, encoder: VggEncoder) -> dict:
    """Means over the pairs: SSIM to the content of pictures and of their edges, Gram loss.

    The Gram loss is relative to the style's Gram matrices, over relu1_1 to relu5_1 of the encoder
    that the networks have.
    """
    whole, edge, grams = [], [], []
    for picture, pair in zip(made, pairs, strict=True):
        picture = picture.clamp(-1, 1)
        whole.append(float(ssim(picture, pair.content)))
        edge.append(float(ssim(2 * edges(picture, teed) - 1, 2 * pair.edges - 1)))
        grams.append(float(gram_loss(encoder(picture), pair.features)))
    return {"ssim_whole": fmean(whole), "ssim_edge": fmean(edge), "gram": fmean(grams)}
