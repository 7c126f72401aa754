"""TLS 1.3 records to what they hold (RFC 8446), with the keys of an SSLKEYLOGFILE, the format of NSS and Wireshark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

_HANDSHAKE, _APPLICATION_DATA = 22, 23
"""Types of records (RFC 8446, B.1)."""
_FINISHED, _KEY_UPDATE = 20, 24
"""Types of handshake messages (RFC 8446, B.3)."""
_IV_BYTES = 12

Timed = tuple[float, bytes]
Keys = dict[tuple[str, bytes], bytes]
"""Secret by label and the client's random."""


class _Chunk(Protocol):
    @property
    def at(self) -> float: ...
    @property
    def content(self) -> bytes: ...


class _Cipher:
    """What one cipher suite needs."""

    def __init__(self, suite: bytes, secret: bytes) -> None:
        algorithm: HashAlgorithm = SHA384() if suite == b"\x13\x02" else SHA256()
        length = 16 if suite == b"\x13\x01" else 32
        key = _expand(algorithm, secret, b"key", length)
        self._iv = int.from_bytes(_expand(algorithm, secret, b"iv", _IV_BYTES), "big")
        self._aead = ChaCha20Poly1305(key) if suite == b"\x13\x03" else AESGCM(key)
        self._count = 0

    def open(self, header: bytes, content: bytes) -> tuple[int, bytes]:
        """Type and content of the next record. Raises InvalidTag."""
        nonce = (self._iv ^ self._count).to_bytes(_IV_BYTES, "big")
        self._count += 1
        plain = self._aead.decrypt(nonce, content, header).rstrip(b"\0")  # RFC 8446, 5.4: padding, then the type
        return plain[-1], plain[:-1]


def read_keys(path: Path) -> Keys:
    """The secrets in a key log; none where there was no connection yet."""
    if not path.exists():
        return {}
    lines = (line.split() for line in path.read_text("ascii").splitlines() if line and line[0] != "#")
    return {(label, bytes.fromhex(random)): bytes.fromhex(secret) for label, random, secret in lines}


def decrypt(
    from_client: Sequence[_Chunk], from_server: Sequence[_Chunk], keys: Keys
) -> tuple[list[Timed], list[Timed]]:
    """What client and server sent as application data, timed; nothing where the handshake did not come so far.

    Raises ValueError for a connection that is not TLS 1.3 or whose keys are missing.
    """
    hello = next(_records(from_client), None)
    answer = next(_records(from_server), None)
    if hello is None or answer is None or answer[1][0] != _HANDSHAKE:
        return [], []
    random = hello[2][6:38]
    session_id_end = 39 + answer[2][38]
    suite = answer[2][session_id_end : session_id_end + 2]
    if suite not in (b"\x13\x01", b"\x13\x02", b"\x13\x03"):
        raise ValueError("a connection is not TLS 1.3")
    if ("SERVER_TRAFFIC_SECRET_0", random) not in keys:  # the daemon never got the server's first flight
        return [], []
    return (
        list(_application_data(from_client, suite, "CLIENT", random, keys)),
        list(_application_data(from_server, suite, "SERVER", random, keys)),
    )


def _application_data(chunks: Sequence[_Chunk], suite: bytes, side: str, random: bytes, keys: Keys) -> Iterator[Timed]:
    cipher = _Cipher(suite, keys[f"{side}_HANDSHAKE_TRAFFIC_SECRET", random])
    handshake, finished = b"", False
    for at, header, content in _records(chunks):
        if header[0] != _APPLICATION_DATA:
            continue
        try:
            kind, plain = cipher.open(header, content)
        except InvalidTag:  # an alert in the clear, or the other side answered to bytes that were changed on their way
            return
        if kind == _APPLICATION_DATA:
            yield at, plain
        elif kind == _HANDSHAKE and not finished:
            handshake += plain
            finished = _FINISHED in _messages(handshake)
            if finished:
                cipher = _Cipher(suite, keys[f"{side}_TRAFFIC_SECRET_0", random])
        elif kind == _HANDSHAKE and plain[0] == _KEY_UPDATE:
            raise ValueError("a connection updates its keys, which this tap does not follow")


def _records(chunks: Sequence[_Chunk]) -> Iterator[tuple[float, bytes, bytes]]:
    """(when it was complete, header, content) of each record."""
    waiting = b""
    for chunk in chunks:
        waiting += chunk.content
        while len(waiting) >= 5 and len(waiting) >= (end := 5 + int.from_bytes(waiting[3:5], "big")):
            yield chunk.at, waiting[:5], waiting[5:end]
            waiting = waiting[end:]


def _messages(handshake: bytes) -> list[int]:
    """Types of the complete handshake messages."""
    found = []
    while len(handshake) >= 4 and len(handshake) >= (end := 4 + int.from_bytes(handshake[1:4], "big")):
        found.append(handshake[0])
        handshake = handshake[end:]
    return found


def _expand(algorithm: HashAlgorithm, secret: bytes, label: bytes, length: int) -> bytes:
    """HKDF-Expand-Label with an empty context (RFC 8446, 7.1)."""
    full = b"tls13 " + label
    info = length.to_bytes(2, "big") + bytes([len(full)]) + full + b"\0"
    return HKDFExpand(algorithm, length, info).derive(secret)
