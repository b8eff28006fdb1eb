import pytest
import torch
from pocketstyle.converters import rewrite

from .conftest import SIZE, make_network


@pytest.mark.parametrize("seed", range(3))
def test_a_rewritten_network_computes_the_same(seed):
    network = make_network(seed, blocks=2)
    x = torch.rand(2, 3, SIZE, SIZE) * 2 - 1
    with torch.no_grad():
        expected = network(x)
        assert expected.std() > 0.05  # no constant picture, which anything would equal
        torch.testing.assert_close(rewrite(network)(x), expected, atol=1e-5, rtol=0)


def test_the_original_stays_as_it_was():
    network = make_network()
    classes = [type(module) for module in network.modules()]
    rewritten = rewrite(network.train())
    assert network.training and not rewritten.training
    assert [type(module) for module in network.modules()] == classes
    assert [type(module) for module in rewritten.modules()] != classes
