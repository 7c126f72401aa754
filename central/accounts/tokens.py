"""Secrets that this program gives out: of 256 random bits, and known to the database only by their SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import secrets

_BYTES = 32


def new_token() -> str:
    """A secret of its own; 43 characters that may stand in a URL and in a cookie."""
    return secrets.token_urlsafe(_BYTES)


def token_hash(token: str) -> bytes:
    """By which a token is found again. No salt and no stretching: nobody guesses 256 bits."""
    return hashlib.sha256(token.encode()).digest()


def csrf_token(session_token: str) -> str:
    """What a page of ours knows and another site's does not; it tells nothing about the session's token."""
    return hmac.new(session_token.encode(), b"csrf", hashlib.sha256).hexdigest()
