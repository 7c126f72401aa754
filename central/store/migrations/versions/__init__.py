"""One module for each change, oldest first by number; Alembic finds them by their `down_revision`."""
