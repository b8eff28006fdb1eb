"""Random masks and gates on a supernet, for the contracts that every family keeps."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pocketstyle.latency_model import total_macs
from pocketstyle.networks import compact, is_open, searchable
from torch import Tensor, nn

patterns = given(
    seed=st.integers(0, 2**31), open_share=st.floats(0.0, 1.0), gate_share=st.floats(0.0, 1.0)
)


def scrambled(network: nn.Module, seed: int = 0) -> nn.Module:
    """The network with every vector parameter (rho, gamma, …) off its start value."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith(("rho", "gamma", "beta", "bias", "mix", "gain")):
                parameter.copy_(torch.rand(parameter.shape, generator=generator))
    return network


def lively(network: nn.Module) -> nn.Module:
    """The network with weights that keep the size of what ReLUs pass on, so that styles show.

    torch's own have a third of Kaiming's variance, halved.
    """
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 4:
                parameter.mul_(6**0.5)
    return network


def masked_and_compact(
    network: nn.Module, seed: int, open_share: float, gate_share: float
) -> tuple[nn.Module, Tensor]:
    """Close channels and gates at random, compact, and check that nothing has changed.

    Returns:
        The compact network, and two pictures of noise at the network's size.
    """
    generator = torch.Generator().manual_seed(seed)
    widths, gates = searchable(network)
    with torch.no_grad():
        for width in widths:
            width.v.copy_((torch.rand(width.channels, generator=generator) < open_share).float())
        for gate in gates:
            opens = bool(torch.rand(1, generator=generator) < gate_share)
            gate.alpha.copy_(torch.tensor([0.0, 1.0]) if opens else torch.tensor([1.0, 0.0]))
    small = compact(network)
    masked_macs = float(total_macs(network.kernels()).detach())  # a float32 sum
    assert masked_macs == pytest.approx(total_macs(small.kernels()), rel=1e-6)
    assert small.spec.blocks == tuple(
        name for name, gate in zip(network.spec.blocks, gates, strict=True) if is_open(gate)
    )
    size, dtype = network.spec.size, next(network.parameters()).dtype
    return small, torch.rand(2, 3, size, size, generator=generator, dtype=dtype) * 2 - 1
