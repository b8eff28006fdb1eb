"""What was trained beside a generator goes on in the search from it."""

import pytest
import torch
from pocketstyle.search import latency_search, search, train
from pocketstyle.search.companions import NAME, save_companions, take_up_companions
from pocketstyle.search.config import load_config
from pocketstyle.search.fresh import fresh_generator
from pocketstyle.search.learner import PUBLISHED_RATE, Learner
from pocketstyle.search.objectives import Paired, Unpaired
from safetensors.torch import load_file


def quiet(_stage, _done, _total):
    """No progress."""


def states(objective):
    return [
        {key: value.clone() for key, value in network.state_dict().items()}
        for _, network in objective.companions()
    ]


@pytest.mark.parametrize("kind", [Unpaired, Paired])
def test_a_search_goes_on_with_them(kind, toy_config, tmp_path, monkeypatch):
    config = load_config(toy_config, [f"train.objective={kind.__name__.lower()}"])
    teacher = train(config, tmp_path / "teacher", resume=False, report=quiet)
    begun = []
    make = latency_search._objective

    def watched(*arguments):
        objective = make(*arguments)
        begun.append((objective, states(objective)))
        return objective

    monkeypatch.setattr(latency_search, "_objective", watched)
    base = config.network.model_copy(update={"base": 2})
    changes = {"search": config.search.model_copy(update={"teacher": teacher}), "network": base}
    search(config.model_copy(update=changes), tmp_path / "run", resume=False, report=quiet)
    ((objective, first),) = begun
    names = [name for name, _ in objective.companions()]
    kept = {Paired: ["to_target"], Unpaired: ["inverse", "to_target", "to_source"]}
    assert names == kept[kind]

    tensors = load_file(teacher.with_name(NAME))
    for name, state in zip(names, first, strict=True):
        for key, value in state.items():
            torch.testing.assert_close(value, tensors[f"{name}.{key}"], rtol=0, atol=0)


def test_others_are_left_as_they_are(tmp_path, capsys):
    small, large = torch.nn.Linear(2, 3), torch.nn.Linear(2, 4)

    assert not take_up_companions(tmp_path / "model.safetensors", [("to_target", large)])
    save_companions(tmp_path, [("to_target", small)])
    before = large.weight.clone()
    assert not take_up_companions(tmp_path / "model.safetensors", [("to_target", large)])
    assert torch.equal(large.weight, before)
    assert "does not fit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("optimizer", "wished", "rate"),
    [("adam", None, 5e-3), ("muon", None, PUBLISHED_RATE), ("muon", 7e-5, 7e-5)],
)
def test_discriminators_learn_at_a_rate_of_adam(optimizer, wished, rate, toy_config):
    config = load_config(toy_config, ["train.objective=paired"])
    settings = {"optimizer": optimizer, "discriminator_rate": wished}
    config = config.model_copy(update={"train": config.train.model_copy(update=settings)})

    device = torch.device("cpu")
    generator = fresh_generator(config, device)
    learner = Learner(generator, Paired(generator, config, device), config)
    learner.set_rate(0.5, 5e-3)
    assert {g["lr"] for o in learner.optimizers for g in o.param_groups} == {0.5 * 5e-3}
    own = {g["lr"] for o in learner.objective.optimizers() for g in o.param_groups}
    assert own == {0.5 * rate}
