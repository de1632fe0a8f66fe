"""Ctrl-C, SIGTERM and a reader that goes away, in the middle of long work: nothing half done, and no traceback."""

from __future__ import annotations

import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from projects import MODELS, PYPROJECT, SEEDS, Outcome, Project, at, drop, new_url

PATIENCE = 60.0  # seconds until what should happen soon counts as never; no test waits for it to pass
LINE = "error [DB001] interrupted; what was not finished was rolled back\n"

# Sleeps where the test wants it to, as often as it wants: while there is a file `slow`.
SLEEP = """\
import pathlib, time
if pathlib.Path("slow").exists():
    pathlib.Path("reached").touch()
    time.sleep(600)
"""


@pytest.fixture(params=["sqlite", "postgres"])
def seeded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    """The small application, migrated and seeded, on a database that undoes DDL."""
    yield from make(request.param, tmp_path)


@pytest.fixture(params=["sqlite", "postgres", "mysql"])
def seeded_anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    """The small application, migrated and seeded."""
    yield from make(request.param, tmp_path)


def make(kind: str, folder: Path) -> Iterator[Project]:
    url = new_url(kind, folder)
    project = Project(folder, url)
    project.write("pyproject.toml", PYPROJECT)
    project.write("app/__init__.py", "")
    project.write("app/models.py", MODELS)
    project.write("seed_data/authors.yaml", SEEDS)
    for command in (("migrate", "--name", "init"), ("seed",)):
        done = project.run(*command)
        assert done.code == 0, done.stderr
    yield project
    drop(url, folder)


def interrupted(
    project: Project, arguments: tuple[str, ...], sent: signal.Signals, reached: Callable[[], bool]
) -> Outcome:
    """Run dbtool, send it a signal as soon as it has reached a point, and return how it ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dbtool", *arguments],
        cwd=project.root,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    end = time.monotonic() + PATIENCE
    while not reached():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it was never reached"
        time.sleep(0.02)
    process.send_signal(sent)
    stdout, stderr = process.communicate(timeout=PATIENCE)
    return Outcome(process.returncode, stdout, stderr)


def held(project: Project) -> list[Any]:
    """Return all that a database holds: its schema, its ledger, its rows."""
    with project.database.reading() as connection:
        found: list[Any] = [project.database.catalogue(connection).lines]
        for query in (
            "SELECT * FROM author",
            "SELECT * FROM book",
            "SELECT revision, direction FROM dbtool_migrations",
        ):
            cursor = connection.cursor()
            cursor.execute(f"{query} ORDER BY id")
            found.append(list(cursor.fetchall()))
        return found


def files(project: Project) -> set[str]:
    """Return the names of the files of a project, apart from what Python and the tests leave there."""
    found = {path.relative_to(project.root).as_posix() for path in project.root.rglob("*") if path.is_file()}
    return {name for name in found if "__pycache__" not in name and name not in ("slow", "reached")}


SENT = pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])


@SENT
def test_a_deploy_that_is_interrupted_leaves_the_database_as_it_was(seeded: Project, sent: signal.Signals) -> None:
    seeded.migration("whole", 'op.execute("CREATE TABLE whole (id INTEGER)")')
    seeded.migration("half", f'op.execute("CREATE TABLE half (id INTEGER)")\n{SLEEP}')
    before, slow = held(seeded), seeded.write("slow", "")

    ended = interrupted(seeded, ("deploy",), sent, (seeded.root / "reached").exists)

    assert ended == Outcome(130, "", LINE)
    assert held(seeded) == before
    slow.unlink()
    assert seeded.run("deploy").code == 0
    assert [row["name"] for row in seeded.run("history", "--json").json["report"]["rows"]] == ["init", "whole", "half"]


def test_a_deploy_that_is_killed_leaves_the_database_as_it_was(seeded: Project) -> None:
    seeded.migration("half", f'op.execute("CREATE TABLE half (id INTEGER)")\n{SLEEP}')
    before, slow = held(seeded), seeded.write("slow", "")

    ended = interrupted(seeded, ("deploy",), signal.SIGKILL, (seeded.root / "reached").exists)

    assert ended == Outcome(-signal.SIGKILL, "", "")
    assert held(seeded) == before
    slow.unlink()
    assert seeded.run("deploy").code == 0


def test_a_statement_that_the_server_is_busy_with_is_interrupted_too(tmp_path: Path) -> None:
    for project in make("postgres", tmp_path):
        project.migration("half", 'op.execute("CREATE TABLE half (id INTEGER)")\nop.execute("SELECT pg_sleep(600)")')
        before = held(project)

        ended = interrupted(project, ("deploy",), signal.SIGINT, lambda made=project: is_asleep(made))

        assert ended == Outcome(130, "", LINE)
        assert held(project) == before


def test_an_interrupted_deploy_says_so_in_json(migrated: Project) -> None:
    migrated.migration("half", SLEEP)
    migrated.write("slow", "")

    ended = interrupted(migrated, ("deploy", "--json"), signal.SIGINT, (migrated.root / "reached").exists)

    assert (ended.code, ended.stderr) == (130, "")
    assert (ended.json["ok"], ended.json["error"]["code"]) == (False, "DB001")


def test_a_migrate_that_is_interrupted_while_it_proves_keeps_nothing(seeded: Project) -> None:
    name = f"half_{secrets.token_hex(5)}"
    seeded.migration("half", f'op.execute("CREATE TABLE {name} (id INTEGER)")\nop.drop_table("{name}")\n{SLEEP}')
    assert seeded.run("deploy").code == 0
    seeded.edit("app/models.py", "pages: int", "isbn: str | None = None\n    pages: int")
    before, there = held(seeded), files(seeded)
    seeded.write("slow", "")
    scratch: list[str] = []

    def proving() -> bool:
        if (seeded.root / "reached").exists():
            scratch.extend(sessions(seeded, f"%{name}%"))
            return True
        return False

    ended = interrupted(seeded, ("migrate", "--name", "isbn"), signal.SIGTERM, proving)

    assert ended == Outcome(130, "", LINE)
    assert (held(seeded), files(seeded)) == (before, there)
    assert len(scratch) == (1 if seeded.database.kind == "postgres" else 0)
    assert [each for each in scratch if at(seeded_url(seeded, each), seeded.root).exists()] == []


def test_a_seed_that_is_interrupted_before_it_writes_changes_nothing(seeded: Project) -> None:
    seeded.edit("app/models.py", "import Field,", "import Field as F,")
    validator = "@field_validator('pages')\n    def slowly(cls, value: int) -> int:\n"
    body = "".join(f"        {line}\n" for line in [*SLEEP.splitlines(), "return value"])
    text = (seeded.root / "app" / "models.py").read_text(encoding="utf-8").replace("Field(", "F(")
    seeded.write("app/models.py", f"from pydantic import field_validator\n{text}\n    {validator}{body}")
    seeded.edit("seed_data/authors.yaml", "387", "388")
    before = held(seeded)
    seeded.write("slow", "")

    ended = interrupted(seeded, ("seed",), signal.SIGINT, (seeded.root / "reached").exists)

    assert ended == Outcome(130, "", LINE)
    assert held(seeded) == before


def test_a_seed_that_is_interrupted_while_it_writes_is_rolled_back(tmp_path: Path) -> None:
    for project in make("postgres", tmp_path):
        with project.database.connect("write") as connection:
            connection.exec_driver_sql(SLOW_TRIGGER)
            connection.exec_driver_sql("DELETE FROM book")
            connection.exec_driver_sql("DELETE FROM author")
            connection.commit()
        before = held(project)

        ended = interrupted(project, ("seed",), signal.SIGINT, lambda made=project: is_asleep(made))

        assert (ended.code, ended.stdout, ended.stderr.endswith(LINE)) == (130, "", True)
        assert "Traceback" not in ended.stderr
        assert held(project) == before


SLOW_TRIGGER = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN NEW; END';
CREATE TRIGGER slow BEFORE INSERT ON book FOR EACH ROW EXECUTE FUNCTION slow();
"""


def test_a_reset_that_is_interrupted_leaves_the_old_database(seeded_anywhere: Project) -> None:
    seeded_anywhere.migration("half", f'op.execute("CREATE TABLE half (id INTEGER)")\n{SLEEP}')
    assert seeded_anywhere.run("deploy").code == 0
    before, there = held(seeded_anywhere), files(seeded_anywhere)
    slow = seeded_anywhere.write("slow", "")

    ended = interrupted(seeded_anywhere, ("reset", "--yes"), signal.SIGINT, (seeded_anywhere.root / "reached").exists)

    assert ended == Outcome(130, "", LINE)
    assert held(seeded_anywhere) == before
    assert [name for name in files(seeded_anywhere) - there if not name.startswith(".dbtool/backups/")] == []
    slow.unlink()
    assert seeded_anywhere.run("reset", "--yes").code == 0


# On the server


def sessions(project: Project, query: str) -> list[str]:
    """Return the databases in which dbtool said something like this last, on PostgreSQL."""
    if project.database.kind != "postgres":
        return []
    with project.database.reading() as connection:
        cursor = connection.execute(
            "SELECT datname FROM pg_stat_activity WHERE query LIKE %s AND pid <> pg_backend_pid()"
            " AND application_name = 'dbtool'",
            (query,),
        )
        return [name for (name,) in cursor.fetchall()]


def is_asleep(project: Project) -> bool:
    """Whether PostgreSQL runs `pg_sleep` in the project's database."""
    with project.database.reading() as connection:
        cursor = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
        )
        return bool(cursor.fetchone()[0])


def seeded_url(project: Project, database: str) -> str:
    """Return the URL of another database on the project's server."""
    assert project.url is not None
    return f"{project.url.rpartition('/')[0]}/{database}"


# A reader that goes away


@pytest.fixture
def large(migrated: Project) -> Project:
    """The application with more books than fit into a pipe."""
    with closing(sqlite3.connect(migrated.root / "dev.db")) as connection, connection:
        books = ((1, f"Book {number} {'x' * 100}", number) for number in range(5_000))
        connection.executemany("INSERT INTO book (author_id, title, pages) VALUES (?, ?, ?)", books)
    return migrated


def buffered(project: Project) -> dict[str, str]:
    """Return an environment in which Python buffers: else a text that was written in part counts as written."""
    return {name: text for name, text in project.environment().items() if name != "PYTHONUNBUFFERED"}


@pytest.mark.parametrize("form", ["--csv", "--json --limit 0", "--limit 0"])
def test_head_ends_a_long_answer_quietly(large: Project, form: str) -> None:
    command = f"'{sys.executable}' -m dbtool show book {form} | head -1; echo ${{PIPESTATUS[0]}}"

    done = subprocess.run(["bash", "-c", command], cwd=large.root, env=buffered(large), capture_output=True, text=True)

    first, code = done.stdout.splitlines()
    assert first.split(",")[0].split()[0] in ("id", "{")
    assert (code in ("141", "1"), done.stderr) == (True, "")  # Rich says 1


@pytest.mark.parametrize(
    "line", ["status", "status --json", "show", "show book --csv", "history", "doctor", "deploy", "no-such", "show -h"]
)
def test_a_reader_that_never_reads_gets_no_traceback(migrated: Project, line: str) -> None:
    migrated.migration("more", "pass")  # so that `status` has something else to say with its exit code
    ours, theirs = os.pipe()
    os.close(ours)

    done = subprocess.run(
        [sys.executable, "-m", "dbtool", *line.split()],
        cwd=migrated.root,
        env=buffered(migrated),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)

    assert done.returncode in (1, 2, 141)
    assert ("Traceback" in done.stderr, "BrokenPipe" in done.stderr) == (False, False)
