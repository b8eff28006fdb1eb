import io
import json
import subprocess
import sys
import zipfile

import pytest
from pocketstyle.errors import DataError, FormatError, UsageError
from pocketstyle.sdk import TensorInfo, append_info, bundle, read_info, resolve, shipped
from pydantic import ValidationError

from .conftest import make_info

FAKE = b"\x1c\x00\x00\x00TFL3" + bytes(range(256))


def with_json(text: str) -> bytes:
    """A bundle with any text in place of its JSON, packed by zipfile alone."""
    buffer = io.BytesIO(FAKE)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("pocketstyle.json", text)
    return buffer.getvalue()


def message(tmp_path, data: bytes) -> str:
    path = tmp_path / "x.tflite"
    path.write_bytes(data)
    with pytest.raises(FormatError) as caught:
        read_info(path)
    text = str(caught.value)
    assert str(path) in text and "\n" not in text
    return text


def changed(**fields) -> str:
    return json.dumps({**make_info().model_dump(mode="json"), **fields})


def test_what_is_appended_is_read_back(tmp_path):
    info = make_info(metrics={"fid": 71.25})
    path = tmp_path / "x.tflite"
    path.write_bytes(append_info(FAKE, info))
    assert read_info(path) == info
    assert path.read_bytes().startswith(FAKE)


def test_any_unzip_reads_the_json():
    with zipfile.ZipFile(io.BytesIO(append_info(FAKE, make_info()))) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("pocketstyle.json"))["name"] == "tiny"


def test_equal_arguments_give_equal_bytes(monkeypatch):
    first = append_info(FAKE, make_info())
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert append_info(FAKE, make_info()) == first


def test_the_zip_of_tflite_metadata_keeps_its_files():
    buffer = io.BytesIO(FAKE)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("labels.txt", "a\nb\n")
    with zipfile.ZipFile(io.BytesIO(append_info(buffer.getvalue(), make_info()))) as archive:
        assert sorted(archive.namelist()) == ["labels.txt", "pocketstyle.json"]
        assert archive.read("labels.txt") == b"a\nb\n"


def test_appending_refuses_a_bundle_and_other_bytes():
    with pytest.raises(FormatError, match="already has"):
        append_info(append_info(FAKE, make_info()), make_info())
    with pytest.raises(FormatError, match="not a TFLite file"):
        append_info(b"PK\x03\x04", make_info())


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_info(tmp_path / "none.tflite")
    with pytest.raises(DataError, match="cannot read"):
        read_info(tmp_path)


def test_not_tflite(tmp_path):
    assert "is not a TFLite file" in message(tmp_path, b"")
    assert "is not a TFLite file" in message(tmp_path, b"\x89PNG\r\n\x1a\n" + bytes(100))


def test_tflite_without_metadata(tmp_path):
    hint = "metadata, or cut short; make a bundle with `pocketstyle convert`"
    assert hint in message(tmp_path, FAKE)
    # TFLite's own metadata name their associated files; that is no damage
    assert hint in message(tmp_path, FAKE + b"pocketstyle.json")
    buffer = io.BytesIO(FAKE)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("labels.txt", "a")
    assert hint in message(tmp_path, buffer.getvalue())


def test_damaged_zip(tmp_path):
    whole = append_info(FAKE, make_info())
    assert "is damaged" in message(tmp_path, whole[:-40])
    flipped = bytearray(whole)
    flipped[whole.index(b'"title"') + 1] ^= 1
    assert "is damaged" in message(tmp_path, bytes(flipped))
    assert "is damaged" in message(tmp_path, with_json("{not json"))


def test_another_format_or_version(tmp_path):
    assert "not of format" in message(tmp_path, with_json("[1]"))
    assert "not of format" in message(tmp_path, with_json('{"format": "other"}'))
    newer = message(tmp_path, with_json(changed(version=7, novelty=True)))
    assert "made by a newer pocketstyle (bundle version 7, this one reads 2)" in newer


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"version": "one"}, "version"),
        ({"precision": "fp8"}, "precision"),
        ({"novelty": 1}, "novelty"),
        ({"signatures": []}, "signatures"),
        ({"predicted_ms": {"s10": "fast"}}, "predicted_ms.s10"),
    ],
)
def test_bad_fields_are_named(tmp_path, fields, named):
    assert f"bad metadata at {named}:" in message(tmp_path, with_json(changed(**fields)))


@pytest.mark.parametrize("wrong", [{"std": 0}, {"mean": float("nan")}, {"dtype": "int8"}])
def test_tensor_info_refuses(wrong):
    with pytest.raises(ValidationError):
        TensorInfo(**{"name": "x", "description": "", "shape": (1, 2, 2, 3), **wrong})


def test_uint8_tensors_hold_pixels():
    fields = {"name": "x", "description": "", "shape": (1, 2, 2, 3), "dtype": "uint8"}
    assert TensorInfo(**fields).std == 1
    with pytest.raises(ValidationError, match="pixels as they are"):
        TensorInfo(**fields, std=255)


def test_resolve_takes_names_and_paths(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "_MODELS", tmp_path)
    (tmp_path / "ink.tflite").write_bytes(FAKE)
    (tmp_path / "notes.txt").write_text("no bundle")
    assert shipped() == {"ink": tmp_path / "ink.tflite"}
    assert resolve("ink") == tmp_path / "ink.tflite"
    assert resolve(tmp_path / "notes.txt") == tmp_path / "notes.txt"
    with pytest.raises(UsageError, match=r"no bundle oil: .* shipped ones are: ink"):
        resolve("oil")


def test_a_bundle_that_is_replaced_while_it_plays(tmp_path):
    """As `cp new live` does it: truncated and written anew. In a process of its own, which dies
    where the runtime maps the file."""
    live = tmp_path / "live.tflite"
    live.write_bytes(resolve("heads").read_bytes())
    code = (
        "import sys; import numpy as np; from pocketstyle.sdk import Stylizer\n"
        "stylizer = Stylizer.load(sys.argv[1])\n"
        "frame = np.full((stylizer.size, stylizer.size, 3), 90, np.uint8)\n"
        "before = stylizer.apply(frame)\n"
        "open(sys.argv[1], 'wb').close()\n"
        "assert (stylizer.apply(frame) == before).all()\n"
    )
    done = subprocess.run([sys.executable, "-c", code, live], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
