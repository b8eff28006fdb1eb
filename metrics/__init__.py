"""Quality of pictures, each metric one function on tensors."""

from .ssim import ssim

__all__ = ["ssim"]
