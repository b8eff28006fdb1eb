import pytest
import torch
from pocketstyle.converters import rewrite
from pocketstyle.networks import Width
from pocketstyle.networks.layers import ConvTranspose2d

from .conftest import SIZE, make_network


@pytest.mark.parametrize("seed", range(3))
def test_a_rewritten_network_computes_the_same(seed):
    network = make_network(seed, blocks=2)
    x = torch.rand(2, 3, SIZE, SIZE) * 2 - 1
    with torch.no_grad():
        expected = network(x)
        assert expected.std() > 0.05  # no constant picture, which anything would equal
        torch.testing.assert_close(rewrite(network)(x), expected, atol=1e-5, rtol=0)


def test_a_rewritten_transposed_convolution_is_torchs_own():
    layer = ConvTranspose2d(Width("in", 6), Width("out", 4))
    own = torch.nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=1)
    own.load_state_dict(layer.state_dict())
    x = torch.randn(2, 6, 5, 7)
    with torch.no_grad():
        expected = own(x)
        torch.testing.assert_close(layer(x), expected)
        torch.testing.assert_close(rewrite(layer)(x), expected, atol=1e-5, rtol=0)


def test_the_original_stays_as_it_was():
    network = make_network()
    classes = [type(module) for module in network.modules()]
    rewritten = rewrite(network.train())
    assert network.training and not rewritten.training
    assert [type(module) for module in network.modules()] == classes
    assert [type(module) for module in rewritten.modules()] != classes
