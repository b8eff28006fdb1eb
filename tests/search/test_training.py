"""The objectives learn, and what a training begins with and keeps."""

import pytest
import torch
from pocketstyle.errors import UsageError
from pocketstyle.networks import (
    PORTRAIT_SPECS,
    ModelCard,
    PatchDiscriminator,
    build,
    save,
    ugatit_spec,
)
from pocketstyle.search import search
from pocketstyle.search.adversary import Adversary
from pocketstyle.search.config import load_config
from pocketstyle.search.distilled import Distilled
from pocketstyle.search.fresh import fresh_generator
from pocketstyle.search.latency_search import _with_family
from pocketstyle.search.learner import Learner
from pocketstyle.search.objectives import Paired, Unpaired
from pocketstyle.search.optimizers import adam, learning_rate_at, load_optimizer


def test_learning_rate_is_fixed_then_falls_to_zero():
    rates = [learning_rate_at(step, 100, 2.0) for step in (0, 50, 75, 99)]
    assert rates == pytest.approx([2.0, 2.0, 1.0, 0.04])


@pytest.mark.parametrize("objective", [Paired, Unpaired])
@pytest.mark.parametrize(
    "family", ["ugatit", "ugatit-full", "ugatit-deep", "cyclegan", "photo2cartoon"]
)
def test_every_parameter_of_an_objective_gets_a_gradient(objective, family, toy_config):
    config = load_config(toy_config, [f"network.family={family}", "network.base=4"])
    torch.manual_seed(0)
    generator = fresh_generator(config, torch.device("cpu"))
    task = objective(generator, config, torch.device("cpu"))
    for network in (generator, *task.partners()):
        for name, parameter in network.named_parameters():
            if name.endswith("_mix"):  # 0 at the start: the content's statistics wait for it
                torch.nn.init.constant_(parameter, 0.5)
    x, y = torch.rand(2, 2, 3, 32, 32) * 2 - 1
    learning = [p for o in task.optimizers() for g in o.param_groups for p in g["params"]]
    before = [parameter.clone() for parameter in learning]
    terms = task.losses(x, y, 0)
    assert ("cam" in terms) == (objective is Unpaired and family != "cyclegan")
    sum(terms.values()).backward()
    # without the CAM loss the classifiers still weigh the features, so nothing is idle
    for network in (generator, *task.partners()):
        for name, parameter in network.named_parameters():
            if family == "cyclegan" and name.endswith("bias"):
                continue  # the instance norm behind it takes it away
            assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
    unmoved = [a.shape for a, b in zip(learning, before, strict=True) if torch.equal(a, b)]
    assert unmoved == []  # each discriminator learns, none stands by


def test_the_adversarys_weights_rest_while_the_generator_learns(toy_config):
    config = load_config(toy_config)
    task = Paired(build(ugatit_spec(32, 2, 1)), config, torch.device("cpu"))
    fake = (torch.rand(1, 3, 32, 32) * 2 - 1).requires_grad_()
    task.adversary.fool(fake).backward()
    assert fake.grad.abs().sum() > 0
    assert all(p.grad is None for p in task.adversary.network.parameters())


def test_the_pool_shows_old_fakes_and_never_grows():
    adversary = Adversary(
        PatchDiscriminator(2),
        learning_rate=1e-3,
        weight_decay=0.0,
        pool=3,
        seed=0,
        device=torch.device("cpu"),
    )
    shown = [adversary._from_pool(torch.full((2, 3, 4, 4), float(i)), i) for i in range(12)]
    assert len(adversary.pool) == 3
    older = [float(p[0, 0, 0]) < i for i, batch in enumerate(shown) for p in batch]
    assert any(older) and not all(older)


def test_distillation_comes_closer_to_the_teacher(toy_config):
    torch.manual_seed(0)
    teacher = build(ugatit_spec(32, 2, 1)).eval().requires_grad_(False)
    student = build(ugatit_spec(32, 2, 1))
    task = Distilled(student, teacher, load_config(toy_config))
    optimizer = adam(student.parameters(), 2e-3, 0.0)
    x = torch.rand(2, 3, 32, 32) * 2 - 1
    losses = []
    for step in range(40):
        loss = sum(task.losses(x, x, step).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


def test_a_restored_optimiser_goes_on_as_before():
    """Channels-last weights: the restored moments must take their layout."""
    torch.manual_seed(0)
    layers = [torch.nn.Conv2d(4, 6, 3).to(memory_format=torch.channels_last) for _ in range(2)]
    layers[1].load_state_dict(layers[0].state_dict())
    first, second = (adam(layer.parameters(), 0.1, 0.0) for layer in layers)
    x = torch.randn(1, 4, 8, 8)

    def step(layer, optimizer):
        optimizer.zero_grad()
        layer(x).square().sum().backward()
        optimizer.step()

    step(layers[0], first)
    layers[1].load_state_dict(layers[0].state_dict())
    state = first.state_dict()
    flat = {
        i: {name: value.clone(memory_format=torch.contiguous_format) for name, value in m.items()}
        for i, m in state["state"].items()
    }
    load_optimizer(second, state | {"state": flat})
    step(layers[0], first)
    step(layers[1], second)
    assert torch.equal(layers[0].weight, layers[1].weight)


def test_a_training_starts_from_a_model_of_another_size(toy_config, tmp_path):
    torch.manual_seed(1)
    small = build(ugatit_spec(64, 2, 1))
    save(tmp_path / "small.safetensors", small, ModelCard("small"))
    config = load_config(toy_config, [f"train.start={tmp_path}/small.safetensors"])
    generator = fresh_generator(config, torch.device("cpu"))
    assert generator.spec.size == 32
    x = torch.rand(1, 3, 32, 32) * 2 - 1
    assert (generator(x) - small(x)).abs().max() < 1e-5


def test_a_deep_generator_starts_from_a_light_one(toy_config, tmp_path):
    """All but its stem and its last convolution, which are of another width."""
    small = build(ugatit_spec(64, 4, 2))
    save(tmp_path / "small.safetensors", small, ModelCard("small"))
    start = f"train.start={tmp_path}/small.safetensors"
    deep = ["network.family=ugatit-deep", "network.base=4", "network.blocks=2"]
    generator = fresh_generator(load_config(toy_config, [start, *deep]), torch.device("cpu"))
    own, given = generator.state_dict(), small.state_dict()
    inside = {name for name in given if not name.startswith(("stem.", "to_rgb."))}
    assert len(inside) == 30 and all(torch.equal(own[name], given[name]) for name in inside)
    assert generator.stem.conv.weight.shape[0] == 2


@pytest.mark.parametrize("other", ["network.base=3", "network.blocks=2", "network.family=cyclegan"])
def test_a_model_that_does_not_fit_is_no_start(other, toy_config):
    start = f"train.start={toy_config.parent}/teacher.safetensors"
    with pytest.raises(UsageError, match=r"train\.start: .* is ugatit at 32x32 px with 2 blocks"):
        fresh_generator(load_config(toy_config, [start, other]), torch.device("cpu"))


def test_what_is_kept_is_the_mean_of_the_steps(toy_config):
    config = load_config(toy_config, ["train.average=0.8", "train.objective=paired"])
    torch.manual_seed(0)
    generator = fresh_generator(config, torch.device("cpu"))
    learner = Learner(generator, Paired(generator, config, torch.device("cpu")), config)
    x, y = torch.rand(2, 2, 3, 32, 32) * 2 - 1
    mean = None
    for number in range(5):
        learner.descend(learner.losses(x, y, number))
        weight = generator.to_rgb.weight.detach()
        mean = weight.clone() if mean is None else 0.8 * mean + 0.2 * weight
    assert (learner.result.to_rgb.weight - mean).abs().max() < 1e-7
    assert (learner.result.to_rgb.weight - weight).abs().max() > 1e-5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["search.batch=3"], "search.batch = 3 is no multiple of train.accumulate = 2"),
        (["search.loss=distill", "search.bank=4"], "search.bank and train.accumulate do not go"),
    ],
)
def test_a_search_refuses_parts_that_do_not_fit(changes, message, toy_config, tmp_path):
    config = load_config(toy_config, ["train.accumulate=2", *changes])
    with pytest.raises(UsageError, match=message):
        search(config, tmp_path / "run", resume=False, report=lambda *_: None)
    assert not (tmp_path / "run").exists()


def test_a_search_is_of_its_teachers_family(toy_config, tmp_path):
    teacher = f"search.teacher={toy_config.parent / 'teacher.safetensors'}"
    config = load_config(toy_config, [teacher, "network.family=cyclegan"])
    with pytest.raises(
        UsageError, match=r'family = "cyclegan", but search\.teacher is of "ugatit"'
    ):
        search(config, tmp_path / "run", resume=False, report=lambda *_: None)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("family", PORTRAIT_SPECS)
def test_a_searchs_settings_say_its_teachers_family(family, toy_config):
    config = load_config(toy_config)
    assert _with_family(config, PORTRAIT_SPECS[family](32, 4)).network.family == family
