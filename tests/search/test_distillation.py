"""The distilled objective: what the supernet is taught, its compact form is taught too."""

from copy import deepcopy

import pytest
import torch
from pocketstyle.networks import build, compact, searchable, start_search, ugatit_spec
from pocketstyle.search.config import load_config
from pocketstyle.search.distilled import Distilled


@pytest.fixture
def x():
    return torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.fixture
def teacher():
    torch.manual_seed(0)
    return build(ugatit_spec(32, 4, 1)).requires_grad_(False)


def losses(generator, teacher, x, toy_config, kept=None):
    task = Distilled(generator, teacher, load_config(toy_config))
    if kept:
        task.load({"kept": kept})
    return task.losses(x, x, 0)


def test_the_features_come_with_the_same_picture(teacher, x):
    picture, features = teacher.forward_with_features(x)
    assert torch.equal(picture, teacher(x))
    assert features.keys() == teacher.features.keys()
    for name, width in teacher.features.items():
        assert features[name].shape[1] == teacher.widths[width].channels


def test_a_copy_of_the_teacher_has_nothing_to_learn(teacher, x, toy_config):
    copy = build(teacher.spec)
    copy.load_state_dict(teacher.state_dict())
    assert all(abs(float(term)) < 1e-5 for term in losses(copy, teacher, x, toy_config).values())


def test_compact_and_masked_networks_have_the_same_losses(teacher, x, toy_config):
    supernet = build(teacher.spec)
    supernet.load_state_dict(teacher.state_dict())
    start_search(supernet, 0.25)
    widths, gates = searchable(supernet)
    torch.manual_seed(1)
    with torch.no_grad():
        for width in widths:
            width.v.copy_(torch.rand_like(width.v))
        gates[0].alpha.copy_(torch.tensor([1.0, 0.0]))
    masked = losses(supernet, teacher, x, toy_config)
    kept = {width.name: width.kept for width in widths}
    small = losses(compact(supernet), teacher, x, toy_config, kept)
    assert masked["features"] > 1.0  # of a weight of 100: the masks do hurt
    for name, term in masked.items():
        torch.testing.assert_close(small[name], term, rtol=1e-4, atol=1e-5)


def test_closing_a_channel_is_no_way_to_copy_it_better(teacher, x, toy_config):
    supernet = build(teacher.spec)
    start_search(supernet, 0.25)
    task = Distilled(supernet, teacher, load_config(toy_config))
    made = torch.randn(2, 4, 8, 8, requires_grad=True)
    task._feature_error("up2", made, torch.randn(2, 4, 8, 8)).backward()
    assert made.grad.abs().min() > 0
    assert supernet.widths["up2"].v.grad is None


def test_the_bank_answers_what_it_has_seen(teacher, x, toy_config):
    config = load_config(toy_config, ["search.loss=distill", "search.bank=2"])
    supernet = build(teacher.spec)
    start_search(supernet, 0.25)
    task = Distilled(supernet, teacher, config)
    asked = []
    forward = teacher.forward_with_features
    teacher.forward_with_features = lambda x: (asked.append(1), forward(x))[1]
    for _ in range(2):
        task.losses(x, x, 0)
    assert len(asked) == 2  # a supernet's channels change: nothing is kept
    task.kept = {width.name: width.kept for width in searchable(supernet)[0]}
    task.generator = compact(supernet)
    first, again = task.losses(x, x, 0), task.losses(x, x, 0)
    task.losses(x, x, 1)
    assert len(asked) == 4
    assert all(torch.equal(first[name], again[name]) for name in first)
    fresh = losses(task.generator, teacher, x, toy_config, task.kept)
    for name, term in first.items():  # 16 bits are enough
        torch.testing.assert_close(term, fresh[name], rtol=1e-2, atol=1e-2)


def test_with_a_discriminator_the_student_is_drawn_to_the_target_too(teacher, x, toy_config):
    """A student that is its teacher has nothing to learn from it, and yet a gradient."""
    copy = build(teacher.spec)
    copy.load_state_dict(teacher.state_dict())
    config = load_config(toy_config, ["search.loss=distill", "search.adversarial=1"])
    task = Distilled(copy, teacher, config)
    before = [p.clone() for p in task.adversary.network.parameters()]
    terms = task.losses(x, -x, 0)
    sum(terms.values()).backward()
    assert float(terms["adversarial"]) > 0.1
    assert copy.stem.conv.weight.grad.abs().sum() > 0
    after = task.adversary.network.parameters()
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))

    again = Distilled(copy, teacher, config)
    again.load(deepcopy(task.state()))  # as from a file
    assert torch.equal(again.losses(x, -x, 1)["adversarial"], task.losses(x, -x, 1)["adversarial"])


def test_the_lens_sees_what_the_student_does_otherwise(teacher, x, toy_config):
    copy = build(teacher.spec)
    copy.load_state_dict(teacher.state_dict())
    config = load_config(toy_config, ["search.loss=distill", "search.lens=10"])
    task = Distilled(copy, teacher, config)
    assert float(task.losses(x, -x, 0)["lens"]) < 1e-4
    before = [p.clone() for p in task.lens.network.parameters()]
    torch.nn.init.normal_(copy.stem.conv.weight)
    term = task.losses(x, -x, 1)["lens"]
    term.backward()
    assert float(term) > 0.1 and copy.stem.conv.weight.grad.abs().sum() > 0
    after = task.lens.network.parameters()
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_steadiness_is_asked_of_the_compact_student_alone(teacher, x, toy_config):
    config = load_config(toy_config, ["search.loss=distill", "search.temporal=5"])
    student, supernet = build(teacher.spec), build(teacher.spec)
    start_search(supernet, 0.25)
    assert "temporal" not in Distilled(supernet, teacher, config).losses(x, x, 0)
    task = Distilled(student, teacher, config)
    term = task.losses(x, x, 0)["temporal"]
    term.backward()
    assert float(term) > 0 and student.stem.conv.weight.grad.abs().sum() > 0


def test_without_features_the_student_may_have_other_channels(teacher, x, toy_config):
    student = build(ugatit_spec(32, 3, 1))
    task = Distilled(student, teacher, load_config(toy_config, ["search.features=0"]))
    assert task.losses(x, x, 0).keys() == {"l1", "structure"}
