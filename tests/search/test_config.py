"""Configurations: what is accepted, and how a mistake is told."""

import tomllib

import pytest
from pocketstyle.errors import UsageError
from pocketstyle.search.config import BUILT_IN, dump_toml, load_config

HEADS = "[data]\nheads = 8\nsize = 32\n"


def written(tmp_path, text: str):
    path = tmp_path / "c.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", sorted(BUILT_IN.glob("*.toml")), ids=lambda p: p.stem)
def test_built_in_configurations_load_by_name_and_round_trip(path, tmp_path):
    config = load_config(path.stem)
    assert load_config(written(tmp_path, dump_toml(config))) == config


def test_overrides_are_toml_values_or_bare_words(tmp_path):
    path = written(tmp_path, HEADS)
    config = load_config(path, ["train.steps=7", "search.device=pixel4", "search.spread=0.1"])
    assert (config.train.steps, config.search.device, config.search.spread) == (7, "pixel4", 0.1)


NAMES = ("2024", "true", "null", "1e3", "nan", "007", "2024-05-01", "12:30:00", "[1]", "a#b", "1_0")


@pytest.mark.parametrize("name", NAMES)
def test_a_path_or_a_text_is_taken_as_it_is_written(tmp_path, name):
    changes = [f"data.source={name}", f"data.target={name}", f"search.device={name}"]
    config = load_config("portraits", [*changes, f"train.face_id={name}"])
    assert [str(config.data.source), config.search.device, config.train.face_id] == [name] * 3
    again = load_config(written(tmp_path, dump_toml(config)))
    assert again == config


def test_a_byte_order_mark_is_no_error(tmp_path):
    path = tmp_path / "c.toml"
    path.write_bytes(b"\xef\xbb\xbf" + HEADS.encode())
    assert load_config(path).data.heads == 8


@pytest.mark.parametrize(
    ("text", "overrides", "message"),
    [
        (
            HEADS + "[train]\nstep = 3\n",
            (),
            "unknown key 'train.step'; allowed: objective, start, steps",
        ),
        (HEADS + "[train]\nsteps = 0\n", (), "train.steps = 0: .*greater than 0"),
        (
            HEADS,
            ("train.objective=other",),
            "train.objective = 'other': .*'unpaired', 'paired', .* or 'perceptual'",
        ),
        (HEADS, ("trian.steps=3",), "unknown key 'trian'; allowed: data, network, train, search"),
        (HEADS, ("steps=3",), "write section.key=value"),
        (HEADS, ("data.source=",), "write section.key=value"),
        (HEADS, ("train.steps=true",), "^--set: train.steps = True: input should be no boolean"),
        (HEADS, ("train.steps=ten",), "^--set: train.steps = 'ten': .*integer"),
        (HEADS + "[train]\nsteps = true\n", (), r"c.toml: train.steps = True"),
        (HEADS, ('card.licence="a\\nb"',), "card.licence"),
        ("[data]\nsize = 32\n", (), "give data.source and data.target, or data.heads"),
        ("[data]\nsource = 'a'\n", (), "data.source and data.target belong together"),
        ("[data]\nheads = 4\nsize = 33\n", (), "data.size: a frame of 33x33.*multiples of 4"),
        ("[data]\nsource = 'a'\nsize = [66, 640]\n", (), "the nearest is 68x640"),
        ("[data]\nsource = 'a'\nsize = [480]\n", (), "a side, or .height, width., each 32 to 1024"),
        ("[data]\nheads = 4\nsize = [64, 96]\n", (), "heads are squares"),
        (
            HEADS,
            ("data.crop=[1.0, 0.9]",),
            r"data.crop = \[1.0, 0.9\]: the smaller share comes first",
        ),
        (HEADS, ("data.crop=[0.01, 1.0]",), "data.crop.0 = 0.01: .*equal to 0.25"),
        (HEADS, ("search.lens=1",), 'search.lens needs search.loss = "distill"'),
        ("heads = [", (), "is not TOML"),
        ("", (), "missing key 'data'"),
    ],
)
def test_mistakes_name_the_key_the_value_and_what_is_allowed(tmp_path, text, overrides, message):
    with pytest.raises(UsageError, match=message) as caught:
        load_config(written(tmp_path, text), overrides)
    assert "\n" not in str(caught.value)


def test_a_missing_file_names_the_built_in_ones():
    with pytest.raises(UsageError, match=r"built in: .*heads"):
        load_config("nonesuch.toml")


def test_a_bank_without_a_teacher_is_refused(toy_config):
    with pytest.raises(UsageError, match=r"search\.bank needs"):
        load_config(toy_config, ["search.bank=2"])


def test_a_path_of_any_script_survives_being_written(toy_config):
    config = load_config(toy_config, ['data.source="фото/😀"'])
    assert tomllib.loads(dump_toml(config))["data"]["source"] == "фото/😀"
