"""Zero-channel pruning: planted dead channels, statistics in numpy, compensation, least squares."""

import numpy as np
import pytest
import torch
from pocketstyle.datasets import to_tensor
from pocketstyle.networks import art_spec, build
from pocketstyle.networks.art import TRUNKS
from pocketstyle.search.zero_channel import (
    channel_statistics,
    error_shares,
    lowest,
    magnitudes,
    refit,
    silent_channels,
    without,
)


def network(trunk: str, maps: int = 3):
    torch.manual_seed(0)
    made = build(art_spec(trunk, maps, 64, stages=(8, 12, 16, 16, 16))).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            if parameter.ndim == 4:
                parameter.mul_(6**0.5)
    return made


def pictures(count: int = 4, side: int = 64) -> np.ndarray:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (count, side // 8, side // 8, 3))
    return coarse.repeat(8, 1).repeat(8, 2).astype(np.uint8)


def played(made, shown: np.ndarray) -> torch.Tensor:
    with torch.no_grad():
        return made.reconstruct(to_tensor(shown))


def kill(made, names: dict[str, list[int]]) -> None:
    """Let layers write nothing but zeros into some channels."""
    with torch.no_grad():
        for module in made.modules():
            if "out" in getattr(module, "axes", {}).get("weight", ()):
                dead = names.get(module.out_width.name, [])
                module.weight[dead] = 0
                module.bias[dead] = 0


PLANTED = {  # a Width of the stem, and one that many layers read or write
    "googlenet": {"conv1": [3], "3a_3x3": [1, 5], "3b_pool_proj": [0]},
    "googlenet-bn": {"conv2": [7], "3b_5x5_reduce": [2]},
    "mobilenet": {"stem": [4], "trunk3": [1, 2], "b4": [10, 11, 12]},
    "squeezenet": {"conv1": [0], "fire3_squeeze": [5], "fire5_3x3": [9]},
    "vgg": {"conv12": [1], "conv22": [0, 4]},
}


@pytest.mark.parametrize("trunk", TRUNKS)
def test_dead_channels_are_found_and_nothing_changes(trunk):
    made, shown = network(trunk), pictures()
    kill(made, PLANTED[trunk])
    found = channel_statistics(made, shown)
    silent = silent_channels(made, found)
    for name, channels in PLANTED[trunk].items():
        assert set(channels) <= set(silent[name].nonzero().flatten().tolist()), name
    small = without(made, silent)
    for name, channels in silent.items():
        assert small.spec.widths[name] == len(channels) - int(channels.sum())
    assert sum(map(int, (c.sum() for c in silent.values()))) >= sum(
        map(len, PLANTED[trunk].values())
    )
    wanted = played(made, shown)
    error = (played(small, shown) - wanted).abs().max() / wanted.abs().max()
    assert float(error) < 1e-5


def test_statistics_are_numpys():
    made, shown = network("squeezenet"), pictures(3)
    seen = []
    hook = made.encoder.fires["3"].squeeze.register_forward_pre_hook(
        lambda _, inputs: seen.append(inputs[0][0].flatten(1).numpy().astype(np.float64))
    )
    reported = []
    found = channel_statistics(made, shown, lambda *done: reported.append(done))
    hook.remove()
    one, values = found["encoder.fires.3.squeeze"], np.concatenate(seen, 1)
    np.testing.assert_allclose(one.maximum, np.abs(values).max(1))
    np.testing.assert_allclose(one.mean, values.mean(1))
    np.testing.assert_allclose(one.variance, values.var(1), rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(one.frequency, (values != 0).mean(1))
    assert reported == [(1, 3), (2, 3), (3, 3)]


def test_a_channel_of_one_value_goes_without_a_trace_where_its_mean_stays():
    """Its convolutions have no edge to feel the difference at: of 1x1."""
    made, shown = network("squeezenet"), pictures()
    fire = made.encoder.fires["3"]
    with torch.no_grad():
        fire.squeeze.weight[2] = 0
        fire.squeeze.bias[2] = 3.0
        fire.expand_3x3.weight[:, 2] = 0
    found = channel_statistics(made, shown)
    assert float(error_shares(made, found)["fire3_squeeze"][2]) == 0
    gone = {"fire3_squeeze": torch.arange(16) == 2}
    wanted = played(made, shown)
    close = played(without(made, gone, found), shown)
    torch.testing.assert_close(close, wanted, rtol=1e-3, atol=1e-4)
    assert (played(without(made, gone), shown) - wanted).abs().max() > 1e-3


@pytest.mark.parametrize("trunk", ["mobilenet", "googlenet-bn"])
def test_compensation_and_least_squares_bring_it_nearer(trunk):
    made, shown = network(trunk), pictures(24)
    learned, held_out = shown[:20], shown[20:]
    found = channel_statistics(made, learned)
    gone = lowest(error_shares(made, found), 0.3)
    share = sum(int(c.sum()) for c in gone.values()) / sum(len(c) for c in gone.values())
    assert share == pytest.approx(0.3, abs=0.05)

    def error(small) -> float:
        return float((played(small, held_out) - played(made, held_out)).square().mean())

    plain, compensated = error(without(made, gone)), without(made, gone, found)
    by_size = error(without(made, lowest(magnitudes(made), 0.3)))
    before = error(compensated)
    refit(compensated, made, {n: (~c).nonzero().flatten() for n, c in gone.items()}, learned)
    assert error(compensated) < before < min(plain, by_size)


def test_every_layer_keeps_channels():
    made = network("vgg")
    gone = lowest(error_shares(made, channel_statistics(made, pictures(1))), 1.0)
    for name, channels in gone.items():
        assert not channels.all(), name
    assert played(without(made, gone), pictures()).isfinite().all()
