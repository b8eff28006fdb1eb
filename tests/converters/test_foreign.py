"""Networks of others: written in the usual modules, exported as people do, converted here."""

import json
import os
import pickle
import zipfile

import numpy as np
import onnx
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter
from pocketstyle.converters import convert, load_foreign, verify
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
    run = Interpreter(str(path)).get_signature_runner("stylize")
    return run(content=x.permute(0, 2, 3, 1).contiguous().numpy())["stylized"]


def converted(source, out, size=None, precision="fp32", **options):
    """The bundle's verification, and what was rewritten."""
    network, card = load_foreign(source, size)
    convert(network, card, {precision: out}, predicted_ms={}, **options)
    return verify(out, (network, card)), network.rewritten


@pytest.mark.parametrize("suffix", [".onnx", ".pt2"])
def test_a_style_network_comes_out_whole_and_on_the_gpu(suffix, tmp_path):
    network = style_network()
    out = tmp_path / "out.tflite"
    found, rewritten = converted(exported(network, tmp_path / f"theirs{suffix}"), out)
    x = torch.rand(1, 3, SIZE, SIZE) * 2 - 1
    with torch.no_grad():
        wanted = network(x).permute(0, 2, 3, 1).numpy()
    assert np.abs(played(out, x) - wanted).max() < 1e-4
    assert found.problems == () and found.delegate_refuses == {}
    names = {line.split(":")[0] for line in rewritten}
    assert names == {"InstanceNormalization", "ConvTranspose"}


def test_it_goes_through_all_that_ours_do(tmp_path):
    """Precision, bytes, another route's names: the same recipe."""
    source, out = exported(style_network(), tmp_path / "theirs.onnx"), tmp_path / "out.tflite"
    converted(source, out, precision="int8-weights", byte_pictures=True, allow_lossy=True)
    info = read_info(out)
    assert info.precision == "int8-weights"
    assert info.signatures[0].inputs[0].dtype == "uint8"


class Scaled(nn.Module):
    """The same network for another rule of pixels, (mean, std)."""

    def __init__(self, rule):
        super().__init__()
        self.network, self.rule = style_network(), rule

    def forward(self, x):
        mean, std = self.rule
        made = self.network((x * std + mean - 127.5) / 127.5)
        return (made * 127.5 + 127.5 - mean) / std


def test_parity_is_of_pixels_whatever_they_become(tmp_path):
    photos = np.random.default_rng(0).integers(0, 256, (2, SIZE, SIZE, 3), np.uint8)
    psnr = []
    for number, rule in enumerate(((127.5, 127.5), (0.0, 1.0), (0.0, 255.0))):
        source = exported(Scaled(rule).eval(), tmp_path / f"{number}.onnx")
        theirs = load_foreign(source, mean=rule[0], std=rule[1])
        for byte_pictures in (False, True):
            out = tmp_path / f"{number}{byte_pictures}.tflite"
            options = {"pictures": photos, "byte_pictures": byte_pictures, "allow_lossy": True}
            convert(*theirs, {"int8-weights": out}, predicted_ms={}, **options)
            psnr.append(verify(out, theirs, photos).parity.psnr_db)
    assert max(psnr) - min(psnr) < 3  # bytes are rounded


def test_group_norm(tmp_path):
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.GroupNorm(4, 8), nn.Conv2d(8, 3, 1))
    source, out = exported(network.eval(), tmp_path / "theirs.onnx"), tmp_path / "out.tflite"
    assert converted(source, out)[0].max_abs < 1e-4


def test_a_kind_of_operator_without_a_form_is_named_with_its_place(tmp_path):
    network = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Upsample(scale_factor=2, mode="bicubic"))
    path = exported(nn.Sequential(network, nn.AvgPool2d(2)).eval(), tmp_path / "theirs.onnx")
    model = onnx.load(path)
    (resize,) = (node for node in model.graph.node if node.op_type == "Resize")
    for attribute in resize.attribute:
        if attribute.name == "coordinate_transformation_mode":
            attribute.s = b"tf_crop_and_resize"
    resize.input[1] = resize.input[1] or "region"
    region = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.float32)
    model.graph.initializer.append(onnx.numpy_helper.from_array(region, "region"))
    onnx.save(model, path)
    words = r"theirs.onnx: 0\.1\..*Resize.*coordinate_transformation_mode tf_crop_and_resize"
    with pytest.raises(PocketstyleError, match=words):
        load_foreign(path)


class Shuffled(nn.Module):
    """A shuffle of channels, grouped convolutions, edges repeated, an unbiased variance."""

    def __init__(self):
        super().__init__()
        self.widen = nn.Conv2d(3, 12, 5)
        self.narrow = nn.Conv2d(12, 6, 3, padding=1, groups=3)
        self.gamma = nn.Parameter(torch.rand(1))
        self.mix = nn.Conv2d(6, 3, 1, groups=3)

    def forward(self, x):
        x = nn.functional.pad(x, (2, 2, 1, 0), "replicate")
        x = self.widen(nn.functional.pad(x, (0, 0, 0, 3), value=0.5))
        n, c, height, width = x.shape
        x = x.view(n, 3, c // 3, height, width).transpose(1, 2).reshape(n, c, height, width)
        x = self.narrow(x)
        x = (x - x.mean((1, 2, 3), keepdim=True)) / (x.var((2, 3), keepdim=True) + 1e-5).sqrt()
        x = x * self.gamma
        return self.mix(x)


def test_shuffles_groups_and_edges_stay_on_the_gpu(tmp_path):
    network = Shuffled().eval()
    source, out = exported(network, tmp_path / "theirs.onnx"), tmp_path / "out.tflite"
    found, rewritten = converted(source, out)
    assert found.problems == () and found.delegate_refuses == {}
    assert rewritten == {
        "channel shuffle: a 1x1 convolution": 1,
        "grouped Conv: without groups": 2,
        "two factors: one": 1,
    }
    x = torch.rand(1, 3, SIZE, SIZE) * 2 - 1
    with torch.no_grad():
        wanted = network(x).permute(0, 2, 3, 1).numpy()
    assert np.abs(played(out, x) - wanted).max() < 1e-5


class ChannelsLast(nn.Module):
    """As TensorFlow's exporters write it: pictures with their channels last."""

    def __init__(self):
        super().__init__()
        self.network = style_network()

    def forward(self, x):
        return self.network(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


def test_channels_last(tmp_path):
    path = tmp_path / "theirs.onnx"
    with quiet():
        network, x = ChannelsLast().eval(), torch.rand(1, SIZE, SIZE, 3)
        torch.onnx.export(network, (x,), path, dynamo=True, verbose=False)
    found, _ = converted(path, tmp_path / "out.tflite")
    assert found.transposes == 0 and found.max_abs < 1e-4
    with torch.no_grad():
        wanted = network(x).numpy()
    made = played(tmp_path / "out.tflite", x.permute(0, 3, 1, 2))
    assert np.abs(made - wanted).max() < 1e-4


def test_what_would_fall_off_is_told(tmp_path):
    class Groups(nn.Module):
        def forward(self, x):
            return x.reshape(1, 4, 3, SIZE, SIZE).mean(1)

    network = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), Groups())
    out = tmp_path / "out.tflite"
    found, _ = converted(exported(network.eval(), tmp_path / "theirs.onnx"), out)
    assert any("more than four axes" in line for line in found.delegate_refuses)
    assert read_info(out).provenance["source"] == "theirs.onnx"


def test_an_operator_without_a_conversion_is_named_with_its_place(tmp_path):
    class Sorted(nn.Module):
        def forward(self, x):
            return x.topk(3, 1).values

    path = exported(nn.Sequential(nn.Conv2d(3, 5, 1), Sorted()).eval(), tmp_path / "theirs.onnx")
    with pytest.raises(PocketstyleError, match=r"theirs.onnx: 1\.topk: the operator TopK.*Reduce"):
        load_foreign(path)


def test_open_sides_need_a_size(tmp_path):
    sides = {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    path = exported(style_network(), tmp_path / "theirs.onnx", dynamic_shapes=(sides,))
    with pytest.raises(UsageError, match="--size"):
        load_foreign(path)
    assert converted(path, tmp_path / "out.tflite", 64)[0].transposes == 0


def test_files_of_another_kind(tmp_path):
    for name, error in (("none.onnx", DataError), ("x.onnx", FormatError), ("x.pt2", FormatError)):
        if name.startswith("x"):
            (tmp_path / name).write_text("nothing of the kind")
        with pytest.raises(error):
            load_foreign(tmp_path / name)


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
        assert load_foreign(tampered)[0].spec.size == SIZE
    else:
        with pytest.raises(FormatError, match=r"stored as a pickle|is not read from an archive"):
            load_foreign(tampered)
    assert not trap.exists(), "sprung"
