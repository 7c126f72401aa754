"""A number that is none is refused in words that a user knows."""

from __future__ import annotations

import pytest

from converter.__main__ import main


@pytest.mark.parametrize(
    ("command", "option", "value", "said"),
    [
        (["convert", "m.keras", "-o", "m.tflite"], "--auto-mixed", "abc", "'abc' is no number; write 0.1"),
        (["convert", "m.keras", "-o", "m.tflite"], "--subtract", "1,x,3", "'x' is no number; write 0.1"),
        (["evaluate", "faces", "--images", "."], "--confidence", "high", "'high' is no number; write 0.1"),
        (["evaluate", "faces", "--images", "."], "--sizes", "60,a", "'a' is no whole number; write 40"),
        (["evaluate", "faces", "--images", "."], "--threads", "-1", "must be 0 or more"),
        (["evaluate", "faces", "--images", "."], "--threads", "1.5", "'1.5' is no whole number; write 40"),
    ],
)
def test_what_is_no_number_is_refused_in_plain_words(
    command: list[str], option: str, value: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([*command, f"{option}={value}"])
    assert capsys.readouterr().err.endswith(f"argument {option}: {said}\n")
