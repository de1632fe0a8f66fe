"""What `show` prints: tables that fit, cells that are safe, and a word about everything left out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console
from show_sample import fill, project, throwaway
from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table, insert
from typer.testing import CliRunner, Result

from dbtool.cli import grid
from dbtool.cli.app import app
from dbtool.cli.cells import cell, paragraphs, size, visible

HOSTILE = {
    "escape": "\x1b[31mred\x1b]0;title\x07",
    "markup": "[bold]x[/x] [/] \\[",
    "direction": "a\u202etxt.exe\u200f\u2066",
    "lines": "one\ntwo\r\nthree\u2028four",
    "c1": "\x9b31m\x85",
    "long": "x" * 100_000,
    "wide": "日本語" * 100,
    "nul": "a\x00b\x7f",
    "empty": "",
    "null": "null",
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> Callable[..., Result]:
    """Run `dbtool show` on the sample and on a table of hostile cells."""
    folder = tmp_path_factory.mktemp("show")
    with throwaway("sqlite", folder) as (url, engine):
        fill(engine)
        hostile = Table(
            "host[/x]ile",
            MetaData(),
            Column("id", Integer, primary_key=True),
            Column("te\x1b[31mxt", String),
            Column("[red]data", LargeBinary),
        )
        with engine.begin() as connection:
            hostile.create(connection)
            rows = [{"id": n, "te\x1b[31mxt": text} for n, text in enumerate(HOSTILE.values())]
            connection.execute(insert(hostile), [{**row, "[red]data": bytes(range(40))} for row in rows])
        config = project(folder / "project", url)

    def run(*arguments: str, width: int = 80) -> Result:
        where = ["--project", str(config.root), "--url", url]
        return CliRunner().invoke(app, ["show", *arguments, *where], env={"COLUMNS": str(width), "NO_COLOR": "1"})

    return run


def lines(result: Result) -> list[str]:
    assert (result.exit_code, result.stderr) == (0, "")
    return [line.rstrip() for line in result.stdout.splitlines()]


def test_all_tables(shown):
    printed = lines(shown())

    assert printed[0].split() == ["table", "rows", "size", "about"]
    assert [line.split()[:2] for line in printed[2:6]] == [
        ["aggregate_score", "1"],
        ["daily_plan", "1"],
        ["daily_plan_entry", "2"],
        ["host[/x]ile", "10"],
    ]
    assert "not in the models" in printed[5]
    assert printed[-1].startswith("11 tables, 25 rows in sqlite:///")


def test_rows_show_what_foreign_keys_mean(shown):
    assert lines(shown("user_progress", "--sort", "-score")) == [
        "id  user     unit             status       score  attempts  completed_at",
        "─" * 80,
        " 1  johndoe  greeting-phras…  done          87.3         3  2025-01-02T03:04:05Z",
        " 2  anna     greeting-phras…  in_progress   12.5         1  null",
        " 3  johndoe  farewells        not_started   null         0  null",
        "",
        "3 rows",
    ]


def test_a_limit_says_how_many_rows_there_are(shown):
    assert lines(shown("units", "--limit", "1", "-c", "id,slug"))[2:] == [
        " 1  greeting-phrases",
        "",
        "1 of 2 rows; --limit 0 shows all",
    ]


def test_no_rows_is_an_answer(shown):
    assert lines(shown("units", "--where", "position>5", "-c", "id,slug")) == ["id  slug", "────────", "", "0 rows"]


def test_columns_that_do_not_fit_are_named(shown):
    printed = lines(shown("users", width=60))

    assert printed[0] == "id  email             username  password_hash  is_active"
    assert printed[-3:] == ["no room for created_at, updated_at; --columns picks, --csv has all", "", "2 rows"]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 200])
@pytest.mark.parametrize("table", ["users", "unit_assets", "host[/x]ile", "daily_plan_entries"])
def test_no_row_is_wider_than_the_terminal(shown, table, width):
    printed = lines(shown(table, width=width))

    rows = printed[: printed.index("")]
    assert max(map(cell_len, rows)) <= width


def test_a_record_shows_its_relations_and_names_those_without_rows(shown):
    assert lines(shown("units", "farewells")) == [
        "unit farewells",
        "",
        "id           2",
        "story        meeting-basics  story_id 1",
        "slug         farewells",
        "title        Farewells",
        "description  null",
        "position     2",
        "",
        "progress  1 row of user_progress",
        "",
        "id  user     status       score  attempts  completed_at",
        "───────────────────────────────────────────────────────",
        " 3  johndoe  not_started  null          0  null",
        "",
        "plan_entries  1 row of daily_plan_entry",
        "",
        "id  plan                position  is_done",
        "─────────────────────────────────────────",
        " 1  johndoe/2025-01-01         1  false",
        "",
        "no assets, pronunciation_attempts",
    ]


def test_a_schema(shown):
    printed = lines(shown("unit", "--schema", width=100))

    assert printed[:3] == ["unit  table, model Unit", "A learning module within a story.", ""]
    assert printed[3].split() == ["column", "type", "default", "key", "about"]
    assert printed[6].split() == ["story_id", "INTEGER", "→", "story.id"]
    assert printed[-7:-5] == [
        "natural key  slug",
        "constraint   foreign key (story_id) references story (id) on delete cascade",
    ]
    assert printed[-1] == "relation     pronunciation_attempts → many pronunciation_attempt"


def test_csv_is_the_data_itself(shown):
    result = shown("host[/x]ile", "--csv", "--sort", "id")

    rows = list(csv.reader(io.StringIO(result.stdout_bytes.decode(), newline="")))
    assert rows[0] == ["id", "te\x1b[31mxt", "[red]data"]
    assert [row[1] for row in rows[1:]] == list(HOSTILE.values())
    assert {row[2] for row in rows[1:]} == {bytes(range(40)).hex()}


def test_json_is_one_object(shown):
    document = json.loads(shown("user_progress", "--json", "--where", "user=anna", "-c", "user,status").stdout)

    assert document == {
        "command": "show",
        "ok": True,
        "report": {
            "table": "user_progress",
            "model": "UserProgress",
            "columns": ["user_id", "status"],
            "rows": [{"user_id": 2, "status": "in_progress"}],
            "labels": [{"user_id": "anna"}],
            "total": 1,
            "ok": True,
        },
    }


@pytest.mark.parametrize("arguments", [("host[/x]ile",), ("host[/x]ile", "1"), ("host[/x]ile", "--schema"), ()])
def test_nothing_in_a_database_steers_the_terminal(shown, arguments):
    result = shown(*arguments)

    assert result.exit_code == 0
    assert all(letter.isprintable() or letter == "\n" for letter in result.stdout)
    assert len(result.stdout) < 20_000


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (("unitz",), "error [DB602] there is no table `unitz`", "hint: did you mean `unit`?"),
        (
            ("unit", "--where", "titel=x"),
            "error [DB603] `unit` has no column `titel`",
            "hint: did you mean `title`?",
        ),
        (("unit", "hello"), "error [DB604] `unit` has no row `hello`", "hint: dbtool show unit"),
        (
            ("unit", "-w", "position=first"),
            "error [DB605] `first` does not fit `unit.position`, which holds a whole number",
            "hint: --where position=42",
        ),
        (("--csv",), "error [DB108] --csv needs a table", "hint: dbtool show TABLE --csv"),
        (("--where", "id=1"), "error [DB108] --where needs a table", "hint: dbtool show TABLE --where id=1"),
        (
            ("unit", "farewells", "--limit", "1"),
            "error [DB108] a single row takes no --limit",
            "hint: dbtool show unit --limit 5",
        ),
        (
            ("unit", "--schema", "--csv"),
            "error [DB108] --schema takes no --csv",
            "hint: dbtool show unit --schema",
        ),
    ],
)
def test_a_mistake_is_answered_with_something_to_type(shown, arguments, error, hint):
    result = shown(*arguments)

    assert result.exit_code in (1, 2)
    assert (result.stdout.startswith("{"), result.stderr.splitlines()) == (
        False,
        [error, hint],
    ) or "--json" in arguments


@pytest.mark.parametrize(
    ("value", "label", "shown"),
    [
        (None, None, "null"),
        ("null", None, '"null"'),
        ("", None, ""),
        (True, None, "true"),
        (Decimal("1.10"), None, "1.10"),
        (datetime(2025, 1, 2, tzinfo=UTC), None, "2025-01-02T00:00:00Z"),
        ({"a": [1]}, None, '{"a":[1]}'),
        (b"\x00\xff", None, "00ff"),
        (bytes(2048), None, "2.0 kB 00000000…"),
        (7, "johndoe", "johndoe"),
        ("\x1b[2J\n", None, "␛[2J␊"),
    ],
)
def test_a_cell_is_one_line(value, label, shown):
    assert cell(value, label).plain == shown


def test_what_moves_the_cursor_is_made_visible_and_what_joins_letters_is_kept():
    assert visible("a\u202eb\x9bc\u2028d\ue000") == "a\\u202eb\\x9bc\\u2028d\\ue000"
    for joined in ("\u0645\u06cc\u200c\u062e", "👩\u200d👧", "é\u00a0"):
        assert visible(joined) == joined


def test_a_text_with_room_keeps_its_lines_and_says_where_it_was_cut():
    assert paragraphs("a\n\x1b\n" + "x" * 5000).plain == "a\n␛\n" + "x" * 3996 + "…"


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (None, ""),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (123_456, "123 kB"),
        (2**40, "1.1 TB"),
        (10**18, "1000000 TB"),
    ],
)
def test_a_size_is_as_people_read_it(count, shown):
    assert size(count).plain == shown


def test_a_number_is_never_cut():
    made = grid.rows_table(["text", "number"], [{"text": "x" * 99, "number": 2**63}], [{}], 40)

    console = Console(width=40, file=io.StringIO())
    console.print(made.table)
    assert str(2**63) in console.file.getvalue()  # type: ignore[attr-defined]


def test_completing_a_table_s_name_never_fails(shown, tmp_path: Path):
    for url in ("sqlite:////nowhere/none.db", "postgresql://localhost:1/none", "nonsense"):
        environment = {
            "_DBTOOL_COMPLETE": "complete_bash",
            "COMP_WORDS": "dbtool show un",
            "COMP_CWORD": "2",
            "DATABASE_URL": url,
        }
        result = CliRunner().invoke(app, [], prog_name="dbtool", env=environment)
        assert (result.stdout.strip(), result.stderr) == ("", "")
