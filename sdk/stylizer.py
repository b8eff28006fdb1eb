"""The Stylizer: a bundle, loaded, that turns pictures into stylized pictures."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from traceback import clear_frames
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, get_args

import numpy as np

from ..errors import UsageError, playing
from ..images import centre_square, laid_over, resize
from .accelerator import Accelerator, load_network
from .bundle import STYLE, BundleInfo, read_info, resolve
from .signatures import encoder_of, picture_tensors, runner_of
from .styled import Styled

if TYPE_CHECKING:
    from .frame_rate import FrameRateStylizer

SANDWICH_SWAP = "sandwich-swap"  # of a spec's blocks: the transform that tells colours apart
# of a spec; a CycleGAN draws anything, also where its shape is that of a portrait network
PORTRAIT_FAMILIES = ("ugatit", "ugatit-deep", "photo2cartoon")
Fit = Literal["crop", "stretch", "detail"]
T = TypeVar("T")


class Stylizer(Styled):
    """Plays one network of a fixed square size: a picture in, a picture out.

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
        size: side of the network's pictures, pixels.
        runtime: package of the TFLite runtime in use.
        accelerator: what runs the network, "cpu" or "gpu".
    """

    def __init__(
        self,
        path: str | Path,
        threads: int | None = None,
        size: int | None = None,
        accelerator: Accelerator = "auto",
        strict: bool = False,
    ) -> None:
        _check_threads(threads)
        self.info: BundleInfo = read_info(path)
        signature = self.info.signature(size)
        self._input, self._output = picture_tensors(signature, path)
        self.size: int = self._input.shape[1]
        super().__init__()
        self._inputs = signature.inputs
        self._encoder = None
        self.takes_style = len(signature.inputs) > 1
        self._process = os.getpid()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pocketstyle")
        try:
            loaded = self._in_turn(load_network, path, accelerator, threads, strict)
            self.runtime, self.accelerator = loaded.runtime, loaded.accelerator
            self._runner = runner_of(loaded.network, signature, path)
            if self.takes_style:
                self._encoder = encoder_of(loaded.network, self.info, path)
        except BaseException:
            self._thread.shutdown()
            raise
        self._taken = np.empty(self._input.shape, self._input.dtype)
        self._mixed, self._scratch = np.empty((2, *self._output.shape), np.float32)
        if loaded.remark:
            warnings.warn(loaded.remark, RuntimeWarning, stacklevel=3)

    @classmethod
    def load(
        cls,
        name_or_path: str | Path,
        threads: int | None = None,
        size: int | None = None,
        accelerator: Accelerator = "auto",
        strict: bool = False,
    ) -> Self:
        """Load a shipped bundle by its name, or any bundle by its path.

        Args:
            name_or_path: a name from `shipped()`, or a file.
            threads: of the CPU kernels; None takes every core but one, at most 4.
            size: side of the pictures, for a bundle of several; None takes its first.
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
            bundles: names or files, of one size, as a search for several targets gives them.
            options: as `load` takes them.

        Raises:
            UsageError: there are none, they are of several sizes, or the rate is not above 0.
            FormatError, PocketstyleError: as in `load`.
        """
        from .frame_rate import FrameRateStylizer  # which plays Stylizers

        loaded = [Stylizer.load(bundle, **options) for bundle in bundles]
        return FrameRateStylizer(loaded, frames_per_second)

    @property
    def usual_fit(self) -> Fit:
        """What suits the network: a photo keeps its details, a painting has strokes instead."""
        if not self.takes_style:
            return "crop"
        return "stretch" if str(self.info.spec.get("family")).startswith("art-") else "detail"

    @property
    def draws_portraits(self) -> bool:
        """Whether it is a network of portraits, which knows faces that fill the frame."""
        return not self.takes_style and self.info.spec.get("family") in PORTRAIT_FAMILIES

    def _encoded(self, rgb: np.ndarray) -> dict[str, np.ndarray]:
        """What is kept of a style picture."""
        if self._encoder is None:
            raise UsageError(f"{self.info.name} takes no style picture")
        check_picture(rgb)
        return self._in_turn(self._statistics, resize(rgb, self.size, self.size))

    def _statistics(self, square: np.ndarray) -> dict[str, np.ndarray]:
        self._normalise(square, self._taken[0])
        made = self._made_by(self._encoder, {STYLE: self._taken})
        return {name: value.copy() for name, value in made.items()}

    def _coloured(self, texture: dict[str, np.ndarray], colour: np.ndarray) -> dict:
        if SANDWICH_SWAP not in str(self.info.spec.get("blocks")):
            raise UsageError(f"{self.info.name} takes textures and colours from one picture")
        of_colour = self._encoded(colour)
        last = [tensor.name for tensor in self._inputs[-2:]]  # the mean and deviation of colours
        return texture | {name: of_colour[name] for name in last}

    def stylize(
        self, rgb: np.ndarray, fit: Fit = "crop", out: np.ndarray | None = None
    ) -> np.ndarray:
        """Stylize a picture of any size.

        Args:
            rgb: uint8[H, W, 3].
            fit: "crop" takes the centre square and returns a square of the network's size;
                "stretch" squeezes the whole picture into the network's square and returns it at
                the picture's own size; "detail" lays the change that the network made to the
                squeezed picture over the picture itself, whose details stay.
            out: where to put the result; None allocates it.

        Returns:
            uint8[size, size, 3] for "crop", else uint8[H, W, 3].

        Raises:
            UsageError: `rgb`, `fit` or `out` is not as above.
        """
        check_fit(fit)
        check_picture(rgb)
        square = resize(centre_square(rgb) if fit == "crop" else rgb, self.size, self.size)
        if fit == "crop":
            return self.apply(square, out)
        height, width = rgb.shape[:2]
        made = self.apply(square)
        stylized = laid_over(rgb, square, made) if fit == "detail" else resize(made, width, height)
        if out is None:
            return stylized
        _check_out(out, rgb.shape)
        out[...] = stylized
        return out

    def apply(self, square: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Stylize a picture that already has the network's size.

        Args:
            square: uint8[size, size, 3].
            out: uint8[size, size, 3] to put the result in; None allocates it.

        Returns:
            uint8[size, size, 3], rounded and clipped to 0..255.
        """
        shape = (self.size, self.size, 3)
        check_picture(square)
        if square.shape != shape:
            raise UsageError(f"the network takes {shape} pictures, not {square.shape}")
        if out is None:
            out = np.empty(shape, np.uint8)
        else:
            _check_out(out, shape)
        self._in_turn(self._apply, square, out)
        return out

    def _apply(self, square: np.ndarray, out: np.ndarray) -> None:
        styles, alpha = self._manner
        self._normalise(square, self._taken[0])
        made = self._play(self._taken, styles)
        if alpha < 1:
            np.subtract(made, self._taken, out=self._mixed, dtype=np.float32)
            self._mixed *= alpha
            made = np.add(self._mixed, self._taken, out=self._mixed)
        self._denormalise(made[0], out)

    def run(self, tensor: np.ndarray) -> np.ndarray:
        """The network alone, for parity checks: no fitting, no normalisation.

        Args:
            tensor: [1, size, size, 3] of the bundle's input dtype.

        Returns:
            [1, size, size, 3] of the bundle's output dtype, a copy.

        Raises:
            UsageError: `tensor` has another shape or dtype.
        """
        if tensor.shape != self._input.shape or tensor.dtype != self._input.dtype:
            raise UsageError(
                f"the network takes {self._input.dtype} {self._input.shape}, "
                f"not {tensor.dtype} {tensor.shape}"
            )
        return self._in_turn(lambda: self._play(tensor, self._manner[0]).copy())

    def close(self) -> None:
        """Free the network's memory; the Stylizer cannot be used afterwards."""
        self._thread.shutdown()
        self._runner = self._encoder = None

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

    def _play(self, tensor: np.ndarray, styles: list[tuple[Any, float]]) -> np.ndarray:
        """What the network makes, or of several styles the mean; memory that is used again."""
        if self.takes_style and not styles:
            raise UsageError(f"{self.info.name} draws in the manner of a style picture; give one")
        if len(styles) < 2:
            return self._run(tensor, styles[0][0] if styles else {})
        self._mixed.fill(0)
        for statistics, share in styles:
            made = self._run(tensor, statistics)
            self._mixed += np.multiply(made, np.float32(share), out=self._scratch)
            del made  # the runtime refuses to run while its memory is held
        return self._mixed

    def _run(self, tensor: np.ndarray, statistics: dict[str, np.ndarray]) -> np.ndarray:
        tensors = {self._input.name: tensor} | statistics
        return self._made_by(self._runner, tensors)[self._output.name]

    def _made_by(self, runner: Any, tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What a signature makes of tensors."""
        with playing(self.info.name):
            return runner(**tensors)

    def _normalise(self, pixels: np.ndarray, tensor: np.ndarray) -> None:
        """tensor = (pixels - mean) / std, in place; both [size, size, 3]."""
        if self._input.dtype == "uint8":
            tensor[...] = pixels
            return
        np.subtract(pixels, self._input.mean, out=tensor, dtype=np.float32)
        np.divide(tensor, np.float32(self._input.std), out=tensor)

    def _denormalise(self, tensor: np.ndarray, pixels: np.ndarray) -> None:
        """pixels = tensor * std + mean, rounded and clipped, in place; both [size, size, 3]."""
        if tensor.dtype == np.uint8:
            pixels[...] = tensor
            return
        scratch = self._scratch[0]
        np.multiply(tensor, np.float32(self._output.std), out=scratch)
        np.add(scratch, np.float32(self._output.mean), out=scratch)
        np.rint(scratch, out=scratch)
        np.clip(scratch, 0, 255, out=scratch)
        np.copyto(pixels, scratch, casting="unsafe")


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
