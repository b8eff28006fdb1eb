"""photo2cartoon's identity term: a face and its cartoon look alike to a recogniser of faces."""

from __future__ import annotations

from importlib import import_module

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import UsageError


class FaceIdentity:
    """1 - cosine similarity of the embeddings of a photo and of its cartoon.

    The recogniser is the user's: good ones come with licences of their own.

    Args:
        reference: "module:name" of a function without arguments that gives the network: RGB
            [B, 3, H, W] in [-1, 1] → embeddings [B, D], by differentiable operations.

    Raises:
        UsageError: there is no such function, or what it gives is no network.
    """

    def __init__(self, reference: str, device: torch.device):
        module, _, name = reference.partition(":")
        try:
            network = getattr(import_module(module), name)()
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            raise UsageError(f"train.face_id = {reference!r}: {error}") from error
        if not isinstance(network, nn.Module):
            raise UsageError(f"train.face_id = {reference!r} gives no torch.nn.Module")
        self.network = network.to(device).eval().requires_grad_(False)

    def __call__(self, photo: Tensor, cartoon: Tensor) -> Tensor:
        """The mean over a batch of [B, 3, H, W] in [-1, 1], 0 for equal embeddings, 2 at most."""
        with torch.no_grad():
            wanted = self.network(photo)
        return (1 - F.cosine_similarity(self.network(cartoon), wanted)).mean()
