#!/usr/bin/env bash
# Two folders of one's own, from end to end: unpaired training, search, TFLite, verification.
#     benchmarks/portraits.sh PHOTOS CARTOONS [STEPS]
# About an hour on two CPU cores; every stage resumes, so it can be run again after a kill.
set -euo pipefail
cd "$(dirname "$0")/.."
photos=$(realpath "$1") cartoons=$(realpath "$2") steps=${3:-3000}
data=(--set "data.source=$photos" --set "data.target=$cartoons" --set data.size=64)

pocketstyle=.venv/bin/pocketstyle
$pocketstyle train portraits "${data[@]}" --set train.steps="$steps" --set train.batch=4 \
    --resume --out runs/portraits
$pocketstyle search portraits "${data[@]}" --set search.teacher=runs/portraits/model.safetensors \
    --set search.loss=distill --set train.optimizer=muon --device s10 --target-ms 9 \
    --set search.steps=200 --set search.mask_rate=8e-3 --set search.spread=0.45 \
    --set search.learning_rate=1e-3 --set search.structure=30 --set search.bank=200 \
    --set search.fine_tune_steps=900 --resume --out runs/portraits-search
$pocketstyle convert runs/portraits-search/model.safetensors -o runs/portraits.tflite --force
$pocketstyle verify runs/portraits.tflite --against runs/portraits-search/model.safetensors \
    --pictures "$photos" --json >runs/portraits-verify.json
.venv/bin/python - <<'P'
import json
from pathlib import Path
from pocketstyle.networks import load
trained, searched = (load(f"runs/{n}/model.safetensors")[1].provenance for n in ("portraits", "portraits-search"))
verified = json.loads(Path("runs/portraits-verify.json").read_text())
result = {
    "photos": trained["source_pictures"],
    "cartoons": trained["target_pictures"],
    "size": trained["config"]["data"]["size"],
    "objective": trained["config"]["train"]["objective"],
    "training_steps": trained["config"]["train"]["steps"],
    "batch": trained["config"]["train"]["batch"],
    "search_loss": searched["config"]["search"]["loss"],
    "device": searched["config"]["search"]["device"],
    "target_ms": searched["config"]["search"]["target_ms"],
    "predicted_ms": searched["predicted_ms"],
    "macs": {"teacher": searched["searched_from"]["macs"], "student": searched["macs"]},
    "bundle": {key: verified[key] for key in ("bytes", "pictures", "parity_max_abs", "transposes", "operators_match", "gpu_resident")},
}
Path("benchmarks/results/portraits.json").write_text(json.dumps(result, indent=1) + "\n")
P
