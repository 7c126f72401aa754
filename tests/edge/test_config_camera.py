"""What the config says of the picture: rotation, region, masks, exposure, the reduced frame."""

from __future__ import annotations

import pytest

from edge.config import parse
from tests.edge.test_config import HERE, VALID, mistakes


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("rotation = 45", "camera.rotation is 45; write 0, 90, 180 or 270"),
        ("rotation = true", "camera.rotation is true"),
        ("region = [0, 0, 1]", "camera.region has 3 numbers; write [x1, y1, x2, y2], left, top, right and bottom as"),
        ("region = 0.5", "camera.region is 0.5; write [x1, y1, x2, y2]"),
        ("region = [0, 0, 1280, 720]", "camera.region is 1280, above what is allowed; write [x1, y1, x2, y2], left"),
        ("region = [0, 0, nan, 1]", "camera.region must be a number from 0 to 1, is nan"),
        ("region = [0.5, 0, 0.5, 1]", "camera.region [0.5, 0, 0.5, 1] holds nothing; write x1 < x2 and y1 < y2"),
        ("region = [0, 0, 0.01, 1]", "camera.region is narrower than 0.05 of the frame; write a larger rectangle"),
        ("masks = [0, 0, 1, 1]", "camera.masks is one rectangle, not a list of them; write [[x1, y1, x2, y2]]"),
        ("masks = 'door'", 'camera.masks must be a list of rectangles, is "door"'),
        ("masks = [[0, 0, 1, 1]]", "camera.masks element 1 covers the whole frame: nobody would be seen"),
        (
            "exposure = 5",
            'camera.exposure is 5, below what is allowed; write "auto" or a whole number from 20 to 1000000',
        ),
        ("exposure = 100.5", 'camera.exposure is 100.5; write "auto" or a whole number from 20 to 1000000'),
        (
            "exposure = 200000",
            "camera.exposure is 200000 microseconds, but camera.frames_per_second = 10 leaves 100000",
        ),
        (
            "gain = 'high'",
            'camera.gain must be a number from 1 to 64, is "high"; write "auto" or a number from 1 to 64',
        ),
        ("white_balance = 'sunny'", 'camera.white_balance is "sunny"; write "auto", "incandescent"'),
        ("white_balance = [1.8]", 'camera.white_balance is a list; write "auto"'),
        ("white_balance = [1.8, 99]", "camera.white_balance is 99, above what is allowed"),
        (
            "detection_width = 320",
            "camera.detection_width is 320: of detector.min_face = 40 pixels in camera.width = 1280 it leaves 10, and "
            "no face below 12 is found; write at least 384, or a larger min_face",
        ),
    ],
)
def test_a_mistake_about_the_picture_says_what_to_write(lines: str, message: str) -> None:
    (told,) = mistakes(VALID.replace("[camera]", f"[camera]\n{lines}"))
    assert told.startswith(f"{HERE}:10: ")
    assert message in told


def test_every_wrong_mask_is_told_with_its_line() -> None:
    masks = "masks = [\n[0, 0, 0.5, 0.5],\n[0, 0, 2, 1],\n[0.5, 0.5, 0.1, 1]]"
    first, second = mistakes(VALID.replace("[camera]", f"[camera]\n{masks}"))
    assert first.startswith(f"{HERE}:12: camera.masks element 2 is 2, above what is allowed")
    assert second.startswith(f"{HERE}:13: camera.masks element 3 [0.5, 0.5, 0.1, 1] holds nothing")


def test_the_picture_can_be_described() -> None:
    camera = parse(
        VALID.replace(
            "[camera]",
            "[camera]\nrotation = 90\nregion = [0, 0.25, 1, 1]\nmasks = [[0.0, 0.0, 0.25, 1]]\nexposure = 20000\n"
            "gain = 4\nwhite_balance = [1.8, 1.5]\ndetection_width = 640",
        ),
        HERE,
    ).camera
    assert (camera.rotation, camera.region, camera.masks) == (90, (0, 0.25, 1, 1), ((0, 0, 0.25, 1),))
    assert (camera.exposure, camera.gain, camera.white_balance) == (20000, 4.0, (1.8, 1.5))
    assert camera.detection_width == 640


@pytest.mark.parametrize("key", ["exposure = 1000", "gain = 2", "white_balance = 'daylight'"])
def test_what_only_a_pi_camera_can_do_is_refused_for_others(key: str) -> None:
    (told,) = mistakes(VALID.replace("[camera]", f"[camera]\n{key}").replace('"picamera2"', '"/dev/video0"'))
    assert 'is of use with source = "picamera2" only; remove it' in told


def test_the_smallest_face_fits_into_what_the_region_shows() -> None:
    (told,) = mistakes(VALID.replace("[camera]", "[camera]\nrotation = 90\nregion = [0, 0, 1, 0.1]\n")
                       + "[detector]\nmin_face = 200")  # fmt: skip
    assert "is 200, larger than a frame: camera.width is 1280, of which camera.region shows 128" in told
