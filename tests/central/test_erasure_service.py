"""The running service completes what a kill interrupted, and takes nothing more of the student."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Never

import pytest

from central.accounts.audit import append
from central.arrivals import Seen
from central.store.erasure import Erasure
from central.store.store import Store
from tests.brokers import MOSQUITTO, Mosquitto, wait_until
from tests.central.rooms import Central, Room
from tests.central.stored import NOW, STREAM

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed"),
]

ZEBRA = "s-001"
"""`Room` has it say the first observation."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as broker:
        yield broker


def test_an_erasure_that_was_killed_is_completed_at_the_start(broker: Mosquitto, tmp_path: Path) -> None:
    central = Central(tmp_path, broker.port)
    with Store(central.database) as store:
        store.save([Seen("room-101", STREAM, number, ZEBRA, "happy", NOW, False) for number in range(2000, 2100)], NOW)
    child = multiprocessing.get_context("fork").Process(target=_erase_and_die, args=(central.database,))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert central.rows("SELECT student_id, erased_at FROM tombstones") == [(ZEBRA, None)]

    with Room(broker.port) as room, central.running():
        room.observe([1, 2])
        wait_until(lambda: central.rows("SELECT student_id, written_anew FROM tombstones") == [(None, 1)])
        wait_until(lambda: central.rows("SELECT reason, count FROM rejections") == [("erased", 1)])
        wait_until(lambda: central.rows("SELECT student_id FROM observations") == [("s-002",)])
        assert central.rows("SELECT account, action, subject FROM audit") == [("a.smith", "student.erase", ZEBRA)]
        assert central.stop() == 0
    assert ZEBRA not in central.log()


def _erase_and_die(path: Path) -> None:
    """In a process of its own, which ends when nothing but the tombstone was written."""

    def die(_: str) -> Never:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    with Store(path) as store:
        Erasure(store, lambda: NOW, note=append, hide=die, retained=lambda _: ()).erase(ZEBRA, "a.smith")
