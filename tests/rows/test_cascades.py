"""What goes with deleted rows is counted on every database, through several tables and along a tree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

import pytest
from projects import at, drop, new_url
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, insert

from dbtool.database import Database
from dbtool.rows.cascades import cascades
from dbtool.rows.changes import Delete
from dbtool.rows.sheet import Sheet, sheet

metadata = MetaData()
top = Table("cas_top", metadata, Column("id", Integer, primary_key=True))
middle = Table(
    "cas_middle",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("top_id", Integer, ForeignKey("cas_top.id", ondelete="CASCADE")),
)
leaf = Table(
    "cas_leaf",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("middle_id", Integer, ForeignKey("cas_middle.id", ondelete="CASCADE")),
    Column("other_id", Integer, ForeignKey("cas_top.id", ondelete="SET NULL")),
)
tree = Table(
    "cas_tree",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("parent_id", Integer, ForeignKey("cas_tree.id", ondelete="CASCADE")),
)
ROWS = {
    top: [{"id": 1}, {"id": 2}],
    middle: [{"id": 1, "top_id": 1}, {"id": 2, "top_id": 1}, {"id": 3, "top_id": 2}],
    leaf: [{"id": n, "middle_id": n, "other_id": 2} for n in (1, 2, 3)],
    tree: [{"id": 1, "parent_id": None}, {"id": 2, "parent_id": 1}, {"id": 3, "parent_id": 2}],
}


@pytest.fixture(scope="module", params=["sqlite", "postgres", "mysql"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("cascades")
    url = new_url(request.param, folder)
    database = at(url, folder)
    database.create()
    with database.connect("migrate") as connection:
        metadata.create_all(connection)
        for table, rows in ROWS.items():
            connection.execute(insert(table), rows)
        connection.commit()
    yield database
    drop(url, folder)


def deleted_with(database: Database, *deletes: Delete) -> dict[str, int]:
    with database.connect("read") as connection:

        def found(name: str) -> Sheet:
            return sheet(database, metadata.tables[name], "table", connection.dialect)

        return dict(cascades(connection, found, deletes, UTC, existing=metadata.tables.keys()))


@pytest.mark.parametrize(
    ("deletes", "counts"),
    [
        ([("cas_top", 1)], {"cas_middle": 2, "cas_leaf": 2}),
        ([("cas_top", 2)], {"cas_middle": 1, "cas_leaf": 1}),
        ([("cas_top", 1), ("cas_middle", 1)], {"cas_middle": 1, "cas_leaf": 2}),
        ([("cas_leaf", 1)], {}),
        ([("cas_tree", 1)], {"cas_tree": 2}),
        ([("cas_tree", 3)], {}),
    ],
    ids=str,
)
def test_rows_that_go_with_others_are_counted_by_table(
    made: Database, deletes: list[tuple[str, int]], counts: dict[str, int]
) -> None:
    found = deleted_with(made, *(Delete(table, f'["{id}"]', {}) for table, id in deletes))

    assert found == counts
