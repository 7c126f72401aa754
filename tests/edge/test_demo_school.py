"""The school's side of the demo: a dashboard that one can log in to, and what it complains of."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("iotcore", reason="needs the extra `demo`")

from central.session import BrokerSettings
from central.simulation.device import Device
from edge.demo import DemoError
from edge.demo.broker import embedded_broker
from edge.demo.cast import CLASSROOM
from edge.demo.process import Process, run_command
from edge.demo.school import ACCOUNT, school
from edge.records import Observation
from tests.brokers import wait_until


def test_the_dashboard_lets_its_account_in_and_knows_whether_the_classroom_was_seen(tmp_path: Path) -> None:
    with embedded_broker(tmp_path) as port, school(tmp_path, port) as dashboard:
        body = json.dumps({"account": ACCOUNT, "password": dashboard.password}).encode()
        headers = {"Content-Type": "application/json", "Origin": dashboard.address}
        login = urllib.request.Request(f"{dashboard.address}/api/session", body, headers)
        with urllib.request.urlopen(login) as answer:
            session = json.load(answer)
        assert (session["role"], session["legal_note_accepted"]) == ("admin", False)
        assert dashboard.complaints() == [f"the dashboard's service received nothing of the classroom {CLASSROOM}"]
        broker = BrokerSettings(host="127.0.0.1", port=port, tls=False)
        with Device(replace(broker, classroom=CLASSROOM)) as device:
            wait_until(lambda: device.online)
            device.observe([Observation("s-001", "happy", datetime.now(UTC))])
            wait_until(lambda: dashboard.complaints() == [])
        dashboard.serve.stop()
        (complaint,) = dashboard.complaints()
        assert complaint.startswith("the dashboard's service ended by itself")


def test_a_command_that_fails_is_told_with_what_it_said() -> None:
    with pytest.raises(DemoError, match=r"making up failed:\n(.|\n)*invalid choice: 'nonsense'"):
        run_command("making up", "central", "nonsense")


def test_a_process_keeps_what_it_said_for_the_end(tmp_path: Path) -> None:
    with Process(tmp_path / "log", "central", "nonsense") as process:
        wait_until(lambda: not process.running)
        assert process.stop() == 2
        assert "invalid choice: 'nonsense'" in process.log_tail()
