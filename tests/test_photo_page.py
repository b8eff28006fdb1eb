"""docs/photo.md says what was measured."""

from pathlib import Path

from photo_page import page

ROOT = Path(__file__).parents[1]


def test_the_page_is_of_the_results():
    assert page() == (ROOT / "docs/photo.md").read_text()
