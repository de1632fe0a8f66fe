"""A dbtool project is a plain Alembic project: its own commands work, where dbtool is installed and where it is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from projects import REPOSITORY, Outcome, Project

import dbtool
from dbtool.database import rows
from dbtool.reports import StatusReport

HIDE = f"""\
import sys
from importlib.util import find_spec

sys.path[:] = [path for path in sys.path if path != {str(REPOSITORY)!r}]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
assert find_spec("dbtool") is None
"""
RUN = "import sys\nfrom alembic.config import main\nfor line in sys.argv[1:]:\n    main(line.split())\n"
PAGES = "    pages: int = Field(default=0)\n"
ADD_NOTE = "op.add_column('book', sa.Column('note', sa.String(20)))", "op.drop_column('book', 'note')"


def alembic(project: Project, *commands: str, installed: bool = True) -> Outcome:
    """Run Alembic's own commands in one process, with dbtool installed or without."""
    if installed:
        return project.python("-c", RUN, *commands)
    hidden = project.write("hidden/sitecustomize.py", HIDE)
    return project.python("-c", RUN, *commands, PYTHONPATH=str(hidden.parent))


def fresh(project: Project) -> None:
    (project.root / "dev.db").unlink()


def ledger(project: Project) -> list[tuple[Any, ...]]:
    with project.database.reading() as connection:
        return rows(connection, "SELECT name, direction FROM dbtool_migrations ORDER BY id")


def tables(project: Project) -> set[str]:
    with project.database.reading() as connection:
        return set(project.database.table_names(connection))


def status(project: Project) -> StatusReport:
    return dbtool.status(project.config)


def names(revisions: tuple[Any, ...]) -> list[str]:
    return [revision.name for revision in revisions]


@pytest.fixture
def two(migrated: Project) -> Project:
    """The small application, migrated and seeded, with one more migration pending."""
    migrated.migration("add_note", *ADD_NOTE)
    return migrated


BOTH = pytest.mark.parametrize("installed", [True, False], ids=["with dbtool", "without dbtool"])


@BOTH
def test_alembic_migrates_a_new_database_and_status_agrees(two: Project, installed: bool) -> None:
    fresh(two)

    done = alembic(two, "upgrade head", "current", installed=installed)

    assert done.code == 0, done.stderr
    assert done.stdout == f"{two.versions[-1].name.partition('_')[0]} (head)\n"
    found = status(two)
    assert (names(found.standing.applied), names(found.standing.pending)) == (["init", "add_note"], [])
    assert (found.standing.intact, found.drift) == (True, () if installed else None)
    assert tables(two) == {"alembic_version", "author", "book"} | ({"dbtool_migrations"} if installed else set())


@BOTH
def test_alembic_goes_on_where_dbtool_stopped_and_dbtool_where_alembic_did(two: Project, installed: bool) -> None:
    upgraded = alembic(two, "upgrade head", installed=installed)
    after = status(two)
    two.migration("add_more", "op.add_column('book', sa.Column('more', sa.String(20)))")

    deployed = dbtool.deploy(two.config)

    assert upgraded.code == 0, upgraded.stderr
    assert names(after.standing.applied) == ["init", "add_note"]
    assert after.drift == (() if installed else None)
    assert [each.name for each in deployed.applied] == ["add_more"]
    assert (status(two).drift, names(status(two).standing.pending)) == ((), [])
    with two.database.reading() as connection:
        assert rows(connection, "SELECT title, note, more FROM book ORDER BY title") == [
            ("The Dispossessed", None, None),
            ("The Lathe of Heaven", None, None),
        ]


@BOTH
def test_alembic_takes_everything_back_and_applies_it_again(two: Project, installed: bool) -> None:
    done = alembic(two, "upgrade head", "downgrade base", installed=installed)
    between = (tables(two), status(two).standing.current)
    again = alembic(two, "upgrade head", installed=installed)

    assert (done.code, again.code) == (0, 0), done.stderr + again.stderr
    assert between == ({"alembic_version", "dbtool_migrations"}, ())
    assert names(status(two).standing.applied) == ["init", "add_note"]
    assert status(two).standing.intact


@BOTH
def test_alembic_check_finds_no_difference_where_there_is_none(migrated: Project, installed: bool) -> None:
    done = alembic(migrated, "check", installed=installed)

    assert (done.code, done.stdout) == (0, "No new upgrade operations detected.\n"), done.stderr


@BOTH
def test_alembic_check_finds_a_model_that_has_changed(migrated: Project, installed: bool) -> None:
    migrated.edit(
        "app/models.py", "    pages: int = Field(default=0)\n", "    pages: int\n    isbn: str | None = None\n"
    )

    done = alembic(migrated, "check", installed=installed)

    assert done.code != 0
    assert re.findall(r"add_column', None, '(\w+)', Column\('(\w+)'", done.stderr + done.stdout) == [("book", "isbn")]


def test_alembic_keeps_the_ledger_through_env_py(two: Project) -> None:
    done = alembic(two, "upgrade +1", "downgrade -1", "upgrade head")

    assert done.code == 0, done.stderr
    assert ledger(two) == [("init", "up"), ("add_note", "up"), ("add_note", "down"), ("add_note", "up")]
    assert status(two).drift == ()
    history = dbtool.history(two.config)
    assert {row.version for row in history.rows} == {dbtool.__version__}
    assert history.unrecorded == ()


def test_history_knows_what_ran_without_dbtool(two: Project) -> None:
    done = alembic(two, "upgrade head", installed=False)

    assert done.code == 0, done.stderr
    found = dbtool.history(two.config)
    assert ([row.name for row in found.rows], names(found.unrecorded)) == (["init"], ["add_note"])


def test_a_schema_that_was_changed_after_alembic_ran_with_dbtool_has_drifted(two: Project) -> None:
    assert alembic(two, "upgrade head").code == 0
    with two.database.connect("write") as connection:
        connection.exec_driver_sql("CREATE INDEX by_hand ON book (pages)")
        connection.commit()

    assert status(two).drift == ("+ index by_hand: CREATE INDEX by_hand ON book (pages)",)


@BOTH
def test_a_failing_upgrade_by_alembic_leaves_nothing(two: Project, installed: bool) -> None:
    two.migration("boom", "op.execute('INSERT INTO nowhere VALUES (1)')")
    before = (two.root / "dev.db").read_bytes()

    done = alembic(two, "upgrade head", installed=installed)

    assert done.code != 0
    assert "no such table: nowhere" in done.stderr
    assert (two.root / "dev.db").read_bytes() == before


def test_a_migration_verifies_itself_under_alembic_too(two: Project) -> None:
    path = two.versions[-1]
    path.write_text(f"{path.read_text()}\n\ndef verify(connection):\n    raise ValueError('not as it should be')\n")
    before = (two.root / "dev.db").read_bytes()

    done = alembic(two, "upgrade head")

    assert (done.code, "ValueError: not as it should be" in done.stderr) == (1, True)
    assert (two.root / "dev.db").read_bytes() == before


def test_alembic_writes_a_migration_as_dbtool_does(migrated: Project) -> None:
    migrated.edit(
        "app/models.py",
        PAGES,
        f"{PAGES}    isbn: str = Field(default='', max_length=13, unique=True)\n",
    )

    done = alembic(migrated, "revision --autogenerate -m add_isbn")

    assert done.code == 0, done.stderr
    path = migrated.versions[-1]
    text = path.read_text()
    assert re.fullmatch(r"\d{14}_add_isbn\.py", path.name)
    assert [line for line in text.splitlines() if "import" in line] == [
        "from alembic import op",
        "import sqlalchemy as sa",
    ]
    assert "sa.Column('isbn', sa.String(length=13), nullable=True)" in text
    assert "sa.update" in text or ".update()" in text
    assert "'book_isbn_key'" in text
    assert (names(status(migrated).standing.pending), names(status(migrated).standing.unlisted)) == (
        ["add_isbn"],
        ["add_isbn"],
    )


def test_a_migration_that_alembic_wrote_without_dbtool_is_pending(migrated: Project) -> None:
    migrated.edit(
        "app/models.py", "    pages: int = Field(default=0)\n", "    pages: int\n    isbn: int | None = None\n"
    )

    done = alembic(migrated, "revision --autogenerate -m add_isbn", installed=False)
    deployed = dbtool.deploy(migrated.config)

    assert done.code == 0, done.stderr
    assert [each.name for each in deployed.applied] == ["add_isbn"]


def test_alembic_writes_sql_for_those_who_apply_it_by_hand(two: Project) -> None:
    done = alembic(two, f"upgrade {two.versions[0].name[:14]}:head --sql")

    assert done.code == 0, done.stderr
    assert "ALTER TABLE book ADD COLUMN note VARCHAR(20);" in done.stdout
    assert names(status(two).standing.pending) == ["add_note"]


def test_a_program_says_which_database_alembic_goes_to(two: Project) -> None:
    program = (
        "from alembic import command\nfrom alembic.config import Config\n"
        "config = Config(toml_file='pyproject.toml')\n"
        "config.set_main_option('sqlalchemy.url', 'sqlite:///other.db')\n"
        "command.upgrade(config, 'head')\n"
    )

    done = two.python("-c", program)

    assert done.code == 0, done.stderr
    other = Project(two.root, "sqlite:///other.db")
    assert names(status(other).standing.applied) == ["init", "add_note"]
    assert names(status(two).standing.pending) == ["add_note"]


@BOTH
def test_the_environment_says_which_database_alembic_goes_to(two: Project, installed: bool) -> None:
    other = Project(two.root, "sqlite:///other.db")

    done = alembic(other, "upgrade head", installed=installed)

    assert done.code == 0, done.stderr
    assert names(status(other).standing.applied) == ["init", "add_note"]
    assert names(status(two).standing.pending) == ["add_note"]


def test_alembic_stamps_and_status_believes_it(two: Project) -> None:
    done = alembic(two, "stamp head")

    assert done.code == 0, done.stderr
    found = status(two)
    assert (names(found.standing.applied), found.standing.intact) == (["init", "add_note"], True)


@pytest.mark.parametrize("url", ["postgres", "mysql"], indirect=True)
def test_alembic_keeps_the_ledger_on_servers_too(url: str, migrated_template: Path, tmp_path: Path) -> None:
    """The migration was written on SQLite, and is plain enough to run everywhere."""
    import shutil

    shutil.copytree(migrated_template, tmp_path / "app", ignore=shutil.ignore_patterns("dev.db*"))
    project = Project(tmp_path / "app", url)
    project.migration("add_note", *ADD_NOTE)

    done = alembic(project, "upgrade head", "downgrade -1", "upgrade head")

    assert done.code == 0, done.stderr
    assert list(ledger(project)) == [("init", "up"), ("add_note", "up"), ("add_note", "down"), ("add_note", "up")]
    found = status(project)
    assert (found.ok, found.drift) == (True, ())


def test_a_rename_is_never_a_silent_drop_and_add(migrated: Project) -> None:
    migrated.edit("app/models.py", PAGES, PAGES.replace("pages", "length"))
    with migrated.database.reading() as connection:
        before = migrated.database.catalogue(connection)

    refused = alembic(migrated, "revision --autogenerate -m length")
    told = alembic(migrated, "-x rename=book.pages:length revision --autogenerate -m length")

    assert refused.code != 0
    assert "add -x rename=book.pages:length if it is, or dbtool migrate" in refused.stdout + refused.stderr
    (written,) = migrated.versions[1:]
    assert (told.code, "new_column_name='length'" in written.read_text()) == (0, True)
    with migrated.database.reading() as connection:
        assert migrated.database.catalogue(connection) == before
