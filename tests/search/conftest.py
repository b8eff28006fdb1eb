"""Toy data: two folders of tiny heads, and a configuration that trains on them in seconds."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from pocketstyle.datasets import heads

TOY = """
[data]
source = "{folder}/photo"
target = "{folder}/cartoon"
size = 32
[network]
base = 2
blocks = 1
discriminator_base = 2
[train]
steps = 30
batch = 2
log_every = 1
checkpoint_every = 4
sample_every = 10
pool = 4
[search]
steps = 16
batch = 2
fine_tune_steps = 24
mask_rate = 0.1
warm_up = 0.1
device = "s10"
target_ms = {target_ms}
"""


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    heads.write_pairs(folder, 6, 36, seed=0)
    return folder


@pytest.fixture(scope="session")
def toy_config(toy_folder):
    """A configuration file for `train` and `search`, beside it a teacher that nobody trained.

    The target is half-way down.
    """
    from pocketstyle.networks import ModelCard, build, save, start_search, ugatit_spec
    from pocketstyle.search.cost_term import smallest_cost
    from pocketstyle.search.supernet_cost import SupernetLatency

    network = build(ugatit_spec(32, 2, 1))
    save(toy_folder / "teacher.safetensors", network, ModelCard("teacher"))
    start_search(network, 0.25)
    latency = SupernetLatency(network, "s10")
    path = toy_folder / "toy.toml"
    target = (latency.predict() + smallest_cost(latency)) / 2
    path.write_text(TOY.format(folder=toy_folder, target_ms=target))
    return path


@pytest.fixture
def encoder(tmp_path):
    """A small VGG-19's random weights in the layout of style transfer."""
    import torch
    from pocketstyle.networks import write_tensors
    from pocketstyle.networks.photo import vgg_channels

    torch.manual_seed(0)
    tensors, before = (
        {"conv0.weight": torch.eye(3)[:, :, None, None], "conv0.bias": torch.zeros(3)},
        3,
    )
    for name, channels in vgg_channels((4, 4, 6, 6, 8)).items():
        layer = torch.nn.Conv2d(before, channels, 3)
        torch.nn.init.kaiming_normal_(layer.weight)
        tensors |= {f"{name}.weight": layer.weight.detach(), f"{name}.bias": layer.bias.detach()}
        before = channels
    path = tmp_path / "encoder.safetensors"
    write_tensors(path, tensors, {})
    return path


def ray_workers(doing: str) -> list[int]:
    """Process numbers of this machine's Ray workers that run this."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                title = (process / "cmdline").read_text()
            except OSError:
                continue
            if f"ray::{doing}" in title:
                found.append(int(process.name))
    return found


HOLD = """
import sys, time
from pathlib import Path
from pocketstyle.search.run_lock import locked
with locked(Path(sys.argv[1]), "it"):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def held_by_another(lock):
    """Another process, which holds the lock."""
    command = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()
