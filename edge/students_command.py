"""The commands about who is enrolled: enrol, forget, students, and students calibrate, export and import."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import date
from pathlib import Path

from edge import calibrate_command
from edge.bundle import export_students, import_students, new_passphrase, open_gallery
from edge.camera import NewestFrame, open_camera
from edge.classifier import trained_on
from edge.config import Settings, load
from edge.connection import read_password
from edge.enrolment import enrol, forget, template_threshold
from edge.errors import GalleryError, PictureError
from edge.loading import load_recognition
from edge.manifest import Manifest
from edge.portraits import Portrait, Portrayer, ended_after

CAMERA_PICTURES = 5
CAMERA_SECONDS = 60.0


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> list[argparse.ArgumentParser]:
    """Add the commands. Returns those that take a config."""
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
    adding.add_argument(
        "--camera",
        action="store_true",
        help="take the pictures with the config's camera; the daemon must not be using it",
    )
    adding.add_argument(
        "--count", type=_count, default=CAMERA_PICTURES, metavar="N", help="of pictures with --camera (%(default)s)"
    )
    _add_alike(adding)
    adding.set_defaults(run=_enrol)

    listing = commands.add_parser("students", help="list who is enrolled; calibrate, export or import them")
    listing.set_defaults(run=_list)
    actions = listing.add_subparsers(metavar="ACTION", title="actions", description="default: list who is enrolled")

    choosing = calibrate_command.add_action(actions)
    leaving = actions.add_parser(
        "export",
        help="write students to an encrypted bundle for another device",
        description="Write students to an encrypted bundle. Carry the passphrase by another way than the file, and "
        "delete the file when it is imported: `forget` on this device does not reach it.",
    )
    leaving.add_argument("bundle", type=Path, metavar="FILE")
    leaving.add_argument("student_ids", nargs="*", metavar="STUDENT", help="default: all whose consent holds")
    leaving.add_argument("--passphrase-file", type=Path, metavar="FILE", help="default: make one and print it")
    leaving.set_defaults(run=_export)

    arriving = actions.add_parser("import", help="enrol the students of a bundle")
    arriving.add_argument("bundle", type=Path, metavar="FILE")
    arriving.add_argument("--passphrase-file", type=Path, metavar="FILE", help="default: ask for it")
    arriving.add_argument("--replace", action="store_true", help="take the place of students enrolled here already")
    _add_alike(arriving)
    arriving.set_defaults(run=_import)

    forgetting = commands.add_parser("forget", help="erase a student's template, consent and observations")
    forgetting.add_argument("student_id", metavar="STUDENT")
    forgetting.set_defaults(run=_forget)
    for action in (choosing, leaving, arriving):
        # Suppressed, or an action's default would take the place of a file that was given before it.
        action.add_argument("--config", type=Path, default=argparse.SUPPRESS, metavar="FILE", help="as of `students`")
    return [adding, listing, forgetting]


def _add_alike(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--alike",
        action="append",
        default=[],
        metavar="STUDENT",
        help="enrolled already, and somebody else, although they look alike; where nobody can tell, neither is named",
    )


def takes_late_pictures(arguments: argparse.Namespace) -> bool:
    """Whether pictures may follow options: argparse ends a list that may be empty at the first of them."""
    return arguments.run is _enrol


def _enrol(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config)
    if arguments.camera and arguments.pictures:
        raise PictureError("--camera takes the pictures itself: leave out either the option or the files")
    detector, embedder = load_recognition(settings, Manifest(settings.runtime.models))
    portrayer = Portrayer(detector, embedder)
    if arguments.camera:
        portraits = _from_camera(settings, portrayer, arguments.count, template_threshold(settings, embedder))
    else:
        portraits = portrayer.from_files(arguments.pictures)
    student = enrol(
        settings,
        embedder,
        arguments.student_id,
        arguments.consent,
        portraits,
        arguments.consent_expires,
        arguments.alike,
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


def _from_camera(settings: Settings, portrayer: Portrayer, count: int, threshold: float) -> list[Portrait]:
    def tell(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    tell(f"The student alone before the camera, please: {count} pictures, within {CAMERA_SECONDS:g} s")
    with NewestFrame(open_camera(settings.camera)) as camera, ended_after(CAMERA_SECONDS) as stop:
        return portrayer.from_camera(camera.frames(stop), count, CAMERA_SECONDS, threshold, tell)


def _list(arguments: argparse.Namespace) -> int:
    for student in open_gallery(load(arguments.config)).students:
        until = f", until {student.consent_expires}" if student.consent_expires else ""
        count = len(student.embeddings)
        templates = f"{count} template{'s' if count > 1 else ''}" if count else "no template"
        sys.stdout.write(
            f"{student.student_id}: {templates}, enrolled {student.enrolled_on}, consent {student.consent}{until}\n"
        )
    return 0


def _export(arguments: argparse.Namespace) -> int:
    given = read_password(arguments.passphrase_file) if arguments.passphrase_file else None
    passphrase = given or new_passphrase()
    leaving = export_students(load(arguments.config), arguments.bundle, passphrase, arguments.student_ids)
    sys.stdout.write(f"{arguments.bundle}: {leaving.names()}\n")
    if given is None:
        sys.stdout.write(f"passphrase: {passphrase}\n")
    return 0


def _import(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config)
    if arguments.passphrase_file:
        passphrase = read_password(arguments.passphrase_file)
    elif sys.stdin.isatty():
        passphrase = getpass.getpass(f"Passphrase of {arguments.bundle}: ")
    else:
        raise GalleryError(f"{arguments.bundle}: no terminal to ask for the passphrase; use --passphrase-file")
    embedder = load_recognition(settings, Manifest(settings.runtime.models))[1]
    done = import_students(
        settings,
        arguments.bundle,
        passphrase,
        length=embedder.length,
        threshold=template_threshold(settings, embedder),
        replace=arguments.replace,
        alike=arguments.alike,
    )
    for students, told in (
        (done.added, "enrolled"),
        (done.replaced, "replaced what was enrolled here"),
        (done.expired, "left out: the consent has ended"),
    ):
        for student_id in students:
            sys.stdout.write(f"{student_id}: {told}\n")
    return 0


def _forget(arguments: argparse.Namespace) -> int:
    settings, student = load(arguments.config), arguments.student_id
    for line in forget(settings, student):
        sys.stdout.write(f"{student}: {line}\n")
    for name in trained_on(student, settings.runtime.models):
        sys.stdout.write(
            f"{student}: the class in the classifier {name!r} is masked from now on, but its weights hold "
            "what they learned of the student until it is trained again without the student's pictures\n"
        )
    return 0


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write YYYY-MM-DD") from error


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 50:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of pictures, 1..50")
    return int(text)
