"""Region by region, a transform does what it does to the regions alone."""

import pytest
import torch
from pocketstyle.errors import UsageError
from pocketstyle.networks import build, photo_spec
from pocketstyle.networks.photo import PHOTONET
from pocketstyle.networks.transfers import (
    AdaIn,
    AvatarDecorator,
    EigenWct,
    RegionWise,
    SandwichSwap,
    StyleSwap,
)


def halves(h: int, w: int) -> torch.Tensor:
    labels = torch.zeros(h, w, dtype=torch.int64)
    labels[:, w // 2 :] = 7
    return labels


@pytest.mark.parametrize("kind", [AdaIn, EigenWct])
def test_each_region_is_transferred_alone(kind):
    torch.manual_seed(0)
    content, style = torch.rand(1, 6, 16, 32), torch.rand(1, 6, 8, 16) * 3
    regions = RegionWise(kind(), halves(16, 32), halves(24, 48))  # labels of another size
    made = regions(content, *regions.statistics(style))
    for part, of_style in ((slice(0, 16), slice(0, 8)), (slice(16, 32), slice(8, 16))):
        alone = kind()
        wanted = alone(content[..., part], *alone.statistics(style[..., of_style]))
        torch.testing.assert_close(made[..., part], wanted, rtol=1e-4, atol=1e-4)


def test_one_region_is_no_region():
    torch.manual_seed(0)
    content, style = torch.rand(1, 6, 13, 11), torch.rand(1, 6, 9, 16)
    everywhere = torch.ones(5, 5, dtype=torch.int64)
    regions, whole = RegionWise(AdaIn(), everywhere, everywhere), AdaIn()
    made = regions(content, *regions.statistics(style))
    # of a rectangle whose last pixels repeat the first
    torch.testing.assert_close(made, whole(content, *whole.statistics(style)), rtol=0.02, atol=0.01)


def test_a_label_that_the_style_lacks_takes_all_of_it():
    torch.manual_seed(0)
    content, style = torch.rand(1, 4, 16, 32), torch.rand(1, 4, 16, 16)
    regions = RegionWise(AdaIn(), halves(16, 32), torch.zeros(4, 4, dtype=torch.int64))
    made = regions(content, *regions.statistics(style))
    alone = AdaIn()
    wanted = alone(content[..., 16:], *alone.statistics(style))
    torch.testing.assert_close(made[..., 16:], wanted, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_a_network_with_regions():
    """Regions too small for the deepest features included: one label of two pixels."""
    torch.manual_seed(0)
    network = build(photo_spec(PHOTONET, 64, (4, 4, 8, 8, 8))).eval()
    content, style = torch.rand(1, 3, 64, 96), torch.rand(1, 3, 48, 64)
    labels = halves(64, 96)
    labels[0, :2] = 3
    whole = network(content, style)
    network.transfer = RegionWise(network.transfer, labels, halves(48, 64))
    made = network(content, style)
    assert made.shape == content.shape and made.isfinite().all()
    assert (made - whole).abs().max() > 1e-3


@pytest.mark.parametrize("labels", [torch.zeros(4, 4), torch.zeros(1, 4, 4, dtype=torch.int64)])
def test_other_labels_are_refused(labels):
    with pytest.raises(UsageError, match=r"int64\[H, W\]"):
        RegionWise(AdaIn(), labels, halves(4, 4))


@pytest.mark.parametrize("kind", [StyleSwap, SandwichSwap, AvatarDecorator])
def test_regions_have_no_patches(kind):
    with pytest.raises(UsageError, match="patches, which regions have not"):
        RegionWise(kind(), torch.zeros(4, 4).long(), torch.zeros(4, 4).long())
