"""Ours beside others, in one run, on the same frames, as ratios: `make bench`."""
