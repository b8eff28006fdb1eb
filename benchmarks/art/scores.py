"""What stays of the content and how near the style is: means over pairs of the evaluation set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from pocketstyle.datasets import to_tensor
from pocketstyle.images import list_pictures, read_rgb, resize
from pocketstyle.metrics import edges, gram_loss, load_teed, ssim
from pocketstyle.networks import build, photo_spec, read_tensors
from pocketstyle.networks.photo import PHOTONET, VggEncoder, load_encoder, stages_of
from torch import Tensor

SIZE, CONTENTS = 256, 10  # of 42, with all of the 26 styles


def judge_encoder(runs: Path) -> VggEncoder:
    """relu1_1 to relu5_1 of the small VGG-19, whatever network is judged."""
    tensors = read_tensors(runs / "vgg.safetensors")
    encoder = build(photo_spec(PHOTONET, SIZE, stages_of(tensors))).encoder.eval()
    load_encoder(encoder, tensors)
    return encoder


def art_pairs(
    shared: Path, count: int = CONTENTS, every: int = 1
) -> tuple[list[Tensor], list[Tensor]]:
    """So many contents, spread over all of them, and every so many styles; squeezed to squares."""

    def pictures(kind: str) -> list[Tensor]:
        paths = list_pictures(shared / "data/art" / kind)
        return [to_tensor(resize(read_rgb(path), SIZE, SIZE)[None]) for path in paths]

    contents = pictures("content")
    some = [contents[i * len(contents) // count] for i in range(count)]
    return some, pictures("style")[::every]


class Scores:
    """Means over pairs of what stays of the content and how near the style is."""

    def __init__(self, shared: Path, runs: Path, count: int = CONTENTS, every: int = 1):
        self.teed, self.encoder = load_teed(runs / "teed.safetensors"), judge_encoder(runs)
        self.contents, self.styles = art_pairs(shared, count, every)
        self.pairs = len(self.contents) * len(self.styles)
        with torch.no_grad():
            self.edges = [edges(one, self.teed) for one in self.contents]
            self.features = [self.encoder(one) for one in self.styles]

    @torch.no_grad()
    def of(self, play: Callable[[Tensor, Tensor], Tensor]) -> dict:
        """Means over all pairs, and of edges and Gram loss over each content's pairs.

        Args:
            play: content and style, both [1, 3, S, S], to a picture.
        """
        rows = []
        for content, wanted in zip(self.contents, self.edges, strict=True):
            rows.append([])
            for style, features in zip(self.styles, self.features, strict=True):
                made = play(content, style).clamp(-1, 1)
                found = self.encoder(made)
                rows[-1].append(
                    (
                        float(ssim(2 * edges(made, self.teed) - 1, 2 * wanted - 1)),
                        float(gram_loss(found, features)),
                        moments_apart(found, features),
                    )
                )
        by_content = np.mean(rows, 1)
        means = by_content.mean(0).tolist()
        scores = dict(zip(("ssim_edge", "gram", "mean_std"), means, strict=True))
        return scores | {"by_content": by_content[:, :2].tolist()}


def moments_apart(made: list[Tensor], style: list[Tensor]) -> float:
    """Mean over the maps of the squared difference of means and deviations, relative."""
    errors = []
    for a, b in zip(made, style, strict=True):
        for one, other in ((a.mean((2, 3)), b.mean((2, 3))), (a.std((2, 3)), b.std((2, 3)))):
            errors.append(float((one - other).square().sum() / other.square().sum()))
    return fmean(errors)
