"""Profiles of students, and what is left of one who was erased: a keyed hash.

The key lies in the same file, so that the hash is no secret from whoever has the file: student IDs can be guessed, and
a guess can be tried. What it is good for is that no ID of an erased student stands where somebody reads the file for
another reason, and that two schools' files cannot be compared.
"""

from __future__ import annotations

import sqlalchemy as sa

from central.store.tables import Moment, metadata

students = sa.Table(
    "students",
    metadata,
    sa.Column("student_id", sa.String(63), primary_key=True),
    sa.Column("display_name", sa.String(100), nullable=False),
    sa.Column("group_name", sa.String(64)),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("notes", sa.Text, nullable=False),
    sa.Column("consent_reference", sa.String(200), nullable=False),
    sa.Column("consent_expires", sa.Date, comment="the last day; null: none was agreed"),
    sa.Column("archived", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    # What is searched and sorted by: no two databases agree on which letters are the same in upper and lower case.
    sa.Column("sort_name", sa.Text, nullable=False),
    sa.Column("searched", sa.Text, nullable=False),
)

tombstones = sa.Table(
    "tombstones",
    metadata,
    sa.Column("id_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("receipt", sa.Uuid, nullable=False),
    sa.Column("erased_by", sa.String(63), nullable=False),
    sa.Column("student_id", sa.String(63), comment="until everything else of the student is deleted"),
    sa.Column("tally", sa.JSON, nullable=False, comment="what was deleted so far: central.store.erasure.Tally"),
    sa.Column("erased_at", Moment, comment="null: not everything is deleted"),
    sa.Column("written_anew", sa.Boolean, nullable=False, comment="the file holds no copies either"),
)

people_state = sa.Table(
    "people_state",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, comment="1: there is one row"),
    sa.Column("hash_key", sa.LargeBinary(32), nullable=False),
    sa.Column("changes", sa.BigInteger, nullable=False, comment="of the two tables above: what is remembered is old"),
)
