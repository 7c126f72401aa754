"""Mosquitto, started with exactly what `broker-config` wrote, and clients with what `pki issue` wrote."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.config import MqttSettings, SpoolSettings, load
from edge.connection import Backoff
from edge.errors import BrokerError, ConfigError
from edge.publisher import Publisher
from edge.records import Observation
from edge.spool import Spool
from tests.brokers import MOSQUITTO, wait_until
from tests.school import STATUS, Peer, School, WrittenBroker, central, now, try_session

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed"),
]

SEEN = "classpulse/v1/{}/observation"
NOT_AUTHORISED = 0x87


@pytest.fixture
def debians_broker(school: School) -> Iterator[WrittenBroker]:
    """Beside a main configuration as Debian's package brings it, in which only the paths are others."""
    target = school.folder / "etc"
    for folder in (target / "conf.d", school.folder / "lib", school.folder / "log"):
        folder.mkdir(parents=True)
        folder.chmod(0o777)
    main = target / "mosquitto.conf"
    main.write_text(
        f"persistence true\npersistence_location {school.folder}/lib/\n"
        f"log_dest file {school.folder}/log/mosquitto.log\ninclude_dir {target}/conf.d\n"
    )
    assert central("broker-config", target, "--debian", "--host", "127.0.0.1", "--port", school.port,
                   "--pki", school.pki, "--bind", "127.0.0.1") == 0  # fmt: skip
    with WrittenBroker(main, school.port) as broker:
        school.issue("room-101", "central")
        yield broker


def test_beside_debians_own_configuration_it_decides_saves_and_logs_as_that_says(
    school: School, debians_broker: WrittenBroker
) -> None:
    with Peer(school.settings("central")) as reader, Peer(school.settings("room-101")) as room:
        reader.subscribe("#")
        assert room.publish(SEEN.format("room-102")) == NOT_AUTHORISED
        room.publish(STATUS.format("room-101"), b"online", retain=True)
        reader.wait(lambda: reader.messages == [(STATUS.format("room-101"), b"online", False)])
    debians_broker.stop()
    assert b"online" in (school.folder / "lib" / "mosquitto.db").read_bytes()
    assert "room-101" in (school.folder / "log" / "mosquitto.log").read_text()
    debians_broker.start()
    with Peer(school.settings("central")) as reader:
        reader.subscribe("#")
        reader.wait(lambda: reader.messages == [(STATUS.format("room-101"), b"online", True)])


def fill_in(config: Path) -> None:
    text = config.read_text()
    for old, new in (
        ("# basis", "basis"), ("# approved_by", "approved_by"), ("# reference", "reference"),
        ("# expires = YYYY-MM-DD", "expires = 2099-12-31"),
    ):  # fmt: skip
        assert old in text
        text = text.replace(old, new)
    config.write_text(text)


def test_a_device_with_its_bundle_publishes_and_central_reads(
    school: School, broker: WrittenBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = school.folder / "room-101"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))  # as the unit does for LoadCredential=
    fill_in(folder / "edge.toml")
    settings = load(folder / "edge.toml")
    with (
        Peer(school.settings("central")) as reader,
        Spool(SpoolSettings(path=school.folder / "spool.db")) as spool,
    ):
        reader.subscribe("classpulse/v1/#")
        with Publisher(settings.mqtt, settings.classroom, spool, 3600, Backoff(0.02, 0.1)):
            spool.put([Observation("s-001", "happy", datetime.now(UTC))])
            reader.wait(lambda: (SEEN.format("room-101"), b'{"student_id": "s-001", "emotion": "happy"}', False)
                        in reader.messages)  # fmt: skip
        status = STATUS.format("room-101")
        reader.wait(lambda: [m[1] for m in reader.messages if m[0] == status] == [b"online", b"offline"])


def test_a_bundles_config_lacks_the_authorisation_and_nothing_else(
    school: School, broker: WrittenBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(school.folder / "room-101"))
    with pytest.raises(ConfigError) as refusal:
        load(school.folder / "room-101" / "edge.toml")
    assert {problem.key for problem in refusal.value.problems} == {
        "authorisation.basis", "authorisation.approved_by", "authorisation.reference", "authorisation.expires"
    }  # fmt: skip


def test_a_classroom_publishes_as_itself_only_and_only_what_is_ours(school: School, broker: WrittenBroker) -> None:
    with Peer(school.settings("central")) as reader, Peer(school.settings("room-101")) as room:
        reader.subscribe("#")
        for topic in (
            SEEN.format("room-102"), STATUS.format("room-102"), STATUS.format("central"), "classpulse/v1/room-101",
            "classpulse/v1/room-101/picture", "classpulse/v1/room-101/observation/late/x", "elsewhere", "$SYS/x",
            "classpulse/v1//observation", "classpulse/v2/room-101/observation",
        ):  # fmt: skip
            assert room.publish(topic, retain=True) == NOT_AUTHORISED, topic
        for kind in ("observation", "observation/late", "status", "health"):
            assert room.publish(f"classpulse/v1/room-101/{kind}") < 0x80
        reader.wait(lambda: len(reader.messages) >= 4)
        reader.settle()
        assert {topic for topic, _, _ in reader.messages} == {
            f"classpulse/v1/room-101/{kind}" for kind in ("observation", "observation/late", "status", "health")
        }
        assert len(reader.messages) == 4
    with Peer(school.settings("central")) as later:
        later.subscribe("classpulse/v1/#")
        later.settle()
        assert later.messages == []


def test_a_classroom_reads_nothing_by_any_wildcard(school: School, broker: WrittenBroker) -> None:
    with (
        Peer(school.settings("central")) as reader,
        Peer(school.settings("room-102")) as other,
        Peer(school.settings("room-101")) as curious,
    ):
        reader.subscribe("classpulse/v1/#")
        for topic in (
            "#", "+/#", "classpulse/v1/#", "classpulse/+/+/+", SEEN.format("room-102"), SEEN.format("room-101"),
            "$share/g/classpulse/v1/#", "$SYS/#",
        ):  # fmt: skip
            curious.subscribe(topic)
        other.publish(STATUS.format("room-102"), b"online", retain=True)
        other.publish(SEEN.format("room-102"))
        curious.publish(SEEN.format("room-101"))
        reader.wait(lambda: len(reader.messages) == 3)
        curious.subscribe("#")  # what is retained, again
        curious.settle()
        assert curious.messages == []


def test_central_reads_and_cannot_publish(school: School, broker: WrittenBroker) -> None:
    with Peer(school.settings("central")) as reader, Peer(school.settings("room-101")) as room:
        reader.subscribe("#")
        for name in ("room-101", "central"):
            for kind in ("observation", "observation/late", "status", "health"):
                assert reader.publish(f"classpulse/v1/{name}/{kind}", retain=True) == NOT_AUTHORISED
        room.publish(STATUS.format("room-101"), b"online", retain=True)
        reader.wait(lambda: len(reader.messages) == 1)
        reader.settle()
        assert reader.messages == [(STATUS.format("room-101"), b"online", False)]
    with Peer(school.settings("central")) as later:
        later.subscribe("#")
        later.wait(lambda: len(later.messages) == 1)
        later.settle()
        assert later.messages == [(STATUS.format("room-101"), b"online", True)]


def test_a_classroom_that_takes_over_a_readers_session_gets_nothing_of_it(
    school: School, broker: WrittenBroker
) -> None:
    with Peer(school.settings("central"), "the-dashboard", lasting=True) as reader:
        reader.subscribe("classpulse/v1/#")
    with Peer(school.settings("room-102")) as room:
        room.publish(SEEN.format("room-102"))
        with Peer(school.settings("room-101"), "the-dashboard", lasting=True) as thief:
            room.publish(SEEN.format("room-102"))
            thief.settle()
            assert thief.messages == []


def test_revoked_is_refused_from_a_reload_on_and_gone_after_a_restart(school: School, broker: WrittenBroker) -> None:
    revoked, other = school.settings("room-101"), school.settings("room-102")
    try_session(other, "room-102")
    with Peer(revoked) as connected:
        # Twice within a second: the later list must win, although the reload keeps the former one.
        moment = now()
        school.revoke_at(moment, "room-101")
        broker.reload()
        refused_in_the_end(revoked)
        try_session(other, "room-102")
        school.revoke_at(moment, "room-102")
        broker.reload()
        refused_in_the_end(other)
        refused_in_the_end(revoked)
        assert connected.publish(SEEN.format("room-101")) < 0x80  # which is why a restart is asked for
        broker.stop()
        broker.start()
        refused_in_the_end(revoked)
        connected.wait(lambda: not connected.connected)
    try_session(school.settings("central"))


def refused_in_the_end(settings: MqttSettings) -> None:
    """A reload takes a moment."""

    def refused() -> bool:
        try:
            try_session(settings)
        except BrokerError as error:
            return "this client's certificate is revoked" in str(error)
        return False

    wait_until(refused)


def test_old_and_renewed_work_side_by_side_until_the_old_is_revoked(school: School, broker: WrittenBroker) -> None:
    old = school.settings("room-101")
    folder = school.folder / "renewed"
    folder.mkdir()
    assert central("pki", "renew", "room-101", "--pki", school.pki, "--output", folder) == 0
    renewed = school.settings("room-101", folder / "room-101")
    try_session(old)
    try_session(renewed)
    assert central("pki", "revoke", "room-101", "--old", "--pki", school.pki) == 0
    school.hand_over_revocations()
    broker.reload()
    refused_in_the_end(old)
    try_session(renewed)


def test_a_renewed_broker_is_accepted_after_a_reload(school: School, broker: WrittenBroker) -> None:
    assert central("pki", "renew", "127.0.0.1", "--pki", school.pki, "--output", school.folder) == 0
    serials = {shown(broker.port, school)}
    target = school.folder / "broker" / "classpulse"
    for name in ("server.pem", "server.key"):
        (target / name).write_bytes((school.folder / "127.0.0.1" / name).read_bytes())
    broker.reload()
    wait_until(lambda: shown(broker.port, school) not in serials)
    try_session(school.settings("room-101"))


def shown(port: int, school: School) -> str:
    """The serial number of the certificate that the broker shows."""
    settings = school.settings("room-101")
    context = ssl.create_default_context(cafile=settings.ca_file)
    assert settings.certificate_file is not None
    context.load_cert_chain(settings.certificate_file, settings.key_file)
    with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(
        raw, server_hostname="127.0.0.1"
    ) as secure:  # fmt: skip
        certificate = secure.getpeercert()
        assert certificate
        return str(certificate["serialNumber"])


def test_what_is_retained_survives_a_restart(school: School, broker: WrittenBroker) -> None:
    with Peer(school.settings("room-101")) as room:
        room.publish(STATUS.format("room-101"), b"online", retain=True)
    broker.stop()
    broker.start()
    with Peer(school.settings("central")) as reader:
        reader.subscribe("classpulse/v1/#")
        reader.wait(lambda: reader.messages == [(STATUS.format("room-101"), b"online", True)])


def test_what_is_retained_survives_a_kill_some_seconds_later(school: School, broker: WrittenBroker) -> None:
    saved = school.folder / "broker" / "data" / "mosquitto.db"
    with Peer(school.settings("room-101")) as room:
        room.publish(STATUS.format("room-101"), b"online", retain=True)
        wait_until(lambda: saved.exists() and b"online" in saved.read_bytes())
        broker.kill()
    broker.start()
    with Peer(school.settings("central")) as reader:
        reader.subscribe("classpulse/v1/#")
        reader.wait(lambda: reader.messages == [(STATUS.format("room-101"), b"online", True)])


def test_a_reader_that_was_away_gets_more_than_a_broker_keeps_by_itself(school: School, broker: WrittenBroker) -> None:
    with Peer(school.settings("central"), "central", lasting=True) as reader:
        reader.subscribe("classpulse/v1/#")
    expected = [f"{number}".encode() for number in range(2000)]  # by itself, Mosquitto keeps 1000
    with Peer(school.settings("room-101")) as room:
        for payload in expected:
            assert room.publish(SEEN.format("room-101"), payload) < 0x80
    with Peer(school.settings("central"), "central", lasting=True) as reader:
        reader.wait(lambda: len(reader.messages) >= len(expected))
        assert [payload for _, payload, _ in reader.messages] == expected


def test_a_message_that_is_larger_than_any_of_ours_ends_the_connection_and_reaches_nobody(
    school: School, broker: WrittenBroker
) -> None:
    topic = SEEN.format("room-101")
    with Peer(school.settings("central")) as reader:
        reader.subscribe("classpulse/v1/#")
        with Peer(school.settings("room-101")) as room:
            assert room.publish(topic, bytes(16_000)) < 0x80
            room.send(topic, bytes(20_000))
            room.wait(lambda: not room.connected)
        reader.wait(lambda: len(reader.messages) > 0)
        reader.settle()
        assert [len(payload) for _, payload, _ in reader.messages] == [16_000]


def test_the_log_holds_neither_topics_nor_payloads(school: School, broker: WrittenBroker) -> None:
    with Peer(school.settings("central")) as reader, Peer(school.settings("room-101")) as room:
        reader.subscribe("classpulse/v1/#")
        room.publish(SEEN.format("room-101"), b'{"student_id": "s-001", "emotion": "happy"}')
        room.publish(SEEN.format("room-102"), b'{"student_id": "s-001", "emotion": "happy"}')
        reader.wait(lambda: len(reader.messages) == 1)
    broker.stop()
    log = broker.log.read_text()
    assert "room-101" in log
    assert "s-001" not in log
    assert "observation" not in log
