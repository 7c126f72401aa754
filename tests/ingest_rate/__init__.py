"""How many observations a second central takes in, with nothing lost: `python -m tests.ingest_rate`."""
