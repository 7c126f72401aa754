"""One run: a broker, `serve`, the flood; and what is in the database afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from edge.records import LABELS
from tests.brokers import Mosquitto, wait_until
from tests.central.rooms import ROOT, Central
from tests.ingest_rate.flood import Flood
from tests.soak.process import processor_seconds

_KEEPS_MUCH = "max_queued_messages 2000000"
_PERCENTILES = (50, 95, 99, 100)


@dataclass(frozen=True)
class Load:
    """How much, and from whom."""

    rate: int
    """Observations a second."""
    seconds: float
    rooms: int = 100
    students: int = 30
    """In each classroom."""
    kill_after: float | None = None
    """Seconds after which `serve` is killed with SIGKILL, and started again."""


@dataclass(frozen=True)
class Outcome:
    """What became of it."""

    flood: Flood
    drained_seconds: float
    """From the last acknowledgement by the broker until the last row stood."""
    processor_seconds: dict[str, float]
    """By process."""
    delays: dict[int, float]
    """Seconds from observed to stored, by percentile."""
    megabytes: float
    """The database with its side files."""
    wrong: list[str]
    """What was lost, doubled or miscounted: nothing, as it should be."""

    @property
    def published(self) -> int:
        return sum(self.flood.published.values())


def run(load: Load, folder: Path) -> Outcome:
    """In folder, which is empty."""
    used: dict[str, float] = {}
    with Mosquitto(folder, _KEEPS_MUCH) as broker, ExitStack() as stack:
        central = Central(folder, broker.port)
        stack.enter_context(central.running())
        used["serve"] = -processor_seconds(central.pid)  # what its start has cost
        publisher = _publisher(load, broker.port)
        stack.callback(publisher.kill)
        if load.kill_after is not None:
            time.sleep(load.kill_after)
            used["serve"] += processor_seconds(central.pid)
            central.kill()
            stack.enter_context(central.running())
        output, _ = publisher.communicate()
        assert publisher.returncode == 0, "the publisher failed; why, stands above"
        flood = Flood(**json.loads(output))
        drained = _drain(central, sum(flood.published.values()))
        used |= {
            "serve": used["serve"] + processor_seconds(central.pid),
            "mosquitto": processor_seconds(broker.pid),
            "publisher": flood.cpu_seconds,
        }
        megabytes = sum(file.stat().st_size for file in folder.glob("central.db*")) / 1e6
        central.stop()
    return Outcome(flood, drained, used, _delays(central), megabytes, _wrong(central, flood))


def _publisher(load: Load, port: int) -> subprocess.Popen[str]:
    numbers = (port, load.rate, load.seconds, load.rooms, load.students)
    command = [sys.executable, "-m", "tests.ingest_rate.flood", *map(str, numbers)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _drain(central: Central, published: int) -> float:
    """Seconds until everything is stored; fails where it never is."""
    began = time.monotonic()
    wait_until(lambda: _one(central, "SELECT sum(received) FROM streams") >= published)
    return time.monotonic() - began


def _delays(central: Central) -> dict[int, float]:
    count = _one(central, "SELECT count(*) FROM observations")
    query = "SELECT received_at - observed_at FROM observations ORDER BY 1 LIMIT 1 OFFSET "
    return {
        percent: _one(central, f"{query}{min(count - 1, count * percent // 100)}") / 1000 for percent in _PERCENTILES
    }


def _wrong(central: Central, flood: Flood) -> list[str]:
    stored = {
        str(classroom): (count, first, last)
        for classroom, count, first, last in central.rows(
            "SELECT classroom, count(*), min(sequence), max(sequence) FROM observations "
            "JOIN streams ON streams.id = stream_id GROUP BY classroom, stream"
        )
    }
    wrong = [
        f"{classroom}: {stored.get(classroom)} stored of 1..{count}"
        for classroom, count in flood.published.items()
        if stored.get(classroom) != (count, 1, count)
    ]
    published, labels = sum(flood.published.values()), " + ".join(LABELS)
    for resolution in ("minutes", "hours", "days"):
        for table in (f"student_{resolution}", f"classroom_{resolution}"):
            where = " WHERE classroom != ''"  # the school as a whole
            counted = _one(central, f"SELECT sum({labels}) FROM {table}{where}")
            wrong += [f"{table}: {counted} counted of {published}"] if counted != published else []
    return wrong


def _one(central: Central, query: str) -> int:
    ((value,),) = central.rows(query)
    return int(str(value or 0))
