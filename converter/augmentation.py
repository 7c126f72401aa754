"""Make one training picture look like the many a classroom camera could have taken.

Faces there are small (24-96 px), lit from a side by windows, blurred by motion, compressed by the
camera and hidden by hands. Treating every picture this way also hides some of what would tell its source
apart: resolution, compression and contrast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.alignment import expression_crop, whole
from edge.typed_values import Range, Read, WrongValueError, shown


def _span(low: float, high: float, number: type[int] | type[float]) -> Read:
    """A setting that is two numbers, the smaller first, both within low..high."""

    def read(value: Any) -> tuple[Any, ...]:
        kinds = (int,) if number is int else (int, float)
        numbers = isinstance(value, list) and all(type(part) in kinds for part in value)
        if not numbers or len(value) != 2 or not low <= value[0] <= value[1] <= high:
            raise WrongValueError(f"is {shown(value)}")
        return tuple(number(part) for part in value)

    wanted = f"two numbers, the smaller first, from {low:g} to {high:g}, such as [{low:g}, {high:g}]"
    return Read(read, wanted, {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2})


_Share = Annotated[float, Range(0, 1)]


@dataclass(frozen=True)
class Augmentation:
    """How far each property may move, and how often (probabilities, 0..1)."""

    rotation: Annotated[float, Range(0, 180, "degrees")] = 15.0
    """Degrees to each side: heads tilt, the emotion crop is not turned upright."""
    zoom: Annotated[float, Range(0, 2)] = 0.18
    """Natural logarithm of the scale, to each side: detectors disagree about a face's extent."""
    shift: Annotated[float, Range(0, 0.5)] = 0.08
    """Of the picture's side, to each side."""
    face_sizes: Annotated[tuple[int, int], _span(8, 512, int)] = (24, 80)
    """Side of the face as the camera saw it, px."""
    resize_share: _Share = 0.5
    gamma: Annotated[float, Range(0, 3)] = 0.4
    """Natural logarithm of the exponent, to each side."""
    contrast: Annotated[tuple[float, float], _span(0, 10, float)] = (0.6, 1.4)
    brightness: Annotated[float, Range(0, 255)] = 30.0
    """Grey levels, to each side."""
    exposure: Annotated[float, Range(0, 4, "stops")] = 1.1
    """Stops (powers of two of the light) to each side; what that clips is lost, as in a camera."""
    exposure_share: _Share = 0.0
    side_light_share: _Share = 0.3
    blur: Annotated[float, Range(0.3, 20, "px")] = 1.0
    """Largest standard deviation, px of the face as the camera saw it."""
    blur_share: _Share = 0.25
    noise: Annotated[float, Range(1, 100)] = 8.0
    """Largest standard deviation, grey levels."""
    noise_share: _Share = 0.3
    jpeg_quality: Annotated[tuple[int, int], _span(1, 100, int)] = (25, 90)
    jpeg_share: _Share = 0.4
    occlusion: Annotated[tuple[float, float], _span(0, 1, float)] = (0.12, 0.4)
    """Sides of the hidden rectangle, of the picture's side."""
    occlusion_share: _Share = 0.3
    surroundings_share: _Share = 0.0
    """How often a face gets the surroundings of another picture of its batch: hair, clothes and a car's window
    tell the source, and with it the label."""


def augment(
    image: NDArray[np.uint8], size: int, settings: Augmentation, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """A random variant of one picture. image: (side, side) uint8 grey. Returns (size, size) uint8."""
    seen = vary(image, size, settings, generator)
    return expression_crop(seen, whole(seen), size)


def vary(
    image: NDArray[np.uint8], size: int, settings: Augmentation, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """The picture as a camera might have taken it, not yet scaled to `size`.

    image: (side, side) uint8 grey or (side, side, 3). Returns the same with another side; what is smaller than
    size is enlarged to it.
    """
    # A smaller picture is enlarged once, by the warp, as the daemon's crop would.
    side = min(max(image.shape[0], size), settings.face_sizes[1])
    if generator.random() < settings.resize_share:
        smallest, largest = settings.face_sizes
        side = round(float(np.exp(generator.uniform(np.log(smallest), np.log(min(side, largest))))))
    seen = _relight(_warp(image, side, settings, generator), settings, generator)
    if generator.random() < settings.blur_share:
        seen = _as_pixels(cv2.GaussianBlur(seen, (0, 0), generator.uniform(0.3, settings.blur)))
    if generator.random() < settings.noise_share:
        grain = generator.normal(0, generator.uniform(1, settings.noise), seen.shape)
        seen = _as_pixels(seen + grain)
    if generator.random() < settings.jpeg_share:
        quality = int(generator.integers(*settings.jpeg_quality))
        _, encoded = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, quality])
        seen = _as_pixels(cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED))
    if generator.random() < settings.occlusion_share:
        _occlude(seen, settings, generator)
    return seen


def swap_surroundings(
    images: NDArray[np.float32], settings: Augmentation, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Put some of a batch's faces, (N, side, side, 1), before the surroundings of others."""
    chosen = np.flatnonzero(generator.random(len(images)) < settings.surroundings_share)
    if not chosen.size:
        return images
    side = images.shape[1]
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    others = generator.permutation(len(images))[: chosen.size]
    changed = images.copy()
    for index, other in zip(chosen, others, strict=True):
        # A crop's inner face is an ellipse, a little higher than it is wide.
        across, down = generator.uniform(0.6, 0.85), generator.uniform(0.75, 1.0)
        distance = np.hypot(axis[None, :] / across, axis[:, None] / down)
        face = np.clip((1.1 - distance) / 0.2, 0, 1)[..., None]
        changed[index] = face * images[index] + (1 - face) * images[other]
    return changed


def mix(
    images: NDArray[np.float32], targets: NDArray[np.float32], alpha: float, generator: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Blend each picture of a batch, and its target, with another's (mixup: Zhang et al., 2018).

    images: (N, ...), targets: (N, labels) probabilities; alpha 0 changes nothing.
    """
    if alpha <= 0:
        return images, targets
    share = generator.beta(alpha, alpha, len(images)).astype(np.float32)
    share = np.maximum(share, 1 - share)  # the first picture stays the stronger one
    other = generator.permutation(len(images))
    by_image = share.reshape(-1, *[1] * (images.ndim - 1))
    mixed = images * by_image + images[other] * (1 - by_image)
    return mixed, targets * share[:, None] + targets[other] * (1 - share[:, None])


def _warp(
    image: NDArray[np.uint8], side: int, settings: Augmentation, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Flip, turn, scale and shift image onto (side, side)."""
    if image.shape[0] > 1.5 * side:  # bilinear sampling alone would alias
        reduced = round(1.5 * side)
        image = _as_pixels(cv2.resize(image, (reduced, reduced), interpolation=cv2.INTER_AREA))
    angle = np.deg2rad(generator.uniform(-settings.rotation, settings.rotation))
    scale = np.exp(generator.uniform(-settings.zoom, settings.zoom)) * side / image.shape[0]
    mirror = -1.0 if generator.random() < 0.5 else 1.0
    shift = generator.uniform(-settings.shift, settings.shift, 2) * side
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn[:, 0] *= mirror
    from_centre, to_centre = (image.shape[0] - 1) / 2, (side - 1) / 2
    offset = to_centre + shift - turn @ np.array([from_centre, from_centre])
    matrix = np.column_stack([turn, offset])
    warped = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return _as_pixels(warped)


def _relight(image: NDArray[np.uint8], settings: Augmentation, generator: np.random.Generator) -> NDArray[np.uint8]:
    levels = np.arange(256) / 255.0
    curve = levels ** np.exp(generator.uniform(-settings.gamma, settings.gamma))
    curve = (curve - 0.5) * generator.uniform(*settings.contrast) + 0.5
    curve = curve * 255 + generator.uniform(-settings.brightness, settings.brightness)
    if generator.random() < settings.exposure_share:
        curve = curve * 2 ** generator.uniform(-settings.exposure, settings.exposure)
    lit: NDArray[np.uint8] = _as_pixels(curve)[image]
    if generator.random() < settings.side_light_share:
        side = image.shape[0]
        direction = generator.uniform(0, 2 * np.pi)
        axis = np.linspace(-1, 1, side)
        slope = np.cos(direction) * axis[None, :] + np.sin(direction) * axis[:, None]
        slope = slope.reshape(side, side, *[1] * (image.ndim - 2))
        return _as_pixels(lit * (1 + generator.uniform(0.1, 0.5) * slope))
    return lit


def _occlude(image: NDArray[np.uint8], settings: Augmentation, generator: np.random.Generator) -> None:
    """Hide a rectangle of image, in place, behind one grey."""
    side = image.shape[0]
    height, width = (max(1, round(side * share)) for share in generator.uniform(*settings.occlusion, 2))
    top, left = generator.integers(0, side - height + 1), generator.integers(0, side - width + 1)
    image[top : top + height, left : left + width] = generator.integers(0, 256)


def _as_pixels(values: NDArray[Any]) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = np.clip(values, 0, 255).astype(np.uint8)
    return pixels
