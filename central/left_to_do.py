"""What a person has to do elsewhere once a student is erased here."""

from __future__ import annotations

from central.live import SIMULATED
from central.store.erasure import Erased


def left_to_do(erased: Erased) -> list[str]:
    """Sentences, each with the command where there is one."""
    student_id, tally = erased.student_id, erased.tally
    todo = [
        f"{classroom}: on its device, run: sudo classpulse-edge forget {student_id}"
        for classroom in tally.classrooms
        if not classroom.startswith(SIMULATED)
    ]
    todo += [
        f"The broker keeps a message about {student_id}. As somebody who may publish there, run: "
        f"mosquitto_pub -t {topic} -r -n"
        for topic in tally.retained or ()
    ]
    if tally.retained is None:
        todo.append(
            "The broker could not be asked whether it keeps a message about the student: erase once more later."
        )
    if not erased.written_anew:
        todo.append(
            "The database file may hold copies of deleted rows in space that is not used. At a quiet hour, with twice "
            "as much disk free as it has, run: sudo systemctl restart classpulse-central.service"
        )
    todo.append(
        f"Backups of the database from before {erased.erased_at:%Y-%m-%d %H:%M} UTC: delete them, or erase again "
        "whenever one was brought back."
    )
    todo.append(
        f"The audit log here keeps the ID {student_id}, with who looked at it, and this receipt; nobody can take them "
        "out. Say so to whoever asked for the erasure."
    )
    return todo
