"""Fills a database as a year of service would have left it: observations of the last month, and counts of all.

SQLite makes up the rows itself. The counts of the last month are made of its observations, by the migration that does
so for the database of an older version; those of the months before are made up.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from alembic import command
from alembic.config import Config

from central.store import schema
from central.store.sqlite import open_engine
from central.store.store import Store
from central.store.student_changes import create
from central.store.students import Profile
from central.store.tables import EPOCH
from tests.school_year.year import KEEP_DAYS, ZONE, Year

_LABELS = ("neutral",) * 12 + ("happy",) * 4 + ("tired",) * 2 + ("sad", "angry")
"""Of twenty observations."""
_ALL = "".join(label.ljust(7) for label in _LABELS)
_A_LABEL = f"rtrim(substr('{_ALL}', 1 + 7 * (abs(random()) % 20), 7))"
_PRESENT = "(pupils.seat * 7 + pupils.stream_id * 3 + lessons.number * 13) % 20 > 0"
"""One lesson in twenty is missed."""
_SEEN = "abs(random() / 2 + ticks.number + pupils.seat) % 10 > 0"
"""One time in ten a face was not found. Of the row's own columns: else it would be asked once for all of them."""
_COUNTS = (
    "abs(random()) % 20, 50 + abs(random()) % 30, 150 + abs(random()) % 60, abs(random()) % 20, abs(random()) % 60"
)
_SUMS = "sum(angry), sum(happy), sum(neutral), sum(sad), sum(tired)"


def fill(path: Path, year: Year) -> None:
    """path: where no file is yet."""
    _begin(path)
    with _filling(path, year) as connection:
        _observe(connection, year)
    with Store(path, ZONE) as store, store.writing() as writing:
        for pupil in year.pupils():
            profile = Profile(student_id=pupil.student_id, display_name=f"Name of {pupil.student_id}",
                              consent_reference="form 1", group=year.group(pupil.classroom))  # fmt: skip
            create(writing, profile, year.now)
    with _filling(path, year) as connection:
        _count_the_months_before(connection)
        kept = _stored(year.now - timedelta(days=KEEP_DAYS))
        connection.executemany("INSERT INTO kept VALUES (?, ?)", [("observation", kept), ("minute", kept)])


def _begin(path: Path) -> None:
    """The tables of the version before there were counts."""
    engine, config = open_engine(path), Config()
    config.set_main_option("script_location", str(Path(schema.__file__).with_name("migrations")))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    engine.dispose()


@contextmanager
def _filling(path: Path, year: Year) -> Iterator[sqlite3.Connection]:
    """A transaction that has the tables `pupils`, `lessons` and `ticks` beside those of the database."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -262144")
        connection.execute("BEGIN")
        connection.execute("CREATE TEMP TABLE pupils (student_id, classroom, stream_id, seat)")
        connection.execute("CREATE TEMP TABLE lessons (number, day, at, kept)")
        connection.execute("CREATE TEMP TABLE ticks (number)")
        pupils = ((pupil.student_id, pupil.classroom, pupil.stream_id, pupil.seat) for pupil in year.pupils())
        connection.executemany("INSERT INTO pupils VALUES (?, ?, ?, ?)", pupils)
        lessons = (
            (number, _stored(lesson.day), _stored(lesson.at), lesson.kept)
            for number, lesson in enumerate(year.lessons())
        )
        connection.executemany("INSERT INTO lessons VALUES (?, ?, ?, ?)", lessons)
        connection.executemany("INSERT INTO ticks VALUES (?)", ((tick,) for tick in range(3600 // year.interval)))
        yield connection
        connection.execute("COMMIT")


def _observe(connection: sqlite3.Connection, year: Year) -> None:
    """The observations that are kept, in the order in which they came."""
    ticks = 3600 // year.interval
    # One after the other, as each has an interval of its own since it was recognised.
    at = f"at + ticks.number * {year.interval * 1000} + seat * {year.interval * 1000 // year.students}"
    rooms = {pupil.stream_id: pupil.classroom for pupil in year.pupils()}
    connection.executemany(
        "INSERT INTO streams VALUES (?, ?, ?, 1, 1, 0)",
        ((number, classroom, UUID(int=number).hex) for number, classroom in rooms.items()),
    )
    connection.execute(
        f"""
        INSERT INTO observations
        SELECT stream_id, (lessons.number * {ticks} + ticks.number) * {year.students} + seat + 1, student_id,
            {_A_LABEL}, {at}, {at} + 60, 0
        FROM lessons CROSS JOIN ticks CROSS JOIN pupils
        WHERE kept AND {_PRESENT} AND {_SEEN}
        """
    )
    connection.execute(
        """
        UPDATE streams SET (first_sequence, last_sequence, received) =
            (SELECT min(sequence), max(sequence), count(*) FROM observations WHERE stream_id = streams.id)
        """
    )


def _count_the_months_before(connection: sqlite3.Connection) -> None:
    connection.execute(
        f"""
        INSERT INTO student_hours
        SELECT student_id, at, classroom, {_COUNTS}, 54 + abs(random()) % 7
        FROM pupils CROSS JOIN lessons WHERE NOT kept AND {_PRESENT}
        """
    )
    connection.execute(
        f"""
        INSERT INTO student_days
        SELECT student_id, lessons.day, classroom, {_SUMS}, sum(minutes)
        FROM student_hours JOIN lessons USING (at) WHERE NOT kept GROUP BY student_id, lessons.day, classroom
        """
    )
    for classroom in ("classroom", "''"):
        for table, minutes in (("hours", "60"), ("days", "(SELECT 60 * count(*) FROM lessons WHERE day = counts.at)")):
            connection.execute(
                f"""
                INSERT INTO classroom_{table}
                SELECT {classroom} AS place, at, {_SUMS}, count(DISTINCT student_id), {minutes}, sum(minutes)
                FROM student_{table} AS counts
                WHERE at < (SELECT min(day) FROM lessons WHERE kept) GROUP BY place, at
                """
            )
    connection.execute(
        """
        UPDATE sightings SET first_at = (SELECT min(at) FROM lessons), observations = observations
            + (SELECT sum(angry + happy + neutral + sad + tired) FROM student_days
               WHERE student_days.student_id = sightings.student_id AND at < (SELECT min(day) FROM lessons WHERE kept))
        """
    )


def _stored(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)
