"""The similarity threshold that one room's students need, from the templates that are enrolled there.

The shipped threshold was measured on other people. Here each enrolled picture is searched for among all other students,
as if its student were a stranger, which says how often a stranger would be named; and among all other templates, which
says how often the student is. Pictures of people who are not enrolled add to the strangers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edge.embedder import Embedding
from edge.errors import GalleryError
from edge.gallery import Gallery, Search, Student

LOWEST = 0.1
"""The lowest threshold that the config takes, and so the lowest advised."""
ENOUGH = 3.0
"""Strangers that a threshold must have let through, on average, before it is trusted below the shipped one: with fewer,
luck decides where it lies."""


@dataclass(frozen=True)
class Calibration:
    """What the templates of a room say of its threshold."""

    strangers: int
    """Searches for somebody who is not in the gallery searched."""
    named: int
    """How many of them the threshold in use would name."""
    genuine: int
    """Searches for a student by one picture among the others; students with a single picture are not among them."""
    recognised: int
    """How many of them the advised threshold recognises."""
    threshold: float
    """The threshold advised: at most the wanted share of strangers is named. Never below `LOWEST`, nor on thin evidence
    below the shipped one."""
    thin: bool
    """Whether there were too few strangers to measure the wanted share."""
    unlike: tuple[str, ...]
    """Students with a picture in which the advised threshold does not recognise them by their others."""
    alike: tuple[tuple[str, str, float], ...]
    """Students whose pictures are as similar as those of one person by the shipped threshold, most similar first."""
    taken: tuple[tuple[int, str, float], ...]
    """Strangers given whom the threshold in use names: index, as whom, how similar; most similar first."""


def calibrate(
    gallery: Gallery, strangers: Sequence[Embedding], in_use: float, shipped: float, share: float
) -> Calibration:
    """Choose the threshold at which at most `share` (0..1) of the strangers would be named.

    in_use: the threshold that the config sets now; shipped: the model's own. A student who looks like another one is no
    stranger to that one: between the two the margin decides. Raises GalleryError with fewer than two students that
    have templates.
    """
    students = [student for student in gallery.students if len(student.embeddings)]
    if len(students) < 2:
        raise GalleryError("a threshold needs two enrolled students with templates at least: enrol them first")
    alike = _alike(students, shipped)
    everybody = Search(tuple(students))
    searches = [*_as_strangers(students, alike), *((everybody, probe) for probe in strangers)]
    scores = np.array([search.naming_threshold(probe) for search, probe in searches])
    allowed = int(share * len(scores))
    wanted = float(np.nextafter(np.sort(scores)[::-1][allowed], np.inf, dtype=np.float64))
    thin = share * len(scores) < ENOUGH
    threshold = max(wanted, shipped if thin else LOWEST)
    own = [(s.student_id, _recognised(s, index, students, threshold)) for s, index in _left_out(students)]
    return Calibration(
        strangers=len(scores),
        named=int((scores >= in_use).sum()),
        genuine=len(own),
        recognised=sum(right for _, right in own),
        threshold=threshold,
        thin=thin,
        unlike=tuple(sorted({student_id for student_id, right in own if not right})),
        alike=alike,
        taken=_taken(everybody, strangers, in_use),
    )


def _as_strangers(
    students: list[Student], alike: Sequence[tuple[str, str, float]]
) -> Iterator[tuple[Search, Embedding]]:
    """Each template among the other students, without those who look like its own."""
    look_alikes = {frozenset(pair[:2]) for pair in alike}
    for student in students:
        others = (s for s in students if s is not student)
        search = Search(tuple(s for s in others if frozenset((s.student_id, student.student_id)) not in look_alikes))
        yield from ((search, embedding) for embedding in student.embeddings)


def _taken(search: Search, strangers: Sequence[Embedding], threshold: float) -> tuple[tuple[int, str, float], ...]:
    matches = [search.identify(probe, threshold) for probe in strangers]
    named = [(i, match.student_id, match.similarity) for i, match in enumerate(matches) if match.student_id is not None]
    return tuple(sorted(named, key=lambda each: -each[2]))


def _left_out(students: list[Student]) -> list[tuple[Student, int]]:
    """Each template of a student who has others."""
    return [(s, index) for s in students if len(s.embeddings) > 1 for index in range(len(s.embeddings))]


def _recognised(student: Student, index: int, students: list[Student], threshold: float) -> bool:
    remaining = np.delete(student.embeddings, index, axis=0)
    itself = Student(student.student_id, student.consent, student.enrolled_on, student.consent_expires, remaining)
    search = Search(tuple(itself if s is student else s for s in students))
    return search.identify(student.embeddings[index], threshold).student_id == student.student_id


def _alike(students: list[Student], threshold: float) -> tuple[tuple[str, str, float], ...]:
    pairs = [
        (a.student_id, b.student_id, float((a.embeddings @ b.embeddings.T).max()))
        for i, a in enumerate(students)
        for b in students[i + 1 :]
    ]
    return tuple(sorted((pair for pair in pairs if pair[2] >= threshold), key=lambda pair: -pair[2]))
