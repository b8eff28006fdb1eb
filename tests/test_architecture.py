"""Dependencies point one way (docs/architecture.md), and the SDK stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LEAVES = {"colours", "errors", "frames", "images", "lazy", "quiet", "whole"}  # below every room
MAY_IMPORT = {
    "cli": {
        "search",
        "converters",
        "latency_model",
        "sdk",
        "metrics",
        "datasets",
        "networks",
        "demo",
        "sweep",
        "teachers",
    },
    "demo": {"search", "converters", "latency_model", "sdk", "metrics", "datasets", "networks"},
    "search": {"networks", "latency_model", "metrics", "datasets"},
    "teachers": {"sdk.faces", "sdk.interpreter"},
    "sweep": {"networks", "converters", "latency_model"},
    "converters": {
        "networks",
        "metrics",
        "latency_model.kernel",
        "sdk.bundle",
        "sdk.gpu_gate",
        "sdk.graph_check",
    },
    "networks": {"latency_model.kernel"},
    "latency_model": set(),
    "metrics": set(),
    "datasets": set(),
    "sdk": set(),
}


def imports(path: Path) -> set[str]:
    """Modules of the project that a file imports, as dotted names below the root."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            module = ".".join((*base, *(node.module or "").split("."))).strip(".")
            if node.module:
                found.add(module)
            else:
                found.update(".".join((*base, alias.name)) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pocketstyle."):
            found.add(node.module.removeprefix("pocketstyle."))
        elif isinstance(node, ast.ImportFrom) and node.module == "pocketstyle":
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            whole = (alias.name for alias in node.names)
            found.update(n.removeprefix("pocketstyle.") for n in whole if "pocketstyle" in n)
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_dependencies_point_one_way(room):
    files = [path for path in (ROOT / room).rglob("*.py")]
    assert files
    for path in files:
        for name in imports(path):
            allowed = {room, *LEAVES, *MAY_IMPORT[room]}
            fits = any(name == part or name.startswith(part + ".") for part in allowed)
            assert fits or name in ("", "__version__"), f"{path.relative_to(ROOT)} imports {name}"


def test_every_folder_with_code_is_packaged():
    import tomllib

    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {path.parent for room in MAY_IMPORT for path in (ROOT / room).rglob("*.py")}
    names = {".".join(("pocketstyle", *f.relative_to(ROOT).parts)) for f in folders}
    assert names | {"pocketstyle"} == set(listed)


def test_the_sdk_needs_no_torch():
    heavy = "{'torch', 'tensorflow', 'jax'}"
    code = f"from pocketstyle.sdk import *; import sys; print([*{heavy} & set(sys.modules)])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"


def test_training_needs_no_player_and_no_converter(tmp_path):
    """A GPU machine may have torch and little else."""
    heads = (
        "[data]\nheads = 4\nsize = 32\n[network]\nbase = 2\nblocks = 1\ndiscriminator_base = 2\n"
    )
    (tmp_path / "c.toml").write_text(heads + "[train]\nsteps = 2\nbatch = 2\n")
    code = (
        "import sys\n"
        "absent = ('av', 'ai_edge_litert', 'litert_torch', 'ai_edge_quantizer', 'skimage')\n"
        "sys.modules.update(dict.fromkeys(absent))\n"
        "sys.argv = ['pocketstyle', 'train', 'c.toml', '--out', 'run']\n"
        "from pocketstyle.cli.app import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert (tmp_path / "run" / "model.safetensors").exists(), done.stderr


def test_no_pickle_is_ever_loaded():
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).parts
        if parts[0] not in MAY_IMPORT:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                assert not names & {"pickle", "cPickle", "dill", "joblib", "shelve"}, path
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
                told = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                assert told.get("weights_only") == "True", path
