"""Clips before the real pipeline: a yawn becomes `tired`, talking does not, and what faces that look away read as."""
