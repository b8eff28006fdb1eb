"""The procedural heads: seeded, paired, flat in the cartoon, and smooth in a clip."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pocketstyle.datasets import heads
from skimage.metrics import structural_similarity

SEED = 7


def _similarity(a: np.ndarray, b: np.ndarray) -> float:
    return structural_similarity(a, b, channel_axis=2, data_range=255, gaussian_weights=True)


def _tones(picture: np.ndarray) -> int:
    """Distinct colours at 5 bits a channel that cover at least 4 pixels (noise does not count)."""
    _, counts = np.unique((picture >> 3).reshape(-1, 3), axis=0, return_counts=True)
    return int((counts >= 4).sum())


def _mean_difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(np.float32) - b).mean())


@pytest.mark.parametrize("size", [64, 128])
def test_pair_gives_two_rgb_pictures_of_the_asked_size(size: int) -> None:
    for picture in heads.pair(SEED, 0, size):
        assert picture.shape == (size, size, 3)
        assert picture.dtype == np.uint8
        assert picture.std() > 20  # something is drawn


def test_same_seed_and_index_give_same_bytes() -> None:
    first, second = heads.pair(SEED, 3), heads.pair(SEED, 3)
    assert first[0].tobytes() == second[0].tobytes()
    assert first[1].tobytes() == second[1].tobytes()


@pytest.mark.parametrize("other", [(SEED, 4), (SEED + 1, 3)])
def test_another_index_or_seed_gives_another_head(other: tuple[int, int]) -> None:
    for a, b in zip(heads.pair(SEED, 3), heads.pair(*other), strict=True):
        assert _mean_difference(a, b) > 10


def test_pair_is_render_of_the_sampled_head() -> None:
    head = heads.sample_head(np.random.default_rng([SEED, 5]))
    photo, cartoon = heads.pair(SEED, 5)
    np.testing.assert_array_equal(heads.render(head), photo)
    np.testing.assert_array_equal(heads.render(head, toon=True), cartoon)


def test_many_heads_hold_no_undefined_number() -> None:
    with np.errstate(all="raise", under="ignore"):
        for index in range(40):
            heads.pair(SEED, index, 64)


def test_photo_and_cartoon_differ_but_show_one_head() -> None:
    values = [_similarity(*heads.pair(SEED, index)) for index in range(12)]
    assert 0.35 < np.mean(values) < 0.65
    swapped = _similarity(heads.pair(SEED, 0)[0], heads.pair(SEED, 1)[1])
    assert swapped < np.mean(values)


def test_cartoon_is_flatter_than_the_photo() -> None:
    for index in range(6):
        photo, cartoon = heads.pair(SEED, index)
        assert _tones(cartoon) < 0.7 * _tones(photo)


def test_cartoon_does_not_depend_on_what_the_photo_hides() -> None:
    """Sensor noise is the photo's own: another grain leaves the cartoon as it is."""
    head = heads.sample_head(np.random.default_rng(SEED))
    grainy = replace(head, noise_seed=head.noise_seed + 1)
    np.testing.assert_array_equal(heads.render(head, toon=True), heads.render(grainy, toon=True))
    assert _mean_difference(heads.render(head), heads.render(grainy)) > 0.3


@pytest.mark.parametrize("toon", [False, True])
def test_smaller_picture_shows_the_same_head(toon: bool) -> None:
    for index in range(4):
        head = heads.sample_head(np.random.default_rng([SEED, index]))
        small = heads.render(head, 64, toon).astype(np.float32)
        halved = heads.render(head, 128, toon).reshape(64, 2, 64, 2, 3).mean((1, 3))
        assert np.corrcoef(small.ravel(), halved.ravel())[0, 1] > 0.95


def test_clip_is_smooth_and_loops() -> None:
    frames = list(heads.clip(SEED, 24, 64))
    assert len(frames) == 24
    for kind in (0, 1):
        pictures = [frame[kind] for frame in frames]
        steps = [_mean_difference(a, b) for a, b in pairwise(pictures)]
        opposite = _mean_difference(pictures[6], pictures[18])  # full left against full right
        assert max(steps) < opposite
        assert _mean_difference(pictures[-1], pictures[0]) <= 1.25 * max(steps)


def test_write_pairs_writes_what_pair_gives(tmp_path: Path) -> None:
    done: list[int] = []
    heads.write_pairs(tmp_path, 2, 64, SEED, done.append)
    assert done == [1, 2]
    for index in range(2):
        for folder, picture in zip(("photo", "cartoon"), heads.pair(SEED, index, 64), strict=True):
            stored = np.asarray(Image.open(tmp_path / folder / f"{index:05d}.png"))
            np.testing.assert_array_equal(stored, picture)
