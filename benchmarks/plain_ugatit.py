"""UGATIT light as one would write it straight from the paper: what training_step.py compares with.

The same layers as `networks/portrait/ugatit.py` (parameters in the same order, so weights can be
copied one by one), out of torch's own modules, without widths, gates or masks; and the training
step in the order of the paper's algorithm: the discriminators' step with its own passes through
the generators, then the generators' step.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def conv(cin: int, cout: int, kernel: int, stride: int = 1) -> nn.Sequential:
    pad = nn.ReflectionPad2d(kernel // 2)
    return nn.Sequential(pad, nn.Conv2d(cin, cout, kernel, stride, bias=False))


class Residual(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(
            conv(channels, channels, 3),
            nn.InstanceNorm2d(channels),
            nn.ReLU(),
            conv(channels, channels, 3),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def mixed_norm(x: Tensor, rho: Tensor) -> Tensor:
    """Instance norm and layer norm, mixed."""
    instance = (x - x.mean((2, 3), keepdim=True)) / (x.var((2, 3), keepdim=True) + 1e-5).sqrt()
    layer = (x - x.mean((1, 2, 3), keepdim=True)) / (x.var((1, 2, 3), keepdim=True) + 1e-5).sqrt()
    return rho * instance + (1 - rho) * layer


class AdaLIN(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.rho = nn.Parameter(torch.full((1, channels, 1, 1), 0.9))

    def forward(self, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
        return mixed_norm(x, self.rho) * gamma[..., None, None] + beta[..., None, None]


class AdaptiveResidual(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.conv1, self.norm1 = conv(channels, channels, 3), AdaLIN(channels)
        self.conv2, self.norm2 = conv(channels, channels, 3), AdaLIN(channels)

    def forward(self, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x), gamma, beta))
        return x + self.norm2(self.conv2(y), gamma, beta)


class LIN(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.rho = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.gamma = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return mixed_norm(x, self.rho) * self.gamma + self.beta


class Generator(nn.Module):
    def __init__(self, base: int = 64, blocks: int = 4):
        super().__init__()
        wide = 4 * base
        self.down = nn.Sequential(
            *(conv(3, base, 7), nn.InstanceNorm2d(base), nn.ReLU()),
            *(conv(base, 2 * base, 3, 2), nn.InstanceNorm2d(2 * base), nn.ReLU()),
            *(conv(2 * base, wide, 3, 2), nn.InstanceNorm2d(wide), nn.ReLU()),
            *(Residual(wide) for _ in range(blocks)),
        )
        self.average, self.maximum = nn.Linear(wide, 1, bias=False), nn.Linear(wide, 1, bias=False)
        self.mix = nn.Conv2d(2 * wide, wide, 1)
        self.fc = nn.Sequential(
            *(nn.Linear(wide, wide, bias=False), nn.ReLU()),
            *(nn.Linear(wide, wide, bias=False), nn.ReLU()),
        )
        self.gamma, self.beta = (nn.Linear(wide, wide, bias=False) for _ in range(2))
        self.decoder = nn.ModuleList(AdaptiveResidual(wide) for _ in range(blocks))
        self.up = nn.Sequential(
            *(nn.Upsample(scale_factor=2), conv(wide, 2 * base, 3), LIN(2 * base), nn.ReLU()),
            *(nn.Upsample(scale_factor=2), conv(2 * base, base, 3), LIN(base), nn.ReLU()),
            *(conv(base, 3, 7), nn.Tanh()),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """[B, 3, H, W] → the picture and the CAM logits [B, 2]."""
        x = self.down(x)
        pooled = x.mean((2, 3)), x.amax((2, 3))
        classifiers = self.average, self.maximum
        logits = [c(p) for c, p in zip(classifiers, pooled, strict=True)]
        attended = [x * c.weight[..., None, None] for c in classifiers]
        x = F.relu(self.mix(torch.cat(attended, 1)))
        y = self.fc(x.mean((2, 3)))
        gamma, beta = self.gamma(y), self.beta(y)
        for block in self.decoder:
            x = block(x, gamma, beta)
        return self.up(x), torch.cat(logits, 1)


class Training:
    """Both directions of the paper's objective.

    Args:
        discriminator: makes a network of [B, 3, H, W] → scores.
    """

    def __init__(self, base: int, discriminator, rate: float, weight_decay: float):
        self.to_y, self.to_x = Generator(base), Generator(base)
        self.judge_y, self.judge_x = discriminator(), discriminator()
        self.generators, self.discriminators = (
            torch.optim.Adam(
                [p for network in networks for p in network.parameters()],
                rate,
                (0.5, 0.999),
                weight_decay=weight_decay,
            )
            for networks in ((self.to_y, self.to_x), (self.judge_y, self.judge_x))
        )

    def step(self, x: Tensor, y: Tensor) -> None:
        self.discriminators.zero_grad()
        with torch.no_grad():
            fake_y, fake_x = self.to_y(x)[0], self.to_x(y)[0]
        loss = 0.0
        for judge, real, fake in ((self.judge_y, y, fake_y), (self.judge_x, x, fake_x)):
            loss = loss + sum((score - 1).square().mean() for score in judge(real))
            loss = loss + sum(score.square().mean() for score in judge(fake))
        loss.backward()
        self.discriminators.step()

        self.generators.zero_grad()
        (fake_y, logit_x), (fake_x, logit_y) = self.to_y(x), self.to_x(y)
        cycle = F.l1_loss(self.to_x(fake_y)[0], x) + F.l1_loss(self.to_y(fake_x)[0], y)
        (same_y, logit_same_y), (same_x, logit_same_x) = self.to_y(y), self.to_x(x)
        identity = F.l1_loss(same_y, y) + F.l1_loss(same_x, x)
        cam = sum(
            F.binary_cross_entropy_with_logits(logit, torch.full_like(logit, wanted))
            for logit, wanted in (
                (logit_x, 1.0),
                (logit_y, 1.0),
                (logit_same_y, 0.0),
                (logit_same_x, 0.0),
            )
        )
        adversarial = sum(
            (score - 1).square().mean() for score in self.judge_y(fake_y) + self.judge_x(fake_x)
        )
        (adversarial + 10 * cycle + 10 * identity + 1000 * cam).backward()
        self.generators.step()
        for generator in (self.to_y, self.to_x):
            for name, parameter in generator.named_parameters():
                if name.endswith("rho"):
                    parameter.data.clamp_(0, 1)
