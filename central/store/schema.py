"""Brings a database to the tables that this version of the program knows."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from central.errors import NewerStoreError
from central.store.sqlite import sorting_on_disk

_FOLDER = Path(__file__).with_name("migrations")


def migrate(engine: sa.Engine, zone: tzinfo) -> None:
    """Run what is missing, all of it in one transaction. zone: the school's, by which hours and days begin.

    Raises NewerStoreError, having changed nothing, when a newer version of the program has been here.
    """
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with sorting_on_disk(engine) as connection, connection.begin():
        found = MigrationContext.configure(connection).get_current_revision()
        if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
            raise NewerStoreError(
                f"{engine.url.database}: a newer version of ClassPulse has written this database (revision {found}); "
                "install that version, or bring back the backup made before it"
            )
        if found != scripts.get_current_head():
            config.attributes |= {"connection": connection, "zone": zone}
            command.upgrade(config, "head")
