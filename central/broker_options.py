"""The command line's options for a broker, which all commands that speak to one without a config file share."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from central.session import BrokerSettings
from edge.connection import is_this_machine
from edge.errors import BrokerError


def add(parser: argparse.ArgumentParser, own: str = "this client's certificate") -> None:
    """Add the options. own: what the certificate is."""
    parser.add_argument("--host", required=True, help="the broker's name or address")
    parser.add_argument("--port", type=_port, help="default: 8883, with --no-tls 1883")
    parser.add_argument("--no-tls", action="store_true", help="unencrypted: for a broker on this machine only")
    parser.add_argument("--ca-file", type=Path, metavar="PEM", help="who signed the broker's certificate")
    parser.add_argument("--certificate-file", type=Path, metavar="PEM", help=own)
    parser.add_argument("--key-file", type=Path, metavar="PEM", help="the key of that certificate")
    parser.add_argument("--username", metavar="NAME")
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="holds nothing but the password")


def settings(arguments: argparse.Namespace) -> BrokerSettings:
    """The broker that the options name. Raises BrokerError where a password would go unencrypted."""
    found = BrokerSettings(
        host=arguments.host,
        port=arguments.port or (1883 if arguments.no_tls else 8883),
        tls=not arguments.no_tls,
        ca_file=arguments.ca_file,
        certificate_file=arguments.certificate_file,
        key_file=arguments.key_file,
        username=arguments.username,
        password_file=arguments.password_file,
    )
    if found.password_file and not found.tls and not is_this_machine(found.host):
        raise BrokerError(
            f"--no-tls would send the password to {found.host} for anybody on the way to read; leave it out"
        )
    return found


def seconds(text: str) -> float:
    """An option's value: a number of seconds above 0."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 < found < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return found


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not within 1..65535")
    return int(text)
