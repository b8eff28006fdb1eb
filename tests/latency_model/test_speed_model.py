"""The speed model: values against arithmetic by hand, slopes, intervals, honesty and errors."""

from __future__ import annotations

import copy
import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pocketstyle.errors import FormatError, UsageError
from pocketstyle.latency_model import Kernel, SpeedModel, device_names
from pocketstyle.latency_model.features import PATH
from pocketstyle.latency_model.launches import Launch
from torch.utils.flop_counter import FlopCounterMode

from .toy_card import toy_card

WIDTHS = st.integers(1, 300)
DEVICES = device_names()


def conv(cin=8, cout=8, k=3, stride=1, groups=1, side=10, share=1.0) -> Kernel:
    return Kernel("CONV_2D", cin, cout, k, stride, groups, side, side, share)


def fours(count: int) -> int:
    return 4 * math.ceil(count / 4)


@given(cin=WIDTHS, cout=WIDTHS)
def test_a_convolution_by_hand(cin, cout):
    pair = fours(cin) * fours(cout)
    moved = 2 * (100 * fours(cin) + 100 * fours(cout) + 9 * pair)
    kernel_ms = 1.0 + math.hypot(9 * pair * 100 / 1e6, moved / 1e6)
    assert SpeedModel(toy_card()).latency([conv(cin, cout)]) == pytest.approx(2 + 3 * kernel_ms)


@pytest.mark.parametrize(
    "kernel,pair",
    [
        (conv(stride=2), 64),
        (conv(groups=2), 32),
        (Kernel("DEPTHWISE_CONV_2D", 8, 8, 3, 1, 8, 10, 10), 8),
    ],
)
def test_strides_and_groups_by_hand(kernel, pair):
    moved = 2 * (100 * kernel.stride**2 * 8 + 100 * 8 + 9 * pair)
    expected = 1.0 + math.hypot(9 * pair * 100 / 1e6, moved / 1e6)
    assert SpeedModel(toy_card()).kernel_times([kernel])[0] == pytest.approx(expected)


def test_a_transposed_convolution_and_a_product_by_hand():
    """Twice the side: each output meets a quarter of the taps; the map read is a quarter."""
    twice = Kernel("TRANSPOSE_CONV", 8, 16, 3, 2, 1, 10, 10)
    product = Kernel("BATCH_MATMUL", 8, 16, 1, 1, 1, 10, 10)
    for kernel, work, moved in (
        (twice, 9 / 4 * 8 * 16 * 100, 25 * 8 + 100 * 16 + 9 * 8 * 16),
        (product, 8 * 16 * 100, 100 * 8 + 100 * 16 + 8 * 16),
    ):
        expected = 1.0 + math.hypot(work / 1e6, 2 * moved / 1e6)
        assert SpeedModel(toy_card()).kernel_times([kernel])[0] == pytest.approx(expected)
        assert kernel.macs == work


def test_transposed_convolutions_have_the_flop_counter_s_work():
    layer = torch.nn.ConvTranspose2d(8, 16, 3, stride=2, padding=1, output_padding=1)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        assert layer(torch.zeros(1, 8, 5, 5)).shape == (1, 16, 10, 10)
    kernel = Kernel("TRANSPOSE_CONV", 8, 16, 3, 2, 1, 10, 10)
    assert 2 * kernel.macs == counter.get_total_flops()


@pytest.mark.parametrize("device", DEVICES)
def test_what_no_table_holds_costs_about_what_its_work_costs_elsewhere_and_is_flagged(device):
    model = SpeedModel.load(device)
    for kernel, like in (
        (Kernel("TRANSPOSE_CONV", 128, 64, 3, 2, 1, 128, 128), conv(128, 64, 3, side=64)),
        (Kernel("BATCH_MATMUL", 256, 256, 1, 1, 1, 64, 64), conv(256, 256, 1, side=64)),
    ):
        ratio = model.kernel_times([kernel]) / model.kernel_times([like])
        assert 0.4 < ratio[0] < 4
        assert model.prior_share([kernel]) == 1 and kernel.op in model.out_of_range([kernel])[0]


def test_the_network_s_time_may_have_a_root():
    card = toy_card()
    card["composition"] = {"a_ms": 1.0, "b": 2.0, "c": 5.0}
    model = SpeedModel(card)
    total = model.kernel_times([conv(), conv(k=1)]).sum()
    assert model.latency([conv(), conv(k=1)]) == pytest.approx(1 + 2 * total + 5 * total**0.5)


def test_small_maps_underuse_the_gpu():
    card = toy_card()
    card["paths"]["conv_1x1"] |= {"half_threads": 200.0, "bandwidth_gbps": 1e9}  # 200 work items
    slow = SpeedModel(card).kernel_times([conv(k=1)])[0]
    assert slow == pytest.approx(1.0 + 2 * 64 * 100 / 1e6)


def test_a_residual_bends_the_roofline_near_its_centre_alone():
    card = toy_card()
    card["residual"] = {
        "scale": {"log groups in": 1.0, "log groups out": 1.0},
        "centres": [["CONV_2D", 16, 16, 3, 1, 1, 10, 10, 0, 0]],
        "weights": [0.5],
    }
    plain, bent = SpeedModel(toy_card()), SpeedModel(card)
    for cin, cout in ((16, 16), (32, 16), (64, 256)):
        ratio = bent.kernel_times([conv(cin, cout)]) / plain.kernel_times([conv(cin, cout)])
        distance = math.sqrt(3) * math.hypot(math.log2(cin / 16), math.log2(cout / 16))
        assert math.log(ratio[0]) == pytest.approx(
            0.5 * (1 + distance) * math.exp(-distance), abs=1e-6
        )


def test_winograd_begins_where_both_counts_fill_the_groups():
    model = SpeedModel(toy_card("mali"))
    model.constants[PATH["winograd"], 0] = 100.0  # the launch gives the path away
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


def test_few_weights_go_to_constant_memory():
    model = SpeedModel(toy_card("adreno"))
    model.constants[PATH["conv_constants"], 0] = 100.0
    kernels = [conv(40, 32, 1), conv(60, 32, 1), conv(8, 16), conv(16, 16), conv(8, 33, 1)]
    assert (model.kernel_times(kernels) > 100).tolist() == [True, False, True, False, False]


def test_linked_operators_cost_no_launch():
    model = SpeedModel(toy_card())
    relu = Kernel("RELU", 8, 8, 1, 1, 1, 10, 10)
    add = Kernel("ADD", 16, 8, 1, 1, 1, 10, 10)
    assert model.kernel_times([conv(), relu])[1] == 0
    moved = 2 * (100 * 8 + 2 * 100 * 8 + 9 * 64)  # one map more
    expected = 1 + math.hypot(9 * 64 * 100 / 1e6, moved / 1e6)
    assert model.kernel_times([conv(), add]) == pytest.approx([expected, 0])
    alone = model.kernel_times([relu])[0]
    elsewhere = model.kernel_times([conv(side=5), relu])[1]
    assert alone == elsewhere > 1.0
    assert SpeedModel(toy_card("cpu")).kernel_times([conv(), relu])[1] > 1.0


@given(share=st.floats(0, 1))
def test_share_scales_time(share):
    model = SpeedModel(toy_card())
    assert model.kernel_times([conv(share=share)]) == pytest.approx(
        share * model.kernel_times([conv()])
    )


def block(a, b, share=1.0) -> list[Kernel]:
    return [
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


@pytest.mark.parametrize("device", DEVICES)
@given(a=WIDTHS, b=WIDTHS)
def test_numbers_and_tensors_agree(device, a, b):
    model = SpeedModel.load(device)
    plain = model.latency(block(a, b, 0.5))
    tensors = [torch.tensor(float(x), dtype=torch.float64) for x in (a, b, 0.5)]
    assert isinstance(plain, float)
    assert model.latency(block(*tensors)).item() == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize("device", DEVICES)
@given(a=WIDTHS, b=WIDTHS, part=st.floats(0, 1))
def test_between_whole_numbers_it_interpolates(device, a, b, part):
    model = SpeedModel.load(device)
    kernels = [conv(a, b, 1, side=32)]
    ends = [model.kernel_times([conv(a + up, b, 1, side=32)])[0] for up in (0, 1)]
    middle = model.kernel_times([conv(a + part, b, 1, side=32)])[0]
    assert model.kernel_times(kernels)[0] == ends[0]
    assert middle == pytest.approx((1 - part) * ends[0] + part * ends[1], rel=1e-6)


@pytest.mark.parametrize("device", DEVICES)
@given(cin=st.integers(5, 250), cout=st.integers(5, 250))
def test_slopes_are_the_differences_over_a_group_on_either_side(device, cin, cout):
    def kernel(cin, cout) -> Kernel:
        return conv(cin, cout, 1, side=56)

    model = SpeedModel.load(device)
    around = [(cin - 4, cout), (cin + 4, cout), (cin, cout - 4), (cin, cout + 4)]
    kernels = [kernel(*counts) for counts in (*around, (cin, cout))]
    priced = model.priced(kernels)
    if len(set(priced.sizes.decide(priced.cin, priced.cout))) > 1:
        return  # a change of path has no slope; see the next test
    less_in, more_in, less_out, more_out, here = model.kernel_times(kernels)
    counts = [torch.tensor(float(x), dtype=torch.float64, requires_grad=True) for x in (cin, cout)]
    slopes = torch.autograd.grad(model.latency([kernel(*counts)]), counts)
    outer = model.composition.slope(here)
    differences = [(more_in - less_in) / 8, (more_out - less_out) / 8]
    for slope, difference in zip(slopes, differences, strict=True):
        # float32 in the residual: a millionth of the time in each of the two times
        assert slope.item() == pytest.approx(outer * difference, rel=1e-3, abs=1e-5 * here)


def test_a_change_of_path_has_no_slope():
    card = toy_card("mali")
    card["paths"]["winograd"]["launch_ms"] = 1e-6  # the step down into Winograd is 1 ms and more
    model = SpeedModel(card)
    slopes = []
    for count in range(50, 75):
        width = torch.tensor(float(count), dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(model.latency([conv(width, width, side=32)]), width)
        slopes.append(slope.item())
    assert min(slopes) > 0
    assert model.latency([conv(64, 64, side=32)]) < model.latency([conv(60, 60, side=32)])


@pytest.mark.parametrize("device", DEVICES)
def test_gradients_are_finite_and_point_upwards_on_average(device):
    model = SpeedModel.load(device)
    slopes = []
    for count in range(1, 301):
        width = torch.tensor(float(count), requires_grad=True)
        (slope,) = torch.autograd.grad(model.latency(block(width, width)), width)
        slopes.append(slope)
    slopes = torch.stack(slopes)
    assert torch.isfinite(slopes).all()
    assert slopes.mean() > 0
    assert (slopes > 0).float().mean() > 0.9


@pytest.mark.parametrize("device", DEVICES)
def test_the_gradient_of_a_gate_is_the_difference(device):
    model = SpeedModel.load(device)
    share = torch.tensor(0.6, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(model.latency(block(32, 48, share)), share)
    more, less = (model.latency(block(32, 48, 0.6 + step)) for step in (1e-5, -1e-5))
    assert slope.item() == pytest.approx((more - less) / 2e-5, rel=1e-3) and slope > 0


def test_extrapolation_is_flagged_and_widens_the_interval():
    model = SpeedModel.load("s10")
    fitted = [conv(64, 64, 1, side=56), conv(32, 32, 3, side=56), conv(64, 64, 3, side=56)]
    assert model.out_of_range(fitted) == []
    width = torch.tensor(64.0, requires_grad=True)
    assert model.out_of_range([conv(width, width, 1, side=56)]) == []
    assert model.prior_share(fitted) == 0
    large = [conv(32, 32, 3, side=256)]
    (note,) = model.out_of_range(large)
    assert "256" in note and "conv_3x3" in note
    pad = Kernel("MIRROR_PAD", 32, 32, 1, 1, 1, 58, 58)
    (note,) = model.out_of_range([pad, *fitted])
    assert "MIRROR_PAD" in note
    assert 0 < model.prior_share([pad, *fitted]) < 1
    widths = [_width(model.predict(kernels)) for kernels in (fitted, large, [pad, *fitted])]
    assert widths[0] == pytest.approx(math.exp(model.intervals.network))
    assert min(widths[1:]) > widths[0]


def _width(prediction) -> float:
    assert prediction.high_ms / prediction.ms == pytest.approx(prediction.ms / prediction.low_ms)
    return prediction.high_ms / prediction.ms


def test_intervals_by_hand():
    model = SpeedModel(toy_card())
    pad = Kernel("MIRROR_PAD", 8, 8, 1, 1, 1, 12, 12)
    kernels = [pad, conv()]
    times = model.kernel_times(kernels)
    doubt = 0.8 * times[0] / times.sum()
    assert _width(model.predict(kernels)) == pytest.approx(math.exp(math.hypot(0.05, doubt)))
    parts = model.predict_parts([("edge", [pad]), ("rest", [conv()])])
    assert _width(parts["edge"]) == pytest.approx(math.exp(0.8))
    assert _width(parts["rest"]) == pytest.approx(math.exp(0.3))  # no centre is near
    assert [parts["edge"].prior_share, parts["rest"].prior_share] == [1, 0]
    assert sum(part.ms for part in parts.values()) == pytest.approx(model.latency(kernels))


def test_an_operator_linked_into_the_part_before_costs_its_own_part_nothing():
    model = SpeedModel(toy_card())
    relu = Kernel("RELU", 8, 8, 1, 1, 1, 10, 10)
    parts = model.predict_parts([("a", [conv()]), ("b", [relu])])
    assert parts["b"].ms == 0 and parts["a"].ms == model.latency([conv(), relu])


def test_adreno_says_that_its_winograd_was_never_measured():
    model = SpeedModel.load("pixel4")
    (note,) = model.out_of_range([conv(128, 128, 3, side=56)])
    assert "Winograd" in note
    assert model.out_of_range([conv(128, 128, 3, side=28)]) == []


def test_an_empty_list_costs_the_offset():
    model = SpeedModel(toy_card())
    assert model.latency([]) == 2.0
    assert model.out_of_range([]) == []
    assert model.predict([]).prior_share == 0


def test_unknown_device_names_the_known_ones():
    with pytest.raises(UsageError, match=r"s11.*iphone7.*s10"):
        SpeedModel.load("s11")


def test_missing_file_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="cannot read"):
        SpeedModel.load(tmp_path / "none.json")


def test_the_further_out_of_range_the_wider_the_interval():
    model = SpeedModel.load("s10")

    def width(side: int, k: int) -> float:
        one = model.predict_launches([Launch(Kernel("CONV_2D", 64, 64, k, 1, 1, side, side))])[0]
        return one.high_ms / one.ms

    assert width(56, 3) < width(512, 3) < width(1024, 3)
    assert width(512, 7) < width(512, 31)


def broken_cards() -> dict[str, str]:
    def changed(change) -> str:
        card = copy.deepcopy(toy_card())
        change(card)
        return json.dumps(card)

    return {
        "missing": changed(lambda card: card["paths"].pop("pool")),
        "negative": changed(lambda card: card["paths"]["pool"].update(throughput_gops=-1.0)),
        "text": changed(lambda card: card["composition"].update(b="fast")),
        "version": changed(lambda card: card.update(format="pocketstyle-speed-model-9")),
        "runtime": changed(lambda card: card.update(runtime="abacus")),
        "column": changed(
            lambda card: card["residual"].update(
                scale={"colour": 1.0}, centres=[["CONV_2D", 4, 4, 1, 1, 1, 8, 8, 0, 0]], weights=[1]
            )
        ),
        "scale": changed(
            lambda card: card["residual"].update(
                scale={"log stride": math.inf},
                centres=[["CONV_2D", 4, 4, 1, 1, 1, 8, 8, 0, 0]],
                weights=[1],
            )
        ),
        "centre": changed(
            lambda card: card["residual"].update(
                scale={"log stride": 1.0},
                centres=[["CONV_2D", 4, 4, 1, 1, 1, 0, 8, 0, 0]],
                weights=[1],
            )
        ),
        "reference": changed(lambda card: card.update(reference_ms=-1.0)),
        "reference in words": changed(lambda card: card.update(reference_ms="x")),
        "seen": changed(lambda card: card.update(seen=["x"])),
        "weights": changed(lambda card: card["residual"].update(weights=[1.0])),
        "half": json.dumps(toy_card())[:100],
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
    path.write_text(json.dumps(toy_card()), encoding="utf-8")
    assert SpeedModel.load(path).latency([conv()]) == SpeedModel(toy_card()).latency([conv()])


def test_times_do_not_depend_on_what_else_is_in_the_list():
    model = SpeedModel.load("s10")
    listed = block(24, 40)
    together = model.kernel_times(listed)
    assert np.isfinite(together).all()
    assert (model.kernel_times(listed[:2]) == together[:2]).all()


def test_a_launch_costs_the_same_to_the_last_bit_wherever_it_is_listed():
    """Or a resumed search, which prices other launches beside it, would not go on bit for bit."""
    model = SpeedModel.load("s10")
    listed = [conv(a, b, k, side=32) for a in (12, 33, 60) for b in (8, 24, 51, 90) for k in (1, 3)]
    together = model.kernel_times(listed)
    assert len(set(together)) == len(listed)
    for start in range(len(listed)):
        for end in (start + 1, start + 5, len(listed)):
            assert (model.kernel_times(listed[start:end]) == together[start:end]).all()
