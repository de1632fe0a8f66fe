"""`reset`: asked in words, backed up, and the old database stays when anything fails."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from projects import Project, new_url

from dbtool.database import rows
from dbtool.engine import history as histories


@pytest.fixture
def seeded(migrated: Project, url: str) -> Project:
    """The application, migrated and seeded, on each kind of database."""
    if not url.startswith("sqlite"):
        migrated.url = url
        for command in ("deploy", "seed"):
            done = migrated.run(command)
            assert done.code == 0, done.stderr
    return migrated


def contents(project: Project) -> tuple[object, ...]:
    """Return everything that a reset could lose: rows of the tables, of the ledger, and the catalogue."""
    database = project.database
    with database.reading() as connection:
        books = rows(connection, "SELECT title, pages FROM book ORDER BY title")
        runs = rows(connection, "SELECT revision, direction FROM dbtool_migrations ORDER BY id")
        return books, runs, database.catalogue(connection)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_reset_builds_the_database_anew_and_keeps_a_backup_of_the_old(seeded: Project) -> None:
    seeded.edit("seed_data/authors.yaml", "pages: 387", "pages: 1")

    done = seeded.run("reset", "--yes", "--json")

    assert done.code == 0, done.stderr
    report = done.json["report"]
    assert report["rows_deleted"] == 3
    assert contents(seeded)[0] == [("The Dispossessed", 1), ("The Lathe of Heaven", 184)]
    backup = seeded.root / report["backup"]
    assert backup.parent == seeded.root / ".dbtool" / "backups"
    seeded.database.restore(backup) if seeded.database.kind == "sqlite" else seeded.database.drop_objects()  # type: ignore[attr-defined]
    if seeded.database.kind != "sqlite":
        seeded.database.restore(backup)
    assert contents(seeded)[0] == [("The Dispossessed", 387), ("The Lathe of Heaven", 184)]


@pytest.mark.parametrize("broken", ["migration", "seed"])
def test_a_reset_that_fails_leaves_the_database_as_it_was(seeded: Project, broken: str) -> None:
    before = contents(seeded)
    if broken == "seed":
        seeded.edit("seed_data/authors.yaml", "pages: 387", "pages: many")
    else:
        path = seeded.migration("boom", 'op.execute("INSERT INTO nowhere VALUES (1)")')
        assert path.exists()

    done = seeded.run("reset", "--yes", "--json")

    assert (done.code, done.json["error"]["code"]) == (1, "DB601" if broken == "seed" else "DB310")
    assert contents(seeded) == before


def test_a_reset_that_fails_leaves_the_file_to_the_last_byte(migrated: Project) -> None:
    path = migrated.root / "dev.db"
    before = digest(path)
    migrated.edit("seed_data/authors.yaml", "pages: 387", "pages: many")

    done = migrated.run("reset", "--yes")

    assert (done.code, digest(path)) == (1, before)
    assert [each.name for each in migrated.root.glob("dev.db*")] == ["dev.db"]


def test_without_a_terminal_a_reset_needs_the_flag(migrated: Project) -> None:
    before = digest(migrated.root / "dev.db")

    done = migrated.run("reset", "--json")

    assert (done.code, done.json["error"]["code"], done.json["error"]["hint"]) == (
        1,
        "DB501",
        "add --yes to answer yes",
    )
    assert "3 rows" in done.json["error"]["message"]
    assert digest(migrated.root / "dev.db") == before


def test_only_the_newest_five_backups_are_kept(migrated: Project) -> None:
    made = [migrated.run("reset", "--yes", "--no-seed", "--json").json["report"]["backup"] for _ in range(7)]

    kept = sorted(f".dbtool/backups/{path.name}" for path in (migrated.root / ".dbtool" / "backups").iterdir())

    assert kept == sorted(made)[-5:]


def test_without_a_backup_none_is_taken(migrated: Project) -> None:
    done = migrated.run("reset", "--yes", "--no-backup", "--json")

    assert (done.code, done.json["report"]["backup"]) == (0, None)
    assert not (migrated.root / ".dbtool" / "backups").exists()


@contextmanager
def holder(path: Path, *, journal: str) -> Iterator[None]:
    """Hold a SQLite file open in another process, without a transaction."""
    program = (
        f"import sqlite3, sys\nc = sqlite3.connect({str(path)!r})\nc.execute('PRAGMA journal_mode={journal}')\n"
        "c.execute('SELECT count(*) FROM book').fetchall()\nprint('open', flush=True)\nsys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "open\n"
    try:
        yield
    finally:
        process.communicate("")


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_a_file_that_another_process_holds_is_not_replaced(migrated: Project, journal: str) -> None:
    with holder(migrated.root / "dev.db", journal=journal):
        done = migrated.run("reset", "--yes", "--json")

    assert (done.code, done.json["error"]["code"]) == (1, "DB204")
    assert "is open in process" in done.json["error"]["message"]
    assert contents(migrated)[0] == [("The Dispossessed", 387), ("The Lathe of Heaven", 184)]


@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_a_server_database_that_somebody_uses_is_not_dropped(migrated: Project, kind: str, tmp_path: Path) -> None:
    migrated.url = new_url(kind, tmp_path)
    assert migrated.run("deploy").code == 0
    database = migrated.database
    try:
        with database.reading():
            done = migrated.run("reset", "--yes", "--json")

        assert (done.code, done.json["error"]["code"]) == (1, "DB204")
        assert "is in use by" in done.json["error"]["message"]
        assert migrated.run("status").code == 0
    finally:
        time.sleep(0.1)  # the server closes the session after the client did
        database.drop()  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_without_the_program_that_copies_a_reset_is_refused(migrated: Project, kind: str, tmp_path: Path) -> None:
    migrated.url = new_url(kind, tmp_path)
    assert migrated.run("deploy").code == 0
    try:
        refused = migrated.run("reset", "--yes", "--json", PATH=str(tmp_path))
        without = migrated.run("reset", "--yes", "--no-backup", "--json", PATH=str(tmp_path))

        assert (refused.code, refused.json["error"]["code"]) == (2, "DB107")
        assert refused.json["error"]["hint"].startswith("apt-get install ")
        assert refused.json["error"]["hint"].endswith("--no-backup to go without one)")
        assert without.code == 0, without.stdout
    finally:
        migrated.database.drop()  # type: ignore[attr-defined]


def test_the_files_beside_a_database_go_with_it(migrated: Project) -> None:
    path = migrated.root / "dev.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("INSERT INTO author (name) VALUES ('in the log only')")
    connection.commit()
    connection.close()

    done = migrated.run("reset", "--yes", "--json")

    assert done.code == 0, done.stdout
    assert (done.json["report"]["rows_deleted"], [each.name for each in migrated.root.glob("dev.db*")]) == (
        4,
        ["dev.db"],
    )
    with sqlite3.connect(migrated.root / done.json["report"]["backup"]) as copy:
        assert copy.execute("SELECT count(*) FROM author").fetchone() == (2,)


def test_a_file_that_is_no_database_can_be_reset(migrated: Project) -> None:
    garbage = b"\0dear diary" * 1000
    (migrated.root / "dev.db").write_bytes(garbage)

    done = migrated.run("reset", "--yes", "--json")

    assert done.code == 0, done.stdout
    assert (migrated.root / done.json["report"]["backup"]).read_bytes() == garbage
    assert migrated.run("status").code == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mysql"])
def test_a_reset_that_fails_where_there_was_no_database_leaves_none(migrated: Project, kind: str) -> None:
    migrated.url = new_url(kind, migrated.root)
    migrated.migration("boom", 'op.execute("INSERT INTO nowhere VALUES (1)")')

    done = migrated.run("reset", "--yes", "--json")

    assert (done.code, done.json["error"]["code"]) == (1, "DB310")
    assert not migrated.database.exists()


def test_a_reset_with_a_file_missing_is_refused_before_anything_happens(migrated: Project) -> None:
    before = digest(migrated.root / "dev.db")
    migrated.versions[-1].unlink()

    done = migrated.run("reset", "--yes", "--json")

    assert (done.code, done.json["error"]["code"]) == (1, "DB302")
    assert digest(migrated.root / "dev.db") == before
    assert not (migrated.root / ".dbtool" / "backups").exists()


def test_a_file_that_a_reset_ran_as_it_is_is_listed_again_by_the_next_migrate(migrated: Project) -> None:
    added = 'op.add_column("book", sa.Column("note", sa.String(20)))'
    path = migrated.migration("note", added, 'op.drop_column("book", "note")')
    histories.write_lock(migrated.config, histories.read(migrated.config).revisions)
    path.write_text(path.read_text().replace("String(20)", "String(30)"))
    pages = "    pages: int = Field(default=0)\n"
    migrated.edit("app/models.py", pages, f"{pages}    note: str | None = Field(default=None, max_length=30)\n")

    reset = migrated.run("reset", "--yes", "--no-seed")
    told = migrated.run("status", "--json").json["report"]["standing"]["stale"]
    done = migrated.run("migrate", "--json")

    assert reset.code == 0, reset.stderr
    assert [each["name"] for each in told] == ["note"]
    assert (done.code, done.json["report"]["revision"]) == (0, None), done.stderr
    assert migrated.run("status").code == 0
