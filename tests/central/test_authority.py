"""The authority on its disk: what is recorded, what is refused, and what a crash leaves."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from central import authority, bundle
from central.authority import Authority, opened
from central.pki_files import AuthorityError
from tests.brokers import wait_until

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PASSPHRASE = b"a few words together"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    authority.create(tmp_path / "pki", "Example School", None, NOW)
    return tmp_path / "pki"


def listed(folder: Path) -> set[str]:
    revoked = x509.load_pem_x509_crl((folder / "crl.pem").read_bytes())
    return {f"{entry.serial_number:x}" for entry in revoked}


def test_a_key_with_a_passphrase_lies_encrypted_and_opens_with_it_only(tmp_path: Path) -> None:
    folder = tmp_path / "pki"
    authority.create(folder, "Example School", PASSPHRASE, NOW)
    assert (folder / "ca.key").read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY")
    with opened(folder, PASSPHRASE, NOW) as ca:
        ca.issue("room-101", "classroom")
    for wrong in (b"another few words", None):
        with (
            pytest.raises(AuthorityError, match=r"ca\.key: .*passphrase|ca\.key: .*encrypted"),
            opened(folder, wrong, NOW),
        ):
            pass


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
def test_nobody_else_may_read_keys_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        authority.create(tmp_path / "pki", "Example School", None, NOW)
        with opened(tmp_path / "pki", None, NOW) as ca:
            issue = ca.issue("room-101", "classroom")
            ca.revoke([ca.issue("room-102", "classroom").record.serial])
        bundle.write_folder(bundle.for_client(issue), tmp_path / "room-101")
        bundle.write_tar(bundle.for_client(issue), tmp_path / "room-101.tar")
    finally:
        os.umask(before)
    for path, mode in {
        "pki": 0o700, "pki/ca.key": 0o600, "pki/ca.pem": 0o644, "pki/registry.json": 0o600, "pki/crl.pem": 0o644,
        "room-101": 0o700, "room-101/mqtt.key": 0o600, "room-101/mqtt.pem": 0o644, "room-101.tar": 0o600,
    }.items():  # fmt: skip
        assert oct(stat.S_IMODE((tmp_path / path).stat().st_mode)) == oct(mode), path


def test_a_key_is_private_before_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    change_mode = os.fchmod

    def spy(descriptor: int, mode: int) -> None:
        seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        change_mode(descriptor, mode)

    monkeypatch.setattr(os, "fchmod", spy)
    before = os.umask(0)
    try:
        authority.create(tmp_path / "pki", "Example School", None, NOW)
    finally:
        os.umask(before)
    assert seen == [0o600] * 4


def test_what_was_issued_is_still_known_to_the_next_command(folder: Path) -> None:
    with opened(folder, None, NOW) as ca:
        first = ca.issue("room-101", "classroom").record
    with opened(folder, None, NOW + timedelta(days=200)) as ca:
        second = ca.issue("room-101", "classroom").record
        assert ca.registry.of("room-101") == [first, second]
    registry = Authority(folder).registry
    states = [registry.state(issued, NOW + timedelta(days=200)) for issued in registry.of("room-101")]
    assert states == ["superseded", "valid"]
    assert registry.state(registry.of("room-101")[0], NOW + timedelta(days=401)) == "expired"


def test_a_revoked_certificate_is_on_the_list_and_stays_there(folder: Path) -> None:
    assert listed(folder) == set()
    with opened(folder, None, NOW) as ca:
        serials = [ca.issue(f"room-{number}", "classroom").record.serial for number in (1, 2)]
        ca.revoke(serials[:1])
        assert listed(folder) == {serials[0]}
        ca.revoke(serials[1:])
    assert listed(folder) == set(serials)


def test_every_new_list_is_later_than_the_last_even_within_a_second(folder: Path) -> None:
    """Else a broker that reloads may go on with the old one."""
    dates, numbers = [], []
    with opened(folder, None, NOW) as ca:
        for _ in range(3):
            ca.revoke([ca.issue("room-101", "classroom").record.serial])
            revocations = x509.load_pem_x509_crl((folder / "crl.pem").read_bytes())
            dates.append(revocations.last_update_utc)
            numbers.append(revocations.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number)
    assert dates == sorted(set(dates))
    assert numbers == [2, 3, 4]
    assert revocations.next_update_utc == Authority(folder).expires


def test_a_revocation_cut_off_before_its_list_is_noticed_and_made_up_for(folder: Path) -> None:
    with opened(folder, None, NOW) as ca:
        serial = ca.issue("room-101", "classroom").record.serial
        before = (folder / "crl.pem").read_bytes()
        ca.revoke([serial])
    (folder / "crl.pem").write_bytes(before)
    assert [issued.serial for issued in Authority(folder).unlisted()] == [serial]
    with opened(folder, None, NOW) as ca:
        ca.revoke([serial])
    assert Authority(folder).unlisted() == []


def test_a_register_whose_folder_the_disk_does_not_confirm_is_said_to_be_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def confirm(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")

    with opened(folder, None, NOW) as ca:
        monkeypatch.setattr(os, "fsync", confirm)
        with pytest.raises(AuthorityError, match=r"registry\.json: is written, but the disk did not confirm it"):
            ca.issue("room-101", "classroom")
        assert ca.registry == Authority(folder).registry
        assert [issued.name for issued in ca.registry.certificates] == ["room-101"]


def test_a_register_that_cannot_be_written_is_as_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def confirm(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with opened(folder, None, NOW) as ca:
        monkeypatch.setattr(os, "fsync", confirm)
        with pytest.raises(AuthorityError, match="nothing was changed"):
            ca.issue("room-101", "classroom")
        assert ca.registry == Authority(folder).registry
        assert ca.registry.certificates == ()


def test_a_key_does_not_show_in_what_is_printed_of_a_bundle(folder: Path) -> None:
    with opened(folder, None, NOW) as ca:
        issue = ca.issue("room-101", "classroom")
    assert "PRIVATE KEY" in issue.key.decode()
    assert "PRIVATE KEY" not in repr((issue, bundle.for_client(issue)))


def test_two_commands_at_once_are_told_to_wait(folder: Path) -> None:
    with (
        opened(folder, None, NOW),
        pytest.raises(AuthorityError, match="another classpulse-central"),
        opened(folder, None, NOW),
    ):
        pass
    with opened(folder, None, NOW):
        pass


def test_one_name_is_never_two_things(folder: Path) -> None:
    with opened(folder, None, NOW) as ca:
        ca.issue("broker", "broker", ["broker"])
        with pytest.raises(AuthorityError, match="is the name of a broker already"):
            ca.issue("broker", "classroom")
        assert [issued.kind for issued in ca.registry.of("broker")] == ["broker"]


@pytest.mark.parametrize(
    ("days", "said"), [(-3, "used later than that: set the clock"), (365 * 11, "the authority has expired")]
)
def test_a_clock_that_cannot_be_right_issues_nothing(folder: Path, days: int, said: str) -> None:
    with pytest.raises(AuthorityError, match=said), opened(folder, None, NOW + timedelta(days=days)):
        pass


def test_no_authority_is_made_while_the_clock_is_in_the_past(tmp_path: Path) -> None:
    with pytest.raises(AuthorityError, match="clock says 1970-01-01"):
        authority.create(tmp_path / "pki", "School", None, datetime(1970, 1, 1, tzinfo=UTC))
    assert list(tmp_path.iterdir()) == []


def test_an_existing_authority_is_never_overwritten(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(AuthorityError, match="exists already"):
        authority.create(folder, "School", None, NOW)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    "damage",
    [
        b"", b"{", b"[]", b"null", b"\xff", b'{"version": 2}', b'{"version": 1, "certificates": [{}]}',
        b'{"version": 1, "certificates": [{"kind": "emperor"}], "broker": null, "revocations": 1}',
    ],
)  # fmt: skip
def test_a_damaged_register_is_said_and_left_alone(folder: Path, damage: bytes) -> None:
    (folder / "registry.json").write_bytes(damage)
    with pytest.raises(AuthorityError, match=r"registry\.json: .* restore it from the backup"):
        Authority(folder)
    assert (folder / "registry.json").read_bytes() == damage


def test_the_key_of_another_authority_is_refused(tmp_path: Path, folder: Path) -> None:
    authority.create(tmp_path / "other", "School", None, NOW)
    (folder / "ca.key").write_bytes((tmp_path / "other" / "ca.key").read_bytes())
    with pytest.raises(AuthorityError, match="do not belong together"), opened(folder, None, NOW):
        pass


def issue_without_end(folder: Path, output: Path) -> None:
    for number in range(10_000):
        with opened(folder, None, NOW) as ca:
            issue = ca.issue(f"room-{number}", "classroom")
            bundle.write_folder(bundle.for_client(issue), output / f"room-{number}")
            ca.revoke([issue.record.serial])


def test_a_kill_at_any_moment_leaves_whole_bundles_all_of_them_on_record(tmp_path: Path, folder: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    # Not forked: this process may have threads by now.
    process = multiprocessing.get_context("spawn").Process(target=issue_without_end, args=(folder, output))
    process.start()

    def twenty_are_there() -> bool:
        Authority(folder)  # whoever reads meanwhile never finds half a register
        return len(list(output.glob("room-*"))) >= 20

    wait_until(twenty_are_there)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    known = {issued.serial for issued in Authority(folder).registry.certificates}
    bundles = list(output.glob("room-*"))
    assert len(bundles) >= 20
    for path in bundles:
        assert {file.name for file in path.iterdir()} == {"ca.pem", "mqtt.key", "mqtt.pem"}
        certificate = x509.load_pem_x509_certificate((path / "mqtt.pem").read_bytes())
        assert f"{certificate.serial_number:x}" in known
    with opened(folder, None, NOW) as ca:  # nothing stands in the way of the next command
        ca.issue("room-after", "classroom")
    assert json.loads((folder / "registry.json").read_bytes())["version"] == 1
