"""The folder for a model hub: metadata that the hub reads, links that exist, code that compiles."""

import ast
import re

import pytest
import yaml
from pocketstyle.errors import UsageError
from pocketstyle.sdk import read_info, shipped
from pocketstyle.sdk.hub_card import write_hub_folder

# https://huggingface.co/docs/hub/model-cards and repositories-licenses, read in 2026
FIELDS = {"license", "license_name", "license_link", "pipeline_tag", "library_name", "tags"}
KNOWN_LICENCES = {"apache-2.0", "mit", "bsd-3-clause", "cc-by-4.0", "cc0-1.0", "other"}


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_shipped_bundle_has_a_card(name, tmp_path):
    sheet = tmp_path / "shown.PNG"
    sheet.write_bytes(b"picture")
    text = write_hub_folder(name, tmp_path / "hub", sheet=sheet).read_text()
    _, block, body = text.split("---\n", 2)
    metadata, info = yaml.safe_load(block), read_info(shipped()[name])
    assert metadata.keys() <= FIELDS
    assert metadata["license"] in KNOWN_LICENCES
    if metadata["license"] == "other":
        assert metadata["license_name"] == info.licence and metadata["license_link"]
    assert (metadata["pipeline_tag"], metadata["library_name"]) == ("image-to-image", "litert")
    assert all(isinstance(tag, str) for tag in metadata["tags"])
    for link in re.findall(r"\]\(([^)]+)\)", body):
        assert (tmp_path / "hub" / link).is_file()
    assert (tmp_path / "hub" / f"{name}.tflite").read_bytes() == shipped()[name].read_bytes()
    assert "predicted" in body and all(line in body for line in info.attribution)
    ast.parse(re.search(r"```python\n(.*?)```", body, re.DOTALL)[1])


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        write_hub_folder("candy", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    write_hub_folder("candy", tmp_path, force=True)
    assert (tmp_path / "mine.txt").read_text() == "mine"
