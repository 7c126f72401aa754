"""A gallery whose writer is killed, at any moment: the old one or the new, never half of one and never an older one."""

from __future__ import annotations

import multiprocessing
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from edge.gallery import Gallery, changing, create_key, load, new_student, read_key, save
from tests.edge.test_gallery import MODEL, embedding

KILLS = 30
LONGEST = 0.02
"""Seconds after a finished change within which the next one is killed: several changes long."""
TEMPLATES = [embedding(number) for number in range(5)]


def class_of(number: int) -> Gallery:
    """A full class, as the change of that number leaves it."""
    return Gallery(MODEL, tuple(new_student(f"s-{n:03}", f"C-{number}", TEMPLATES) for n in range(30)))


def change_until_killed(folder: Path, first: int, done: Connection) -> None:
    """Says the number of every change that is finished."""
    path, key = folder / "gallery.bin", read_key(folder / "gallery.key")
    for number in count(first):
        with changing(path):
            save(class_of(number), path, key)
        done.send(number)


def killed(folder: Path, first: int, after: float) -> int:
    """Let a process change the gallery, kill it so many seconds after its first change. Returns its last one."""
    reader, writer = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=change_until_killed, args=(folder, first, writer))
    process.start()
    writer.close()
    last = reader.recv()
    process.join(after)
    process.kill()
    process.join(30)
    try:
        while True:
            last = reader.recv()
    except EOFError:
        return int(last)
    finally:
        reader.close()


def test_a_writer_killed_at_any_moment_leaves_a_whole_gallery_and_no_finished_change_is_lost(
    tmp_path: Path,
) -> None:
    create_key(tmp_path / "gallery.key")
    key, interrupted, number = read_key(tmp_path / "gallery.key"), 0, -1
    for after in np.random.default_rng(0).uniform(0, LONGEST, KILLS):
        last = killed(tmp_path, number + 1, float(after))
        interrupted += (tmp_path / ".gallery.bin.new").exists()
        students = load(tmp_path / "gallery.bin", key, MODEL).students
        assert len(students) == 30
        (consent,) = {student.consent for student in students}
        number = int(consent.removeprefix("C-"))
        assert number in (last, last + 1)
        np.testing.assert_array_equal(students[29].embeddings, np.stack(TEMPLATES))
    assert interrupted  # or the moments were none that matter
