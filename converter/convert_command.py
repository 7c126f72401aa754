"""`classpulse-converter convert MODEL -o out.tflite`: a Keras model to a TFLite model that the edge runs.

Beside out.tflite the manifest entry is written into manifest.toml, and a card as NAME.md. All of them or none.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from converter.arguments import number, positive
from converter.atomic import write_together
from converter.card import Conversion, agreement, card_text, layer_text
from converter.manifest_writer import manifest_text
from converter.meaning_options import ROLES, add_meaning, read_model
from converter.mixed import worst_kept_float
from converter.preparation import Prepared, measured, prepare
from converter.progress import Steps, progress
from converter.quantization import RECIPES, quantize
from converter.representative import (
    FEWEST,
    Representative,
    View,
    embedding_view,
    expression_view,
    face_view,
    read_representative,
    stand_ins,
)
from converter.role_defaults import check_entry, describe_model
from converter.runtime_check import check_runtimes, run_on
from converter.source import Source
from edge.config import DetectorSettings
from edge.embedder import Embedder
from edge.errors import ModelError
from edge.interpreter import RUNTIMES
from edge.manifest import Manifest, ModelEntry
from edge.mtcnn import MtcnnDetector

_HEADER = "# Written by `classpulse-converter convert`; converting a model again changes its entry.\n"
_NAME = r"[a-z0-9][a-z0-9_.-]{0,62}"
_CHECKED = 16
"""Inputs on which the converted file is compared with the float one, and the runtimes with each other."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `convert`."""
    parser = commands.add_parser("convert", help="make a TFLite model from a Keras model", description=__doc__)
    parser.add_argument("model", type=Path, metavar="MODEL", help=".keras, .h5, .json with --weights, float32 .tflite")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.tflite", help="where it goes")
    parser.add_argument("--role", choices=ROLES, help="what for (default: by its input)")
    parser.add_argument("--recipe", choices=RECIPES, default="dynamic_wi8", help="(default %(default)s)")
    parser.add_argument("--calibrate", type=Path, metavar="DIR", help="pictures; static recipes need them")
    parser.add_argument(
        "--pictures", type=positive, default=200, metavar="N", help="of DIR, at most (default %(default)s)"
    )
    parser.add_argument(
        "--keep-float",
        nargs="*",
        action="extend",
        metavar="REGEX",
        help="layers that stay float32, by name (default: none, but without pictures VGG-Face's first); "
        "VGG-Face is then quantized without what else is done to it",
    )
    parser.add_argument(
        "--auto-mixed", type=_bound, metavar="ERROR",
        help="keep the worst layers float32 until the output's error is this share of its spread, such as 0.1",
    )  # fmt: skip
    parser.add_argument("--runtime", choices=RUNTIMES, default="litert", help="must run on it (default %(default)s)")
    parser.add_argument("--name", help="in the manifest (default: the output's name)")
    parser.add_argument("--force", action="store_true", help="replace OUT.tflite, its entry and its card")
    add_meaning(parser)
    parser.set_defaults(run=run_convert)


def run_convert(arguments: argparse.Namespace) -> int:
    """Convert, check, write, say what was made. Returns the exit code."""
    started = time.monotonic()
    console = Console(highlight=False, soft_wrap=True)
    output: Path = arguments.output
    name = arguments.name or output.stem.lower()
    card = output.with_name(f"{name}.md")
    others = _others(output, card, name, force=arguments.force)
    asking = "--auto-mixed" if arguments.auto_mixed else f"recipe {arguments.recipe}"
    if (arguments.auto_mixed or arguments.recipe.startswith("static")) and arguments.calibrate is None:
        raise ModelError(f"{asking} needs pictures: give a folder of them with --calibrate DIR")

    steps = Steps(3)
    with steps.step("reading the model"):
        source, said = read_model(arguments.model, arguments)
    origin = ", ".join(_named(path) for path in (arguments.model, arguments.weights) if path)
    entry, notes = describe_model(source, name, said, output.name, origin)
    entry = replace(entry, recipe=arguments.recipe)
    check_entry(entry, others)
    for note in notes:
        console.print(f"assumed: {note}")

    pictures = _representative(arguments, entry, output.parent, console)
    made = _convert(arguments, source, entry, notes, pictures, steps, console)
    write_together(
        {
            output: made.content,
            output.with_name("manifest.toml"): manifest_text([*others, made.entry], _HEADER).encode(),
            card: card_text(made).encode(),
        }
    )
    _report(made, console)
    console.print(f"{time.monotonic() - started:.1f} s, peak memory {_peak_memory():.2f} GB")
    console.print(f"written: {output}, {card.name}, manifest.toml ({name})")
    return 0


def _others(output: Path, card: Path, name: str, *, force: bool) -> list[ModelEntry]:
    """The entries that stay in the manifest. Raises ModelError when something would be overwritten unasked."""
    if output.suffix != ".tflite":
        raise ModelError(f"{output}: the output's name must end in .tflite")
    if not re.fullmatch(_NAME, name):
        raise ModelError(f"--name {name!r}: use a-z, 0-9, -, _ and ., 63 characters at most")
    entries = dict(Manifest(output.parent).entries) if output.with_name("manifest.toml").exists() else {}
    there = [str(path) for path in (output, card) if path.exists()]
    if name in entries:
        there.append(f"the entry {name!r} in {output.with_name('manifest.toml')}")
    if there and not force:
        raise ModelError(f"{there[0]} is there already; take another name, or --force to replace it")
    # Another name for a file that is replaced would stand for bytes that are gone.
    return [entry for entry in entries.values() if entry.name != name and entry.file != output.name]


def _representative(
    arguments: argparse.Namespace, entry: ModelEntry, out: Path, console: Console
) -> Representative | None:
    folder: Path | None = arguments.calibrate
    if folder is None:
        return None
    if not folder.is_dir():
        raise ModelError(f"--calibrate {folder}: no such folder")
    if arguments.pictures < FEWEST:
        raise ModelError(f"--pictures {arguments.pictures}: calibration needs {FEWEST} or more")
    view = _view(entry, out)
    most = arguments.pictures
    pictures = read_representative(folder, view, most, lambda inputs: progress(inputs, "pictures", most))
    for paths, what in ((pictures.unreadable, "unreadable"), (pictures.faceless, "no face found")):
        if paths:
            console.print(f"left out, {what}: {len(paths)} pictures")
        for path in paths:
            console.print(f"  {path.relative_to(folder)}")
    if pictures.warning:
        console.print(f"warning: {pictures.warning}")
    return pictures


def _view(entry: ModelEntry, out: Path) -> View:
    if entry.role == "emotion":
        return expression_view(entry)
    shipped = Manifest()
    detector = MtcnnDetector(shipped, min_face=DetectorSettings().min_face, confidence=DetectorSettings().confidence)
    if entry.role == "embed":
        return face_view(entry, detector)
    beside = Manifest(out) if (out / "manifest.toml").exists() else shipped
    manifest = beside if entry.embedder in beside.entries else shipped
    embedder = Embedder(manifest, entry.embedder, norm=entry.norm)
    if (embedder.length,) != entry.input:
        raise ModelError(f"takes {entry.input[0]} numbers, but {entry.embedder!r} gives {embedder.length} (--embedder)")
    return embedding_view(embedder, detector)


def _convert(
    arguments: argparse.Namespace,
    source: Source,
    entry: ModelEntry,
    notes: list[str],
    pictures: Representative | None,
    steps: Steps,
    console: Console,
) -> Conversion:
    inputs = _checked_inputs(entry, pictures)
    calibrating = None if pictures is None else pictures.inputs
    if arguments.keep_float is None and not arguments.auto_mixed:
        ready = prepare(source.tflite, entry, calibrating, _bar)
    else:
        ranges = measured(source.tflite, entry, calibrating, _bar)
        ready = Prepared(source.tflite, ranges, tuple(arguments.keep_float or ()))
    if ready.note:
        notes.append(ready.note)
        console.print(f"assumed: {ready.note}")
    keep_float = ready.keep_float
    with steps.step("quantizing"):
        if arguments.auto_mixed:
            keep_float = worst_kept_float(
                ready.content, entry.recipe, ready.ranges, keep_float, inputs, arguments.auto_mixed
            )
        content = quantize(ready.content, entry.recipe, ready.ranges, keep_float)
    with steps.step("running it on the installed runtimes"):
        check = check_runtimes(content, entry.recipe, inputs, entry.batch)
        check.require(arguments.runtime)
        reference = run_on("litert", source.tflite, inputs, entry.batch)
    for run, what in ((reference, "the model"), (check.default, f"the model by recipe {entry.recipe}")):
        if run.answers is not None and not np.isfinite(run.answers).all():
            raise ModelError(f"{what} gives answers that are no numbers: its weights are too large, or damaged")
    entry = replace(entry, sha256=hashlib.sha256(content).hexdigest())
    return Conversion(source, entry, content, notes, keep_float, pictures, reference, check)


def _bar(title: str) -> Callable[[Iterable[Any]], Iterable[Any]]:
    return lambda items: progress(list(items), title)


def _checked_inputs(entry: ModelEntry, pictures: Representative | None) -> NDArray[np.float32]:
    if pictures is None:
        return stand_ins(entry, _CHECKED)
    count = min(_CHECKED, len(pictures.inputs) // 2 * 2)
    return pictures.inputs[:count]


def _report(made: Conversion, console: Console) -> None:
    check = made.check
    if made.keep_float:
        console.print(f"kept in float32: {', '.join(map(layer_text, made.keep_float))}")
    console.print(
        f"{made.entry.name}: {made.entry.recipe}, {len(made.content) / 1e6:.2f} MB, {made.ratio:.1%} of float32, "
        f"sha256 {made.entry.sha256[:12]}…"
    )
    console.print(f"{check.default.runtime}: {agreement(made, check.default)}")
    if not check.older.installed:
        console.print(f"{check.older.runtime}: not tried: {check.older.problem}")
    elif check.problem:
        console.print(f"warning: {check.older.runtime} 2.14 cannot run it: {check.problem}")
    else:
        console.print(f"{check.older.runtime}: {agreement(made, check.older)}")


def _named(path: Path) -> str:
    return f"{path.name} (sha256 {hashlib.sha256(path.read_bytes()).hexdigest()[:16]}…)"


def _peak_memory() -> float:
    """Of this process or the largest it started, GB."""
    kibibytes = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return kibibytes * 1024 / 1e9


def _bound(text: str) -> float:
    value = number(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be above 0")
    return value
