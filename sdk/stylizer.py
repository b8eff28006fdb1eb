"""The Stylizer: a bundle, loaded, that turns pictures into stylized pictures."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from traceback import clear_frames
from typing import TYPE_CHECKING, Any, Self, TypeVar, get_args

import numpy as np

from ..errors import UsageError
from ..frames import Frame, Size, frame_text
from ..images import cropped, laid_over, resize
from .accelerator import Accelerator, load_network
from .bundle import BundleInfo, Fit, read_info, resolve
from .frame_player import FramePlayer
from .framing import Place, best_frame, orientation
from .styled import Styled

if TYPE_CHECKING:
    from .frame_rate import FrameRateStylizer

SANDWICH_SWAP = "sandwich-swap"  # of a spec's blocks: the transform that tells colours apart
PORTRAIT_FAMILIES = ("ugatit", "ugatit-deep", "photo2cartoon")  # of a spec
ANY_FAMILIES = ("cyclegan", "foreign")  # of which a spec does not say what they draw
T = TypeVar("T")


class Stylizer(Styled):
    """Plays a network of one frame or several: a picture in, a picture out.

    Of several it takes the one of the picture's orientation.

    Any thread may call it, and waits its turn: one thread of its own makes the network, as GPU
    delegates demand, and runs it with tensors that are reused from call to call.

        with Stylizer.load("toonhead") as stylizer:
            stylized = stylizer.stylize(read_rgb("photo.jpg"))

        with Stylizer.load("photonas") as stylizer:
            stylizer.set_style(read_rgb("evening.jpg"))
            stylized = stylizer.stylize(read_rgb("noon.jpg"), "detail")

    Attributes:
        info: what the bundle says of itself.
        takes_style: whether it draws in the manner of a style picture.
        frames: height and width of the network's pictures, pixels; of a bundle of several the
            file's first is in front.
        runtime: package of the TFLite runtime in use.
        accelerator: what runs the network, "cpu" or "gpu".
    """

    def __init__(
        self,
        path: str | Path,
        threads: int | None = None,
        size: Size | None = None,
        accelerator: Accelerator = "auto",
        strict: bool = False,
    ) -> None:
        _check_threads(threads)
        self.info: BundleInfo = read_info(path)
        signatures = self.info.stylizers if size is None else (self.info.signature(size),)
        players = [FramePlayer(self.info, signature, path) for signature in signatures]
        self._players = {player.frame: player for player in reversed(players)}
        self.frames: tuple[Frame, ...] = tuple(reversed(self._players))
        super().__init__()
        self._inputs = signatures[0].inputs
        self._chosen = size is not None
        self.takes_style = players[0].takes_style
        self._process = os.getpid()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pocketstyle")
        try:
            loaded = self._in_turn(load_network, path, accelerator, threads, strict)
            self.runtime, self.accelerator = loaded.runtime, loaded.accelerator
            for player in self._players.values():
                player.load(loaded.network)
        except BaseException:
            self._thread.shutdown()
            raise
        if loaded.remark:
            warnings.warn(loaded.remark, RuntimeWarning, stacklevel=3)

    @classmethod
    def load(
        cls,
        name_or_path: str | Path,
        threads: int | None = None,
        size: Size | None = None,
        accelerator: Accelerator = "auto",
        strict: bool = False,
    ) -> Self:
        """Load a shipped bundle by its name, or any bundle by its path.

        Args:
            name_or_path: a name from `shipped()`, or a file.
            threads: of the CPU kernels; None takes every core but one, at most 4.
            size: of a bundle of several frames the one to play, whatever the picture; the side of
                a square, or height and width.
            accelerator: "gpu" takes the CPU with a warning where the GPU does not run all of the
                network, "auto" without one; "cpu" asks for none.
            strict: with "gpu", an error in place of the warning.

        Raises:
            UsageError: no such bundle or accelerator, or none of this size.
            FormatError: the file is no bundle, or holds no network of one picture in, one out.
            PocketstyleError: no TFLite runtime is installed, or `strict` and no GPU.
        """
        return cls(resolve(name_or_path), threads, size, accelerator, strict)

    @staticmethod
    def for_frame_rate(
        frames_per_second: float, bundles: Sequence[str | Path], **options: Any
    ) -> FrameRateStylizer:
        """Of several bundles the best that holds a frame rate, as the device heats up and cools.

        Args:
            bundles: names or files, of the same frames, as a search for several targets gives them.
            options: as `load` takes them.

        Raises:
            UsageError: there are none, they are of other frames, or the rate is not above 0.
            FormatError, PocketstyleError: as in `load`.
        """
        from .frame_rate import FrameRateStylizer  # which plays Stylizers

        loaded = [Stylizer.load(bundle, **options) for bundle in bundles]
        return FrameRateStylizer(loaded, frames_per_second)

    @property
    def height(self) -> int:
        """Of the first frame, pixels."""
        return self.frames[0][0]

    @property
    def width(self) -> int:
        """Of the first frame, pixels."""
        return self.frames[0][1]

    @property
    def size(self) -> int:
        """Side of the square frame, pixels.

        Raises:
            UsageError: there is none.
        """
        square = best_frame(self.frames, (1, 1))
        if square[0] != square[1]:
            raise UsageError(f"{self.info.name} has no square frame; it has {_listed(self.frames)}")
        return square[0]

    def frame_for(self, height: int, width: int, fit: Fit | None = None) -> Frame:
        """The frame that a picture of these sides is played at.

        That of its orientation, else a square one. A frame that lies the other way shows a part of
        it or a distorted one, but is not taken for "frame" unless it was chosen.

        Raises:
            UsageError: there is no such frame.
        """
        fit = self.fit_of(fit)
        found = best_frame(self.frames, (height, width))
        if found is None and fit == "frame" and not self._chosen:
            raise UsageError(
                f"{self.info.name} has no frame for {orientation((height, width))} pictures; it "
                f"has {_listed(self.frames)}: choose one by name, or another fit"
            )
        return found or self.frames[0]

    @property
    def usual_fit(self) -> Fit:
        """What suits the network: the bundle's own, else by what it is.

        A photo keeps its details, a painting has strokes instead.
        """
        if self.info.fit is not None:
            return self.info.fit
        if not self.takes_style:
            return "crop"
        return "stretch" if str(self.info.spec.get("family")).startswith("art-") else "detail"

    def fit_of(self, fit: Fit | None) -> Fit:
        """The fit itself, or where none is said `usual_fit`.

        Raises:
            UsageError: an unknown one.
        """
        if fit is None:
            return self.usual_fit
        check_fit(fit)
        return fit

    @property
    def draws_portraits(self) -> bool:
        """Whether it is a network of portraits, which knows faces that fill the frame."""
        return not self.takes_style and self.info.spec.get("family") in PORTRAIT_FAMILIES

    @property
    def may_draw_portraits(self) -> bool:
        """Whether it is a network of portraits for all that its bundle says."""
        anything = not self.takes_style and self.info.spec.get("family") in ANY_FAMILIES
        return anything or self.draws_portraits

    def _encoded(self, rgb: np.ndarray) -> dict[str, np.ndarray]:
        """What is kept of a style picture."""
        if not self.takes_style:
            raise UsageError(f"{self.info.name} takes no style picture")
        check_picture(rgb)
        player = self._players[self.frames[0]]
        return self._in_turn(player.statistics, resize(rgb, self.width, self.height))

    def _coloured(self, texture: dict[str, np.ndarray], colour: np.ndarray) -> dict:
        if SANDWICH_SWAP not in str(self.info.spec.get("blocks")):
            raise UsageError(f"{self.info.name} takes textures and colours from one picture")
        of_colour = self._encoded(colour)
        last = [tensor.name for tensor in self._inputs[-2:]]  # the mean and deviation of colours
        return texture | {name: of_colour[name] for name in last}

    def stylize(
        self, rgb: np.ndarray, fit: Fit | None = None, out: np.ndarray | None = None
    ) -> np.ndarray:
        """Stylize a picture of any size.

        Args:
            rgb: uint8[H, W, 3].
            fit: "crop" takes the centre in the frame's proportion (`frame_for`) and returns a
                picture of the frame; "stretch" squeezes the whole picture into the frame and
                returns it at the picture's own size; "detail" lays the change that the network
                made to the squeezed picture over the picture itself, whose details stay; "frame"
                shows the whole picture in its own proportion, as large as it fits and mirrored
                around that, and returns it at its own size. None takes what suits the network
                (`usual_fit`).
            out: where to put the result; None allocates it.

        Returns:
            uint8[*frame, 3] for "crop", else uint8[H, W, 3].

        Raises:
            UsageError: `rgb`, `fit` or `out` is not as above, or the bundle has no frame that the
                picture's orientation is shown in.
        """
        fit = self.fit_of(fit)
        check_picture(rgb)
        height, width = rgb.shape[:2]
        frame = self.frame_for(height, width, fit)
        if fit == "crop":
            return self.apply(cropped(rgb, frame), out)
        if fit == "frame":
            place = Place.of((height, width), frame)
            seen = place.mirrored(resize(rgb, place.width, place.height))
            stylized = resize(place.cut(self.apply(seen)), width, height)
        else:
            seen = resize(rgb, frame[1], frame[0])
            made = self.apply(seen)
            stylized = (
                laid_over(rgb, seen, made) if fit == "detail" else resize(made, width, height)
            )
        if out is None:
            return stylized
        _check_out(out, rgb.shape)
        out[...] = stylized
        return out

    def apply(self, picture: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Stylize a picture that already has one of the network's frames.

        Args:
            picture: uint8[*frame, 3].
            out: uint8[*frame, 3] to put the result in; None allocates it.

        Returns:
            uint8[*frame, 3], rounded and clipped to 0..255.
        """
        check_picture(picture)
        player = self._players.get(picture.shape[:2])
        if player is None:
            raise UsageError(
                f"the network takes {_shapes(self.frames)} pictures, not {picture.shape}"
            )
        if out is None:
            out = np.empty(picture.shape, np.uint8)
        else:
            _check_out(out, picture.shape)
        self._in_turn(player.apply, picture, out, self._manner)
        return out

    def run(self, tensor: np.ndarray) -> np.ndarray:
        """The network alone, for parity checks: no fitting, no normalisation.

        Args:
            tensor: [1, *frame, 3] of the bundle's input dtype.

        Returns:
            [1, *frame, 3] of the bundle's output dtype, a copy.

        Raises:
            UsageError: `tensor` has another shape or dtype.
        """
        player = self._players.get(tensor.shape[1:3])
        dtype = self._inputs[0].dtype
        if player is None or tensor.shape != player.input.shape or tensor.dtype != dtype:
            shapes = _shapes([(1, *frame) for frame in self.frames])
            raise UsageError(
                f"the network takes {dtype} {shapes}, not {tensor.dtype} {tensor.shape}"
            )
        return self._in_turn(player.run, tensor, self._manner[0])

    def close(self) -> None:
        """Free the network's memory; the Stylizer cannot be used afterwards."""
        self._thread.shutdown()
        for player in self._players.values():
            player.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _in_turn(self, work: Callable[..., T], *arguments: Any) -> T:
        """What `work` gives, in the thread that owns the network."""
        if os.getpid() != self._process:  # which has no such thread, and would wait for it
            raise UsageError("a Stylizer belongs to the process that loaded it; load another one")
        try:
            running = self._thread.submit(work, *arguments)
        except RuntimeError as error:  # it was shut down
            raise UsageError("this Stylizer is closed") from error
        try:
            return running.result()
        except BaseException as error:
            clear_frames(error.__traceback__)  # which hold the runtime's memory
            raise


def check_fit(fit: str) -> None:
    """Raise UsageError unless `fit` is one of `Fit`."""
    if fit not in get_args(Fit):
        raise UsageError(f"fit is {fit!r}; it is one of {', '.join(get_args(Fit))}")


def _check_threads(threads: int | None) -> None:
    if threads is not None and (not isinstance(threads, int) or threads < 1):
        raise UsageError(f"threads is {threads!r}; it is a whole number above 0")


def check_picture(rgb: np.ndarray) -> None:
    """Raise UsageError unless `rgb` is uint8[H, W, 3] with pixels in it."""
    if not isinstance(rgb, np.ndarray):
        raise UsageError(f"a picture is a numpy array uint8[H, W, 3], not {type(rgb).__name__}")
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
        raise UsageError(f"a picture is uint8[H, W, 3], not {rgb.dtype}{list(rgb.shape)}")


def _check_out(out: np.ndarray, shape: tuple[int, ...]) -> None:
    if not isinstance(out, np.ndarray):
        raise UsageError(f"out is a numpy array uint8{list(shape)}, not {type(out).__name__}")
    if out.dtype != np.uint8 or out.shape != shape or not out.flags.writeable:
        kind = "" if out.flags.writeable else " that is read-only"
        raise UsageError(f"out must be uint8{list(shape)}, not {out.dtype}{list(out.shape)}{kind}")


def _listed(frames: Sequence[Frame]) -> str:
    return ", ".join(map(frame_text, frames))


def _shapes(frames: Sequence[tuple[int, ...]]) -> str:
    """As numpy's shapes, with the channels behind."""
    return " or ".join(str((*frame, 3)) for frame in frames)
