"""Three detectors, one answer: where eyes are in real portraits, and what is no face."""

import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from pocketstyle.errors import DataError, FormatError, UsageError
from pocketstyle.sdk import read_frames, read_rgb, resolve
from pocketstyle.sdk.faces import Face, FaceDetector, load_detector
from pocketstyle.sdk.faces.blazeface import anchors, averaged, letterbox, overlaps
from pocketstyle.sdk.faces.mesh import squares

from .conftest import FILES, PORTRAITS, ROOT, SHARED, find_file

RNG = np.random.default_rng(0)
# The pupils of the neutral portraits are where their crops were made to have them.
PUPILS = 256 * np.array([[0.365, 0.4], [0.635, 0.4]])


def portraits() -> list[np.ndarray]:
    if not PORTRAITS.exists():
        pytest.skip(f"no {PORTRAITS} (set POCKETSTYLE_SHARED)")
    neutral = [path for path in sorted(PORTRAITS.glob("*.jpg")) if "smiling" not in path.stem]
    return [read_rgb(path) for path in neutral[::6]]


def eyes_of(face: Face) -> np.ndarray:
    return np.array([face.left_eye, face.right_eye])


def framed(rgb: np.ndarray) -> np.ndarray:
    """A crop amid grey, as a face in a photo."""
    return np.pad(rgb, ((60, 90), (90, 200), (0, 0)), constant_values=128)


def test_pupils_are_found_where_they_are(detector):
    errors = []
    for rgb in portraits():
        (face,) = detector.detect(framed(rgb))
        found = eyes_of(face) - (90, 60)
        errors += (np.linalg.norm(found - PUPILS, axis=1) / np.ptp(PUPILS[:, 0])).tolist()
        left, top, width, height = face.box
        inside = (eyes_of(face) > (left, top)) & (eyes_of(face) < (left + width, top + height))
        assert inside.all() and 0.5 < width / 256 < 1
    assert len(errors) >= 36
    assert max(errors) < 0.15 and np.mean(errors) < 0.07  # of the distance between the pupils


def test_detectors_agree_on_a_snapshot(detector, mesh, astronaut):
    (face,), (other,) = detector.detect(astronaut), mesh.detect(astronaut)
    apart = math.dist(other.left_eye, other.right_eye)
    assert np.linalg.norm(eyes_of(face) - eyes_of(other), axis=1).max() < 0.15 * apart


def test_the_size_of_a_picture_does_not_matter(detector, astronaut):
    large = np.asarray(Image.fromarray(astronaut).resize((1500, 1500)))
    (face,), (small,) = detector.detect(large), detector.detect(astronaut)
    expected = eyes_of(small) * 1500 / len(astronaut)
    apart = math.dist(*expected)
    assert np.linalg.norm(eyes_of(face) - expected, axis=1).max() < 0.08 * apart


def test_two_faces_in_a_picture(detector, astronaut):
    head = astronaut[30:200, 70:240]
    found = sorted(detector.detect(np.concatenate([head, head[:, ::-1]], 1)), key=lambda f: f.box)
    assert len(found) == 2
    assert found[0].right_eye[0] < 170 < found[1].left_eye[0]
    for face in found:
        assert face.left_eye[0] < face.right_eye[0]


def test_a_face_without_colours(detector, astronaut):
    grey = np.asarray(Image.fromarray(astronaut).convert("L"))
    (face,) = detector.detect(np.repeat(grey[..., None], 3, 2))
    (coloured,) = detector.detect(astronaut)
    assert eyes_of(face) == pytest.approx(eyes_of(coloured), abs=4)


def test_a_leaning_face_has_leaning_eyes(detector, astronaut):
    angles = []
    for degrees in (-10, 10):
        (face,) = detector.detect(turned(astronaut, degrees))
        across, down = np.subtract(face.right_eye, face.left_eye)
        angles.append(math.degrees(math.atan2(down, across)))
    assert angles[1] - angles[0] == pytest.approx(20, abs=5)


@pytest.mark.parametrize("part", [np.s_[:, 150:], np.s_[:, :158], np.s_[95:]])
def test_half_a_face_is_one_face_or_none(detector, astronaut, part):
    """Its right half, its left half, or what is below the brows, at a picture's border."""
    (whole,) = detector.detect(astronaut)
    rows, columns = (part, np.s_[:]) if isinstance(part, slice) else part
    corner = columns.start or 0, rows.start or 0
    found = detector.detect(astronaut[part])
    for face in found:
        eyes = eyes_of(face) + corner
        assert np.linalg.norm(eyes.mean(0) - eyes_of(whole).mean(0)) < 0.6 * whole.box[2]
    assert len(found) <= 1


def test_a_profile(detector):
    """All see one, whose crop is of use."""
    clip = SHARED / "data/video/head-pose-face-detection-female.gif"
    if not clip.exists():
        pytest.skip(f"no {clip} (set POCKETSTYLE_SHARED)")
    found = detector.detect(next(read_frames(clip)))
    assert len(found) == 1
    for face in found:
        assert face.left_eye[0] < face.right_eye[0]
        assert 0.1 < math.dist(face.left_eye, face.right_eye) / face.box[2] < 0.6


@pytest.mark.parametrize("size", [(1, 1), (1, 20000), (20000, 1), (64, 2000), (3, 5), (64, 64)])
def test_no_face_in_noise_of_any_shape(detector, size):
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    assert detector.detect(noise) == []


def test_no_face_in_things(detector):
    data = pytest.importorskip("skimage.data")
    for thing in (data.coffee(), data.chelsea(), data.rocket()):
        assert detector.detect(thing) == []


class Told(FaceDetector):
    """Finds what it is told, and keeps the sizes of the pictures that it was shown."""

    def __init__(self, *found: list[Face]) -> None:
        super().__init__()
        self._found, self.shapes = iter(found), []

    def find(self, rgb):
        self.shapes.append(rgb.shape[:2])
        return next(self._found)


def face_at(left: float, top: float, side: float) -> Face:
    eyes = [(left + x * side, top + 0.4 * side) for x in (0.3, 0.7)]
    return Face((left, top, side, side), *eyes, 1.0)


def test_faces_that_no_crop_can_follow_are_dropped():
    nowhere, box = (math.nan, 1.0), (0.0, 0.0, 9.0, 9.0)
    one_point = Face(box, (5.0, 5.0), (6.0, 5.0), 1.0)
    no_number = Face(box, (5.0, 5.0), nowhere, 1.0)
    detector = Told([one_point, face_at(30, 20, 10), no_number], [])
    assert detector.detect(np.zeros((100, 100, 3), np.uint8)) == [face_at(30, 20, 10)]


def test_a_face_is_looked_at_again_from_near():
    """First in a picture at half its size, then in 200 of its pixels a side, as 400."""
    detector = Told([face_at(300, 200, 50)], [face_at(110, 96, 210), face_at(0, 0, 60)])
    (face,) = detector.detect(np.zeros((1280, 1280, 3), np.uint8))
    assert detector.shapes == [(640, 640), (400, 400)]
    expected = face_at(600 - 50 + 110 / 2, 400 - 50 + 96 / 2, 210 / 2)
    assert face.box == pytest.approx(expected.box)
    assert face.left_eye == pytest.approx(expected.left_eye)


def test_two_boxes_of_one_face_are_one():
    first = [face_at(300, 200, 50), face_at(312, 200, 50), face_at(400, 200, 50)]
    from_near = [face_at(100, 100, 200)], [face_at(52, 100, 200)], [face_at(100, 100, 200)]
    found = Told(first, *from_near).detect(np.zeros((640, 640, 3), np.uint8))
    assert [face.box[0] for face in found] == pytest.approx([300, 400])


@pytest.mark.parametrize("again", [[], [face_at(0, 0, 60)]])
def test_a_face_that_is_not_found_again_stays(again):
    (face,) = Told([face_at(300, 200, 50)], again).detect(np.zeros((640, 640, 3), np.uint8))
    assert face == face_at(300, 200, 50)


def test_anchors_are_those_of_the_networks_layers():
    found = anchors()
    assert found.shape == (896, 2)
    fine, coarse = found[:512], found[512:]
    assert fine[[0, 1, 2, 31, 32]].tolist() == [
        [1 / 32, 1 / 32],
        [1 / 32, 1 / 32],
        [3 / 32, 1 / 32],
        [31 / 32, 1 / 32],
        [1 / 32, 3 / 32],
    ]
    assert coarse[[0, 5, 6, 48, 383]].tolist() == [
        [1 / 16, 1 / 16],
        [1 / 16, 1 / 16],
        [3 / 16, 1 / 16],
        [1 / 16, 3 / 16],
        [15 / 16, 15 / 16],
    ]


def test_overlaps_are_counted_in_pixels():
    """Intersection over union of boxes on a grid, pixel by pixel."""
    boxes = np.add(RNG.integers(0, 20, (50, 4)), (0, 0, 1, 1))

    def filled(box: np.ndarray) -> np.ndarray:
        canvas = np.zeros((60, 60), bool)
        left, top, width, height = box
        canvas[top : top + height, left : left + width] = True
        return canvas

    middles = np.stack([boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2:].astype(float)], 1)
    expected = [
        (filled(boxes[0]) & filled(box)).sum() / (filled(boxes[0]) | filled(box)).sum()
        for box in boxes
    ]
    assert overlaps(middles[0], middles) == pytest.approx(expected)


def test_what_overlaps_is_averaged_by_score():
    points = np.zeros((3, 8, 2))
    points[:, 0] = [[10, 10], [12, 10], [60, 60]]
    points[:, 1] = 20
    (first, score), (second, _) = averaged(points, np.array([0.75, 0.75, 0.9]))[::-1]
    assert first[0].tolist() == [11, 10] and score == 0.75
    assert second[0].tolist() == [60, 60]


def test_a_picture_in_the_networks_square():
    rgb = np.full((100, 50, 3), 200, np.uint8)
    square, scale, corner = letterbox(rgb)
    assert square.shape == (128, 128, 3)
    assert scale == pytest.approx([1.28, 1.28]) and corner.tolist() == [32, 0]
    assert (square[:, 32:96] == 200).all()
    assert (square[:, :32] == 0).all() and (square[:, 96:] == 0).all()


@pytest.mark.parametrize("name", ["yunet", "blazeface"])
@pytest.mark.parametrize("kept", [0, 20, 3000, 100_000])
def test_damaged_files_are_refused(name, kept, tmp_path):
    whole = find_file(name)
    path = tmp_path / f"damaged{whole.suffix}"
    path.write_bytes(whole.read_bytes()[:kept])
    with pytest.raises(FormatError, match="damaged"):
        load_detector(path)


def test_networks_that_are_no_detectors_are_refused(tmp_path):
    with pytest.raises(FormatError, match="no BlazeFace"):
        load_detector(resolve("heads"))
    onnx = pytest.importorskip("onnx")
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 3, 32, 32])
        for name in "xy"
    ]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Relu", ["x"], ["y"])], "relu", ends[:1], ends[1:]
    )
    onnx.save(onnx.helper.make_model(graph), str(tmp_path / "relu.onnx"))
    with pytest.raises(FormatError, match="no YuNet"):
        load_detector(tmp_path / "relu.onnx")


def test_other_files_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"x\.pt is no face detector"):
        load_detector("x.pt")
    for suffix in (".onnx", ".tflite"):
        with pytest.raises(DataError, match="no such file"):
            load_detector(tmp_path / f"absent{suffix}")


def test_files_may_have_any_name(tmp_path, astronaut):
    for name in ("yunet", "blazeface"):
        path = tmp_path / f"Gesichter – 顔{FILES[name].suffix.upper()}"
        path.write_bytes(find_file(name).read_bytes())
        assert len(load_detector(path).detect(astronaut)) == 1


def test_without_opencv_faces_are_found_and_a_yunet_says_what_to_install(tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"")
    code = (
        "import sys\n"
        "sys.modules['cv2'] = None\n"
        "from pocketstyle.errors import PocketstyleError\n"
        "from pocketstyle.sdk import Stylizer, read_rgb\n"
        "from pocketstyle.sdk.faces import Portrait, load_detector\n"
        "with Stylizer.load('heads', accelerator='cpu') as stylizer:\n"
        "    Portrait(stylizer, no_face='error').stylize(read_rgb(sys.argv[1]))\n"
        "try:\n"
        "    load_detector('x.onnx')\n"
        "except PocketstyleError as error:\n"
        "    print(error)\n"
    )
    command = [sys.executable, "-c", code, str(ROOT / "demo/astronaut.jpg")]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=120, cwd=tmp_path
    )
    assert "pip install opencv-python-headless" in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_the_sdk_does_not_import_opencv():
    code = (
        "import pocketstyle.sdk.faces, sys\n"
        "from pocketstyle.sdk import Stylizer, stylize_video\n"
        "print('cv2' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "False"


def test_threads_take_turns(detector, astronaut):
    """OpenCV's detectors crash, and interpreters refuse, when two threads are in one."""
    pictures = [astronaut, astronaut[40:280, 20:300]] * 6
    alone = [detector.detect(rgb) for rgb in pictures[:2]]
    with ThreadPoolExecutor(4) as threads:
        for i, found in enumerate(threads.map(detector.detect, pictures)):
            assert found == alone[i % 2]


def test_a_blazeface_with_a_broken_graph_is_refused(tmp_path):
    data = bytearray(find_file("blazeface").read_bytes())
    data[40:4000] = bytes(3960)
    (tmp_path / "x.tflite").write_bytes(data)
    with pytest.raises(FormatError, match=r"x\.tflite"):
        load_detector(tmp_path / "x.tflite")


def turned(rgb: np.ndarray, degrees: float) -> np.ndarray:
    """Clockwise about the picture's middle, by Pillow."""
    picture = Image.fromarray(rgb).rotate(-degrees, Image.Resampling.BICUBIC, fillcolor="grey")
    return np.asarray(picture)


def test_mesh_points_lie_where_the_eyes_are_labelled(mesh):
    """Corners left and right of each pupil, lids above and below it, the mouth below the nose."""
    for rgb in portraits():
        (face,) = mesh.detect(framed(rgb))
        points = (face.points[:, :2] - (90, 60)) / 256
        assert face.points.shape == (468, 3)
        for pupil, left, right, upper, lower in zip(
            PUPILS / 256, (33, 362), (133, 263), (159, 386), (145, 374), strict=True
        ):
            assert points[left, 0] < pupil[0] < points[right, 0]
            assert points[upper, 1] < pupil[1] + 0.01 and points[lower, 1] > pupil[1] - 0.01
        nose, upper_lip, lower_lip, chin = points[[1, 13, 14, 152], 1]
        assert 0.4 < nose < upper_lip <= lower_lip + 0.005 < chin


@pytest.mark.parametrize("degrees", [-40, 40])
def test_a_mesh_leans_with_its_face(mesh, degrees):
    rgb = framed(portraits()[0])
    (upright,), (leaning,) = mesh.detect(rgb), mesh.detect(turned(rgb, degrees))
    middle = np.divide(rgb.shape[1::-1], 2)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    expected = (upright.points[:, :2] - middle) @ [[cosine, sine], [-sine, cosine]] + middle
    apart = math.dist(upright.left_eye, upright.right_eye)
    away = np.linalg.norm(leaning.points[:, :2] - expected, axis=1)
    assert away.mean() < 0.06 * apart


def test_small_faces_in_a_large_picture(mesh):
    """Nine faces of 40 pixels amid 900."""
    canvas = np.full((900, 900, 3), 128, np.uint8)
    middles = []
    for i, rgb in enumerate(portraits()[:9]):
        y, x = 40 + 290 * (i // 3), 60 + 280 * (i % 3)
        canvas[y : y + 64, x : x + 64] = Image.fromarray(rgb).resize((64, 64))
        middles.append((x + 32, y + 0.4 * 64))
    found = [np.mean([one.left_eye, one.right_eye], 0) for one in mesh.detect(canvas)]
    assert len(found) == 9
    for middle in middles:
        assert min(np.linalg.norm(found - np.array(middle), axis=1)) < 3


def test_squares_cover_every_picture():
    for height, width in ((100, 100), (300, 1000), (1000, 300), (77, 3000)):
        seen = np.zeros((height, width), bool)
        for rows, columns in squares(height, width)[1:] or [np.s_[:, :]]:
            seen[rows, columns] = True
            assert seen[rows, columns].shape <= (height, width)
        assert seen.all()


def test_a_face_is_followed_from_frame_to_frame_and_lost(mesh, astronaut):
    before = mesh.detect(astronaut)
    moved = np.roll(astronaut, (6, 10), (0, 1))
    (followed,), (found,) = mesh.follow(moved, before), mesh.detect(moved)
    apart = math.dist(found.left_eye, found.right_eye)
    assert np.linalg.norm(followed.points - found.points, axis=1).mean() < 0.05 * apart
    assert mesh.follow(np.full_like(astronaut, 90), before) is None
    assert mesh.follow(moved, [face_at(100, 60, 80)]) is None  # a face without a mesh


def test_yunets_numbers_that_mean_nothing_are_no_face():
    """As OpenCV gave them once for noise of 64x2000."""
    from pocketstyle.sdk.faces.yunet import _plausible

    box = (573.3, -836.9, 12.7, 1571.4)
    assert not _plausible(Face(box, (1689.4, -688.5), (535.2, -97.6), 1.0))
    assert _plausible(Face((10, 10, 40, 50), (20, 25), (38, 26), 0.9))
