"""A year of a school in a database, and how long the dashboard waits for what it asks of it."""
