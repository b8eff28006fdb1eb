"""Where the masks start."""

from collections import Counter
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


def test_blocks_start_in_the_order_in_which_they_are_best_taken_out(pictures):
    """Against every network without some of the blocks, built for it."""
    torch.manual_seed(5)
    network = build(ugatit_spec(32, 8, 3)).requires_grad_(False)
    whole = network(pictures)

    def change(names):
        smaller = build(replace(network.spec, blocks=tuple(names)))
        smaller.load_state_dict(network.state_dict(), strict=False)
        return float((smaller(pictures) - whole).abs().mean())

    left, wanted = list(network.spec.blocks), []
    while len(left) > 2:
        stages = Counter(name[:7] for name in left)  # "encoder", "decoder": the last one stays
        options = {
            name: change([other for other in left if other != name])
            for name in left
            if stages[name[:7]] > 1
        }
        wanted.append(min(options, key=options.__getitem__))
        left.remove(wanted[-1])
    start_search(network, 0.25)
    names = dict(zip(searchable(network)[1], network.spec.blocks, strict=True))
    assert [names[gate] for gate in elimination_order(network, pictures)] == [*wanted, *left]
    assert {gate.lead for gate in names} == {1.0}  # looked at, not changed

    spread_by_importance(network, pictures, 0.2)
    leads = {name: gate.lead for gate, name in names.items()}
    assert sorted(leads, key=leads.__getitem__) == [*wanted, *left]
    assert min(leads.values()) == pytest.approx(0.8) and max(leads.values()) == pytest.approx(1.2)
