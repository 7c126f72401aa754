"""`classpulse-central pki` as a technician types it."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import stat
import sys
import tarfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from central import authority
from central.__main__ import main
from central.authority import Authority, opened
from tests.central.accounts import anothers

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With an authority in ./pki, as its user sees it."""
    monkeypatch.chdir(tmp_path)
    assert main(["pki", "init", "--no-passphrase"]) == 0
    return tmp_path


def issue(*names: str) -> int:
    return main(["pki", "issue", "--host", "broker.school.example", *names])


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said on stderr when the command fails."""
    capsys.readouterr()
    assert main(list(arguments)) == 1
    return capsys.readouterr().err


def test_a_bundle_holds_what_a_device_needs_and_says_what_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert issue("room-101") == 0
    assert {path.name for path in (folder / "room-101").iterdir()} == {
        "ca.pem", "mqtt.pem", "mqtt.key", "edge.toml"
    }  # fmt: skip
    said = capsys.readouterr().out
    assert "sudo install -m 640 -g classpulse edge.toml ca.pem mqtt.pem mqtt.key /etc/classpulse/" in said
    assert (folder / "room-101" / "ca.pem").read_bytes() == (folder / "pki" / "ca.pem").read_bytes()


def test_the_shipped_unit_hands_over_every_secret_that_a_bundles_config_names(folder: Path) -> None:
    assert issue("room-101") == 0
    unit = (CHECKOUT / "systemd" / "classpulse-edge.service").read_text()
    named = re.findall('"credential:(.*)"', (folder / "room-101" / "edge.toml").read_text())
    assert named == ["gallery.key", "mqtt.key"]
    for name in named:
        assert f"LoadCredential={name}:/etc/classpulse/{name}\n" in unit


def test_a_tar_is_the_same_bundle(folder: Path) -> None:
    assert issue("room-101", "--tar") == 0
    assert stat.S_IMODE((folder / "room-101.tar").stat().st_mode) == 0o600
    with tarfile.open(folder / "room-101.tar") as tar:
        modes = {member.name: member.mode for member in tar}
    assert modes == {
        "room-101": 0o700, "room-101/ca.pem": 0o644, "room-101/mqtt.pem": 0o644, "room-101/mqtt.key": 0o600,
        "room-101/edge.toml": 0o644,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link", "tar"])
def test_nothing_is_overwritten_and_nothing_issued(folder: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    place = folder / ("room-101.tar" if kind == "tar" else "room-101")
    if kind == "folder":
        place.mkdir()
        (place / "mine").touch()
    elif kind == "dangling link":
        place.symlink_to("nowhere")
    else:
        place.write_text("mine")
    arguments = ["--tar"] if kind == "tar" else []
    assert "exists already, and is not overwritten" in refusal(
        capsys, "pki", "issue", "--host", "broker", "room-101", *arguments
    )
    assert Authority(folder / "pki").registry.certificates == ()


def test_a_room_with_a_certificate_is_renewed_and_not_issued_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert issue("room-101") == 0
    Path("room-101").rename("elsewhere")
    assert "renew it, or revoke it first" in refusal(capsys, "pki", "issue", "room-101")
    assert main(["pki", "renew", "room-101"]) == 0
    assert "pki revoke room-101 --old" in capsys.readouterr().out
    assert not Path("room-101/edge.toml").exists()  # the device's own is filled in
    assert Path("room-101/mqtt.key").read_bytes() != Path("elsewhere/mqtt.key").read_bytes()
    assert Path("room-101/mqtt.pem").read_bytes() != Path("elsewhere/mqtt.pem").read_bytes()


def test_revoked_by_name_by_age_or_by_serial(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def states() -> list[str]:
        capsys.readouterr()
        main(["pki", "list", "--json"])
        return [entry["state"] for entry in json.loads(capsys.readouterr().out)["certificates"]]

    issue("room-101")
    for number in range(2):
        assert main(["pki", "renew", "room-101", "--tar", "--output", str(made(folder / f"{number}"))]) == 0
    assert states() == ["superseded", "superseded", "valid"]
    first = Authority(folder / "pki").registry.certificates[0].serial
    assert main(["pki", "revoke", "room-101", "--serial", first[:8]]) == 0
    assert states() == ["revoked", "superseded", "valid"]
    assert main(["pki", "revoke", "room-101", "--old"]) == 0
    assert states() == ["revoked", "revoked", "valid"]
    assert main(["pki", "revoke", "room-101"]) == 0
    assert states() == ["revoked", "revoked", "revoked"]
    assert main(["pki", "revoke", "room-101"]) == 0
    assert "already" in capsys.readouterr().out
    assert "no such certificate" in refusal(capsys, "pki", "revoke", "room-101", "--old")
    assert "no certificate was issued" in refusal(capsys, "pki", "revoke", "room-102")


def test_after_the_newest_is_revoked_the_one_before_is_no_old_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    issue("room-101", "--days", "9")
    assert main(["pki", "renew", "room-101", "--tar"]) == 0
    in_use, lost = Authority(folder / "pki").registry.certificates
    assert main(["pki", "revoke", "room-101", "--serial", lost.serial[:12].upper()]) == 0
    capsys.readouterr()
    assert main(["pki", "list"]) == 3
    assert f"room-101: expires on {in_use.expires:%Y-%m-%d}" in capsys.readouterr().err
    assert "no such certificate" in refusal(capsys, "pki", "revoke", "room-101", "--old")
    assert [issued.revoked_at is None for issued in Authority(folder / "pki").registry.certificates] == [True, False]


def test_a_serial_that_begins_more_than_one_certificate_revokes_none(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    issue("room-101")
    # Seventeen cannot begin with sixteen different digits.
    for number in range(16):
        assert main(["pki", "renew", "room-101", "--tar", "--output", str(made(folder / f"{number}"))]) == 0
    serials = [issued.serial for issued in Authority(folder / "pki").registry.certificates]
    digit = next(serial[0] for serial in serials if sum(other[0] == serial[0] for other in serials) > 1)
    said = refusal(capsys, "pki", "revoke", "room-101", "--serial", digit)
    assert all((serial in said) == (serial[0] == digit) for serial in serials)
    assert all(issued.revoked_at is None for issued in Authority(folder / "pki").registry.certificates)


def test_central_is_renewed_with_a_restart_since_it_got_its_key_at_the_start(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pki", "issue", "--central", "--host", "broker"]) == 0
    assert "restart" not in capsys.readouterr().out
    Path("central").rename("elsewhere")
    assert main(["pki", "renew", "central"]) == 0
    said = capsys.readouterr().out
    install = "sudo install -m 640 -g classpulse-central ca.pem mqtt.pem mqtt.key /etc/classpulse-central/"
    restart = "sudo systemctl restart classpulse-central"
    assert 0 < said.index(install) < said.index(restart) < said.index("pki revoke central --old")


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_a_revocation_says_how_the_broker_gets_to_know(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    issue("room-101")
    assert main(["pki", "revoke", "room-101"]) == 0
    said = capsys.readouterr().out
    assert "sudo install -m 644 pki/crl.pem /etc/mosquitto/classpulse/crl.pem" in said
    assert "sudo systemctl restart mosquitto" in said


def test_a_revoked_broker_is_not_said_to_be_safe(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["broker-config", "broker", "--host", "broker"]) == 0
    assert main(["pki", "renew", "broker", "--tar"]) == 0
    assert "--old" not in capsys.readouterr().out
    assert main(["pki", "revoke", "broker"]) == 0
    assert "make a new authority" in capsys.readouterr().out


def test_a_broker_certificate_without_a_known_broker_is_not_renewed_and_can_be_revoked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(folder / "pki", None, datetime.now(UTC)) as ca:
        ca.issue("b.example", "broker", ["b.example"])  # as a broker-config that was cut off leaves it
    assert "where is the broker? Run broker-config" in refusal(capsys, "pki", "renew", "b.example")
    assert len(Authority(folder / "pki").registry.certificates) == 1
    assert main(["pki", "revoke", "b.example"]) == 0
    assert "make a new authority" in capsys.readouterr().out


def test_a_broker_gets_one_more_name_when_it_is_renewed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["broker-config", "broker", "--host", "b.example", "--also", "10.0.0.5"]) == 0
    assert main(["pki", "renew", "b.example", "--also", "mqtt.example", "10.0.0.5"]) == 0
    renewed = x509.load_pem_x509_certificate(Path("b.example/server.pem").read_bytes())
    names = renewed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["b.example", "10.0.0.5", "mqtt.example"]
    issue("room-101")
    for others in (["room-101"], ["b.example", "room-101"]):
        said = refusal(capsys, "pki", "renew", *others, "--also", "mqtt.example", "--tar")
        assert "--also is for a broker's certificate" in said
    assert len(Authority(folder / "pki").registry.certificates) == 3


def test_a_printed_command_can_be_typed_whatever_the_folders_name(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = "it's a broker; or two"
    assert main(["broker-config", strange, "--host", "b.example"]) == 0
    (started,) = re.findall("(?m)^  (mosquitto -c .*)$", capsys.readouterr().out)
    assert shlex.split(started) == ["mosquitto", "-c", f"{folder}/{strange}/mosquitto.conf"]
    issue("room-101")
    Path("pki").rename("our pki")
    assert main(["pki", "revoke", "room-101", "--pki", "our pki"]) == 0
    (handed,) = re.findall("(?m)^  sudo (install -m 644 .*)$", capsys.readouterr().out)
    assert shlex.split(handed)[3:] == ["our pki/crl.pem", f"{folder}/{strange}/classpulse/crl.pem"]


def test_a_list_asks_for_what_expires_within_a_month(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    issue("room-101", "room-102", "--days", "31")
    issue("room-103")
    assert main(["pki", "list"]) == 0
    assert main(["pki", "renew", "room-101", "--days", "29", "--output", str(made(folder / "new"))]) == 0
    capsys.readouterr()
    assert main(["pki", "list"]) == 3
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == [
        "NAME", "room-101", "room-102", "room-103", "room-101", "(authority)"
    ]  # fmt: skip
    day = Authority(folder / "pki").registry.certificates[-1].expires.date()
    assert err == f"room-101: expires on {day}; classpulse-central pki renew room-101\n"
    assert main(["pki", "revoke", "room-101"]) == 0
    assert main(["pki", "list"]) == 0


def test_a_list_shows_what_has_expired_and_an_authority_near_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    past = datetime.now(UTC) - timedelta(days=100)
    authority.create(tmp_path / "pki", "School", None, past, years=1)
    with opened(tmp_path / "pki", None, past) as ca:
        ca.issue("room-101", "classroom", days=10)
    assert main(["pki", "list", "--pki", str(tmp_path / "pki")]) == 3
    out, err = capsys.readouterr()
    assert "  -90  expired" in out or "  -91  expired" in out
    assert "room-101: expired on" in err
    assert "the authority ends on" in err


def test_a_revocation_that_was_cut_off_shows_in_the_list(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    issue("room-101")
    before = Path("pki/crl.pem").read_bytes()
    assert main(["pki", "revoke", "room-101"]) == 0
    Path("pki/crl.pem").write_bytes(before)
    capsys.readouterr()
    assert main(["pki", "list"]) == 3
    told = capsys.readouterr().err
    assert "is revoked, but not in pki/crl.pem" in told
    assert main(told.split(": ")[-1].split()[1:]) == 0  # the command that it names
    assert main(["pki", "list"]) == 0


def test_a_passphrase_comes_from_a_private_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    secret = tmp_path / "secret"
    secret.write_text("a few words together\n")
    secret.chmod(0o644)
    option = ("--passphrase-file", "secret")
    assert "others may read the passphrase; chmod 600" in refusal(capsys, "pki", "init", *option)
    assert not Path("pki").exists()
    secret.chmod(0o600)
    assert main(["pki", "init", *option]) == 0
    assert main(["pki", "issue", "room-101", "--host", "broker", *option]) == 0
    assert "there is no terminal to ask" in refusal(capsys, "pki", "issue", "room-102", "--host", "broker")
    secret.write_text("other words, also a few\n")
    assert "the passphrase is wrong" in refusal(capsys, "pki", "issue", "room-102", "--host", "broker", *option)
    secret.write_text("x" * 1024)
    assert "longer than 1023 bytes" in refusal(capsys, "pki", "init", "--pki", "other", *option)
    secret.write_text("short\n")
    assert "shorter than 12" in refusal(capsys, "pki", "init", "--pki", "other", *option)


def typed(arguments: list[str], *answers: str) -> tuple[int, str]:
    """Run a command at a terminal, answering its questions; its exit code and what the terminal shows."""
    process, terminal = pty.fork()
    if process == 0:
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
        os.execve(sys.executable, [sys.executable, "-m", "central", *arguments], environment)
    shown = b""
    for answer in answers:
        before = len(shown)
        while b": " not in shown[before:]:
            shown += os.read(terminal, 1024)
        os.write(terminal, answer.encode())
    with suppress(OSError):  # how a terminal ends
        while more := os.read(terminal, 1024):
            shown += more
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), shown.decode()


def test_a_passphrase_that_is_typed_is_asked_for_twice_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = "a few words together\n"
    code, shown = typed(["pki", "init"], words, "others, by mistake\n")
    assert (code, Path("pki").exists()) == (1, False)
    assert "the two passphrases differ" in shown
    code, shown = typed(["pki", "init"], words, words)
    assert code == 0
    assert "words" not in shown
    assert typed(["pki", "issue", "room-101", "--host", "broker"], words)[0] == 0
    code, shown = typed(["pki", "renew", "room-101", "--tar"], "\4")  # Ctrl-D
    assert code == 1
    assert "no passphrase was typed" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ["issue", "central"],  # would read all classrooms
        ["issue", "Room-101"],
        ["issue", "room/101"],
        ["issue", "+"],
        ["issue", "../etc"],
        ["issue", "-x"],
        ["issue", "room-101", "--host", "http://broker"],
        ["issue", "room-101", "--host", "10.0.0.300"],
        ["issue", "room-101", "--port", "0"],
        ["issue", "room-101", "--days", "0"],
        ["revoke"],
        ["revoke", "room-109", "--serial", ""],  # begins every serial number
        ["revoke", "room-109", "--serial", "$SERIAL"],
    ],
)
def test_wrong_usage_is_refused_before_anything_is_done(folder: Path, arguments: list[str]) -> None:
    assert issue("room-109") == 0
    before = Authority(folder / "pki").registry
    with pytest.raises(SystemExit) as exit_:
        main(["pki", *arguments])
    assert exit_.value.code == 2
    assert Authority(folder / "pki").registry == before


def test_a_folder_without_an_authority_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (["list"], ["issue", "room-101"], ["revoke", "room-101"], ["renew", "room-101"]):
        assert "there is no authority here" in refusal(capsys, "pki", *arguments)
    assert list(tmp_path.iterdir()) == []


def test_the_authority_of_another_account_is_not_looked_into(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with anothers(folder / "pki"):
        for arguments in (["list"], ["revoke", "room-101"], ["init", "--no-passphrase", "--pki", "pki/another"]):
            assert "is this its owner's account?" in refusal(capsys, "pki", *arguments)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_leaves_the_authority_to_its_owner(folder: Path) -> None:
    for path in (folder / "pki", *(folder / "pki").iterdir()):
        os.chown(path, 12345, 12345)
    assert issue("room-101") == 0
    assert main(["pki", "revoke", "room-101"]) == 0
    assert {path.stat().st_uid for path in (folder / "pki").iterdir()} == {12345}
