"""classpulse-edge: watch one classroom, and publish student IDs and expression labels, nothing else."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from edge import authorisation, gallery
from edge.classifier import trained_on
from edge.config import Settings, load
from edge.daemon import observe
from edge.enrolment import enrol
from edge.errors import AuthorisationError, ClassPulseError, ConfigError
from edge.loading import EnrolledStudents, load_parts, load_recognition
from edge.manifest import Manifest

DEFAULT_CONFIG = Path("/etc/classpulse/edge.toml")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    0: done. 1: an error, said on stderr. 2: wrong usage. 77: not authorised. 78: the config is wrong.
    """
    parser = _parser()
    arguments, late = parser.parse_known_args(argv)
    if late and (arguments.run is not _enrol or any(word.startswith("-") for word in late)):
        parser.error(f"unrecognized arguments: {' '.join(late)}")
    if late:  # argparse ends a list that may be empty at the first option, and pictures may come after one
        arguments.pictures += [Path(word) for word in late]
    level = logging.DEBUG if arguments.verbose else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        return int(arguments.run(arguments))
    except ClassPulseError as error:
        sys.stderr.write(f"classpulse-edge: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="classpulse-edge", description=__doc__)
    parser.add_argument("-v", "--verbose", action="store_true", help="log details, student IDs among them")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="observe until stopped, or until the clip ends")
    run.set_defaults(run=_run)

    check = commands.add_parser("check-config", help="check the config, load and run its models, open the gallery")
    check.add_argument("file", type=Path, nargs="?", metavar="FILE", help=f"default: {DEFAULT_CONFIG}")
    check.set_defaults(run=_check_config)

    adding = commands.add_parser("enrol", help="add a student, or replace a student's template")
    adding.add_argument("student_id", metavar="STUDENT", help="such as s-042: a-z, 0-9 and '-'")
    adding.add_argument(
        "pictures",
        type=Path,
        nargs="*",
        metavar="PICTURE",
        help="each showing the student alone; none is needed where a classifier recognises the students",
    )
    adding.add_argument("--consent", required=True, metavar="REFERENCE", help="where the consent is filed")
    adding.add_argument("--consent-expires", type=_date, metavar="YYYY-MM-DD", help="last day to identify the student")
    adding.set_defaults(run=_enrol)

    students = commands.add_parser("students", help="list who is enrolled")
    students.set_defaults(run=_students)

    forgetting = commands.add_parser("forget", help="erase a student's template and consent")
    forgetting.add_argument("student_id", metavar="STUDENT")
    forgetting.set_defaults(run=_forget)

    for command in (run, adding, students, forgetting):
        command.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="default: %(default)s")

    demo = commands.add_parser("demo", help="the main job on a bundled clip, with a broker of its own")
    demo.add_argument("--seconds", type=float, default=20.0, help="length, 0: until Ctrl-C (default %(default)s)")
    demo.add_argument("--svg", type=Path, metavar="FILE", help="draw the last table there")
    demo.set_defaults(run=_demo)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    observe(settings, stop)
    return 0


def _check_config(arguments: argparse.Namespace) -> int:
    path = arguments.file or DEFAULT_CONFIG
    try:
        settings = load(path)
        authorisation.require(settings.authorisation, datetime.now(UTC))
        EnrolledStudents(settings, load_parts(settings).faces).changed()
    except (ConfigError, AuthorisationError) as error:
        # Said like any error, but with the exit code that scripts know this command by.
        sys.stderr.write(f"classpulse-edge: {error}\n")
        return 1
    days = authorisation.days_left(settings.authorisation, datetime.now(UTC))
    sys.stdout.write(f"{path}: OK: {settings.classroom}, authorised for {days} more days, models load and run\n")
    return 0


def _enrol(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config)
    detector, embedder = load_recognition(settings, Manifest(settings.runtime.models))
    student = enrol(
        settings,
        detector,
        embedder,
        arguments.student_id,
        arguments.consent,
        arguments.pictures,
        arguments.consent_expires,
    )
    count = len(student.embeddings)
    if count:
        told = f"enrolled from {count} picture{'s' if count > 1 else ''}; none was kept"
    else:
        told = "enrolled by consent only"
    sys.stdout.write(f"{student.student_id}: {told}\n")
    recognition = settings.recognition
    if recognition.method == "classifier" and recognition.classifier not in trained_on(
        student.student_id, settings.runtime.models
    ):
        sys.stdout.write(
            f"{student.student_id}: has no class in {recognition.classifier!r}, and stays unknown until that is "
            "trained with the student's pictures\n"
        )
    return 0


def _students(arguments: argparse.Namespace) -> int:
    for student in _open_gallery(load(arguments.config)).students:
        until = f", until {student.consent_expires}" if student.consent_expires else ""
        count = len(student.embeddings)
        templates = f"{count} template{'s' if count > 1 else ''}" if count else "no template"
        sys.stdout.write(
            f"{student.student_id}: {templates}, enrolled {student.enrolled_on}, consent {student.consent}{until}\n"
        )
    return 0


def _forget(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config)
    path = settings.recognition.gallery
    with gallery.changing(path):
        remaining = _open_gallery(settings).without(arguments.student_id)
        gallery.save(remaining, path, gallery.read_key(settings.recognition.key_file))
    sys.stdout.write(f"{arguments.student_id}: template erased; a running daemon forgets it within seconds\n")
    for name in trained_on(arguments.student_id, settings.runtime.models):
        sys.stdout.write(
            f"{arguments.student_id}: the class in the classifier {name!r} is masked from now on, but its weights hold "
            "what they learned of the student until it is trained again without the student's pictures\n"
        )
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from edge import demo  # its extra is not installed on a Pi

    return demo.run(arguments.seconds, svg=arguments.svg)


def _open_gallery(settings: Settings) -> gallery.Gallery:
    key = gallery.read_key(settings.recognition.key_file)
    return gallery.load(settings.recognition.gallery, key, settings.recognition.model)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write YYYY-MM-DD") from error


if __name__ == "__main__":
    sys.exit(main())
