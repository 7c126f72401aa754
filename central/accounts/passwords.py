"""Passwords: which are taken, and how they are kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from central.accounts.errors import WeakPasswordError

SHORTEST = 12
"""Characters: OWASP's Authentication Cheat Sheet asks for 8 with a second factor, which is not there, and 15 without;
what is taken off is made up for by refusing the common ones."""
_FEWEST_DIFFERENT = 5
_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_COMMON_FILE = Path(__file__).with_name("common_passwords.txt")


def owasp_hasher() -> PasswordHasher:
    """Argon2id with 19 MiB, two passes, one lane: OWASP's Password Storage Cheat Sheet, its first choice."""
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)


class Passwords:
    """Hashes and compares."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._nobodys = hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """The text to be kept: it says by itself how it was made."""
        return self._hasher.hash(_normal(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether it is the password. stored None: there is none; finding out takes as long as for any other."""
        try:
            self._hasher.verify(self._nobodys if stored is None else stored, _normal(password))
        except (VerificationError, InvalidHashError):  # it does not fit, or is damaged
            return False
        return stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether it was made with other parameters than a new one would be."""
        return self._hasher.check_needs_rehash(stored)


def check_strength(password: str, names: Iterable[str]) -> None:
    """Raises WeakPasswordError for what is guessed first. names: the account's, the school's."""
    password = _normal(password)
    if len(password) < SHORTEST:
        raise WeakPasswordError(f"the password is shorter than {SHORTEST} characters; use a few words")
    folded = password.casefold()
    if len(set(folded)) < _FEWEST_DIFFERENT or folded.isdigit():
        raise WeakPasswordError("the password is too easy to guess; use a few words")
    unit, bare = _unit(folded), _bare(folded)
    cores = {folded, unit, bare, _bare(unit), _unit(bare)}
    if cores & _common():
        raise WeakPasswordError("the password is one of the commonest, or one with digits added; use a few words")
    if cores & {_bare(part) for name in names for part in _parts(name)}:
        raise WeakPasswordError("the password is the account's or the school's name; use a few words")


def _parts(name: str) -> set[str]:
    """The name, the same without what is between its words, and each word."""
    folded = _normal(name).casefold()
    return {folded, "".join(re.findall(r"\w+", folded)), *re.findall(r"\w{3,}", folded)}


def _bare(text: str) -> str:
    """Without the digits and signs around it."""
    return _AROUND.sub("", text)


def _unit(text: str) -> str:
    """What text repeats: "abc" of "abcabcabc"."""
    return text[: (text + text).find(text, 1)]


def _normal(password: str) -> str:
    """The same from every keyboard (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _common() -> frozenset[str]:
    lines = _COMMON_FILE.read_text("ascii").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
