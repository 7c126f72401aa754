"""central.toml: what it may say, and what is said of its mistakes."""

from __future__ import annotations

import tomllib
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from central.__main__ import main
from central.config import SchoolSettings, Settings, WebSettings, load, parse
from edge.errors import ConfigError
from edge.typed_toml import kinds
from tests.central.accounts import anothers, public_folder

EXAMPLE = Path(__file__).parents[2] / "systemd" / "central.toml"
PLACE = Path("/etc/classpulse-central/central.toml")


def test_what_is_coarser_is_kept_for_as_long_where_nothing_is_said_of_it(tmp_path: Path) -> None:
    settings = parse('[mqtt]\nhost = "broker"\n[store]\nkeep_days = 500\n', tmp_path / "central.toml")
    assert [kept.days for kept in settings.store.keeps.values()] == [500, 500, 500, 3650]


def test_a_broker_is_enough() -> None:
    settings = parse('[mqtt]\nhost = "broker.school.example"\n', PLACE)
    live, late = settings.mqtt.live(), settings.mqtt.late()
    assert (live.host, live.port, live.tls) == ("broker.school.example", 8883, True)
    assert live.kept is not None
    assert late.kept is not None
    assert (live.kept.client_id, live.kept.expiry_seconds) == ("classpulse-central", 604_800)
    assert (late.kept.client_id, late.kept.expiry_seconds) == ("classpulse-central-late", 604_800)
    assert len(late.kept.client_id) <= 23  # more a broker need not take
    assert [kept.days for kept in settings.store.keeps.values()] == [30, 30, 400, 3650]
    assert settings.web.plain
    assert settings.school.zone.key == "UTC"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sesion_days = 3", "mqtt.sesion_days is an unknown key; did you mean session_days?"),
        ('client_id = "a b"', "mqtt.client_id is"),
        ('client_id = "classpulse-central1"', "at most 18"),
        ("session_days = 29", "above what is allowed"),  # the broker would forget it sooner
        ('key_file = "k.pem"', "mqtt.key_file is of no use without certificate_file"),
        ("tls = false", "is not this machine"),
        ('password = "x"', "is a secret"),
        ("[store]\nkeep_days = 0", "below what is allowed"),
        ('[store]\npath = "central.db"', "begins with /"),
        ('[clock]\nsynchronised = "maybe"', '"required" or "assumed"'),
        ('classroom = "room-101"', "mqtt.classroom is an unknown key"),
        ("[store]\nkeep_hours_days = 20", "is 20, but minutes are kept for 30"),
        ('[web]\nlisten = "0.0.0.0"', "without TLS: anybody on the way could read names"),
        ('[web]\nlisten = "school.example"', "which is no IP address"),
        ("[web]\nport = 443", "below what is allowed"),
        ('[web]\ncertificate_file = "web.pem"', "web.certificate_file is of no use without key_file"),
        ('[web]\nbehind_proxy = "192.0.2.1"', "without the address that browsers know the proxy by"),
        ('[web]\norigin = "https://school.example/"', "web.origin is"),
        ('[web]\norigin = "https://school.example"', "but nobody speaks TLS"),
        ('[web]\nmetrics_token = "x"', "is a secret"),
        ('[school]\ntimezone = "Europe/Berln"', 'did you mean "Europe/Berlin"?'),
        ('[school]\ntimezone = "../../etc/passwd"', "which no time zone is called"),
        ('[school]\nname = " "', "school.name is"),
    ],
)
def test_a_mistake_is_named_with_its_line(line: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(f'[mqtt]\nhost = "broker.school.example"\n{line}\n', PLACE)
    assert message in str(error.value)
    assert str(error.value).startswith(f"{PLACE}:{3 + line.count(chr(10))}: ")


def test_the_example_is_right_and_explains_every_key_with_its_default() -> None:
    settings = load(EXAMPLE)
    text = EXAMPLE.read_text(encoding="utf-8")
    for kind in kinds(Settings).values():
        assert kind.table is not None
        for key in kinds(kind.table):
            assert f"\n{key} = " in text or f"\n# {key} = " in text, key
    # What is commented out shows the defaults.
    shown = tomllib.loads("\n".join(line.removeprefix("# ") if " = " in line else line for line in text.splitlines()
                                    if not line.startswith("# ") or _is_key(line)))  # fmt: skip
    assert shown["mqtt"]["session_days"] == settings.mqtt.session_days
    assert shown["mqtt"]["client_id"] == settings.mqtt.client_id
    assert shown["mqtt"]["port"] == settings.mqtt.port
    assert shown["mqtt"]["keepalive_seconds"] == settings.mqtt.keepalive_seconds
    days = [kept.days for kept in settings.store.keeps.values()]
    keys = ("keep_days", "keep_minutes_days", "keep_hours_days", "keep_days_days")
    assert shown["store"] == {"path": str(settings.store.path), **dict(zip(keys, days, strict=True))}
    assert shown["clock"] == {"synchronised": settings.clock.synchronised}
    examples = (
        {"certificate_register"},
        {"certificate_file", "key_file", "origin", "behind_proxy", "metrics_token_file"},
    )
    for table, unset in zip((settings.school, settings.web), examples, strict=True):
        defaults = {name: value for name, value in vars(table).items() if name not in unset}
        assert {name: value for name, value in shown[_name(table)].items() if name not in unset} == defaults


def test_what_the_example_shows_of_the_web_goes_together() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    for key in ("certificate_file", "key_file", "origin", "metrics_token_file"):
        text = text.replace(f"\n# {key} = ", f"\n{key} = ")
    settings = parse(text.replace('# listen = "127.0.0.1"', 'listen = "::"'), EXAMPLE)
    assert not settings.web.plain
    assert settings.web.key_file == EXAMPLE.parent / "web.key"


def _name(table: SchoolSettings | WebSettings) -> str:
    return type(table).__name__.removesuffix("Settings").lower()


def _is_key(line: str) -> bool:
    return line.removeprefix("# ").split(" = ")[0].replace("_", "").isalpha()


def test_check_config_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "central.toml"
    config.write_text('[mqtt]\nhost = "broker"\nca_file = "ca.pem"\n')
    assert main(["check-config", str(config)]) == 1
    assert f"{tmp_path}/ca.pem: the CA file cannot be read" in capsys.readouterr().err
    config.write_text(f'[mqtt]\nhost = "127.0.0.1"\ntls = false\n[store]\npath = "{tmp_path}/central.db"\n')
    assert main(["check-config", str(config)]) == 0
    assert "OK" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == [config]


@pytest.mark.parametrize("fault", ["no folder", "a folder", "another's folder", "another's file"])
def test_check_config_refuses_a_database_that_could_not_be_opened(
    capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    with public_folder() as folder:
        config, place, database = folder / "central.toml", folder / "data", folder / "data" / "central.db"
        config.write_text(f'[mqtt]\nhost = "127.0.0.1"\ntls = false\n[store]\npath = "{database}"\n')
        others: AbstractContextManager[None] = nullcontext()
        if fault != "no folder":
            place.mkdir()
        if fault == "a folder":
            database.mkdir()
        if fault == "another's folder":
            others = anothers(place, 0o555)
        if fault == "another's file":
            database.touch()
            place.chmod(0o777)
            others = anothers(database, 0o444)
        with others:
            assert main(["check-config", str(config)]) == 1
        assert f"{database}: the database cannot be opened" in capsys.readouterr().err


def test_serve_refuses_a_wrong_config_with_its_own_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--config", str(tmp_path / "missing.toml")]) == 78
    assert "copy the example central.toml there" in capsys.readouterr().err
