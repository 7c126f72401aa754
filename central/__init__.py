"""The central subscriber of all classrooms."""
