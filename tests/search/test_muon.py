"""Muon against the singular value decomposition, and against torch's own on matrices."""

import pytest
import torch
from pocketstyle.search.muon import Muon, orthogonalised
from pocketstyle.search.optimizers import muon
from torch import nn


@pytest.mark.parametrize("shape", [(8, 72), (72, 8), (24, 24), (1, 9)])
def test_singular_vectors_stay_and_values_become_about_one(shape):
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(shape, generator=generator)
    u, _, vh = torch.linalg.svd(matrix, full_matrices=False)
    inner = u.T @ orthogonalised(matrix) @ vh.T
    # the iteration acts on the singular values alone: a diagonal matrix in the singular bases
    torch.testing.assert_close(inner, torch.diag(inner.diagonal()), atol=1e-4, rtol=0)
    assert inner.diagonal().min() > 0.3 and inner.diagonal().max() < 1.3
    assert abs(inner.diagonal().median() - 1) < 0.35


def test_a_zero_gradient_moves_nothing():
    assert torch.equal(orthogonalised(torch.zeros(4, 9)), torch.zeros(4, 9))


def test_follows_torchs_own_on_matrices():
    torch.manual_seed(0)
    weight = nn.Parameter(torch.randn(12, 4, 3, 3))
    matrix = nn.Parameter(weight.detach().flatten(1).clone())
    ours = Muon([weight], lr=1e-2)
    theirs = torch.optim.Muon([matrix], lr=1e-2, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
    start = matrix.detach().clone()
    for _ in range(5):
        gradient = torch.randn_like(matrix)
        matrix.grad, weight.grad = gradient, gradient.view(weight.shape)
        ours.step()
        theirs.step()
    moved = (matrix - start).norm()
    # theirs iterates in bfloat16
    assert (weight.flatten(1) - matrix).norm() < 0.02 * moved


def test_layout_does_not_matter():
    torch.manual_seed(0)
    values, gradient = torch.randn(2, 6, 4, 3, 3)
    results = []
    for layout in (torch.contiguous_format, torch.channels_last):
        weight = nn.Parameter(values.clone(memory_format=layout))
        weight.grad = gradient.clone(memory_format=layout)
        Muon([weight], lr=0.1).step()
        results.append(weight.detach())
    torch.testing.assert_close(*results)


def test_adam_keeps_what_is_no_hidden_matrix():
    hidden = nn.Conv2d(4, 8, 3)
    picture = nn.Conv2d(8, 3, 7)
    first, second = muon([*hidden.parameters(), *picture.parameters()], 1e-3, 0.0)
    assert [p.shape for g in first.param_groups for p in g["params"]] == [hidden.weight.shape]
    assert len(second.param_groups[0]["params"]) == 3
