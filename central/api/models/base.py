"""What the API says and takes, in JSON. The dashboard's types are generated from these models.

Moments are UTC, RFC 3339 in JSON; the dashboard shows them in the school's zone. A label is what `edge.records.LABELS`
names: an expression, not a feeling.
"""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from edge.wire import ID_PATTERN

Label = Literal["angry", "happy", "neutral", "sad", "tired"]
Role = Literal["admin", "teacher", "technician"]
Resolution = Literal["minute", "hour", "day"]

StudentId = Annotated[str, Field(pattern=f"^{ID_PATTERN}$", examples=["s-042"])]
Classroom = Annotated[str, Field(pattern=f"^{ID_PATTERN}$", examples=["room-101"])]
AccountName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$", examples=["a.smith"])]
LINE = r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
"""Of what people write: one line, without a blank at its beginning or end."""
LINES = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
"""Any number of them, and tabs."""
# "." and ".." would be swallowed where a group stands in an address.
GROUP = r"^\.*[^\s.\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
Group = Annotated[str, Field(min_length=1, max_length=64, pattern=GROUP, examples=["7b"])]
Tag = Annotated[str, Field(min_length=1, max_length=32, pattern=LINE)]

Item = TypeVar("Item")


class Model(BaseModel):
    """What all of them have in common: an unknown key is an error, not a typing mistake that goes unnoticed."""

    # In an answer a key with a default is always there: the dashboard's types say so.
    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


class Page(Model, Generic[Item]):
    """Part of a list."""

    items: list[Item]
    total: int
    """Of the whole list."""
    next: str | None
    """Give it as `after` for the items that follow; None at the end."""


class Problem(Model):
    """An error, by RFC 9457, as `application/problem+json`."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    """What was wrong, and what to do."""
    errors: list[FieldProblem] = []


class FieldProblem(Model):
    """One mistake in what was sent."""

    where: str
    """A key, or `line 3` of a CSV file."""
    reason: str
