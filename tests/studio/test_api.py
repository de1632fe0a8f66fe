"""What every path answers, on three databases: names and contents that mean harm are only names and contents."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import PAGE, TOKEN, Studio
from projects import Project
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
)

from dbtool.database import Database
from dbtool.studio import calls, looking, media, tickets
from dbtool.studio.tickets import Download, Tickets

# No backtick: SQLAlchemy reads MariaDB's names with one wrongly.
HOSTILE = 'x"y\'z; drop table "other" -- <b>%s{0}\\'
CONTENTS = [
    "<script>alert(1)</script>",
    "'; DROP TABLE other; --",
    "100%_\\",
    "=1+1",
    "",
    None,
    "漢字😀\u202e",
    "x" * 1000,
]


def hostile_schema() -> MetaData:
    """Return tables with a name and columns that mean harm, a key of two columns, and a view's table."""
    metadata = MetaData()
    Table(
        HOSTILE,
        metadata,
        Column("id", Integer, primary_key=True),
        Column(HOSTILE, String(2000)),
        Column("select", Numeric(30, 10)),
    )
    Table(
        "other",
        metadata,
        Column("a", Integer, primary_key=True, autoincrement=False),
        Column("b", String(20), primary_key=True),
        Column("big", BigInteger),
        Column("parent_id", Integer, ForeignKey(metadata.tables[HOSTILE].c.id)),
        Column("on", Boolean),
        Column("at", DateTime),
        Column("blob", LargeBinary),
        Column("long", Text),
    )
    return metadata


@pytest.fixture
def studio(database: Database, url: str, tmp_path: Path) -> Iterator[Studio]:
    """A studio of each kind of database, without models, whose names mean harm."""
    project = Project(tmp_path, url)
    project.write("pyproject.toml", "[tool.dbtool]\n")
    metadata = hostile_schema()
    with database.connect("write") as connection:
        metadata.create_all(connection)
        hostile, other = metadata.tables[HOSTILE], metadata.tables["other"]
        rows = [{"id": number, HOSTILE: text, "select": "1.5"} for number, text in enumerate(CONTENTS, start=1)]
        connection.execute(hostile.insert(), rows)
        blob = bytes(range(256)) * 10
        more = {"big": 2**60 + 1, "parent_id": 2, "on": True, "blob": blob, "long": "é" * 5000}
        connection.execute(other.insert(), [{"a": 1, "b": "de/\"'", **more}, {"a": 2, "b": "en", **more}])
        connection.commit()
    made = Studio(project)
    yield made
    made.library.close()


@pytest.fixture
def modelled(migrated: Project) -> Iterator[Studio]:
    """A studio of a project with models, on SQLite."""
    made = Studio(migrated)
    yield made
    made.library.close()


def keys(answer: Any) -> list[str]:
    return [row["key"] for row in answer["rows"]]


# Looking


def test_schema_lists_what_the_database_holds(studio: Studio) -> None:
    answer = studio.ask("schema")

    assert {table["key"]: (table["kind"], table["known"]) for table in answer["tables"]} == {
        HOSTILE: ("table", False),
        "other": ("table", False),
    }
    assert (answer["read_only"], answer["media"], answer["missing"]) == (False, False, [])
    assert answer["kind"] == studio.library.database.kind
    assert "password" not in answer["database"]


def test_schema_knows_models_with_and_without_a_table(modelled: Studio) -> None:
    with modelled.project.database.connect("write") as connection:
        connection.exec_driver_sql("CREATE TABLE later (id INTEGER PRIMARY KEY, book_id INTEGER REFERENCES book (id))")
        connection.commit()
    modelled.library.metadata().tables["book"]  # the models are there

    answer = modelled.ask("schema")
    found = {table["key"]: (table["model"], table["known"]) for table in answer["tables"]}

    assert found["author"] == ("Author", True)
    assert found["later"] == (None, False)
    assert "author" not in answer["missing"]
    assert modelled.ask("table", {"table": "later"})["references"][0]["target"] == "book"


def test_a_table_that_appears_while_studio_runs_is_found(modelled: Studio) -> None:
    modelled.ask("rows", {"table": "author"})
    modelled.ask("rows", {"table": "later"}, status=404)
    with modelled.project.database.connect("write") as connection:
        connection.exec_driver_sql("CREATE TABLE later (id INTEGER PRIMARY KEY)")
        connection.commit()

    assert modelled.ask("rows", {"table": "later"})["rows"] == []


def test_table_tells_what_the_page_must_know(modelled: Studio) -> None:
    answer = modelled.ask("table", {"table": "book"})
    columns = {column["name"]: column for column in answer["columns"]}

    assert (answer["model"], answer["editable"], answer["identity"]) == ("Book", True, "key")
    assert (answer["primary_key"], answer["natural_key"]) == (["id"], ["title"])
    assert columns["id"]["default"] == {"kind": "auto", "text": "auto"}
    assert columns["pages"]["default"] == {"kind": "value", "text": "0"}
    assert (columns["title"]["required"], columns["title"]["max_length"], columns["title"]["unique"]) == (
        True,
        200,
        True,
    )
    assert (columns["author_id"]["references"], columns["author_id"]["indexed"]) == ("author", True)
    assert columns["pages"]["align"] == "right"
    assert {"eq", "contains", "starts"} <= {each["id"] for each in columns["title"]["operators"]}
    assert answer["references"] == [
        {"name": "author", "columns": ["author_id"], "target": "author", "target_columns": ["id"]}
    ]
    back = modelled.ask("table", {"table": "author"})["back"]
    assert [(each["name"], each["table"], each["many"]) for each in back] == [("books", "book", True)]


def test_a_hostile_table_is_described_and_read(studio: Studio) -> None:
    table = studio.ask("table", {"table": HOSTILE})
    answer = studio.ask("rows", {"table": HOSTILE})

    assert [column["name"] for column in table["columns"]] == ["id", HOSTILE, "select"]
    cut = [text if text is None or len(text) <= 300 else text[:300] for text in CONTENTS]
    assert [row["cells"][1] for row in answer["rows"]] == cut
    assert answer["rows"][-1]["cut"] == {"1": 1000}
    assert (answer["before"], answer["after"], answer["indexed"]) == (None, None, True)


def test_pages_go_both_ways(studio: Studio) -> None:
    whole = keys(studio.ask("rows", {"table": HOSTILE}))
    first = studio.ask("rows", {"table": HOSTILE, "limit": 3})
    second = studio.ask("rows", {"table": HOSTILE, "limit": 3, "at": {"after": first["after"]}})
    back = studio.ask("rows", {"table": HOSTILE, "limit": 3, "at": {"before": second["before"]}})
    end = studio.ask("rows", {"table": HOSTILE, "limit": 3, "at": {"end": True}})

    assert keys(first) + keys(second) == whole[:6]
    assert keys(back) == keys(first)
    assert keys(end) == whole[-3:]
    assert keys(studio.ask("rows", {"table": HOSTILE, "limit": 2, "at": {"key": whole[4]}})) == whole[4:6]
    assert keys(studio.ask("rows", {"table": HOSTILE, "limit": 2, "at": {"value": "3"}})) == whole[2:4]
    assert keys(studio.ask("rows", {"table": HOSTILE, "limit": 2, "at": {"number": 5}})) == whole[5:7]


def test_filters_sorts_and_search_take_hostile_values_as_values(studio: Studio) -> None:
    for text in CONTENTS:
        if text:
            for operator in ("eq", "contains", "starts"):
                wanted = {
                    "table": HOSTILE,
                    "filters": [{"column": HOSTILE, "operator": operator, "values": [text[:50]]}],
                }
                found = [row["cells"][1] for row in studio.ask("rows", wanted)["rows"]]
                assert found == [text[:300]] or (len(text) > 50 and operator == "eq" and found == []), text
            assert studio.ask("count", {"table": HOSTILE, "search": text[:50]}) == {"count": 1, "exact": True}
    sort = [{"column": HOSTILE, "descending": True}]
    assert sorted(keys(studio.ask("rows", {"table": HOSTILE, "sort": sort}))) == sorted(
        keys(studio.ask("rows", {"table": HOSTILE}))
    )


def test_counts(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    assert studio.ask("counts", {"tables": [HOSTILE, "other", "gone"]})["counts"] == {
        HOSTILE: {"count": 8, "exact": True},
        "other": {"count": 2, "exact": True},
        "gone": None,
    }
    monkeypatch.setattr(looking, "COUNT_CAP", 5)
    assert studio.ask("counts", {"tables": [HOSTILE]})["counts"][HOSTILE]["exact"] is False


def test_a_cell_is_read_whole(studio: Studio) -> None:
    key = keys(studio.ask("rows", {"table": "other"}))[0]

    assert studio.ask("cell", {"table": "other", "key": key, "column": "long"}) == {"text": "é" * 5000, "length": 5000}
    blob = studio.ask("cell", {"table": "other", "key": key, "column": "blob"})
    assert (blob["text"][:8], blob["length"]) == ("00010203", 2560)
    studio.ask("cell", {"table": "other", "key": '["9","x"]', "column": "long"}, status=404)
    studio.ask("cell", {"table": "other", "key": key, "column": "nope"}, status=422)


def test_a_record_shows_what_it_leads_to_and_what_leads_to_it(modelled: Studio) -> None:
    book = modelled.ask("record", {"table": "book", "match": {"title": "The Dispossessed"}})
    author = modelled.ask("record", {"table": "author", "key": '["1"]'})

    assert (book["label"], book["labels"]) == ("The Dispossessed", {"author_id": "Ursula K. Le Guin"})
    assert (author["label"], author["cells"]) == ("Ursula K. Le Guin", ["1", "Ursula K. Le Guin"])
    (back,) = author["back"]
    assert (back["name"], back["table"], back["many"], back["count"], back["exact"]) == ("books", "book", True, 2, True)
    assert modelled.ask("count", {"table": "book", "filters": back["filters"]})["count"] == 2
    modelled.ask("record", {"table": "author", "key": '["99"]'}, status=404)


def test_references_are_looked_up_by_what_people_call_them(studio: Studio, modelled: Studio) -> None:
    found = modelled.ask("lookup", {"table": "book", "reference": "author", "text": "guin"})
    assert found["rows"] == [{"key": '["1"]', "label": "Ursula K. Le Guin", "values": {"author_id": "1"}}]

    by_key = studio.ask("lookup", {"table": "other", "reference": "parent", "text": "2"})["rows"]
    assert [row["values"] for row in by_key] == [{"parent_id": "2"}]
    studio.ask("lookup", {"table": "other", "reference": HOSTILE}, status=422)


def test_the_diagram_and_the_description(studio: Studio) -> None:
    svg = studio.ask("diagram")["svg"]
    openapi = studio.client.get("/api/openapi.json", headers=PAGE).json()

    assert svg.count('<g class="table"') == 2
    assert "<b>" not in svg
    assert openapi["openapi"] == "3.1.0"
    assert len(openapi["paths"]) == 18


def test_migrations_tell_files_and_ledger(modelled: Studio) -> None:
    modelled.project.migration("more", "op.add_column('book', sa.Column('isbn', sa.String(20)))")
    applied = modelled.ask("migrations")
    newest, oldest = applied["revisions"]

    assert (newest["name"], newest["state"], newest["changes"]) == ("more", "unlisted", ["add column book.isbn"])
    assert (oldest["name"], oldest["state"]) == ("init", "applied")
    assert oldest["changes"][:2] == ["create table author", "create table book"]
    assert oldest["applied_at"].endswith("Z")
    assert "def upgrade" in oldest["text"]
    assert newest["applied_at"] is None
    assert {each["code"] for each in applied["findings"]} >= {"pending"}


# Changing


def test_changes_are_shown_as_sql_and_saved(studio: Studio) -> None:
    evil = "'); DROP TABLE other; --"
    changes = [
        {"op": "insert", "table": HOSTILE, "id": "new-1", "values": {"id": "50", HOSTILE: evil}},
        {"op": "insert", "table": "other", "id": "n", "values": {"a": "7", "b": "x", "parent_id": {"new": "new-1"}}},
        {"op": "update", "table": "other", "key": '["2","en"]', "values": {"big": "1152921504606846978"},
         "old": {"big": "1152921504606846977"}},
        {"op": "delete", "table": HOSTILE, "key": '["1"]', "old": {HOSTILE: CONTENTS[0]}},
    ]  # fmt: skip

    shown = studio.ask("changes", {"changes": changes, "dry_run": True})
    before = studio.ask("count", {"table": HOSTILE})["count"]
    saved = studio.ask("changes", {"changes": changes})

    assert (len(shown["sql"]), before) == (4, 8)
    assert saved["keys"] == {"new-1": '["50"]', "n": '["7","x"]'}
    assert saved["saved"] == 4
    assert studio.ask("record", {"table": HOSTILE, "key": '["50"]'})["cells"][1] == evil
    other = studio.ask("rows", {"table": "other"})["rows"]
    assert [(row["cells"][0], row["cells"][2], row["cells"][3]) for row in other] == [
        ("1", "1152921504606846977", "2"),
        ("2", "1152921504606846978", "2"),
        ("7", None, "50"),
    ]


def test_what_somebody_else_changed_is_a_conflict_and_nothing_is_written(studio: Studio) -> None:
    changes = [
        {"op": "update", "table": HOSTILE, "key": '["2"]', "values": {HOSTILE: "mine"}, "old": {HOSTILE: "theirs"}},
        {"op": "delete", "table": HOSTILE, "key": '["99"]', "old": {}},
    ]

    answer = studio.ask("changes", {"changes": changes}, status=409)

    assert answer["error"]["code"] == "DB702"
    assert answer["conflicts"] == [
        {"index": 0, "gone": False, "cells": {HOSTILE: CONTENTS[1]}},
        {"index": 1, "gone": True, "cells": {}},
    ]


def test_what_cannot_be_saved_is_told_at_its_cell(modelled: Studio) -> None:
    changes = [
        {"op": "insert", "table": "book", "id": "new-1", "values": {"title": None, "author_id": "1", "pages": "many"}},
        {"op": "insert", "table": "book", "id": "new-2", "values": {"title": "x" * 300, "author_id": "1"}},
    ]

    answer = modelled.ask("changes", {"changes": changes}, status=422)

    assert {(each["index"], each["column"]) for each in answer["problems"]} == {
        (0, "title"),
        (0, "pages"),
        (1, "title"),
    }
    assert modelled.ask("count", {"table": "book"})["count"] == 2


def test_where_studio_is_read_only_nothing_changes(migrated: Project) -> None:
    studio = Studio(migrated, read_only=True)
    change = {"op": "delete", "table": "author", "key": '["1"]', "old": {}}

    assert studio.ask("changes", {"changes": [change]}, status=403)["error"]["code"] == "DB702"
    assert studio.ask("changes", {"changes": [change], "dry_run": True}, status=403)
    assert studio.ask("table", {"table": "author"})["editable"] is False
    with studio.library.call().connect("read") as connection, pytest.raises(Exception, match=r"readonly|read-only"):
        connection.exec_driver_sql("DELETE FROM author")


def test_a_protected_database_is_only_looked_at_until_its_name_is_confirmed(migrated: Project) -> None:
    migrated.edit("pyproject.toml", "[tool.dbtool]\n", '[tool.dbtool]\nprotected = ["dev*"]\n')
    migrated.write(".env.live", "DATABASE_URL=sqlite:///dev.db\n")
    change = {"op": "delete", "table": "author", "key": '["1"]', "old": {}}
    statement = {"sql": "DELETE FROM author", "write": True}
    why = "this database is protected: `dev*` in `protected` of [tool.dbtool] fits it"

    studio = Studio(migrated, environment="live")
    told = studio.ask("schema")
    refused = [studio.ask("changes", {"changes": [change]}, 403), studio.ask("sql", statement, 403)]
    reason = studio.ask("table", {"table": "author"})["reason"]
    confirmed = Studio(migrated, environment="live", confirm="live")

    assert (told["read_only"], told["environment"]) == (True, "live")
    assert f"this database is protected: {told['protected']}" == reason == why
    assert [(each["error"]["message"], each["error"]["hint"]) for each in refused] == [
        (why, "dbtool studio --confirm live")
    ] * 2
    assert (confirmed.ask("schema")["read_only"], confirmed.ask("table", {"table": "author"})["editable"]) == (
        False,
        True,
    )
    assert confirmed.ask("sql", statement)["changed"] == 1


# Files


def test_rows_are_downloaded_with_a_ticket_that_is_good_once(studio: Studio) -> None:
    answer = studio.ask("export", {"table": HOSTILE, "format": "json", "sort": [{"column": "id"}]})
    first = studio.fetch(answer["ticket"])

    assert first.status_code == 200
    assert [row[HOSTILE] for row in first.json()] == CONTENTS
    assert first.headers["content-type"] == "application/json"
    assert first.headers["content-disposition"].startswith('attachment; filename="x_y_z')
    assert "\n" not in first.headers["content-disposition"]
    assert studio.fetch(answer["ticket"]).status_code == 404


@pytest.mark.parametrize("format", ["json", "ndjson", "csv"])
def test_a_selection_is_downloaded(studio: Studio, format: str) -> None:
    wanted = {"table": HOSTILE, "format": format, "columns": ["id", HOSTILE], "keys": ['["4"]', '["6"]'], "guard": True}

    text = studio.fetch(studio.ask("export", wanted)["ticket"]).text

    read = {
        "json": lambda: [[row["id"], row[HOSTILE]] for row in json.loads(text)],
        "ndjson": lambda: [[row["id"], row[HOSTILE]] for row in map(json.loads, text.splitlines())],
        "csv": lambda: [[int(row[0]), row[1] or None] for row in list(csv.reader(io.StringIO(text)))[1:]],
    }[format]()
    assert read == [[4, "'=1+1" if format == "csv" else "=1+1"], [6, None]]


def test_an_export_that_cannot_be_is_refused_before_the_ticket(studio: Studio) -> None:
    wrong = {"column": "nope", "operator": "eq", "values": ["1"]}

    studio.ask("export", {"table": "nope"}, status=404)
    studio.ask("export", {"table": HOSTILE, "columns": ["nope"]}, status=422)
    studio.ask("export", {"table": HOSTILE, "filters": [wrong]}, status=422)
    studio.ask("export", {"table": HOSTILE, "format": "exe"}, status=422)


def test_bytes_are_downloaded_as_they_are(studio: Studio) -> None:
    key = keys(studio.ask("rows", {"table": "other"}))[0]
    answer = studio.ask("blob", {"table": "other", "key": key, "column": "blob"})

    got = studio.fetch(answer["ticket"])

    assert answer["name"] == "other-blob.bin"
    assert got.content == bytes(range(256)) * 10
    assert got.headers["content-type"] == "application/octet-stream"


def test_a_text_is_read_as_rows_and_nothing_is_written(studio: Studio) -> None:
    answer = studio.ask("import", {"table": "other", "text": "a,b,nope\n5,x,1\nfive,y,2\n"})

    assert answer["columns"] == ["a", "b"]
    assert answer["ignored"] == ["nope"]
    assert answer["rows"][0] == {"a": "5", "b": "x"}
    assert studio.ask("count", {"table": "other"})["count"] == 2


def test_tickets_are_over_after_half_a_minute_and_the_oldest_when_there_are_too_many() -> None:
    now = [0.0]
    made = Tickets(lambda: now[0])
    file = Download("a", "text/plain", lambda call: iter(()))
    first = made.issue(file)
    others = [made.issue(file) for _ in range(tickets.MOST)]

    with pytest.raises(Exception, match="over"):
        made.take(first)
    assert made.take(others[0]) is file
    now[0] = tickets.SECONDS + 1
    with pytest.raises(Exception, match="over"):
        made.take(others[1])


# Media


def test_an_object_gets_a_link_that_is_signed_here(migrated: Project) -> None:
    text = (migrated.root / "pyproject.toml").read_text()
    settings = 'media = ["book.title"]\nbucket = "media"\nendpoint = "https://store.example:9000"\n'
    migrated.write("pyproject.toml", f"{text}\n[tool.dbtool.studio]\n{settings}")
    migrated.write(".env", "MINIO_ACCESS_KEY=who\nMINIO_SECRET_KEY=a-secret\n")
    studio = Studio(migrated)

    answer = studio.ask("object", {"table": "book", "key": '["1"]', "column": "title"})

    assert answer["url"].startswith(
        "https://store.example:9000/media/The%20Dispossessed?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    )
    assert "X-Amz-Expires=300" in answer["url"]
    assert "a-secret" not in answer["url"]
    assert (answer["media_type"], answer["placeholder"]) == ("application/octet-stream", False)
    assert studio.ask("schema")["media"] is True
    studio.ask("object", {"table": "book", "key": '["1"]', "column": "pages"}, status=422)


def test_a_placeholder_and_a_bucket_that_is_not_set_have_no_link(migrated: Project) -> None:
    found = media.link(migrated.config.studio, "placeholder/unit-1.mp4")

    assert found == {"url": None, "media_type": "video/mp4", "expires": None, "placeholder": True}
    with pytest.raises(Exception, match="no bucket is configured"):
        media.link(migrated.config.studio, "unit-1.mp4")


# Requests that mean harm

INJECTIONS = [
    "' OR 1=1 --",
    '"; DROP TABLE other; --',
    "1); DELETE FROM other; --",
    "%27",
    "${x}",
    "{{7*7}}",
    "\\",
    "*",
]


def shapes(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a request for every parameter that takes a text."""
    known = {"table": "other"}
    yield "table", {"table": text}
    yield "counts", {"tables": [text]}
    yield "count", {**known, "search": text}
    for column, operator, value in ((text, "eq", "1"), ("a", text, "1"), ("a", "eq", text), ("b", "in", text)):
        yield "rows", {**known, "filters": [{"column": column, "operator": operator, "values": [value]}]}
    yield "rows", {**known, "sort": [{"column": text}]}
    for place in ("after", "before", "key", "value"):
        yield "rows", {**known, "at": {place: text}}
    yield "cell", {**known, "key": text, "column": "b"}
    yield "cell", {**known, "key": '["1","en"]', "column": text}
    yield "record", {**known, "key": text}
    yield "record", {**known, "match": {text: "1"}}
    yield "record", {**known, "match": {"b": text}}
    yield "lookup", {**known, "reference": text}
    yield "lookup", {**known, "reference": "parent", "text": text}
    yield "export", {**known, "columns": [text]}
    yield "export", {**known, "keys": [text]}
    yield "blob", {**known, "key": text, "column": "b"}
    yield "import", {**known, "text": text}
    yield "object", {**known, "key": text, "column": "b"}
    for change in (
        {"op": "insert", "table": text, "id": "n"},
        {"op": "insert", "table": "other", "id": text, "values": {text: "1"}},
        {"op": "update", "table": "other", "key": text, "values": {"big": "1"}, "old": {"big": "1"}},
        {"op": "update", "table": "other", "key": '["2","en"]', "values": {"big": text}, "old": {"big": "1"}},
        {"op": "update", "table": "other", "key": '["2","en"]', "values": {"big": "1"}, "old": {"big": text}},
        {"op": "delete", "table": "other", "key": text, "old": {text: text}},
    ):
        yield "changes", {"changes": [change]}


def test_no_parameter_is_sql(studio: Studio) -> None:
    broken = []
    for text in INJECTIONS:
        for path, body in shapes(text):
            answer = studio.post(path, body)
            if answer.status_code >= 500:
                broken.append((path, body))

    assert broken == []
    assert studio.ask("counts", {"tables": [HOSTILE, "other"]})["counts"] == {
        HOSTILE: {"count": 8, "exact": True},
        "other": {"count": 2, "exact": True},
    }


ODD = [
    "\0",
    "a\0b",
    "\ud800",
    "\udfff",
    "9" * 5000,
    "-" + "9" * 400,
    "1e999",
    "nan",
    "[",
    '["1"]',
    "[[[[",
    "null",
    "[null,1]",
    "é" * 999,
]


def test_odd_texts_are_never_a_mistake_of_the_server(studio: Studio) -> None:
    broken = []
    for text in ODD:
        for path, body in shapes(text):
            answer = studio.client.post(
                f"/api/{path}", content=json.dumps(body), headers={**PAGE, "content-type": "application/json"}
            )
            if answer.status_code >= 500:
                broken.append((path, body))

    assert broken == []


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"null", b"[]", b"1", b'"x"', b"\xff\xfe", b"\x00", b"[" * 200_000, b'{"a":' * 50_000, b"NaN",
        b'{"table":NaN}', b"1" * 100_000, b'{"table":"author","limit":1e400}', b'{"table":"author","limit":1.0}',
        b'{"table":"author","limit":true}', b'{"table":"author","limit":-1}', b'{"table":"author","limit":100000}',
        b'{"table":"author","unheard":1}', b'{"table":["author"]}', b'{"table":"author","at":{}}',
        b'{"table":"author","at":{"number":1e30}}', b'{"table":"author","at":{"number":99999999999999999999999}}',
        b'{"table":"author","at":{"start":false}}', b'{"table":"author","at":{"after":"x","before":"y"}}',
        b'{"table":"author","sort":[{"column":"id","descending":"yes"}]}', b'{"table":"\\ud800"}',
    ],
    ids=lambda body: repr(body[:40]),
)  # fmt: skip
def test_what_is_not_understood_is_refused(modelled: Studio, body: bytes) -> None:
    answer = modelled.client.post("/api/rows", content=body, headers={**PAGE, "content-type": "application/json"})

    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "DB702"
    assert "Traceback" not in answer.text


# Time


def test_a_statement_ends_when_its_client_goes_away(modelled: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[float] = []
    forever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    started = threading.Event()

    def endless(call: calls.Call, wanted: object) -> dict[str, Any]:
        try:
            with call.connect() as connection:
                started.set()
                connection.exec_driver_sql(forever)
        finally:
            ended.append(time.monotonic())
        return {}

    from dbtool.studio import api

    monkeypatch.setattr(api, "endpoint", lambda path: endless)
    headers = [(b"host", b"localhost"), (b"x-dbtool-token", TOKEN.encode()), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/api/schema", "headers": headers, "query_string": b""}
    sent: list[Any] = []

    async def go() -> float:
        messages = [{"type": "http.request", "body": b"{}"}]

        async def receive() -> Any:
            if messages:
                return messages.pop()
            while not started.is_set():
                await asyncio.sleep(0.01)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await modelled.app(scope, receive, send)
        return time.monotonic()

    left = asyncio.run(go())
    deadline = time.monotonic() + 5
    while not ended and time.monotonic() < deadline:
        time.sleep(0.01)

    assert ended
    assert ended[0] - left < 1
