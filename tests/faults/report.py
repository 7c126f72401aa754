"""The account as a page to read and as JSON."""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from tests.brokers import MOSQUITTO
from tests.faults.events import Event
from tests.faults.outage import JUDGED_FROM, LEAST_RATE, LIVE_SECONDS, MOST_MEGABYTES, Outage
from tests.faults.plan import KINDS
from tests.faults.run import Result

_HEAD = """# What was broken, and what arrived

Written by `{command}` on {when}{commit}, on
{machine}.{reused}

A real Mosquitto (TLS, client certificates, access list, persistence) and the real daemon as a process, with a TCP
proxy of the tests' own between them. In half of the runs the broker saves its state at every change, in half every 5 s
as `classpulse-central broker-config` has it.
{sources}

What was committed to the spool is written down by SQLite itself, by a trigger in the same transaction. What arrived
is written down by two subscribers at the broker itself that share no code with the product: one with MQTT 5 in a
persistent session, and a plain MQTT 3.1.1 one on `observation`. The proxy keeps every byte, and the session keys
decrypt them afterwards: it is the witness where a broker forgets what it acknowledged. `make faults` makes this page
again; `tests/faults/` is how.
"""
_COLUMNS = (
    "| kind | faults | seconds each | observations | lost | lost by the broker, proved | doubled before de-duplication "
    "| longest outage, s | recovery, s: median, longest |\n|---|---|---|---|---|---|---|---|---|\n"
)
_NOTES = """
- *observations*: committed to the spool from a fault's beginning to the next one's; the {before} committed before the
  first fault of each run stand in no row. *lost*: of those, what never arrived.
- *lost by the broker, proved*: the line carried the broker's PUBACK with a reason code of success, and the broker was
  killed with -9 before it saved its database again: what it had acknowledged was neither on its disk nor with a
  subscriber yet. Without that proof a loss counts as ours.
- *doubled*: arrivals beyond an observation's first; a receiver drops them by `(classroom, stream, sequence)`.
- *longest outage*: without any arrival. *recovery*: from a fault's end until everything committed before it, and
  something seen after it, had arrived. It is mostly the publisher's backoff, which grows to 60 s so that a school's
  classrooms do not all return at once, and the 20 s after which a silent connection is given up.
- {overlapping} faults struck while something committed before the end of the one before had not arrived, or nothing
  seen since; the recovery of that one counts with the next.
"""


@dataclass(frozen=True)
class Report:
    """The same account twice."""

    markdown: str
    json: str


@dataclass(frozen=True)
class Row:
    """All faults of one kind."""

    kind: str
    faults: int
    shortest: float
    longest: float
    observations: int
    lost: int
    lost_by_broker: int
    doubled: int
    longest_outage: float
    recovery_median: float | None
    """Seconds; of the faults whose recovery was waited for. None where there was none."""
    recovery_longest: float | None


def row(kind: str, events: Sequence[Event]) -> Row:
    """Sum up events of one kind."""
    lengths = [event.ended - event.began for event in events]
    recoveries = [event.recovered - event.ended for event in events if event.recovered is not None]
    return Row(
        kind, len(events), min(lengths), max(lengths), sum(event.observations for event in events),
        sum(event.lost for event in events), sum(event.lost_by_broker for event in events),
        sum(event.doubled for event in events), max(event.longest_outage for event in events),
        statistics.median(recoveries) if recoveries else None, max(recoveries, default=None),
    )  # fmt: skip


@dataclass(frozen=True)
class Origin:
    """Where the figures are from."""

    command: str
    """What makes them again."""
    commit: str | None
    """Abbreviated; None where there is no repository."""
    reused: int
    """Runs of an earlier call at the same commit, whose results lay in `--folder`."""


def write_report(results: Iterable[Result], drained: Outage | None, origin: Origin) -> Report:
    """results: in any order; drained: None where none was asked for."""
    results = sorted(results, key=lambda result: (result.source != "room", result.seed))
    rows = _rows(results)
    where = machine()
    parts = []
    if results:
        committed = sum(result.verdict.committed for result in results)
        parts += [
            _HEAD.format(
                command=origin.command, when=f"{datetime.now(UTC):%Y-%m-%d}",
                commit=f" at commit {origin.commit}" if origin.commit else "", machine=where,
                reused=f"\n{origin.reused} of the {len(results)} runs are of an earlier call, at the same commit."
                if origin.reused else "",
                sources=_sources(results),
            ),
            _COLUMNS + "".join(map(_line, rows)),
            _NOTES.format(
                overlapping=sum(event.overlapping for result in results for event in result.events),
                before=committed - rows[-1].observations,
            ),
            _totals(results),
        ]  # fmt: skip
    if drained is not None:
        parts.append(_drain(drained))
    content = {
        **asdict(origin), "machine": where, "kinds": [asdict(one) for one in rows],
        "runs": [_without_events(result) for result in results],
        "outage": asdict(drained) if drained is not None else None,
    }  # fmt: skip
    return Report("\n".join(parts), json.dumps(content, indent=1) + "\n")


def _without_events(result: Result) -> dict[str, object]:
    return {name: value for name, value in asdict(result).items() if name != "events"}


def _rows(results: Sequence[Result]) -> list[Row]:
    rows = []
    for source, suffix in (("room", ""), ("clip", " (clip)")):
        events = [event for result in results if result.source == source for event in result.events]
        for kind in KINDS:
            if ours := [event for event in events if event.kind == kind]:
                rows.append(row(kind + suffix, ours))
    every = [event for result in results for event in result.events]
    return [*rows, row("all", every)] if every else rows


def _line(one: Row) -> str:
    median, longest = (
        "-" if figure is None else f"{figure:.1f}" for figure in (one.recovery_median, one.recovery_longest)
    )
    return (
        f"| {one.kind} | {one.faults} | {one.shortest:.0f}-{one.longest:.0f} | {one.observations} | {one.lost} "
        f"| {one.lost_by_broker} | {one.doubled} | {one.longest_outage:.1f} "
        f"| {median}, {longest} |\n"
    )


def _sources(results: Sequence[Result]) -> str:
    room = sum(len(result.events) for result in results if result.source == "room")
    clip = sum(len(result.events) for result in results if result.source == "clip")
    told = []
    if room:
        told.append(
            f"In {room} faults the daemon sees thirty students whose faces and labels are made up:\n"
            "camera, detector, embedder and classifier are stand-ins; tracker, gallery, reporter, spool, publisher\n"
            "and all else are its own."
        )
    if clip:
        told.append(f"In {clip} faults (clip) it is `classpulse-edge run` with all its models on the demo's clip.")
    return "\n".join(told)


def _totals(results: Sequence[Result]) -> str:
    verdicts = [result.verdict for result in results]
    failures = [f"- seed {result.seed}: {failure}" for result in results for failure in result.verdict.failures]
    lines = [
        f"{sum(v.committed for v in verdicts)} observations were committed, {sum(v.arrived for v in verdicts)} "
        f"arrived; {sum(len(v.lost) for v in verdicts)} are lost, {sum(len(v.lost_by_broker) for v in verdicts)} were "
        f"forgotten by the broker after it had acknowledged them. {sum(v.doubled for v in verdicts)} arrivals were "
        f"repeats. The line shows an acknowledgement for {sum(v.acknowledged_on_the_line for v in verdicts)}.",
        f"The plain subscriber got {sum(v.plain_messages for v in verdicts)} messages, the oldest "
        f"{max(v.plain_oldest_seconds for v in verdicts):.1f} s old "
        f"({sum(v.plain_undated for v in verdicts)} could be dated by the ledger only).",
        f"{len(results)} runs with their own broker, spool and daemon, {sum(r.seconds for r in results) / 60:.0f} min "
        "together.",
    ]
    ending = ["", "Failures:", "", *failures] if failures else [
        "Per topic and stream everything arrived in order, and the retained status was right at every run's end."
    ]  # fmt: skip
    return "\n".join([*lines, *ending]) + "\n"


def _drain(drained: Outage) -> str:
    failures = "".join(f"\n- {failure}" for failure in drained.failures) or " Nothing was lost, all of it in order."

    def against(wanted: str, *, met: bool) -> str:
        if not drained.judged:
            return f"{wanted}: judged from {JUDGED_FROM} on"
        return f"{wanted}: {'met' if met else 'missed'}"

    return f"""## A day's outage in fast motion

{drained.observations} observations of the last day wait in the spool; the daemon starts and sees thirty students, and
the broker, which saves every 5 s, is there. Daemon, broker and subscribers share the machine, whose load average was
{drained.load:.1f} at the end.

| | measured | wanted |
|---|---|---|
| spool on the disk | {drained.megabytes:.1f} MB | \
{against(f"under {MOST_MEGABYTES:.0f} MB", met=drained.small_enough)} |
| drained | {drained.rate:.0f} a second, in {drained.seconds:.1f} s | \
{against(f"{LEAST_RATE:.0f} a second or more", met=drained.fast_enough)} |
| live meanwhile, seen to received | p50 {drained.live_p50_seconds:.2f} s, p95 {drained.live_p95_seconds:.2f} s, \
longest {drained.live_longest_seconds:.2f} s ({drained.live} observations) | \
{against(f"p95 within {LIVE_SECONDS:.0f} s", met=drained.live_enough)} |
| the same at the recorder, which takes the backlog on the same connection | p95 {drained.both_p95_seconds:.2f} s | |
| doubled | {drained.doubled} | |
| processor time of the daemon | {drained.daemon_seconds:.1f} s | |

{failures.strip()}
"""


def machine() -> str:
    """This machine in words."""
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    told = subprocess.run([str(MOSQUITTO), "-h"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"version ([0-9.]+)", told)
    return (
        f"{os.cpu_count()} CPUs ({model[1] if model else platform.machine()}), Python {platform.python_version()}, "
        f"Mosquitto {version[1] if version else '?'}, paho-mqtt {metadata.version('paho-mqtt')}"
    )
