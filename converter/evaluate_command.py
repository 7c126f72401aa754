"""`classpulse-converter evaluate ...`: the shipped models, through the edge's own code, on your pictures."""

from __future__ import annotations

import argparse

from converter import compare_command, detector_command, emotion_command, faces_command, identification_command


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `evaluate` and what it evaluates."""
    evaluate = commands.add_parser("evaluate", help="measure the models on pictures of yours", description=__doc__)
    kinds = evaluate.add_subparsers(dest="what", required=True, metavar="detector|faces|identification|emotion|model")
    detector_command.add_kind(kinds)
    faces_command.add_kind(kinds)
    identification_command.add_kind(kinds)
    emotion_command.add_kind(kinds)
    compare_command.add_kind(kinds)
