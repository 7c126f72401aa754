"""The loop between fakes: what it acknowledges, and when the watchdog is fed."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from central.arrivals import Arrival, Seen
from central.errors import StoreBusyError
from central.ingest import BATCH, LATE_BATCH, Ingest
from central.link import Link
from central.links import Links
from central.live import LivePicture
from central.session import BrokerSettings, Message
from central.store.expiry import Expiry
from central.store.store import Store, Totals
from central.store.writer import Saved
from edge.connection import Backoff
from edge.notify import Notifier
from edge.watchdog import Watchdog
from edge.wire import user_properties
from tests.brokers import SECONDS, wait_until
from tests.central.stored import KEEP

NOW = datetime(2026, 3, 2, 9, 15, 31, tzinfo=UTC)


class FakeLink(Link):
    """A broker with so many messages, which notes what is acknowledged."""

    def __init__(self, messages: Iterable[Message]) -> None:
        super().__init__(BrokerSettings("broker"))
        self._messages = list(messages)
        self.given = 0
        self.idled = 0
        self.acknowledged = 0

    @property
    def connected(self) -> bool:
        return True

    @property
    def session(self) -> None:
        return None

    def receive(self, seconds: float) -> Message | None:
        if not self._messages:
            threading.Event().wait(0.001)
            return None
        self.given += 1
        return self._messages.pop(0)

    def idle(self, seconds: float) -> None:
        self.idled += 1
        threading.Event().wait(min(seconds, 0.001))

    def acknowledge(self) -> None:
        self.acknowledged = self.given


class FaultyStore(Store):
    """Does what `fault` does before each batch, and notes how large that is."""

    def __init__(self, path: Path, fault: Callable[[], None] = lambda: None) -> None:
        super().__init__(path)
        self._fault = fault
        self.sizes: list[int] = []

    def save(self, arrivals: Iterable[Arrival], received_at: datetime) -> Saved:
        self._fault()
        batch = list(arrivals)
        saved = super().save(batch, received_at)
        self.sizes.append(len(batch))
        return saved


def messages(count: int, first: int = 1, *, late: bool = False) -> Iterator[Message]:
    payload = b'{"student_id": "s-042", "emotion": "happy"}'
    topic = "classpulse/v1/room-101/observation" + ("/late" if late else "")
    for sequence in range(first, first + count):
        yield Message(topic, payload, tuple(user_properties(NOW, UUID(int=1), sequence)))


class FakeClock:
    """Right, unless it is told not to be."""

    def __init__(self) -> None:
        self.time, self.right = NOW, True

    def now(self) -> datetime:
        return self.time

    def synchronised(self) -> bool:
        return self.right


class Scene:
    """An ingest that runs on a thread of its own, under a watchdog whose clock the test moves."""

    def __init__(
        self, link: FakeLink, store: Store, clock: FakeClock | None = None, *, late: FakeLink | None = None
    ) -> None:
        self.now, self.stop = 100.0, threading.Event()
        self.watchdog = Watchdog(Notifier(None), 20.0, monotonic=lambda: self.now)
        heartbeat = self.watchdog.heartbeat("ingest", 90.0)
        clock = clock or FakeClock()
        self.live = LivePicture(timedelta(seconds=60), clock.now)
        self.ingest = Ingest(
            Links(link, late or FakeLink([])), store, self.live, KEEP, heartbeat, clock,
            backoff=Backoff(0.001, 0.001), most_told=3,
        )  # fmt: skip
        self._steps = threading.Semaphore(0)
        self._thread = threading.Thread(target=self.ingest.run, args=(self.stop, self._steps.release))

    def __enter__(self) -> Scene:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()

    def fed_after(self, seconds: int) -> bool:
        """Whether the watchdog is fed so much later, having looked in between as it does."""
        fed = False
        for _ in range(0, seconds, 5):
            self.now += 5
            fed = self.watchdog.look()
        return fed

    def fed_while_it_steps(self, minutes: int) -> bool:
        """Whether the watchdog is fed at the end of every minute in which the loop has begun a step."""
        return all(self._step() and self.fed_after(60) for _ in range(minutes))

    def _step(self) -> bool:
        while self._steps.acquire(blocking=False):
            pass
        # Twice: the first that ends may have begun before.
        return all(self._steps.acquire(timeout=SECONDS) for _ in range(2))


def test_a_backlog_is_stored_in_batches_and_acknowledged(tmp_path: Path) -> None:
    link, store = FakeLink(messages(BATCH + 1)), FaultyStore(tmp_path / "central.db")
    with store, Scene(link, store) as scene:
        wait_until(lambda: link.acknowledged == BATCH + 1)
        assert max(store.sizes) <= BATCH
        assert len(store.sizes) < 50
        assert scene.ingest.observations == BATCH + 1


def test_a_backlog_of_late_ones_does_not_hold_up_what_is_seen_now(tmp_path: Path) -> None:
    late, store = FakeLink(messages(3 * LATE_BATCH, late=True)), FaultyStore(tmp_path / "central.db")
    link = FakeLink(messages(1, first=10_000))
    with store, Scene(link, store, late=late):
        wait_until(lambda: late.acknowledged == 3 * LATE_BATCH)
    assert store.sizes[0] == link.acknowledged == 1
    assert max(store.sizes) <= LATE_BATCH


def test_what_is_seen_now_is_shown_once_it_is_stored_and_what_comes_late_never(tmp_path: Path) -> None:
    link, store = FakeLink(messages(1)), FaultyStore(tmp_path / "central.db")
    with store, Scene(link, store) as scene:
        wait_until(lambda: link.acknowledged == 1)
        assert scene.live.student("s-042") is not None
    # The same again, as after a kill between commit and acknowledgement, and another one that comes late.
    late, link = FakeLink(messages(1, first=2, late=True)), FakeLink(messages(1))
    again = FaultyStore(tmp_path / "central.db")
    with again, Scene(link, again, late=late) as scene:
        wait_until(lambda: link.acknowledged == 1 and late.acknowledged == 1)
        assert scene.live.student("s-042") is None
        assert again.totals() == Totals(2, 0, 0)


def test_nothing_is_acknowledged_while_the_store_is_busy_and_the_watchdog_is_fed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    busy = threading.Event()
    busy.set()

    def fault() -> None:
        if busy.is_set():
            raise StoreBusyError("the disk is full")

    link, store = FakeLink(messages(3)), FaultyStore(tmp_path / "central.db", fault)
    with store, Scene(link, store) as scene:
        wait_until(lambda: scene.ingest.failure is not None)
        assert scene.fed_while_it_steps(minutes=3)  # a restart would not make room
        assert link.acknowledged == 0
        assert caplog.text.count("the disk is full") == 1
        busy.clear()
        wait_until(lambda: link.acknowledged == 3)
        assert "can be written again" in caplog.text


def test_a_store_that_never_returns_ends_the_feeding(tmp_path: Path) -> None:
    returns, hanging = threading.Event(), threading.Event()

    def fault() -> None:
        hanging.set()
        returns.wait(SECONDS)

    link, store = FakeLink(messages(1)), FaultyStore(tmp_path / "central.db", fault)
    with store, Scene(link, store) as scene:
        assert hanging.wait(SECONDS)
        assert scene.fed_after(50)
        assert not scene.fed_after(100)
        returns.set()
        wait_until(lambda: link.acknowledged == 1)


def test_an_idle_ingest_keeps_the_watchdog_fed(tmp_path: Path) -> None:
    link, store = FakeLink([]), FaultyStore(tmp_path / "central.db")
    with store, Scene(link, store) as scene:
        assert scene.fed_while_it_steps(minutes=3)


def test_a_busy_store_does_not_delay_the_stop(tmp_path: Path) -> None:
    def fault() -> None:
        raise StoreBusyError("the disk is full")

    link, store = FakeLink(messages(1)), FaultyStore(tmp_path / "central.db", fault)
    with store, Scene(link, store) as scene:
        wait_until(lambda: scene.ingest.failure is not None)
    assert link.acknowledged == 0


@pytest.mark.parametrize("wrong_by", [timedelta(days=-100), timedelta(days=40)])
def test_until_the_clock_is_synchronised_nothing_is_fetched_and_nothing_deleted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, wrong_by: timedelta
) -> None:
    clock = FakeClock()
    clock.time, clock.right = NOW + wrong_by, False
    link, store = FakeLink(messages(2)), FaultyStore(tmp_path / "central.db")
    with store:
        store.save([Seen("room-102", UUID(int=2), 1, "s-001", "happy", NOW, False)], NOW)
        with Scene(link, store, clock) as scene:
            wait_until(lambda: scene.ingest.failure == "the clock is not synchronised")
            assert scene.fed_while_it_steps(minutes=3)
            assert (link.given, store.totals().received, Expiry(store).newest("observation")) == (0, 1, NOW)
            assert caplog.text.count("nothing is fetched from the broker") == 1
            idled = link.idled
            wait_until(lambda: link.idled > idled)  # a connection that nobody looks after would end
            clock.time, clock.right = NOW, True
            wait_until(lambda: link.acknowledged == 2)
            assert (scene.ingest.failure, store.totals()) == (None, Totals(3, 0, 0))


def test_what_is_older_than_is_kept_is_deleted(tmp_path: Path) -> None:
    link, store = FakeLink(messages(1)), FaultyStore(tmp_path / "central.db")
    with store:
        old = NOW - timedelta(days=31)
        store.save([Seen("room-102", UUID(int=2), 1, "s-001", "happy", old, False)], old)
        with Scene(link, store):
            wait_until(lambda: link.acknowledged == 1 and not _stored_at(tmp_path / "central.db", old))
        assert Expiry(store).newest("observation") == NOW


def _stored_at(database: Path, moment: datetime) -> bool:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT observed_at FROM observations").fetchall()
    return (int(moment.timestamp() * 1000),) in rows


def test_kinds_of_rejected_messages_are_said_up_to_a_number_and_all_of_them_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    forged = [Message(f"classpulse/v1/room-{number}/observation", b"", ()) for number in range(20)]
    link, store = FakeLink(forged), FaultyStore(tmp_path / "central.db")
    with store, Scene(link, store):
        wait_until(lambda: link.acknowledged == 20)
        assert store.totals() == Totals(0, 0, 20)
    assert caplog.text.count("rejected, as more of this kind") == 3


def test_what_the_store_refuses_is_said_once_and_acknowledged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    forged = [next(messages(1, first)) for first in (1, 2**62, 2**63 - 1)]
    link, store = FakeLink(forged), FaultyStore(tmp_path / "central.db")
    with store, Scene(link, store):
        wait_until(lambda: link.acknowledged == 3)
        assert store.totals() == Totals(1, 0, 2)
        assert caplog.text.count("rejected, as more of this kind (sequence) will be") == 1
