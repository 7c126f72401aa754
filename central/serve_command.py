"""The commands of the service: serve, check-config."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from central.config import Settings, WebSettings, load
from central.errors import StoreError, WebError
from central.session import KeptSession, Session
from edge.config import service_environment
from edge.connection import read_password, tls_context
from edge.errors import ClassPulseError
from edge.journal import configure_logging

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

DEFAULT_CONFIG = Path("/etc/classpulse-central/central.toml")


def add_parser(commands: Commands) -> None:
    """Add the commands to those of classpulse-central."""
    serving = commands.add_parser(
        "serve",
        help="store what the classrooms publish, and show it, until stopped",
        epilog="exit status: 0 stopped, 1 an error, 65 the database is of a newer version, 78 the config is wrong",
    )
    serving.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="default: %(default)s")
    serving.set_defaults(run=_serve, configure_logging=_log_to_journal)

    checking = commands.add_parser("check-config", help="check the config, and the files that it names")
    checking.add_argument(
        "file", type=Path, nargs="?", default=DEFAULT_CONFIG, metavar="FILE", help="default: %(default)s"
    )
    checking.add_argument("--broker", action="store_true", help="connect to the broker as well")
    checking.set_defaults(run=_check_config)


def _log_to_journal() -> None:
    configure_logging(logging.INFO, service_environment().journal_stream, identifier="classpulse-central")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it has lines for its import, and for every step


def _serve(arguments: argparse.Namespace) -> int:
    # The database's packages come with the extra `central`; whoever only looks on with `tail` does without.
    from central.serve import serve

    serve(load(arguments.config), service_environment())
    return 0


def _check_config(arguments: argparse.Namespace) -> int:
    try:
        settings = load(arguments.file)
        tried = _check(settings, broker=arguments.broker)
    except ClassPulseError as error:
        # Said like any error, but with the exit code that scripts know this command by.
        sys.stderr.write(f"classpulse-central: {error}\n")
        return 1
    sys.stdout.write(f"{arguments.file}: OK: {tried}\n")
    return 0


def _check(settings: Settings, *, broker: bool) -> str:
    """Read every file that the settings name, and see that the database can be written. Raises ClassPulseError."""
    mqtt = settings.mqtt
    if mqtt.tls:
        tls_context(mqtt.ca_file, mqtt.certificate_file, mqtt.key_file)
    if mqtt.password_file is not None:
        read_password(mqtt.password_file)
    _check_database(settings.store.path)
    web = _check_web(settings.web)
    if not broker:
        return f"broker {mqtt.host}:{mqtt.port}; {web}"
    wanted = mqtt.live()
    # A session of its own that nothing is left of: a service that runs is not disturbed.
    trial = KeptSession(f"{mqtt.client_id[:17]}-trial", 0, 1)
    Session(replace(wanted, kept=trial)).close()
    return f"the broker {wanted.where} lets it in; {web}"


def _check_web(web: WebSettings) -> str:
    """Try the dashboard's address and read its files. Raises WebError."""
    # Its packages, too, come with the extra `central`.
    from central.api import server, tls
    from central.api.origins import allowed_origins

    origins = " or ".join(sorted(allowed_origins(web)))
    if web.certificate_file is not None and web.key_file is not None:
        tls.tls_context(web.certificate_file, web.key_file)
        if not tls.is_valid(web.certificate_file, datetime.now(UTC)):
            raise WebError(f"{web.certificate_file}: the certificate has expired, or is not valid yet; renew it")
    if web.metrics_token_file is not None:
        read_password(web.metrics_token_file)
    try:
        server.listen(web, ahead=False).close()
    except server.PortTakenError:
        return f"the dashboard at {origins}, where something listens already: the service, if it runs"
    return f"the dashboard at {origins}"


def _check_database(path: Path) -> None:
    """Nothing is made or changed: the service does that, once it starts. Raises StoreError."""
    try:
        # SQLite writes beside the file as well.
        usable = os.access(path.parent, os.R_OK | os.W_OK | os.X_OK, effective_ids=True) and path.parent.is_dir()
        if usable and path.exists():
            usable = path.is_file() and os.access(path, os.R_OK | os.W_OK, effective_ids=True)
    except OSError:
        usable = False
    if not usable:
        raise StoreError(
            f"{path}: the database cannot be opened: is its folder there, are both the service's own, and is it a file?"
        )
