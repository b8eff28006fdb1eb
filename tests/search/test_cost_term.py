"""The latency term: its schedule, its reach and the last step onto the target."""

import pytest
import torch
from pocketstyle.errors import UnreachableTarget, UsageError
from pocketstyle.latency_model import total_macs
from pocketstyle.networks import (
    build,
    compact,
    is_open,
    searchable,
    start_search,
    ugatit_spec,
)
from pocketstyle.search.cost_term import CostTerm, land_on_target, smallest_cost
from pocketstyle.search.supernet_cost import SupernetLatency, SupernetMacs


@pytest.fixture
def supernet():
    network = build(ugatit_spec(64, 16, 2))
    start_search(network, keep_at_least=0.25)
    return network


def middle(supernet) -> float:
    term_free = CostTerm(SupernetLatency(supernet, "s10"), 1e-9 + _smallest(supernet), 10, 1.0)
    return (term_free.full + _smallest(supernet)) / 2


def _smallest(supernet) -> float:
    return smallest_cost(SupernetLatency(supernet, "s10"))


def test_the_target_falls_linearly_and_then_stays(supernet):
    term = CostTerm(SupernetLatency(supernet, "s10"), middle(supernet), steps=100, anneal=0.5)
    assert term.target_at(49) == pytest.approx(term.target)
    assert term.target_at(99) == pytest.approx(term.target)
    assert term.target_at(24) == pytest.approx((term.full + term.target) / 2)


def test_the_term_pulls_while_above_and_its_price_rises_then_falls(supernet):
    term = CostTerm(SupernetLatency(supernet, "s10"), middle(supernet), steps=10, anneal=0.1)
    widths, gates = searchable(supernet)
    price = term.price
    term(9).backward()
    assert sum(float(width.v.grad.sum()) for width in widths) > 0  # descending lowers v
    assert all(float(gate.alpha.grad[1]) > 0 for gate in gates)
    assert term.price > price

    with torch.no_grad():
        for width in widths:
            width.v.zero_()
        for gate in gates:
            gate.alpha.copy_(torch.tensor([1.0, 0.0]))
    price = term.price
    assert float(term(9).detach()) == 0  # the loss alone decides what opens again
    assert term.price < price


def test_a_target_out_of_reach_names_what_is_reachable(supernet):
    smallest = _smallest(supernet)
    with pytest.raises(UnreachableTarget, match=f"takes {smallest:.2f} ms") as caught:
        CostTerm(SupernetLatency(supernet, "s10"), smallest * 0.9, 10, 1.0)
    assert caught.value.status == 2
    with pytest.raises(UsageError, match="nothing to search"):
        CostTerm(SupernetLatency(supernet, "s10"), 1e4, 10, 1.0)


def test_asking_for_the_smallest_changes_nothing(supernet):
    before = [width.v.clone() for width in searchable(supernet)[0]]
    _smallest(supernet)
    after = [width.v for width in searchable(supernet)[0]]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_land_on_target_closes_the_weakest_until_the_target_is_met(supernet):
    target = middle(supernet)
    term = CostTerm(SupernetLatency(supernet, "s10"), target, 10, 1.0)
    with torch.no_grad():
        for i, width in enumerate(searchable(supernet)[0]):
            width.v.copy_(torch.linspace(0.6, 1.0, width.channels) + i * 1e-3)
    land_on_target(term.cost, target)
    assert term.cost.predict() <= target
    small = compact(supernet)
    assert float(term.cost.model.latency(small.kernels())) <= target
    first = searchable(supernet)[0][0]
    assert first.kept.tolist() == list(range(first.channels - len(first.kept), first.channels))


def test_land_on_target_takes_whole_blocks_where_channels_do_not_suffice(supernet):
    target = _smallest(supernet) * 1.01
    term = CostTerm(SupernetLatency(supernet, "s10"), target, 10, 1.0)
    land_on_target(term.cost, target)
    assert term.cost.predict() <= target


def test_land_on_target_brings_back_what_closed_last(supernet):
    target = (middle(supernet) + _smallest(supernet)) / 2
    term = CostTerm(SupernetLatency(supernet, "s10"), target, 10, 1.0)
    widths, gates = searchable(supernet)
    with torch.no_grad():
        for width in widths:
            width.v.copy_(torch.linspace(0.0, 0.49, width.channels))
        for i, gate in enumerate(gates):
            gate.alpha.copy_(torch.tensor([0.5 + 0.1 * i, 0.4]))
    lowest = term.cost.predict()
    land_on_target(term.cost, target)
    assert lowest < 0.95 * target
    assert 0.97 * target < term.cost.predict() <= target
    open_gates = [is_open(gate) for gate in gates]
    # one of each stage stays anyway; of the two others the second had closed last
    assert open_gates == [True, True, True, False]
    for width in widths:  # and the strongest channels are the ones that run
        assert width.kept.tolist() == list(range(width.channels - len(width.kept), width.channels))


def test_a_target_in_macs_is_met_likewise(supernet):
    macs = SupernetMacs(supernet)
    target = (macs.predict() + smallest_cost(macs)) / 2
    CostTerm(macs, target, 10, 1.0)
    land_on_target(macs, target)
    assert 0.95 * target < float(total_macs(compact(supernet).kernels())) / 1e6 <= target
    with pytest.raises(UnreachableTarget, match=r"1\.0 MMACs is out of reach: .* MMACs"):
        CostTerm(macs, 1.0, 10, 1.0)
