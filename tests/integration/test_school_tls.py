"""Who gets no TLS connection to a school's broker, and what either side is told."""

from __future__ import annotations

import socket
import ssl
from dataclasses import replace
from datetime import timedelta

import pytest

from edge.errors import BrokerError
from tests.brokers import MOSQUITTO
from tests.school import School, WrittenBroker, now, try_session

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed"),
]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_1_1_is_refused(school: School, broker: WrittenBroker) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    for newest in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2):
        context.maximum_version = newest
        with socket.create_connection(("127.0.0.1", broker.port)) as raw:
            if newest is ssl.TLSVersion.TLSv1_1:
                with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
                    context.wrap_socket(raw)
            else:
                with pytest.raises(ssl.SSLError, match=r"(?i)certificate|handshake"):
                    context.wrap_socket(raw)  # the same client, and only its certificate is missing


def another_school(school: School) -> School:
    folder = school.folder / "elsewhere"
    folder.mkdir()
    foreign = School(folder)
    foreign.port = school.port
    return foreign


def test_a_client_with_the_wrong_certificate_is_told_what_is_wrong(school: School) -> None:
    expired = school.issue_at(now() - timedelta(days=30), "room-103")
    foreign = another_school(school).issue_at(now(), "room-101")
    with school.configure_broker():
        school.issue("room-101")
        right = school.settings("room-101")
        posing = replace(
            right,
            certificate_file=school.folder / "broker/classpulse/server.pem",
            key_file=school.folder / "broker/classpulse/server.key",
        )
        early = school.issue_at(now() + timedelta(days=3), "room-104")
        for settings, said in (
            (replace(right, certificate_file=None, key_file=None), "wants a client certificate"),
            (replace(school.settings("room-101", foreign), ca_file=right.ca_file), "does not know the authority"),
            (school.settings("room-103", expired), "this client's certificate has expired"),
            (school.settings("room-104", early), "is it valid yet by the broker's clock"),
            (posing, "was not made for a client"),
        ):
            with pytest.raises(BrokerError, match=said):
                try_session(settings)
        try_session(right)


def test_a_device_says_what_is_wrong_with_the_broker(school: School) -> None:
    expired = school.issue_at(now() - timedelta(days=30), "127.0.0.1", "broker")
    elsewhere = another_school(school).issue_at(now(), "127.0.0.1", "broker")
    broker = school.configure_broker()
    school.issue("room-101")
    right = school.settings("room-101")
    renamed = school.issue_at(now(), "broker.school.example", "broker")
    early = school.issue_at(now() + timedelta(days=3), "127.0.0.1", "broker")
    own = school.folder / "broker" / "classpulse"
    for folder, certificate, key, said in (
        (expired, "server.pem", "server.key", "the broker's certificate has expired"),
        (elsewhere, "server.pem", "server.key", "signed by an unknown authority"),
        (renamed, "server.pem", "server.key", "for another name"),
        (early, "server.pem", "server.key", "not valid yet; is this machine's clock right"),
        (school.folder / "room-101", "mqtt.pem", "mqtt.key", "not a broker's"),
    ):
        (own / "server.pem").write_bytes((folder / certificate).read_bytes())
        (own / "server.key").write_bytes((folder / key).read_bytes())
        with broker, pytest.raises(BrokerError, match=said):
            try_session(right)


def test_nobody_gets_in_without_a_certificate(school: School, broker: WrittenBroker) -> None:
    nobody = replace(school.settings("room-101"), certificate_file=None, key_file=None)
    for settings in (nobody, replace(nobody, username="room-101", password_file=school.pki / "ca.pem")):
        with pytest.raises(BrokerError, match="wants a client certificate"):
            try_session(settings)
