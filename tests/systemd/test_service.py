"""The shipped unit, with all of its hardening, on a booted systemd: what a school can rely on."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from tests.systemd.container import Subscriber, until
from tests.systemd.device import CLIP, CONFIG, ROOM, SCHOOLS_CONFIG, STUDENTS, TLS, Boot, Device

pytestmark = pytest.mark.systemd


def restarts(device: Device) -> int:
    return int(device.property("NRestarts"))


def test_ready_and_observations_arrive_over_tls(device: Device) -> None:
    with Subscriber(device, *TLS) as subscriber:
        subscriber.wait_for_status("online")
        subscriber.wait_for(lambda _: {json.loads(x)["student_id"] for x in subscriber.observations()} == set(STUDENTS))
    for payload in subscriber.observations():
        assert set(json.loads(payload)) == {"student_id", "emotion"}
    assert {line.split(" ")[1].split("/")[2] for line in subscriber.lines} == {ROOM}
    began, ready = (int(device.property(name)) for name in ("ExecMainStartTimestampMonotonic",
                                                            "ActiveEnterTimestampMonotonic"))  # fmt: skip
    print(f"READY {(ready - began) / 1e6:.2f} s after the start of the process")
    assert device.property("StatusText")


def test_example_with_no_more_than_the_schools_own_lines_gets_ready_and_publishes_over_tls(device: Device) -> None:
    device.run("systemctl", "stop", "classpulse-edge")
    device.path("/etc/classpulse/edge.toml").write_text(SCHOOLS_CONFIG)
    assert ": OK: room-101" in device.run("classpulse-edge", "check-config").stdout
    with Subscriber(device, *TLS) as subscriber:
        device.start_service()
        subscriber.wait_for_status("online")
        subscriber.wait_for_observation()


def test_check_config_names_the_file_that_the_unit_hands_over(device: Device) -> None:
    device.run("rm", "/etc/classpulse/gallery.key")
    # Through the command on the PATH, and past it.
    for command in ("classpulse-edge", "/opt/classpulse/bin/classpulse-edge"):
        done = device.run(command, "check-config", check=False)
        assert done.returncode == 1
        assert "/etc/classpulse/gallery.key: no gallery key there" in done.stderr


def test_stop_leaves_offline_retained(device: Device) -> None:
    with Subscriber(device, *TLS) as subscriber:
        subscriber.wait_for_status("online")
        device.run("systemctl", "stop", "classpulse-edge")
        subscriber.wait_for_status("offline")
    assert device.property("Result") == "success"
    with Subscriber(device, *TLS) as later:
        later.wait_for(lambda lines: f"1 classpulse/v1/{ROOM}/status offline" in lines)


def test_kill_9_leads_to_a_restart(device: Device) -> None:
    with Subscriber(device, *TLS) as subscriber:
        subscriber.wait_for_observation()
        before = restarts(device)
        device.run("systemctl", "kill", "--signal=KILL", "classpulse-edge")
        device.restarted(before, "kill -9")
        subscriber.wait_for_observation()


def test_stopped_process_is_restarted_by_the_watchdog(device: Device) -> None:
    before = restarts(device)
    device.run("systemctl", "kill", "--signal=STOP", "classpulse-edge")
    device.restarted(before, "SIGSTOP")
    assert "Watchdog timeout" in device.journal()


def test_camera_that_never_answers_leads_to_a_restart_and_a_line_in_the_journal(device: Device) -> None:
    device.run("systemctl", "stop", "classpulse-edge")
    # Opening a pipe that nobody writes to never returns, as a camera's driver does when it hangs.
    as_service = ("runuser", "-u", "classpulse", "--")
    device.run(*as_service, "mkdir", "/var/lib/classpulse/pictures")
    device.run(*as_service, "mkfifo", "/var/lib/classpulse/pictures/1.jpg")
    device.path("/etc/classpulse/edge.toml").write_text(CONFIG.replace(CLIP, "/var/lib/classpulse/pictures"))
    device.start_service()
    before = restarts(device)
    device.restarted(before, "a frozen camera")
    assert "Watchdog timeout" in device.journal()
    assert "capture has made no progress" in device.journal()


def test_missing_camera_is_retried_without_a_restart(device: Device) -> None:
    device.run("systemctl", "stop", "classpulse-edge")
    device.path("/etc/classpulse/edge.toml").write_text(CONFIG.replace(CLIP, "/dev/video9"))
    with Subscriber(device, *TLS) as subscriber:
        device.start_service()
        subscriber.wait_for_status("online")
        until(lambda: "/dev/video9" in device.journal(), "the missing camera in the journal")
        until(lambda: "camera" in device.property("StatusText"), "the missing camera in the status line")
    assert device.property("ActiveState") == "active"
    assert restarts(device) == 0, device.journal()


def test_reload_applies_a_good_config_and_keeps_the_old_when_the_new_is_wrong(device: Device) -> None:
    config = device.path("/etc/classpulse/edge.toml")
    pid = device.property("MainPID")
    config.write_text(CONFIG.replace("minimum_readings = 1", 'minimum_readings = 1\nlabels = ["tired"]'))
    device.run("systemctl", "reload", "classpulse-edge")
    until(lambda: "reloaded" in device.journal(), "the good config in the journal")

    config.write_text(CONFIG.replace("[report]", "[report]\nlabls = 3"))
    device.run("systemctl", "reload", "classpulse-edge")
    until(lambda: "labls" in device.journal(), "the mistake in the journal")
    assert device.property("MainPID") == pid
    assert device.property("ActiveState") == "active"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [("[report]\nlabls = 3\n", 78), (f"expires = {date.today() - timedelta(days=1)}\n", 77)],
    ids=["the config is wrong", "the authorisation has expired"],
)
def test_what_only_a_person_can_mend_is_not_restarted(device: Device, wrong: str, code: int) -> None:
    device.run("systemctl", "stop", "classpulse-edge")
    config = CONFIG.replace("expires = 2099-12-31\n" if code == 77 else "[report]\n", wrong)
    device.path("/etc/classpulse/edge.toml").write_text(config)
    started = device.run("systemctl", "start", "classpulse-edge", check=False)
    assert started.returncode != 0
    assert device.property("ActiveState") == "failed"
    assert device.property("ExecMainStatus") == str(code)
    assert restarts(device) == 0


def test_service_starts_at_boot(boot: Boot) -> None:
    with boot() as device:
        assert device.run("systemctl", "is-enabled", "classpulse-edge").stdout.strip() == "enabled"
        until(lambda: device.property("ActiveState") == "active", "start at boot")
