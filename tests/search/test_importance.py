"""Where the masks start."""

from dataclasses import replace

import pytest
import torch
from pocketstyle.networks import build, searchable, start_search, ugatit_spec
from pocketstyle.search.importance import (
    channel_importance,
    elimination_order,
    spread_by_importance,
)


@pytest.fixture
def supernet():
    torch.manual_seed(3)
    network = build(ugatit_spec(32, 8, 1))
    start_search(network, keep_at_least=0.25)
    return network


@pytest.fixture
def pictures():
    return torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_channels_that_nobody_reads_matter_least(supernet, pictures):
    dead = [1, 5]
    with torch.no_grad():
        supernet.down1.conv.weight[:, dead] = 0
    importance = channel_importance(supernet, pictures)
    assert importance["stem"][dead].tolist() == [0.0, 0.0]
    assert importance["stem"].sum() == pytest.approx(1.0)  # one consumer, whose shares add up
    spread_by_importance(supernet, pictures, 0.2)
    v = supernet.widths["stem"].v
    assert sorted(v.argsort()[:2].tolist()) == dead
    assert float(v.min()) == pytest.approx(0.8) and float(v.max()) == pytest.approx(1.2)


def test_shares_are_the_expected_energy_of_independent_inputs(pictures):
    """White noise through a convolution: the output's energy adds up channel by channel."""
    torch.manual_seed(0)
    network = build(ugatit_spec(64, 8, 1))
    start_search(network, 0.25)
    conv = network.down1.conv
    noise = torch.randn(4, 8, 64, 64) * torch.arange(1, 9).reshape(1, 8, 1, 1)
    network.stem.forward = lambda x: noise
    shares = channel_importance(network, torch.zeros(4, 3, 64, 64))["stem"]
    with torch.no_grad():
        whole = conv(noise).square().mean()
        alone = torch.stack(
            [conv(noise * torch.eye(8)[i].reshape(1, 8, 1, 1)).square().mean() for i in range(8)]
        )
    torch.testing.assert_close(shares, alone / whole, rtol=0.08, atol=0.01)


def test_a_block_that_does_nothing_matters_least(supernet, pictures):
    _, gates = searchable(supernet)
    with torch.no_grad():  # gamma and beta of zero: the decoder block adds nothing
        supernet.modulation.gamma.weight.zero_()
        supernet.modulation.beta.weight.zero_()
    assert elimination_order(supernet, pictures) == [1, 0]
    spread_by_importance(supernet, pictures, 0.2)
    leads = [float(gate.alpha[1] - gate.alpha[0]) for gate in gates]
    assert leads == pytest.approx([1.2, 0.8])


def test_elimination_takes_the_cheapest_of_those_that_are_left(pictures):
    """Against every subset of blocks, built without the others."""
    torch.manual_seed(5)
    network = build(ugatit_spec(32, 8, 2)).requires_grad_(False)
    whole = network(pictures)
    names = list(network.spec.blocks)

    def change(kept):
        spec = replace(network.spec, blocks=tuple(kept))
        smaller = build(spec)
        smaller.load_state_dict(network.state_dict(), strict=False)
        return float((smaller(pictures) - whole).abs().mean())

    left, wanted = names, []
    while left:
        wanted.append(min(left, key=lambda name: change([n for n in left if n != name])))
        left = [name for name in left if name != wanted[-1]]
    start_search(network, 0.25)
    _, gates = searchable(network)
    before = [gate.alpha.clone() for gate in gates]
    assert [names[i] for i in elimination_order(network, pictures)] == wanted
    assert all(torch.equal(gate.alpha, alpha) for gate, alpha in zip(gates, before, strict=True))
