"""Portrait networks on whole pictures: each face is cropped, stylised and put back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from ...errors import DataError, UsageError
from ..stylizer import Stylizer, check_picture
from .alignment import Alignment
from .cut_out import figure_of
from .detector import FaceDetector
from .loading import load_detector
from .tracking import Tracker

if TYPE_CHECKING:
    from ..frame_rate import FrameRateStylizer

NoFace = Literal["keep", "whole", "error"]


class Portrait:
    """Stylises the faces of pictures, and of a video's frames in their order.

        with Stylizer.load("toonhead") as stylizer:
            portrait = Portrait(stylizer)
            stylized = portrait.stylize(read_rgb("party.jpg"))

    Attributes:
        stylizer: what draws the faces; it stays the caller's to close.
        detector: what finds them.
        no_face: what becomes of a picture without any.
        cut_out: whether a drawing's even background is left out.
    """

    def __init__(
        self,
        stylizer: Stylizer | FrameRateStylizer,
        detector: FaceDetector | str | Path | None = None,
        no_face: NoFace = "keep",
        cut_out: bool = True,
    ) -> None:
        """
        Args:
            stylizer: of a network of portraits.
            detector: one, or what `load_detector` takes; None for OpenCV's cascades.
            no_face: "keep" leaves such a picture as it is, "whole" stylises all of it, squeezed
                into the network's square, "error" raises DataError.
            cut_out: leave the picture where the network drew an even background. Without, the
                drawing is a disc with its background, which hides a chin that the drawing lacks.

        Raises:
            UsageError: `no_face` is another word.
            PocketstyleError: as of `load_detector`.
        """
        if no_face not in get_args(NoFace):
            raise UsageError(f"no_face is {no_face!r}; it is one of {', '.join(get_args(NoFace))}")
        self.stylizer, self.no_face, self.cut_out = stylizer, no_face, cut_out
        self.detector = detector if isinstance(detector, FaceDetector) else load_detector(detector)
        self._tracker = Tracker()

    def stylize(self, rgb: np.ndarray, seconds: float | None = None) -> np.ndarray:
        """The picture with its faces stylised, the nearer ones over those behind.

        Args:
            rgb: uint8[H, W, 3].
            seconds: a video frame's time stamp, by which the crops move steadily; None for a
                picture on its own.

        Returns:
            uint8[H, W, 3], never `rgb` itself.

        Raises:
            UsageError: `rgb` is not as above.
            DataError: there is no face, and `no_face` is "error".
        """
        check_picture(rgb)
        places = [Alignment.of(face) for face in self.detector.detect(rgb)]
        if seconds is not None:
            places = self._tracker(places, seconds)
        if not places and self.no_face == "error":
            raise DataError("no face was found in the picture")
        if not places and self.no_face == "whole":
            return self.stylizer.stylize(rgb, "stretch")
        stylized = rgb.copy()
        for place in sorted(places, key=lambda place: place.side):
            made = self.stylizer.apply(place.cut(rgb, self.stylizer.size))
            place.paste(made, stylized, figure_of(made) if self.cut_out else None)
        return stylized
