"""The pages of a run and of the demo, from made-up numbers that could not come from elsewhere."""

import base64
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from pocketstyle.demo import report as demo_report
from pocketstyle.networks import ModelCard, build, save, ugatit_spec
from pocketstyle.networks.spec import Spec
from pocketstyle.search import load_config
from pocketstyle.search import report as parts
from pocketstyle.search.config import dump_toml
from pocketstyle.search.report import figures
from pocketstyle.search.report.page import data_uri

TEACHER = ugatit_spec(32, base=16, blocks=2)
STUDENT = Spec(
    "ugatit",
    32,
    32,
    {name: 11 for name in TEACHER.widths if name != "encoder1"},
    ("encoder0", "decoder0", "decoder1"),
)
NASTY = '<script>alert("&")</script>'


class Checker(HTMLParser):
    """Collects the text and the addresses of a page; tags must be closed in order."""

    def __init__(self, page: str):
        super().__init__()
        self.open, self.links, self.words = [], [], []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.links += [v for k, v in attributes if k in ("src", "href", "xlink:href", "poster")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def read(path) -> Checker:
    """The page, checked to be whole in itself and well formed."""
    page = path.read_text()
    assert not re.search(r"https?:|@import|url\((?!#)|<script|<link", page)
    checker = Checker(page)
    assert all(link.startswith(("data:", "#")) for link in checker.links)
    return checker


ON_S10 = ("search.device=s10", "search.target_ms=10.5")


def search_lines(arrived: int = 6, steps: int = 8, fine_tuning: int = 3) -> list[dict]:
    lines = []
    for step in range(steps):
        line = {"step": step, "loss": 3.0 - 0.1 * step, "distill": 3.0 - 0.1 * step}
        target = 20.0 - 8.0 * min(1.0, (step + 1) / arrived)
        line |= {"predicted_ms": target + 0.25, "target_ms": target}
        line |= {
            "width/stem": 16 - step,
            "width/encoder1": 64,
            "gate/encoder0": 1.0,
            "gate/encoder1": step < 5,
        }
        lines.append(line)
    tail = range(steps, steps + fine_tuning)
    return [*lines, *({"step": step, "loss": 2.0, "distill": 2.0} for step in tail)]


@pytest.fixture
def run(tmp_path):
    """A directory as `search` leaves it, short of the model."""
    folder = tmp_path / "night run"
    (folder / "samples").mkdir(parents=True)
    changes = ["search.steps=8", "search.fine_tune_steps=4", f"search.teacher={NASTY!r}"]
    (folder / "config.toml").write_text(dump_toml(load_config("heads-search", [*ON_S10, *changes])))
    lines = (json.dumps(line) + "\n" for line in search_lines())
    (folder / "metrics.jsonl").write_text("".join(lines))
    for step in (0, 5, 10):
        Image.new("RGB", (64, 64), (step, 0, 0)).save(folder / "samples" / f"{step:07d}.png")
    return folder


def verification(**changes) -> dict:
    """What `verify --json` prints."""
    return {
        "precision": "fp16",
        "bytes": 321_000,
        "operators": {"CONV_2D": 9, "MEAN": 12},
        "ops": 21,
        "macs": 220e6,
        "transposes": 0,
        "operators_match": True,
        "pictures": 16,
        "parity_max_abs": 0.0123,
        "parity_mean_abs": 1e-3,
        "parity_psnr_db": 61.2,
        "parity_ssim": 0.9991,
        "limit": 0.02,
        "worst_range": {"tensor": f"up2/{NASTY}:318", "max_abs": 321.5, "share": 0.0049},
        "gpu_resident": True,
        "gpu_note": "SwiftShader Device",
        "delegate_refuses": {},
        "host_ms": 21.37,
        "host_threads": 1,
        "host_runs": 5,
        **changes,
    }


@pytest.fixture
def result() -> dict:
    def network(macs, params, s10, ssim, l1):
        return {
            "macs": macs,
            "params": params,
            "predicted_ms": {"a03s": 3 * s10, "s10": s10},
            "ssim_to_truth": ssim,
            "l1_to_truth": l1,
        }

    return {
        "device": "s10",
        "target_ms": 10.5,
        "unseen_heads": 64,
        "identity": {"ssim_to_truth": 0.4, "l1_to_truth": 0.2},
        "teacher": network(880_000_000, 660_000, 19.52, 0.8, 0.1),
        "student": network(220_000_000, 150_000, 10.44, 0.7, 0.15),
        "bundle": {
            "path": f"/tmp/{NASTY.replace('/', '')}.tflite",
            "bytes": 321_000,
            "parity_max_abs": 0.0123,
            "parity_max_abs_fp32": 3.4e-6,
            "transposes": 0,
            "gpu_resident": True,
            "gpu_note": "SwiftShader Device",
            "verification": verification(),
        },
        "host_ms": 21.37,
        "video_fps": 33.91,
        "seconds": {"data": 12.34, "search": 843.0},
    }


@pytest.fixture
def write(tmp_path, run, result, monkeypatch):
    """Writes the demo's page for a changed result and reads it."""
    out = tmp_path / "demo"
    out.mkdir()
    run.rename(out / "search")
    control = tmp_path / "control.json"
    control.write_text(json.dumps({"device": result["device"], "target_ms": 0.0}))
    monkeypatch.setattr(demo_report, "CONTROL", control)
    rng = np.random.default_rng(0)
    rows = {
        name: rng.integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
        for name in ("input", "teacher", "student", "truth")
    }

    def written(short: bool = False) -> Checker:
        path = demo_report.write_report(out, result, rows, TEACHER, STUDENT, short=short)
        assert path == out / "report.html"
        return read(path)

    written.out = out
    return written


def test_text_is_escaped_once():
    assert (
        parts.element("p", NASTY) == "<p>&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;</p>"
    )
    assert parts.element("p", parts.element("b", "&")) == "<p><b>&amp;</b></p>"
    assert NASTY not in parts.page(NASTY, [parts.section(NASTY, parts.table([NASTY], [[NASTY]]))])
    assert "<b>" not in parts.widths_figure({"<b>": 4}, {"<b>": 2})


@pytest.mark.parametrize(
    ("value", "shown"), [(1_570_000_000, "1.57 G"), (38_100, "38.1 k"), (7, "7")]
)
def test_count(value, shown):
    assert parts.count(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(4.21, "4.2 s"), (185, "3 min 05 s"), (3720, "1 h 02 min")]
)
def test_duration(seconds, shown):
    assert parts.duration(seconds) == shown


def test_picture_travels_whole(tmp_path):
    rgb = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    data = base64.b64decode(data_uri(rgb).removeprefix("data:image/png;base64,"))
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), rgb)


def test_widths_say_how_many_are_left():
    text = Checker(parts.widths_figure(TEACHER.widths, STUDENT.widths)).text
    assert "stem 11 / 16" in text
    assert "encoder1 block removed" in text
    assert "encoder0 block removed" not in text


def test_cost_figure_shows_the_phases():
    text = Checker(parts.cost_figure(search_lines())).text
    assert "target" in text and "target arrived" in text
    on_the_way = parts.cost_figure(search_lines()[:4])
    assert on_the_way and "target arrived" not in Checker(on_the_way).text
    assert parts.cost_figure([{"step": 0, "loss": 1.0}]) == ""


def test_loss_figure_names_its_terms():
    lines = [{"step": i, "loss": 3.0, "l1": 2.0, "adversarial": 1.0} for i in range(50)]
    text = Checker(parts.loss_figure(lines)).text
    assert "loss, l1, adversarial" in text
    assert parts.loss_figure([]) == ""
    assert parts.loss_figure([{"step": 0, "loss": float("nan"), "l1": 0.0}]) == ""


def test_running_mean_keeps_a_straight_line():
    line = np.linspace(1, 9, 200)
    np.testing.assert_allclose(figures._smooth(line), line)
    noisy = line + np.random.default_rng(0).normal(0, 1, 200)
    assert np.abs(figures._smooth(noisy) - line).mean() < 0.7 * np.abs(noisy - line).mean()


def test_half_finished_search(run):
    page = read(parts.write_run_report(run))
    assert "Search “night run”" in page.text
    assert "not finished" in page.text
    assert "12.25 ms" in page.text and "target 10.5 ms on s10" in page.text
    assert "stem 9 / 16" in page.text  # 16 at the start, 9 in the last line
    assert "rows from above: input, output" in page.text
    assert "Step 10" in page.text and "Step 0" in page.text and "Step 5" not in page.text
    assert "11 the last one logged, of 12" in page.text


def test_finished_search(run):
    searched_from = {"spec": TEACHER.to_json(), "macs": 4_000_000}
    provenance = {"searched_from": searched_from, "macs": 1_000_000, "predicted_ms": {"s10": 9.87}}
    save(run / "model.safetensors", build(STUDENT), ModelCard("x", provenance=provenance))
    text = read(parts.write_run_report(run)).text
    assert "not finished" not in text
    assert "9.87 ms" in text
    assert "4.0× fewer than the 4 M at the start" in text
    assert "stem 11 / 16" in text and "encoder1 block removed" in text
    assert "3 of 4 are left" in text
    assert "12 all of them" in text and "the last one logged" not in text


@pytest.mark.parametrize("text", ["", '{"step": 0, "lo'])
def test_run_without_metrics(run, text):
    (run / "metrics.jsonl").write_text(text)
    for sheet in (run / "samples").iterdir():
        sheet.unlink()
    assert "nothing logged yet" in read(parts.write_run_report(run)).text
    (run / "metrics.jsonl").unlink()
    read(parts.write_run_report(run))


def test_training_run(run):
    lines = ({"step": i, "loss": 5.0 / (i + 1), "l1": 1.0, "cam": 0.5} for i in range(5))
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    text = read(parts.write_run_report(run)).text
    assert "Training “night run”" in text
    assert "predicted" not in text.lower()


def test_demo_shows_the_numbers(write):
    text = write().text
    for shown in (
        "made 4.0× lighter: 10.4 ms predicted on the Samsung Galaxy S10, down from 19.5 ms",
        "880 M → 220 M MACs",
        "meets the target of 10.5 ms",
        "Samsung Galaxy S10 (target) 19.52 ms 10.44 ms 1.87×",
        "Samsung Galaxy A03s 58.56 ms 31.32 ms",
        "Parameters 660 k 150 k 4.40×",
        "untouched input 0.400 0.2000",
        "teacher 0.800 0.1000",
        "student 0.700 0.1500",
        "keeps 75% 50%",
        "64 unseen heads",
        "torch 0.012 on the scale -1 to 1, 1.6 of 255 levels, on 16 pictures, limit 0.02",
        "PSNR 61.2 dB, SSIM 0.9991",
        ":318, 0.49% of what float16 holds",
        "MEAN 12 CONV_2D 9",
        "yes: SwiftShader Device",
        "not a phone 21.4 ms",
        "33.9 frames per second",
        "stem 11 / 16",
        "search 14 min 03 s",
        "all 14 min 15 s",
    ):
        assert shown in text


def test_demo_escapes_names(write):
    write()
    assert "&lt;script&gt;" in (write.out / "report.html").read_text()


@pytest.mark.parametrize(
    ("resident", "note", "shown"),
    [
        (None, "not checked: no Vulkan device", "as a whole not checked: no Vulkan device"),
        (False, "rejects CUMSUM", "as a whole no: rejects CUMSUM"),
    ],
)
def test_gpu_that_did_not_pass_is_not_shown_as_passed(write, result, resident, note, shown):
    checked = {"gpu_resident": resident, "gpu_note": note, "operators_match": None}
    result["bundle"]["verification"] |= checked
    text = write().text
    assert shown in text
    assert "yes" not in text


def test_missed_target_and_lost_quality_are_said(write, result):
    result["target_ms"] = 9.0
    result["student"]["ssim_to_truth"] = 0.2
    result["teacher"]["l1_to_truth"] = 0.2  # no gain, so no share of it
    text = write().text
    assert "misses the target of 9 ms" in text and "meets" not in text
    assert "keeps −50% –" in text


def test_notice_of_a_short_run(write):
    assert "mean nothing" in write(short=True).text
    assert "mean nothing" not in write(short=False).text


def test_clip_and_photo_are_embedded_where_they_are(write):
    before = write()
    (write.out / "clip-stylised.mp4").write_bytes(b"clip")
    for name in ("astronaut", "astronaut-stylised"):
        Image.new("RGB", (8, 8)).save(write.out / f"{name}.png")
    after = write()
    assert "data:video/mp4;base64,Y2xpcA==" in after.links
    assert "procedural heads only" in after.text and "procedural heads only" not in before.text
    assert len(after.links) == len(before.links) + 3


def test_control_is_shown_beside_its_own_target(write, result, tmp_path):
    assert "magnitude" not in write().text
    side = {"macs": 5_000_000, "predicted_ms": 10.5, "l1_to_truth": 0.1, "seconds": 90}
    control = {
        "search": side | {"ssim_to_truth": 0.7771},
        "magnitude": side | {"ssim_to_truth": 0.6662},
        "n": 64,
        "device": result["device"],
        "target_ms": result["target_ms"],
        "host": NASTY,
        "command": "python -m control",
    }
    (tmp_path / "control.json").write_text(json.dumps(control))
    text = write().text
    assert "latency search 5 M 10.50 ms 0.777 0.1000 1 min 30 s" in text
    assert "uniform magnitude pruning 5 M 10.50 ms 0.666" in text
    assert "python -m control" in text
