"""The shipped drawings beside the programs that they learnt from, on people that no training saw.

    python benchmarks/comic.py comic --shared DIR --pairs runs/comic-held-out \
        --out benchmarks/results/comic.json

`--shared` holds `data/portraits` (the people of `comic_held_out.txt`) and `data/video` (clips). The
programs' pictures are drawn into `--pairs`, those that are there are taken. Everything is judged
at 256 pixels of the longer side, the student's picture being that of the shipped weights.

A share is that of the gap closed: (SSIM(student, program) - SSIM(photo, program)) / (1 - the
latter), of means; SSIM is scikit-image's, Gaussian, sigma 1.5. For `ink` the F-score of its dark
pixels, of those within one pixel of the other's, is given too.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from flicker import flows_of, read_frames
from hardware import hardware
from pocketstyle.datasets import to_pictures, to_tensor
from pocketstyle.images import read_rgb, resize
from pocketstyle.metrics import warping_error
from pocketstyle.networks import load
from pocketstyle.sdk import resolve
from pocketstyle.sdk.faces import FaceMesh
from pocketstyle.sdk.faces.mesh import LEFT_EYE, RIGHT_EYE
from pocketstyle.sdk.interpreter import load_interpreter
from pocketstyle.search import resolve_model
from pocketstyle.teachers.pairs import make_pairs
from pocketstyle.teachers.programs import PROGRAMS, at_side, draw
from scipy.ndimage import binary_dilation
from skimage.color import rgb2lab
from skimage.metrics import structural_similarity
from styles import checked, cost, interval

LIST = Path(__file__).parent / "comic_held_out.txt"
SIDE, DRAWN = 256, 768  # pixels of the longer side: judged, and drawn
CLIPS = ("book.mkv", "walk.mkv", "sister.mkv", "head-pose-face-detection-female.gif")
CLIP_FRAMES = 24
DARK = 100  # of 255: below it ink is black
TIMED = 5  # pictures whose drawing is timed
LIGHT, MEDIUM = (
    41.0,
    19.0,
)  # degrees of ITA: above, light skin; below the lower, dark (Chardon 1991)
CHEEKS = [50, 101, 118, 205, 280, 330, 347, 425]  # points of the mesh


def people(shared: Path) -> list[tuple[Path, frozenset[str]]]:
    """Pictures of held-out people, with their labels."""
    lines = [line.split() for line in LIST.read_text().splitlines() if not line.startswith("#")]
    return [(shared / "data/portraits" / name, frozenset(tags)) for name, *tags in lines]


def judged(picture: np.ndarray) -> np.ndarray:
    """At 256 pixels of the longer side, both sides multiples of eight."""
    height, width = at_side(picture, SIDE).shape[:2]
    return resize(picture, width // 8 * 8, height // 8 * 8)


@torch.no_grad()
def student_picture(network: torch.nn.Module, photo: np.ndarray) -> np.ndarray:
    return to_pictures(network(to_tensor(photo[None])))[0]


def similarity(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """SSIM by pixel, [H, W], of uint8[H, W, 3]."""
    _, by_pixel = structural_similarity(
        x,
        y,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        channel_axis=2,
        data_range=255,
        full=True,
    )
    return by_pixel.mean(2)


def f_score(made: np.ndarray, wanted: np.ndarray) -> float:
    """Of dark pixels, matched within one pixel."""
    made, wanted = made.mean(2) < DARK, wanted.mean(2) < DARK
    near = np.ones((3, 3), bool)
    precision = (made & binary_dilation(wanted, near)).sum() / max(made.sum(), 1)
    recall = (wanted & binary_dilation(made, near)).sum() / max(wanted.sum(), 1)
    return float(2 * precision * recall / max(precision + recall, 1e-9))


def gradient_energy(picture: np.ndarray) -> float:
    grey = picture.astype(np.float64).mean(2)
    return float(np.square(np.diff(grey, axis=0)).mean() + np.square(np.diff(grey, axis=1)).mean())


def tone(photo: np.ndarray, points: np.ndarray) -> str:
    """Of the skin of the cheeks, by the individual typology angle."""
    height, width = photo.shape[:2]
    places = points[CHEEKS, :2].round().astype(int).clip(0, (width - 1, height - 1))
    lightness, _, yellow = np.median(rgb2lab(photo)[places[:, 1], places[:, 0]], 0)
    angle = np.degrees(np.arctan2(lightness - 50, yellow))
    return "light" if angle > LIGHT else "medium" if angle > MEDIUM else "dark"


def likeness(mesh: FaceMesh, photo: np.ndarray, drawn: np.ndarray) -> float | None:
    """Mean distance of 468 points over the eyes' distance; None where no face is found again."""
    wanted = largest(mesh, photo)
    eyes = [wanted[eye, :2].mean(0) for eye in (LEFT_EYE, RIGHT_EYE)]
    found = [face.points for face in mesh.detect(drawn) if face.points is not None]
    if not found:
        return None
    distances = [np.linalg.norm(points[:, :2] - wanted[:, :2], axis=1).mean() for points in found]
    return float(min(distances) / np.linalg.norm(eyes[0] - eyes[1]))


def largest(mesh: FaceMesh, photo: np.ndarray) -> np.ndarray | None:
    """Mesh of the largest face of a photo."""
    faces = [face for face in mesh.detect(photo) if face.points is not None]
    return max(faces, key=lambda face: face.box[2]).points if faces else None


def rows_of(name: str, network: torch.nn.Module, arguments: argparse.Namespace) -> list[dict]:
    """What is measured of each picture."""
    mesh, rows = FaceMesh(), []
    for path, labels in people(arguments.shared):
        pair = [arguments.pairs / part / f"{path.stem}.png" for part in ("photo", name)]
        large, program = (read_rgb(file) for file in pair)
        photo, program = judged(large), judged(program)
        made = student_picture(network, photo)
        maps = {
            "student": similarity(made, program),
            "photo": similarity(photo, program),
        }
        row = {"name": f"{path.parent.name}/{path.stem}", "labels": sorted(labels)}
        row |= {f"ssim_{which}": float(found.mean()) for which, found in maps.items()}
        row["l1"] = float(np.abs(made.astype(float) - program).mean() / 127.5)
        row["sharpness"] = gradient_energy(made) / gradient_energy(program)
        row["f_score"] = f_score(made, program)
        row["f_score_of_photo"] = f_score(photo, program)
        points = largest(mesh, photo)
        if points is not None:
            row["tone"] = tone(photo, points)
            (left, top), (right, bottom) = points[:, :2].min(0), points[:, :2].max(0)
            face = np.s_[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1]
            row |= {
                f"face_ssim_{which}": float(found[face].mean()) for which, found in maps.items()
            }
            row["likeness"] = likeness(mesh, photo, made)
            row["likeness_of_program"] = likeness(mesh, photo, program)
        rows.append(row)
    return rows


def share(rows: list[dict], prefix: str = "") -> float:
    """Of the gap closed."""
    made, photo = (
        statistics.mean(row[f"{prefix}ssim_{which}"] for row in rows)
        for which in ("student", "photo")
    )
    return (made - photo) / (1 - photo)


def group(rows: list[dict]) -> dict:
    """The rows of one group of people together."""
    faces = [row for row in rows if "tone" in row]
    found = {"n": len(rows), "n_faces": len(faces), "share": share(rows)}
    found |= {
        name: interval(np.array([row[name] for row in rows]))
        for name in ("ssim_student", "ssim_photo", "sharpness", "f_score", "f_score_of_photo")
    }
    if faces:
        found["face_share"] = share(faces, "face_")
        for name in ("likeness", "likeness_of_program"):
            again = [row[name] for row in faces if row[name] is not None]
            found[name] = interval(np.array(again)) | {"found": len(again) / len(faces)}
    return found


def groups(rows: list[dict]) -> dict[str, dict]:
    """All, by source, by tone of skin, and by label."""
    kinds = {"all": rows}
    for source in ("faker", "interfaces", "cc_by"):
        kinds[source] = [row for row in rows if row["name"].startswith(source)]
    for one in ("light", "medium", "dark"):
        kinds[one] = [row for row in rows if row.get("tone") == one]
    for label in ("glasses", "beard", "turned"):
        kinds[label] = [row for row in rows if label in row["labels"]]
    return {kind: group(some) for kind, some in kinds.items() if some}


def steadiness(network: torch.nn.Module, shared: Path) -> dict:
    """Warping errors by clip, student and input."""
    found = {}
    for clip in CLIPS:
        frames = read_frames(shared / "data/video" / clip, CLIP_FRAMES, None, SIDE)
        inputs, flows = to_tensor(frames), flows_of(frames)
        made = to_tensor(np.stack([student_picture(network, frame) for frame in frames]))
        errors = {"input": warping_error(inputs, inputs, flows)}
        errors["student"] = warping_error(made, inputs, flows)
        found[clip] = errors | {"share": errors["student"] / errors["input"]}
    return found


def speeds(name: str, photos: list[Path]) -> dict:
    """Seconds of the program at 768 pixels and of the student at 256, each on one core."""
    torch.set_num_threads(1)
    drawn = []
    for path in photos:
        began = time.perf_counter()
        draw(name, read_rgb(path), DRAWN)
        drawn.append(time.perf_counter() - began)
    player, _ = load_interpreter(resolve(name), threads=1)
    runs = []
    for _ in range(20):
        began = time.perf_counter()
        player.invoke()
        runs.append(time.perf_counter() - began)
    program, student = statistics.median(drawn), statistics.median(runs)
    return {"program_s": program, "student_s": student, "ratio": program / student}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=sorted(PROGRAMS))
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="another's weights, and no more than likeness")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    held_out = people(arguments.shared)
    with tempfile.TemporaryDirectory() as folder:
        for path, _ in held_out:
            (Path(folder) / path.name).symlink_to(path.resolve())
        make_pairs(arguments.name, Path(folder), arguments.pairs, DRAWN)
    network, card = load(arguments.model or resolve_model(arguments.name))
    rows = rows_of(arguments.name, network.eval(), arguments)
    measured = {"groups": groups(rows), "student": cost(network)}
    if not arguments.model:
        timed = [path for path, _ in held_out[:: len(held_out) // TIMED][:TIMED]]
        photos = np.stack([resize(read_rgb(path), SIDE, SIDE) for path in timed])
        measured |= {
            "steadiness": steadiness(network, arguments.shared),
            "speed": speeds(arguments.name, timed),
            "bundle": checked(resolve(arguments.name), network, card, photos),
        }
    measured["pictures"] = rows
    result = {"networks": {}}
    if arguments.out and arguments.out.is_file():
        result = json.loads(arguments.out.read_text())
    result["networks"][arguments.name] = measured
    result |= {
        "clip_frames": CLIP_FRAMES,
        "command": " ".join(("python", *sys.argv)),
        "hardware": hardware(),
    }
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    for kind, found in measured["groups"].items():
        print(
            kind,
            json.dumps({key: found[key] for key in ("n", "share", "face_share") if key in found}),
        )


if __name__ == "__main__":
    main()
