"""Which passwords are taken, and how they are kept."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from central.accounts.errors import WeakPasswordError
from central.accounts.passwords import Passwords, check_strength, owasp_hasher
from tests.central.web_clients import PASSWORD, quick_passwords

NAMES = ("a.smith", "Goethe-Schule am Main")


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("elevenchars", id="shorter than twelve"),
        pytest.param("aaaaaaaaaaaaaa", id="one character"),
        pytest.param("abababababababab", id="two characters"),
        pytest.param("493827156083", id="digits only"),
        pytest.param("q1w2e3r4t5y6", id="common as it is"),
        pytest.param("Password2026!", id="common, with a year and a sign"),
        pytest.param("123sunshine456", id="common, with digits around it"),
        pytest.param("PasswordPassword", id="common, twice"),
        pytest.param("liverpool1liverpool1", id="common with a digit, twice"),
        pytest.param("ｐａｓｓｗｏｒｄ１２３４", id="common, in full-width letters"),
        pytest.param("a.smith2026!", id="the account's name and a year"),
        pytest.param("Goethe-Schule am Main", id="the school's name"),
        pytest.param("goetheschuleammain1", id="the school's name, run together"),
        pytest.param("!!goethe-schule-2026", id="a name and signs"),
    ],
)
def test_a_password_that_others_would_guess_is_refused(password: str) -> None:
    with pytest.raises(WeakPasswordError, match="use a few words"):
        check_strength(password, ("goethe-schule", *NAMES))


@pytest.mark.parametrize(
    "password", [PASSWORD, "Zwölf Boxkämpfer jagen", "xK4$vq9!mT2z", "smith is not my name", "🦉🦊🐻🦁🐯🐨🐼🐸🐵🐔🐧🐦"]
)
def test_any_other_password_is_taken(password: str) -> None:
    check_strength(password, NAMES)


def test_a_password_fits_its_own_hash_and_no_other() -> None:
    passwords = quick_passwords()
    stored = passwords.hash(PASSWORD)
    assert passwords.matches(stored, PASSWORD)
    assert not passwords.matches(stored, PASSWORD + " ")
    assert stored != passwords.hash(PASSWORD)  # salted


def test_the_same_password_typed_on_another_keyboard_fits() -> None:
    passwords = quick_passwords()
    assert passwords.matches(passwords.hash("Zwölf Boxkämpfer"), "Zwo\u0308lf Boxka\u0308mpfer")


@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$v=19$m=8,t=1,p=1$AAAA"])
def test_nothing_fits_where_no_password_is_stored_or_its_hash_is_damaged(stored: str | None) -> None:
    passwords = quick_passwords()
    for guess in ("", PASSWORD, "nobody has this password"):
        assert not passwords.matches(stored, guess)


def test_passwords_are_kept_as_owasp_recommends() -> None:
    """Password Storage Cheat Sheet: Argon2id with at least 19 MiB, two passes, one lane."""
    parameters = extract_parameters(owasp_hasher().hash(PASSWORD))
    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19456, 2, 1)
    assert parameters.salt_len >= 16


def test_a_hash_of_other_parameters_is_known_to_be_outdated() -> None:
    old, new = quick_passwords(), Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    stored = old.hash(PASSWORD)
    assert new.is_outdated(stored)
    assert not old.is_outdated(stored)


def test_an_account_that_does_not_exist_costs_as_much_work_as_one_that_does() -> None:
    hasher = _Counting(time_cost=1, memory_cost=8, parallelism=1)
    passwords = Passwords(hasher)
    stored = passwords.hash(PASSWORD)
    for known in (stored, None):
        hasher.checked.clear()
        passwords.matches(known, "wrong")
        (checked,) = hasher.checked
        assert extract_parameters(checked) == extract_parameters(stored)


class _Counting(PasswordHasher):
    """Notes what it compares with."""

    checked: list[str | bytes]

    def __init__(self, **parameters: int) -> None:
        super().__init__(**parameters)  # type: ignore[arg-type]
        self.checked = []

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
        self.checked.append(hash)
        return super().verify(hash, password)
