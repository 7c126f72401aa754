"""The values of `[camera]` that have a form of their own: rectangles, "auto" or a number, a mode or two gains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edge.typed_values import Read, WrongValueError, listed, shown

Rectangle = tuple[float, float, float, float]
"""x1, y1, x2, y2 in fractions of the upright frame, 0..1, x1 < x2, y1 < y2."""

WHOLE: Rectangle = (0.0, 0.0, 1.0, 1.0)
AUTO = "auto"
ROTATIONS = (0, 90, 180, 270)
WHITE_BALANCES = (AUTO, "incandescent", "tungsten", "fluorescent", "indoor", "daylight", "cloudy")
"""libcamera's AwbMode, each at the place of its number."""

_EXPOSURE = (20, 1_000_000)
"""Microseconds."""
_GAIN = (1.0, 64.0)
_COLOUR_GAIN = (0.1, 32.0)
_MOST_MASKS = 64
_WANTED_RECTANGLE = "[x1, y1, x2, y2], left, top, right and bottom as fractions of the frame from 0 to 1"


def _rotation(value: Any) -> int:
    if type(value) is not int or value not in ROTATIONS:
        raise WrongValueError(f"is {shown(value)}")
    return value


def _rectangle(value: Any) -> Rectangle:
    if not isinstance(value, list) or len(value) != 4:
        raise WrongValueError(f"is {shown(value)}" if not isinstance(value, list) else f"has {len(value)} numbers")
    x1, y1, x2, y2 = (_number(number, 0, 1) for number in value)
    if x1 >= x2 or y1 >= y2:
        raise WrongValueError(f"[{x1:g}, {y1:g}, {x2:g}, {y2:g}] holds nothing", "write x1 < x2 and y1 < y2")
    return x1, y1, x2, y2


def _rectangles(value: Any) -> tuple[Rectangle, ...]:
    if not isinstance(value, list):
        raise WrongValueError(f"must be a list of rectangles, is {shown(value)}")
    if len(value) > _MOST_MASKS:
        raise WrongValueError(f"has {len(value)} rectangles", f"write at most {_MOST_MASKS}")
    if len(value) == 4 and not any(isinstance(element, list) for element in value):
        raise WrongValueError("is one rectangle, not a list of them", "write [[x1, y1, x2, y2]]")
    right, wrong = [], []
    for index, element in enumerate(value):
        try:
            right.append(_rectangle(element))
        except WrongValueError as error:
            wrong.append(WrongValueError(f"element {index + 1} {error.reason}", error.remedy, index))
    if wrong:
        raise ExceptionGroup("wrong elements", wrong)
    return tuple(right)


def _exposure(value: Any) -> str | int:
    if value == AUTO:
        return AUTO
    if type(value) is not int:
        raise WrongValueError(f"is {shown(value)}")
    return int(_number(value, *_EXPOSURE))


def _gain(value: Any) -> str | float:
    return AUTO if value == AUTO else _number(value, *_GAIN)


def _white_balance(value: Any) -> str | tuple[float, float]:
    if isinstance(value, str) and value in WHITE_BALANCES:
        return value
    if not isinstance(value, list) or len(value) != 2:
        raise WrongValueError(f"is {shown(value)}")
    red, blue = (_number(number, *_COLOUR_GAIN) for number in value)
    return red, blue


def _number(value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise WrongValueError(f"must be {_between(low, high)}, is {shown(value)}")
    if not low <= value <= high:
        raise WrongValueError(f"is {shown(value)}, {'below' if value < low else 'above'} what is allowed")
    return float(value)


def _between(low: float, high: float, number: str = "a number") -> str:
    return f"{number} from {low:.12g} to {high:.12g}"


def _auto_or(of: Callable[[Any], Any], low: float, high: float, *, whole: bool = False) -> Read:
    number = {"type": "integer" if whole else "number", "minimum": low, "maximum": high}
    words = _between(low, high, "a whole number" if whole else "a number")
    return Read(of, f'"auto" or {words}', {"anyOf": [{"const": AUTO}, number]})


def _numbers(count: int, low: float, high: float) -> dict[str, Any]:
    number = {"type": "number", "minimum": low, "maximum": high}
    return {"type": "array", "items": number, "minItems": count, "maxItems": count}


ROTATION = Read(_rotation, "0, 90, 180 or 270", {"type": "integer", "enum": list(ROTATIONS)})
REGION = Read(_rectangle, _WANTED_RECTANGLE, _numbers(4, 0, 1))
MASKS = Read(
    _rectangles,
    f"a list of rectangles, each {_WANTED_RECTANGLE}",
    {"type": "array", "items": _numbers(4, 0, 1), "maxItems": _MOST_MASKS},
)
EXPOSURE = _auto_or(_exposure, *_EXPOSURE, whole=True)
GAIN = _auto_or(_gain, *_GAIN)
WHITE_BALANCE = Read(
    _white_balance,
    f"{listed(WHITE_BALANCES)}, or [red, blue], each {_between(*_COLOUR_GAIN)}",
    {"anyOf": [{"enum": list(WHITE_BALANCES)}, _numbers(2, *_COLOUR_GAIN)]},
)
