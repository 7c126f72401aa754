"""Ours beside a peer, in one run, as ratios: `make bench`."""
