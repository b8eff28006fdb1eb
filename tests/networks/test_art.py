"""ArtNet on every trunk: shapes, masks, costs, styles."""

import pytest
import torch
from pocketstyle.errors import UsageError
from pocketstyle.latency_model import total_macs
from pocketstyle.networks import Spec, art_spec, build, compact, searchable, start_search
from pocketstyle.networks.art import TRUNKS
from pocketstyle.networks.transfers import coloured
from torch.utils.flop_counter import FlopCounterMode

from .patterns import lively

STAGES = (4, 6, 8, 10, 12)


def network(trunk: str, maps: int = 3, **options):
    torch.manual_seed(0)
    return lively(build(art_spec(trunk, maps, 64, stages=STAGES, **options))).eval()


def pictures(*sides: tuple[int, int]) -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    return [torch.rand(1, 3, *side, generator=rng) * 2 - 1 for side in sides]


@pytest.mark.parametrize("trunk", TRUNKS)
@torch.no_grad()
def test_pictures_of_any_sides_in_the_manner_of_others(trunk):
    made = network(trunk)
    content, style = pictures((64, 96), (48, 80))
    drawn = made(content, style)
    assert drawn.shape == content.shape and drawn.isfinite().all()
    untouched = made(content)
    assert (drawn - untouched).abs().max() > 1e-4
    torch.testing.assert_close(made(content, style, alpha=0.0), untouched)
    torch.testing.assert_close(made(content, content), untouched, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("trunk", TRUNKS)
def test_costs_are_torchs_own_count(trunk):
    made = network(trunk, maps=4)
    content, style = pictures((64, 128), (32, 32))
    with torch.no_grad():
        statistics = made.encode_style(style)
        with FlopCounterMode(display=False) as counter:
            made.stylize(content, statistics)
    assert 2 * total_macs(made.kernels(64, 128)) == counter.get_total_flops()


@pytest.mark.parametrize("aggregate", [True, False])
@pytest.mark.parametrize("trunk", TRUNKS)
@pytest.mark.parametrize("transfer", ["adain", "wct", "sandwich-swap"])
def test_a_masked_one_is_its_compact_one(trunk, aggregate, transfer):
    supernet = network(trunk, aggregate=aggregate, transfer=transfer).double()
    start_search(supernet, 0.2)
    rng = torch.Generator().manual_seed(1)
    for width in searchable(supernet)[0]:
        with torch.no_grad():
            width.v.copy_(torch.rand(width.channels, generator=rng))
    supernet.double()
    small = compact(supernet).double()
    x, y = (one.double() for one in pictures((64, 64), (48, 48)))
    with torch.no_grad():
        wanted = supernet.reconstruct(x)
        torch.testing.assert_close(small.reconstruct(x), wanted, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(small(x, y), supernet(x, y), rtol=1e-6, atol=1e-6)
    if transfer != "sandwich-swap":
        assert total_macs(small.kernels()) == pytest.approx(float(total_macs(supernet.kernels())))
    assert Spec.from_json(small.spec.to_json()) == small.spec


def test_a_learned_transform_shrinks_with_its_features():
    supernet = network("mobilenet", transfer="linear-wct").double()
    start_search(supernet, 0.2)
    for width in searchable(supernet)[0]:
        with torch.no_grad():
            width.v[::3] = 0
    supernet.double()
    small = compact(supernet).double()
    x, y = (one.double() for one in pictures((64, 64), (48, 48)))
    with torch.no_grad():
        torch.testing.assert_close(small(x, y), supernet(x, y), rtol=1e-6, atol=1e-6)
        assert (small(x, y) - small(x, x)).abs().max() > 1e-6


@torch.no_grad()
def test_texture_and_colours_from_two_pictures():
    made = network("squeezenet", transfer="sandwich-swap")
    content, texture, colour = pictures((64, 64), (64, 64), (64, 64))
    colour = colour * torch.tensor([0.2, 0.9, 0.4])[:, None, None]
    (a,), (b,) = made.encode_style(texture), made.encode_style(colour)
    both = made.stylize(content, [coloured(a, b)])
    for one in (a, b):
        assert (both - made.stylize(content, [one])).abs().max() > 1e-4


def test_specs_that_are_none():
    with pytest.raises(UsageError, match="no trunk 'resnet'; known: googlenet"):
        art_spec("resnet")
    with pytest.raises(UsageError, match="no transform 'gram'; known: adain"):
        art_spec("googlenet", transfer="gram")
    for trunk, maps in (("googlenet", 5), ("vgg", 6), ("mobilenet", 1)):
        with pytest.raises(UsageError, match=f"{trunk} has 2 to"):
            art_spec(trunk, maps)
