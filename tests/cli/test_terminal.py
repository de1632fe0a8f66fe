"""dbtool at a real terminal: what it asks, what it draws and takes away again, and what it never shows anybody."""

from __future__ import annotations

import os
import re
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from projects import Project, at, drop, server_url
from terminal import COLOUR, at_terminal, screen

SLOW = "import time\ntime.sleep(0.3)"  # longer than the terminal takes to draw


def files(project: Project) -> dict[str, bytes]:
    """Return every file below a project with what it holds, but for what is kept only to be fast."""
    passing = {"__pycache__", "state", "verdicts-sqlite"}
    found = (path for path in project.root.rglob("*") if path.is_file() and not passing & set(path.parts))
    return {path.relative_to(project.root).as_posix(): path.read_bytes() for path in found}


# Questions


@pytest.mark.parametrize("keys", ["n\n", "\n", "\x04", "nonsense\n"], ids=["no", "Enter", "end of file", "nonsense"])
def test_reset_asks_and_anything_but_yes_leaves_everything(migrated: Project, keys: str) -> None:
    before = files(migrated)

    terminal = at_terminal(migrated, "reset")
    terminal.wait_for("[y/N] ")
    terminal.type(keys)

    assert terminal.end() == 1
    question = f"delete sqlite:///{migrated.root}/dev.db with its 3 rows and build it anew? [y/N] "
    assert terminal.screen == [f"{question}{keys.strip(chr(4) + chr(10))}".rstrip(), DECLINED, ""]
    assert files(migrated) == before


DECLINED = "error [DB502] nothing was changed"


@pytest.mark.parametrize("keys", ["y\n", "YES\n"])
def test_reset_goes_on_after_yes(migrated: Project, keys: str) -> None:
    terminal = at_terminal(migrated, "reset")
    terminal.wait_for("[y/N] ")
    terminal.type(keys)

    assert terminal.end() == 0
    assert terminal.screen[1] == f"deleted 3 rows of sqlite:///{migrated.root}/dev.db"
    assert terminal.screen[-2] == "seeded 3 rows from 1 file"
    assert len(list((migrated.root / ".dbtool" / "backups").iterdir())) == 1


def test_reset_asks_nothing_with_yes(migrated: Project) -> None:
    terminal = at_terminal(migrated, "reset", "--yes")

    assert terminal.end() == 0
    assert "[y/N]" not in terminal.raw


@pytest.mark.parametrize(
    ("keys", "name"),
    [("\n", "create_author_and_1_more"), ("First things!\n", "first_things"), ("\x04", "create_author_and_1_more")],
    ids=["Enter", "another name", "end of file"],
)
def test_migrate_offers_a_name_and_takes_another(project: Project, keys: str, name: str) -> None:
    terminal = at_terminal(project, "migrate")
    terminal.wait_for("name of the migration [create_author_and_1_more]: ")
    terminal.type(keys)

    assert terminal.end() == 0
    assert [path.stem.partition("_")[2] for path in project.versions] == [name]


def test_migrate_asks_nothing_when_the_name_is_given(project: Project) -> None:
    terminal = at_terminal(project, "migrate", "--name", "init")

    assert terminal.end() == 0
    assert "name of the migration" not in terminal.raw


@pytest.fixture
def losing(migrated: Project) -> Project:
    """The application after a change that loses the values of a column."""
    migrated.edit("app/models.py", "    pages: int = Field(default=0)\n", "")
    return migrated


@pytest.mark.parametrize(("keys", "code"), [("n\n", 1), ("\n", 1), ("\x04", 1), ("\x03", 130)], ids=repr)
def test_a_losing_migrate_asks_and_no_changes_nothing(losing: Project, keys: str, code: int) -> None:
    before = files(losing)

    terminal = at_terminal(losing, "migrate", "--name", "shorter")
    terminal.wait_for("[y/N] ")
    terminal.type(keys)

    assert terminal.end() == code
    assert terminal.screen[:2] == ["this migration loses data of dev.db:", "  drop column book.pages (2 values lost)"]
    assert terminal.screen[2].startswith("go on? (a backup is taken first) [y/N]")
    assert terminal.screen[3:] == [DECLINED if code == 1 else INTERRUPTED, ""]
    assert files(losing) == before


INTERRUPTED = "error [DB001] interrupted; what was not finished was rolled back"


def test_a_losing_migrate_backs_up_and_applies_after_yes(losing: Project) -> None:
    before = (losing.root / "dev.db").read_bytes()

    terminal = at_terminal(losing, "migrate", "--name", "shorter")
    terminal.wait_for("[y/N] ")
    terminal.type("y\n")

    assert terminal.end() == 0
    (backup,) = (losing.root / ".dbtool" / "backups").iterdir()
    assert f"backup: .dbtool/backups/{backup.name}" in terminal.screen
    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("SELECT pages FROM book ORDER BY id").fetchall() == [(387,), (184,)]
    assert losing.run("show", "book", "--csv").stdout.splitlines()[0] == "id,author_id,title"
    assert (losing.root / "dev.db").read_bytes() != before


@pytest.mark.parametrize("without", ["stdin", "--json"])
def test_nobody_is_asked_without_a_terminal_or_by_a_program(losing: Project, without: str) -> None:
    before = files(losing)

    if without == "stdin":
        done = losing.run("migrate", stdin="y\ny\n")
        code, said = done.code, done.stderr
    else:
        terminal = at_terminal(losing, "migrate", "--json")
        code, said = terminal.end(), terminal.raw

    assert (code, "DB501" in said, "[y/N]" in said) == (1, True, False)
    assert files(losing) == before


# What moves


def test_progress_is_shown_until_the_last_migration_has_run(migrated: Project) -> None:
    for name in ("one", "two", "three"):
        migrated.migration(name, SLOW)

    terminal = at_terminal(migrated, "deploy")

    assert terminal.end() == 0
    assert re.findall(r"applying \d+ (\w+ \(\d/\d\))\r\n", terminal.raw) == ["three (3/3)"]  # the last one drawn
    assert [re.sub(r"\d{14}|\d+\.\d+", "N", line) for line in terminal.screen] == [
        "applied 3 migrations in N s",
        "  N one",
        "  N two",
        "  N three",
        "",
    ]


def test_progress_vanishes_before_an_error_is_printed(migrated: Project) -> None:
    migrated.migration("good", SLOW)
    migrated.migration("bad", f"{SLOW}\nop.execute('select nothing')")
    migrated.migration("never", "pass")

    terminal = at_terminal(migrated, "deploy")

    assert terminal.end() == 1
    assert "bad (2/3)" in terminal.raw
    assert re.sub(r"\d{14}", "N", terminal.screen[0]).startswith("error [DB310] migration N bad failed at migrations/")
    assert terminal.screen[-1] == ""


def test_progress_vanishes_and_the_cursor_returns_after_an_interrupt(migrated: Project) -> None:
    migrated.migration("endless", "import time\ntime.sleep(600)")

    terminal = at_terminal(migrated, "deploy")
    terminal.wait_for("endless (1/1)")
    terminal.type("\x03")

    assert terminal.end() == 130
    assert terminal.screen == [INTERRUPTED, ""]
    assert terminal.raw.rindex("\x1b[?25h") > terminal.raw.rindex("\x1b[?25l")  # shown after it was hidden


def test_progress_goes_to_the_terminal_while_the_answer_goes_into_a_pipe(migrated: Project) -> None:
    migrated.migration("slow", SLOW)
    read, write = os.pipe()

    terminal = at_terminal(migrated, "deploy", stdout=write)
    os.close(write)
    code = terminal.end()
    answer = os.read(read, 65536).decode()
    os.close(read)

    assert (code, any(terminal.screen)) == (0, False)
    assert "slow (1/1)" in terminal.raw
    assert answer.startswith("applied 1 migration in ")
    assert "\x1b" not in answer


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb"])
@pytest.mark.parametrize("arguments", [("deploy",), ("show", "book"), ("show", "nothing")])
def test_a_terminal_without_colour_gets_plain_lines(
    migrated: Project, environment: dict[str, str], arguments: tuple[str, ...]
) -> None:
    migrated.migration("slow", SLOW)

    terminal = at_terminal(migrated, *arguments, **environment)

    assert terminal.end() in (0, 1, 2)
    assert len(terminal.raw) > 20
    assert "\x1b" not in terminal.raw


@pytest.mark.parametrize("arguments", [("--help",), ("show", "--help"), ("status", "--nonsense")])
def test_help_has_no_colour_where_none_is_wanted(project: Project, arguments: tuple[str, ...]) -> None:
    coloured, plain = at_terminal(project, *arguments), at_terminal(project, *arguments, NO_COLOR="1")

    assert coloured.end() == plain.end()
    assert re.search(r"\x1b\[(\d;)?3\dm", coloured.raw)
    assert not re.search(r"\x1b\[(\d;)?[34]\dm", plain.raw)
    assert plain.screen == coloured.screen


@pytest.mark.parametrize("arguments", [("show",), ("status",), ("doctor",), ("show", "nothing")])
def test_a_terminal_gets_colours_and_a_pipe_gets_the_same_words_without(
    migrated: Project, arguments: tuple[str, ...]
) -> None:
    terminal = at_terminal(migrated, *arguments)
    code = terminal.end()

    piped = subprocess.run(
        [sys.executable, "-m", "dbtool", *arguments],
        cwd=migrated.root,
        env={**terminal.environment, "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )

    assert COLOUR.search(terminal.raw)
    assert "\x1b" not in piped.stdout
    assert (code, terminal.screen) == (piped.returncode, screen(piped.stdout.replace("\n", "\r\n")))


# Quiet and verbose


def test_quiet_leaves_the_answer_and_errors(migrated: Project) -> None:
    migrated.migration("slow", SLOW)

    deployed = at_terminal(migrated, "deploy", "-q")
    refused = at_terminal(migrated, "deploy", "-q", "--to", "nowhere")

    assert (deployed.end(), refused.end()) == (0, 1)
    assert deployed.screen[0].startswith("applied 1 migration in ")
    assert "applying" not in deployed.raw
    assert refused.screen[0] == "error [DB306] no migration is called `nowhere`"


def test_verbose_shows_each_statement_with_its_time_and_leaves_the_answer_alone(migrated: Project) -> None:
    migrated.migration("more", 'op.execute("CREATE TABLE more\\n    (id INTEGER)")')
    plain = migrated.run("deploy", "--dry-run")

    told = migrated.run("deploy", "-v", "--dry-run")

    assert (told.code, without_seconds(told.stdout)) == (0, without_seconds(plain.stdout))
    assert [line for line in told.stderr.splitlines() if not TIMED.fullmatch(line)] == []
    assert "CREATE TABLE more (id INTEGER)" in [line[1] for line in TIMED.finditer(told.stderr)]
    assert plain.stderr == ""


TIMED = re.compile(r"^ +\d+\.\d ms  (.+)$", re.MULTILINE)


def test_verbose_at_a_terminal_is_not_mixed_with_what_moves(migrated: Project) -> None:
    migrated.migration("more", f'{SLOW}\nop.execute("CREATE TABLE more (id INTEGER)")')

    terminal = at_terminal(migrated, "deploy", "-v")

    assert terminal.end() == 0
    statements = [line for line in terminal.screen if TIMED.fullmatch(line)]
    said = [without_seconds(line) for line in terminal.screen if line not in statements]
    assert any(line.endswith(" ms  CREATE TABLE more (id INTEGER)") for line in statements)
    assert (said[0], said[2:]) == ("applied 1 migration in N s", [""])


def without_seconds(text: str) -> str:
    return re.sub(r"\d+\.\d+ s", "N s", text)


# Passwords

PASSWORD = "tOp-s3cr3t@/:?#"


@dataclass
class Secret:
    """A project on a server, reached by a role with a password."""

    project: Project
    url: str

    def said(self, *arguments: str, code: int, **environment: str) -> str:
        """Run dbtool and return everything that it printed; its exit code must be this one."""
        done = self.project.run(*arguments, **environment)
        assert done.code == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def change(self, old: str, new: str) -> str:
        """Return the URL with something else in it."""
        assert old in self.url
        return self.url.replace(old, new)


@pytest.fixture(params=["postgres", "mysql"])
def secret(request: pytest.FixtureRequest, project: Project) -> Iterator[Secret]:
    """The application on a server that has a role of its own, with a password."""
    server = server_url(request.param)
    scheme, _, rest = server.partition("://")
    host = rest.rpartition("@")[2].partition("/")[0]
    name = f"dbtool_test_{secrets.token_hex(5)}"
    url = f"{scheme}://{name}:{quote(PASSWORD, safe='')}@{host}/{name}"
    administer(server, project.root, *CREATE[request.param], name)
    project.url = url
    yield Secret(project, url)
    drop(url, project.root)
    administer(server, project.root, *REMOVE[request.param], name)


CREATE = {
    "postgres": (f"CREATE ROLE {{}} LOGIN CREATEDB PASSWORD '{PASSWORD}'",),
    "mysql": (f"CREATE USER {{}}@'%%' IDENTIFIED BY '{PASSWORD}'", "GRANT ALL ON *.* TO {}@'%%'"),
}
REMOVE = {"postgres": ("DROP ROLE {}",), "mysql": ("DROP USER {}@'%%'",)}


def administer(server: str, folder: Path, *statements: str) -> None:
    """Run statements as the server's administrator; the last word is the role that stands for `{}`."""
    *commands, name = statements
    with at(server, folder).connect("write") as connection:
        for statement in commands:
            connection.exec_driver_sql(statement.format(name))
        connection.commit()


def test_no_command_shows_or_writes_a_password(secret: Secret) -> None:
    said = [
        secret.said("migrate", "--name", "init", "-v", code=0),
        secret.said("seed", "-v", code=0),
        secret.said("deploy", "-v", "--json", code=0),
        secret.said("status", code=0),
        secret.said("status", "--json", code=0),
        secret.said("history", "--json", code=0),
        secret.said("show", "-v", code=0),
        secret.said("show", "book", "--json", code=0),
        secret.said("doctor", code=0),
        secret.said("doctor", "--json", code=0),
        secret.said("reset", "--yes", "-v", code=0),
        secret.said("reset", code=1),
    ]

    assert all("***" in text for text in (said[0], said[3], said[4], said[6], said[8], said[9], said[10], said[11]))
    assert [text for text in said if "s3cr3t" in text] == []
    assert [name for name, text in files(secret.project).items() if b"s3cr3t" in text] == []


def test_no_error_shows_a_password(secret: Secret) -> None:
    port = secret.url.rpartition(":")[2].partition("/")[0]
    nobody, nothing = secret.change(f":{port}/", ":1/"), f"{secret.url}_nothing"
    name = secret.url.rpartition("/")[2]
    secret.project.scaffold()
    secret.project.migration("bad", "op.execute('select nothing from nowhere')")

    said = [
        secret.said("deploy", "-v", code=1),
        secret.said("deploy", "--json", code=1),
        secret.said("show", "nothing", code=1),
        *(secret.said(command, "--url", nobody, code=1) for command in ("status", "migrate", "doctor", "show")),
        *(secret.said(command, "--json", "--url", nothing, code=1) for command in ("status", "history", "show")),
        secret.said("status", "--url", secret.change(f":{port}/", f":{port}x/"), code=2),
        secret.said("status", "--url", secret.change("://", ""), code=2),
        secret.said("status", "--url", secret.change("://", "sql://"), code=2),
        secret.said("status", "--url", secret.change(name + ":", f"nobody{name}:"), code=1),
        secret.said("status", "--url", f"{secret.url}?nonsense=1", code=1),
    ]

    assert all("error" in text.lower() for text in said)
    assert [text for text in said if "s3cr3t" in text] == []


def test_an_env_py_that_fails_shows_no_password(secret: Secret) -> None:
    secret.project.write("alembic.ini", "[alembic]\nscript_location = migrations\n")
    secret.project.scaffold()
    secret.project.write("migrations/env.py", "from alembic import context\n\nraise RuntimeError('a bug of its own')\n")
    secret.project.migration("first", "pass")

    said = secret.said("deploy", "-v", code=2)

    assert "a bug of its own" in said
    assert "s3cr3t" not in said
