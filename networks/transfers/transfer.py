"""What every style transform is: a style's statistics, and content features under them."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from ...errors import UsageError
from ...latency_model.kernel import Kernel

Statistics = tuple[Tensor, ...]
"""Of a style's features, as its transform wants them: [B, ...], or [B N, ...] of N things each."""


class Transfer(nn.Module):
    """A transform; of finite features it makes finite ones.

    Attributes:
        count: of the tensors in its statistics.
    """

    count = 2

    def statistics(self, style: Tensor) -> Statistics:
        """What is kept of a style's features [B, C, H, W]: once for a picture, for any content."""
        raise NotImplementedError

    def forward(self, content: Tensor, *statistics: Tensor) -> Tensor:
        """Content features [B, C, H, W] → the same, in the style's manner."""
        raise NotImplementedError

    def between(self, content: Tensor, style: Tensor, alpha: float = 1.0) -> Tensor:
        """`statistics`, `forward` and `blended` in one, of features [B, C, H, W] each."""
        return blended(self(content, *self.statistics(style)), content, alpha)

    def kernels(self, c: int | Tensor, h: int, w: int) -> Iterator[Kernel]:
        """The converted graph's operators for content features of c channels, h×w (C4).

        Raises:
            UsageError: it has no form that phones run.
        """
        raise UsageError(
            f"{type(self).__name__} has no form that phones run, so that it has no cost and is not "
            "converted; torch plays it"
        )


def channels_last_mean(x: Tensor) -> Tensor:
    """[B, H, W, C] → [B, 1, 1, C], over rows, then columns: float16 holds each of the sums."""
    return x.mean(2, keepdim=True).mean(1, keepdim=True)


def blended(transferred: Tensor, content: Tensor, alpha: float) -> Tensor:
    """alpha · transferred + (1 - alpha) · content; alpha 0 is the content itself."""
    return transferred if alpha == 1 else content + alpha * (transferred - content)
