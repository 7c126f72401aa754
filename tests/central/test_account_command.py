"""`classpulse-central account` and `audit verify`, as somebody at a terminal sees them."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from central.__main__ import main
from tests.central.accounts import public_folder
from tests.central.stored import rows
from tests.central.web_clients import PASSWORD, Dashboard, open_dashboard

LINK = re.compile(r"http://127\.0\.0\.1:8080/invitation#([A-Za-z0-9_-]{43})\n")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return _config(tmp_path)


def _config(folder: Path) -> Path:
    path = folder / "central.toml"
    path.write_text(f'[mqtt]\nhost = "127.0.0.1"\ntls = false\n[store]\npath = "{folder}/central.db"\n')
    return path


@pytest.fixture
def run(config: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command; returns its exit code, and what it wrote."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main([*arguments, "--config", str(config)])
        return code, *capsys.readouterr()

    return run


def test_the_first_admin_comes_in_by_a_link_that_the_command_prints(run: Run, tmp_path: Path) -> None:
    code, out, err = run("account", "invite", "jo", "--role", "admin")
    assert code == 0
    assert "works once" in err
    link = LINK.fullmatch(out)
    assert link is not None
    with open_dashboard(tmp_path) as dashboard:
        browser = dashboard.stranger()
        chosen = browser.post("/api/invitation", json={"token": link[1], "password": PASSWORD})
        assert (chosen.json()["account"], chosen.json()["role"]) == ("jo", "admin")


def test_a_link_is_made_beside_a_service_that_runs(run: Run, dashboard: Dashboard) -> None:
    browser = dashboard.client("admin")
    _, out, _ = run("account", "invite", "admin")
    link = LINK.fullmatch(out)
    assert link is not None
    # By the clock of today, which the one of the service here is behind.
    answer = browser.get("/api/invitation", headers={"X-Invitation": link[1]})
    assert answer.json() == {"account": "admin", "role": "admin"}


def test_a_teacher_is_invited_with_groups(run: Run) -> None:
    run("account", "invite", "a.smith", "--role", "teacher", "--group", "7b", "--group", "7a")
    code, out, _ = run("account", "list")
    assert code == 0
    assert re.fullmatch(r"a\.smith  teacher of 7a, 7b  invited until \d{4}-\d\d-\d\d \d\d:\d\d UTC\n", out)


def test_there_is_no_account_until_one_is_invited(run: Run) -> None:
    code, out, err = run("account", "list")
    assert (code, out) == (0, "")
    assert "account invite" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["new"], "--role admin|teacher|technician", id="a new one without a role"),
        pytest.param(["New", "--role", "admin"], "no name for an account", id="a name that cannot be"),
        pytest.param(["new", "--role", "admin", "--group", "7b"], "groups are for teachers", id="groups of an admin"),
        pytest.param(["known", "--role", "teacher"], "with the role admin", id="another role than it has"),
        pytest.param(["known", "--group", "7b"], "with the role admin", id="other groups than it has"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused(run: Run, arguments: list[str], said: str) -> None:
    run("account", "invite", "known", "--role", "admin")
    code, out, err = run("account", "invite", *arguments)
    assert (code, out) == (1, "")
    assert said in err


def test_what_the_command_does_stands_in_the_audit_log(run: Run, config: Path) -> None:
    run("account", "invite", "jo", "--role", "admin")
    run("account", "invite", "jo")
    assert rows(config.with_name("central.db"), "SELECT account, action, subject, detail FROM audit") == [
        ("system", "account.create", "jo", "admin"),
        ("system", "account.invite", "jo", ""),
    ]


def test_an_untouched_audit_log_verifies_also_against_a_note_of_it(run: Run) -> None:
    run("account", "invite", "jo", "--role", "admin")
    code, noted, err = run("audit", "verify")
    assert (code, "1 entries" in err) == (0, True)
    run("account", "invite", "jo")
    assert run("audit", "verify", "--against", noted.strip())[0] == 0


def test_a_changed_audit_log_is_said_and_where(run: Run, config: Path) -> None:
    run("account", "invite", "jo", "--role", "admin")
    _, noted, _ = run("audit", "verify")
    database = config.with_name("central.db")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DROP TRIGGER audit_no_delete")
        connection.execute("DELETE FROM audit")
    assert run("audit", "verify")[0] == 0
    code, out, err = run("audit", "verify", "--against", noted.strip())
    assert (code, out) == (1, "")
    assert "entry 1 is another, or missing" in err
    run("account", "invite", "jo")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("UPDATE audit SET detail = 'nothing'")
    code, out, err = run("audit", "verify")
    assert (code, out) == (1, "")
    assert "entry 1 was changed" in err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_root_leaves_no_file_beside_the_database_that_the_service_could_not_open() -> None:
    with public_folder() as folder:
        os.chown(folder, 12345, 12346)
        command = [sys.executable, "-m", "central", "account", "invite", "jo", "--role", "admin"]
        subprocess.run([*command, "--config", str(_config(folder))], check=True, capture_output=True)
        owners = {file.name: (file.stat().st_uid, file.stat().st_gid) for file in folder.glob("central.db*")}
        assert "central.db" in owners
        assert set(owners.values()) == {(12345, 12346)}


def test_a_missing_folder_is_an_error_that_says_what_to_do(run: Run, config: Path) -> None:
    config.write_text(config.read_text().replace("central.db", "missing/central.db"))
    code, _, err = run("account", "list")
    assert code == 1
    assert "start the service once" in err
