"""A backup holds every row, and a restore brings each of them back or leaves everything as it was."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from projects import Project

import dbtool
from dbtool.database import Database, rows
from dbtool.errors import AnswerError, BackupError, DatabaseMissingError, DbtoolError, UsageError

YES = dbtool.Answers(yes=True)
CREATE = (
    "op.create_table('thing', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('name', sa.String(50)),"
    " sa.Column('data', sa.LargeBinary()), sa.Column('price', sa.Numeric(10, 2)))\n"
    "op.create_index('ix_name', 'thing', ['name'])"
)
TEXTS = ("plain", "quotes ' \" ` \\", "newline\n tab\t", "emoji \U0001f600 ü", "", None)


@pytest.fixture
def shop(database: Database, tmp_path: Path, url: str) -> Project:
    """A project whose one table holds what is hard to copy."""
    project = Project(tmp_path, url)
    project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
    project.scaffold()
    project.migration("thing", CREATE, "op.drop_table('thing')")
    dbtool.deploy(project.config)
    table = sa.table("thing", *map(sa.column, ("id", "name", "data", "price")))
    with database.connect("write") as connection:
        for number, text in enumerate(TEXTS, 1):
            row = {"id": number, "name": text, "data": bytes(range(256)), "price": number / 4}
            connection.execute(table.insert().values(row))
        connection.commit()
    return project


def content(database: Database) -> list[Any]:
    """Every row of every table of the project, and the schema."""
    with database.reading() as connection:
        things = [tuple(map(str, row)) for row in rows(connection, "SELECT * FROM thing ORDER BY id")]
        ledger = rows(connection, "SELECT revision, checksum FROM dbtool_migrations ORDER BY id")
        return [things, ledger, database.catalogue(connection).text]


def change(database: Database) -> None:
    with database.connect("write") as connection:
        connection.exec_driver_sql("DELETE FROM thing WHERE id < 4")
        connection.exec_driver_sql("CREATE TABLE beside (id INTEGER)")
        connection.commit()


def test_every_row_comes_back(shop: Project, database: Database) -> None:
    before = content(database)
    report = dbtool.backup(shop.config, file="copy.backup")
    path = shop.root / "copy.backup"
    assert (report.path, report.bytes) == ("copy.backup", path.stat().st_size)
    assert report.checksum == hashlib.sha256(path.read_bytes()).hexdigest()
    change(database)
    changed = content(database)

    with pytest.raises(AnswerError) as error:
        dbtool.restore(shop.config, "copy.backup")
    assert "with its 3 rows by copy.backup" in error.value.message
    assert content(database) == changed
    restored = dbtool.restore(shop.config, "copy.backup", ask=YES)

    assert content(database) == before
    assert (restored.rows_before, restored.rows) == (3, 6)
    assert restored.backup is not None
    dbtool.restore(shop.config, restored.backup, ask=YES)
    assert content(database) == changed


def test_the_checksum_is_one_that_other_programs_read(shop: Project) -> None:
    report = dbtool.backup(shop.config)
    path = shop.root / report.path

    done = subprocess.run(["sha256sum", "-c", f"{path.name}.sha256"], cwd=path.parent, capture_output=True, text=True)

    assert done.stdout == f"{path.name}: OK\n"


def test_a_damaged_or_foreign_file_is_refused_before_anything_is_changed(shop: Project, database: Database) -> None:
    report = dbtool.backup(shop.config, file="copy.backup")
    before = content(database)
    path = shop.root / "copy.backup"
    whole = path.read_bytes()

    flipped = bytearray(whole)
    flipped[-300] ^= 1
    path.write_bytes(flipped)
    with pytest.raises(BackupError):
        dbtool.restore(shop.config, "copy.backup", ask=YES)
    (shop.root / "copy.backup.sha256").unlink()
    for wrong in (b"", b"nothing of the kind", whole[: len(whole) // 2] if database.kind != "postgres" else b"PG"):
        path.write_bytes(wrong)
        if not wrong and database.kind == "sqlite":
            continue  # SQLite takes an empty file for an empty database
        with pytest.raises(BackupError):
            dbtool.restore(shop.config, "copy.backup", ask=YES)

    assert content(database) == before
    assert report.ok


@pytest.mark.parametrize("url", ["postgres", "mysql"], indirect=True)  # of SQLite the whole file is looked at first
def test_a_restore_that_fails_leaves_the_database_as_it_was(shop: Project, database: Database) -> None:
    dbtool.backup(shop.config, file="copy.backup")
    (shop.root / "copy.backup.sha256").unlink()
    before = content(database)
    path = shop.root / "copy.backup"
    whole = path.read_bytes()
    if database.kind == "postgres":
        path.write_bytes(whole[: len(whole) * 2 // 3])
    else:
        path.write_bytes(whole.replace(b"INSERT INTO `thing`", b"INSERT INTO `nothing`"))

    with pytest.raises(DbtoolError):
        dbtool.restore(shop.config, "copy.backup", ask=YES)

    assert content(database) == before


def test_a_database_that_is_gone_comes_back(shop: Project, database: Database) -> None:
    before = content(database)
    dbtool.backup(shop.config, file="copy.backup")
    database.drop() if hasattr(database, "drop") else database.clear()

    with pytest.raises(DatabaseMissingError):
        dbtool.backup(shop.config)
    report = dbtool.restore(shop.config, "copy.backup")

    assert content(database) == before
    assert (report.rows_before, report.rows, report.backup) == (0, 6, None)


def test_nothing_is_written_over(shop: Project) -> None:
    dbtool.backup(shop.config, file="copy.backup")

    with pytest.raises(UsageError) as error:
        dbtool.backup(shop.config, file="copy.backup")
    assert error.value.message == "copy.backup is there already"
    with pytest.raises(UsageError) as error:
        dbtool.backup(shop.config, file="nowhere/copy.backup")
    assert error.value.hint.startswith("mkdir -p ")
    with pytest.raises(UsageError) as error:
        dbtool.restore(shop.config, "nowhere.backup")
    assert error.value.hint == "dbtool backup"


def test_only_the_newest_backups_are_kept_and_the_one_that_is_restored(shop: Project) -> None:
    first = dbtool.backup(shop.config)
    for _ in range(4):
        dbtool.backup(shop.config)

    dbtool.restore(shop.config, first.path, ask=YES)

    names = sorted(path.name for path in (shop.root / ".dbtool" / "backups").iterdir())
    assert len([name for name in names if not name.endswith(".sha256")]) == 6
    assert Path(first.path).name in names
    shutil.rmtree(shop.root / ".dbtool")
