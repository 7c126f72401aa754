from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.config import AuthorisationSettings, Settings, load, parse
from edge.errors import ConfigError

HERE = Path("/etc/classpulse/edge.toml")
VALID = """\
classroom = "room-101"

[authorisation]
basis = "safety"
approved_by = "A. Smith"
reference = "DPIA 1"
expires = 2030-07-31

[camera]
source = "picamera2"

[mqtt]
host = "broker.example"
"""


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, HERE)
    return str(caught.value).splitlines()


def test_everything_left_out_has_the_documented_default() -> None:
    settings = parse(VALID, HERE)
    assert settings.detector.min_face == 40
    assert settings.recognition.gallery == Path("/var/lib/classpulse/gallery.bin")
    assert settings.recognition.threshold is None
    assert settings.report.labels == ("angry", "happy", "neutral", "sad", "tired")
    assert (settings.mqtt.port, settings.mqtt.tls) == (8883, True)
    assert settings.runtime.models is None


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = (
        VALID.replace("room-101", "Room 101").replace("picamera2", "picamera") + 'port = "8883"\nprot = 1\n[reprot]\n'
    )
    assert mistakes(text) == [
        f'{HERE}:1: classroom is "Room 101"; write a-z, 0-9 and "-", at most 63 of them, such as "room-101"',
        f'{HERE}:10: camera.source is "picamera"; did you mean "picamera2"?',
        f'{HERE}:14: mqtt.port must be a whole number, is "8883"; write a whole number from 1 to 65535',
        f"{HERE}:15: mqtt.prot is an unknown key; did you mean port?",
        f"{HERE}:16: reprot is an unknown table; did you mean report?",
    ]


def test_the_problems_are_there_for_programs_too() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(VALID + "port = 0\n", HERE)
    (problem,) = caught.value.problems
    assert (problem.line, problem.key, problem.reason) == (14, "mqtt.port", "is 0, below what is allowed")
    assert caught.value.exit_code == 78


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        # Unknown keys.
        ("[detector]\nmin_fase = 30", "detector.min_fase is an unknown key; did you mean min_face?"),
        ("[spool]\nclassroom = 'x'", "spool.classroom is an unknown key; classroom belongs at the top"),
        ("[health]\nport = 1", "health.port is an unknown key; port belongs in [mqtt]"),
        ("[spool]\nconfidence = 1", "confidence belongs in [detector] or in [report]"),
        ("[spool]\nzzz = 1", "spool.zzz is an unknown key; remove it; known here: path, max_age_days, max_megabytes"),
        ('[spool]\n"a\\nb" = 1', 'spool."a\\nb" is an unknown key'),
        ("[[spool]]\npath = '/x'", "spool must be a table, is a list; write [spool] once"),
        # Types.
        ("[camera.width]", "camera.width must be a whole number, is a table"),
        ("[detector]\nmin_face = true", "detector.min_face must be a whole number, is true"),
        ("[detector]\nmin_face = 40.0", "detector.min_face must be a whole number, is 40.0"),
        ("[detector]\nconfidence = true", "detector.confidence must be a number, is true"),
        ("[detector]\nmethod = 1", "detector.method must be text in quotes, is 1"),
        ("[camera]\nloop = 'yes'", 'camera.loop must be true or false, is "yes"; write true or false'),
        ("[spool]\npath = ['/x']", "spool.path must be text in quotes, is a list"),
        ("[report]\nlabels = 'tired'", 'report.labels must be a list, is "tired"'),
        # Ranges.
        ("[detector]\nconfidence = 0.05", "is 0.05, below what is allowed; write a number from 0.1 to 0.99"),
        ("[detector]\nconfidence = nan", "detector.confidence is nan; write a number from 0.1 to 0.99"),
        ("[report]\nconfidence = inf", "report.confidence is inf; write a number from 0 to 1"),
        ("[spool]\nmax_megabytes = 0x" + "f" * 5000, "is a number of more than 19 digits, above what is allowed"),
        # Choices.
        ("[detector]\nmethod = 'MTCNN'", 'detector.method is "MTCNN"; did you mean "mtcnn"? Write "mtcnn" or "haar"'),
        ("[report]\nlabels = []", 'report.labels is an empty list; write a list of at least one of "angry"'),
        ("[report]\nlabels = ['tired', 'tired']", 'report.labels element 2 is "tired" again; write each once'),
        ("[report]\nlabels = ['tierd']", 'report.labels element 1 is "tierd"; did you mean "tired"? Write'),
        # Paths.
        ("[spool]\npath = 'spool.db'", 'spool.path is "spool.db", which is not an absolute path; write a path in'),
        ("[recognition]\ngallery = 'credential:g'", "recognition.gallery is"),
        ("[recognition]\nkey_file = ''", "recognition.key_file is not a path; write a path in quotes"),
        ("[recognition]\nkey_file = '~/key'", 'is "~/key", but a service has no home folder; write the path from / on'),
        ("[recognition]\nkey_file = 'credential:../k'", "cannot be the name of a credential"),
        # What two values mean together.
        ("[detector]\nmin_face = 800", "detector.min_face is 800, larger than a frame: camera.height is 720"),
        (
            "[report]\ninterval_seconds = 1",
            "report.minimum_readings is 3, but in report.interval_seconds = 1 a face is",
        ),
    ],
)
def test_a_mistake_says_what_is_wrong_and_what_to_write(lines: str, message: str) -> None:
    table = lines.splitlines()[0]
    text = VALID.replace(table, lines) if table in VALID else VALID + lines
    (told,) = mistakes(text)
    assert message in told


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('certificate_file = "a.pem"', "mqtt.certificate_file is of no use without key_file; write key_file too"),
        ('key_file = "a.key"', "mqtt.key_file is of no use without certificate_file"),
        ('username = "room-101"', "mqtt.username is of no use without password_file"),
        ('password_file = "p"', "mqtt.password_file is of no use without username"),
        ("tls = false", "mqtt.tls is false, and broker.example is not this machine"),
    ],
)
def test_the_broker_is_not_spoken_to_half_secured(keys: str, message: str) -> None:
    (told,) = mistakes(VALID + keys)
    assert message in told
    assert told.startswith(f"{HERE}:14: ")


def test_a_wrong_key_file_is_one_mistake_and_not_two() -> None:
    (told,) = mistakes(VALID + 'certificate_file = "a.pem"\nkey_file = 1\n')
    assert "mqtt.key_file must be text" in told


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"])
def test_tls_may_be_off_towards_this_machine(host: str) -> None:
    assert not parse(VALID.replace("broker.example", host) + "tls = false", HERE).mqtt.tls


@pytest.mark.parametrize("host", ["192.168.1.5", "fe80::1%eth0", "localhost.example", "127.0.0.1.example"])
def test_tls_may_not_be_off_towards_another_machine(host: str) -> None:
    assert "is not this machine" in mistakes(VALID.replace("broker.example", host) + "tls = false")[0]


@pytest.mark.parametrize(
    "host", ["mqtt://broker", "broker:1883", "127.0.0.1:1883", "[::1]", "", "a b", "broker/", "user:hunter2@broker"]
)
def test_a_host_is_a_name_or_an_address_and_nothing_more(host: str) -> None:
    (told,) = mistakes(VALID.replace("broker.example", host))
    assert told.startswith(f"{HERE}:13: mqtt.host is ")
    assert "hunter2" not in told


@pytest.mark.parametrize("key", ["password", "key", "secret", "token", "api_key", "Access-Token"])
@pytest.mark.parametrize("table", ["", "[spool]", "[mqtt.deep.er]", "[[cloud]]"])
def test_secrets_are_refused_and_not_repeated(table: str, key: str) -> None:
    line = f'{key} = "hunter2"\n'
    text = f"{VALID}{table}\n{line}" if table else line + VALID
    told = [message for message in mistakes(text) if "is a secret" in message]
    assert len(told) == 1
    assert f":{text.splitlines().index(line.strip()) + 1}: " in told[0]
    assert "put it into a file" in told[0]
    assert not any("hunter2" in message for message in mistakes(text))


def test_the_remedy_for_a_secret_names_the_key_for_its_file() -> None:
    assert 'write password_file = "/path/of/it"' in mistakes(VALID + 'password = "hunter2"')[0]


def test_a_key_pasted_in_place_of_its_path_is_not_repeated() -> None:
    (told,) = mistakes(VALID + 'username = "room-101"\npassword_file = """\n-----BEGIN KEY-----\nhunter2"""')
    assert "mqtt.password_file is not a path" in told
    assert "BEGIN" not in told


def test_without_authorisation_the_message_says_what_it_is_and_what_it_is_not() -> None:
    text = VALID[: VALID.index("[authorisation]")] + VALID[VALID.index("[camera]") :]
    (told,) = mistakes(text)
    assert 'authorisation is missing; write [authorisation] with basis = "medical" | "safety" | "outside-eu"' in told
    assert "does not make a use lawful" in told
    assert "Art. 5(1)(f)" in told


@pytest.mark.parametrize("line", ['basis = "consent"', "basis = 1", ""])
def test_authorisation_has_no_default_basis(line: str) -> None:
    (told,) = mistakes(VALID.replace('basis = "safety"', line))
    assert "authorisation.basis" in told
    assert "there is no default" in told


@pytest.mark.parametrize("expires", ['"2030-07-31"', "2030-07-31T12:00:00Z", "12:00:00", "2030"])
def test_authorisation_expires_on_a_day(expires: str) -> None:
    (told,) = mistakes(VALID.replace("2030-07-31", expires))
    assert told.startswith(f"{HERE}:7: authorisation.expires ")
    assert "such as 2030-07-31" in told


@pytest.mark.parametrize("key", ["approved_by", "reference"])
def test_authorisation_is_not_signed_by_nobody(key: str) -> None:
    text = VALID.replace('"A. Smith"' if key == "approved_by" else '"DPIA 1"', '"  "')
    (told,) = mistakes(text)
    assert f"authorisation.{key} is " in told


def test_relative_paths_begin_at_the_folder_of_the_config() -> None:
    settings = parse(VALID.replace("picamera2", "clips/a.mp4") + 'ca_file = "ca.pem"', HERE)
    assert settings.mqtt.ca_file == Path("/etc/classpulse/ca.pem")
    assert settings.camera.source == "/etc/classpulse/clips/a.mp4"


@pytest.mark.parametrize("source", ["picamera2", "/dev/video0", "rtsp://camera.example/1", "rtsp://user@[::1]:554"])
def test_cameras_are_taken_as_they_are_written(source: str) -> None:
    assert parse(VALID.replace("picamera2", source), HERE).camera.source == source


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("rtsp://user:hunter2@camera.example/1", id="password before the host"),
        pytest.param("rtsp://camera.example/1?user=a&password=hunter2", id="password in the query"),
        pytest.param("http://user:hunter2@camera.example/", id="another scheme"),
    ],
)
def test_a_camera_address_with_a_password_is_refused_and_not_repeated(source: str) -> None:
    (told,) = mistakes(VALID.replace("picamera2", source))
    assert "camera.source holds a password" in told
    assert "hunter2" not in told


@pytest.mark.parametrize("source", ["http://camera.example/1", "rstp://camera.example", "rtsp://", "rtsp:///path"])
def test_another_address_is_no_camera(source: str) -> None:
    assert "is not the address of a network camera" in mistakes(VALID.replace("picamera2", source))[0]


def test_credentials_come_from_the_folder_that_systemd_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "camera").write_text("rtsp://user:hunter2@camera.example/1\n", encoding="utf-8")
    text = VALID.replace("picamera2", "credential:camera") + '[recognition]\nkey_file = "credential:gallery.key"'
    settings = parse(text, HERE)
    assert settings.recognition.key_file == tmp_path / "gallery.key"
    assert settings.camera.source == "rtsp://user:hunter2@camera.example/1"
    assert "hunter2" not in repr(settings)


def test_a_camera_credential_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (told,) = mistakes(VALID.replace("picamera2", "credential:camera"))
    assert "cannot be read; put rtsp://user:password@host/path into it" in told


@pytest.mark.parametrize("directory", [None, ""])
def test_credentials_outside_of_a_service_are_the_files_beside_the_config(
    directory: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if directory is None:
        monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    else:
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", directory)
    settings = parse(VALID + '[recognition]\nkey_file = "credential:gallery.key"', HERE)
    assert settings.recognition.key_file == Path("/etc/classpulse/gallery.key")
    (told,) = mistakes(VALID.replace("picamera2", "credential:camera"))
    assert 'is "credential:camera", and /etc/classpulse/camera cannot be read' in told


def test_a_syntax_mistake_names_its_line() -> None:
    (told,) = mistakes(VALID + "port = tcp\n")
    assert told.startswith(f"{HERE}:14: Invalid value; write key = value")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            VALID.encode() + b"# caf\xe9\n", ":14: byte 0xe9 is not UTF-8; save the file as UTF-8", id="Latin-1"
        ),
        pytest.param(VALID.encode("utf-16"), ":1: byte 0xff is not UTF-8", id="UTF-16"),
        pytest.param(b"#" * 1_000_001, ": is larger than 1 MB", id="a file of another kind"),
        pytest.param(b"", ":1: classroom is missing", id="empty"),
        pytest.param(b"\0" * 10, ":1: Invalid statement", id="zeros, as after a power cut"),
    ],
)
def test_a_file_that_is_no_config_is_told_so(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "edge.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert f"{path}{message}" in str(caught.value)


def test_a_byte_order_mark_and_carriage_returns_are_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_bytes(VALID.replace("\n", "\r\n").encode("utf-8-sig"))
    assert load(path) == parse(VALID, path)


@pytest.mark.parametrize("name", [".", "missing.toml", "missing/edge.toml", "\0", "x" * 5000])
def test_a_file_that_cannot_be_read_is_told_with_its_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read|there is no such file") as caught:
        load(tmp_path / name)
    assert str(tmp_path) in str(caught.value)


@pytest.fixture
def nobody() -> Iterator[None]:
    """Root may read everything: be somebody else."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield
    os.seteuid(before)


def test_a_file_without_permission_is_told(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(VALID, encoding="utf-8")
    path.chmod(0)
    request.getfixturevalue("nobody")
    with pytest.raises(ConfigError, match="cannot be read: Permission denied; name a file that this user may read"):
        load(path)


def test_settings_cannot_be_changed() -> None:
    settings = parse(VALID, HERE)
    assert isinstance(settings, Settings)
    with pytest.raises(AttributeError):
        settings.authorisation.basis = "medical"  # type: ignore[misc]
    assert isinstance(settings.authorisation, AuthorisationSettings)


def test_a_classifier_may_recognise_the_students_in_the_gallerys_place() -> None:
    recognition = parse(VALID + '[recognition]\nmethod = "classifier"\n', HERE).recognition
    assert (recognition.method, recognition.classifier) == ("classifier", "face-classifier")
    (told,) = mistakes(VALID + '[recognition]\nmethod = "clasifier"\n')
    assert 'did you mean "classifier"? Write "gallery" or "classifier"' in told
