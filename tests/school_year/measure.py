"""How long each question takes, as a browser on the same machine would see it."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from secrets import token_hex

from starlette.testclient import TestClient

from central.config import MqttSettings, SchoolSettings, Settings, StoreSettings
from central.store.device_records import device_records
from central.store.records import Records
from central.store.store import Store
from tests.central.web_clients import Dashboard
from tests.school_year.questions import Question, questions
from tests.school_year.year import ZONE, Year

MOST_GROUPS = 5
"""Of the teacher."""


@dataclass(frozen=True)
class Answer:
    """How a question was answered."""

    question: Question
    calls: int
    median: float
    """Milliseconds, as are the others."""
    p95: float
    longest: float
    processor: float
    """95th percentile of the processor time: so long it takes on a machine that does nothing else."""
    bytes: int
    """Of the largest answer."""


def measure(path: Path, year: Year, calls: int) -> Iterator[Answer]:
    """Ask each question so often, always of others. Raises AssertionError for one that is refused."""
    chance = Random(1)
    with _clients(path, year) as clients:
        for question in questions(year):
            times, work, largest = [], [], 0
            # Those of the first call, which also reads the program, are not counted.
            for number in range(calls + 1):
                address = question.path_of(year, chance)
                began, worked = time.perf_counter(), time.process_time()
                answer = clients[question.role].get(address)
                if number:
                    times.append((time.perf_counter() - began) * 1000)
                    work.append((time.process_time() - worked) * 1000)
                assert answer.status_code == 200, f"{address}: {answer.text}"
                largest = max(largest, len(answer.content))
            yield Answer(question, calls, statistics.median(times), _p95(times), max(times), _p95(work), largest)


def _p95(values: list[float]) -> float:
    return sorted(values)[max(0, math.ceil(0.95 * len(values)) - 1)]


@contextmanager
def _clients(path: Path, year: Year) -> Iterator[dict[str, TestClient]]:
    """Browsers, by role, of a dashboard that shows the end of the year."""
    settings = Settings(
        MqttSettings(host="127.0.0.1", tls=False), StoreSettings(path), school=SchoolSettings(timezone=str(ZONE))
    )
    with Store(path, ZONE) as store:
        dashboard = Dashboard(store, settings)
        dashboard.now = year.now
        services = dashboard.services
        with store.reading() as connection:
            devices = [(device.classroom, True, year.now) for device in device_records(connection)]
        people = ((one.student_id, one.display_name, one.group) for one in services.students.directory().values())
        services.live.restore(Records(store).live_since(year.now - timedelta(minutes=5)), devices, people)
        groups = sorted({year.group(pupil.classroom) for pupil in year.pupils()})[:MOST_GROUPS]
        run = token_hex(4)  # a database that is kept has the accounts of the run before
        yield {
            "admin": dashboard.client("admin", name=f"admin-{run}"),
            "teacher": dashboard.client("teacher", name=f"teacher-{run}", groups=groups),
        }
