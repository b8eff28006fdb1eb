import io
import struct
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms
from pocketstyle.errors import DataError
from pocketstyle.images import centre_square, is_animated, list_pictures, read_rgb, resize


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


def icc_profile(space: bytes, gamma: float, primaries: list[tuple[float, ...]]) -> bytes:
    """A display profile of version 2 (ICC.1:2001): primaries in XYZ under D50, one gamma."""

    def xyz(values: tuple[float, ...]) -> bytes:
        return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in values))

    curve = b"curv" + bytes(4) + struct.pack(">IHxx", 1, round(gamma * 256))
    white = (0.9642, 1.0, 0.8249)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(81)
    tags = {b"desc": text, b"cprt": b"text" + bytes(4) + b"none", b"wtpt": xyz(white)}
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    else:
        tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
        tags |= dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(xyz, primaries), strict=True))
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(
        ">I4sI4s4s4s", 128 + len(table + body), b"lcms", 2**25, b"mntr", space, b"XYZ "
    )
    head += bytes(12) + b"acsp" + bytes(28) + xyz(white)[8:]
    return head + bytes(128 - len(head)) + table + body


D50 = {
    "p3": [(0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407)],
    "adobe": [
        (0.60974, 0.31111, 0.01947),
        (0.20528, 0.62567, 0.06087),
        (0.14919, 0.06322, 0.74457),
    ],
}


@pytest.mark.parametrize("name", D50)
def test_colour_profiles_are_applied(tmp_path, name):
    """As littlecms applies them."""
    profile = icc_profile(b"RGB ", 2.2, D50[name])
    rgb = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    picture = Image.fromarray(rgb)
    srgb = ImageCms.createProfile("sRGB")
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    wanted = np.asarray(ImageCms.profileToProfile(picture, source, srgb))
    assert np.abs(wanted.astype(int) - rgb).max() > 20
    for file in ("x.png", "x.tif", "x.webp"):
        path = saved(tmp_path, picture, file, icc_profile=profile, lossless=True)
        np.testing.assert_array_equal(read_rgb(path), wanted)
    avif = {"icc_profile": profile, "quality": 100, "subsampling": "4:4:4"}
    lossy = read_rgb(saved(tmp_path, picture, "x.avif", **avif)).astype(int)
    assert np.abs(lossy - wanted).mean() < 1.5  # colours are rounded in YCbCr
    clear = picture.copy()
    clear.putalpha(Image.new("L", picture.size, 255))
    np.testing.assert_array_equal(
        read_rgb(saved(tmp_path, clear, "clear.png", icc_profile=profile)), wanted
    )
    few = picture.quantize(16)
    wanted = ImageCms.profileToProfile(few.convert("RGB"), source, srgb)
    np.testing.assert_array_equal(
        read_rgb(saved(tmp_path, few, "few.png", icc_profile=profile)), np.asarray(wanted)
    )


@pytest.mark.parametrize("orientation", [1, 3])
@pytest.mark.parametrize(("space", "index"), [(0xFFFF, "R03"), (0xFFFF, "R98"), (1, "R03")])
def test_adobe_rgb_that_exif_alone_tells_of(tmp_path, space, index, orientation):
    """As DCF 2.0 has it: what is uncalibrated, of R03. The formulas are Adobe's and sRGB's."""
    rgb = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ColorSpace] = space
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.IFD.Interop] = {1: index}
    wanted = rgb.astype(np.float64)
    if (space, index) == (0xFFFF, "R03"):
        # of Adobe RGB's (Bruce Lindbloom, D65) and sRGB's (IEC 61966-2-1) primaries
        to_xyz = np.array(
            [
                [0.5767309, 0.1855540, 0.1881852],
                [0.2973769, 0.6273491, 0.0752741],
                [0.0270343, 0.0706872, 0.9911085],
            ]
        )
        of_srgb = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
        linear = (wanted / 255) ** 2.19921875 @ to_xyz.T @ np.linalg.inv(of_srgb).T
        linear = linear.clip(0, 1)
        curve = 1.055 * linear ** (1 / 2.4) - 0.055
        wanted = 255 * np.where(linear <= 0.0031308, 12.92 * linear, curve)
        assert np.abs(wanted - rgb).max() > 20
    got = read_rgb(saved(tmp_path, Image.fromarray(rgb), exif=exif))
    got = got[::-1, ::-1] if orientation == 3 else got
    np.testing.assert_allclose(got, wanted, atol=2)


def test_profiles_of_grey_and_srgb_and_those_that_do_not_fit(tmp_path, rgb):
    ramp = np.arange(256, dtype=np.uint8)[None]
    gamma, p3 = icc_profile(b"GRAY", 1.8, []), icc_profile(b"RGB ", 2.2, D50["p3"])
    got = read_rgb(saved(tmp_path, Image.fromarray(ramp), icc_profile=gamma))[0]
    linear = (ramp[0] / 255) ** 1.8
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(got, np.repeat(255 * encoded[:, None], 3, 1), atol=2)
    deep = Image.fromarray((ramp.astype(np.uint16) << 8) + 17)
    np.testing.assert_array_equal(read_rgb(saved(tmp_path, deep, icc_profile=gamma))[0], got)
    both = Image.merge("LA", [Image.fromarray(ramp), Image.new("L", (256, 1), 255)])
    np.testing.assert_array_equal(read_rgb(saved(tmp_path, both, icc_profile=gamma))[0], got)
    # grey stays grey under any display's profile of one gamma and white
    grey = read_rgb(saved(tmp_path, Image.fromarray(ramp), icc_profile=p3))[0].astype(int)
    assert np.ptp(grey, axis=1).max() <= 1 and np.abs(grey[:, 0] - ramp[0]).max() < 10
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, gamma, b"no profile", p3[:200]):
        got = read_rgb(saved(tmp_path, Image.fromarray(rgb), icc_profile=profile))
        np.testing.assert_array_equal(got, rgb)


def test_lab(tmp_path, rgb):
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    picture = ImageCms.profileToProfile(Image.fromarray(rgb), srgb, lab, outputMode="LAB")
    got = read_rgb(saved(tmp_path, picture, "x.tif")).astype(int)
    assert np.abs(got - rgb).mean() < 2  # eight bits of Lab are coarser


def test_16_bits_of_colour_keep_the_high_byte(tmp_path):
    deep = np.random.default_rng(0).integers(0, 65536, (5, 7, 3)).astype(">u2")

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    rows = b"".join(b"\0" + row.tobytes() for row in deep)
    head = struct.pack(">IIBBBBB", 7, 5, 16, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    (tmp_path / "deep.png").write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
    np.testing.assert_array_equal(read_rgb(tmp_path / "deep.png"), deep >> 8)


def test_16_bit_grey_with_a_transparent_level(tmp_path):
    grey = Image.fromarray(np.array([[0, 4369], [4370, 65535]], np.uint16))
    got = read_rgb(saved(tmp_path, grey, transparency=4369))[..., 0]
    np.testing.assert_array_equal(got, [[0, 255], [17, 255]])


def test_of_several_pictures_the_first(tmp_path, rgb):
    ramp = Image.linear_gradient("L").convert("RGB")
    for name, first, kind in (
        ("camera.jpg", ramp, "MPO"),
        ("pages.tif", Image.fromarray(rgb), "TIFF"),
        ("moves.png", Image.fromarray(rgb), "PNG"),
    ):
        second = Image.new("RGB", (2, 2))
        first.save(tmp_path / name, format=kind, save_all=True, append_images=[second])
    np.testing.assert_array_equal(read_rgb(tmp_path / "pages.tif"), rgb)
    assert np.abs(read_rgb(tmp_path / "camera.jpg").astype(int) - np.asarray(ramp)).max() < 8
    animated = [is_animated(tmp_path / n) for n in ("camera.jpg", "pages.tif", "moves.png")]
    assert animated == [False, False, True]


def test_damaged_exif_is_left_aside(tmp_path, rgb):
    for damage in (b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0" + b"\xff" * 60_000):
        got = read_rgb(saved(tmp_path, Image.fromarray(rgb), exif=damage))
        np.testing.assert_array_equal(got, rgb)


def test_unreadable_files(tmp_path, rgb):
    for name, start, told in (
        ("empty.jpg", b"", "is empty"),
        ("iphone.jpg", b"\0\0\0\x18ftypheic" + bytes(99), "is HEIC.*pillow-heif"),
        ("x.jxl", b"\xff\x0a" + bytes(99), "is JPEG XL"),
        ("camera.CR2", b"II*\0" + bytes(99), "raw file; export it"),
    ):
        (tmp_path / name).write_bytes(start)
        with pytest.raises(DataError, match=told):
            read_rgb(tmp_path / name)
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
    for name in ("z.PNG", "b/a.jpeg", "notes.txt", "._z.PNG", "c.HEIC"):
        (tmp_path / name).touch()
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    found = ["b/a.jpeg", "c.HEIC", "gone.jpg", "z.PNG"]
    assert list_pictures(tmp_path) == [tmp_path / name for name in found]
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
