"""Whoever guesses passwords is slowed down; whoever knows theirs is not."""

from __future__ import annotations

import queue
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from central.accounts.door import Door
from central.accounts.errors import AccountError, CrowdedError, LoginRefusedError, ThrottledError
from central.accounts.passwords import Passwords
from central.accounts.throttle import ACCOUNT, ADDRESS, PAIR, Throttle
from central.api.services import Reception
from central.store.store import Store
from tests.central.stored import NOW
from tests.central.web_clients import PASSWORD, Dashboard, quick_passwords

WRONG = {"account": "teacher", "password": "wrong"}
RIGHT = {"account": "teacher", "password": PASSWORD}


def test_five_wrong_passwords_and_the_account_is_closed_to_this_address_for_a_while(dashboard: Dashboard) -> None:
    dashboard.client("teacher")
    guesser = dashboard.stranger("198.51.100.9")
    assert {guesser.post("/api/session", json=WRONG).status_code for _ in range(5)} == {401}
    closed = guesser.post("/api/session", json=RIGHT)
    assert closed.status_code == 429
    assert 0 < int(closed.headers["retry-after"]) <= 300
    # Its owner, elsewhere, is not locked out by that.
    assert dashboard.stranger("192.0.2.7").post("/api/session", json=RIGHT).status_code == 200


def test_an_account_that_does_not_exist_answers_like_one_that_does(dashboard: Dashboard) -> None:
    dashboard.client("teacher")
    known = [_told(dashboard, "198.51.100.9", "teacher") for _ in range(6)]
    unknown = [_told(dashboard, "198.51.100.10", "nobody") for _ in range(6)]
    assert known == unknown
    assert [status for status, _ in known] == [401] * 5 + [429]


def _told(dashboard: Dashboard, address: str, account: str) -> tuple[int, str]:
    answer = dashboard.stranger(address).post("/api/session", json={"account": account, "password": "wrong"})
    return answer.status_code, answer.text


def test_a_locked_account_answers_like_one_that_does_not_exist(dashboard: Dashboard) -> None:
    dashboard.client("teacher")
    dashboard.services.reception.accounts.change("system", "teacher", NOW, locked=True)
    locked = dashboard.stranger().post("/api/session", json=RIGHT)
    unknown = dashboard.stranger().post("/api/session", json=RIGHT | {"account": "nobody"})
    assert (locked.status_code, locked.text) == (unknown.status_code, unknown.text)


def test_whoever_gets_in_begins_to_count_anew(dashboard: Dashboard) -> None:
    browser = dashboard.client("teacher")
    for _ in range(3):
        for _ in range(4):
            assert browser.post("/api/session", json=WRONG).status_code == 401
        assert browser.post("/api/session", json=RIGHT).status_code == 200


def test_a_new_invitation_opens_what_was_closed_by_wrong_passwords(dashboard: Dashboard) -> None:
    browser = dashboard.client("teacher")
    while browser.post("/api/session", json=WRONG).status_code == 401:
        pass
    invitation = dashboard.services.reception.accounts.invite("system", "teacher", NOW)
    chosen = {"token": invitation.token, "password": PASSWORD}
    assert browser.post("/api/invitation", json=chosen).status_code == 200
    assert browser.post("/api/session", json=RIGHT).status_code == 200


def test_guesses_at_the_current_password_in_an_open_session_are_counted_too(dashboard: Dashboard) -> None:
    browser = dashboard.client("teacher")
    guess = {"current": "wrong", "new": "seven swans a-swimming"}
    assert [browser.post("/api/session/password", json=guess).status_code for _ in range(6)] == [422] * 5 + [429]


def test_many_accounts_tried_from_one_address_close_it() -> None:
    throttle = Throttle()
    for number in range(ADDRESS.amount):
        throttle.check(f"a{number}", "198.51.100.9", list)
        throttle.failed(f"a{number}", "198.51.100.9")
    with pytest.raises(ThrottledError):
        throttle.check("another", "198.51.100.9", list)
    throttle.check("another", "198.51.100.10", list)


def test_one_account_tried_from_many_addresses_is_closed() -> None:
    throttle = Throttle()
    for number in range(ACCOUNT.amount):
        throttle.failed("a.smith", f"198.51.100.{number}")
    with pytest.raises(ThrottledError) as closed:
        throttle.check("a.smith", "192.0.2.7", list)
    assert 3000 < closed.value.retry_after <= 3600
    throttle.check("b.jones", "192.0.2.7", list)


def test_whoever_came_from_an_address_before_gets_in_when_another_has_closed_it(dashboard: Dashboard) -> None:
    dashboard.client("admin", name="b.jones")
    dashboard.client("teacher")
    everybodys = dashboard.stranger("192.0.2.7")
    assert everybodys.post("/api/session", json=RIGHT).status_code == 200
    dashboard = dashboard.but(reception=_restarted(dashboard))  # what has come in before is in the database
    _close(dashboard, "192.0.2.7")
    again = dashboard.stranger("192.0.2.7")
    assert again.post("/api/session", json=RIGHT).status_code == 200
    # By an invitation too; but the address is closed to all others, and to guesses at those accounts.
    assert again.post("/api/session", json=RIGHT | {"account": "b.jones"}).status_code == 200
    assert again.post("/api/session", json=RIGHT | {"account": "nobody"}).status_code == 429
    assert [again.post("/api/session", json=WRONG).status_code for _ in range(6)] == [401] * 5 + [429]


def test_who_came_long_ago_or_from_elsewhere_is_a_stranger_at_a_closed_address(dashboard: Dashboard) -> None:
    dashboard.client("teacher")
    _close(dashboard, "192.0.2.7")
    _close(dashboard, "198.51.100.9")
    assert dashboard.stranger("198.51.100.9").post("/api/session", json=RIGHT).status_code == 429
    dashboard.now += timedelta(days=31)
    assert dashboard.stranger("192.0.2.7").post("/api/session", json=RIGHT).status_code == 429


def _restarted(dashboard: Dashboard) -> Reception:
    door = Door(dashboard.services.store, quick_passwords(), Throttle(), "Our school")
    return replace(dashboard.services.reception, door=door)


def _close(dashboard: Dashboard, address: str) -> None:
    guesser = dashboard.stranger(address)
    told = [
        guesser.post("/api/session", json={"account": f"a{number}", "password": "wrong"}).status_code
        for number in range(ADDRESS.amount + 1)
    ]
    assert told == [401] * ADDRESS.amount + [429]


@pytest.mark.parametrize(
    ("one", "another", "same"),
    [
        pytest.param("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", True, id="IPv6, one network"),
        pytest.param("2001:db8:1:2::1", "2001:db8:1:3::1", False, id="IPv6, two networks"),
        pytest.param("fd12:3456:789a:1::1", "fd12:3456:789a:1::2", False, id="IPv6, two machines of a private network"),
        pytest.param("fe80::1%eth0", "fe80::2%eth0", False, id="IPv6, two machines on a link"),
        pytest.param("fe80::1%eth0", "fe80::1", True, id="IPv6, one machine on a link"),
        pytest.param("::ffff:192.0.2.7", "192.0.2.7", True, id="IPv4, also as IPv6"),
        pytest.param("192.0.2.7", "192.0.2.8", False, id="IPv4, two addresses"),
    ],
)
def test_addresses_of_one_customer_count_as_one(one: str, another: str, same: bool) -> None:
    throttle = Throttle()
    for _ in range(PAIR.amount):
        throttle.failed("a.smith", one)
    if same:
        with pytest.raises(ThrottledError):
            throttle.check("a.smith", another, list)
    else:
        throttle.check("a.smith", another, list)


class _Passwords(Passwords):
    """Notes each comparison, and goes on once it may."""

    def __init__(self) -> None:
        super().__init__(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.tried: list[str | None] = []
        self.may_go_on = threading.Event()

    def matches(self, stored: str | None, password: str) -> bool:
        self.tried.append(stored)
        assert self.may_go_on.wait(30)
        return super().matches(stored, password)


def _guess_at_once(store: Store, passwords: _Passwords, guesses: int, crowded: int) -> list[AccountError]:
    """What all of them are told. crowded: so many are, before the first comparison is done."""
    door = Door(store, passwords, Throttle(), "Our school")
    told: queue.Queue[AccountError] = queue.Queue()

    def guess() -> None:
        try:
            door.login("a.smith", "wrong", "198.51.100.9", NOW)
        except AccountError as error:
            told.put(error)

    threads = [threading.Thread(target=guess) for _ in range(guesses)]
    for thread in threads:
        thread.start()
    at_once = [told.get(timeout=30) for _ in range(crowded)]
    passwords.may_go_on.set()
    for thread in threads:
        thread.join()
    return at_once + [told.get_nowait() for _ in range(guesses - crowded)]


def test_many_guesses_at_once_get_hardly_more_tries_than_one_after_the_other(store: Store) -> None:
    passwords = _Passwords()
    told = _guess_at_once(store, passwords, 16, crowded=0)
    assert PAIR.amount <= len(passwords.tried) <= PAIR.amount + 1
    assert {type(error) for error in told} == {LoginRefusedError, ThrottledError}


def test_more_logins_at_once_than_can_wait_are_sent_away_at_once(store: Store) -> None:
    passwords = _Passwords()
    told = _guess_at_once(store, passwords, 25, crowded=5)
    assert [type(error) for error in told[:5]] == [CrowdedError] * 5
    assert CrowdedError not in {type(error) for error in told[5:]}


def test_whoever_is_sent_away_is_told_when_to_come_again(dashboard: Dashboard) -> None:
    class Crowded(Door):
        def login(self, *_: object) -> str:
            raise CrowdedError

    services = dashboard.services
    door = Crowded(services.store, quick_passwords(), Throttle(), "Our school")
    crowded = dashboard.but(reception=replace(services.reception, door=door))
    answer = crowded.stranger().post("/api/session", json=RIGHT)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
