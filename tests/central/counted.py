"""What the roll-ups have to hold, counted from the observations the long way."""

from __future__ import annotations

import random
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path
from uuid import UUID

from central.arrivals import Seen
from central.store.tables import EPOCH
from edge.records import LABELS

TABLES = [
    f"{who}_{rollup}" for who in ("student", "classroom") for rollup in ("minutes", "hours", "days")
]  # fmt: skip
Row = tuple[object, ...]


def counted(seen: Iterable[Seen], zone: tzinfo) -> dict[str, list[Row]]:
    """The rows of each table, sorted."""
    rows: dict[str, list[Row]] = {}
    begins = {"minutes": _minute, "hours": _hour, "days": _day}
    chosen = list(seen)
    for name, begin in begins.items():
        students: defaultdict[tuple[str, datetime, str], list[Seen]] = defaultdict(list)
        places: defaultdict[tuple[str, datetime], list[Seen]] = defaultdict(list)
        for one in chosen:
            at = begin(one.observed_at, zone)
            students[one.student_id, at, one.classroom].append(one)
            places[one.classroom, at].append(one)
            places["", at].append(one)
        rows[f"student_{name}"] = sorted(
            (student_id, _stored(at), classroom, *_labels(group), *([_minutes(group)] if name != "minutes" else []))
            for (student_id, at, classroom), group in students.items()
        )
        rows[f"classroom_{name}"] = sorted(
            (classroom, _stored(at), *_labels(group), len({one.student_id for one in group}),
             *([_minutes(group), _student_minutes(group)] if name != "minutes" else []))
            for (classroom, at), group in places.items()
        )  # fmt: skip
    return rows


def stored(path: Path) -> dict[str, list[Row]]:
    """The rows of each table as they are, sorted."""
    with closing(sqlite3.connect(path)) as connection:
        return {table: sorted(connection.execute(f"SELECT * FROM {table}").fetchall()) for table in TABLES}


def lessons(seed: int, start: datetime, hours: int) -> list[Seen]:
    """Students who come, go, and change rooms, at random; each observation once, in no order of time."""
    chance = random.Random(seed)
    return [
        Seen(
            chance.choice(("room-101", "room-102")), UUID(int=1), number, f"s-{chance.randrange(6):03d}",
            chance.choice(LABELS), start + timedelta(seconds=chance.randrange(hours * 3600)), chance.random() < 0.2,
        )
        for number in range(1, 401)
    ]  # fmt: skip


def _minute(moment: datetime, zone: tzinfo) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _hour(moment: datetime, zone: tzinfo) -> datetime:
    offset = moment.astimezone(zone).utcoffset() or timedelta()
    return moment - (moment + offset - EPOCH) % timedelta(hours=1)


def _day(moment: datetime, zone: tzinfo) -> datetime:
    return datetime.combine(moment.astimezone(zone).date(), time(), zone).astimezone(UTC)


def _stored(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def _labels(group: list[Seen]) -> list[int]:
    return [sum(one.emotion == label for one in group) for label in LABELS]


def _minutes(group: list[Seen]) -> int:
    return len({_minute(one.observed_at, UTC) for one in group})


def _student_minutes(group: list[Seen]) -> int:
    return len({(one.student_id, one.classroom, _minute(one.observed_at, UTC)) for one in group})
