"""Running migrations: whole or not at all, whatever happens in between."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from projects import Project, at, drop, new_url

import dbtool
from dbtool.conversation import Event, Note, Running, Tell, silent
from dbtool.database import JOURNAL, Database, rows
from dbtool.engine import history, runner
from dbtool.errors import AccessError, DiskFullError, LockedError, MigrationError, NotADatabaseError
from dbtool.reports import Applied

TRANSACTIONAL = ["sqlite", "postgres"]
on_transactional = pytest.mark.parametrize("url", TRANSACTIONAL, indirect=True)
on_postgres = pytest.mark.parametrize("url", ["postgres"], indirect=True)
on_mysql = pytest.mark.parametrize("url", ["mysql"], indirect=True)
on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)

BOOK = (
    "op.create_table('book', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('title', sa.String(50)))\n"
    "op.execute(\"INSERT INTO book VALUES (1, 'First')\")"
)
PAGE = "op.create_table('page', sa.Column('id', sa.Integer(), primary_key=True))"
BOOM = "op.execute('INSERT INTO nowhere VALUES (1)')"


@pytest.fixture
def shelf(database: Database, tmp_path: Path, url: str) -> Project:
    """A project with a migrations folder and an empty database of each kind; migrations are written by hand."""
    return shelf_at(tmp_path / "app", url)


def shelf_at(root: Path, url: str) -> Project:
    project = Project(root, url)
    project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
    project.scaffold()
    return project


def upgrade(project: Project, *, to: str | None = None, dry_run: bool = False, tell: Tell = silent) -> list[Applied]:
    known = history.read(project.config)
    return list(runner.upgrade(project.config, project.database, known, to=to, dry_run=dry_run, tell=tell))


def downgrade(project: Project, to: str) -> list[Applied]:
    return list(runner.downgrade(project.config, project.database, history.read(project.config), to=to))


def state(database: Database) -> dict[str, Any]:
    """Everything that is in a database: its schema, its rows, which migrations it has run by either table."""
    with database.reading() as connection:
        names = database.table_names(connection)
        found: dict[str, Any] = {"schema": database.catalogue(connection).lines, "tables": names}
        for name in sorted(names - set(database.own_tables)):
            found[name] = sorted(rows(connection, f"SELECT * FROM {name}"))
        if "alembic_version" in names:
            found["version"] = [version for (version,) in rows(connection, "SELECT version_num FROM alembic_version")]
        if "dbtool_migrations" in names:
            found["ledger"] = list(rows(connection, "SELECT revision, direction FROM dbtool_migrations ORDER BY id"))
    return found


def versions(database: Database) -> list[str]:
    found: list[str] = state(database).get("version", [])
    return found


# Up and down


def test_pending_migrations_run_in_order_and_are_recorded_in_both_tables(shelf: Project) -> None:
    shelf.migration("add_book", BOOK)
    shelf.migration("add_page", PAGE)

    applied = upgrade(shelf)

    assert [(each.revision, each.name, each.direction, each.statements) for each in applied] == [
        ("20250101000000", "add_book", "up", 2),
        ("20250101000001", "add_page", "up", 1),
    ]
    found = state(shelf.database)
    assert found["tables"] - {JOURNAL} == {"book", "page", "alembic_version", "dbtool_migrations"}
    assert found["book"] == [(1, "First")]
    assert found["version"] == ["20250101000001"]
    assert found["ledger"] == [("20250101000000", "up"), ("20250101000001", "up")]


def test_what_has_run_does_not_run_again(shelf: Project) -> None:
    shelf.migration("add_book", BOOK)
    upgrade(shelf)
    before = state(shelf.database)

    applied = upgrade(shelf)

    assert applied == []
    assert state(shelf.database) == before


def test_a_target_is_not_passed(shelf: Project) -> None:
    shelf.migration("add_book", BOOK)
    shelf.migration("add_page", PAGE)

    applied = upgrade(shelf, to="20250101000000")

    assert [each.name for each in applied] == ["add_book"]
    assert versions(shelf.database) == ["20250101000000"]


def test_migrations_are_taken_back_newest_first_and_the_ledger_remembers(shelf: Project) -> None:
    shelf.migration("add_book", BOOK, "op.drop_table('book')")
    upgrade(shelf)
    before = state(shelf.database)
    shelf.migration("add_page", PAGE, "op.drop_table('page')")
    shelf.migration("add_word", PAGE.replace("page", "word"), "op.drop_table('word')")
    upgrade(shelf)

    applied = downgrade(shelf, "20250101000000")

    assert [(each.name, each.direction) for each in applied] == [("add_word", "down"), ("add_page", "down")]
    after = state(shelf.database)
    ledger = after.pop("ledger")
    assert ledger == [
        ("20250101000000", "up"),
        ("20250101000001", "up"),
        ("20250101000002", "up"),
        ("20250101000002", "down"),
        ("20250101000001", "down"),
    ]
    assert after == {key: value for key, value in before.items() if key != "ledger"}


def test_everything_can_be_taken_back_and_applied_again(shelf: Project) -> None:
    shelf.migration("add_book", BOOK, "op.drop_table('book')")
    upgrade(shelf)

    downgrade(shelf, "base")
    between = state(shelf.database)
    upgrade(shelf)

    assert (between["schema"], between["version"]) == ((), [])
    assert (versions(shelf.database), state(shelf.database)["book"]) == (["20250101000000"], [(1, "First")])


def test_both_sides_of_a_merge_run_once(shelf: Project) -> None:
    first = shelf.migration("first", "pass")
    for id, name in (("20250102000000", "west"), ("20250103000000", "east")):
        text = first.read_text().replace("'20250101000000'", f"'{id}'", 1).replace("= None", "= '20250101000000'", 1)
        shelf.write(
            f"migrations/versions/{id}_{name}.py",
            text.replace("pass", f"op.execute('CREATE TABLE {name} (id INT)')", 1),
        )
    merge = first.read_text().replace("'20250101000000'", "'20250104000000'", 1)
    merge = merge.replace("= None", "= ('20250102000000', '20250103000000')", 1)
    shelf.write("migrations/versions/20250104000000_merge.py", merge)

    applied = upgrade(shelf)

    assert [each.name for each in applied] == ["first", "west", "east", "merge"]
    found = state(shelf.database)
    assert (found["version"], found["west"], found["east"]) == (["20250104000000"], [], [])
    assert [each.name for each in downgrade(shelf, "20250101000000")] == ["merge", "east", "west"]
    assert versions(shelf.database) == ["20250101000000"]


def test_what_runs_is_told_while_it_runs(shelf: Project) -> None:
    shelf.migration("add_book", BOOK)
    shelf.migration("nothing", "pass")
    told: list[Event] = []

    upgrade(shelf, tell=told.append)

    assert told == [
        Running("20250101000000", "add_book", "up", 1, 2),
        Running("20250101000001", "nothing", "up", 2, 2),
    ]


@on_sqlite
def test_a_migration_may_import_the_application_from_wherever_dbtool_is_called(shelf: Project) -> None:
    shelf.write("app/__init__.py", "")
    shelf.write("app/kinds.py", "TITLE = 'from the application'\n")
    shelf.migration(
        "add_book", BOOK + "\nfrom app.kinds import TITLE\nop.execute(f\"UPDATE book SET title = '{TITLE}'\")"
    )
    shelf.write("deep/down/x", "")
    program = "import os, dbtool\nos.chdir('deep/down')\ndbtool.deploy(dbtool.load_config())"

    done = shelf.python("-c", program)

    assert (done.code, done.stderr) == (0, "")
    assert state(shelf.database)["book"] == [(1, "from the application")]


# Failures


@on_transactional
def test_a_failing_third_migration_leaves_nothing_of_the_first_two(shelf: Project, database: Database) -> None:
    before = state(database)
    shelf.migration("add_book", BOOK)
    shelf.migration("add_page", PAGE)
    shelf.migration("boom", f"op.execute('CREATE TABLE later (id INTEGER)')\n{BOOM}")

    with pytest.raises(MigrationError) as error:
        upgrade(shelf)

    said = {"sqlite": "no such table: nowhere", "postgres": 'relation "nowhere" does not exist'}[database.kind]
    assert error.value.message == (
        "migration 20250101000002 boom failed at migrations/versions/20250101000002_boom.py:12"
    )
    assert error.value.hint == "correct migrations/versions/20250101000002_boom.py, then run this again"
    assert (error.value.failed, error.value.applied) == ("boom", ())
    assert error.value.problems[0] == "statement: INSERT INTO nowhere VALUES (1)"
    assert error.value.problems[1].startswith(f"database: {said}")
    assert error.value.problems[2:] == ("nothing changed: the database is as it was",)
    assert state(database) == before


@on_mysql
def test_mariadb_keeps_the_migrations_before_a_failing_one_and_says_so(shelf: Project, database: Database) -> None:
    shelf.migration("add_book", BOOK)
    shelf.migration("add_page", PAGE)
    shelf.migration("boom", f"op.execute('CREATE TABLE later (id INTEGER)')\n{BOOM}")

    with pytest.raises(MigrationError) as error:
        upgrade(shelf)

    assert (error.value.failed, error.value.applied) == ("boom", ("20250101000000", "20250101000001"))
    assert error.value.problems == (
        "statement: INSERT INTO nowhere VALUES (1)",
        f"database: (1146, \"Table '{database.url.database}.nowhere' doesn't exist\")",
        "applied before it and kept: 20250101000000, 20250101000001",
        "this database commits every DDL statement: what this file did before the failure stays",
        "the next run goes on from there; `dbtool repair --undo` takes it back",
    )
    found = state(database)
    assert found["version"] == ["20250101000001"]
    assert found["ledger"] == [("20250101000000", "up"), ("20250101000001", "up")]
    assert found["tables"] == {"book", "page", "later", "alembic_version", "dbtool_migrations", JOURNAL}


@on_transactional
def test_a_corrected_migration_runs_after_a_failure(shelf: Project, database: Database) -> None:
    shelf.migration("add_book", BOOK)
    path = shelf.migration("boom", BOOM)
    with pytest.raises(MigrationError):
        upgrade(shelf)

    shelf.edit(str(path.relative_to(shelf.root)), "INSERT INTO nowhere VALUES (1)", "SELECT 1")
    upgrade(shelf)

    assert versions(database) == ["20250101000001"]


@on_transactional
def test_a_failure_on_the_way_back_leaves_everything(shelf: Project, database: Database) -> None:
    shelf.migration("add_book", BOOK, BOOM)
    shelf.migration("add_page", PAGE, "op.drop_table('page')")
    upgrade(shelf)
    before = state(database)

    with pytest.raises(MigrationError) as error:
        downgrade(shelf, "base")

    assert error.value.failed == "add_book"
    assert state(database) == before


CODE = {
    "raises": ("raise ValueError('no such book')", ":11", ("ValueError: no such book",)),
    "raises deep below": ("def f():\n    raise KeyError('x')\nf()", ":12", ("KeyError: 'x'",)),
    "is not callable": ("1()", ":11", ("TypeError: 'int' object is not callable",)),
    "uses an unknown name": ("nothing", ":11", ("NameError: name 'nothing' is not defined",)),
}


@on_sqlite
@pytest.mark.parametrize(("code", "line", "problems"), CODE.values(), ids=CODE)
def test_an_error_in_the_code_of_a_migration_names_its_line(
    shelf: Project, code: str, line: str, problems: tuple[str, ...]
) -> None:
    shelf.migration("boom", code)

    with pytest.raises(MigrationError) as error:
        upgrade(shelf)

    assert error.value.message == (
        f"migration 20250101000000 boom failed at migrations/versions/20250101000000_boom.py{line}"
    )
    assert error.value.problems == (*problems, "nothing changed: the database is as it was")


@on_sqlite
def test_a_migration_that_cannot_be_imported_names_its_line(shelf: Project) -> None:
    path = shelf.migration("boom", "pass")
    path.write_text(path.read_text().replace("from alembic import op", "from alembic import oops"))

    with pytest.raises(MigrationError) as error:
        upgrade(shelf)

    assert error.value.message.endswith("20250101000000_boom.py:4")


@on_sqlite
def test_a_disk_that_is_full_is_told_and_leaves_everything(shelf: Project, database: Database) -> None:
    shelf.migration("add_book", BOOK)
    upgrade(shelf)
    before = state(database)
    shelf.migration("add_page", PAGE)
    shelf.migration(
        "fill",
        "op.execute('PRAGMA max_page_count = 20')\n"
        'op.execute("WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)'
        " INSERT INTO book SELECT i, 'a long long long long title' FROM n\")",
    )

    with pytest.raises(DiskFullError) as error:
        upgrade(shelf)

    assert error.value.message == "the disk is full: database or disk is full"
    assert error.value.problems == ("this happened in migration 20250101000002 fill",)
    assert state(database) == before
    with database.reading() as connection:
        assert rows(connection, "PRAGMA integrity_check") == [("ok",)]


@on_sqlite
@pytest.mark.parametrize("damage", ["a page", "the end"])
def test_a_damaged_file_is_told_before_anything_is_changed(shelf: Project, database: Database, damage: str) -> None:
    shelf.migration("add_book", BOOK)
    upgrade(shelf)
    with database.connect("write") as connection:
        for start in range(0, 5000, 500):
            values = ", ".join(
                f"({number}, 'a long title, number {number}')" for number in range(start + 10, start + 510)
            )
            connection.exec_driver_sql(f"INSERT INTO book (id, title) VALUES {values}")
        connection.commit()
    path = Path(database.url.database)
    text = bytearray(path.read_bytes())
    if damage == "a page":
        text[8 * 4096 : 9 * 4096] = bytes(range(256)) * 16
    else:
        del text[-3 * 4096 :]
    path.write_bytes(text)
    shelf.migration("add_page", PAGE)

    with pytest.raises(NotADatabaseError) as error:
        upgrade(shelf)

    assert "damaged" in error.value.message
    assert path.read_bytes() == bytes(text)


@on_postgres
def test_a_lock_that_is_not_given_in_time_is_told_and_leaves_everything(shelf: Project, database: Database) -> None:
    shelf.migration("add_book", BOOK)
    upgrade(shelf)
    before = state(database)
    shelf.migration("add_page", PAGE)
    shelf.migration("alter", "op.execute(\"SET LOCAL lock_timeout = '50ms'\")\nop.drop_table('book')")

    patient = shelf.database
    patient.patience = 0.2
    with database.connect("read") as holding, pytest.raises(LockedError) as error:
        holding.exec_driver_sql("SELECT * FROM book")
        runner.upgrade(shelf.config, patient, history.read(shelf.config))

    assert error.value.message == f"{database.name} is in use: canceling statement due to lock timeout"
    assert error.value.problems == ("this happened in migration 20250101000002 alter",)
    assert state(database) == before


# What a migration says of itself

VERIFIED = """\
op.execute("INSERT INTO book (id, title) VALUES (2, 'kept')")


def verify(connection):
    assert connection.scalar(sa.text("SELECT count(*) FROM book")) == {wanted}, "so many books"
"""


@pytest.mark.parametrize("url", ["sqlite", "postgres", "mysql"], indirect=True)
@pytest.mark.parametrize("apart", [False, True])
def test_what_verify_finds_wrong_is_never_committed(shelf: Project, database: Database, apart: bool) -> None:
    shelf.migration("add_book", BOOK)
    path = shelf.migration("fill", "pass")
    text = path.read_text()
    fill = "def upgrade() -> None:\n    " + VERIFIED
    path.write_text(text.replace("def upgrade() -> None:\n    pass\n", fill.format(wanted=3)))

    with pytest.raises(MigrationError) as error:
        runner.upgrade(shelf.config, shelf.database, history.read(shelf.config), apart=apart)

    assert "AssertionError: so many books" in error.value.problems
    found = state(database)
    assert len(found.get("book", [])) < 2
    assert "20250101000001" not in found.get("version", [])

    path.write_text(text.replace("def upgrade() -> None:\n    pass\n", fill.format(wanted=2)))
    runner.upgrade(shelf.config, shelf.database, history.read(shelf.config), apart=apart)

    assert len(state(database)["book"]) == 2


# Dry run


@on_transactional
def test_a_dry_run_runs_everything_and_leaves_nothing(shelf: Project, database: Database) -> None:
    shelf.migration("add_book", BOOK)
    upgrade(shelf)
    before = state(database)
    shelf.migration("change", "op.execute(\"UPDATE book SET title = 'changed'\")")
    shelf.migration("add_page", PAGE)

    applied = upgrade(shelf, dry_run=True)

    assert [(each.name, each.statements) for each in applied] == [("change", 1), ("add_page", 1)]
    assert state(database) == before


@on_transactional
def test_a_dry_run_fails_as_the_real_one_would(shelf: Project, database: Database) -> None:
    before = state(database)
    shelf.migration("boom", BOOM)

    with pytest.raises(MigrationError) as error:
        upgrade(shelf, dry_run=True)

    assert error.value.failed == "boom"
    assert state(database) == before


# Autocommit

CONCURRENTLY = (
    "with op.get_context().autocommit_block():\n"
    "    op.create_index('book_title', 'book', ['title'], postgresql_concurrently=True)"
)


@on_postgres
def test_a_migration_that_leaves_its_transaction_gives_each_one_its_own_and_says_so(
    shelf: Project, database: Database
) -> None:
    shelf.migration("add_book", BOOK)
    shelf.migration("index", CONCURRENTLY)
    shelf.migration("add_page", PAGE)
    told: list[Event] = []

    applied = upgrade(shelf, tell=told.append)

    assert [each.name for each in applied] == ["add_book", "index", "add_page"]
    assert told[0] == Note("index leaves its transaction, so each migration has one of its own")
    found = state(database)
    assert "index book_title: CREATE INDEX book_title ON public.book USING btree (title)" in found["schema"]
    assert found["version"] == ["20250101000002"]
    assert found["ledger"] == [("20250101000000", "up"), ("20250101000001", "up"), ("20250101000002", "up")]
    assert dbtool.status(shelf.config).drift == ()


@on_postgres
def test_a_failure_beside_a_migration_that_leaves_its_transaction_keeps_those_before(
    shelf: Project, database: Database
) -> None:
    shelf.migration("add_book", BOOK)
    shelf.migration("index", CONCURRENTLY)
    shelf.migration("boom", f"{PAGE}\n{BOOM}")

    with pytest.raises(MigrationError) as error:
        upgrade(shelf)

    assert error.value.applied == ("20250101000000", "20250101000001")
    assert error.value.problems[2:] == ("applied before it and kept: 20250101000000, 20250101000001",)
    found = state(database)
    assert (found["version"], "page" in found) == (["20250101000001"], False)
    assert found["ledger"] == [("20250101000000", "up"), ("20250101000001", "up")]
    assert [each.name for each in dbtool.status(shelf.config).standing.pending] == ["boom"]


@on_postgres
def test_a_migration_that_fails_outside_its_transaction_says_that_part_of_it_stays(
    shelf: Project, database: Database
) -> None:
    shelf.migration("add_book", BOOK + "\nop.execute(\"INSERT INTO book VALUES (2, 'First')\")")
    shelf.migration("index", CONCURRENTLY.replace("['title'],", "['title'], unique=True,"))

    with pytest.raises(MigrationError) as error:
        upgrade(shelf)

    assert error.value.problems[2:] == (
        "applied before it and kept: 20250101000000",
        "what this file did outside its transaction before the failure stays",
    )
    assert versions(database) == ["20250101000000"]


@on_transactional
def test_a_dry_run_of_a_migration_that_leaves_its_transaction_only_plans(shelf: Project, database: Database) -> None:
    shelf.migration("add_book", BOOK)
    upgrade(shelf)
    shelf.migration("add_page", PAGE)
    shelf.migration("index", CONCURRENTLY)
    before = state(database)

    report = dbtool.deploy(shelf.config, dry_run=True)

    assert ([each.name for each in report.planned], report.applied) == (["add_page", "index"], ())
    assert state(database) == before


@on_sqlite
def test_a_migration_that_leaves_its_transaction_works_where_that_means_little(
    shelf: Project, database: Database
) -> None:
    shelf.migration("add_book", BOOK)
    shelf.migration("index", CONCURRENTLY)
    shelf.migration("add_page", PAGE)

    upgrade(shelf)

    found = state(database)
    assert (found["version"], found["page"]) == (["20250101000002"], [])
    assert "index book_title: CREATE INDEX book_title ON book (title)" in found["schema"]


# Interruption

PENDING = (
    (
        "add_page",
        f"{PAGE}\nop.create_index('page_id', 'page', ['id'])\nop.execute('INSERT INTO page VALUES (1)')",
    ),
    (
        "rebuild",
        "with op.batch_alter_table('book') as batch:\n"
        "    batch.alter_column('title', type_=sa.String(80), existing_type=sa.String(50), nullable=False)\n"
        "op.execute(\"UPDATE book SET title = 'Changed' WHERE id = 1\")",
    ),
    ("fill", "op.execute(\"INSERT INTO book VALUES (999999, 'Last')\")"),
)
SPILL = (  # rows that do not fit into SQLite's cache reach the file before the commit
    "\nop.execute('PRAGMA cache_size = 5')"
    '\nop.execute("WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)'
    " INSERT INTO book SELECT i, hex(randomblob(20)) FROM n\")\nop.execute('DELETE FROM book WHERE id > 1')"
)


@pytest.fixture
def half(shelf: Project, database: Database) -> Project:
    """A database with one migration applied and three pending, which change what is there."""
    shelf.migration("add_book", BOOK)
    upgrade(shelf)
    for name, body in PENDING:
        shelf.migration(name, body + (SPILL if database.kind == "sqlite" and name == "add_page" else ""))
    return shelf


def copies(project: Project, folder: Path) -> Generator[Project]:
    """Yield the same project again and again, each time with a fresh copy of its database."""
    original = project.database
    while True:
        url = new_url(original.kind, folder)
        if original.kind == "sqlite":
            shutil.copyfile(original.url.database, at(url, folder).url.database)
        else:
            copy = at(url, folder)
            copy._on_server(f'CREATE DATABASE {{}} TEMPLATE "{original.url.database}"')  # type: ignore[attr-defined]
        try:
            yield Project(project.root, url)
        finally:
            if original.kind == "sqlite":
                for path in folder.glob("test.db*"):
                    path.unlink()
            else:
                drop(url, folder)


def killed_at(number: int, project: Project) -> int:
    """Deploy in a process of its own that kills itself before its `number`th statement or commit; return its end."""
    child = multiprocessing.get_context("fork").Process(target=_deploy_and_die, args=(number, project))
    child.start()
    child.join()
    assert child.exitcode is not None
    return child.exitcode


def _deploy_and_die(number: int, project: Project) -> None:
    count = 0

    def one_more(*ignored: Any) -> None:
        nonlocal count
        count += 1
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    _follow_statements(one_more)
    dbtool.deploy(project.config)
    os._exit(0)


def _follow_statements(called: Callable[..., None]) -> None:
    """Call before every statement that either driver sends, and before every commit; only this process is changed."""
    import sqlite3

    import psycopg

    def before(method: Any) -> Any:
        def followed(*arguments: Any, **options: Any) -> Any:
            called()
            return method(*arguments, **options)

        return followed

    connect = sqlite3.connect

    def connect_and_trace(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(called)
        return connection

    sqlite3.connect = sqlite3.dbapi2.connect = connect_and_trace  # type: ignore[attr-defined]
    for name in ("execute", "executemany"):
        setattr(psycopg.Cursor, name, before(getattr(psycopg.Cursor, name)))
    psycopg.Connection.commit = before(psycopg.Connection.commit)  # type: ignore[method-assign]


@on_transactional
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_kill_at_any_statement_leaves_the_database_before_or_after_and_the_next_deploy_succeeds(
    half: Project, tmp_path: Path
) -> None:
    before = state(half.database)
    folder = tmp_path / "copies"
    folder.mkdir()

    with closing(copies(half, folder)) as fresh:
        whole = next(fresh)
        dbtool.deploy(whole.config)
        after = state(whole.database)
        copy = next(fresh)
        ends = []
        for number in itertools.count(1):
            ended = killed_at(number, copy)
            found = state(copy.database)
            assert found in (before, after), f"killed before statement {number}"
            ends.append("before" if found == before else "after")
            again = dbtool.deploy(copy.config, dry_run=True)
            assert len(again.applied) == (3 if found == before else 0), f"deployed after a kill at statement {number}"
            if ended == 0:
                break
            assert ended == -signal.SIGKILL
            copy = copy if found == before else next(fresh)

    assert len(ends) > 15
    assert ends == sorted(ends, reverse=True)
    assert ends[-1] == "after"


@contextmanager
def before_every_statement(called: Callable[..., None]) -> Iterator[None]:
    """Call before every statement that SQLAlchemy sends."""
    from sqlalchemy import Engine, event

    event.listen(Engine, "before_cursor_execute", called)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", called)


@on_transactional
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_at_any_statement_leaves_the_database_as_it_was(
    half: Project, database: Database, error: type[BaseException]
) -> None:
    before = state(database)
    statements: list[str] = []
    with before_every_statement(lambda *given: statements.append(given[2])):
        upgrade(half, dry_run=True)

    for number in range(1, len(statements) + 1):
        sent: list[str] = []

        def interrupt(*given: Any, sent: list[str] = sent, number: int = number) -> None:
            sent.append(given[2])
            if len(sent) == number:
                raise error

        with before_every_statement(interrupt), pytest.raises(error):
            upgrade(half)
        assert state(database) == before, f"interrupted before {sent[-1]}"

    assert len(statements) > 8
    upgrade(half)
    assert versions(database) == ["20250101000003"]


@on_transactional
def test_a_sigint_from_outside_rolls_back(half: Project, database: Database) -> None:
    before = state(database)
    half.migration(
        "slow",
        "import os, signal, threading, time\n"
        "threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "time.sleep(20)",
    )

    done = half.python("-c", "import dbtool\ndbtool.deploy(dbtool.load_config())")

    assert done.code == -signal.SIGINT
    assert state(database) == before


# At the same time


@on_sqlite
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_deployers_at_the_same_time_apply_each_migration_once_and_all_succeed(half: Project) -> None:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(6)

    def deploy_together() -> None:
        barrier.wait(30)
        dbtool.deploy(half.config)
        os._exit(0)

    children = [context.Process(target=deploy_together) for _ in range(6)]
    for child in children:
        child.start()
    for child in children:
        child.join()

    assert [child.exitcode for child in children] == [0] * 6
    assert state(half.database)["ledger"] == [(f"2025010100000{number}", "up") for number in range(4)]


@on_sqlite
def test_what_another_deployer_has_applied_meanwhile_does_not_run_again(half: Project, database: Database) -> None:
    known = history.read(half.config)
    upgrade(half)
    before = state(database)

    applied = runner.upgrade(half.config, database, known)

    assert applied == ()
    assert state(database) == before


# Rights


@on_postgres
def test_a_missing_right_names_the_migration(shelf: Project, database: Database) -> None:
    before = state(database)
    shelf.migration("add_book", BOOK)
    shelf.migration("demote", "op.execute('SET LOCAL ROLE pg_monitor')\nop.execute('DELETE FROM book')")

    with pytest.raises(AccessError) as error:
        upgrade(shelf)

    assert error.value.message == f"{database.name}: permission denied for table book"
    assert error.value.problems == ("this happened in migration 20250101000001 demote",)
    assert state(database) == before
