"""High dynamic range against published values, and through a real 10-bit file."""

from fractions import Fraction

import av
import numpy as np
import pytest
from pocketstyle.sdk import read_frames, tone_mapping
from pocketstyle.sdk.tone_mapping import HLG, PEAK, PQ, TO_BT709, WHITE, tone_mapped

from .test_video import difference


def grey(signal: float) -> np.ndarray:
    return np.full((2, 2, 3), round(65535 * signal), np.uint16)


@pytest.mark.parametrize(
    "nits, signal",  # BT.2408: reference white; ITU-R BT.2100's own round values
    [(0, 0), (100, 0.508078), (203, 0.580689), (1000, 0.751827), (10000, 1)],
)
def test_the_pq_curve(nits, signal):
    assert tone_mapping._of_pq(np.float64(signal)) == pytest.approx(nits, rel=1e-4, abs=1e-9)
    assert tone_mapping._pq_of(np.float64(nits)) == pytest.approx(signal, abs=1e-6)


def test_the_hlg_curve():
    """BT.2408: three quarters of the signal are the reference white on a display of 1,000 nits."""
    white, most, none = (tone_mapping._of_hlg(np.full((1, 3), s)) for s in (0.75, 1.0, 0.0))
    assert white == pytest.approx(WHITE, rel=2e-3)
    assert most == pytest.approx(PEAK, rel=1e-4) and none == pytest.approx(0)


def test_shadows_stay_and_highlights_fit():
    nits = np.linspace(0.01, 3000, 2000)
    shown = tone_mapping._compressed(nits)
    np.testing.assert_allclose(shown[nits < 80], nits[nits < 80], rtol=1e-5)
    assert (np.diff(shown) >= -1e-9).all()
    np.testing.assert_allclose(shown[nits >= PEAK], WHITE, rtol=1e-5)


@pytest.mark.parametrize("transfer, signal", [(PQ, 0.440282), (HLG, 0.5)])  # about 50 nits
def test_greys_keep_their_light(transfer, signal):
    made = tone_mapped(grey(signal), transfer)
    assert (made == made[0, 0, 0]).all()
    of = tone_mapping._of_pq if transfer == PQ else tone_mapping._of_hlg
    nits = of(np.full((1, 3), signal)).ravel()[0]
    assert 40 < nits < 60
    assert made[0, 0, 0] == pytest.approx(255 * (nits / WHITE) ** (1 / 2.4), abs=1)
    assert tone_mapped(grey(0), transfer).max() == 0
    assert tone_mapped(grey(1), transfer).min() == 255


def test_the_matrix_takes_colours_of_bt709_home():
    """From the chromaticities of both systems (BT.709, BT.2020; white D65)."""

    def to_xyz(*xy: tuple[float, float]) -> np.ndarray:
        columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in xy]).T
        white = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
        return columns * np.linalg.solve(columns, white)

    bt709 = to_xyz((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
    bt2020 = to_xyz((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
    np.testing.assert_allclose(np.linalg.solve(bt709, bt2020), TO_BT709, atol=1e-4)


def test_hues_are_kept():
    """Red of BT.709 at 600 nits: darker, and red alone."""
    red = 600 * np.linalg.inv(TO_BT709.astype(np.float64)) @ [1, 0, 0]
    codes = np.round(65535 * tone_mapping._pq_of(red)).astype(np.uint16)
    made = tone_mapped(np.tile(codes, (2, 2, 1)), PQ)[0, 0]
    assert made[0] > 200 and made[1] < 30 and made[2] < 30


def write_hdr(path, signal: np.ndarray, transfer: int) -> None:
    """FFV1, 10 bits, BT.2020, of one RGB signal 0..1, by the matrix of BT.2020 in numpy."""
    luma = signal @ [0.2627, 0.6780, 0.0593]
    chroma = (signal[2] - luma) / 1.8814, (signal[0] - luma) / 1.4746
    planes = [round(64 + 876 * luma), *(round(512 + 896 * c) for c in chroma)]
    with av.open(path, "w") as container:
        video = container.add_stream("ffv1", rate=25)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p10le"
        codec = video.codec_context
        codec.time_base = Fraction(1, 25)
        codec.color_primaries, codec.color_trc, codec.colorspace = 9, transfer, 9
        codec.color_range = 1
        shapes = ((64, 64), (32, 32), (32, 32))
        stacked = [np.full(s, p, np.uint16).ravel() for s, p in zip(shapes, planes, strict=True)]
        frame = av.VideoFrame.from_ndarray(np.concatenate(stacked).reshape(-1, 64), "yuv420p10le")
        frame.pts, frame.color_trc, frame.colorspace = 0, transfer, 9
        container.mux(video.encode(frame))
        container.mux(video.encode())


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("signal", [(0.45, 0.45, 0.45), (0.55, 0.40, 0.35)])
def test_a_file_of_ten_bits(tmp_path, transfer, signal):
    write_hdr(tmp_path / "hdr.mkv", np.array(signal), transfer)
    (got,) = read_frames(tmp_path / "hdr.mkv")
    codes = np.round(65535 * np.tile(signal, (64, 64, 1))).astype(np.uint16)
    assert difference(got, tone_mapped(codes, transfer)) < 2
