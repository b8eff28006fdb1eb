"""PhotoNet and its genotypes."""

from random import Random

import pytest
import torch
from pocketstyle.errors import FormatError, UsageError
from pocketstyle.latency_model import total_macs
from pocketstyle.networks import Spec, build, compact, start_search
from pocketstyle.networks.photo import (
    BITS,
    PHOTONAS,
    PHOTONET,
    Genotype,
    PhotoNetwork,
    inherit,
    load_encoder,
    photo_spec,
    stages_of,
    vgg_channels,
)
from pocketstyle.networks.transfers import NewtonSchulzWct
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

STAGES = (4, 6, 8, 10, 12)
PUBLISHED = "01010000000100000000000000001111"


def network(genotype: Genotype, seed: int = 0) -> PhotoNetwork:
    torch.manual_seed(seed)
    return build(photo_spec(genotype, 64, STAGES)).eval()


def pictures(*sides: tuple[int, int]) -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    return [torch.rand(1, 3, *side, generator=rng) for side in sides]


def test_the_published_string():
    assert len(BITS) == 31 and len(set(BITS)) == 31
    assert PHOTONAS.on == (
        "aggregate/relu4_1",
        "aggregate/relu2_1",
        "skip4/concat",
        "stage1/transfer",
        "skip1/norm",
        "skip1/concat",
        "skip1/transfer",
    )
    assert Genotype.from_string(str(PHOTONAS)) == PHOTONAS == Genotype.from_string(PUBLISHED)
    assert PHOTONET.share == 1 and PHOTONAS.share == pytest.approx(7 / 31)
    assert PHOTONAS.describe().count("\n") == 6 and "INSL" in PHOTONAS.describe()


@pytest.mark.parametrize("text", ["", "1" * 30, "1" * 33, "2" * 31, "x" * 32])
def test_strings_that_are_none(text):
    with pytest.raises(UsageError, match="31 digits"):
        Genotype.from_string(text)


def test_operators_of_a_closed_link_are_refused_or_dropped():
    bits = ("skip1/norm", "stage1/transfer")
    with pytest.raises(UsageError, match="skip1/norm does nothing while skip1/concat is off"):
        Genotype(("stage1/transfer", "skip1/norm"))
    assert Genotype.of(bits).on == ("stage1/transfer",)
    with pytest.raises(UsageError, match="no operator 'skip9/norm'"):
        Genotype(("skip9/norm",))
    with pytest.raises(UsageError, match="in their order"):
        Genotype(("stage1/transfer", "bottleneck/transfer"))


def test_a_mutation_is_one_bit_and_always_another_network():
    random = Random(0)
    made = PHOTONAS
    for _ in range(300):
        before, made = made, made.mutated(random)
        changed = {*before.on} ^ {*made.on}
        links = {bit for bit in changed if bit.endswith("concat")}
        assert len(changed) == 1 or (len(links) == 1 and links <= {*before.on})
    assert len({Genotype.random(random) for _ in range(50)}) == 50


@pytest.mark.parametrize("seed", range(6))
def test_a_spec_is_the_network(seed):
    genotype = Genotype.random(Random(seed))
    made = network(genotype)
    again = build(Spec.from_json(made.spec.to_json()))
    again.load_state_dict(made.state_dict())
    (x, y) = pictures((32, 48), (64, 32))
    with torch.no_grad():
        picture = made(x, y)
        torch.testing.assert_close(picture, again.eval()(x, y))
    assert picture.shape == x.shape and picture.isfinite().all()


def test_what_is_off_is_not_there():
    whole, published = network(PHOTONET), network(PHOTONAS)
    sizes = [sum(p.numel() for p in one.parameters()) for one in (whole, published)]
    assert sizes[1] < 0.75 * sizes[0]
    (x,) = pictures((32, 32))
    with torch.no_grad():
        counts = [len(one.encode_style(x)) for one in (whole, published)]
    assert counts == [10, 2]  # bottleneck, five stages, four links; one stage, one link


def test_the_encoder_is_vgg():
    """Against torch's own layers, with torchvision's order of weights."""
    made = network(PHOTONET).encoder
    (x,) = pictures((32, 48))
    layers, maps = [], []
    for stage in (2, 2, 4, 4, 1):
        layers += ["conv"] * stage + ["pool"]
    names = iter(vgg_channels(STAGES))
    with torch.no_grad():
        y = F.conv2d(x, made.conv0.weight, made.conv0.bias)
        for layer in layers[:-1]:
            if layer == "pool":
                y = nn.MaxPool2d(2)(y)
                continue
            name = next(names)
            conv = getattr(made, name)
            y = F.conv2d(nn.ReflectionPad2d(1)(y), conv.weight, conv.bias).relu()
            if name.endswith("1"):
                maps.append(y)
        for wanted, got in zip(maps, made(x), strict=True):
            torch.testing.assert_close(got, wanted)


def test_alpha_0_is_the_auto_encoder_and_the_style_is_what_was_kept_of_it():
    made = network(PHOTONAS)
    content, style = pictures((32, 32), (48, 64))
    with torch.no_grad():
        once = made.encode_style(style)
        apart = made.stylize(content, once) - made.stylize(content, made.encode_style(content))
        assert apart.abs().max() > 1e-4
        untouched = made.stylize(content, once, alpha=0.0)
        torch.testing.assert_close(untouched, made.reconstruct(content), rtol=1e-4, atol=1e-4)


def test_a_masked_one_is_its_compact_one():
    supernet = network(PHOTONAS).double()
    start_search(supernet, 0.5)
    rng = torch.Generator().manual_seed(1)
    for width in supernet.widths.values():
        with torch.no_grad():
            width.v.copy_(torch.rand(width.channels, generator=rng))
    supernet.double()
    (x,) = pictures((32, 32))
    small = compact(supernet).double()
    assert sum(p.numel() for p in small.parameters()) < sum(
        p.numel() for p in supernet.parameters()
    )
    with torch.no_grad():
        wanted = supernet.reconstruct(x.double())
        torch.testing.assert_close(small.reconstruct(x.double()), wanted, rtol=1e-9, atol=1e-9)
        y = x.double().flip(2) * torch.tensor([1.0, 0.5, 0.2])[:, None, None]
        torch.testing.assert_close(small(x.double(), y), supernet(x.double(), y))
    assert total_macs(small.kernels()) == pytest.approx(float(total_macs(supernet.kernels())))


@pytest.mark.parametrize("genotype", [PHOTONAS, PHOTONET], ids=["photonas", "photonet"])
def test_costs_are_torchs_own_count(genotype):
    """Of the form that phones run; graphs leave out the last root, which nobody reads."""
    made = network(genotype)
    made.transfer = NewtonSchulzWct()
    content, style = pictures((64, 192), (32, 32))  # wider than what covariances are of
    with torch.no_grad():
        statistics = made.encode_style(style)
        with FlopCounterMode(display=False) as counter:
            made.stylize(content, statistics)
    unread = sum(colouring.shape[-1] ** 3 for _, colouring in statistics)
    assert 2 * (total_macs(made.kernels(64, 192)) + unread) == counter.get_total_flops()


@pytest.mark.parametrize("seed", range(4))
def test_what_is_inherited_computes_the_same(seed):
    """An oracle whose other operators do nothing is its genotype's network."""
    oracle = network(PHOTONET, seed)
    genotype = Genotype.random(Random(seed))
    made = build(photo_spec(genotype, 64, STAGES)).eval()
    inherit(made, oracle)
    state, given = made.state_dict(), oracle.state_dict()
    for name, value in state.items():
        if value.shape == given[name].shape:
            torch.testing.assert_close(value, given[name], rtol=0, atol=0)
    x = torch.ones(1, sum(p.channels for p in made.aggregate.in_width.parts), 4, 4)
    kept = [level for level in (4, 3, 2, 1) if f"aggregate/relu{level}_1" in genotype]
    whole, start = torch.zeros(1, sum(STAGES), 4, 4), STAGES[4]
    whole[:, :start] = 1
    for level in (4, 3, 2, 1):
        whole[:, start : start + STAGES[level - 1]] = float(level in kept)
        start += STAGES[level - 1]
    with torch.no_grad():
        torch.testing.assert_close(made.aggregate(x), oracle.aggregate(whole))
        for mine, theirs in zip(made.stages, oracle.stages, strict=True):
            if "reduce" in mine.convolutions:
                flat = torch.ones(1, mine.convolutions["reduce"].in_width.channels, 6, 6)
                torch.testing.assert_close(
                    mine.convolutions["reduce"](flat), theirs.convolutions["reduce"](flat)
                )


def test_weights_in_torchvisions_layout():
    """Against torch's own layers, its normalisation of colours included."""
    torch.manual_seed(0)
    layers, tensors, before = [], {}, 3
    for stage, (channels, count) in enumerate(zip(STAGES, (2, 2, 4, 4, 1), strict=True)):
        for _ in range(count):
            conv = nn.Conv2d(before, channels, 3, padding=1, padding_mode="reflect")
            tensors |= {
                f"features.{len(layers)}.{n}": p.detach() for n, p in conv.named_parameters()
            }
            layers += [conv, nn.ReLU()]
            before = channels
        if stage < 4:
            layers.append(nn.MaxPool2d(2))
    assert stages_of(tensors) == STAGES
    made = network(PHOTONET).encoder
    load_encoder(made, tensors)
    (x,) = pictures((32, 48))  # 0..1
    mean, deviation = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])[:, :, None, None]
    with torch.no_grad():
        wanted = nn.Sequential(*layers)((x - mean) / deviation)
        torch.testing.assert_close(made(2 * x - 1)[-1], wanted / 16, rtol=1e-4, atol=1e-6)
    with pytest.raises(FormatError, match=r"conv11.weight is \[4, 3, 3, 3\], the weights' \[4, 9"):
        load_encoder(made, tensors | {"features.0.weight": torch.zeros(4, 9, 3, 3)})
    with pytest.raises(FormatError, match=r"no conv51"):
        load_encoder(made, {n: t for n, t in tensors.items() if "features.28" not in n})
