"""Damaged and odd files are stylised or refused with a line (benchmarks/fuzz.py, fewer of them)."""

from fuzz import run


def test_whole_odd_and_damaged_files():
    found = run("heads", 60)
    assert found["wrong"] == []
    outcomes = found["outcomes"]
    assert sum(outcomes.values()) == 60
    # a sound; animated pictures; comparisons where a face is cropped
    assert outcomes["whole: stylised"] == 19 and outcomes["whole: refused"] == 7
    assert outcomes["empty: refused"] == 1 and outcomes["text: refused"] == 2
