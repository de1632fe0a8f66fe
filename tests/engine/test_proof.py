"""A new migration is tried on a scratch database before it is kept."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from projects import Project, at, new_url, server_url

from dbtool.database import Database
from dbtool.engine import history, proof, runner
from dbtool.errors import AccessError, MigrationError, ProofError

CREATE = (
    "op.create_table('book', sa.Column('id', sa.Integer(), nullable=False), sa.Column('title', sa.String(50)),"
    " sa.PrimaryKeyConstraint('id', name='pk_book'))\n"
    "op.create_index('ix_title', 'book', ['title'])"
)
DROP = "op.drop_table('book')"


@pytest.fixture
def shelf(database: Database, tmp_path: Path, url: str) -> Project:
    """A project with a migrations folder and an empty database of each kind."""
    project = Project(tmp_path / "app", url)
    project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
    project.scaffold()
    return project


def models(*columns: sa.Column[Any], index: bool = True) -> sa.MetaData:
    metadata = sa.MetaData()
    book = sa.Table(
        "book",
        metadata,
        sa.Column("id", sa.Integer()),
        sa.Column("title", sa.String(50)),
        *columns,
        sa.PrimaryKeyConstraint("id", name="pk_book"),
    )
    if index:
        sa.Index("ix_title", book.c.title)
    return metadata


BOOK = models()


def prove(project: Project, path: Path, metadata: sa.MetaData) -> tuple[str, ...]:
    """Prove the newest file after those before it."""
    config = project.config
    text = path.read_text()
    path.unlink()
    known = history.read(config)
    path.write_text(text)
    with proof.scratch(config, project.database) as scratch:
        runner.upgrade(config, scratch, known)
        return proof.prove(config, scratch, known, history.describe(path), metadata).steps


def test_a_migration_that_does_what_it_must_is_proven_in_words(shelf: Project) -> None:
    path = shelf.migration("create", CREATE, DROP)

    assert prove(shelf, path, BOOK) == ("replayed 0 files from nothing", "up", "no difference", "down", "up again")


def test_a_downgrade_that_forgets_something_fails_the_proof(shelf: Project) -> None:
    shelf.migration("create", CREATE, DROP)
    path = shelf.migration("widen", "op.add_column('book', sa.Column('pages', sa.Integer()))", "pass")

    with pytest.raises(ProofError) as error:
        prove(shelf, path, models(sa.Column("pages", sa.Integer())))

    assert error.value.message == "the new migration's downgrade does not bring the schema back"
    assert error.value.hint == "write this step by hand: dbtool migrate --create-only --no-proof"
    assert [problem.partition(" INTEGER")[0] for problem in error.value.problems] == ["left over: column book.pages"]


WRONG = {
    "index": ("op.drop_index('ix_title', 'book')", "pass", ["gone: index book.ix_title"]),
    "order of an index": (
        "op.drop_index('ix_title', 'book')",
        "op.create_index('ix_title', 'book', ['title', 'id'])",
        ["gone: index book.ix_title", "left over: index book.ix_title"],
    ),
}


@pytest.mark.parametrize(("up", "down", "problems"), WRONG.values(), ids=WRONG)
def test_what_a_downgrade_brings_back_must_be_what_was(shelf: Project, up: str, down: str, problems: list[str]) -> None:
    shelf.migration("create", CREATE, DROP)
    path = shelf.migration("change", up, down)

    with pytest.raises(ProofError) as error:
        prove(shelf, path, models(index=False))

    assert [problem.partition("ix_title")[0] + "ix_title" for problem in error.value.problems] == problems


def test_a_migration_after_which_models_and_schema_differ_fails_the_proof(shelf: Project) -> None:
    path = shelf.migration("create", CREATE.splitlines()[0], DROP)

    with pytest.raises(ProofError) as error:
        prove(shelf, path, BOOK)

    assert error.value.message == "after the new migration the schema still differs from the models"
    assert error.value.problems == ("add index ix_title on book",)


def test_a_migration_that_fails_says_where_it_was_tried(shelf: Project) -> None:
    path = shelf.migration("boom", "op.execute('SELECT * FROM nowhere')")

    with pytest.raises(MigrationError) as error:
        prove(shelf, path, BOOK)

    assert error.value.message == (
        "migration 20250101000000 boom failed at migrations/versions/20250101000000_boom.py:11"
        " (up, on the scratch database)"
    )
    assert error.value.failed == "boom"


def test_a_downgrade_that_fails_fails_the_proof(shelf: Project) -> None:
    path = shelf.migration("create", CREATE, "op.drop_table('nowhere')")

    with pytest.raises(MigrationError) as error:
        prove(shelf, path, BOOK)

    assert error.value.failed == "create"


def test_a_proof_leaves_the_real_database_alone(shelf: Project, database: Database) -> None:
    path = shelf.migration("create", CREATE, DROP)

    prove(shelf, path, BOOK)

    with database.reading() as connection:
        assert database.table_names(connection) == frozenset()


# A scratch database of one's own


@contextmanager
def restricted(*urls: str) -> Iterator[Callable[[str], str]]:
    """Make these MariaDB databases, and a user who may make no other; lend what turns a URL into the user's."""
    user = f"dbtool_test_{secrets.token_hex(4)}"
    owner = at(server_url("mysql"), Path("/"))
    names = [url.rpartition("/")[2] for url in urls]
    grants = [f"GRANT ALL PRIVILEGES ON `{name}`.* TO {user}" for name in names]
    with owner.connect("migrate") as connection:
        for statement in (*(f"CREATE DATABASE `{name}`" for name in names), f"CREATE USER {user}", *grants):
            connection.exec_driver_sql(statement)
        try:
            yield lambda url: re.sub(r"//[^@]*@", f"//{user}@", url)
        finally:
            for statement in (*(f"DROP DATABASE `{name}`" for name in names), f"DROP USER {user}"):
                connection.exec_driver_sql(statement)


def test_scratch_url_names_a_database_for_those_who_may_not_make_one(tmp_path: Path) -> None:
    """On PostgreSQL a schema of its own is made instead (test_scratch.py)."""
    url, spare = new_url("mysql", tmp_path), new_url("mysql", tmp_path)
    with restricted(url, spare) as user:
        project = Project(tmp_path / "app", user(url))
        project.write("pyproject.toml", f'[tool.dbtool]\nmodels = "app.models"\nscratch_url = "{user(spare)}"\n')
        project.scaffold()
        path = project.migration("create", CREATE, DROP)

        proven = prove(project, path, BOOK)

        with at(spare, tmp_path).reading() as connection:
            left = at(spare, tmp_path).table_names(connection)
    assert (proven[-1], left) == ("up again", frozenset())


def test_without_a_scratch_url_the_missing_right_is_named(tmp_path: Path) -> None:
    url = new_url("mysql", tmp_path)
    with restricted(url) as user:
        project = Project(tmp_path / "app", user(url))
        project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')

        with pytest.raises(AccessError) as error, proof.scratch(project.config, project.database):
            pytest.fail("a scratch database was lent")

    assert error.value.message.startswith("no scratch database to try migrations on: ")
    assert error.value.hint == "GRANT the right to create databases, or set scratch_url in [tool.dbtool]"


def test_a_scratch_database_that_holds_something_is_refused_and_kept(tmp_path: Path) -> None:
    url, spare = new_url("mysql", tmp_path), new_url("mysql", tmp_path)
    with restricted(url, spare) as user:
        precious = at(spare, tmp_path)
        with precious.connect("migrate") as connection:
            connection.exec_driver_sql("CREATE TABLE precious (id INTEGER)")
            connection.commit()
        project = Project(tmp_path / "app", user(url))
        project.write("pyproject.toml", f'[tool.dbtool]\nmodels = "app.models"\nscratch_url = "{user(spare)}"\n')

        with pytest.raises(AccessError) as error, proof.scratch(project.config, project.database):
            pytest.fail("a scratch database was lent")

        with precious.reading() as reading:
            left = precious.table_names(reading)
    assert error.value.hint == "scratch_url must name a database of its own"
    assert left == {"precious"}
