"""The warping error on clips whose motion and flicker are known."""

import numpy as np
import pytest
import torch
from pocketstyle.metrics import warping_error
from skimage.registration import optical_flow_tvl1

DOWN, RIGHT, T, SIDE = 1, 2, 5, 48


@pytest.fixture(scope="module")
def clip():
    """A smooth scene under a camera that moves by (1, 2) pixels a frame."""
    coarse = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    scene = torch.nn.functional.interpolate(coarse, size=80, mode="bicubic").clamp(-1, 1)[0]
    frames = [scene[:, DOWN * t : DOWN * t + SIDE, RIGHT * t : RIGHT * t + SIDE] for t in range(T)]
    return torch.stack(frames)


@pytest.fixture(scope="module")
def flows():
    moved = torch.tensor([DOWN, RIGHT], dtype=torch.float32)
    return moved[None, :, None, None].expand(T - 1, 2, SIDE, SIDE)


def test_a_moved_scene_does_not_flicker(clip, flows):
    assert warping_error(clip, clip, flows) < 1e-10
    assert warping_error(clip.flip(1), clip, flows) < 1e-10  # nor does what is done to each pixel
    assert warping_error(clip, clip, torch.zeros_like(flows)) > 1e-4


def test_flicker_is_measured_in_shares_of_the_range(clip, flows):
    brighter = torch.where(torch.arange(T) % 2 == 1, 0.1, 0.0)[:, None, None, None]
    assert warping_error(clip + brighter, clip, flows) == pytest.approx(0.05**2, rel=1e-4)


def test_what_comes_into_view_does_not_count(clip, flows):
    dim = clip / 3
    appeared, drawn = dim.clone(), dim.clone()
    appeared[-1, :, 10:30, 10:30] = 1.0
    drawn[-1, :, 10:30, 10:30] = -1.0
    assert warping_error(drawn, dim, flows) > 1e-3
    assert warping_error(drawn, appeared, flows) < 1e-6


def test_the_flow_of_scikit_image_has_this_direction(clip, flows):
    grey = clip.mean(1).numpy()
    found = np.stack([optical_flow_tvl1(grey[t + 1], grey[t]) for t in range(T - 1)])
    inner = np.median(found[:, :, 8:-8, 8:-8], (0, 2, 3))
    assert inner == pytest.approx([DOWN, RIGHT], abs=0.2)
