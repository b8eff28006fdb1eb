"""Training an ArtNet's decoder: by reconstruction, by styles, with a transform that learns."""

import numpy as np
import pytest
import torch
from PIL import Image
from pocketstyle.errors import FormatError, UsageError
from pocketstyle.latency_model import total_macs
from pocketstyle.networks import art_spec, build, load, write_tensors
from pocketstyle.networks.transfers import LinearWct, SandwichSwap
from pocketstyle.search import load_config, search, train
from pocketstyle.search.fresh import fresh_generator
from pocketstyle.search.objectives import OBJECTIVES
from pocketstyle.search.stylization import relative, statistics

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Contents, styles, and weights of a small VGG."""
    folder = tmp_path_factory.mktemp("stylization")
    rng = np.random.default_rng(0)
    for kind in ("source", "target"):
        (folder / kind).mkdir()
        for i in range(4):
            coarse = Image.fromarray(rng.integers(0, 256, (9, 9, 3), np.uint8))
            coarse.resize((72, 72)).save(folder / kind / f"{i}.png")
    torch.manual_seed(0)
    trunk = build(art_spec("vgg", 5, 64, stages=(8, 12, 16, 16, 16))).encoder
    weights = {name: 2 * value for name, value in trunk.state_dict().items()}
    write_tensors(folder / "vgg.safetensors", weights, {})
    return folder


def config(folder, *more: str):
    data = [f"data.source={folder / 'source'}", f"data.target={folder / 'target'}"]
    return load_config(
        "artnet",
        [
            *data,
            f"network.encoder={folder / 'vgg.safetensors'}",
            "data.size=64",
            "train.steps=40",
            "train.batch=2",
            "train.average=0",
            "train.sample_every=40",
            *more,
        ],
    )


@pytest.mark.parametrize("transfer", ["adain", "sandwich-swap", "linear-wct"])
def test_all_terms_fall_and_the_trunk_stays(folder, tmp_path, transfer):
    settings = config(folder, f"network.transfer={transfer}")
    path = train(settings, tmp_path / "run", resume=False, report=lambda *_: None)
    trained, _ = load(path)
    fresh = fresh_generator(settings, CPU)
    assert trained.spec == fresh.spec and trained.spec.blocks[-1] == transfer
    for name, value in fresh.encoder.state_dict().items():
        torch.testing.assert_close(trained.encoder.state_dict()[name], value)
    rng = torch.Generator().manual_seed(1)
    x, y = (torch.rand(2, 3, 8, 8, generator=rng).repeat_interleave(8, 2) for _ in "xy")
    x, y = (one.repeat_interleave(8, 3) * 2 - 1 for one in (x, y))
    terms = []
    for network in (fresh, trained):
        with torch.no_grad():
            terms.append(OBJECTIVES["stylize"](network, settings, CPU).losses(x, y, 0))
    assert set(terms[0]) == {"content", "style", "picture", "features"}
    for name in ("style", "picture", "features"):
        assert terms[1][name] < terms[0][name], name
    kind = {"sandwich-swap": SandwichSwap, "linear-wct": LinearWct}.get(transfer)
    assert kind is None or isinstance(trained.transfer, kind)


def test_a_learned_transform_learns(folder, tmp_path):
    settings = config(folder, "network.transfer=linear-wct", "train.steps=3")
    path = train(settings, tmp_path / "run", resume=False, report=lambda *_: None)
    torch.manual_seed(settings.train.seed)
    fresh, (trained, _) = fresh_generator(settings, CPU), load(path)
    for name, value in fresh.transfer.state_dict().items():
        if name.endswith("weight"):
            assert (trained.transfer.state_dict()[name] - value).abs().max() > 0, name


def test_the_terms_are_their_formulas(folder):
    """With a decoder that gives the style itself back, its statistics are right."""
    network = fresh_generator(config(folder, "network.transfer=adain"), CPU)
    objective = OBJECTIVES["stylize"](network, config(folder), CPU)
    rng = torch.Generator().manual_seed(0)
    x, y = torch.rand(2, 1, 3, 64, 64, generator=rng).mul(2).sub(1)
    network.decode = lambda features: y
    terms = objective.losses(x, y, 0)
    assert float(terms["style"]) < 1e-9
    assert float(terms["picture"]) == pytest.approx(10 * float((x - y).square().mean()) / 4)
    wanted = network.transfer.between(network.encode(x), network.encode(y))
    found = network.encode(y)
    share = float((found - wanted).square().mean() / wanted.square().mean())
    assert float(terms["content"]) == pytest.approx(share, rel=1e-4)
    mean, deviation = statistics(x)
    np.testing.assert_allclose(mean, x.numpy().mean((2, 3)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(deviation, x.numpy().std((2, 3)), rtol=1e-5)
    assert float(relative(2 * x, x)) == pytest.approx(1, rel=1e-5)


def test_a_decoder_to_start_with(folder, tmp_path):
    path = train(
        config(folder, "network.transfer=adain", "train.steps=2"),
        tmp_path / "run",
        resume=False,
        report=lambda *_: None,
    )
    started = fresh_generator(config(folder, f"train.start={path}"), CPU)
    trained, _ = load(path)
    for name, value in trained.decoder.state_dict().items():
        torch.testing.assert_close(started.decoder.state_dict()[name], value)
    assert isinstance(started.transfer, SandwichSwap)
    with pytest.raises(UsageError, match="the configuration asks for"):
        fresh_generator(config(folder, f"train.start={path}", "network.maps=4"), CPU)


@pytest.mark.parametrize("transfer", ["adain", "sandwich-swap"])
def test_a_search_prunes_trunk_and_decoder(folder, tmp_path, transfer):
    """To a target in MACs."""
    teacher = train(
        config(folder, f"network.transfer={transfer}", "train.steps=4"),
        tmp_path / "teacher",
        resume=False,
        report=lambda *_: None,
    )
    whole = total_macs(load(teacher)[0].kernels()) / 1e6
    settings = config(
        folder,
        f"network.transfer={transfer}",
        f"search.teacher={teacher}",
        f"search.target_mmacs={0.6 * whole}",
        "search.steps=24",
        "search.fine_tune_steps=6",
        "search.batch=2",
        "train.checkpoint_every=3",
    )
    small, card = load(search(settings, tmp_path / "run", resume=False, report=lambda *_: None))
    left = total_macs(small.kernels()) / 1e6
    assert 0.5 * whole < left <= 0.6 * whole
    trunk = {name for name in small.spec.widths if name.startswith("conv")}
    full = load(teacher)[0].spec.widths
    for names in (trunk, small.spec.widths.keys() - trunk):
        assert any(small.spec.widths[name] < full[name] for name in names)
    assert small.spec.blocks[-1] == transfer
    assert card.provenance["searched_from"]["macs"] == pytest.approx(1e6 * whole)


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        (["train.objective=unpaired"], UsageError, "reconstruct or stylize"),
        (["network.maps=6"], UsageError, "less than or equal to 5"),
        (["network.transfer=gram"], UsageError, "network.transfer = 'gram'"),
    ],
)
def test_configurations_that_are_none(folder, changes, error, told):
    with pytest.raises(error, match=told):
        config(folder, *changes)


def test_styles_and_weights_that_are_missing(folder, tmp_path):
    path = tmp_path / "art.toml"
    path.write_text(
        f'[data]\nsource = "{folder / "source"}"\n[network]\nfamily = "art"\n'
        f'encoder = "{folder / "vgg.safetensors"}"\n[train]\nobjective = "stylize"\n'
    )
    with pytest.raises(UsageError, match="belong together"):
        load_config(path)
    write_tensors(tmp_path / "other.safetensors", {"a": torch.zeros(1)}, {})
    with pytest.raises(FormatError, match="no weights of a trunk"):
        fresh_generator(config(folder, f"network.encoder={tmp_path / 'other.safetensors'}"), CPU)
