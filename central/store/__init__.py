"""What central keeps: SQLAlchemy Core on SQLite; all that only SQLite understands stands in `central.store.sqlite`."""
