"""The distances in docs/cameras.md are those that its formula gives."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cameras.md"
FACE_METRES = 0.16
SENSOR_WIDTHS = {"Camera Module 2": 3280, "Camera Module 3": 4608, "Camera Module 3 Wide": 4608, "HQ Camera": 4056}


def distance(angle: float, width: int, pixels: int) -> float:
    """Metres at which a face is so many pixels high; angle: degrees from left to right of a picture of that width."""
    return FACE_METRES * width / (2 * pixels * math.tan(math.radians(angle) / 2))


def rows() -> Iterator[tuple[str, float, int, dict[int, str]]]:
    """Camera, angle, width, and what the page says by face height."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| camera | angle |"))
    heights = [int(height) for height in re.findall(r"(\d+) px", lines[start])]
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            return
        camera, angle, width, *told = (cell.strip() for cell in line.strip("|").split("|"))
        yield camera, float(angle.rstrip("°")), int(width), dict(zip(heights, told, strict=True))


@pytest.mark.parametrize(("camera", "angle", "width", "told"), list(rows()))
def test_the_page_says_what_its_formula_gives(camera: str, angle: float, width: int, told: dict[int, str]) -> None:
    assert told == {pixels: f"{distance(angle, width, pixels):.1f}" for pixels in told}
    assert width <= next(columns for name, columns in SENSOR_WIDTHS.items() if camera.split(",")[0] == name)


def test_every_camera_is_there_at_four_widths() -> None:
    cameras = [camera.split(",")[0] for camera, *_ in rows()]
    assert {camera: cameras.count(camera) for camera in cameras} == dict.fromkeys(SENSOR_WIDTHS, 4)


def test_the_angle_of_the_six_millimetre_lens_follows_from_the_sensor() -> None:
    angle = next(angle for camera, angle, *_ in rows() if camera == "HQ Camera, 6 mm lens")
    assert angle == pytest.approx(2 * math.degrees(math.atan(6.287 / 2 / 6)), abs=0.05)
