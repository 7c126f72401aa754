"""Judges what a pipeline says of a composed room, track by track."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from converter.intervals import wilson
from edge.records import Observation
from edge.tracker import Track
from tests.classrooms.scene import Seen

ON_FACE, NEAR_FACE = 0.5, 1.0
"""A track is on a face when their centres lie within half a face width; it is judged only where no other face is
within one: while two heads are one behind the other nobody can say whom a box is around."""
NAMED_WITHIN = 2.0
"""Seconds in which somebody who appears must be named."""


@dataclass
class Tally:
    """Counts over clips."""

    clips: int = 0
    frames: int = 0
    tracks_of_enrolled: int = 0
    wrongly_named: int = 0
    tracks_of_strangers: int = 0
    named_strangers: int = 0
    appearances: int = 0
    """Of enrolled people, from the front, in full view for long enough to be named."""
    named_in_time: int = 0
    observations: int = 0
    wrong_observations: int = 0
    """Of students who were not in the room."""
    failures: list[str] = field(default_factory=list)
    """What went wrong, and where to look."""

    def add(self, clip: ClipTally, name: str) -> None:
        """Count a clip that has ended."""
        self.clips += 1
        self.frames += clip.frames
        for (_, person), (student_id, wrong) in clip.tracks.items():
            if student_id is None:
                self.tracks_of_strangers += 1
                self.named_strangers += wrong is not None
            else:
                self.tracks_of_enrolled += 1
                self.wrongly_named += wrong is not None
            if wrong is not None:
                self.failures.append(f"{name}: {person} was named {wrong}")
        for person, appearance in clip.appearances.items():
            if appearance.judged:
                self.appearances += 1
                self.named_in_time += appearance.in_time
                if not appearance.in_time:
                    self.failures.append(f"{name}: {person} was not named within {NAMED_WITHIN:g} s")
        self.observations += clip.observations
        self.wrong_observations += clip.wrong_observations

    def merge(self, other: Tally) -> None:
        """Count the clips of another tally too."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    def table(self) -> str:
        """The counts as Markdown, with 95% intervals."""
        rows = [
            ("tracks of enrolled people given another's name", self.wrongly_named, self.tracks_of_enrolled),
            ("tracks of strangers given a name", self.named_strangers, self.tracks_of_strangers),
            (f"enrolled, from the front: named within {NAMED_WITHIN:g} s", self.named_in_time, self.appearances),
            ("observations of somebody who was not there", self.wrong_observations, self.observations),
        ]
        lines = ["| what | count | of | share | 95% interval |", "|---|---|---|---|---|"]
        for what, count, total in rows:
            low, high = wilson(count, total)
            share = f"{count / total:.2%}" if total else "-"
            lines.append(f"| {what} | {count} | {total} | {share} | {low:.2%} to {high:.2%} |")
        return "\n".join(lines) + "\n"


@dataclass
class Appearance:
    """One enrolled person's way to a name. Times are seconds of the clip."""

    frontal: bool
    since: float | None = None
    named_at: float | None = None
    visible_until: float = 0.0

    @property
    def judged(self) -> bool:
        return self.frontal and self.since is not None and self.visible_until - self.since >= NAMED_WITHIN

    @property
    def in_time(self) -> bool:
        return self.named_at is not None and self.since is not None and self.named_at - self.since <= NAMED_WITHIN


class ClipTally:
    """Follows one clip."""

    def __init__(self) -> None:
        self.frames = 0
        self.tracks: dict[tuple[int, str], tuple[str | None, str | None]] = {}
        """(track, person it is on) -> (who that is, a name that it had wrongly)."""
        self.appearances: dict[str, Appearance] = {}
        self.observations = 0
        self.wrong_observations = 0
        self._present: set[str] = set()

    def frame(self, now: float, seen: list[Seen], tracks: Iterable[Track], frontal: frozenset[str]) -> None:
        """Judge the tracks of one frame. frontal: those whose picture shows them from the front."""
        self.frames += 1
        self._present |= {one.student_id for one in seen if one.student_id is not None}
        for one in seen:
            if one.student_id is not None:
                self._appear(one, now, one.person in frontal)
        for track in (track for track in tracks if track.seen_at == now):
            self._name(track, seen, now)
            one = _whose(track, seen)
            if one is None:
                continue
            key = (track.track_id, one.person)
            wrong = track.student_id if track.student_id not in (None, one.student_id) else None
            self.tracks[key] = (one.student_id, self.tracks.get(key, (None, None))[1] or wrong)

    def _name(self, track: Track, seen: list[Seen], now: float) -> None:
        """Note who got the right name. That name tells whom the track is on, whoever else is near: those who walk past
        the others would else count as unnamed until nobody is."""
        for one in seen:
            appearance = self.appearances.get(one.person)
            named = one.student_id is not None and one.student_id == track.student_id and one.clear
            if appearance and named and appearance.named_at is None and _distance(track, one) <= ON_FACE:
                appearance.named_at = now

    def report(self, observations: list[Observation]) -> None:
        """Judge what was reported: of somebody who has been in the room, at least."""
        self.observations += len(observations)
        self.wrong_observations += sum(o.student_id not in self._present for o in observations)

    def _appear(self, one: Seen, now: float, frontal: bool) -> None:
        appearance = self.appearances.setdefault(one.person, Appearance(frontal))
        if appearance.named_at is not None:
            appearance.visible_until = max(appearance.visible_until, now)
            return
        if not one.clear:
            # Hidden before there was time enough: the clock starts again. After that the verdict stands.
            if appearance.since is not None and now - appearance.since < NAMED_WITHIN:
                appearance.since = None
        elif appearance.since is None:
            appearance.since = now
        if appearance.since is not None:
            appearance.visible_until = now


def _whose(track: Track, seen: list[Seen]) -> Seen | None:
    """Whose face the track is on; None while that cannot be said, or it is on nobody's."""
    distances = sorted(((_distance(track, one), one) for one in seen), key=lambda pair: pair[0])
    if not distances or distances[0][0] > ON_FACE or not distances[0][1].clear:
        return None
    if len(distances) > 1 and distances[1][0] <= NEAR_FACE:
        return None
    return distances[0][1]


def _distance(track: Track, one: Seen) -> float:
    """Between the centres of a track's face and of a true one, in widths of the track's."""
    return math.dist(track.face.box.centre, one.box.centre) / max(track.face.box.width, 1.0)
