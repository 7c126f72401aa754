"""`classpulse-central simulate`: what a broker gets from classrooms that nobody sits in."""

from __future__ import annotations

import csv
import subprocess
import sys
import threading
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from central.__main__ import main
from central.session import BrokerSettings
from central.simulation.device import Device
from central.simulation.play import Pace, Progress, play
from central.simulation.pupils import Pupil, seats
from edge.demo.broker import embedded_broker
from edge.errors import BrokerError
from edge.records import LABELS, Observation
from edge.wire import decode_health, decode_observation
from tests.brokers import MOSQUITTO, SECONDS, Mosquitto, Recorder, free_port, identity, wait_until
from tests.central.stored import NOW

QUICK = Pace(interval_seconds=0.05, seconds=0.0, outages=False, seed=7)


def local(port: int) -> BrokerSettings:
    return BrokerSettings(host="127.0.0.1", port=port, tls=False)


def labels(student_id: str, seed: int, hour: float = 10.0, count: int = 500) -> list[str | None]:
    pupil = Pupil(student_id, seed)
    return [pupil.observe(hour) for _ in range(count)]


def test_a_seed_plays_the_same_student_again_and_another_one_another() -> None:
    assert labels("simulated-01-01", 1) == labels("simulated-01-01", 1)
    assert labels("simulated-01-01", 1) != labels("simulated-01-02", 1)
    assert labels("simulated-01-01", 1) != labels("simulated-01-01", 2)


def test_a_student_keeps_a_label_for_a_while_and_shows_them_all_in_the_end() -> None:
    seen = [label for label in labels("simulated-01-01", 1, count=5000) if label is not None]
    changes = sum(before != after for before, after in pairwise(seen))
    assert set(seen) == set(LABELS)
    assert changes < len(seen) / 4
    assert 0.6 * 5000 < len(seen) < 0.95 * 5000, "out of the room, or unreadable, now and then"


def test_more_of_them_are_tired_after_lunch() -> None:
    def tired(hour: float) -> int:
        return sum(labels(f"simulated-01-{n:02d}", 1, hour).count("tired") for n in range(20))

    assert tired(13.5) > 1.5 * tired(9.0)


def test_every_simulated_id_says_so() -> None:
    everybody = seats(3, 4)
    assert len({seat.student_id for seat in everybody}) == 12
    assert Counter(seat.classroom for seat in everybody) == {f"simulated-0{n}": 4 for n in (1, 2, 3)}
    assert all(seat.student_id.startswith(seat.classroom) for seat in everybody)


def test_classrooms_are_played_through_a_broker_as_real_ones_would_be(tmp_path: Path) -> None:
    stop, told = threading.Event(), list[Progress]()
    with embedded_broker(tmp_path) as port, Recorder(port) as recorder:
        player = threading.Thread(target=play, args=(local(port), seats(2, 3), QUICK, stop, told.append))
        player.start()
        got = recorder.wait_for_observations(30)
        health = recorder.wait_for(lambda m: sum("/health" in one.topic for one in m) >= 2)
        stop.set()
        player.join(SECONDS)
        recorder.wait_for(lambda m: sum(one.payload == b"offline" for one in m) == 2)
    read = [decode_observation(m.topic, m.payload, m.properties.items()) for m in got]
    assert {one.classroom for one in read} == {"simulated-01", "simulated-02"}
    assert {one.student_id for one in read} <= {seat.student_id for seat in seats(2, 3)}
    assert not any(one.late for one in read)
    for room in ("simulated-01", "simulated-02"):
        numbers = [one.sequence for one in read if one.classroom == room]
        assert numbers == list(range(1, len(numbers) + 1))
    assert all(decode_health(m.payload)["camera"] == "working" for m in health if "/health" in m.topic)
    assert told[-1].online == 2
    assert told[-1].published >= 30


@pytest.mark.skipif(MOSQUITTO is None, reason="needs Mosquitto")
@pytest.mark.broker
def test_a_classroom_that_vanishes_is_offline_and_sends_what_it_missed_as_late(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker, Recorder(broker.port) as recorder:
        settings = BrokerSettings(host="127.0.0.1", port=broker.port, tls=False, classroom="simulated-01")
        with Device(settings) as device:
            recorder.wait_for_status(b"online")
            device.observe([Observation("simulated-01-01", "happy", NOW)])
            device.vanish()
            recorder.wait_for_status(b"offline")
            device.observe([Observation("simulated-01-01", "sad", NOW)])
            device.come_back()
            recorder.wait_for_status(b"online")
            wait_until(lambda: device.online)
            device.observe([Observation("simulated-01-01", "tired", NOW)])
            got = recorder.wait_for_observations(3)
        recorder.wait_for_status(b"offline")
    # A set: what was not acknowledged when it vanished comes again.
    assert {(identity(m)[1], m.topic.rpartition("01/")[2]) for m in got} == {
        ("1", "observation"), ("2", "observation/late"), ("3", "observation")
    }  # fmt: skip


def test_a_broker_that_is_not_there_is_an_error_with_its_address() -> None:
    port = free_port()
    with pytest.raises(BrokerError, match=f"127.0.0.1:{port}: connection refused"):
        play(local(port), seats(1, 1), QUICK, threading.Event(), lambda _: None)


@pytest.mark.skipif(MOSQUITTO is None, reason="needs Mosquitto")
@pytest.mark.broker
def test_a_broker_that_refuses_a_classroom_is_an_error_that_names_it(tmp_path: Path) -> None:
    with (
        Mosquitto(tmp_path, "allow_anonymous false") as broker,
        pytest.raises(BrokerError, match="refuses simulated-01: Not authorized"),
    ):
        play(local(broker.port), seats(1, 1), QUICK, threading.Event(), lambda _: None)


def test_the_command_ends_by_itself_and_says_how_much_it_played(tmp_path: Path) -> None:
    with embedded_broker(tmp_path) as port:
        done = subprocess.run(
            [sys.executable, "-m", "central", "simulate", "--host", "127.0.0.1", "--port", str(port), "--no-tls",
             "--classrooms", "1", "--students", "5", "--interval", "0.1", "--seconds", "1"],
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    published = int(done.stderr.splitlines()[-1].partition(" ")[0])
    assert 10 <= published <= 50


def test_profiles_are_a_file_to_import(tmp_path: Path) -> None:
    path = tmp_path / "profiles.csv"
    assert main(["simulate", "--host", "x", "--classrooms", "2", "--students", "3", "--profiles", str(path)]) == 0
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["student_id"] for row in rows] == [seat.student_id for seat in seats(2, 3)]
    assert all(row["display_name"] and row["consent_reference"] for row in rows)


@pytest.mark.parametrize(
    "wrong", [["--classrooms", "0"], ["--students", "x"], ["--interval", "0"], ["--seconds", "-1"]]
)
def test_a_wrong_number_is_wrong_usage(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["simulate", "--host", "x", *wrong])
    assert caught.value.code == 2
    assert wrong[1] in capsys.readouterr().err
