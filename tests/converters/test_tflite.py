import sys

import pytest
import torch
from pocketstyle.converters import to_tflite
from pocketstyle.errors import PocketstyleError, UsageError
from pocketstyle.networks import Spec, start_search

from .conftest import make_network


class Tiny(torch.nn.Module):
    """The least that can be converted."""

    spec = Spec("tiny", 8, 8, {}, ())

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        return self.conv(x)


class Spectrum(Tiny):
    """TFLite has no operator for it."""

    def forward(self, x):
        return torch.linalg.eigvals(x).real[..., None] * x


def test_nothing_is_printed_and_progress_is_reported(capfd, caplog):
    seen = []
    files = to_tflite(Tiny(), ["fp16", "fp32"], report=lambda *stage: seen.append(stage))
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    assert all(tflite[4:8] == b"TFL3" for tflite in files.values()) and len(files) == 2
    assert seen == [
        ("convert", 0, 2),
        ("quantise", 1, 2),
        ("done", 2, 2),
    ]
    print("heard")
    assert capfd.readouterr().out == "heard\n"


def test_a_failure_is_one_line_with_the_silenced_text_behind_it(capfd):
    with pytest.raises(PocketstyleError, match=r"^could not convert: [^\n]+$") as caught:
        to_tflite(Spectrum(), ["fp32"])
    assert capfd.readouterr() == ("", "")
    assert any("LiteRT-Torch Convert" in note for note in caught.value.__cause__.__notes__)


def test_without_the_extra_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "litert_torch", None)
    with pytest.raises(PocketstyleError, match=r"pip install 'pocketstyle\[convert\]'"):
        to_tflite(Tiny(), ["fp32"])


def test_an_unknown_precision_is_refused():
    with pytest.raises(UsageError, match=r"int4.*fp32, fp16"):
        to_tflite(Tiny(), ["int4"])


def test_a_supernet_is_refused():
    network = make_network()
    start_search(network, keep_at_least=0.25)
    with pytest.raises(UsageError, match="compact"):
        to_tflite(network, ["fp32"])
