"""The speed model: values against arithmetic by hand, gradients, honesty and errors."""

from __future__ import annotations

import copy
import json
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pocketstyle.errors import FormatError, UsageError
from pocketstyle.latency_model import Kernel, SpeedModel, device_names
from pocketstyle.latency_model.features import PATHS, padded

RANGE = {"side": [1, 128], "cin": [1, 512], "cout": [1, 512], "k": [1, 7]}
WIDTHS = st.integers(1, 300)


def card(**winograd) -> dict:
    """A phone of round constants: 1 ms launch, 1e6 ops/ms, 1e6 bytes/ms, no loss of parallelism."""
    path = {
        "launch_ms": 1.0,
        "throughput_gops": 1.0,
        "bandwidth_gbps": 1.0,
        "half_threads": 1e-12,
        "range": RANGE,
    }
    return {
        "format": "pocketstyle-speed-model-1",
        "device": "toy",
        "network": {"a_ms": 2.0, "b": 3.0},
        "winograd": winograd or None,
        "winograd_unmeasured": None,
        "paths": {name: copy.deepcopy(path) for name in PATHS},
    }


def conv(cin=8, cout=8, k=3, stride=1, groups=1, side=10, share=1.0) -> Kernel:
    return Kernel("CONV_2D", cin, cout, k, stride, groups, side, side, share)


def stairs(count: int) -> float:
    """What `padded` gives at a whole number: half way between ceil to four and C + 1.5."""
    return (4 * math.ceil(count / 4) + count + 1.5) / 2


def test_padding_is_half_way_between_stairs_and_line():
    counts = torch.arange(1, 301, dtype=torch.float64)
    expected = torch.tensor([stairs(count) for count in range(1, 301)], dtype=torch.float64)
    torch.testing.assert_close(padded(counts), expected)
    assert (padded(counts) - 4 * torch.ceil(counts / 4)).abs().max() <= 0.75 + 1e-9


def test_padding_rises_everywhere():
    counts = torch.linspace(0, 300, 30001, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(padded(counts).sum(), counts)
    assert slope.min() > 0.015 and slope.max() < 2.9
    assert slope.mean().item() == pytest.approx(1.0, abs=1e-3)


def test_a_convolution_by_hand():
    c = stairs(8)
    work = 9 * c * c * 100
    moved = 2 * (100 * c + 100 * c + 9 * c * c)
    kernel_ms = 1.0 + math.hypot(work / 1e6, moved / 1e6)
    assert SpeedModel(card()).latency([conv()]) == pytest.approx(2 + 3 * kernel_ms, rel=1e-9)


@pytest.mark.parametrize(
    "kernel", [conv(stride=2), conv(groups=2), Kernel("DEPTHWISE_CONV_2D", 8, 8, 3, 1, 8, 10, 10)]
)
def test_traffic_of_strides_and_groups(kernel):
    c = stairs(8)
    taps = 9 / kernel.groups
    moved = 2 * (100 * kernel.stride**2 * c + 100 * c + taps * c * c)
    expected = 1.0 + math.hypot(taps * c * c * 100 / 1e6, moved / 1e6)
    assert SpeedModel(card()).kernel_times([kernel]).item() == pytest.approx(expected, rel=1e-9)


def test_small_maps_underuse_the_gpu():
    data = card()
    data["paths"]["conv_1x1"]["half_threads"] = 100 * stairs(8) / 4  # exactly our work items
    data["paths"]["conv_1x1"]["bandwidth_gbps"] = 1e9
    slow = SpeedModel(data).kernel_times([conv(k=1)]).item()
    assert slow == pytest.approx(1.0 + 2 * stairs(8) ** 2 * 100 / 1e6, rel=1e-6)


def test_winograd_begins_where_both_counts_fill_the_groups():
    model = SpeedModel(card(min_groups=16, min_tiles=32))
    model.constants[PATHS.index("winograd"), 0] = 100.0  # the launch gives the path away
    times = model.kernel_times(
        [
            conv(61, 61, side=24),
            conv(60, 64, side=24),
            conv(64, 64, side=20),  # 25 tiles
            conv(64, 64, side=24, stride=2),
            conv(64, 64, side=24, k=1),
        ]
    )
    assert (times > 100).tolist() == [True, False, False, False, False]


def test_linked_operators_cost_no_launch():
    model = SpeedModel(card())
    relu = Kernel("RELU", 8, 8, 1, 1, 1, 10, 10)
    add = Kernel("ADD", 16, 8, 1, 1, 1, 10, 10)
    assert model.kernel_times([conv(), relu])[1].item() == pytest.approx(0, abs=1e-8)
    added = model.kernel_times([conv(), add])[1].item()
    assert added == pytest.approx(2 * 50 * stairs(16) / 1e6, rel=1e-6)  # the second operand's bytes
    alone = model.kernel_times([relu])[0].item()
    elsewhere = model.kernel_times([conv(side=5), relu])[1].item()
    assert alone == elsewhere > 1.0


@given(share=st.floats(0, 1))
def test_share_scales_time(share):
    model = SpeedModel(card())
    whole = model.kernel_times([conv()])
    part = model.kernel_times([conv(share=share)])
    torch.testing.assert_close(part, share * whole)


def block(model: SpeedModel, a, b, share=1.0):
    return model.latency(
        [
            conv(3, a, 7, side=64),
            conv(a, b, 3, 2, side=32),
            Kernel("MEAN", b, b, 32, 1, 1, 32, 1),
            Kernel("MUL", b, b, 1, 1, 1, 32, 32, share),
            Kernel("ADD", 2 * b, b, 1, 1, 1, 32, 32, share),
            conv(b, b, 3, 1, side=32, share=share),
            Kernel("RELU", b, b, 1, 1, 1, 32, 32, share),
            Kernel("RESIZE_NEAREST_NEIGHBOR", b, b, 1, 1, 1, 64, 64),
            conv(b, a, 1, side=64),
        ]
    )


@pytest.mark.parametrize("device", device_names())
@given(a=WIDTHS, b=WIDTHS)
def test_numbers_and_tensors_agree(device, a, b):
    model = SpeedModel.load(device)
    plain = block(model, a, b, 0.5)
    tensors = block(model, *(torch.tensor(float(x), dtype=torch.float64) for x in (a, b, 0.5)))
    assert isinstance(plain, float) and isinstance(tensors, torch.Tensor)
    assert tensors.item() == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize("device", device_names())
@given(a=st.floats(1, 300), b=st.floats(1, 300), share=st.floats(0.1, 1))
def test_gradients_are_the_differences(device, a, b, share):
    if any(59.9 < x < 61.1 for x in (a, b)):  # no gradient flows through the choice of Winograd
        return
    model = SpeedModel.load(device)
    point = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (a, b, share)]
    gradients = torch.autograd.grad(block(model, *point), point)
    step = 1e-5
    for index, gradient in enumerate(gradients):
        ends = []
        for sign in (1, -1):
            moved = [x.item() for x in point]
            moved[index] += sign * step
            ends.append(block(model, *moved))
        assert gradient.item() == pytest.approx(
            (ends[0] - ends[1]) / (2 * step), rel=1e-3, abs=1e-6
        )


@pytest.mark.parametrize("device", device_names())
def test_gradients_are_finite_and_point_upwards(device):
    model = SpeedModel.load(device)
    slopes = []
    for count in range(1, 301):
        width = torch.tensor(float(count), requires_grad=True)
        (slope,) = torch.autograd.grad(block(model, width, width), width)
        slopes.append(slope)
    slopes = torch.stack(slopes)
    assert torch.isfinite(slopes).all()
    assert (slopes > 0).all()


@pytest.mark.parametrize("device", device_names())
def test_wider_is_slower_apart_from_the_step_into_winograd(device):
    model = SpeedModel.load(device)
    times = [block(model, count, count) for count in range(4, 301, 4)]
    falls = [4 * index + 8 for index in range(len(times) - 1) if times[index + 1] <= times[index]]
    assert falls in ([], [64])


def test_extrapolation_is_flagged():
    model = SpeedModel.load("s10")
    fitted = [conv(64, 64, 1, side=56), conv(32, 32, 3, side=56), conv(64, 64, 3, side=56)]
    assert model.out_of_range(fitted) == []
    width = torch.tensor(64.0, requires_grad=True)
    assert model.out_of_range([conv(width, width, 1, side=56)]) == []
    assert model.prior_share(fitted) == 0
    (note,) = model.out_of_range([conv(32, 32, 3, side=256)])
    assert "256" in note and "conv_3x3" in note
    pad = Kernel("MIRROR_PAD", 32, 32, 1, 1, 1, 58, 58)
    (note,) = model.out_of_range([pad, *fitted])
    assert "MIRROR_PAD" in note
    assert 0 < model.prior_share([pad, *fitted]) < 1


def test_adreno_says_that_its_winograd_was_never_measured():
    model = SpeedModel.load("pixel4")
    (note,) = model.out_of_range([conv(128, 128, 3, side=56)])
    assert "Winograd" in note
    assert model.out_of_range([conv(128, 128, 3, side=28)]) == []


def test_an_empty_list_costs_the_offset():
    assert SpeedModel(card()).latency([]) == 2.0
    assert SpeedModel(card()).out_of_range([]) == []


def test_unknown_device_names_the_known_ones():
    with pytest.raises(UsageError, match=r"s11.*iphone7.*s10"):
        SpeedModel.load("s11")


def test_missing_file_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="cannot read"):
        SpeedModel.load(tmp_path / "none.json")


def broken_cards() -> dict[str, str]:
    missing = card()
    del missing["paths"]["pool"]
    negative = card()
    negative["paths"]["pool"]["throughput_gops"] = -1.0
    text = card()
    text["network"]["b"] = "fast"
    version = card()
    version["format"] = "pocketstyle-speed-model-9"
    cards = {"missing": missing, "negative": negative, "text": text, "version": version}
    return {name: json.dumps(one) for name, one in cards.items()} | {
        "half": json.dumps(card())[:100],
        "list": "[]",
        "empty": "",
    }


@pytest.mark.parametrize("name", broken_cards())
def test_damaged_file_is_a_format_error(tmp_path, name):
    path = tmp_path / "phone.json"
    path.write_text(broken_cards()[name], encoding="utf-8")
    with pytest.raises(FormatError, match=r"phone\.json"):
        SpeedModel.load(path)


def test_a_card_survives_its_file(tmp_path):
    path = tmp_path / "phone.json"
    path.write_text(json.dumps(card()), encoding="utf-8")
    assert SpeedModel.load(path).latency([conv()]) == SpeedModel(card()).latency([conv()])
