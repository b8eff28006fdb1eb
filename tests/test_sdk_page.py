"""docs/sdk.md's Python is run as it stands."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pocketstyle.sdk import write_video

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/sdk.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.S)


def test_there_are_some():
    assert len(BLOCKS) >= 5 and "test_sdk_page.py" in PAGE


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_it_runs(block, tmp_path, monkeypatch):
    with Image.open(ROOT / "demo/astronaut.jpg") as picture:
        rgb = np.asarray(picture.convert("RGB"))
    Image.fromarray(rgb).save(tmp_path / "me.jpg")
    Image.fromarray(rgb[::-1]).save(tmp_path / "painting.jpg")
    write_video([rgb, rgb[:, ::-1], rgb], tmp_path / "in.mp4", fps=25)
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "docs/sdk.md", "exec"), {})
