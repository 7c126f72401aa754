"""A small year: that what is measured is a year of a school, and that everything is answered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from central.arrivals import Seen
from central.store.history import History, Span
from central.store.store import Store
from tests.central.counted import counted, stored
from tests.central.stored import STREAM, rows
from tests.school_year.filling import fill
from tests.school_year.measure import measure
from tests.school_year.year import ZONE, Year

SMALL = Year(classrooms=2, students=3, interval=30, weeks=8, hours=2)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("year") / "central.db"
    fill(path, SMALL)
    return path


def test_the_last_month_is_counted_from_its_observations(filled: Path) -> None:
    query = "SELECT classroom, student_id, emotion, observed_at FROM observations JOIN streams ON id = stream_id"
    seen = [
        Seen(str(room), STREAM, 0, str(student), str(label), datetime.fromtimestamp(int(str(at)) / 1000, UTC), False)
        for room, student, label, at in rows(filled, query)
    ]
    kept = min(lesson.day for lesson in SMALL.lessons() if lesson.kept).timestamp() * 1000
    there = stored(filled)
    for table, wanted in counted(seen, ZONE).items():
        at = 1
        assert [row for row in there[table] if int(str(row[at])) >= kept] == wanted, table
        assert len(wanted) > 10


def test_each_school_day_of_the_year_is_in_the_timeline_of_the_school(filled: Path) -> None:
    lessons = list(SMALL.lessons())
    with Store(filled, ZONE) as store:
        days = History(store, ZONE).school(Span(lessons[0].day, SMALL.now, "day")).buckets
        hours = History(store, ZONE).school(Span(lessons[0].day, SMALL.now, "hour")).buckets
    assert [bucket.at for bucket in days] == sorted({lesson.day for lesson in lessons})
    assert [bucket.at for bucket in hours] == [lesson.at for lesson in lessons]
    assert all(bucket.students == 6 and bucket.coverage and bucket.coverage > 0.7 for bucket in days)


def test_every_question_is_answered(filled: Path) -> None:
    answers = list(measure(filled, SMALL, 1))
    assert len(answers) > 40
    assert all(answer.bytes > 2 for answer in answers if answer.question.name != "unknown-students")
