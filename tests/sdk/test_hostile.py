"""Bundles made to harm are refused with a line that says why, as in benchmarks/hostile.py."""

import os
import random
import sys

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from harmed_bundles import (
    doubled,
    harmed,
    network_of,
    resized_inside,
    tricks,
    with_member,
    written,
)
from hostile import Watch, in_a_child, play, run
from pocketstyle.cli.app import main
from pocketstyle.converters.flatbuffer import read_model
from pocketstyle.errors import DataError, FormatError
from pocketstyle.sdk import Stylizer, append_info, graph_check, read_info, shipped
from pocketstyle.sdk.graph_check import OPERATORS, check_graphs

HEADS = shipped()["heads"]
NETWORK, INFO = network_of(HEADS.read_bytes()), read_info(HEADS)


def refusal(folder, data: bytes) -> str:
    """What loading says, less the path."""
    path = folder / "x.tflite"
    path.write_bytes(data)
    with pytest.raises(FormatError) as caught:
        Stylizer.load(path, threads=1, accelerator="cpu")
    assert [one.name for one in folder.iterdir()] == ["x.tflite"]
    return str(caught.value).removeprefix(str(path)).lstrip(": ")


def rewired(edit) -> bytes:
    model = read_model(NETWORK)
    edit(model, model.subgraphs[0])
    return append_info(written(model), INFO)


def own(network: bytes, name: str) -> bytes:
    return next(data for trick, data in tricks(network, INFO) if trick == name)


@pytest.mark.parametrize(
    ("trick", "line"),
    [
        ("deep JSON", "is damaged: its metadata is not JSON"),
        ("keys twice", "is damaged: its metadata is not JSON"),
        ("not UTF-8", "is damaged: its metadata is not JSON"),
        ("a long number", "is damaged: its metadata is not JSON"),
        ("zip bomb 8", "has pocketstyle.json compressed, which bundles have stored"),
        ("encrypted", "is damaged: its metadata cannot be unpacked"),
        ("head alone", "is damaged: its network cannot be read"),
        ("zeros behind the head", "is refused: its network has no graph, or is of another version"),
    ],
)
def test_tricks_with_the_file(tmp_path, trick, line):
    assert refusal(tmp_path, own(NETWORK, trick)) == line


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('"std":127.5', '"std":0', "Input should be greater than or equal to 0.0001"),
        ('"std":127.5', '"std":1e300', "Input should be less than or equal to 1000000"),
        ('"mean":127.5', '"mean":-1e300', "Input should be greater than or equal to -1000000"),
    ],
)
def test_numbers_that_no_network_has(tmp_path, old, new, line):
    text = INFO.model_dump_json()
    assert old in text
    field = old.split('"')[1]
    told = refusal(tmp_path, with_member(NETWORK, text.replace(old, new, 1)))
    assert told == f"bad metadata at signatures.0.inputs.0.{field}: {line}"


@pytest.mark.parametrize("harm", ["NaN", "Infinity", '"\\u001b[2J"', '["\\u009b2J"]'])
def test_what_is_no_json_and_what_a_terminal_would_obey(tmp_path, harm):
    text = INFO.model_dump_json().replace('"spec":{', f'"spec":{{"a":{harm},', 1)
    told = refusal(tmp_path, with_member(NETWORK, text))
    assert told == "is damaged: its metadata is not JSON"


def test_two_sizes_in_the_metadata_of_one_network(tmp_path):
    text = INFO.model_dump_json().replace("[1,128,128,3]", "[1,99999,99999,3]")
    told = refusal(tmp_path, with_member(NETWORK, text))
    assert told == (
        "the metadata promise content: float32 (1, 99999, 99999, 3), "
        "the network has content: float32 (1, 128, 128, 3)"
    )


def _custom(model, graph):
    code = model.operatorCodes[graph.operators[0].opcodeIndex]
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = "Evil"


def _elsewhere(model, graph):
    group, external = schema.ExternalBufferGroupT(), schema.ExternalBufferT()
    group.name = "/etc/passwd"
    external.length = 64
    model.externalBufferGroups, model.externalBuffers = [group], [external]


def _behind(model, graph):
    model.buffers[-1].data, model.buffers[-1].offset, model.buffers[-1].size = None, 2**40, 100


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (_custom, "it has an operator (32) that style networks do not have"),
        (_elsewhere, "its weights are in other files"),
        (_behind, "its weights lie outside of the file"),
        (
            lambda model, graph: setattr(model.signatureDefs[0], "subgraphIndex", 7),
            "a signature's graph is out of range",
        ),
        (
            lambda model, graph: setattr(model.signatureDefs[0].inputs[0], "tensorIndex", 5),
            "a signature names a tensor that is no input or output of its graph",
        ),
        (
            lambda model, graph: setattr(graph, "outputs", [-1]),
            "a tensor's index is out of range",
        ),
        (
            lambda model, graph: setattr(graph.tensors[3], "buffer", 2**31),
            "a tensor's buffer is out of range",
        ),
        (
            lambda model, graph: setattr(graph.operators[0], "opcodeIndex", 99),
            "an operator's code is out of range",
        ),
        (
            lambda model, graph: graph.operators.reverse(),
            "TANH needs a tensor that nothing has computed",
        ),
        (
            lambda model, graph: setattr(
                graph.operators[-1], "inputs", graph.operators[-1].outputs
            ),
            "TANH needs a tensor that nothing has computed",
        ),
        (
            lambda model, graph: setattr(graph.tensors[graph.outputs[0]], "buffer", 3),
            "TANH computes what is already there, or no tensor",
        ),
        (
            lambda model, graph: setattr(graph.tensors[3], "shape", [1, -5]),
            "a tensor has the shape [1, -5]",
        ),
        (
            lambda model, graph: setattr(graph.tensors[3], "type", schema.TensorType.RESOURCE),
            f"a tensor is of type {schema.TensorType.RESOURCE}, which style networks do not have",
        ),
        (
            lambda model, graph: setattr(graph.operators[0], "inputs", []),
            "MIRROR_PAD has 0 inputs and 1 outputs",
        ),
    ],
)
def test_graphs_that_do_not_fit(tmp_path, edit, line):
    assert refusal(tmp_path, rewired(edit)) == f"is refused: {line}"


@pytest.mark.parametrize("side", [2048, 65535])
def test_a_picture_that_grows_inside(tmp_path, side):
    told = refusal(tmp_path, append_info(resized_inside(NETWORK, side), INFO))
    assert told.startswith(("is refused: its tensors take", "cannot be loaded: "))


def test_a_picture_that_is_doubled_again_and_again(tmp_path):
    told = refusal(tmp_path, append_info(doubled(NETWORK), INFO))
    assert told.startswith(("is refused: its tensors take", "cannot be loaded: "))


def test_devices_and_pipes_are_no_bundles(tmp_path):
    os.mkfifo(tmp_path / "pipe.tflite")  # reading it would wait for ever
    for path in (tmp_path / "pipe.tflite", "/dev/zero"):
        with pytest.raises(DataError, match=r"cannot read .*: no file"):
            read_info(path)


def test_files_that_a_bundle_names_stay_closed(tmp_path):
    """Seen from outside, since the runtime is no Python."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    canary = elsewhere / "canary"
    canary.write_bytes(bytes(4096))
    watch = Watch(elsewhere)
    assert canary.read_bytes() and watch.seen()

    def name_it(model, graph):
        _elsewhere(model, graph)
        model.externalBufferGroups[0].name = str(canary)

    path = tmp_path / "x.tflite"
    path.write_bytes(rewired(name_it))
    assert in_a_child(play, path)[0] == "refused: BUNDLE is refused: its weights are in other files"
    path.write_bytes(own(NETWORK, "paths in the zip"))
    assert in_a_child(play, path)[0] == "done"
    assert not watch.seen()


@pytest.mark.parametrize("command", ["info", "verify", "bench", "stylize"])
def test_every_command_says_so_in_a_line(tmp_path, command, monkeypatch, capsys):
    path, out = tmp_path / "x.tflite", tmp_path / "made"
    path.write_bytes(rewired(lambda model, graph: graph.operators.reverse()))
    words = [str(path)]
    if command == "stylize":
        words = [str(tmp_path / "no.png"), "-m", str(path), "-o", str(out)]
    monkeypatch.setattr(sys, "argv", ["pocketstyle", command, *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    line = f"pocketstyle: {path} is refused: TANH needs a tensor that nothing has computed\n"
    assert capsys.readouterr().err == line
    assert not out.exists()


def test_a_title_is_no_markup(tmp_path, monkeypatch, capsys):
    path = tmp_path / "x.tflite"
    path.write_bytes(append_info(NETWORK, INFO.model_copy(update={"title": "[/red] [link=x]"})))
    monkeypatch.setattr(sys, "argv", ["pocketstyle", "info", str(path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert "[/red] [link=x]" in capsys.readouterr().out


def test_shipped_bundles_are_trusted_and_others_are_not(tmp_path, monkeypatch):
    def never(path):
        raise FormatError("checked")

    monkeypatch.setattr(graph_check, "check_graphs", never)
    Stylizer.load("heads", threads=1, accelerator="cpu").close()
    assert refusal(tmp_path, HEADS.read_bytes()) == "checked"


@pytest.mark.parametrize("name", shipped())
def test_copies_of_the_shipped_ones_pass(name):
    check_graphs(shipped()[name])


def test_a_copy_plays_as_the_shipped_one_does(tmp_path):
    copy = tmp_path / "x.tflite"
    copy.write_bytes(HEADS.read_bytes())
    picture = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    made = []
    for path in (HEADS, copy):
        with Stylizer.load(path, threads=1, accelerator="cpu") as stylizer:
            made.append(stylizer.stylize(picture))
    assert (made[0] == made[1]).all()


def test_operators_are_those_of_the_schema():
    numbers = {name: value for name, value in vars(schema.BuiltinOperator).items()}
    assert OPERATORS and all(numbers[rule.name] == code for code, rule in OPERATORS.items())


def test_a_few_of_the_benchmarks(tmp_path):
    found = run(harmed(24, random.Random(0)))
    assert found["wrong"] == []
    assert sum(found["totals"].values()) == 2 * 24
    assert found["totals"]["play: refused"] >= 12 and found["totals"]["play: done"] >= 2
