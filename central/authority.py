"""The school's certificate authority: a folder with its key, its certificate and what it has issued.

ca.key         the key, readable by its owner only, encrypted when there is a passphrase
ca.pem         the certificate: who must be believed
registry.json  every certificate issued
crl.pem        the list of revoked ones, for the broker
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from central import certificates, pki_files, pki_registry
from central.certificates import Period, Signer
from central.pki_files import PRIVATE, AuthorityError, File, UnconfirmedError
from central.pki_registry import CENTRAL, Broker, Issued, Kind, Registry
from edge.wire import WireError, topic

DAYS, YEARS = 400, 10
"""How long a certificate and the authority last: a school year with time to spare, and an age."""
SHORTEST_PASSPHRASE = 12
"""Characters: the key's format slows guessing down by some thousand rounds only."""
LONGEST_PASSPHRASE = 1023
"""Bytes: OpenSSL takes no more for a PEM file."""

_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock that is right is behind this program."""
_BACKDATED = timedelta(days=1)
"""A device whose clock is a little behind must not be refused."""
_KEY, _CERTIFICATE, _REGISTRY, _REVOCATIONS = "ca.key", "ca.pem", "registry.json", "crl.pem"


@dataclass(frozen=True)
class Issue:
    """A certificate with its key, as it leaves the authority."""

    record: Issued
    certificate: bytes
    """PEM."""
    key: bytes = field(repr=False)
    """PEM, not encrypted: a device starts without anybody there to type."""
    authority: bytes
    """PEM: the authority's certificate."""


def create(folder: Path, school: str, passphrase: bytes | None, now: datetime, years: int = YEARS) -> None:
    """Make an authority in a new folder. passphrase None: its key is not encrypted. Raises AuthorityError."""
    if now < _EARLIEST:
        raise AuthorityError(f"this machine's clock says {now:%Y-%m-%d}: set it first")
    if passphrase is not None and len(passphrase) < SHORTEST_PASSPHRASE:
        raise AuthorityError(f"the passphrase is shorter than {SHORTEST_PASSPHRASE} characters; use a few words")
    if passphrase is not None and len(passphrase) > LONGEST_PASSPHRASE:
        raise AuthorityError(f"the passphrase is longer than {LONGEST_PASSPHRASE} bytes; use a few words")
    now = now.replace(microsecond=0)
    key = certificates.new_key()
    period = Period(now - _BACKDATED, now + timedelta(days=365.25 * years))
    serial = x509.random_serial_number()
    certificate = certificates.authority(certificates.school_name(school), key, period, serial)
    registry = Registry(revocations=1, revocations_at=now - _BACKDATED)
    signer = Signer(certificate, key)
    pki_files.write_new_folder(
        folder,
        {
            _KEY: File(_pem(key, passphrase), PRIVATE),
            _CERTIFICATE: File(certificate.public_bytes(serialization.Encoding.PEM)),
            _REGISTRY: pki_registry.serialised(registry),
            _REVOCATIONS: File(_revocations(registry, signer)),
        },
    )


class Authority:
    """An authority as it lies in its folder; reading only."""

    def __init__(self, folder: Path) -> None:
        """Raises AuthorityError when there is none in folder, or when it is damaged."""
        self.folder = folder
        if not pki_files.exists(folder / _CERTIFICATE):
            raise AuthorityError(
                f"{folder}: there is no authority here; name its folder with --pki, or make one: "
                "classpulse-central pki init"
            )
        self.certificate_pem = _read(folder / _CERTIFICATE)
        try:
            self.certificate = x509.load_pem_x509_certificate(self.certificate_pem)
        except ValueError as error:
            raise AuthorityError(f"{folder / _CERTIFICATE}: is damaged; restore it from the backup") from error
        self.registry = pki_registry.load(folder / _REGISTRY)

    @property
    def expires(self) -> datetime:
        return self.certificate.not_valid_after_utc

    @property
    def broker(self) -> Broker:
        """Where classrooms connect. Raises AuthorityError while nobody has said so."""
        if self.registry.broker is None:
            raise AuthorityError("where is the broker? Run broker-config first, or issue with --host NAME")
        return self.registry.broker

    @property
    def revocations_file(self) -> Path:
        return self.folder / _REVOCATIONS

    def needs_passphrase(self) -> bool:
        """Whether the key is encrypted. Raises AuthorityError when it cannot be read."""
        return b"ENCRYPTED" in _read(self.folder / _KEY)

    def unlisted(self) -> list[Issued]:
        """Revoked certificates that crl.pem does not tell of: the program was stopped in between."""
        try:
            known = x509.load_pem_x509_crl(_read(self.revocations_file))
        except ValueError as error:
            raise AuthorityError(f"{self.revocations_file}: is damaged; restore it from the backup") from error
        listed = {f"{entry.serial_number:x}" for entry in known}
        return [
            issued
            for issued in self.registry.certificates
            if issued.revoked_at is not None and issued.serial not in listed
        ]


class OpenAuthority(Authority):
    """An authority with its key, held against other commands: it issues and revokes."""

    def __init__(self, folder: Path, passphrase: bytes | None, now: datetime) -> None:
        """Use `opened`, which holds the lock."""
        super().__init__(folder)
        self._now = now.replace(microsecond=0)
        self._check_clock()
        self._signer = Signer(self.certificate, _key(folder / _KEY, passphrase))
        if self._signer.key.public_key() != self.certificate.public_key():
            raise AuthorityError(f"{folder}: {_KEY} and {_CERTIFICATE} do not belong together; restore both")

    def issue(self, name: str, kind: Kind, hosts: Sequence[str] = (), days: int = DAYS) -> Issue:
        """Sign a certificate for a new key, and record it.

        hosts: every name and address of a broker. Others of that name stay valid until they expire or are
        revoked. Raises AuthorityError.
        """
        key = certificates.new_key()
        serial = x509.random_serial_number()
        start = max(self._now - _BACKDATED, self.certificate.not_valid_before_utc)
        period = Period(start, min(self._now + timedelta(days=days), self.expires))
        issued = Issued(name, kind, f"{serial:x}", self._now, period.end, hosts=tuple(hosts))
        if kind == "broker":
            signed = self._signer.server(hosts, key.public_key(), period, serial)
        else:
            signed = self._signer.client(name, key.public_key(), period, serial)
        self._save(self.registry.with_issued(issued))
        return Issue(
            issued, signed.public_bytes(serialization.Encoding.PEM), _pem(key, passphrase=None), self.certificate_pem
        )

    def revoke(self, serials: Sequence[str]) -> None:
        """Record the certificates as revoked, and write a new list. Raises AuthorityError."""
        # Mosquitto's reload keeps the old list beside the new one, and OpenSSL asks the one with the later date.
        last = self.registry.revocations_at
        issued_at = self._now - _BACKDATED
        if last is not None:
            issued_at = max(issued_at, last + timedelta(seconds=1))
        revoked = self.registry.with_revoked(serials, self._now)
        self._save(replace(revoked, revocations=revoked.revocations + 1, revocations_at=issued_at))
        pki_files.replace(self.revocations_file, File(_revocations(self.registry, self._signer)))

    def use_broker(self, broker: Broker) -> None:
        """Remember where classrooms connect."""
        self._save(replace(self.registry, broker=broker))

    def _save(self, registry: Registry) -> None:
        try:
            pki_registry.save(registry, self.folder / _REGISTRY)
        except UnconfirmedError:
            self.registry = registry  # as the file is now
            raise
        self.registry = registry

    def _check_clock(self) -> None:
        told = f"this machine's clock says {self._now:%Y-%m-%d %H:%M} UTC"
        latest = max((issued.issued_at for issued in self.registry.certificates), default=_EARLIEST)
        if self._now < max(latest, self.certificate.not_valid_before_utc) - _BACKDATED:
            raise AuthorityError(f"{told}, and the authority was used later than that: set the clock first")
        if self._now >= self.expires:
            raise AuthorityError(
                f"{told}, and the authority has expired on {self.expires:%Y-%m-%d}: if that is right, make a new one "
                "and new certificates for every device"
            )


@contextmanager
def opened(folder: Path, passphrase: bytes | None, now: datetime) -> Iterator[OpenAuthority]:
    """The authority in folder, with its key and against other commands. Raises AuthorityError."""
    Authority(folder)  # that there is one at all
    with pki_files.exclusive(folder):
        yield OpenAuthority(folder, passphrase, now)


def classroom_name(written: str) -> str:
    """A classroom's name. Raises AuthorityError, also for the name that is the central subscriber's."""
    try:
        topic(written, "status")
    except WireError as error:
        raise AuthorityError(str(error)) from error
    if written == CENTRAL:
        raise AuthorityError(f"{CENTRAL!r} is who reads all classrooms, and cannot be one: `pki issue --central`")
    return written


def _revocations(registry: Registry, signer: Signer) -> bytes:
    assert registry.revocations_at is not None
    revoked = [
        (int(issued.serial, 16), issued.revoked_at) for issued in registry.certificates if issued.revoked_at is not None
    ]
    return signer.revocations(revoked, registry.revocations, registry.revocations_at)


def _pem(key: ec.EllipticCurvePrivateKey, passphrase: bytes | None) -> bytes:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def _key(path: Path, passphrase: bytes | None) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(_read(path), passphrase)
    except TypeError as error:  # a passphrase for a key that has none, or the other way round
        raise AuthorityError(f"{path}: {str(error)[0].lower()}{str(error)[1:]}") from error
    except ValueError as error:
        raise AuthorityError(f"{path}: the passphrase is wrong, or the key is damaged") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AuthorityError(f"{path}: is not a key of this program; restore the right one")
    return key


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AuthorityError(f"{path}: cannot be read: {error.strerror}; is this its owner's account?") from error
