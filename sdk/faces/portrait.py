"""Portrait networks on any picture: faces are cropped, stylised, and put back or shown alone."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from ...errors import DataError, UsageError
from ...images import centre_square, resize
from ..stylizer import Stylizer, check_picture
from ..whole_frames import WholeFrames
from .alignment import Alignment
from .cut_out import figure_of
from .detector import Face, FaceDetector
from .loading import load_detector
from .tracking import Tracker

if TYPE_CHECKING:
    from ..frame_rate import FrameRateStylizer

LOOK = 0.4  # seconds of a video after which its frame is searched for faces that came

Faces = Literal["paste", "crop"]
NoFace = Literal["keep", "whole", "error"]


class Portrait(WholeFrames):
    """Stylises the faces of pictures, and of a video's frames in their order.

        with Stylizer.load("toonhead") as stylizer:
            portrait = Portrait(stylizer)
            stylized = portrait.stylize(read_rgb("party.jpg"))

    Attributes:
        stylizer: what draws the faces; it stays the caller's to close.
        detector: what finds them.
        faces: "paste" for the picture with all of its faces stylised, "crop" for the nearest one
            alone, upright in the network's square, as avatars are made.
        no_face: what becomes of a picture without any.
        cut_out: whether a drawing's even background is left out.
    """

    def __init__(
        self,
        stylizer: Stylizer | FrameRateStylizer,
        detector: FaceDetector | str | Path | None = None,
        no_face: NoFace = "keep",
        cut_out: bool = True,
        faces: Faces = "paste",
    ) -> None:
        """
        Args:
            stylizer: of a network of portraits.
            detector: one, or what `load_detector` takes; None for the SDK's `FaceMesh`.
            no_face: "keep" leaves such a picture as it is (of "crop", its centre), "whole" stylises
                it as if there were no faces to look for, "error" raises DataError.
            cut_out: leave the picture where the network drew an even background. Without, the
                drawing is a disc with its background, which hides a chin that the drawing lacks.
            faces: "paste" or "crop", as above.

        Raises:
            UsageError: `no_face` or `faces` is another word, or the network draws no portraits.
            PocketstyleError: as of `load_detector`.
        """
        for name, word, known in (("no_face", no_face, NoFace), ("faces", faces, Faces)):
            if word not in get_args(known):
                raise UsageError(f"{name} is {word!r}; it is one of {', '.join(get_args(known))}")
        if not stylizer.may_draw_portraits:
            raise UsageError("the network draws no portraits; play it without looking for faces")
        self.stylizer, self.no_face, self.cut_out = stylizer, no_face, cut_out
        self.faces = faces
        self.detector = detector if isinstance(detector, FaceDetector) else load_detector(detector)
        self._tracker = Tracker()
        self._before: list[Face] = []
        self._looked = self._seconds = -math.inf

    def stylize(self, rgb: np.ndarray, seconds: float | None = None) -> np.ndarray:
        """The picture with its faces stylised, the nearer ones over those behind; or the nearest.

        Args:
            rgb: uint8[H, W, 3].
            seconds: a video frame's time stamp, by which the crops move steadily; None for a
                picture on its own.

        Returns:
            uint8[H, W, 3], never `rgb` itself; of "crop" uint8[size, size, 3].

        Raises:
            UsageError: `rgb` is not as above.
            DataError: there is no face, and `no_face` is "error"; of a video that ends it, and what
                was done of it is not kept.
        """
        check_picture(rgb)
        if seconds is None:
            places = [Alignment.of(face) for face in self.detector.detect(rgb)]
        else:
            places = [Alignment.of(face) for face in self._in_frame(rgb, seconds)]
            places = self._tracker(places, seconds)
        if not places and self.no_face == "error":
            when = "" if seconds is None else f" at {seconds:.2f} s"
            raise DataError(f"no face was found in the picture{when}")
        alone, size = self.faces == "crop", self.stylizer.size
        if not places and self.no_face == "whole" and not alone:
            return self.stylizer.stylize(rgb, "stretch")
        if not places and alone:
            square = resize(centre_square(rgb), size, size)
            return self.stylizer.apply(square) if self.no_face == "whole" else square.copy()
        if not places:
            return rgb.copy()
        places.sort(key=lambda place: place.side)
        if alone:
            return self.stylizer.apply(places[-1].cut(rgb, size))
        stylized = rgb.copy()
        for place in places:
            made = self.stylizer.apply(place.cut(rgb, size))
            place.paste(made, stylized, figure_of(made) if self.cut_out else None)
        return stylized

    def _in_frame(self, rgb: np.ndarray, seconds: float) -> list[Face]:
        """The faces of a video's frame: followed from the frame before, or searched for.

        A frame is searched every `LOOK` seconds, where a face is lost, and after a seek.
        """
        followed = None
        if self._before and self._seconds < seconds < self._looked + LOOK:
            followed = self.detector.follow(rgb, self._before)
        if followed is None:
            followed, self._looked = self.detector.detect(rgb), seconds
        self._before, self._seconds = followed, seconds
        return followed

    def made_size(self, width: int, height: int) -> tuple[int, int]:
        return (self.stylizer.size,) * 2 if self.faces == "crop" else (width, height)
