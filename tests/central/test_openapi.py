"""The API keeps the word of its own schema, whatever is sent to it, and to everybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from central.accounts.sessions import Role
from central.api.app import openapi
from tests.central.lessons import Lessons, minutes
from tests.central.web_clients import Dashboard, open_dashboard

KNOWN = {"student_id": "s-001", "classroom": "room-101", "group": "7b", "account": "somebody"}
"""What a path may name: else there would be hardly anything but 404."""
# Not `positive_data_acceptance`: that a span must not be reversed, or a classroom be there, no schema can say.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
EXAMPLES: dict[Role | None, int] = {None: 4, "admin": 24, "teacher": 8, "technician": 4}
"""Of each operation, two thirds of them valid by the schema. An admin gets furthest."""


@dataclass(frozen=True)
class Api:
    """With something to be found behind it."""

    dashboard: Dashboard
    operations: list[Any]
    """As the schema has them."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    load_all_checks()
    with open_dashboard(tmp_path_factory.mktemp("school")) as dashboard:
        lessons = Lessons(dashboard)
        lessons.status("room-101", True)
        lessons.health("room-101", version="0.1.0", camera="working", temperature_celsius=61.5)
        lessons.enrol("s-001", "7b", tags=("choir",), notes="a note")
        for ago in range(3):
            lessons.observe("s-001", "tired", ago=minutes(ago))
            lessons.observe("s-unknown", ago=minutes(ago))
        dashboard.client("teacher", name="somebody")
        schema = schemathesis.openapi.from_dict(openapi(dashboard.app))
        schema.app = dashboard.app
        yield Api(dashboard, [operation.ok() for operation in schema.get_all_operations()])


@pytest.mark.parametrize("role", EXAMPLES)
def test_answers_are_as_the_schema_says_and_never_a_servers_mistake(api: Api, role: Role | None) -> None:
    for number, operation in enumerate(api.operations):
        # Each with a new session: one of them ends it.
        headers = credentials(api.dashboard, role, f"{role}-{number}")
        explore(operation, api.dashboard, headers, EXAMPLES[role])


def credentials(dashboard: Dashboard, role: Role | None, name: str) -> dict[str, str]:
    """Headers of somebody who has just logged in."""
    if role is None:
        return {"Origin": dashboard.origin}
    client = dashboard.client(role, groups=["7b"] if role == "teacher" else [], name=name)
    cookies = "; ".join(f"{key}={value}" for key, value in client.cookies.items())
    return {"Origin": dashboard.origin, "X-CSRF-Token": client.headers["X-CSRF-Token"], "Cookie": cookies}


def explore(operation: Any, dashboard: Dashboard, headers: dict[str, str], examples: int) -> None:
    """Send so many requests, and compare what comes back with the schema."""

    @hypothesis.settings(
        max_examples=examples, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.given(case=st.one_of(list(requests(operation))))
    def send(case: Any) -> None:
        case.call_and_validate(base_url=dashboard.origin, headers=headers, checks=CHECKS)

    send()


def requests(operation: Any) -> Iterator[st.SearchStrategy[Any]]:
    """Valid ones about what is there, and about anything; and others, where there is something to be wrong."""
    names = {parameter.name for parameter in operation.path_parameters}
    yield operation.as_strategy(path_parameters={name: KNOWN[name] for name in names})
    yield operation.as_strategy()
    anything_goes = any(body.media_type == "text/csv" for body in operation.body)
    if (names or operation.query or operation.body) and not anything_goes:
        yield operation.as_strategy(GenerationMode.NEGATIVE)
