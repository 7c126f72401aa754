"""What is read of a request before anybody knows who sends it, and for how long."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from central.api.bodies import Bodies
from central.api.problems import ProblemError
from tests.central.web_clients import Dashboard

LARGE = "/api/student-imports"
SCOPE: Scope = {"type": "http", "path": LARGE, "headers": []}


async def anybody(_: HTTPConnection) -> None:
    return


def bodies(seconds: float = 30.0) -> Bodies:
    return Bodies({LARGE: (4 << 20, "text/csv")}, anybody, seconds=seconds)


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError("nothing comes")


async def empty() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def refused(reader: Bodies, receive: Receive, scope: Scope = SCOPE) -> ProblemError:
    with pytest.raises(ProblemError) as error:
        async with reader.read(scope, receive):
            pass
    return error.value


def test_nothing_is_read_of_a_strangers_large_file(dashboard: Dashboard) -> None:
    taken = 0

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return message

        await dashboard.app(scope, counted, send)

    browser = TestClient(counting, base_url=dashboard.origin, headers={"Origin": dashboard.origin})
    answer = browser.post(LARGE, content=b"x" * (4 << 20), headers={"Content-Type": "text/csv"})
    assert (answer.status_code, taken) == (401, 0)


def test_only_two_large_files_are_read_at_once_and_the_next_one_after_them() -> None:
    async def ask() -> None:
        reader = bodies()
        async with reader.read(SCOPE, empty):
            async with reader.read(SCOPE, empty):
                problem = await refused(reader, empty)
                assert (problem.status, dict(problem.headers or {})) == (503, {"Retry-After": "10"})
                async with reader.read({**SCOPE, "path": "/api/session"}, empty):
                    pass  # what is small does not wait for them
            async with reader.read(SCOPE, empty):
                pass

    asyncio.run(ask())


def test_one_that_breaks_off_makes_room_for_the_next() -> None:
    async def ask() -> None:
        reader = bodies(seconds=0.0)
        for _ in range(3):
            assert (await refused(reader, never)).status == 408
        async with bodies().read(SCOPE, empty):
            pass

    asyncio.run(ask())


@pytest.mark.parametrize("path", [LARGE, "/api/session"])
def test_a_body_that_does_not_come_is_not_waited_for(path: str) -> None:
    problem = asyncio.run(refused(bodies(seconds=0.0), never, {**SCOPE, "path": path}))
    assert problem.status == 408
    assert dict(problem.headers or {}) == {"Connection": "close"}
