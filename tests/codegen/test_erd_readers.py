"""The diagram's texts are what Mermaid and DBML themselves read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsers import launch
from npm import node, npm_file
from playwright.sync_api import Page, sync_playwright
from projects import REPOSITORY
from sqlalchemy import Column, Enum, ForeignKey, ForeignKeyConstraint, Index, Integer, MetaData, String, Table

import dbtool
from dbtool.codegen import erd
from dbtool.engine import schema as engine_schema


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """An empty page in a real browser."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser.new_page()
        browser.close()


@pytest.fixture(scope="module")
def dbml_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where npm puts DBML's own reader."""
    return tmp_path_factory.mktemp("dbml")


ODD = MetaData()
Table("plain", ODD, Column("id", Integer, primary_key=True), comment='It\'s a \\ "test"\nof two lines')
Table(
    'odd "name" %',
    ODD,
    Column("note", String(10), primary_key=True),
    Column("1st column", Enum("a b", 'c"d', name="odd enum"), primary_key=True),
    Column("größe", Integer, default=3, comment="it's"),
    Column("plain_id", ForeignKey("plain.id", ondelete="SET NULL"), unique=True),
    Column("me", String(10)),
    Column("too", Enum("a b", 'c"d', name="odd enum")),
    ForeignKeyConstraint(["me", "too"], ['odd "name" %.note', 'odd "name" %.1st column']),
    Index("ix", "größe"),
)
Table("inner", ODD, Column("id", Integer, primary_key=True), Column("class", String), schema="sales")
KINDS = {"odd": ODD, "sample": engine_schema.load(dbtool.load_config(project=REPOSITORY)), "nothing": MetaData()}


@pytest.mark.parametrize("metadata", KINDS.values(), ids=KINDS.keys())
def test_mermaid_itself_reads_what_is_written(metadata: MetaData, page: Page, tmp_path: Path) -> None:
    page.add_script_tag(content=npm_file("mermaid@11", "dist/mermaid.min.js", tmp_path))

    kind = page.evaluate(
        "text => mermaid.parse(text).then((read) => read.diagramType)", erd.mermaid(metadata.tables.values())
    )

    assert kind == "er"


def test_mermaid_tells_keys_and_how_many() -> None:
    metadata = MetaData()
    Table("a", metadata, Column("id", Integer, primary_key=True), Column("name", String(50), unique=True))
    Table("b", metadata, Column("a_id", ForeignKey("a.id"), primary_key=True), Column("c", ForeignKey("a.id")))

    assert erd.mermaid(metadata.tables.values()) == (
        "erDiagram\n"
        '    "a" {\n        integer id PK\n        string name UK "null"\n    }\n'
        '    "b" {\n        integer a_id PK, FK\n        integer c FK "null"\n    }\n'
        '    "a" ||--o| "b" : "a_id"\n'
        '    "a" |o--o{ "b" : "c"\n'
    )


@pytest.mark.parametrize("metadata", KINDS.values(), ids=KINDS.keys())
def test_dbml_itself_reads_what_is_written(metadata: MetaData, dbml_folder: Path) -> None:
    script = (
        "const {Parser} = require('@dbml/core'); const text = require('fs').readFileSync(0, 'utf8');"
        "console.log(JSON.stringify(new Parser().parse(text, 'dbmlv2').export().schemas))"
    )
    schemas = json.loads(node("@dbml/core@3", script, erd.dbml(metadata.tables.values()), dbml_folder))

    fields = {table["name"]: len(table["fields"]) for schema in schemas for table in schema["tables"]}
    keys = [key for schema in schemas for key in schema["refs"]]
    assert fields == {table.name: len(table.columns) for table in metadata.tables.values()}
    assert len(keys) == sum(len(table.foreign_key_constraints) for table in metadata.tables.values())
