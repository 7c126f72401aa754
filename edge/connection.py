"""What both ends of a connection to the broker need: TLS, readable failures, patience.

At run time standard library only, because the central side imports this module.
"""

from __future__ import annotations

import errno
import ipaddress
import random
import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import BrokerError

if TYPE_CHECKING:
    from paho.mqtt.client import Client

    from edge.config import MqttSettings

REFUSED_FOR_GOOD = {
    0x84: "it does not speak MQTT 5; use Mosquitto 1.6 or newer, or another MQTT 5 broker",
    0x85: "it does not accept the client ID",
    0x86: "bad user name or password; check both",
    0x87: "not authorised; check the user name, the certificate and the broker's access list",
    0x8A: "this client is banned there",
    0x8C: "bad authentication method",
}
"""CONNACK reason codes that trying again at once will not change (MQTT 5.0, 3.2.2.2)."""


class Backoff:
    """Growing, jittered waits, so that a school's classrooms do not all return in the same second."""

    def __init__(self, first: float = 1.0, longest: float = 60.0) -> None:
        """Seconds before the first retry, and at most."""
        self.first, self.longest = first, longest
        self.failures = 0

    def next(self) -> float:
        """Seconds to wait now: between half of the step and the whole; each step is twice the last."""
        step: float = min(self.longest, self.first * 2.0 ** min(self.failures, 32))
        self.failures += 1
        return step * random.uniform(0.5, 1.0)

    def slow(self) -> float:
        """Seconds to wait where only a person can help."""
        return self.longest * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        self.failures = 0


def is_this_machine(host: str) -> bool:
    """Whether a connection to host, a name or an address, never leaves this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def tls_context(ca_file: Path | None, certificate_file: Path | None, key_file: Path | None) -> ssl.SSLContext:
    """A client's context: TLS 1.2 or newer, the broker's certificate and host name verified.

    ca_file None means the system's authorities. Raises BrokerError naming the file that is wrong.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError) as error:
        raise BrokerError(f"{ca_file}: the CA file cannot be read: {_cause(error)}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate_file is not None:
        try:
            # An empty password, so that an encrypted key is an error instead of a prompt.
            context.load_cert_chain(certificate_file, key_file, password="")
        except (OSError, ValueError) as error:
            raise BrokerError(
                f"{certificate_file}: the certificate and its key {key_file or certificate_file} "
                f"cannot be read: {_cause(error)}"
            ) from error
    return context


def give_credentials(client: Client, settings: MqttSettings) -> None:
    """Let client show who it is, and whom it trusts, as settings say.

    To be called for every connection: a renewed certificate is then used without a restart. Raises BrokerError naming
    the file that is wrong.
    """
    if settings.username is not None:
        password = read_password(settings.password_file) if settings.password_file is not None else None
        client.username_pw_set(settings.username, password)
    if settings.tls:
        client.tls_set_context(tls_context(settings.ca_file, settings.certificate_file, settings.key_file))


def read_password(path: Path) -> str:
    """The one line in a password file. Raises BrokerError when there is none."""
    try:
        password = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BrokerError(f"{path}: the password file cannot be read: {_cause(error)}") from error
    if not password:
        raise BrokerError(f"{path}: the password file is empty")
    return password


def explain(error: OSError) -> str:
    """Why a connection failed, and what to do, for people."""
    match error:
        case ssl.SSLCertVerificationError():
            return _explain_verification(error)
        case ssl.SSLError():
            return explain_tls(str(error.reason or error))
        case socket.gaierror():
            return "the host name is not known here; check host and the network's DNS"
        case TimeoutError():
            return "no answer in time; check host, port and any firewall between"
        case ConnectionRefusedError():
            return "connection refused; is the broker running, and is this its port?"
        case ConnectionResetError():
            return "the broker closed the connection; is this its TLS port, and does it accept this client?"
        case _ if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN):
            return "no route to the broker; is the network up?"
    return _cause(error)


def explain_tls(reason: str) -> str:
    """What a TLS alert or OpenSSL reason such as "TLSV13_ALERT_CERTIFICATE_REQUIRED" means; else the text itself."""
    upper = reason.upper().replace(" ", "_")
    for mark, meaning in _TLS_REASONS:
        if mark in upper:
            return meaning
    return reason


_TLS_REASONS = (
    ("CERTIFICATE_REQUIRED", "the broker wants a client certificate; set certificate_file and key_file"),
    ("CERTIFICATE_REVOKED", "this client's certificate is revoked; issue another"),
    ("CERTIFICATE_EXPIRED", "the broker says this client's certificate has expired; renew it, or check both clocks"),
    ("UNKNOWN_CA", "the broker does not know the authority that signed this client's certificate"),
    ("UNSUPPORTED_CERTIFICATE", "this client's certificate was not made for a client; issue one that was"),
    # OpenSSL says so as well of a certificate that is not valid yet.
    ("BAD_CERTIFICATE", "the broker does not accept this client's certificate; is it valid yet by the broker's clock?"),
    ("HANDSHAKE_FAILURE", "the broker refused the TLS handshake; does it want a client certificate?"),
    ("WRONG_VERSION_NUMBER", "the broker does not speak TLS on this port; check port"),
    ("PROTOCOL_VERSION", "the broker speaks no TLS 1.2 or newer"),
    ("UNEXPECTED_EOF", "the broker closed the connection during the TLS handshake; is this its TLS port?"),
)


def _explain_verification(error: ssl.SSLCertVerificationError) -> str:
    # Codes of OpenSSL's X509_verify_cert_error_string(3).
    match error.verify_code:
        case 9:
            return "the broker's certificate is not valid yet; is this machine's clock right?"
        case 10:
            return "the broker's certificate has expired; renew it, or check this machine's clock"
        case 2 | 18 | 19 | 20 | 21:
            return "the broker's certificate is signed by an unknown authority; set ca_file to the school's CA"
        case 26:
            return "the certificate shown is not a broker's; is somebody posing as the broker?"
        case 62 | 64:
            return f"the broker's certificate is for another name: {error.verify_message}; set host to its name"
    return f"the broker's certificate is not accepted: {error.verify_message}"


def _cause(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return f"no usable PEM ({error.reason or error})"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
