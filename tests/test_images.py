import numpy as np
import pytest
from PIL import Image
from pocketstyle.errors import DataError
from pocketstyle.images import centre_square, list_pictures, read_rgb, resize


@pytest.fixture
def rgb() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 4, 3), dtype=np.uint8)


def saved(tmp_path, picture: Image.Image, name: str = "x.png", **options):
    picture.save(tmp_path / name, **options)
    return tmp_path / name


def test_rgb_as_it_is(tmp_path, rgb):
    np.testing.assert_array_equal(read_rgb(saved(tmp_path, Image.fromarray(rgb))), rgb)


def test_grey(tmp_path, rgb):
    grey = rgb[..., 0]
    got = read_rgb(saved(tmp_path, Image.fromarray(grey)))
    np.testing.assert_array_equal(got, np.repeat(grey[..., None], 3, axis=2))


def test_black_and_white(tmp_path):
    got = read_rgb(saved(tmp_path, Image.fromarray(np.array([[True, False]]))))
    np.testing.assert_array_equal(got, [[[255] * 3, [0] * 3]])


def test_16_bit_grey_keeps_its_high_byte(tmp_path):
    deep = np.array([[0, 255, 256, 0x8000, 65535]], np.uint16)
    got = read_rgb(saved(tmp_path, Image.fromarray(deep)))
    np.testing.assert_array_equal(got[0, :, 0], [0, 0, 1, 128, 255])
    assert got.shape == (1, 5, 3)


def test_floating_point_grey_is_taken_as_0_to_1(tmp_path):
    values = np.array([[0.0, 0.25], [1.0, 7.0]], np.float32)
    Image.fromarray(values).save(tmp_path / "float.tiff")
    assert read_rgb(tmp_path / "float.tiff")[..., 0].tolist() == [[0, 64], [255, 255]]


def test_transparency_lies_over_white(tmp_path, rgb):
    alpha = np.full((6, 4, 1), 255, np.uint8)
    alpha[0], alpha[1] = 0, 51
    got = read_rgb(saved(tmp_path, Image.fromarray(np.concatenate([rgb, alpha], axis=2))))
    np.testing.assert_array_equal(got[0], np.full((4, 3), 255))
    np.testing.assert_allclose(got[1], rgb[1] * 0.2 + 255 * 0.8, atol=1)
    np.testing.assert_array_equal(got[2:], rgb[2:])


def test_palette_with_a_transparent_colour(tmp_path):
    picture = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    picture.putpalette([10, 20, 30, 40, 50, 60])
    got = read_rgb(saved(tmp_path, picture, transparency=0))
    np.testing.assert_array_equal(got, [[[255, 255, 255], [40, 50, 60]]])


def test_cmyk(tmp_path):
    ink = np.zeros((8, 8, 4), np.uint8)
    ink[..., 0] = 255  # full cyan
    got = read_rgb(saved(tmp_path, Image.fromarray(ink, "CMYK"), "x.tif"))
    np.testing.assert_array_equal(got, np.broadcast_to([0, 255, 255], (8, 8, 3)))


@pytest.mark.parametrize(
    ("orientation", "undo"),
    [
        (1, lambda a: a),
        (2, lambda a: a[:, ::-1]),
        (3, lambda a: a[::-1, ::-1]),
        (6, lambda a: np.rot90(a, -1)),  # stored lying on its left side
        (8, lambda a: np.rot90(a, 1)),
    ],
)
def test_exif_orientation(tmp_path, rgb, orientation, undo):
    exif = Image.Exif()
    exif[0x0112] = orientation
    got = read_rgb(saved(tmp_path, Image.fromarray(rgb), exif=exif))
    np.testing.assert_array_equal(got, undo(rgb))


def test_unreadable_files(tmp_path, rgb):
    with pytest.raises(DataError, match="cannot read"):
        read_rgb(tmp_path / "none.png")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(DataError, match="is not a picture"):
        read_rgb(tmp_path / "text.png")
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = saved(tmp_path, Image.fromarray(noise)).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cannot read"):
        read_rgb(tmp_path / "cut.png")


def test_list_pictures(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("z.PNG", "b/a.jpeg", "notes.txt"):
        (tmp_path / name).touch()
    assert list_pictures(tmp_path) == [tmp_path / "b/a.jpeg", tmp_path / "z.PNG"]
    with pytest.raises(DataError, match="no such folder"):
        list_pictures(tmp_path / "none")
    with pytest.raises(DataError, match="not a folder"):
        list_pictures(tmp_path / "z.PNG")


def test_resize_antialiases():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[::2] = 255
    small = resize(stripes, 16, 8)
    assert small.shape == (8, 16, 3)
    np.testing.assert_allclose(small[2:-2].astype(int), 127, atol=8)


@pytest.mark.parametrize(("height", "width"), [(6, 4), (4, 7), (5, 5)])
def test_centre_square(height, width):
    numbers = np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)
    got = centre_square(numbers)
    side = min(height, width)
    assert got.shape == (side, side, 3)
    top, left = (height - side) // 2, (width - side) // 2
    np.testing.assert_array_equal(got[0, 0], numbers[top, left])
    assert np.shares_memory(got, numbers)


def test_a_picture_of_100_megapixels_is_read_without_a_word(tmp_path, recwarn):
    path = saved(tmp_path, Image.new("1", (10_000, 10_000), 1))
    rgb = read_rgb(path)
    assert rgb.shape == (10_000, 10_000, 3) and rgb[-1, -1].tolist() == [255] * 3
    assert not recwarn.list


def test_a_picture_of_200_megapixels_is_refused(tmp_path):
    path = saved(tmp_path, Image.new("1", (20_000, 10_000), 1))
    with pytest.raises(DataError, match="200000000 pixels"):
        read_rgb(path)
