"""What browsers are shown: the dashboard's certificate."""

from __future__ import annotations

import ssl
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from central.errors import WebError


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """A server's context, TLS 1.2 or newer. Raises WebError when the files cannot be used, or do not match."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    load(context, certificate, key)
    return context


def load(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Show this certificate from the next connection on. Raises WebError."""
    _read(certificate)
    try:
        # An empty password, so that an encrypted key is an error instead of a prompt.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        raise WebError(f"{certificate}: the certificate and its key {key} cannot be used: {_cause(error)}") from error


def names(certificate: Path) -> tuple[str, ...]:
    """The host names and addresses that it is for; without wildcards, which say nothing certain. Raises WebError."""
    found = _read(certificate)
    try:
        alternatives = found.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except x509.ExtensionNotFound:
        alternatives = x509.SubjectAlternativeName([])
    assert isinstance(alternatives, x509.SubjectAlternativeName)
    hosts = [name.lower() for name in alternatives.get_values_for_type(x509.DNSName) if "*" not in name]
    hosts += [str(address) for address in alternatives.get_values_for_type(x509.IPAddress)]
    if not hosts:
        raise WebError(
            f"{certificate}: the certificate names no host that browsers could ask for; write web.origin, the "
            "dashboard's address"
        )
    return tuple(hosts)


def is_valid(certificate: Path, now: datetime) -> bool:
    """Whether browsers would take it now, as far as its dates go. Raises WebError."""
    found = _read(certificate)
    return found.not_valid_before_utc <= now < found.not_valid_after_utc


def _read(certificate: Path) -> x509.Certificate:
    """The first one in the file, which is the server's own. Raises WebError."""
    try:
        return x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    except OSError as error:
        raise WebError(f"{certificate}: the certificate cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise WebError(f"{certificate}: this is no certificate in PEM") from error


def _cause(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        if error.reason == "KEY_VALUES_MISMATCH":
            return "the key is another certificate's"
        return f"no usable PEM ({error.reason or error})"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
