"""Discriminators: UGATIT's, PatchGANs with spectral norms and class activations, and CycleGAN's.

They are never pruned and never leave training, so they are plain torch modules.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm


class CamDiscriminator(nn.Module):
    """[B, 3, H, W] → patch scores [B, 1, H', W'] and CAM logits [B, 2], for least-squares GANs.

    Args:
        base: channels of the first convolution; they double with every further one.
        downsamplings: stride-2 convolutions; one of stride 1 follows, then the attention.
    """

    def __init__(self, base: int, downsamplings: int):
        super().__init__()
        layers: list[nn.Module] = []
        cin, cout = 3, base
        for stride in [2] * downsamplings + [1]:
            conv = nn.Conv2d(cin, cout, 4, stride, padding=1, padding_mode="reflect")
            layers += [spectral_norm(conv), nn.LeakyReLU(0.2)]
            cin, cout = cout, cout * 2
        self.features = nn.Sequential(*layers)
        self.average = spectral_norm(nn.Linear(cin, 1, bias=False))
        self.maximum = spectral_norm(nn.Linear(cin, 1, bias=False))
        self.mix = nn.Conv2d(2 * cin, cin, 1)
        score = nn.Conv2d(cin, 1, 4, padding=1, padding_mode="reflect", bias=False)
        self.score = spectral_norm(score)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.features(x)
        weights = self.average.weight, self.maximum.weight
        pooled = x.mean((2, 3)), x.amax((2, 3))
        logits = [F.linear(p, weight) for p, weight in zip(pooled, weights, strict=True)]
        attended = [x * weight[:, :, None, None] for weight in weights]
        x = F.leaky_relu(self.mix(torch.cat(attended, 1)), 0.2)
        return self.score(x), torch.cat(logits, 1)

    def maps(self, x: Tensor) -> list[Tensor]:
        """What its convolutions see, each after its LeakyReLU."""
        return _activations(self.features, x)


class MultiScaleDiscriminator(nn.Module):
    """The global and the local discriminator side by side.

    The global one has five stride-2 convolutions at 128 px and above, fewer on smaller pictures so
    that at least 4x4 positions remain; the local one has three.
    """

    def __init__(self, base: int, size: int):
        super().__init__()
        deepest = min(5, int(math.log2(size)) - 2)
        self.whole = CamDiscriminator(base, deepest)
        self.local = CamDiscriminator(base, min(3, deepest))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Patch scores and CAM logits of both, each a term of the adversarial loss."""
        return [*self.whole(x), *self.local(x)]

    def maps(self, x: Tensor) -> list[Tensor]:
        """What the convolutions of both see."""
        return self.whole.maps(x) + self.local.maps(x)


class PatchDiscriminator(nn.Module):
    """CycleGAN's 70x70 PatchGAN (Isola et al. 2017): [B, 3, H, W] → patch scores [B, 1, H', W'].

    2.76 M parameters at 64 base channels. On pictures of less than 70 pixels it sees all of them.
    """

    def __init__(self, base: int):
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, base, 4, 2, padding=1), nn.LeakyReLU(0.2)]
        for cin, cout, stride in ((1, 2, 2), (2, 4, 2), (4, 8, 1)):
            layers += [
                nn.Conv2d(base * cin, base * cout, 4, stride, padding=1),
                nn.InstanceNorm2d(base * cout),
                nn.LeakyReLU(0.2),
            ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(base * 8, 1, 4, padding=1))

    def forward(self, x: Tensor) -> list[Tensor]:
        """The scores, the only term of the adversarial loss."""
        return [self.layers(x)]

    def maps(self, x: Tensor) -> list[Tensor]:
        """What its convolutions see, each after its LeakyReLU."""
        return _activations(self.layers, x)


def _activations(layers: nn.Sequential, x: Tensor) -> list[Tensor]:
    seen = []
    for layer in layers:
        x = layer(x)
        if isinstance(layer, nn.LeakyReLU):
            seen.append(x)
    return seen
