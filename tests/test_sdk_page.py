"""The Python of docs/sdk.md and docs/faces.md is run as it stands."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pocketstyle.sdk import write_video

ROOT = Path(__file__).parents[1]
BLOCKS = {
    f"{page}-{place}": block
    for page in ("sdk", "faces")
    for place, block in enumerate(
        re.findall(r"```python\n(.*?)```", (ROOT / f"docs/{page}.md").read_text(), re.S)
    )
}


def test_there_are_some():
    assert len(BLOCKS) >= 6


@pytest.mark.parametrize("name", BLOCKS)
def test_it_runs(name, tmp_path, monkeypatch):
    with Image.open(ROOT / "demo/astronaut.jpg") as picture:
        rgb = np.asarray(picture.convert("RGB"))
    for picture in ("me.jpg", "party.jpg"):
        Image.fromarray(rgb).save(tmp_path / picture)
    Image.fromarray(rgb[::-1]).save(tmp_path / "painting.jpg")
    for clip in ("in.mp4", "party.mp4"):
        write_video([rgb, rgb[:, ::-1], rgb], tmp_path / clip, fps=25)
    monkeypatch.chdir(tmp_path)
    exec(compile(BLOCKS[name], name, "exec"), {})
