"""Networks of others: written in the usual modules, exported as people do, converted here."""

import json
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter
from pocketstyle.converters.foreign import convert_foreign
from pocketstyle.errors import DataError, FormatError, PocketstyleError, UsageError
from pocketstyle.quiet import quiet
from pocketstyle.sdk import read_info
from torch import nn

SIZE = 32


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels, affine=True),
            nn.ReLU(),
        )

    def forward(self, x):
        return x + self.body(x)


def style_network():
    """The fast style network that everybody trains (Johnson et al. 2016), small."""
    torch.manual_seed(0)
    network = nn.Sequential(
        *(nn.ReflectionPad2d(4), nn.Conv2d(3, 8, 9), nn.InstanceNorm2d(8, affine=True), nn.ReLU()),
        *(nn.Conv2d(8, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.LeakyReLU(0.2)),
        Residual(16),
        *(nn.ConvTranspose2d(16, 8, 3, 2, 1, 1), nn.InstanceNorm2d(8), nn.PReLU()),
        *(nn.Upsample(scale_factor=2), nn.AvgPool2d(2), nn.Conv2d(8, 3, 3, padding="same")),
        nn.Tanh(),
    )
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)
    return network.eval()


def exported(network, path, **options):
    x = torch.rand(1, 3, SIZE, SIZE)
    with quiet():
        if path.suffix == ".pt2":
            torch.export.save(torch.export.export(network, (x,)), path)
        else:
            torch.onnx.export(network, (x,), path, dynamo=True, verbose=False, **options)
    return path


def played(path, x):
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    content = x.permute(0, 2, 3, 1).contiguous().numpy()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], content)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


@pytest.mark.parametrize("suffix", [".onnx", ".pt2"])
def test_a_style_network_comes_out_whole_and_on_the_gpu(suffix, tmp_path):
    network = style_network()
    out = tmp_path / "out.tflite"
    found = convert_foreign(exported(network, tmp_path / f"theirs{suffix}"), out)
    x = torch.rand(1, 3, SIZE, SIZE) * 2 - 1
    with torch.no_grad():
        wanted = network(x).permute(0, 2, 3, 1).numpy()
    assert np.abs(played(out, x) - wanted).max() < 1e-4
    assert found.transposes == 0 and found.delegate_refuses == {}
    assert found.gate.resident is not False, found.gate.note
    names = {line.split(":")[0] for line in found.rewritten}
    assert names == {"InstanceNormalization", "ConvTranspose"}


def test_what_would_fall_off_is_told(tmp_path):
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReplicationPad2d(1), nn.Conv2d(8, 3, 3))
    out = tmp_path / "out.tflite"
    found = convert_foreign(exported(network.eval(), tmp_path / "theirs.onnx"), out)
    assert found.delegate_refuses == {"MIRROR_PAD: only reflected": 1}
    if found.gate.resident is not None:
        assert found.gate.resident is False and "MIRROR_PAD" in found.gate.note
    assert read_info(out).spec["source"] == "theirs.onnx"


def test_an_operator_without_a_conversion_is_named_with_its_place(tmp_path):
    class Fourier(nn.Module):
        def forward(self, x):
            return torch.erf(x)

    path = exported(nn.Sequential(nn.Conv2d(3, 3, 1), Fourier()).eval(), tmp_path / "theirs.onnx")
    with pytest.raises(PocketstyleError, match=r"^1\.erf: the operator Erf"):
        convert_foreign(path, tmp_path / "out.tflite")
    assert not (tmp_path / "out.tflite").exists()


def test_open_sides_need_a_size(tmp_path):
    sides = {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    path = exported(style_network(), tmp_path / "theirs.onnx", dynamic_shapes=(sides,))
    with pytest.raises(UsageError, match="--size"):
        convert_foreign(path, tmp_path / "out.tflite")
    assert convert_foreign(path, tmp_path / "out.tflite", 64).transposes == 0


def test_files_of_another_kind(tmp_path):
    for name, error in (("none.onnx", DataError), ("x.onnx", FormatError), ("x.pt2", FormatError)):
        if name.startswith("x"):
            (tmp_path / name).write_text("nothing of the kind")
        with pytest.raises(error):
            convert_foreign(tmp_path / name, tmp_path / "out.tflite")
    assert not (tmp_path / "out.tflite").exists()


class Planted:
    """Unpickled, it makes a folder."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("where", ["sample inputs", "constant", "weight"])
def test_what_is_pickled_in_an_archive_never_runs(where, tmp_path):
    whole, tampered = exported(style_network(), tmp_path / "whole.pt2"), tmp_path / "tampered.pt2"
    trap = tmp_path / "trap"
    planted = pickle.dumps(Planted(trap))
    entry = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": False}
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(tampered, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if where == "sample inputs" and "sample_inputs" in name:
                data = planted
            if where == "constant" and name.endswith("constants_config.json"):
                data = json.dumps({"config": {"planted": entry | {"tensor_meta": None}}})
                new.writestr(name.rpartition("/")[0] + "/opaque_obj_0", planted)
            if where == "weight" and name.endswith("weights_config.json"):
                config = json.loads(data)["config"]
                next(iter(config.values()))["use_pickle"] = True
                data = json.dumps({"config": config})
            if where == "weight" and name.endswith("weight_0"):
                data = planted
            new.writestr(name, data)
    if where == "sample inputs":
        assert convert_foreign(tampered, tmp_path / "out.tflite").transposes == 0
    else:
        with pytest.raises(FormatError, match=r"stored as a pickle|is not read from an archive"):
            convert_foreign(tampered, tmp_path / "out.tflite")
    assert not trap.exists(), "sprung"
