"""Classrooms that nobody sits in: plausible traffic through a real broker, for demos and for load."""
