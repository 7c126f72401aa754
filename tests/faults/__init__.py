"""Breaks broker, network and daemon under load, and accounts for every observation."""
