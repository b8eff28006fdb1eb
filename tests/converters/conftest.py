"""A small UGATIT with nothing left at its initial value, converted once in each precision."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
litert_torch = pytest.importorskip("litert_torch")

from pocketstyle.converters import convert  # noqa: E402
from pocketstyle.images import list_pictures, read_rgb, resize  # noqa: E402
from pocketstyle.networks import ModelCard, build, randomise_mixtures, ugatit_spec  # noqa: E402
from pocketstyle.quiet import quiet  # noqa: E402

SIZE = 32
ROOT = Path(__file__).parents[2]
PHOTOS = ROOT / os.environ.get("POCKETSTYLE_SHARED", "../shared") / "data/portraits/cc_by"
CARD = ModelCard(
    name="tiny",
    mean=100.0,  # neither the usual mean nor the usual std, so that a mix-up shows
    std=120.0,
    provenance={"seed": 0},
    metrics={"ssim": 0.5, "fid": 80.0},
    licence="CC-BY-4.0",
    attribution=("Photos by A. Author",),
)


def make_network(seed: int = 0, blocks: int = 1):
    """ugatit with random rho, gamma and beta, which start as constants."""
    torch.manual_seed(seed)
    network = build(ugatit_spec(SIZE, 16, blocks)).eval()
    randomise_mixtures(network)
    return network


def export(path: Path, module: torch.nn.Module, shape: tuple[int, ...]) -> Path:
    """A graph of any kind, by litert-torch alone."""
    with quiet():
        litert_torch.convert(module.eval(), (torch.rand(shape),)).export(str(path))
    return path


@pytest.fixture(scope="session")
def network():
    return make_network()


@pytest.fixture(scope="session")
def bundles(network, tmp_path_factory) -> dict[str, SimpleNamespace]:
    """fp32 and fp16, each with `path` and the `info` that `convert` returned."""
    folder = tmp_path_factory.mktemp("bundles")
    paths = {precision: folder / f"{precision}.tflite" for precision in ("fp32", "fp16")}
    infos = convert(network, CARD, paths, predicted_ms={"s10": 1.5})
    return {p: SimpleNamespace(path=path, info=infos[p]) for p, path in paths.items()}


@pytest.fixture(scope="session")
def photos() -> np.ndarray:
    """uint8[4, SIZE, SIZE, 3]."""
    if not PHOTOS.is_dir():
        pytest.skip(f"no shared photos at {PHOTOS}")
    return np.stack([resize(read_rgb(path), SIZE, SIZE) for path in list_pictures(PHOTOS)[:4]])
