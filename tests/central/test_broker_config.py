"""What `broker-config` writes, and where; tests/integration/test_school_broker.py starts it."""

from __future__ import annotations

import os
import pwd
import re
import stat
from pathlib import Path

import pytest
from cryptography import x509

from central.__main__ import main
from central.authority import Authority
from tests.central.accounts import anothers, public_folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["pki", "init", "--no-passphrase"]) == 0
    return tmp_path


def write(*arguments: str) -> int:
    return main(["broker-config", "--host", "broker.school.example", *arguments])


def settings(config: Path) -> dict[str, str]:
    """Each line of a mosquitto.conf that is none of its comments."""
    lines = [line for line in config.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split(" ", 1) for line in lines if not line.startswith("log_type"))


@pytest.mark.parametrize("layout", [[], ["--debian"]])
def test_every_setting_says_why_it_is_there(folder: Path, layout: list[str]) -> None:
    assert write("broker", *layout) == 0
    config = folder / "broker" / ("conf.d/classpulse.conf" if layout else "mosquitto.conf")
    explained = False
    for line in config.read_text().splitlines():
        if line.startswith("#"):
            explained = True
        elif not line:
            explained = False
        elif not line.startswith(("listener", "log_", "connection_messages")):
            assert explained, line


def test_the_files_that_the_configuration_names_are_there(folder: Path) -> None:
    assert write("broker") == 0
    told = settings(folder / "broker" / "mosquitto.conf")
    named = [told[key] for key in ("acl_file", "cafile", "certfile", "keyfile", "crlfile", "persistence_location")]
    assert all(Path(path).is_absolute() and Path(path).exists() for path in named)
    assert told["listener"] == "8883"


def test_debians_layout_leaves_to_debian_what_its_own_file_says(folder: Path) -> None:
    assert write("etc", "--debian", "--at", "/etc/mosquitto") == 0
    told = settings(folder / "etc" / "conf.d" / "classpulse.conf")
    # Mosquitto ends at start when one of these is given twice.
    assert not {"persistence_location", "pid_file", "log_dest"} & told.keys()
    assert told["keyfile"] == "/etc/mosquitto/classpulse/server.key"
    assert (folder / "etc" / "classpulse" / "server.key").exists()


def test_the_broker_is_certified_for_all_its_names(folder: Path) -> None:
    assert write("broker", "--also", "10.0.0.5", "localhost", "fd00::5") == 0
    certificate = x509.load_pem_x509_certificate((folder / "broker/classpulse/server.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["broker.school.example", "10.0.0.5", "localhost", "fd00::5"]


def test_classrooms_learn_from_it_where_the_broker_is(folder: Path) -> None:
    assert write("broker", "--port", "8884") == 0
    assert main(["pki", "issue", "room-101"]) == 0
    config = (folder / "room-101" / "edge.toml").read_text()
    assert 'host = "broker.school.example"\nport = 8884\n' in config


def test_where_nothing_may_be_written_nothing_is_certified_and_sudo_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with public_folder() as etc:
        for place, layout in (("mosquitto", ["--debian"]), ("new/folder", [])):
            with anothers(etc, 0o555):
                assert write(str(etc / place), *layout) == 1
            assert "cannot be written: Permission denied; run it with sudo" in capsys.readouterr().err
        assert list(etc.iterdir()) == []
    assert Authority(folder / "pki").registry.certificates == ()


def test_every_folder_above_may_be_entered_by_mosquitto_whatever_the_umask(folder: Path) -> None:
    before = os.umask(0o077)
    try:
        assert write("for/the/broker") == 0
    finally:
        os.umask(before)
    for path in ("for", "for/the", "for/the/broker"):
        assert oct(stat.S_IMODE((folder / path).stat().st_mode)) == "0o755", path


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_the_key_and_the_access_list_are_for_the_broker_only(folder: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        assert write("broker") == 0
    finally:
        os.umask(before)
    for path, mode in {
        ".": 0o755, "mosquitto.conf": 0o644, "classpulse": 0o755, "classpulse/server.key": 0o600,
        "classpulse/access.list": 0o600, "classpulse/crl.pem": 0o644, "data": 0o700,
    }.items():  # fmt: skip
        assert oct(stat.S_IMODE((folder / "broker" / path).stat().st_mode)) == oct(mode), path


def test_written_by_root_it_belongs_to_mosquitto(folder: Path) -> None:
    try:
        account = pwd.getpwnam("mosquitto")
    except KeyError:
        pytest.skip("Mosquitto is not installed")
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    assert write("broker") == 0
    owned = [*(folder / "broker" / "classpulse").iterdir(), folder / "broker" / "data"]
    assert {path.stat().st_uid for path in owned} == {account.pw_uid}
    assert (folder / "broker" / "mosquitto.conf").stat().st_uid == 0


def test_a_configuration_for_another_machine_says_whose_its_files_must_be(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert write("etc", "--debian", "--at", "/etc/mosquitto") == 0
    assert "sudo chown -R mosquitto:mosquitto /etc/mosquitto/classpulse" in capsys.readouterr().out


@pytest.mark.parametrize("there", ["mosquitto.conf", "classpulse/server.key"])
def test_a_configuration_that_is_there_is_not_overwritten(
    folder: Path, capsys: pytest.CaptureFixture[str], there: str
) -> None:
    path = folder / "broker" / there
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    assert write("broker") == 1
    assert "exists already" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert Authority(folder / "pki").registry.certificates == ()


def test_the_access_list_has_no_line_for_everything(folder: Path) -> None:
    assert write("broker") == 0
    rules = [
        line
        for line in (folder / "broker/classpulse/access.list").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert rules[0] == "user central"
    for rule in rules[1:]:
        assert re.fullmatch(
            r"(topic deny classpulse/v1/central|topic read classpulse/v1/\+|pattern write classpulse/v1/%u)"
            r"/(observation|observation/late|status|health)",
            rule,
        )
