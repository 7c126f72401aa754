"""What stands in the school's certificates: an authority, its clients, its brokers, and what it has revoked.

Keys are on the curve P-256: TLS 1.3 demands it of everybody (RFC 8446, 9.1), and every OpenSSL, GnuTLS or mbed TLS that
a broker or a subscriber was built with has it; Ed25519 is optional there, and RSA keys are slow on a Pi.
Python 3.13 and later verify strictly (RFC 5280): every certificate names its key, its signer's key and its use.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from central.pki_files import AuthorityError

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_HOST = 253
_LONGEST_SCHOOL = 32  # with the rest of the authority's name at most 64 (RFC 5280, ub-common-name)

Extensions = list[tuple[x509.ExtensionType, bool]]
"""Each with whether whoever does not know it must refuse the certificate."""


@dataclass(frozen=True)
class Period:
    """When a certificate is valid: aware UTC, whole seconds."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Signer:
    """An authority with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def client(self, name: str, key: ec.EllipticCurvePublicKey, period: Period, serial: int) -> x509.Certificate:
        """Of a classroom or a reader, which the broker calls by name. It cannot serve as a broker's."""
        return self._sign(name, key, period, serial, ExtendedKeyUsageOID.CLIENT_AUTH, [])

    def server(
        self, hosts: Iterable[str], key: ec.EllipticCurvePublicKey, period: Period, serial: int
    ) -> x509.Certificate:
        """Of a broker at these names and addresses. It cannot serve as a client's."""
        names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
        return self._sign("ClassPulse broker", key, period, serial, ExtendedKeyUsageOID.SERVER_AUTH, [(names, False)])

    def revocations(self, revoked: Iterable[tuple[int, datetime]], number: int, issued_at: datetime) -> bytes:
        """The list (PEM) of revoked serial numbers, each with the time of its revocation.

        It lasts as long as the authority: an expired list would lock every classroom out, and protects from
        nothing where the broker reads it from its own disk.
        """
        signer = self._signer()
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(issued_at)
            .next_update(self.certificate.not_valid_after_utc)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(signer, critical=False)
        )
        for serial, revoked_at in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(revoked_at).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def _signer(self) -> x509.AuthorityKeyIdentifier:
        own = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)

    def _sign(
        self, name: str, key: ec.EllipticCurvePublicKey, period: Period, serial: int, use: x509.ObjectIdentifier,
        more: Extensions,
    ) -> x509.Certificate:  # fmt: skip
        extensions: Extensions = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_key_usage(digital_signature=True), True),
            (x509.ExtendedKeyUsage([use]), False),
            (x509.SubjectKeyIdentifier.from_public_key(key), False),
            (self._signer(), False),
            *more,
        ]
        subject = _name(name)
        return _certificate(subject, self.certificate.subject, key, period, serial, extensions).sign(
            self.key, hashes.SHA256()
        )


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def authority(school: str, key: ec.EllipticCurvePrivateKey, period: Period, serial: int) -> x509.Certificate:
    """An authority's own certificate. It signs clients and brokers, and no further authorities."""
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    # A second authority of the same school needs another name: programs look signers up by it.
    subject = _name(f"{school} ClassPulse CA {own.digest[:4].hex()}")
    extensions: Extensions = [
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_key_usage(key_cert_sign=True, crl_sign=True), True),
        (own, False),
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), False),
    ]
    return _certificate(subject, subject, key.public_key(), period, serial, extensions).sign(key, hashes.SHA256())


def school_name(written: str) -> str:
    """The name as it may stand in a certificate. Raises AuthorityError."""
    if not written.strip() or not written.isprintable() or len(written) > _LONGEST_SCHOOL:
        raise AuthorityError(f"the school's name {written[:80]!a} is not 1 to {_LONGEST_SCHOOL} characters of text")
    return written.strip()


def host_name(written: str) -> str:
    """A broker's DNS name, in small letters, or its IP address. Raises AuthorityError."""
    name = written.lower()
    try:
        if "%" not in written:  # an IPv6 zone means something on one machine only
            return str(ipaddress.ip_address(written))
    except ValueError:
        pass
    labels = name.split(".")
    # All digits in the last label: an IP address with a mistake in it.
    right = all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdecimal()
    if not right or len(name) > _LONGEST_HOST:
        raise AuthorityError(
            f"{written[:80]!a} is neither a host name nor an IP address; write it without scheme, port and wildcard, "
            "an international name in its form xn--..."
        )
    return name


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature, key_cert_sign=key_cert_sign, crl_sign=crl_sign, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, period: Period, serial: int,
    extensions: Extensions,
) -> x509.CertificateBuilder:  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(period.start)
        .not_valid_after(period.end)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder
