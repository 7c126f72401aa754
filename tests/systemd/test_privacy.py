"""What an attacker, or whoever finds the card, can get: searched for in everything that was written."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from edge import gallery
from tests.systemd.container import Subscriber
from tests.systemd.device import TLS, Device

pytestmark = pytest.mark.systemd

PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"BM", b"GIF8", b"RIFF")
KNOWN = re.compile(
    r"/var/lib/classpulse/(gallery\.bin|spool\.db(-wal|-shm|-journal|\.lock|\.mark)?|\.gallery\.bin\.lock|[a-z]+\.json)"
    r"|/etc/classpulse/edge\.toml|/var/log/journal/.*|/var/lib/(systemd|mosquitto|dbus|private)/.*"
    r"|/var/log/(wtmp|btmp|lastlog|mosquitto/.*)|/etc/(machine-id|\.updated|\.pwd\.lock|resolv\.conf|mtab)"
    r"|/var/(\.updated|lib/private)|/etc/systemd/system/classpulse-edge\.service\.d/test\.conf|/etc/\.#.*"
)
"""Files that a running device may write."""


def written(device: Device) -> Iterator[tuple[str, Path]]:
    """Every regular file that was written since the boot: where it is inside, and here."""
    for path in device.written.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield f"/{path.relative_to(device.written)}", path


@pytest.mark.parametrize("signal", ["STOP", "ABRT", "SEGV"])
def test_no_core_dump_picture_or_embedding_on_disk(device: Device, signal: str) -> None:
    key = gallery.read_key(device.path("/etc/classpulse/gallery.key"))
    students = gallery.load(device.path("/var/lib/classpulse/gallery.bin"), key, "mobilefacenet").students
    embeddings = [row.astype("<f4").tobytes()[:64] for student in students for row in student.embeddings]
    assert len(embeddings) == 3

    with Subscriber(device, *TLS) as subscriber:
        subscriber.wait_for_observation()
        before = int(device.property("NRestarts"))
        device.run("systemctl", "kill", f"--signal={signal}", "classpulse-edge")
        device.restarted(before, f"SIG{signal}")
    device.run("journalctl", "--sync", check=False)
    device.run("systemctl", "stop", "classpulse-edge")

    unknown = []
    for inside, path in written(device):
        content = path.read_bytes()
        assert not (content.startswith(b"\x7fELF") and content[16:18] == b"\x04\x00"), f"{inside}: a core dump"
        assert not content.startswith(PICTURES), f"{inside}: a picture"
        assert not any(embedding in content for embedding in embeddings), f"{inside}: an embedding"
        if not KNOWN.fullmatch(inside):
            unknown.append(inside)
    assert unknown == []


def test_secrets_are_read_by_root_and_the_service_only(device: Device) -> None:
    for name in ("gallery.key", "mqtt.key", "edge.toml"):
        status = device.path(f"/etc/classpulse/{name}").stat()
        assert stat.S_IMODE(status.st_mode) & 0o007 == 0
    for folder in ("/etc/classpulse", "/var/lib/classpulse"):
        assert stat.S_IMODE(device.path(folder).stat().st_mode) & 0o007 == 0
    for path in device.path("/var/lib/classpulse").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name


def test_the_service_can_write_to_its_state_directory_only(device: Device) -> None:
    inside = ("nsenter", "--target", device.property("MainPID"), "--mount", "setpriv", "--reuid=classpulse",
              "--regid=classpulse", "--init-groups", "--no-new-privs", "--bounding-set=-all")  # fmt: skip
    found = device.run(*inside, "find", "/", "-path", "/proc", "-prune", "-o", "(", "-type", "d", "-o", "-type", "f",
                       ")", "-writable", "-print", check=False).stdout.split()  # fmt: skip
    assert [path for path in found if not path.startswith("/var/lib/classpulse")] == []
    assert "/var/lib/classpulse" in found


def test_the_service_does_not_listen(device: Device) -> None:
    with Subscriber(device, *TLS) as subscriber:
        subscriber.wait_for_observation()
        listening = device.run("ss", "--listening", "--tcp", "--udp", "--processes", "--no-header").stdout
    assert f"pid={device.property('MainPID')}," not in listening


def test_gallery_holds_who_was_enrolled_and_is_encrypted(device: Device) -> None:
    content = device.path("/var/lib/classpulse/gallery.bin").read_bytes()
    assert b"s-001" not in content
    assert date.today().isoformat().encode() not in content
