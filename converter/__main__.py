"""classpulse-converter: build, train and measure the models."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from converter.runtime_notice import take_notice
from edge.errors import ClassPulseError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code. 0: done; 1: an error, said on stderr; 2: wrong usage."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        arguments = _parser().parse_args(argv)
        take_notice()
        return int(arguments.run(arguments))
    except ModuleNotFoundError as error:
        # The base install is what a Pi needs; the converter's packages come with its extra.
        sys.stderr.write(f"classpulse-converter: {error.name} is not installed: pip install 'classpulse[converter]'\n")
        return 1
    except ClassPulseError as error:
        sys.stderr.write(f"classpulse-converter: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    from converter import build_command, compare_command, convert_command, evaluate_command, train_command

    parser = argparse.ArgumentParser(prog="classpulse-converter", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build_command.add_parser(commands)
    convert_command.add_parser(commands)
    compare_command.add_parser(commands)
    evaluate_command.add_parser(commands)
    train_command.add_parser(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
