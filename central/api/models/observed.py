"""What is observed: live, over time, and of one student."""

from __future__ import annotations

from pydantic import AwareDatetime, ConfigDict, Field

from central.api.models.base import Classroom, Group, Label, Model, Resolution, StudentId


class Shares(Model):
    """How many observations had which label."""

    angry: int
    happy: int
    neutral: int
    sad: int
    tired: int


class Present(Model):
    """A student in view, by the live picture."""

    student_id: StudentId
    name: str | None
    """None: no profile has this ID."""
    group: Group | None
    classroom: Classroom
    label: Label
    since: AwareDatetime
    """From when on every live observation had this label."""
    observed_at: AwareDatetime
    """The newest observation."""


class LiveClassroom(Model):
    """A classroom at a glance."""

    classroom: Classroom
    simulated: bool
    """Played by `classpulse-central simulate`: nobody is there."""
    online: bool | None
    """None: its device was never heard of."""
    since: AwareDatetime | None
    """Since when its device is on- or offline."""
    observed_at: AwareDatetime | None
    """The newest live observation that this viewer may know of."""
    mix: Shares
    """Students present by label; a teacher's own students only."""
    students: int
    """Present."""


class OverviewClassroom(LiveClassroom):
    trend: list[Shares]
    """The last hour in twelve buckets of five minutes, the oldest first."""


class Overview(Model):
    at: AwareDatetime
    classrooms: list[OverviewClassroom]


class ClassroomView(LiveClassroom):
    present: list[Present]


class Bucket(Model):
    """What was observed in a span of time."""

    at: AwareDatetime
    """Its beginning."""
    shares: Shares
    observations: int
    students: int
    """How many different ones."""
    coverage: float | None = Field(ge=0, le=1)
    """Of the minutes in which anybody was observed there, the part in which the student was; of several: the mean."""


class Timeline(Model):
    """Buckets without an observation are left out."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: AwareDatetime
    end: AwareDatetime
    resolution: Resolution
    kept_since: AwareDatetime | None
    """What is older was deleted at this resolution; None: nothing was."""
    hidden: bool
    """Buckets of fewer than `smallest_group` students are left out; true if there were any."""
    buckets: list[Bucket]


class PatternCell(Model):
    """One hour of one weekday, over all weeks of the range."""

    weekday: int = Field(ge=0, le=6)
    """0: Monday."""
    hour: int = Field(ge=0, le=23)
    """In the school's zone."""
    shares: Shares


class Baseline(Model):
    """A student beside their own past, never beside others."""

    recent_start: AwareDatetime
    recent: Shares
    """From `recent_start` to now."""
    before_start: AwareDatetime
    before: Shares
    """From `before_start` to `recent_start`."""


class StudentPattern(Model):
    start: AwareDatetime
    end: AwareDatetime
    cells: list[PatternCell]
    baseline: Baseline


class ObservationRow(Model):
    """As it came."""

    observed_at: AwareDatetime
    classroom: Classroom
    label: Label
    late: bool
    """It arrived after an outage."""


class GroupView(Model):
    """Students of a group, live."""

    group: Group
    students: int
    """With a profile that is not archived."""
    present: int | None
    mix: Shares | None
    """None, both: fewer than `smallest_group` are present."""
