"""docs/art.md says what was measured."""

from pathlib import Path

from art_page import page

ROOT = Path(__file__).parents[1]


def test_the_page_is_of_the_results():
    assert page() == (ROOT / "docs/art.md").read_text()
