"""The classroom daemon: camera frames in, student IDs and expression labels out."""
