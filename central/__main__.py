"""classpulse-central: what the classrooms publish, on the school's side."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace

from central import (
    account_command,
    broker_config_command,
    broker_options,
    pki_command,
    serve_command,
    simulate_command,
    students_command,
)
from central.subscriber import Subscriber
from central.tail import Tail, tail
from edge.errors import ClassPulseError
from edge.wire import WireError, topic


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    0: done. 1: an error, said on stderr. 2: wrong usage. 65: a newer version has written the database.
    78: the config is wrong. 130: interrupted.
    """
    arguments = _parser().parse_args(argv)
    arguments.configure_logging()
    try:
        return int(arguments.run(arguments))
    except ModuleNotFoundError as error:
        # The base install is what a Pi needs; what a server needs comes with its extra.
        sys.stderr.write(f"classpulse-central: {error.name} is not installed: pip install 'classpulse[central]'\n")
        return 1
    except ClassPulseError as error:
        sys.stderr.write(f"classpulse-central: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader, `head` perhaps, has seen enough. Nothing more may be flushed into the closed pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="classpulse-central", description=__doc__)
    parser.set_defaults(configure_logging=_log_plainly)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    following = commands.add_parser(
        "tail",
        help="print labels as they are observed",
        description="Print a line for each observation: time, classroom, student and expression label, "
        "which is not a feeling; and for each classroom that comes or goes.",
        epilog="exit status: 0 done, 1 the broker cannot be reached or refuses, 2 wrong usage, 130 interrupted",
    )
    broker_options.add(following)
    following.add_argument("--classroom", metavar="ROOM", type=_classroom, help="default: all")
    following.add_argument("--json", action="store_true", help="one JSON object a line")
    following.add_argument("--count", type=_positive, metavar="N", help="end after N observations")
    following.add_argument("--seconds", type=broker_options.seconds, metavar="S", help="end after S seconds")
    following.set_defaults(run=_tail)

    serve_command.add_parser(commands)
    pki_command.add_parser(commands)
    broker_config_command.add_parser(commands)
    account_command.add_parser(commands)
    students_command.add_parser(commands)
    simulate_command.add_parser(commands)
    return parser


def _log_plainly() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)


def _tail(arguments: argparse.Namespace) -> int:
    # As with Ctrl-C: connections are closed on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = replace(broker_options.settings(arguments), classroom=arguments.classroom or "+")
    output = Tail(sys.stdout, sys.stderr, as_json=arguments.json)
    tail(Subscriber(settings).messages(), output, count=arguments.count, seconds=arguments.seconds)
    return 0


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of observations, 1 or more")
    return int(text)


def _classroom(text: str) -> str:
    try:
        topic(text, "status")
    except WireError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


if __name__ == "__main__":
    sys.exit(main())
