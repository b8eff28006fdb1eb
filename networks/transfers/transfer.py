"""What every style transform is: a style's statistics, and content features under them."""

from __future__ import annotations

from torch import Tensor, nn

Statistics = tuple[Tensor, ...]
"""Of a style's features, as its transform wants them; each [B, ...]."""


class Transfer(nn.Module):
    """A transform without weights; of finite features it makes finite ones.

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


def blended(transferred: Tensor, content: Tensor, alpha: float) -> Tensor:
    """alpha · transferred + (1 - alpha) · content; alpha 0 is the content itself."""
    return content + alpha * (transferred - content)
