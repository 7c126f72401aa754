"""classpulse-edge: watch one classroom, and publish student IDs and expression labels, nothing else."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from edge import authorisation, config_schema, doctor, show_config, students_command
from edge.bench import command as bench_command
from edge.checks import check_broker, check_broker_files, check_camera
from edge.config import load, service_environment
from edge.daemon import Daemon
from edge.errors import ClassPulseError
from edge.journal import configure_logging
from edge.loading import EnrolledStudents, load_parts
from edge.notify import Notifier
from edge.service import Service

DEFAULT_CONFIG = Path("/etc/classpulse/edge.toml")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    0: done. 1: an error, said on stderr. 2: wrong usage. 77: not authorised. 78: the config is wrong.
    """
    parser = _parser()
    arguments, late = parser.parse_known_args(argv)
    if late and (not students_command.takes_late_pictures(arguments) or any(word.startswith("-") for word in late)):
        parser.error(f"unrecognized arguments: {' '.join(late)}")
    if late:
        arguments.pictures += [Path(word) for word in late]
    # Only the daemon has a story to tell; the other commands answer on stdout.
    quiet = logging.INFO if arguments.run is _run else logging.WARNING
    level = logging.DEBUG if arguments.verbose else quiet
    configure_logging(level, service_environment().journal_stream)
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
    check.add_argument("--camera", action="store_true", help="take a frame of the camera as well")
    check.add_argument("--broker", action="store_true", help="connect to the broker as well")
    check.set_defaults(run=_check_config)

    showing = commands.add_parser("show-config", help="print the effective settings, and where each comes from")
    showing.add_argument(
        "file", type=Path, nargs="?", default=DEFAULT_CONFIG, metavar="FILE", help="default: %(default)s"
    )
    showing.set_defaults(run=_show_config)

    describing = commands.add_parser("config-schema", help="print the JSON schema of the config file, for editors")
    describing.set_defaults(run=_config_schema)

    examining = commands.add_parser(
        "doctor", help="examine camera, models, broker, clock, disk and more; 1: not all well"
    )
    examining.set_defaults(run=_doctor)

    about_students = students_command.add_parsers(commands)
    for command in (run, examining, *about_students):
        command.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="default: %(default)s")

    bench_command.add_parser(commands)

    demo = commands.add_parser("demo", help="the main job on a bundled clip, with a broker of its own")
    demo.add_argument("--seconds", type=float, default=20.0, help="length, 0: until Ctrl-C (default %(default)s)")
    demo.add_argument("--svg", type=Path, metavar="FILE", help="draw the last table there")
    demo.set_defaults(run=_demo)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    surroundings = service_environment()
    with Notifier(surroundings.notify_socket) as notifier:
        service = Service(arguments.config, notifier, surroundings.watchdog_seconds)
        service.follow_signals()
        Daemon(load(arguments.config), service).run()
    return 0


def _check_config(arguments: argparse.Namespace) -> int:
    path = arguments.file or DEFAULT_CONFIG
    try:
        settings = load(path)
        authorisation.require(settings.authorisation, datetime.now(UTC))
        EnrolledStudents(settings, load_parts(settings).faces).changed()
        check_broker_files(settings.mqtt)
        tried = [check_camera(settings)] if arguments.camera else []
        tried += [check_broker(settings)] if arguments.broker else []
    except ClassPulseError as error:
        # Said like any error, but with the exit code that scripts know this command by.
        sys.stderr.write(f"classpulse-edge: {error}\n")
        return 1
    days = authorisation.days_left(settings.authorisation, datetime.now(UTC))
    found = ", ".join([f"authorised for {days} more days", "models load and run", *tried])
    sys.stdout.write(f"{path}: OK: {settings.classroom}, {found}\n")
    return 0


def _show_config(arguments: argparse.Namespace) -> int:
    load(arguments.file)  # says what is wrong with the file as a file
    sys.stdout.write(show_config.show(arguments.file.read_text(encoding="utf-8-sig"), arguments.file))
    return 0


def _config_schema(_: argparse.Namespace) -> int:
    sys.stdout.write(config_schema.text())
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    try:
        settings = load(arguments.config)
    except ClassPulseError as error:
        sys.stderr.write(f"classpulse-edge: {error}\n")
        return 1
    well = True
    sys.stdout.write(f"{settings.classroom}, {arguments.config}\n")
    for finding in doctor.examine(settings):
        well &= finding.ok
        sys.stdout.write(doctor.screen(finding))
        sys.stdout.flush()
    return 0 if well else 1


def _demo(arguments: argparse.Namespace) -> int:
    from edge import demo  # its extra is not installed on a Pi

    return demo.run(arguments.seconds, svg=arguments.svg)


if __name__ == "__main__":
    sys.exit(main())
