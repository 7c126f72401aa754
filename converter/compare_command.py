"""`classpulse-converter evaluate model` and `classpulse-converter sweep`: is the small model still the same model?"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from converter.arguments import positive
from converter.atomic import write_together
from converter.evaluate_model import compare_model, failures
from converter.face_figures import read_aliases, read_pairs
from converter.gates import FIGURES, Bound, parse_bounds
from converter.meaning_options import ROLES, add_meaning, read_model
from converter.preparation import prepare
from converter.quantization import quantize
from converter.report import comparison_markdown, sweep_markdown, sweep_table
from converter.representative import read_representative
from converter.role_defaults import Said, check_entry, describe_model
from converter.source import Source
from converter.sweep import sweep
from converter.tflite_graph import recipe_of
from converter.trials import ExpressionTrial, PeopleTrial, StudentTrial, Track, Trial
from edge.config import DetectorSettings
from edge.embedder import Embedder
from edge.errors import ModelError
from edge.interpreter import RUNTIMES
from edge.manifest import Manifest, ModelEntry
from edge.mtcnn import MtcnnDetector

_GATE_HELP = "; ".join(f"{figure}: {meaning}" for figure, meaning in FIGURES.items())


class Display(Progress):
    """What is going on, on a terminal; nothing elsewhere."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        super().__init__(console=console, transient=True, disable=not console.is_terminal)
        self._step = self.add_task("", total=None)

    def step(self, what: str) -> None:
        """Say what begins."""
        self.update(self._step, description=what)

    def bar(self, title: str) -> Track:
        """A progress bar around items."""
        return lambda items: self.track(items, description=title)


def add_kind(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `model` below `evaluate`."""
    parser = kinds.add_parser(
        "model",
        help="does a quantized model answer as its float source?",
        description="Compare a quantized model with the float model that it was made from, through the edge's own "
        "code. A model that collapsed to one label fails whatever the bounds.",
        epilog=f"Figures for --gate: {_GATE_HELP}.",
    )
    parser.add_argument("quantized", type=Path, metavar="QUANTIZED.tflite", help="with its manifest.toml beside it")
    parser.add_argument(
        "--float", dest="source", type=Path, required=True, metavar="SOURCE", help="what it was made from"
    )
    parser.add_argument("--report", type=Path, required=True, metavar="DIR", help="for report.md, .json and .png")
    parser.add_argument("--gate", type=_bounds, metavar="FIGURE=N,...", help="exit code 1 below: accuracy=-0.5pt")
    _add_shared(parser)
    parser.set_defaults(run=run_evaluate_model)


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `sweep`."""
    parser = commands.add_parser(
        "sweep",
        help="all recipes of one model, and which one to ship",
        description="Convert a model by every recipe, compare each with the float model, and say which one to ship. "
        "Exit code 1 when none keeps the bounds.",
        epilog=f"Figures for --gate: {_GATE_HELP}.",
    )
    parser.add_argument(
        "source", type=Path, metavar="SOURCE", help=".keras, .h5, .json with --weights, float32 .tflite"
    )
    parser.add_argument("--calibrate", type=Path, required=True, metavar="DIR", help="pictures to measure ranges on")
    parser.add_argument(
        "--pictures", type=positive, default=200, metavar="N", help="of them, at most (default %(default)s)"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="for sweep.md, .json and .png")
    parser.add_argument("--gate", type=_bounds, metavar="FIGURE=N,...", help="bounds (default: as usual for the role)")
    parser.add_argument("--prefer", choices=["speed", "size"], default="speed", help="(default %(default)s)")
    parser.add_argument("--runtime", choices=RUNTIMES, default="litert", help="must run on it (default %(default)s)")
    _add_shared(parser)
    parser.set_defaults(run=run_sweep)


def _add_shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--role", choices=ROLES, help="what the model is for (default: by its input)")
    parser.add_argument(
        "--images", type=Path, required=True, metavar="DIR", help="a folder of pictures per label or person"
    )
    parser.add_argument("--manifest", type=Path, metavar="CSV", help="of expression pictures: columns name, label")
    parser.add_argument("--pairs", type=Path, metavar="CSV", help="of people: columns fold, same, a, b")
    parser.add_argument("--aliases", type=Path, metavar="FILE", help="folders that are one person, a line for each")
    parser.add_argument(
        "--threads", type=_threads, default=(0,), metavar="2,4", help="to time with beside 1 (default: all CPUs)"
    )
    parser.add_argument(
        "--seconds", type=float, default=4.0, metavar="S", help="to spend on each timing (default %(default)g)"
    )
    add_meaning(parser)


def run_evaluate_model(arguments: argparse.Namespace) -> int:
    """Compare, write the report, say what it says. Returns the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    content = _read(arguments.quantized)
    with console.status("reading the float model"):
        source, said = read_model(arguments.source, arguments)
    entry = _listed(arguments.quantized, content)
    if entry is None:
        entry = replace(_described(source, said, console), name=arguments.quantized.stem, recipe=recipe_of(content))
    elif arguments.role not in (None, entry.role):
        raise ModelError(f"{arguments.quantized}: its manifest lists it for role {entry.role!r}; leave --role out")
    if entry.input != source.input:
        raise ModelError(
            f"{arguments.quantized}: takes {list(entry.input)}, {source.path} takes {list(source.input)}: "
            "name the model that it was made from as --float"
        )
    trial = _trial(arguments, entry, arguments.quantized.parent)
    with Display() as display:
        comparison = compare_model(
            entry,
            source.tflite,
            content,
            trial,
            threads=arguments.threads,
            seconds=arguments.seconds,
            progress=display.bar,
            step=display.step,
        )
    reasons = failures(comparison, arguments.gate or ())
    comparison["gate"] = {"bounds": [str(bound) for bound in arguments.gate or ()], "failed": reasons}
    # Imported late: matplotlib takes a second.
    from converter.charts import comparison_chart

    report = comparison_markdown(comparison, reasons if arguments.gate is not None else None, "report.png")
    _write(arguments.report, "report", report, comparison, comparison_chart(comparison))
    tables = [part for part in report.split("\n## ")[0].split("\n\n") if part.startswith("|")]
    console.print("\n\n".join(tables))
    for reason in reasons:
        sys.stderr.write(f"fails: {reason}\n")
    console.print(f"written: {arguments.report / 'report.md'}, report.json, report.png")
    return 1 if reasons else 0


def run_sweep(arguments: argparse.Namespace) -> int:
    """Convert and compare all recipes, write the table, say which one to ship. Returns the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    with console.status("reading the model"):
        source, said = read_model(arguments.source, arguments)
    entry = _described(source, said, console)
    trial = _trial(arguments, entry, arguments.source.parent)
    with Display() as display:
        calibration = read_representative(
            arguments.calibrate, trial.view(entry), arguments.pictures, display.bar("calibration pictures")
        )
        # The static recipe's needs cover those of all others in 8 bits.
        ready = prepare(source.tflite, replace(entry, recipe="static_wi8_ai8"), calibration.inputs, display.bar)
        swept = sweep(
            entry,
            source.tflite,
            lambda recipe: (
                quantize(ready.content, recipe, ready.ranges, ready.keep_float)
                if recipe.endswith("8")
                else quantize(source.tflite, recipe)
            ),
            trial,
            arguments.gate,
            runtime=arguments.runtime,
            prefer=arguments.prefer,
            threads=arguments.threads,
            seconds=arguments.seconds,
            progress=display.bar,
            step=display.step,
        )
    if calibration.warning:
        console.print(f"warning: {calibration.warning}")
    if ready.note:
        console.print(f"in 8 bits: {ready.note}")
    from converter.charts import sweep_chart

    _write(arguments.output, "sweep", sweep_markdown(swept, "sweep.png"), swept, sweep_chart(swept))
    for line in sweep_table(swept):
        console.print(line)
    for row in swept["rows"]:
        for reason in row["failures"]:
            console.print(f"{row['recipe']}: {reason}")
    ship = swept["ship"]
    options = f"--recipe {ship}" + (f" --calibrate {arguments.calibrate}" if ship and ship.endswith("8") else "")
    console.print(f"to ship: {ship}, with `convert {options}`" if ship else "no recipe keeps the bounds")
    console.print(f"written: {arguments.output / 'sweep.md'}, sweep.json, sweep.png")
    return 0 if ship else 1


def _described(source: Source, said: Said, console: Console) -> ModelEntry:
    """What a model is that no manifest lists. Says what was assumed; raises ModelError when that is not enough."""
    entry, notes = describe_model(source, source.name, said, f"{source.name}.tflite", source.path.name)
    check_entry(entry)
    for note in notes:
        console.print(f"assumed: {note}")
    return entry


def _listed(path: Path, content: bytes) -> ModelEntry | None:
    """The entry of the manifest beside path. Raises ModelError when the file is not the one that is listed."""
    if not path.with_name("manifest.toml").exists():
        return None
    manifest = Manifest(path.parent)
    for entry in manifest.entries.values():
        if entry.file == path.name and manifest.read(entry) == content:
            return entry
    return None


def _trial(arguments: argparse.Namespace, entry: ModelEntry, beside: Path) -> Trial:
    if entry.role == "emotion":
        return ExpressionTrial(arguments.images, arguments.manifest)
    shipped = Manifest()
    settings = DetectorSettings()
    detector = MtcnnDetector(shipped, min_face=settings.min_face, confidence=settings.confidence)
    if entry.role == "identify":
        theirs = Manifest(beside) if beside.joinpath("manifest.toml").exists() else shipped
        manifest = theirs if entry.embedder in theirs.entries else shipped
        return StudentTrial(arguments.images, detector, Embedder(manifest, entry.embedder, norm=entry.norm), entry)
    pairs = read_pairs(arguments.pairs) if arguments.pairs else []
    aliases = read_aliases(arguments.aliases) if arguments.aliases else []
    return PeopleTrial(arguments.images, detector, pairs, aliases)


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error
    if content[4:8] != b"TFL3":
        raise ModelError(f"{path}: not a TFLite model; make one with `classpulse-converter convert`")
    return content


def _write(folder: Path, stem: str, markdown: str, figures: dict[str, Any], chart: bytes) -> None:
    write_together(
        {
            folder / f"{stem}.md": markdown.encode(),
            folder / f"{stem}.json": (json.dumps(_finite(figures), indent=2) + "\n").encode(),
            folder / f"{stem}.png": chart,
        }
    )


def _finite(value: Any) -> Any:
    """value with None for what JSON cannot say: figures that are infinite or no number."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _bounds(text: str) -> Sequence[Bound]:
    try:
        return parse_bounds(text)
    except ModelError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _threads(text: str) -> tuple[int, ...]:
    return tuple(positive(part) for part in text.split(","))
