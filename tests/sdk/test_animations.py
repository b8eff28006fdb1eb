"""GIF and WebP out, transparency in, a part of a clip, frames one by one."""

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence
from pocketstyle.errors import DataError, UsageError
from pocketstyle.sdk import read_frames, stylize_file, stylize_frames, stylize_video, write_video

from .conftest import SIZE, quadrants, write_clip
from .test_video import difference, times

UNEVEN = [0, 40, 80, 200, 240, 1000]


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_animations_keep_frames_and_times(stylizer, tmp_path, suffix):
    clip = write_clip(tmp_path / "clip.mkv", times=UNEVEN)
    made = stylize_video(stylizer, clip, tmp_path / f"x{suffix}")
    assert (made.frames, made.audio, made.width) == (len(UNEVEN), False, SIZE)
    wanted = [stylizer.stylize(frame) for frame in read_frames(clip)]
    with Image.open(tmp_path / f"x{suffix}") as animation:  # not our own reader
        assert animation.n_frames == len(UNEVEN) and animation.info["loop"] == 0
        lasted = []
        for frame, picture in zip(ImageSequence.Iterator(animation), wanted, strict=True):
            assert difference(np.asarray(frame.convert("RGB")), picture) < 16  # 4:2:0, few colours
            lasted.append(frame.info["duration"])
    assert lasted[:-1] == pytest.approx(np.diff(UNEVEN), abs=10)  # GIF counts in 1/100 s


def test_a_gif_keeps_smooth_colours(tmp_path):
    ramp = np.linspace(0, 255, 96).astype(np.uint8)
    frames = [np.stack([np.tile(ramp, (64, 1))] * 3, 2), np.full((64, 96, 3), 128, np.uint8)]
    write_video(frames, tmp_path / "x.gif", fps=10)
    for sent, got in zip(frames, read_frames(tmp_path / "x.gif"), strict=True):
        assert difference(sent, got) < 1


def test_transparency_is_laid_over_white(tmp_path):
    rgba = np.dstack([quadrants(64, 48), np.full((48, 64), 255, np.uint8)])
    rgba[:, 32:, 3], rgba[24:, :, 3] = 0, 128
    with av.open(tmp_path / "x.mov", "w") as container:
        video = container.add_stream("png", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "rgba"
        container.mux(video.encode(av.VideoFrame.from_ndarray(rgba, "rgba")))
        container.mux(video.encode())
    (got,) = read_frames(tmp_path / "x.mov")
    over = Image.alpha_composite(Image.new("RGBA", (64, 48), "white"), Image.fromarray(rgba))
    assert np.abs(got.astype(int) - np.asarray(over.convert("RGB"))).max() <= 2


def test_some_seconds_of_a_clip(stylizer, tmp_path):
    clip = write_clip(tmp_path / "clip.mkv", times=[500 + t for t in UNEVEN])
    made = stylize_file(stylizer, clip, tmp_path / "x.mp4", seconds=0.24)
    assert made.frames == 4 and len(times(tmp_path / "x.mp4")) == 4
    with pytest.raises(UsageError, match="above 0"):
        stylize_video(stylizer, clip, tmp_path / "y.mp4", seconds=0)
    Image.fromarray(quadrants(8, 8)).save(tmp_path / "a.png")
    with pytest.raises(UsageError, match="no video"):
        stylize_file(stylizer, tmp_path / "a.png", tmp_path / "b.png", seconds=1)


@pytest.mark.parametrize("fit", ["crop", "stretch", "detail"])
def test_frames_one_by_one(stylizer, tmp_path, fit):
    clip = write_clip(tmp_path / "clip.mp4", width=75, height=51)
    made = [*stylize_frames(stylizer, clip, fit=fit)]
    sources = [*read_frames(clip)]
    assert len(made) == len(sources) == 12
    for source, got in zip(sources, made, strict=True):
        even = source if fit == "crop" else source[:50, :74]
        assert difference(stylizer.stylize(even, fit), got) < 8


def test_frames_may_be_left_half_way(stylizer, clip):
    import threading

    before = threading.active_count()
    frames = stylize_frames(stylizer, clip)
    next(frames)
    frames.close()
    assert threading.active_count() == before


def test_a_gif_leaves_out_what_browsers_slow_down(tmp_path):
    """Delays under 2/100 s count as 10/100 there."""
    frames = [np.full((16, 16, 3), 2 * level, np.uint8) for level in range(120)]
    write_video(frames, tmp_path / "x.gif", fps=120)
    with Image.open(tmp_path / "x.gif") as animation:
        lasted = [frame.info["duration"] for frame in ImageSequence.Iterator(animation)]
    assert min(lasted) >= 20 and sum(lasted) == pytest.approx(1000, abs=40)


def test_a_webm_with_transparency(tmp_path):
    rgba = np.dstack([quadrants(64, 48), np.full((48, 64), 255, np.uint8)])
    rgba[:, 32:, 3] = 0
    shown = av.VideoFrame.from_ndarray(rgba, "rgba").reformat(format="yuva420p")
    with av.open(tmp_path / "x.webm", "w") as container:
        video = container.add_stream("libvpx-vp9", rate=10, options={"crf": "10", "b:v": "0"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuva420p"
        shown.pts = 0
        container.mux(video.encode(shown))
        container.mux(video.encode())
    (got,) = read_frames(tmp_path / "x.webm")
    assert difference(got[:, 36:], np.full((48, 28, 3), 255, np.uint8)) < 4
    assert difference(got[:, :28], rgba[:, :28, :3]) < 8


def test_an_animated_picture_is_no_still(stylizer, tmp_path):
    write_video([quadrants(16, 16)] * 2 + [quadrants(16, 16) // 2], tmp_path / "x.webp", fps=5)
    with pytest.raises(DataError, match="animated"):
        stylize_file(stylizer, tmp_path / "x.webp", tmp_path / "y.png")
    write_video([quadrants(16, 16)], tmp_path / "still.webp", fps=5)
    stylize_file(stylizer, tmp_path / "still.webp", tmp_path / "still.png")
    frames = [Image.fromarray(quadrants(16, 16) // (1 + i)) for i in range(3)]
    for name in ("a.png", "a.gif"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], duration=100)
        with pytest.raises(DataError, match=r"animated; write it as \.mp4"):
            stylize_file(stylizer, tmp_path / name, tmp_path / "y.png")
        assert stylize_file(stylizer, tmp_path / name, tmp_path / f"{name}.mp4").frames == 3


@pytest.mark.parametrize("suffix", [".webp", ".avif"])
def test_animated_pictures_that_ffmpeg_does_not_know(stylizer, tmp_path, suffix):
    """As Pillow shows them over white, with their times; what browsers do not show so shortly,
    they show for 0.1 s."""
    lasts = [40, 200, 5, 100] if suffix == ".webp" else 40
    rgba = np.dstack([quadrants(64, 48), np.full((48, 64), 255, np.uint8)])
    rgba[10:20, 5:60, 3] = 0
    frames = [Image.fromarray(np.roll(rgba, 16 * i, 1)) for i in range(4)]
    source = tmp_path / f"x{suffix}"
    how = {"duration": lasts, "lossless": True, "quality": 100}
    frames[0].save(source, save_all=True, append_images=frames[1:], **how)
    read = list(read_frames(source))
    for frame, got in zip(frames, read, strict=True):
        white = Image.new("RGBA", frame.size, "white")
        assert difference(np.asarray(Image.alpha_composite(white, frame))[..., :3], got) < 4
    made = stylize_file(stylizer, source, tmp_path / "x.mp4")
    assert (made.frames, made.audio) == (4, False)
    wanted = [0, 0.04, 0.24, 0.34] if suffix == ".webp" else [0, 0.04, 0.08, 0.12]
    assert times(tmp_path / "x.mp4") == pytest.approx(wanted, abs=0.005)
    for picture, got in zip(read, read_frames(tmp_path / "x.mp4"), strict=True):
        assert difference(stylizer.stylize(picture), got) < 16  # of a video's halved colours
    assert stylize_file(stylizer, source, tmp_path / "y.webp", seconds=0.1).frames in (2, 3)
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(source.read_bytes()[:200])
    with pytest.raises(DataError, match="cut"):
        stylize_file(stylizer, cut, tmp_path / "z.mp4")


def test_a_very_wide_clip(stylizer, tmp_path):
    """The square in its middle, without an enlarged frame around it."""
    frame = np.random.default_rng(0).integers(0, 256, (2, 6000, 3), np.uint8)
    write_video([frame], tmp_path / "x.mp4", fps=10)
    (made,) = stylize_frames(stylizer, tmp_path / "x.mp4")
    (source,) = read_frames(tmp_path / "x.mp4")
    assert (made == stylizer.stylize(source)).all()


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), -1])
def test_seconds_are_a_time(stylizer, clip, tmp_path, seconds):
    with pytest.raises(UsageError, match="above 0"):
        stylize_video(stylizer, clip, tmp_path / "x.mp4", seconds=seconds)


def test_a_folder_is_no_target(stylizer, clip, tmp_path):
    (tmp_path / "x.mp4").mkdir()
    with pytest.raises(DataError, match="it is a folder"):
        stylize_video(stylizer, clip, tmp_path / "x.mp4")
