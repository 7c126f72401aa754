"""How each version of the program changes the tables of the one before: Alembic's, run by `central.store.schema`."""
