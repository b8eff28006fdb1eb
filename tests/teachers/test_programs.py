"""What the programs draw: bold, aligned, clean on skin, of every picture."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2.ximgproc", reason="pip install 'pocketstyle[teachers]'")

from pocketstyle.cli.app import app
from pocketstyle.errors import DataError, UsageError
from pocketstyle.images import read_rgb
from pocketstyle.sdk.faces import FaceMesh
from pocketstyle.teachers import PROGRAMS, draw, make_pairs
from pocketstyle.teachers.outlines import outlines
from pocketstyle.teachers.people import CHEEKS
from pocketstyle.teachers.scene import scene_of
from skimage.metrics import structural_similarity
from typer.testing import CliRunner

ROOT = Path(__file__).parents[2]
SHARED = (ROOT / os.environ.get("POCKETSTYLE_SHARED", "../shared")).resolve()
PHOTO = ROOT / "demo/astronaut.jpg"
SIDE = 384


def shrunk(rgb: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(rgb).resize((256, 256), Image.Resampling.BOX))


@pytest.fixture(scope="module")
def drawn() -> dict[str, np.ndarray]:
    return {name: draw(name, read_rgb(PHOTO), SIDE) for name in PROGRAMS}


@pytest.mark.parametrize(("name", "most"), [("comic", 0.75), ("ink", 0.6)])
def test_a_drawing_is_bold_where_it_is_seen(drawn, name, most):
    similar = structural_similarity(
        shrunk(read_rgb(PHOTO)),
        shrunk(drawn[name]),
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
    )
    assert 0.1 < similar <= most


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_drawing_is_of_the_same_person_at_the_same_place(drawn, name):
    mesh = FaceMesh()
    (face,) = mesh.detect(np.asarray(Image.fromarray(read_rgb(PHOTO)).resize((SIDE, SIDE))))
    (again,) = mesh.detect(drawn[name])
    apart = np.linalg.norm(np.subtract(face.left_eye, face.right_eye))
    away = np.linalg.norm(face.points[:, :2] - again.points[:, :2], axis=1)
    assert away.mean() <= {"comic": 0.035, "ink": 0.06}[name] * apart


def test_the_same_picture_is_drawn_in_the_same_way(drawn):
    assert (draw("comic", read_rgb(PHOTO), SIDE) == drawn["comic"]).all()


def test_ink_is_grey(drawn):
    assert np.ptp(drawn["ink"], 2).max() == 0


@pytest.mark.parametrize("lightness", [1.0, 0.4])
def test_skin_is_clean_whether_light_or_dark(lightness):
    rgb = (np.asarray(Image.open(PHOTO).convert("RGB").resize((SIDE, SIDE))) * lightness) + 0.5
    scene = scene_of(rgb.astype(np.uint8))
    (face,) = scene.faces
    ink = outlines(scene)
    cheeks = [50, 280, 101, 330, 117, 346, 151]
    assert set(cheeks) <= set(CHEEKS)
    x, y = face.points[cheeks].round().astype(int).T
    assert ink[y, x].max() < 0.1 and scene.skin[y, x].min() > 0.5
    assert ink.max() == 1  # there are lines elsewhere


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (40, 3), (100, 160)])
def test_pictures_of_any_shape_and_without_faces(size):
    rgb = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    for name in PROGRAMS:
        made = draw(name, rgb, 128)
        assert max(made.shape[:2]) == 128 and made.dtype == np.uint8


def test_pairs_are_made_once_and_pictures_that_cannot_be_read_are_named(tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for name in ("a.jpg", "b.png"):
        Image.open(PHOTO).resize((80, 60)).save(photos / name)
    (photos / "c.jpg").write_bytes(b"no picture")
    seen = []
    failed = make_pairs("ink", photos, out, 128, lambda *one: seen.append(one), workers=1)
    assert len(failed) == 1 and "c.jpg" in failed[0]
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]
    made = {str(path.relative_to(out)): path.stat().st_mtime_ns for path in out.rglob("*.*")}
    assert set(made) == {f"{folder}/{name}.png" for folder in ("photo", "ink") for name in "ab"}
    assert read_rgb(out / "ink/a.png").shape == read_rgb(out / "photo/a.png").shape == (96, 128, 3)
    (out / "ink/b.png").unlink()
    make_pairs("ink", photos, out, 128, workers=1)
    again = {str(path.relative_to(out)): path.stat().st_mtime_ns for path in out.rglob("*.*")}
    assert again.keys() == made.keys() and again["ink/a.png"] == made["ink/a.png"]


def test_what_cannot_be_drawn_is_refused(tmp_path):
    with pytest.raises(UsageError, match="unknown program 'oil'; known: comic, ink"):
        draw("oil", np.zeros((9, 9, 3), np.uint8))
    with pytest.raises(DataError, match="no pictures"):
        make_pairs("ink", tmp_path, tmp_path / "out", 128)
    for name in ("a.jpg", "a.png"):
        Image.new("RGB", (9, 9)).save(tmp_path / name)
    with pytest.raises(DataError, match="one name"):
        make_pairs("ink", tmp_path, tmp_path / "out", 128)


def test_the_commands(tmp_path):
    def run(*words: object):
        return CliRunner().invoke(app, list(map(str, words)))

    out = tmp_path / "me.png"
    assert run("draw", "ink", PHOTO, "-o", out, "--size", 128).exit_code == 0
    assert read_rgb(out).shape == (128, 128, 3)
    assert isinstance(run("draw", "ink", PHOTO, "-o", out).exception, UsageError)  # it exists
    assert isinstance(run("draw", "oil", PHOTO, "-o", tmp_path / "x.png").exception, UsageError)
    for words in (
        ("comic",),
        ("heads", "--photos", tmp_path),
        ("ink", "--photos", tmp_path, "--count", 3),
    ):
        assert isinstance(run("data", *words, "--out", tmp_path / "p").exception, UsageError)


def person(name: str) -> str:
    """Of a file of the held-out list: who is shown; cc_by has several pictures of some people."""
    return re.sub(r"_(neutral|smiling)|_03", "", name)


def test_held_out_people_are_enough_and_split_by_person():
    lines = (ROOT / "benchmarks/comic_held_out.txt").read_text().splitlines()
    held = [line.split()[0] for line in lines if not line.startswith("#")]
    people = {person(name) for name in held}
    assert len(held) == len(set(held))
    for folder, least in (("faker", 40), ("interfaces", 15), ("cc_by", 25)):
        assert sum(one.startswith(folder) for one in people) >= least
    portraits = SHARED / "data/portraits"
    if not portraits.exists():
        pytest.skip(f"no {portraits} (set POCKETSTYLE_SHARED)")
    every = {f"{path.parent.name}/{path.name}" for path in portraits.glob("*/*.jpg")}
    assert {name for name in every if person(name) in people} == set(held)
