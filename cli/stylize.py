"""pocketstyle stylize: play a bundle on pictures and video."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import PocketstyleError, UsageError
from ..frames import parse_frame
from ..images import told_of
from ..quiet import quiet
from ..whole import check_free
from .options import Force, Frame, Json, emit
from .progress import progress
from .signals import ending_as_ctrl_c

if TYPE_CHECKING:
    import numpy as np

    from ..sdk import Stylizer
    from ..sdk.faces import Portrait

NAME = "stylize"
INTERRUPTED = 130  # what shells say of a program that Ctrl-C ended
SOME_LEFT_OUT = 3  # pictures of a folder or a list that could not be made
LARGE = 16_000_000  # pixels of a style, from which on it is told that it is shrunk


def run(
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Where to write: a picture; a folder for a folder or a .csv; .mp4, .gif or .webp "
            "for a video.",
        ),
    ],
    source: Annotated[
        Path | None,
        typer.Argument(
            help="A picture, a folder of pictures, a video, or a .csv with a line content,style "
            "for each picture (paths relative to it); none with --camera."
        ),
    ] = None,
    camera: Annotated[
        int | None,
        typer.Option(min=0, help="Of this computer, by its number, until Ctrl-C or --seconds."),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(help="Of a video or a camera, after which it ends.")
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            "-m",
            help="A bundle, or the name of a shipped one (`pocketstyle models`); or the "
            "model.safetensors of a network that takes a style, which takes pictures of any size.",
        ),
    ] = "comic",
    style: Annotated[
        list[Path] | None,
        typer.Option(
            help="In the manner of this picture, where the network can; several are blended."
        ),
    ] = None,
    weight: Annotated[
        list[float] | None, typer.Option(help="Of each of several styles [all the same].")
    ] = None,
    color: Annotated[
        Path | None, typer.Option(help="Textures from --style, colours from this picture.")
    ] = None,
    alpha: Annotated[
        float | None, typer.Option(help="How much of the style's manner, 0 to 1 [1].")
    ] = None,
    fit: Annotated[
        str | None,
        typer.Option(
            help="crop: the centre, in the network's frame; stretch: the whole picture, squeezed "
            "into it; detail: likewise, with the picture's own details; frame: the whole picture "
            "in its own proportion [the bundle's; else crop, or where the network takes a style, "
            "detail for photos and stretch for paintings]."
        ),
    ] = None,
    faces: Annotated[
        str | None,
        typer.Option(
            help="By a network of portraits: paste (the picture with its faces drawn) or crop (the "
            "nearest face alone, upright, as an avatar) [crop, unless --fit, --compare, --mask or "
            "--steady is given; a picture without a face is drawn as a whole]."
        ),
    ] = None,
    no_face: Annotated[
        str | None,
        typer.Option(
            help="What becomes of a picture without a face: keep (it stays as it is), whole (all "
            "of it is drawn) or error [keep]."
        ),
    ] = None,
    detector: Annotated[
        Path | None,
        typer.Option(help="Of faces: a YuNet .onnx or a BlazeFace .tflite [MediaPipe's mesh]."),
    ] = None,
    mask: Annotated[
        Path | None,
        typer.Option(
            help="Of the picture's size: stylized where white, left as it is where black."
        ),
    ] = None,
    steady: Annotated[
        bool, typer.Option(help="Of a video: less flicker where it stands still.")
    ] = False,
    compare: Annotated[bool, typer.Option(help="Show the input beside the result.")] = False,
    frame: Frame = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
    accelerator: Annotated[
        str, typer.Option(help="cpu, gpu (an error where it does not run it all), or auto.")
    ] = "auto",
    force: Force = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Of a folder or a .csv, leave the pictures that are there already."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Stylize a picture, a folder of pictures, a video or what a camera sees.

    Ctrl-C, SIGTERM and SIGHUP end a video with the frames that are done, and a folder with the
    pictures (exit status 130; 0 for a camera). Pictures of a folder that cannot be made are named
    on stderr, and the others made (exit status 3).
    """
    from ..sdk import Stylizer, open_camera, read_rgb, stylize_file, stylize_video

    styles, weights = style or [], weight or [1.0] * len(style or [])
    if (source is None) == (camera is None):
        raise UsageError("give a picture, a folder, a video or a .csv, or else --camera NUMBER")
    if camera is not None and mask is not None:
        raise UsageError("a camera's frames are no picture; --mask is for pictures")
    if faces is None and (no_face or detector):
        raise UsageError("--no-face and --detector go with --faces")
    if faces is not None and fit is not None:
        raise UsageError("--fit says what becomes of whole pictures; --faces draws their faces")
    listed = source is not None and source.suffix.lower() == ".csv"
    if alpha is not None and not styles and not listed:
        raise UsageError("--alpha says how much of a style; give --style")
    if weight and len(styles) < 2:
        raise UsageError("--weight says how much of each of several --style")
    if color is not None and len(styles) != 1:
        raise UsageError("--color gives one --style other colours")
    if resume and force:
        raise UsageError("--force makes every picture again, --resume leaves those that are there")
    if model.lower().endswith(".safetensors"):
        from .torch_stylizer import TorchStylizer

        if frame is not None or fit is not None:
            raise UsageError("a model's pictures keep their size: --frame and --fit are a bundle's")
        if accelerator != "auto":
            raise UsageError("a model runs with torch on the CPU; --accelerator is a bundle's")
        if faces is not None:
            raise UsageError("faces are drawn by a bundle")
        stylizer = TorchStylizer(model, threads)
    else:
        with quiet():  # the runtime announces its kernels
            size = None if frame is None else parse_frame(frame)
            stylizer = Stylizer.load(model, threads, size, accelerator, strict=True)
    if listed and styles:
        raise UsageError(f"{source} names the styles; leave --style out")
    if stylizer.takes_style and not styles and not listed:
        raise UsageError(f"{model} draws in the manner of a style picture: --style PICTURE")
    alpha = 1.0 if alpha is None else alpha
    pictures = [read_rgb(path) for path in styles]
    for path, rgb in zip(styles, pictures, strict=True):
        _remark(path, rgb)
    if color is not None:
        stylizer.set_style(pictures[0], alpha, read_rgb(color))
    elif styles:
        stylizer.set_styles(pictures, weights, alpha)
    player = stylizer
    if faces is not None:
        from ..sdk.faces import Portrait

        if not stylizer.may_draw_portraits:
            raise UsageError(f"{model} is no network of portraits; leave --faces out")
        player = Portrait(stylizer, detector, no_face or "keep", faces=faces)
    elif stylizer.draws_portraits and not (fit or compare or steady or mask or listed):
        player = _avatars(stylizer)
    with stylizer, ending_as_ctrl_c(), progress() as report:
        moving = {
            "fit": fit,
            "compare": compare,
            "steady": steady,
            "seconds": seconds,
            "report": lambda done, total: report("stylize", done, total),
        }
        if camera is not None:
            check_free(output, force)
            result = stylize_video(player, open_camera(camera), output, **moving)
        else:
            result = stylize_file(
                player,
                source,
                output,
                force=force,
                resume=resume,
                alpha=alpha,
                mask=None if mask is None else read_rgb(mask),
                **moving,
            )
    fields = {key: str(v) if isinstance(v, Path) else v for key, v in asdict(result).items()}
    skipped = fields.get("skipped")
    if skipped:
        print(told_of(skipped), file=sys.stderr)
    emit(fields, as_json, _told(fields))
    if fields["stopped"] and camera is None:
        raise typer.Exit(INTERRUPTED)
    if skipped:
        raise typer.Exit(SOME_LEFT_OUT)


def _avatars(stylizer: Stylizer) -> Portrait | Stylizer:
    """What crops faces by itself, where they can be looked for."""
    try:
        from ..sdk.faces import Portrait

        return Portrait(stylizer, no_face="whole", faces="crop")
    except PocketstyleError as error:
        print(f"faces are not looked for, the centre is drawn: {error}", file=sys.stderr)
        return stylizer


def _told(fields: dict[str, Any]) -> str:
    """What was made, as a line or more for people."""
    target, seconds = fields["target"], fields["seconds"]
    if "frames" in fields:
        size = f"{fields['width']}x{fields['height']}"
        line = f"{target}: {fields['frames']} frames of {size} in {seconds:.1f} s"
        line += f" ({fields['fps']:.1f} a second), {'with' if fields['audio'] else 'without'} sound"
    else:
        line = f"{target}: {fields['pictures']} made in {seconds:.1f} s"
        line += f", {fields['kept']} were there already" if fields["kept"] else ""
        line += f", {len(fields['skipped'])} left out" if fields["skipped"] else ""
    if fields["stopped"]:
        line += "; stopped before the end"
        line += "" if "frames" in fields else ", --resume goes on"
    return "\n".join([line, *fields.get("remarks", ())])


def _remark(path: Path, rgb: np.ndarray) -> None:
    """Tell of a style that will not do what may be expected of it."""
    height, width = rgb.shape[:2]
    if height * width > LARGE:
        print(f"{path} is {width}x{height}: shrunk, as every style is", file=sys.stderr)
    if (rgb == rgb[0, 0]).all():
        print(f"{path} has one colour, and so will what is drawn by it", file=sys.stderr)
