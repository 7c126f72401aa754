"""classpulse-central: what the classrooms publish, on the school's side."""

from __future__ import annotations

import argparse
import logging
import math
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from central import broker_config_command, pki_command, serve_command
from central.session import BrokerSettings
from central.subscriber import Subscriber
from central.tail import Tail, tail
from edge.connection import is_this_machine
from edge.errors import BrokerError, ClassPulseError
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
    following.add_argument("--host", required=True, help="the broker's name or address")
    following.add_argument("--port", type=_port, help="default: 8883, with --no-tls 1883")
    following.add_argument("--no-tls", action="store_true", help="unencrypted: for a broker on this machine only")
    following.add_argument("--ca-file", type=Path, metavar="PEM", help="who signed the broker's certificate")
    following.add_argument("--certificate-file", type=Path, metavar="PEM", help="this client's certificate")
    following.add_argument("--key-file", type=Path, metavar="PEM", help="the key of that certificate")
    following.add_argument("--username", metavar="NAME")
    following.add_argument("--password-file", type=Path, metavar="FILE", help="holds nothing but the password")
    following.add_argument("--classroom", metavar="ROOM", type=_classroom, help="default: all")
    following.add_argument("--json", action="store_true", help="one JSON object a line")
    following.add_argument("--count", type=_positive, metavar="N", help="end after N observations")
    following.add_argument("--seconds", type=_seconds, metavar="S", help="end after S seconds")
    following.set_defaults(run=_tail)

    serve_command.add_parser(commands)
    pki_command.add_parser(commands)
    broker_config_command.add_parser(commands)
    return parser


def _log_plainly() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)


def _tail(arguments: argparse.Namespace) -> int:
    # As with Ctrl-C: connections are closed on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = BrokerSettings(
        host=arguments.host,
        port=arguments.port or (1883 if arguments.no_tls else 8883),
        tls=not arguments.no_tls,
        ca_file=arguments.ca_file,
        certificate_file=arguments.certificate_file,
        key_file=arguments.key_file,
        username=arguments.username,
        password_file=arguments.password_file,
        classroom=arguments.classroom or "+",
    )
    if settings.password_file and not settings.tls and not is_this_machine(settings.host):
        raise BrokerError(
            f"--no-tls would send the password to {settings.host} for anybody on the way to read; leave it out"
        )
    output = Tail(sys.stdout, sys.stderr, as_json=arguments.json)
    tail(Subscriber(settings).messages(), output, count=arguments.count, seconds=arguments.seconds)
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not within 1..65535")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of observations, 1 or more")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def _classroom(text: str) -> str:
    try:
        topic(text, "status")
    except WireError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


if __name__ == "__main__":
    sys.exit(main())
