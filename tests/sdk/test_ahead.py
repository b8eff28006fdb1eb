import threading
from contextlib import closing

import pytest
from pocketstyle.sdk.ahead import ahead


def test_order_and_completeness():
    assert list(ahead(iter(range(100)), 3)) == list(range(100))
    assert list(ahead([], 3)) == []


def test_works_in_another_thread():
    names = list(ahead((threading.get_ident() for _ in range(3)), 2))
    assert threading.get_ident() not in names and len(set(names)) == 1


@pytest.mark.parametrize("depth", [1, 4])
def test_runs_ahead_by_no_more_than_depth(depth):
    produced = 0
    full = threading.Event()

    def source():
        nonlocal produced
        for i in range(1000):
            produced += 1
            if produced >= depth + 1:
                full.set()
            yield i

    with closing(ahead(source(), depth)) as items:
        assert next(items) == 0
        assert full.wait(10)  # it does work ahead, as far as it may ...
        for taken in range(2, 60):
            next(items)
            assert produced <= taken + depth  # ... and no further


def test_exceptions_arrive_after_the_items_before_them():
    def source():
        yield 1
        raise ZeroDivisionError("in the thread")

    items = ahead(source(), 4)
    assert next(items) == 1
    with pytest.raises(ZeroDivisionError, match="in the thread"):
        next(items)


def test_closing_stops_nested_stages():
    closed = []

    def stage(name, items):
        try:
            yield from items
        finally:
            closed.append(name)

    def endless():
        while True:
            yield 0

    before = threading.active_count()
    inner = stage("inner", endless())
    with closing(ahead(stage("outer", ahead(inner, 2)), 2)) as items:
        next(items)
        assert threading.active_count() == before + 2
    assert sorted(closed) == ["inner", "outer"]
    assert threading.active_count() == before
