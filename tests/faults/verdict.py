"""The account: what was committed against what arrived, with the line as a witness."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.faults.ledger import Entry, Identity
from tests.faults.tap import Handed
from tests.faults.witnesses import Arrival, Plain

OLDEST_LIVE_SECONDS = 60.0
"""What a plain subscriber to `observation` gets is never older."""
SAVING_SECONDS = 1.0
"""Between a broker's picture of what it knows and the end of writing it to the disk, at most."""
_SIMULTANEOUS = 1.0
"""Seconds between the arrivals of one message at two subscribers of one broker on this machine."""


@dataclass(frozen=True)
class Kill:
    """A kill -9 of the broker. Times are seconds since 1970."""

    at: float
    saved_at: float
    """When the broker had last written down what it knew, by its database."""
    restarted_at: float
    """What the tap read before that was sent by the one that was killed, though it may have been read after its end."""


@dataclass(frozen=True)
class Account:
    """Everything that the witnesses say of one run."""

    committed: Sequence[Entry]
    arrivals: Sequence[Arrival]
    plain: Sequence[Plain]
    line: Mapping[Identity, Sequence[Handed]]
    """What the tap saw leave, and the broker's answers."""
    broker_kills: Sequence[Kill]
    """In their order."""


@dataclass(frozen=True)
class Verdict:
    """What the account comes to."""

    committed: int
    arrived: int
    """Different observations."""
    doubled: int
    """Arrivals beyond the first of an observation, which a receiver drops by stream and sequence."""
    lost: list[Identity]
    """Without proof that it was the broker."""
    lost_by_broker: dict[str, str]
    """"stream sequence": the proof."""
    plain_messages: int
    plain_oldest_seconds: float
    plain_undated: int
    """Messages of the plain subscriber that the recorder never got, so that their age is a guess from the ledger."""
    acknowledged_on_the_line: int
    """Observations for which the tap saw a PUBACK with a reason of success."""
    failures: list[str]


def judge(account: Account, complaints: Sequence[str]) -> Verdict:
    """complaints: what is wrong already."""
    failures = list(complaints)
    firsts: dict[Identity, Arrival] = {}
    for arrival in account.arrivals:
        firsts.setdefault(arrival.identity, arrival)
    lost, forgotten = _missing(account, firsts)
    if lost:
        failures.append(f"{len(lost)} observations are lost, the first of them {lost[0]}")
    failures += _wrong_content(account.committed, account.arrivals)
    failures += _out_of_order(firsts.values())
    if unseen := firsts.keys() - account.line.keys():
        failures.append(f"the tap did not see {len(unseen)} observations leave, {min(unseen)} among them")
    twice = [
        identity for identity, count in Counter(entry.identity for entry in account.committed).items() if count > 1
    ]
    failures += [f"one sequence for two observations: {identity}" for identity in twice]
    oldest, undated = _plain_ages(account)
    if oldest > OLDEST_LIVE_SECONDS:
        failures.append(f"the plain subscriber got an observation {oldest:.1f} s old")
    return Verdict(
        len(account.committed), len(firsts), len(account.arrivals) - len(firsts), lost, forgotten,
        len(account.plain), oldest, undated,
        sum(any(handed.accepted_at for handed in times) for times in account.line.values()), failures,
    )  # fmt: skip


def _missing(account: Account, firsts: Mapping[Identity, Arrival]) -> tuple[list[Identity], dict[str, str]]:
    lost: list[Identity] = []
    forgotten = {}
    for entry in account.committed:
        if entry.identity in firsts:
            continue
        proof = _proof(account.line.get(entry.identity, []), account.broker_kills)
        if proof is None:
            lost.append(entry.identity)
        else:
            forgotten[f"{entry.stream} {entry.sequence}"] = proof
    return lost, forgotten


def _proof(times: Sequence[Handed], kills: Sequence[Kill]) -> str | None:
    """How it is known that the broker took an observation and was killed before it saved it; None: it is not known."""
    for handed in times:
        accepted = handed.accepted_at
        if accepted is None:
            continue
        kill = next((kill for kill in kills if kill.restarted_at >= accepted), None)
        if kill is not None and accepted >= kill.saved_at - SAVING_SECONDS:
            return (
                f"PUBACK with reason {handed.reason} on the line {max(0.0, kill.at - accepted):.3f} s before kill -9, "
                f"{accepted - kill.saved_at:.3f} s after the broker last saved"
            )
    return None


def _wrong_content(committed: Sequence[Entry], arrivals: Sequence[Arrival]) -> list[str]:
    """Of every arrival: a repeat must say what the first one said."""
    entries = {entry.identity: entry for entry in committed}
    wrong = []
    for arrival in arrivals:
        entry = entries.get(arrival.identity)
        if entry is None:
            wrong.append(f"arrived and was never committed: {arrival.identity}")
        elif (entry.student_id, entry.emotion) != (arrival.student_id, arrival.emotion) or (
            abs(entry.observed_at - arrival.observed_at) > 0.0015
        ):
            wrong.append(f"arrived with another content: {arrival.identity}")
    return wrong


def _out_of_order(arrivals: Iterable[Arrival]) -> list[str]:
    last: dict[tuple[str, str], int] = defaultdict(int)
    wrong = []
    for arrival in arrivals:
        key = (arrival.topic, arrival.stream)
        if arrival.sequence < last[key]:
            wrong.append(f"out of order: {arrival.sequence} after {last[key]} on {arrival.topic}")
        last[key] = max(last[key], arrival.sequence)
    return wrong


def _plain_ages(account: Account) -> tuple[float, int]:
    """Age of the oldest message that the plain subscriber got, and how many could not be dated by the recorder.

    It shows no properties: a message is taken for the oldest of those alike that the recorder got at the same
    time, or else, where the recorder was away, in the minute after.
    """
    alike: dict[bytes, list[Arrival]] = defaultdict(list)
    for arrival in account.arrivals:
        if arrival.live:
            alike[payload(arrival.student_id, arrival.emotion)].append(arrival)
    kept: dict[bytes, list[Entry]] = defaultdict(list)
    for entry in account.committed:
        kept[payload(entry.student_id, entry.emotion)].append(entry)
    oldest, undated = 0.0, 0
    for plain in account.plain:
        others = alike[plain.payload]
        near = [other for other in others if abs(other.at - plain.at) <= _SIMULTANEOUS]
        near = near or [other for other in others if 0 <= other.at - plain.at <= OLDEST_LIVE_SECONDS]
        if near:
            observed = min(other.observed_at for other in near)
        else:
            undated += 1
            observed = max(
                (entry.observed_at for entry in kept[plain.payload] if entry.committed_at <= plain.at + 0.01),
                default=0.0,
            )
        oldest = max(oldest, plain.at - observed)
    return oldest, undated


def payload(student_id: str, emotion: str) -> bytes:
    """What a plain subscriber gets of an observation."""
    return f'{{"student_id": "{student_id}", "emotion": "{emotion}"}}'.encode()
