"""Batches: a pure function of the step."""

import numpy as np
import torch
from pocketstyle.datasets import Batches, Prefetch, heads, render_heads, to_pictures, to_tensor


def numbered(count: int, size: int = 12) -> np.ndarray:
    """Pictures whose pixels tell which picture and which column they are."""
    pictures = np.zeros((count, size, size, 3), np.uint8)
    pictures[..., 0] = np.arange(count)[:, None, None]
    pictures[..., 1] = np.arange(size)[None, None, :]
    return pictures


def make(paired: bool, count: int = 6, seed: int = 0, **options) -> Batches:
    data = numbered(count)
    return Batches(
        data, data, size=8, batch=4, paired=paired, seed=seed, **{"crop": (2 / 3, 2 / 3)} | options
    )


def test_the_same_step_gives_the_same_batch_whatever_came_before():
    first, second = make(False), make(False)
    for step in range(5):
        first.at(step)
    for a, b in zip(first.at(7), second.at(7), strict=True):
        assert torch.equal(a, b)


def test_every_picture_comes_once_an_epoch():
    batches = make(False, count=8)
    seen = np.concatenate([to_pictures(batches.at(step)[0])[:, 0, 0, 0] for step in range(2)])
    assert sorted(seen) == list(range(8))


def test_pairs_share_crop_and_flip_and_unpaired_do_not():
    paired, unpaired = make(True), make(False)
    assert all(torch.equal(*paired.at(step)) for step in range(4))
    assert not all(torch.equal(*unpaired.at(step)) for step in range(4))


def test_a_target_that_is_not_flipped_shows_where_the_flipped_source_is():
    flipped = 0
    for step in range(8):
        photo, drawing = (
            to_pictures(part)[:, 0, :, 1].astype(int) for part in make(True, flip="source").at(step)
        )
        assert (np.diff(drawing) == 1).all()
        for row, other in zip(photo, drawing, strict=True):
            if row[0] > row[-1]:
                flipped += 1
                row = 11 - row  # column c of the photo lies where 11 - c of the drawing does
            assert row.tolist() == other.tolist()
    assert 0 < flipped < 32


def test_flips_and_crops_happen():
    columns = [to_pictures(make(False).at(step)[0])[:, 0, :, 1] for step in range(8)]
    rising = [row[-1] > row[0] for batch in columns for row in batch]
    assert any(rising) and not all(rising)
    assert len({int(row.min()) for batch in columns for row in batch}) > 1


def test_crops_of_several_sides_are_resampled_to_one():
    """What the left edge and the right edge of a crop show tells how much of the picture it is."""
    spans = set()
    for step in range(8):
        photo, drawing = make(True, crop=(0.5, 1.0)).at(step)
        assert torch.equal(photo, drawing) and photo.shape == (4, 3, 8, 8)
        rows = to_pictures(photo)[:, 0, :, 1].astype(int)
        spans |= set(abs(rows[:, -1] - rows[:, 0]).tolist())
    assert min(spans) <= 7 and max(spans) >= 10


def test_a_mirrored_partner_is_turned_the_other_way():
    """Green tells how high a pixel stood: a tilt shows in it, a mirror image does not."""
    y, x = np.mgrid[:48, :48]
    pictures = np.stack([np.stack([3 * x + 50, 3 * y + 50, 0 * x], -1).astype(np.uint8)] * 2)
    options = {"size": 32, "batch": 8, "paired": True, "seed": 0, "crop": (2 / 3, 2 / 3)}
    inner = slice(8, 24)
    photo, drawing = (
        part[:, :2, inner, inner]
        for part in Batches(pictures, pictures, turn=20, flip="source", **options).at(0)
    )
    flipped = photo[:, 0, 8, 15] < photo[:, 0, 8, 0]
    assert flipped.any() and not flipped.all()
    assert (photo[:, 1] - drawing[:, 1]).abs().max() < 0.03
    tilts = (drawing[:, 1, 8, 15] - drawing[:, 1, 8, 0]) / (15 * 3 / 127.5)  # sines
    assert 0.2 < tilts.abs().max() < np.sin(np.radians(20)) + 0.02
    assert tilts.min() < -0.05 and tilts.max() > 0.05
    upright, _ = Batches(pictures, pictures, **options).at(0)
    assert (upright[:, 1, 16, 20] - upright[:, 1, 16, 12]).abs().max() == 0


def test_the_light_varies_within_its_bounds_and_the_targets_stay():
    plain, varied = (make(True, light=light) for light in (0.0, 0.2))
    places = set()
    for step in range(6):
        (x, y), (relit, target) = plain.at(step), varied.at(step)
        assert torch.equal(y, target) and torch.equal(relit, varied.at(step)[0])
        assert relit.min() >= -1 and relit.max() <= 1 and relit.stride() == x.stride()
        x[:, 2] = -0.5
        gains = (varied._relight(x, step) + 1)[:, 2] / 0.5
        # contrast by a fifth about the mean, light by e^.4 (bicubic overshoots a little), tint e^.1
        assert gains.min() > 0.2 and gains.max() < 3
        places.add(round(float((gains.amax((1, 2)) / gains.amin((1, 2))).max()), 1))
    assert max(places) > 1.1  # not the same everywhere in a picture


def test_batches_prepared_ahead_are_the_same_in_any_order():
    options = {"light": 0.3, "turn": 10}
    ahead, plain = Prefetch(make(True, **options), workers=2), make(True, **options)
    drawn = torch.get_rng_state()
    for step in (0, 1, 2, 5, 6, 1):  # on, ahead, back
        for a, b in zip(ahead.at(step), plain.at(step), strict=True):
            assert torch.equal(a, b) and a.stride() == b.stride()
    assert torch.equal(drawn, torch.get_rng_state())  # networks begin alike with and without


def test_another_seed_gives_another_order():
    assert not torch.equal(make(False, seed=0).at(0)[0], make(False, seed=1).at(0)[0])


def test_tensors_round_trip():
    pictures = np.random.default_rng(0).integers(0, 256, (2, 5, 5, 3), dtype=np.uint8)
    tensor = to_tensor(pictures)
    assert tensor.min() >= -1 and tensor.max() <= 1
    assert np.array_equal(to_pictures(tensor), pictures)


def test_rendering_on_all_cores_gives_the_same_heads():
    photos, cartoons = render_heads(20, 32, seed=3)
    assert len(photos) == 20
    photo, cartoon = heads.pair(3, 17, 32)
    assert np.array_equal(photos.pictures[17], photo)
    assert np.array_equal(cartoons.pictures[17], cartoon)


def test_crops_have_the_frames_proportion():
    """Crops of exact size are not resampled: each is a window of its picture, maybe mirrored."""
    rows, columns = np.mgrid[:18, :24]
    picture = np.stack([rows, columns, 0 * rows], 2).astype(np.uint8)
    data = np.stack([picture] * 3)
    options = {"size": (12, 16), "batch": 3, "paired": True, "seed": 0}
    batches = Batches(data, data, **options, crop=(2 / 3, 2 / 3))
    for step in range(6):
        for made in to_pictures(batches.at(step)[0]):
            assert made.shape == (12, 16, 3)
            top, left = made[0, :, 0].min(), made[..., 1].min()
            window = picture[top : top + 12, left : left + 16]
            assert (made == window).all() or (made == window[:, ::-1]).all()
    turned = Batches(data, data, **options, crop=(0.5, 1.0), turn=20.0)
    assert turned.at(0)[0].shape == (3, 3, 12, 16)
