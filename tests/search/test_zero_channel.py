"""Zero-channel pruning: planted dead channels, statistics in numpy, compensation, least squares."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from pocketstyle.cli.app import app
from pocketstyle.datasets import to_tensor
from pocketstyle.errors import UsageError
from pocketstyle.networks import ModelCard, art_spec, build, load, save
from pocketstyle.networks.art import TRUNKS
from pocketstyle.search.zero_channel import (
    channel_statistics,
    error_shares,
    lowest,
    magnitudes,
    prune,
    psnr,
    refit,
    silent_channels,
    styled_psnr,
    without,
)
from pocketstyle.search.zero_channel.passes import drawn
from typer.testing import CliRunner

from ..networks.patterns import lively


def network(trunk: str, maps: int = 3):
    torch.manual_seed(0)
    return lively(build(art_spec(trunk, maps, 64, stages=(8, 12, 16, 16, 16)))).eval()


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
    made, shown = network(trunk), pictures(20)
    found = channel_statistics(made, shown)
    gone = lowest(error_shares(made, found), 0.3)
    share = sum(int(c.sum()) for c in gone.values()) / sum(len(c) for c in gone.values())
    assert share == pytest.approx(0.3, abs=0.05)

    def error(small) -> float:
        return float((played(small, shown) - played(made, shown)).square().mean())

    plain, compensated = error(without(made, gone)), without(made, gone, found)
    by_size = error(without(made, lowest(magnitudes(made), 0.3)))
    before = error(compensated)
    refit(compensated, made, {n: (~c).nonzero().flatten() for n, c in gone.items()}, shown)
    assert error(compensated) < before < min(plain, by_size)


@pytest.mark.parametrize("lose_db", [0.0, 1.0])
def test_pruning_goes_as_far_as_it_may(lose_db):
    made, shown = network("vgg"), pictures(16)
    kill(made, PLANTED["vgg"])
    done = prune(made, shown, lose_db, lambda *_: None)
    assert done.silent >= 3 and done.held_out == 2 and done.learned == 14
    assert done.psnr_before == pytest.approx(psnr(made, shown[:2]))
    assert done.psnr_after == pytest.approx(psnr(done.network, shown[:2]))
    assert done.psnr_before - done.psnr_after <= lose_db + 1e-4
    assert done.styled_psnr == pytest.approx(styled_psnr(done.network, made, shown[:2]))
    assert done.styled_psnr >= (35 if lose_db else 80)
    assert (done.gone > done.silent) == (lose_db > 0)
    assert done.params_after == sum(p.numel() for p in done.network.parameters())
    assert done.params_after < done.params_before


def test_styles_are_judged_by_what_the_whole_network_makes_of_them():
    """Each picture in the manner of the one before it, in numpy."""
    made, other, shown = network("vgg"), network("squeezenet"), pictures(3)
    errors = []
    for i in range(3):
        x, style = (to_tensor(shown[j][None]) for j in (i, max(0, i - 1)))
        both = []
        for one in (made, other):
            with torch.no_grad():
                a, b = one.encode(x), one.encode(style)
                mean, deviation = (f(b, (2, 3), keepdim=True) for f in (torch.mean, population))
                own = (f(a, (2, 3), keepdim=True) for f in (torch.mean, population))
                normal = (a - next(own)) / next(own)
                both.append(one.decode(normal * deviation + mean).clamp(-1, 1).numpy())
        errors.append(np.mean((both[0] - both[1]) ** 2))
    wanted = 10 * np.log10(4 / np.mean(errors))
    assert styled_psnr(made, other, shown) == pytest.approx(wanted, abs=0.05)


def population(x, *over, keepdim):
    return (x.var(*over, correction=0, keepdim=keepdim) + 1e-5).sqrt()


def test_looking_leaves_gradients_on():
    made = network("vgg")
    for _ in drawn(made, pictures(2)):
        assert torch.is_grad_enabled()
    styled_psnr(made, made, pictures(2))
    assert torch.is_grad_enabled()


def test_too_few_pictures():
    with pytest.raises(UsageError, match="7 pictures are too few"):
        prune(network("vgg"), pictures(7), 0.0, lambda *_: None)


def test_the_command(tmp_path):
    made = network("vgg")
    kill(made, PLANTED["vgg"])
    save(tmp_path / "art.safetensors", made, ModelCard("art"))
    (tmp_path / "pictures").mkdir()
    for i, picture in enumerate(pictures(9)):
        Image.fromarray(picture).save(tmp_path / f"pictures/{i}.png")

    def run(*words):
        return CliRunner().invoke(app, ["prune", *map(str, words)])

    out = tmp_path / "small.safetensors"
    words = (tmp_path / "art.safetensors", "--pictures", tmp_path / "pictures", "-o", out)
    told = json.loads(run(*words, "--json").stdout)
    small, card = load(out)
    assert told["zero"] == told["removed"] >= 3 and card.provenance["pruned"]["pictures"] == 8
    assert told["params_left"] == sum(p.numel() for p in small.parameters())
    shown = pictures()
    error = (played(small, shown) - played(made, shown)).abs().max()
    assert float(error) < 1e-5 * float(played(made, shown).abs().max())
    assert "--force" in str(run(*words).exception)
    other = tmp_path / "other.safetensors"
    for model in ("heads-teacher", "photonas"):
        refused = run(model, "--pictures", tmp_path / "pictures", "-o", other)
        assert "is no ArtNet" in str(refused.exception) and not other.exists()
    named = run(*words[:-1], tmp_path / "other.tflite")
    assert "written as .safetensors" in str(named.exception)


def test_every_layer_keeps_channels():
    made = network("vgg")
    gone = lowest(error_shares(made, channel_statistics(made, pictures(1))), 1.0)
    for name, channels in gone.items():
        assert not channels.all(), name
    assert played(without(made, gone), pictures()).isfinite().all()
