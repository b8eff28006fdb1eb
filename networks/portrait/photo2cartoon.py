"""A photo2cartoon-style generator: UGATIT light between hourglasses, with Soft-AdaLIN.

After minivision-ai/photo2cartoon (2020): 32 base channels, two hourglasses behind the stem and two
in front of the picture, and a decoder whose gamma and beta mix what the style's MLP says with what
the content's own statistics say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...errors import UsageError
from ...frames import Size, frame_of
from ...latency_model.kernel import Kernel
from ..layers import Conv2d
from ..normalisation import AdaptiveLayerInstanceNorm, spatial_mean, spatial_mean_kernels
from ..spec import Spec, register
from ..width import Axes, Concatenation, Gate, Width
from .blocks import ResidualBlock, Upsampled, residual_add
from .generator import Generator, Parts, to_rgb_kernels
from .hourglass import DEPTH, Hourglass
from .ugatit import ClassActivationAttention

STAGES = ("encoder", "decoder")
TRUNK = ("a", "b", "c")  # the Widths of a trunk at full size: a half and two quarters


def photo2cartoon_spec(size: Size = 256, base: int = 32, blocks: int = 4) -> Spec:
    """The published light form, scaled: `base` channels at full size, `blocks` on each side.

    `decoder{i}` looks at what `encoder{i}` left behind; the last one comes first.

    Raises:
        UsageError: fewer than 4 channels.
    """
    if base < 4:
        raise UsageError(f"photo2cartoon needs 4 base channels, not {base}")
    quarter = base // 4
    shares = (base - 2 * quarter, quarter, quarter)

    def trunk(name: str) -> dict[str, int]:
        return {f"{name}_{part}": n for part, n in zip(TRUNK, shares, strict=True)}

    encoder = [f"encoder{i}" for i in range(blocks)]
    decoder = [f"decoder{i}" for i in reversed(range(blocks))]
    widths = trunk("stem") | {"glass1": base, "glass2": base, "down": 2 * base, "trunk": 4 * base}
    widths |= {name: 4 * base for name in encoder}
    widths |= {"decoder": 4 * base, "mlp1": 4 * base, "mlp2": 4 * base}
    widths |= {name: 4 * base for name in decoder}
    widths |= {"up1": 2 * base} | trunk("up2") | {"glass3": base, "glass4": base}
    return Spec("photo2cartoon", *frame_of(size), widths, (*encoder, *decoder))


@register("photo2cartoon")
class Photo2cartoonGenerator(Generator):
    """UGATIT's light generator between hourglasses, which work at full size."""

    features: ClassVar[dict[str, str]] = {
        "down": "trunk",
        "encoded": "trunk",
        "decoded": "decoder",
        "up1": "up1",
    }

    multiple = 2**DEPTH  # an hourglass halves the whole frame

    def __init__(self, spec: Spec):
        super().__init__(spec)
        w = self.widths
        names = {kind: [n for n in spec.blocks if n.startswith(kind)] for kind in STAGES}
        self.glass1, self.glass2 = (Hourglass(self._trunk("stem"), w[f"glass{i}"]) for i in (1, 2))
        self.encoder = nn.ModuleDict({n: ResidualBlock(w["trunk"], w[n]) for n in names["encoder"]})
        self.cam = ClassActivationAttention(w["trunk"], w["decoder"])
        self.style = Style(w["decoder"], w["mlp1"], w["mlp2"])
        self.decoder = nn.ModuleDict(
            {
                n: SoftDecoderBlock(w["decoder"], content=w["trunk"], style=w["mlp2"], hidden=w[n])
                for n in names["decoder"]
            }
        )
        self.up1 = Upsampled(w["decoder"], w["up1"])
        self.up2 = Upsampled(w["up1"], self._trunk("up2"))
        self.glass3 = Hourglass(self._trunk("up2"), w["glass3"])
        self.glass4 = Hourglass(self._trunk("up2"), w["glass4"], last=True)
        self.to_rgb = Conv2d(Width("sketch", 3), Width("output", 3), 7)

    def _trunk(self, name: str) -> Concatenation:
        return Concatenation([self.widths[f"{name}_{part}"] for part in TRUNK])

    def stem_width(self) -> Concatenation:
        return self._trunk("stem")

    def down(self, x: Tensor) -> Tensor:
        return self.down2(self.down1(self.glass2(self.glass1(self.stem(x)))))

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        made = {"down": self.down(x)}
        x, contents = made["down"], {}
        for index, block, pooled in self._encoding():
            if block is not None:
                x = block(x)
            if pooled:  # else nothing has changed since the last time, or nobody asks
                content = spatial_mean(x)
            if f"decoder{index}" in self.decoder:
                contents[f"decoder{index}"] = content
        made["encoded"] = x
        x = self.cam(x)
        style = self.style(x)
        for name, block in self.decoder.items():
            x = block(x, contents[name], style)
        made["decoded"] = x
        made["up1"] = self.up1(x)
        return made

    def _encoding(self) -> Iterator[tuple[int, ResidualBlock | None, bool]]:
        """By index: the encoder block, if it is there, and whether a new content is pooled then."""
        fresh, blocks = True, dict(self.encoder.items())
        for index in range(1 + max(int(name[7:]) for name in self.spec.blocks)):
            block = blocks.get(f"encoder{index}")
            fresh |= block is not None
            pooled = fresh and f"decoder{index}" in self.decoder
            yield index, block, pooled
            fresh &= not pooled

    def picture(self, x: Tensor) -> Tensor:
        """The map of `up1` → RGB."""
        return torch.tanh(self.to_rgb(self.glass4(self.glass3(self.up2(x)))))

    def forward_with_logit(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Picture and the CAM classifier's logits [B, 2]."""
        made = self.maps(x)
        return self.drawn(made), self.cam.logit(made["encoded"])

    def parts(self, h: int | None = None, w: int | None = None) -> Parts:
        h, w = h or self.spec.height, w or self.spec.width
        small = h // 4, w // 4
        yield "stem", self.stem.kernels(h, w)
        yield "glass1", self.glass1.kernels(h, w)
        yield "glass2", self.glass2.kernels(h, w)
        yield "down1", self.down1.kernels(h, w)
        yield "down2", self.down2.kernels(h // 2, w // 2)
        for index, block, pooled in self._encoding():
            if block is not None:
                yield f"encoder{index}", block.kernels(*small)
            if pooled:
                yield f"content{index}", spatial_mean_kernels(self.widths["trunk"].count, *small)
        yield "cam", self.cam.kernels(*small)
        yield "style", self.style.kernels(*small)
        for name, block in self.decoder.items():
            yield name, block.kernels(*small)
        yield "up1", self.up1.kernels(*small)
        yield "up2", self.up2.kernels(h // 2, w // 2)
        yield "glass3", self.glass3.kernels(h, w)
        yield "glass4", self.glass4.kernels(h, w)
        yield "to_rgb", to_rgb_kernels(self.to_rgb, h, w)


class Style(nn.Module):
    """Average-pooled decoder features → what all Soft-AdaLINs are told of the style."""

    def __init__(self, decoder: Width, hidden: Width, style: Width):
        super().__init__()
        self.fc1 = Conv2d(decoder, hidden, 1, bias=True)
        self.fc2 = Conv2d(hidden, style, 1, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        """[B, decoder, H, W] → [B, style, 1, 1]."""
        return F.relu(self.fc2(F.relu(self.fc1(spatial_mean(x)))))

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        yield from spatial_mean_kernels(self.fc1.in_width.count, h, w)
        for layer in (self.fc1, self.fc2):
            yield from layer.kernels(1, 1)


class SoftModulation(nn.Module):
    """gamma and beta of one Soft-AdaLIN, each a mixture: (1 - w) * style's + w * content's.

    w is a number per channel in [0, 1], 0 at the start.
    """

    axes: ClassVar[Axes] = {"gamma_mix": ("out",), "beta_mix": ("out",)}

    def __init__(self, content: Width, hidden: Width, style: Width, out: Width):
        super().__init__()
        self.in_width, self.out_width = content, out
        self.gamma_mix = nn.Parameter(torch.zeros(out.channels))
        self.beta_mix = nn.Parameter(torch.zeros(out.channels))
        self.content_gamma, self.content_beta = (
            nn.Sequential(
                Conv2d(content, hidden, 1, bias=True), nn.ReLU(), Conv2d(hidden, out, 1, bias=True)
            )
            for _ in range(2)
        )
        self.style_gamma, self.style_beta = (Conv2d(style, out, 1, bias=True) for _ in range(2))

    def forward(self, content: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """[B, content, 1, 1], [B, style, 1, 1] → gamma, beta [B, out, 1, 1]."""
        gamma = self._mixed(self.gamma_mix, self.style_gamma(style), self.content_gamma(content))
        beta = self._mixed(self.beta_mix, self.style_beta(style), self.content_beta(content))
        return gamma, beta

    def clamp_mixture(self) -> None:
        """Keep w in [0, 1]; called after each optimiser step."""
        with torch.no_grad():
            self.gamma_mix.clamp_(0, 1)
            self.beta_mix.clamp_(0, 1)

    @staticmethod
    def _mixed(mix: Tensor, style: Tensor, content: Tensor) -> Tensor:
        mix = mix.reshape(1, -1, 1, 1)
        return (1 - mix) * style + mix * content

    def kernels(self, share: float | Tensor) -> Iterator[Kernel]:
        c = self.out_width.count
        for style, content in (
            (self.style_gamma, self.content_gamma),
            (self.style_beta, self.content_beta),
        ):
            for layer in (style, content[0], content[2]):
                yield from layer.kernels(1, 1, share)
            # w and 1 - w join the weights of the convolutions before them in the exported graph
            yield Kernel("ADD", 2 * c, c, 1, 1, 1, 1, 1, share)


class SoftDecoderBlock(nn.Module):
    """Residual block with two Soft-AdaLINs, no ReLU at the end."""

    def __init__(self, width: Width, content: Width, style: Width, hidden: Width):
        super().__init__()
        self.gate = Gate()
        self.conv1, self.norm1 = Conv2d(width, width, 3), AdaptiveLayerInstanceNorm(width)
        self.conv2, self.norm2 = Conv2d(width, width, 3), AdaptiveLayerInstanceNorm(width)
        self.soft1 = SoftModulation(content, hidden, style, width)
        self.soft2 = SoftModulation(content, hidden, style, width)

    def forward(self, x: Tensor, content: Tensor, style: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x), *self.soft1(content, style)))
        y = self.norm2(self.conv2(y), *self.soft2(content, style), gate=self.gate.open)
        return x + y

    def kernels(self, h: int, w: int) -> Iterator[Kernel]:
        share = self.gate.open
        for conv, soft, norm in (
            (self.conv1, self.soft1, self.norm1),
            (self.conv2, self.soft2, self.norm2),
        ):
            yield from conv.kernels(h, w, share)
            yield from soft.kernels(share)
            yield from norm.kernels(h, w, share)
        yield residual_add(self.norm2.out_width, h, w, self.gate)
