"""Faces stylised within whole pictures: where, in which order, and what becomes of the rest."""

import numpy as np
import pytest
from pocketstyle.errors import DataError, UsageError
from pocketstyle.sdk import Stylizer
from pocketstyle.sdk.faces import Alignment, Face, FaceDetector, Portrait

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (120, 200, 3), np.uint8)


class Given(FaceDetector):
    """Finds what it is told: the faces of each picture in turn, by their pupils."""

    def __init__(self, *pictures: list[tuple[tuple[float, float], tuple[float, float]]]) -> None:
        self._pictures = iter(pictures)

    def detect(self, rgb: np.ndarray) -> list[Face]:
        return [Face((0, 0, 1, 1), *pupils, 1.0) for pupils in next(self._pictures)]


def middle_of(face: tuple) -> tuple[int, int]:
    """Row and column of the middle of an upright face's crop."""
    (x0, y), (x1, _) = face
    return round(y + 0.1 * (x1 - x0) / 0.27), round((x0 + x1) / 2)


def test_the_face_of_a_photo_and_nothing_else_changes(negative, astronaut, detector):
    before = astronaut.copy()
    made = Portrait(negative, detector).stylize(astronaut)
    assert made.shape == astronaut.shape and made.dtype == np.uint8
    assert (astronaut == before).all()
    (face,) = detector.detect(astronaut)
    place = Alignment.of(face)
    y, x = np.mgrid[:320, :320] + 0.5
    radius = np.hypot(x - place.x, y - place.y - 0.1 * place.side) / place.side  # nearly upright
    assert (made == astronaut)[radius > 0.56].all()
    inner = radius < 0.3
    assert (
        np.abs(made[inner].astype(int) - (255 - astronaut[inner])).mean() < 9
    )  # finer than 64 pixels show it


def test_the_network_sees_the_pupils_where_it_learnt_them(negative, astronaut, mesh):
    Portrait(negative, mesh).stylize(astronaut)
    (crop,) = negative.seen
    (face,) = mesh.detect(np.kron(crop, np.ones((4, 4, 1), np.uint8)))  # 256 pixels, in blocks
    assert np.array(face.left_eye) / 256 == pytest.approx((0.365, 0.4), abs=0.03)
    assert np.array(face.right_eye) / 256 == pytest.approx((0.635, 0.4), abs=0.03)


def test_the_nearer_face_lies_over_the_one_behind(negative):
    near, far = ((80.0, 60.0), (107.0, 60.0)), ((115.0, 60.0), (124.0, 60.0))
    for order in ([near, far], [far, near]):
        both = Portrait(negative, Given(order), cut_out=False).stylize(NOISE)
        alone = Portrait(negative, Given([near]), cut_out=False).stylize(NOISE)
        row, column = middle_of(near)
        covered = slice(row - 30, row + 30), slice(column - 20, column + 20)
        assert (both[covered] == alone[covered]).all()
        assert (both != alone).any()  # where the far one looks out from behind
    assert len(negative.seen) == 6


def test_every_face_is_drawn_from_the_picture_as_it_was(negative):
    faces = [((80.0, 60.0), (107.0, 60.0)), ((90.0, 60.0), (110.0, 60.0))]
    Portrait(negative, Given(faces), cut_out=False).stylize(NOISE)
    for face, seen in zip(faces[::-1], negative.seen, strict=True):  # the smaller first
        place = Alignment.of(Face((0, 0, 1, 1), *face, 1.0))
        assert (seen == place.cut(NOISE, negative.size)).all()


def test_faces_cut_off_by_the_border(negative):
    corner = [((-4.0, 3.0), (14.0, 6.0)), ((190.0, 110.0), (212.0, 112.0))]
    made = Portrait(negative, Given(corner), cut_out=False).stylize(NOISE)
    assert (made[5, 5] != NOISE[5, 5]).any() and (made[-3, -3] != NOISE[-3, -3]).any()
    assert (made[:, 90:110] == NOISE[:, 90:110]).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (41, 57)])
def test_no_face(shape, negative, detector):
    rgb = RNG.integers(0, 256, (*shape, 3), np.uint8)
    kept = Portrait(negative, detector).stylize(rgb)
    assert (kept == rgb).all() and kept is not rgb
    assert (Portrait(negative, detector, no_face="whole").stylize(rgb) == 255 - rgb).all()
    with pytest.raises(DataError, match="no face"):
        Portrait(negative, detector, no_face="error").stylize(rgb)
    assert negative.seen == []


def test_what_is_no_picture_or_no_choice_is_refused(negative, mesh):
    with pytest.raises(UsageError, match="no_face is 'skip'; it is one of keep, whole, error"):
        Portrait(negative, mesh, no_face="skip")
    for rgb in (np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3)), np.zeros((0, 8, 3), np.uint8)):
        with pytest.raises(UsageError, match="picture is uint8"):
            Portrait(negative, mesh).stylize(rgb)


def test_pictures_that_are_views(negative, astronaut, mesh):
    """As a decoder gives frames that have to be turned upright."""
    turned = np.rot90(np.ascontiguousarray(np.rot90(astronaut)), -1)
    assert not turned.flags.c_contiguous
    portrait = Portrait(negative, mesh)
    assert (portrait.stylize(turned) == portrait.stylize(astronaut)).all()


def test_the_crop_of_a_video_does_not_jitter(negative):
    """The same picture, with pupils that are found a little off each time."""
    rgb = np.full((120, 200, 3), 90, np.uint8)
    rgb[:, :100] = 30  # an edge behind the face, by which the crop's place shows
    noise = RNG.normal(0, 1.5, (60, 2, 2))
    faces = [[tuple(map(tuple, one))] for one in np.add([[86, 60], [113, 60]], noise)]
    edges = {}
    for smooth in (False, True):
        portrait = Portrait(negative, Given(*faces), cut_out=False)
        negative.seen.clear()
        for i in range(len(faces)):
            portrait.stylize(rgb, i / 30 if smooth else None)
        edges[smooth] = [crop[32].mean() for crop in negative.seen][10:]
    assert np.std(edges[True]) < 0.6 * np.std(edges[False])


class Follows(Given):
    """Counts how often it searches and follows."""

    searched = followed = 0

    def detect(self, rgb):
        self.searched += 1
        return super().detect(rgb)

    def follow(self, rgb, before):
        self.followed += 1
        return None if self.followed == 3 else before


def test_a_video_is_searched_now_and_then_where_a_face_is_lost_and_after_a_seek(negative):
    face = [((86.0, 60.0), (113.0, 60.0))]
    detector = Follows(*[face] * 9)
    portrait = Portrait(negative, detector, cut_out=False)
    counts = []
    for seconds in (0.0, 0.1, 0.2, 0.3, 0.35, 0.5, 0.75, 0.1, 0.2):
        portrait.stylize(NOISE, seconds)
        counts.append((detector.searched, detector.followed))
    # found; followed twice; lost and found; followed; followed; 0.4 s later; a seek; followed
    assert counts == [(1, 0), (1, 1), (1, 2), (2, 3), (2, 4), (2, 5), (3, 5), (4, 5), (4, 6)]


def test_a_face_lost_for_a_moment_stays_stylised(negative):
    face = [((86.0, 60.0), (113.0, 60.0))]
    portrait = Portrait(negative, Given(face, [], []), no_face="error", cut_out=False)
    row, column = middle_of(face[0])
    for seconds in (0.0, 0.1):
        made = portrait.stylize(NOISE, seconds)
        assert (made[row, column] != NOISE[row, column]).any()
    with pytest.raises(DataError):
        portrait.stylize(NOISE, 2.0)


@pytest.mark.parametrize("name", ["candy", "photonas", "heads"])
def test_a_network_that_draws_no_portraits_is_refused(mesh, name):
    with Stylizer.load(name, threads=1, accelerator="cpu") as stylizer:
        if name == "heads":
            Portrait(stylizer, mesh)
            stylizer.info.spec["family"] = "foreign"  # which may draw anything
            Portrait(stylizer, mesh)
            return
        with pytest.raises(UsageError, match="draws no portraits"):
            Portrait(stylizer, mesh)


def test_an_avatar_has_the_photos_background(astronaut, mesh):
    """What lies beside an avatar's neck is the photo's, and the disc's pale blue is not there."""
    with Stylizer.load("toonhead", threads=1, accelerator="cpu") as stylizer:
        cut, disc = (
            Portrait(stylizer, mesh, cut_out=cut_out).stylize(astronaut)
            for cut_out in (True, False)
        )

    def blue(rgb: np.ndarray) -> int:
        return (np.abs(rgb - np.array([182, 227, 244])).max(2) < 30).sum()

    assert blue(disc) > 500
    assert blue(cut) < 0.02 * blue(disc) + blue(astronaut)
    assert (cut != astronaut).any(2).sum() > 3000
