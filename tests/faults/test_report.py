"""The page says what was missed, and where its figures are from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.brokers import MOSQUITTO
from tests.faults.events import Event
from tests.faults.outage import JUDGED_FROM, Outage
from tests.faults.report import Origin, write_report
from tests.faults.run import Result
from tests.faults.verdict import Verdict

pytestmark = [
    pytest.mark.broker,  # whose version the page tells
    pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed"),
]

DRAINED = Outage(JUDGED_FROM, 13.6, 200.0, 2500.0, 3000, 0.1, 0.5, 2.6, 15.0, 0, 60.0, 1.0)
ORIGIN = Origin("python -m tests.faults", "a6553a7", 0)


def result(committed: int) -> Result:
    """A run of one fault; ten observations were committed before it."""
    event = Event("slow", 100.0, overlapping=False, ended=103.0, recovered=105.0, observations=committed - 10)
    return Result(
        "a6553a7", 1, "room", 1, 60.0, [event], Verdict(committed, committed, 0, [], {}, 5, 1.0, 0, committed, []), 60.0
    )


def test_a_drain_that_meets_everything_says_so_and_names_the_longest_wait() -> None:
    assert list(DRAINED.shortfalls()) == []
    page = write_report([], DRAINED, ORIGIN).markdown
    assert (page.count(": met |"), page.count("missed")) == (3, 0)
    assert "longest 2.60 s" in page


@pytest.mark.parametrize(
    "slow",
    [
        pytest.param(replace(DRAINED, rate=1848.0), id="drain"),
        pytest.param(replace(DRAINED, live_p95_seconds=2.1), id="live"),
        pytest.param(replace(DRAINED, live_p95_seconds=float("nan")), id="nothing live"),
        pytest.param(replace(DRAINED, megabytes=100.0), id="size"),
    ],
)
def test_a_days_drain_that_misses_a_figure_fails_and_a_short_one_is_not_judged(slow: Outage) -> None:
    assert len(list(slow.shortfalls())) == 1
    assert write_report([], slow, ORIGIN).markdown.count(": missed |") == 1
    short = replace(slow, observations=JUDGED_FROM - 1)
    assert list(short.shortfalls()) == []
    page = write_report([], short, ORIGIN).markdown
    assert ": missed |" not in page
    assert ": met |" not in page


def test_the_page_tells_commit_earlier_runs_and_what_stands_in_no_row() -> None:
    results = [result(110), result(210)]
    page = write_report(results, None, replace(ORIGIN, reused=1)).markdown
    assert "at commit a6553a7, on" in page
    assert "1 of the 2 runs are of an earlier call, at the same commit" in page
    assert "320 observations were committed" in page
    assert "the 20 committed before the\n  first fault of each run stand in no row" in page
    page = write_report(results, None, replace(ORIGIN, commit=None)).markdown
    assert "at commit" not in page
    assert "earlier call" not in page
