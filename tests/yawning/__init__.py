"""Clips before the real pipeline: a yawn becomes `tired`, talking does not, and why faces that look away are not read."""
