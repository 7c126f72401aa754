"""What stands in a certificate, judged by other verifiers than ours."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from central import authority, bundle
from central.authority import Issue, opened

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOSTS = ("broker.school.example", "10.0.0.5", "fd00::5")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    authority.create(tmp_path / "pki", "Example School", None, NOW)
    return tmp_path / "pki"


def issued(folder: Path, name: str = "room-101") -> Issue:
    with opened(folder, None, NOW) as ca:
        if name in HOSTS:
            return ca.issue(name, "broker", HOSTS)
        return ca.issue(name, "classroom")


def policy(folder: Path, at: datetime = NOW) -> PolicyBuilder:
    root = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    return PolicyBuilder().store(Store([root])).time(at)


def leaf(issue: Issue) -> x509.Certificate:
    return x509.load_pem_x509_certificate(issue.certificate)


@pytest.mark.parametrize("host", HOSTS)
def test_a_broker_is_believed_at_each_of_its_names(folder: Path, host: str) -> None:
    certificate = leaf(issued(folder, HOSTS[0]))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    subject = next(name for name in names if str(name.value) == host)
    assert isinstance(subject, x509.DNSName | x509.IPAddress)
    policy(folder).build_server_verifier(subject).verify(certificate, [])
    with pytest.raises(VerificationError):
        policy(folder).build_server_verifier(x509.DNSName("elsewhere.example")).verify(certificate, [])


def test_a_classroom_cannot_pose_as_the_broker_nor_a_broker_as_a_classroom(folder: Path) -> None:
    room, broker = issued(folder), issued(folder, HOSTS[0])
    with pytest.raises(VerificationError):
        policy(folder).build_server_verifier(x509.DNSName("room-101")).verify(leaf(room), [])
    with pytest.raises(VerificationError, match="EKU"):
        policy(folder).build_client_verifier().verify(leaf(broker), [])


def test_a_classroom_cannot_sign_for_others(folder: Path) -> None:
    usage = leaf(issued(folder)).extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert not usage.value.key_cert_sign
    assert not leaf(issued(folder, HOSTS[0])).extensions.get_extension_for_class(x509.BasicConstraints).value.ca


@pytest.mark.parametrize(("days", "accepted"), [(-2, False), (0, True), (399, True), (401, False)])
def test_a_certificate_is_good_for_400_days(folder: Path, days: int, accepted: bool) -> None:
    certificate = leaf(issued(folder))
    period = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    assert (period[0] <= NOW + timedelta(days=days) < period[1]) is accepted


def test_no_certificate_outlives_its_authority(folder: Path) -> None:
    late = NOW + timedelta(days=3500)
    with opened(folder, None, late) as ca:
        assert leaf(ca.issue("room-101", "classroom")).not_valid_after_utc == ca.expires


@pytest.fixture
def contexts(tmp_path: Path, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Of room-101 and of the broker, which verify as strictly as Python 3.13 and later do unasked."""
    with opened(folder, None, datetime.now(UTC)) as ca:
        bundle.write_folder(bundle.for_broker(ca.issue(HOSTS[0], "broker", HOSTS)), tmp_path / "broker")
        bundle.write_folder(bundle.for_client(ca.issue("room-101", "classroom")), tmp_path / "room-101")
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client.load_cert_chain(tmp_path / "room-101/mqtt.pem", tmp_path / "room-101/mqtt.key")
    server.load_cert_chain(tmp_path / "broker/server.pem", tmp_path / "broker/server.key")
    server.verify_mode = ssl.CERT_REQUIRED
    for context in (client, server):
        context.load_verify_locations(folder / "ca.pem")
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    server.load_verify_locations(folder / "crl.pem")
    server.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return client, server


def test_a_python_that_verifies_strictly_accepts_both_sides(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    shown = handshake(*contexts, "10.0.0.5")
    assert shown["subject"] == ((("commonName", "room-101"),),)


def test_a_broker_that_has_read_every_list_goes_by_the_last(
    folder: Path, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    """Mosquitto's reload puts the new list beside the old ones, and OpenSSL then asks the one with the latest date."""
    moment = datetime.now(UTC)
    for name in ("room-102", "room-101"):
        with opened(folder, None, moment) as ca:
            if name not in ca.registry.newest():
                ca.issue(name, "classroom")
            ca.revoke([ca.registry.newest()[name].serial])
        contexts[1].load_verify_locations(folder / "crl.pem")
    with pytest.raises(ssl.SSLError, match="revoked"):
        handshake(*contexts, "10.0.0.5")


def handshake(client: ssl.SSLContext, server: ssl.SSLContext, host: str) -> dict[str, object]:
    """What the server sees of the client; without a network."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(down, up, server_hostname=host)
    other = server.wrap_bio(up, down, server_side=True)
    for side in (one, other, one, other):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    certificate = other.getpeercert()
    assert certificate
    return certificate
