"""What a run shows of itself, while it goes on and at its end, and what its model's card says."""

import numpy as np
import torch
from PIL import Image
from pocketstyle.datasets import to_pictures
from pocketstyle.networks import ModelCard, build, load, save, ugatit_spec
from pocketstyle.networks.checkpoint import read_header
from pocketstyle.search import search, train
from pocketstyle.search.config import load_config
from pocketstyle.search.data import load_data, make_batches
from pocketstyle.search.metrics_file import read_metrics
from pocketstyle.search.report import run_report

FEW = ("train.steps=13", "train.log_every=5", "train.sample_every=5", "train.checkpoint_every=50")


def silent(_stage, _done, _total):
    """No progress."""


def rows_of(sheet, count):
    """The names of a sheet's rows, and the rows, uint8[32, 8 * 32, 3] each."""
    with Image.open(sheet) as image:
        assert image.size == (8 * 32, count * 32)
        return image.info["rows"].split("\n"), np.asarray(image).reshape(count, 32, 8 * 32, 3)


def test_a_training_shows_its_last_step_and_the_targets(toy_config, tmp_path, monkeypatch):
    monkeypatch.setattr(run_report, "EVERY", 0.0)
    out, pages = tmp_path / "run", []
    config = load_config(toy_config, [*FEW, "train.objective=paired"])

    def report(stage, done, total):
        if stage == "train" and done > 1:
            pages.append((out / "report.html").read_text())

    model = train(config, out, resume=False, report=report)
    assert all("not finished" in page for page in pages) and "samples of step" in pages[0]
    last = (out / "report.html").read_text()
    assert "not finished" not in last and "all of them" in last and "Step 12" in last
    assert [line["step"] for line in read_metrics(out / "metrics.jsonl")] == [0, 5, 10, 12]
    names, rows = rows_of(out / "samples" / "0000012.png", 3)
    assert names == ["input", "output", "target"]
    batches = make_batches(config, load_data(config, silent), config.train.batch)
    x, y = (torch.cat(pictures) for pictures in zip(*map(batches.at, range(4)), strict=True))
    with torch.no_grad():
        made = load(model)[0](x)
    for row, wanted in zip(rows, (x, made, y), strict=True):
        side_by_side = to_pictures(wanted).transpose(1, 0, 2, 3).reshape(32, 8 * 32, 3)
        assert abs(row.astype(int) - side_by_side).max() <= 1
    assert read_header(model)[1].licence == "NOASSERTION"


def test_a_students_card_and_samples_know_the_teacher(toy_config, tmp_path):
    teacher = tmp_path / "teacher.safetensors"
    lines = ("Drawings by somebody, CC BY 4.0",)
    torch.manual_seed(0)
    save(teacher, build(ugatit_spec(32, 2, 1)), ModelCard("t", licence="MIT", attribution=lines))
    changes = ["search.loss=distill", f"search.teacher={teacher}", "card.licence=CC-BY-4.0"]
    changes += ["search.steps=4", "search.fine_tune_steps=3", *FEW]
    config = load_config(toy_config, changes)
    model = search(config, tmp_path / "run", resume=False, report=silent)
    card = read_header(model)[1]
    assert (card.licence, card.attribution) == ("CC-BY-4.0", lines)
    names, _ = rows_of(tmp_path / "run" / "samples" / "0000006.png", 4)
    assert names == ["input", "output", "teacher", "target (other pictures)"]
    assert "rows from above: input, output, teacher" in (tmp_path / "run/report.html").read_text()
