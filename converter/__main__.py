"""classpulse-converter: build, train and measure the models."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from converter import build_command, evaluate_command, train_command
from edge.errors import ClassPulseError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code. 0: done; 1: an error, said on stderr; 2: wrong usage."""
    parser = argparse.ArgumentParser(prog="classpulse-converter", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build_command.add_parser(commands)
    evaluate_command.add_parser(commands)
    train_command.add_parser(commands)
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        return int(arguments.run(arguments))
    except ClassPulseError as error:
        sys.stderr.write(f"classpulse-converter: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
