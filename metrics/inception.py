"""The features that FID and KID are measured on: Inception-v3 of 2015-12-05 up to `mixed_7`.

The network is TensorFlow's published graph (inception-2015-12-05.tgz; Szegedy et al. 2016,
"Rethinking the Inception Architecture for Computer Vision"), under its own names of the layers.
Two things set it apart from torchvision's: its average pools leave the padding out of the mean,
and its weights are others. Batch norm is folded into the convolutions.
"""

from __future__ import annotations

import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import FormatError, UsageError

SIDE = 299  # of the pictures that it was trained on
CHANNELS = 768  # of mixed_7, which is torchvision's Mixed_6e


def load_inception(path: str | Path) -> nn.Sequential:
    """Build the network from its weights.

    Args:
        path: an .npz with `weights_NAME` and `bias_NAME` of every convolution, batch norm folded;
            NAME is the graph's (such as mixed_4_tower_1_conv_3), the weights are
            [out][kh][kw][in], flattened or not. What it holds beyond `mixed_7` is left alone.

    Returns:
        A frozen network, float32 [N, 3, 299, 299] in [-1, 1] → [N, 768, 17, 17].

    Raises:
        UsageError: no such file.
        FormatError: the file is damaged, or holds something else.
    """
    path = Path(path)
    network = graph()
    convolutions = {
        name.replace(".", "_"): module
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d)
    }
    arrays = _read(path, [f"{k}_{name}" for name in convolutions for k in ("weights", "bias")])
    for name, convolution in convolutions.items():
        cout, cin, height, width = convolution.weight.shape
        weights, bias = arrays[f"weights_{name}"], arrays[f"bias_{name}"]
        if weights.size != convolution.weight.numel() or bias.size != cout:
            raise FormatError(
                f"{path}: {name} has {weights.size} weights and {bias.size} biases; "
                f"Inception-v3 has {convolution.weight.numel()} and {cout}"
            )
        if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
            raise FormatError(f"{path}: {name} holds numbers that are not finite")
        kernel = torch.from_numpy(weights.reshape(cout, height, width, cin)).permute(0, 3, 1, 2)
        convolution.weight.data.copy_(kernel)
        convolution.bias.data.copy_(torch.from_numpy(bias.reshape(cout)))
    return network.eval().requires_grad_(False)


def prepare(pictures: Tensor) -> Tensor:
    """Pictures as the network takes them, by the rule of pytorch-fid.

    Bilinear interpolation with half-pixel centres (`align_corners=False`) and without
    antialiasing, on 0..1; then 2 x - 1.

    Args:
        pictures: uint8 [N, H, W, 3].

    Returns:
        float32 [N, 3, 299, 299] in [-1, 1].
    """
    x = pictures.permute(0, 3, 1, 2).float() / 255  # [N, 3, H, W]
    return 2 * F.interpolate(x, (SIDE, SIDE), mode="bilinear", align_corners=False) - 1


@torch.no_grad()
def features(
    network: nn.Module,
    pictures: np.ndarray,
    batch: int = 16,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Tensor:
    """Global average pools of `mixed_7`, as pytorch-fid's `--dims 768` takes them.

    Args:
        network: of `load_inception`, on any device.
        pictures: uint8[N, H, W, 3], N >= 1.
        batch: pictures at a time.
        report: called with the pictures done and their total.

    Returns:
        float64 [N, 768] on the CPU.
    """

    def pooled(x: Tensor) -> Tensor:
        return network(prepare(x)).mean((2, 3), dtype=torch.float64)

    # TF32, the default of cuDNN, would leave three digits of the features
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        return in_batches(pooled, next(network.parameters()).device, pictures, batch, report)


def in_batches(
    look: Callable[[Tensor], Tensor],
    device: torch.device,
    pictures: np.ndarray,
    batch: int,
    report: Callable[[int, int], None],
) -> Tensor:
    """What `look` sees in uint8[N, H, W, 3], so many at a time on its device, back on the CPU."""
    seen = []
    for start in range(0, len(pictures), batch):
        x = torch.from_numpy(pictures[start : start + batch]).to(device)
        seen.append(look(x).cpu())
        report(min(start + batch, len(pictures)), len(pictures))
    return torch.cat(seen)


def graph() -> nn.Sequential:
    """The graph up to `mixed_7`, its weights not set; module names are its own, with dots."""
    return nn.Sequential(
        OrderedDict(
            conv=_Conv(3, 32, 3, 2, "valid"),  # [N, 32, 149, 149]
            conv_1=_Conv(32, 32, 3, 1, "valid"),
            conv_2=_Conv(32, 64, 3),  # [N, 64, 147, 147]
            pool=nn.MaxPool2d(3, 2),
            conv_3=_Conv(64, 80, 1),
            conv_4=_Conv(80, 192, 3, 1, "valid"),  # [N, 192, 71, 71]
            pool_1=nn.MaxPool2d(3, 2),
            mixed=_mixed_35(192, 32),
            mixed_1=_mixed_35(256, 64),
            mixed_2=_mixed_35(288, 64),
            mixed_3=_shrink(),
            mixed_4=_mixed_17(128),
            mixed_5=_mixed_17(160),
            mixed_6=_mixed_17(160),
            mixed_7=_mixed_17(192),
        )
    )


def _read(path: Path, keys: list[str]) -> dict[str, np.ndarray]:
    """The arrays of these names, float32."""
    if not path.is_file():
        raise UsageError(f"no such file of Inception-v3 weights: {path}")
    if not zipfile.is_zipfile(path):
        raise FormatError(f"{path} is no .npz of Inception-v3 weights, or was cut short")
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [key for key in keys if key not in file.files]
            if missing:
                raise FormatError(
                    f"{path} holds something else than Inception-v3 of 2015-12-05: "
                    f"{len(missing)} of {len(keys)} arrays are missing, such as {missing[0]}"
                )
            return {key: np.asarray(file[key], np.float32) for key in keys}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, TypeError) as error:
        raise FormatError(f"{path} is damaged: {error}") from error


class _Conv(nn.Conv2d):
    """A convolution, batch norm folded in, and its ReLU."""

    def __init__(
        self,
        cin: int,
        cout: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        padding: str = "same",
    ):
        super().__init__(cin, cout, kernel, stride, padding)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(super().forward(x))


class _Mixed(nn.Module):
    """Towers on one input, side by side; their channels in the order given."""

    def __init__(self, **towers: nn.Module):
        super().__init__()
        for name, tower in towers.items():
            self.add_module(name, tower)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([tower(x) for tower in self.children()], 1)


def _tower(*convolutions: _Conv, pool: nn.Module | None = None) -> nn.Sequential:
    """A sequence under the graph's names: conv, conv_1, conv_2 and so on."""
    layers = OrderedDict() if pool is None else OrderedDict(pool=pool)
    for index, convolution in enumerate(convolutions):
        layers[f"conv_{index}" if index else "conv"] = convolution
    return nn.Sequential(layers)


def _average() -> nn.AvgPool2d:
    return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)


def _mixed_35(cin: int, pooled: int) -> _Mixed:
    """[N, cin, 35, 35] → [N, 224 + pooled, 35, 35]."""
    return _Mixed(
        conv=_Conv(cin, 64, 1),
        tower=_tower(_Conv(cin, 48, 1), _Conv(48, 64, 5)),
        tower_1=_tower(_Conv(cin, 64, 1), _Conv(64, 96, 3), _Conv(96, 96, 3)),
        tower_2=_tower(_Conv(cin, pooled, 1), pool=_average()),
    )


def _shrink() -> _Mixed:
    """[N, 288, 35, 35] → [N, 768, 17, 17]."""
    return _Mixed(
        conv=_Conv(288, 384, 3, 2, "valid"),
        tower=_tower(_Conv(288, 64, 1), _Conv(64, 96, 3), _Conv(96, 96, 3, 2, "valid")),
        pool=nn.MaxPool2d(3, 2),
    )


def _mixed_17(inner: int) -> _Mixed:
    """[N, 768, 17, 17] → the same."""
    wide, high = (1, 7), (7, 1)
    return _Mixed(
        conv=_Conv(768, 192, 1),
        tower=_tower(_Conv(768, inner, 1), _Conv(inner, inner, wide), _Conv(inner, 192, high)),
        tower_1=_tower(
            _Conv(768, inner, 1),
            _Conv(inner, inner, high),
            _Conv(inner, inner, wide),
            _Conv(inner, inner, high),
            _Conv(inner, 192, wide),
        ),
        tower_2=_tower(_Conv(768, 192, 1), pool=_average()),
    )
