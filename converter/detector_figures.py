"""How well a detector's faces agree with boxes somebody drew, or with another detector's."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.intervals import wilson
from edge.errors import PictureError
from edge.pictures import SUFFIXES, read_picture
from edge.records import Box, Face

CLIP_SUFFIXES = frozenset({".avi", ".gif", ".mkv", ".mov", ".mp4", ".webm"})


@dataclass(frozen=True)
class Drawn:
    """One reference box; an ignored one is neither asked for nor held against a detector."""

    box: Box
    ignore: bool = False


def drawn_boxes(folder: Path) -> dict[str, list[Drawn]]:
    """File name -> boxes, from the dlib-style XML files of folder (the format of dlib's imglab).

    Where two files list one picture, the first by name counts. Raises PictureError when there is
    no such file, or one cannot be parsed.
    """
    files = sorted(path for path in folder.glob("*.xml"))
    found: dict[str, list[Drawn]] = {}
    for path in files:
        try:
            root = ElementTree.parse(path).getroot()
            for image in root.iter("image"):
                boxes = [
                    Drawn(
                        Box(left := float(box.attrib["left"]), top := float(box.attrib["top"]),
                            left + float(box.attrib["width"]), top + float(box.attrib["height"])),
                        box.attrib.get("ignore") == "1",
                    )
                    for box in image.iter("box")
                ]  # fmt: skip
                found.setdefault(image.attrib["file"], boxes)
        except (ElementTree.ParseError, KeyError, ValueError, OSError) as error:
            raise PictureError(f"{path}: not a dlib-style list of boxes: {error}") from error
    if not found:
        raise PictureError(f"{folder}: no *.xml there lists boxes; give one, or compare with --peer mtcnn")
    return found


def frames_below(folder: Path, every: int) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """(name, (H, W, 3) RGB) of every picture below folder, and of every n-th frame of every clip.

    An unreadable file is passed on as a picture of size 0, for the caller to count.
    """
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.suffix.lower() in SUFFIXES:
            try:
                yield name, read_picture(path)
            except PictureError:
                yield name, np.empty((0, 0, 3), dtype=np.uint8)
        elif path.suffix.lower() in CLIP_SUFFIXES:
            capture = cv2.VideoCapture(str(path))
            index = 0
            while True:
                good, frame = capture.read()
                if not good:
                    break
                if index % every == 0:
                    yield f"{name}#{index}", cv2.cvtColor(frame, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
                index += 1
            capture.release()
            if index == 0:
                yield name, np.empty((0, 0, 3), dtype=np.uint8)


@dataclass
class Agreement:
    """Counts of one detector against a reference, picture by picture."""

    iou: float = 0.5
    min_face: int = 0
    """Faces less high than this, px, are neither asked for nor held against a detector."""
    pictures: int = 0
    asked: int = 0
    found: int = 0
    given: int = 0
    right: int = 0
    landmark_errors: list[float] = field(default_factory=list)
    """Mean distance of the five landmarks to the peer's, in sides of the peer's box, one a matched face."""
    missed: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)

    def add(
        self, name: str, faces: list[Face], reference: list[Drawn], peers: list[Face] | None = None
    ) -> tuple[list[Box], list[Face]]:
        """Count one picture; peers: the faces behind the reference boxes, where they have landmarks.

        Returns the reference boxes that were missed, and the faces that no reference has.
        """
        self.pictures += 1
        pairs = match([face.box for face in faces], [drawn.box for drawn in reference], self.iou)
        by_reference = {r: f for f, r in pairs}
        missed: list[Box] = []
        extra: list[Face] = []
        reference = [Drawn(d.box, d.ignore or d.box.height < self.min_face) for d in reference]
        for r, drawn in enumerate(reference):
            if drawn.ignore:
                continue
            self.asked += 1
            if r in by_reference:
                self.found += 1
                if peers is not None:
                    self.landmark_errors.append(_landmark_error(faces[by_reference[r]], peers[r]))
            else:
                missed.append(drawn.box)
                self.missed.append(f"{name} {_corners(drawn.box)}")
        matched = {f for f, _ in pairs}
        for f, face in enumerate(faces):
            if f in matched:
                self.given += not reference[dict(pairs)[f]].ignore
                self.right += not reference[dict(pairs)[f]].ignore
            elif face.box.height >= self.min_face and not any(
                drawn.ignore and face.box.iou(drawn.box) > 0 for drawn in reference
            ):
                self.given += 1
                extra.append(face)
                self.extra.append(f"{name} {_corners(face.box)} {face.confidence:.3f}")
        return missed, extra

    def figures(self) -> dict[str, Any]:
        """The JSON of `evaluate detector`."""
        figures: dict[str, Any] = {
            "count": self.pictures,
            "faces": self.asked,
            "found": self.found,
            "recall": self.found / self.asked if self.asked else 1.0,
            "recall_interval": wilson(self.found, self.asked),
            "precision": self.right / self.given if self.given else 1.0,
            "precision_interval": wilson(self.right, self.given),
            "iou": self.iou,
            "missed": self.missed,
            "extra": self.extra,
        }
        if self.landmark_errors:
            figures["landmark_error"] = float(np.mean(self.landmark_errors))
            figures["landmark_error_p95"] = float(np.percentile(self.landmark_errors, 95))
        return figures


def match(ours: list[Box], theirs: list[Box], iou: float) -> list[tuple[int, int]]:
    """Pairs (ours, theirs) that overlap by at least iou, best overlap first, each box at most once."""
    overlaps = sorted(
        ((shared, o, t) for o, a in enumerate(ours) for t, b in enumerate(theirs) if (shared := a.iou(b)) >= iou),
        reverse=True,
    )
    pairs: list[tuple[int, int]] = []
    for _, o, t in overlaps:
        if all(o != p and t != q for p, q in pairs):
            pairs.append((o, t))
    return pairs


def _landmark_error(face: Face, peer: Face) -> float:
    side = max(peer.box.width, peer.box.height)
    return float(np.hypot(*(face.landmarks - peer.landmarks).T).mean()) / side


def _corners(box: Box) -> str:
    return f"[{box.x1:.0f}, {box.y1:.0f}, {box.x2:.0f}, {box.y2:.0f}]"
