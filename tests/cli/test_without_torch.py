"""What neither trains nor converts runs where only the base is installed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pocketstyle.cli.networks import bundle_path, network_and_card
from pocketstyle.converters import kernels_of_file, stored_values
from pocketstyle.latency_model import SpeedModel, total_macs
from pocketstyle.sdk import shipped

ROOT = Path(__file__).parents[2]
ABSENT = (
    *("torch", "torchmetrics", "safetensors", "tensorboard", "matplotlib", "tensorflow", "jax"),
    *("litert_torch", "ai_edge_quantizer", "onnx", "onnxruntime", "onnxscript", "filelock"),
    *("ray", "cv2", "skimage", "sklearn", "scipy"),
)
CHILD = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
from pocketstyle.cli.app import main
main()
"""
COMMANDS = {
    "info heads": "to_rgb",
    "info artnet-256 --json": "predicted_ms",
    "latency devices": "pixel4",
    "latency predict heads --device all": "never measured",
    "models": "toonhead",
    "verify heads": "transposes",
    "data heads --out {out} --count 1 --size 32": "1 pairs",
    "stylize {photo} -m heads -o {out}.png": "1 made",
    "latency measure heads": "litert-cpu",
    "version": ".",
}
HELP = ("train", "search", "prune", "convert", "verify", "evaluate", "bench", "demo", "android run")


def based(*words):
    command = [sys.executable, "-c", CHILD, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs(command, tmp_path):
    filled = command.format(out=tmp_path / "out", photo="demo/astronaut.jpg")
    done = based(*filled.split())
    assert done.returncode == 0, done.stderr
    assert COMMANDS[command] in done.stdout


def test_every_command_has_its_help_and_the_rest_says_what_to_install():
    for command in HELP:
        assert based(*command.split(), "--help").returncode == 0, command
    for command, extra in (("train heads", "search"), ("convert heads-teacher -o x", "convert")):
        done = based(*command.split())
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert f"pip install 'pocketstyle[{extra}]'" in done.stderr


@pytest.mark.parametrize("name", shipped())
def test_a_file_costs_what_its_network_does(name):
    """torch's networks list their kernels by themselves."""
    network, _ = network_and_card(name)
    found = kernels_of_file(bundle_path(name))
    kernels = [kernel for part in found.values() for kernel in part]
    own = list(network.kernels())
    assert sorted(k.op for k in kernels) == sorted(k.op for k in own)
    assert total_macs(kernels) == total_macs(own)
    for device in ("s10", "host-cpu"):
        model = SpeedModel.load(device)
        assert model.latency(kernels) == pytest.approx(model.latency(own), rel=1e-4)
    if network.spec.family.startswith("ugatit"):
        assert {part: list(ks) for part, ks in network.parts()} == found
    weights = sum(parameter.numel() for parameter in network.parameters())
    assert stored_values(bundle_path(name)) == pytest.approx(weights, rel=1e-2)  # norms fold


def test_info_says_the_same_with_torch():
    with_torch = [sys.executable, "-m", "pocketstyle", "info", "heads", "--json"]
    done = subprocess.run(with_torch, capture_output=True, text=True, timeout=300, check=True)
    assert json.loads(done.stdout) == json.loads(based("info", "heads", "--json").stdout)
