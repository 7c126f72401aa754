"""Drawn faces to train on in seconds, and the command that trains."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.train_command import add_parser
from edge.records import LABELS


def drawn_face(label: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """A cartoon whose mouth, brows or lids show the label: five shapes that a child could tell apart."""
    image = np.full((48, 48), generator.integers(120, 220), dtype=np.uint8)
    ink = (int(generator.integers(0, 60)),)
    for x in (15, 33):
        if LABELS[label] == "tired":
            cv2.line(image, (x - 5, 18), (x + 5, 18), ink, 2)
        else:
            cv2.circle(image, (x, 18), 3, ink, -1)
        if LABELS[label] == "angry":
            cv2.line(image, (x - 6, 8 if x < 24 else 14), (x + 6, 14 if x < 24 else 8), ink, 3)
    if LABELS[label] == "tired":
        cv2.ellipse(image, (24, 36), (6, 9), 0, 0, 360, ink, -1)
    elif LABELS[label] == "happy":
        cv2.ellipse(image, (24, 30), (12, 9), 0, 0, 180, ink, 3)
    elif LABELS[label] == "sad":
        cv2.ellipse(image, (24, 44), (12, 9), 0, 180, 360, ink, 3)
    else:
        cv2.line(image, (14, 37), (34, 37), ink, 3)
    return image


def train_emotion(arguments: list[str]) -> int:
    """`train emotion` with arguments; the exit code."""
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    parsed = parser.parse_args(["train", "emotion", *arguments])
    command: Callable[[argparse.Namespace], int] = parsed.run
    return command(parsed)
