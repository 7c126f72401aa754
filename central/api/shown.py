"""What the store and the live picture know, as the API shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from central.accounts.sessions import CurrentUser
from central.api.models import observed
from central.live import LiveRoom, PresentStudent
from central.store import history
from central.store.history import Counts
from edge.records import LABELS


def shares(counts: Counts) -> observed.Shares:
    """counts: in the order of `LABELS`."""
    return observed.Shares(**dict(zip(LABELS, counts, strict=True)))


def mix(students: Iterable[PresentStudent]) -> observed.Shares:
    """How many of them have which label."""
    counted = Counter(student.label for student in students)
    return observed.Shares(**{label: counted[label] for label in LABELS})


def present(student: PresentStudent) -> observed.Present:
    """A student in view."""
    return observed.Present.model_validate(student, from_attributes=True)


def at_a_glance(room: LiveRoom, seen: Sequence[PresentStudent], user: CurrentUser) -> observed.LiveClassroom:
    """A classroom. seen: whom user may know of."""
    # That somebody else's student was observed just now is nothing that a teacher is to know.
    newest = room.observed_at if user.role == "admin" else max((one.observed_at for one in seen), default=None)
    return observed.LiveClassroom(
        classroom=room.classroom,
        simulated=room.simulated,
        online=room.online,
        since=room.since,
        observed_at=newest,
        mix=mix(seen),
        students=len(seen),
    )


def timeline(found: history.Timeline) -> observed.Timeline:
    """What was observed in a span of time."""
    buckets = [
        observed.Bucket(
            at=bucket.at,
            shares=shares(bucket.counts),
            observations=bucket.observations,
            students=bucket.students,
            coverage=bucket.coverage,
        )
        for bucket in found.buckets
    ]
    return observed.Timeline(
        start=found.start,
        end=found.end,
        resolution=found.resolution,
        kept_since=found.kept_since,
        hidden=found.hidden,
        buckets=buckets,
    )
