"""Ageing evolution on a score that is known."""

from statistics import median

from pocketstyle.networks import Genotype
from pocketstyle.networks.photo import BITS, PHOTONAS
from pocketstyle.search.evolution import Evolution, RandomSearch, Scored


def score(genotype: Genotype) -> float:
    """How many bits it is away from PhotoNAS."""
    return float(len({*genotype.on} ^ {*PHOTONAS.on}))


def run(search, count: int) -> list[Scored]:
    told = []
    for _ in range(count):
        genotype = search.ask()
        told.append(Scored(genotype, score(genotype)))
        search.tell(told[-1])
    return told


def test_it_finds_what_chance_does_not():
    best = {
        name: [min(one.score for one in run(make(seed), 300)) for seed in range(5)]
        for name, make in (("evolution", lambda s: Evolution(30, 10, s)), ("random", RandomSearch))
    }
    assert median(best["evolution"]) <= 1 < 4 <= median(best["random"])


def test_the_oldest_goes_though_it_were_the_best():
    search = Evolution(4, 10, seed=0)
    told = run(search, 4)
    search.tell(Scored(PHOTONAS, 0.0))
    assert list(search.population) == [*told[1:], Scored(PHOTONAS, 0.0)]
    for _ in range(20):  # all samples of ten hold the best of four, nearly
        assert search.ask() != PHOTONAS
    run(search, 4)
    assert Scored(PHOTONAS, 0.0) not in search.population


def test_children_differ_from_the_best_of_a_sample_by_one_operator():
    search = Evolution(1, 1, seed=0)
    told = run(search, 1)
    for _ in range(30):
        child = search.ask()
        changed = {*child.on} ^ {*told[0].genotype.on}
        assert len(changed) == 1 or any(bit.endswith("concat") for bit in changed)
    assert len(BITS) == 31


def test_it_goes_on_from_its_history():
    whole = Evolution(8, 4, seed=3)
    told = run(whole, 40)
    again = Evolution(8, 4, seed=3, history=told[:25])
    assert run(again, 15) == told[25:]
    assert run(RandomSearch(3, told[:25]), 15) == run(RandomSearch(3), 40)[25:]


def test_workers_may_tell_in_any_order():
    search = Evolution(6, 3, seed=1)
    asked = [search.ask() for _ in range(9)]  # three more than there are members yet
    assert len({str(one) for one in asked}) == 9
    for genotype in reversed(asked):
        search.tell(Scored(genotype, score(genotype)))
    assert [one.genotype for one in search.population] == asked[:6][::-1]
