"""The console on three databases: it reads, it writes when told to, and no statement gets out of it."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from projects import Project

from dbtool.database import Database
from dbtool.errors import DbtoolError, RequestError, TimeLimitError
from dbtool.studio import console, messages
from dbtool.studio.library import Library


class Console:
    """The console of a project, without HTTP."""

    def __init__(self, project: Project, *, read_only: bool = False) -> None:
        self.library = Library(project.config, read_only=read_only)

    def run(self, sql: str, *, write: bool = False, limit: int = 1000) -> Any:
        """Run one statement as the page does."""
        call = self.library.call()
        try:
            return console.run(call, messages.Sql(sql=sql, write=write, limit=limit))
        finally:
            call.close()

    def refusal(self, sql: str, *, write: bool = False) -> str:
        """Return what a statement is refused with, which must be."""
        with pytest.raises(DbtoolError) as error:
            self.run(sql, write=write)
        return error.value.message


@pytest.fixture
def opened(database: Database, url: str, tmp_path: Path) -> Console:
    """A console over a table `x` with three rows."""
    project = Project(tmp_path, url)
    project.write("pyproject.toml", "[tool.dbtool]\n[tool.dbtool.studio]\nlimit = 2\n")
    with database.connect("write") as connection:
        connection.exec_driver_sql("CREATE TABLE x (id INTEGER PRIMARY KEY, name VARCHAR(50))")
        connection.exec_driver_sql("INSERT INTO x VALUES (1, 'one'), (2, NULL), (3, '')")
        connection.commit()
    return Console(project)


def held(opened: Console) -> list[list[str | None]]:
    rows: list[list[str | None]] = opened.run("select id, name from x order by id")["rows"]
    return rows


ROWS = [["1", "one"], ["2", None], ["3", ""]]


def test_a_statement_answers_with_names_kinds_and_texts(opened: Console) -> None:
    answer = opened.run(
        "  -- a comment\n/* and (one) */ select id, name, 1.5 as half from x order by id -- and another"
    )

    assert answer["columns"] == ["id", "name", "half"]
    assert answer["kinds"][:2] == ["integer", "text"]
    assert answer["rows"] == [["1", "one", "1.5"], ["2", None, "1.5"], ["3", "", "1.5"]]
    assert (answer["more"], answer["changed"]) == (False, None)


def test_rows_beyond_the_limit_are_only_said_to_be_there(opened: Console) -> None:
    answer = opened.run("select id from x order by id", limit=2)

    assert answer["rows"] == [["1"], ["2"]]
    assert answer["more"] is True


def test_a_percent_sign_and_a_colon_are_nothing_special(opened: Console) -> None:
    assert opened.run("select '100%', ':name', '%s', '?'")["rows"] == [["100%", ":name", "%s", "?"]]


def test_writing_commits_one_statement_and_says_how_many_rows(opened: Console) -> None:
    answer = opened.run("update x set name = 'new' where id > 1", write=True)

    assert answer["changed"] == 2
    assert held(opened) == [["1", "one"], ["2", "new"], ["3", "new"]]


def test_a_failing_write_leaves_nothing(opened: Console) -> None:
    opened.refusal("insert into x values (4, 'four'), (1, 'again')", write=True)

    assert held(opened) == ROWS


def test_a_mistake_is_told_in_the_words_of_the_database(opened: Console) -> None:
    assert "nothing_here" in opened.refusal("select * from nothing_here")


def test_where_studio_is_read_only_nothing_is_written(opened: Console) -> None:
    opened.library.read_only = True

    with pytest.raises(RequestError) as error:
        opened.run("update x set name = 'new'", write=True)

    assert error.value.status == 403


# What tries to get out of reading. Each must be refused, or do nothing; the rows are looked at afterwards.

EVERYWHERE = [
    "insert into x values (9, 'in')",
    "update x set name = 'in'",
    "delete from x",
    "drop table x",
    "create table y (id integer)",
    "alter table x add column y integer",
    "truncate table x",
    "select 1; drop table x",
    "select 1; commit; drop table x",
    "select 1; delete from x",
    "commit",
    "begin",
    "rollback; delete from x",
    "; delete from x",
    "/* select */ delete from x",
    "-- select\ndelete from x",
    "((delete from x))",
    "with y as (select 1) delete from x",
    "with y as (select 1) insert into x select 9, 'in'",
    "with y as (select 1) update x set name = 'in'",
    "explain analyze delete from x",
    "create temporary table z (id integer)",
    "   ",
    "-- only a comment",
    "\ufeffdelete from x",
    "delete\u00a0from x",
    "grant all on x to public",
    "call something()",
]
ESCAPES = {
    "sqlite": [
        "attach database '{folder}/out.db' as other",
        "vacuum into '{folder}/out.db'",
        "vacuum",
        "pragma query_only = off",
        "pragma writable_schema = 1",
        "pragma journal_mode = wal",
        "pragma user_version = 7",
        "pragma user_version(7)",
        "select * from pragma_user_version(7)",
        "pragma foreign_keys = off",
        "pragma wal_checkpoint(truncate)",
        "pragma optimize",
        "pragma incremental_vacuum",
        "select load_extension('{folder}/out.so')",
        "select writefile('{folder}/out.db', 'x')",
        "select fts3_tokenizer('simple')",
        "reindex",
        "analyze",
        "replace into x values (1, 'in')",
        "select zeroblob(1000000000)",
        "explain query plan delete from x; delete from x",
        "savepoint s",
        "detach database main",
    ],
    "postgres": [
        "copy x to '{folder}/out.db'",
        "copy (select 1) to program 'touch {folder}/out.db'",
        "copy x from '/etc/passwd'",
        "select * into y from x",
        "with gone as (delete from x returning *) select * from gone",
        "do $$ begin delete from x; end $$",
        "set transaction read write",
        "set session characteristics as transaction read write",
        "select set_config('transaction_read_only', 'off', false)",
        "select set_config('transaction_read_only', 'off', true), 1",
        "select query_to_xml('delete from x', true, true, '')",
        "select lo_export(lo_create(0), '{folder}/out.db')",
        'select U&"lo\\005fcreate"(0)',
        "select nextval('serial_of_x')",
        "select pg_terminate_backend(0)",
        "select pg_reload_conf()",
        "select dblink_exec('', 'delete from x')",
        "explain (analyze) update x set name = 'in'",
        "select * from x for update",
        "lock table x",
        "prepare p as delete from x",
        "execute p",
        "listen channel",
        "notify channel",
        "vacuum x",
        "cluster x",
        "refresh materialized view x",
        "declare c cursor for select 1",
        "table x; delete from x",
        "values (1); delete from x",
        "show all; delete from x",
    ],
    "mysql": [
        "select * from x into outfile '{folder}/out.db'",
        "select * into outfile '{folder}/out.db' from x",
        "select 'x' into dumpfile '{folder}/out.db'",
        "select 1 /*! into outfile '{folder}/out.db' */",
        "select 1 /*M!100000 into outfile '{folder}/out.db' */",
        "select 1 --' ' into outfile '{folder}/out.db'",
        "select 1 /*!; delete from x */",
        "select 1 into/**/outfile '{folder}/out.db'",
        "load data infile '/etc/passwd' into table x",
        "set autocommit = 1",
        "set statement max_statement_time = 0 for delete from x",
        "start transaction read write",
        "analyze delete from x",
        "analyze format=json update x set name = 'in'",
        "replace into x values (1, 'in')",
        "handler x open",
        "begin not atomic delete from x; end",
        "prepare p from 'delete from x'",
        "execute immediate 'delete from x'",
        "do sleep(0)",
        "flush tables",
        "kill 1",
        "lock tables x write",
        "rename table x to y",
        "optimize table x",
        "use mysql",
        "delimiter //",
        "help 'select'",
    ],
}


def test_nothing_gets_out_of_reading(opened: Console, tmp_path: Path) -> None:
    tables_before = tables(opened)
    passed = []
    for statement in (*EVERYWHERE, *ESCAPES[opened.library.database.kind]):
        try:
            opened.run(statement.replace("{folder}", str(tmp_path)))
        except DbtoolError:
            continue
        passed.append(statement)

    assert passed == []
    assert held(opened) == ROWS
    assert tables(opened) == tables_before
    assert not list(tmp_path.glob("out.*"))


def tables(opened: Console) -> frozenset[str]:
    with opened.library.database.reading() as connection:
        return opened.library.database.table_names(connection)


NOT_EVEN_WRITING = [
    "update x set name = 'in'; drop table x", "commit", "begin", "rollback", "savepoint s", "vacuum",
    "start transaction", "attach database 'other.db' as other", "copy x to '/tmp/dbtool-out.db'", "end", "abort",
    "prepare p as select 1",
    "load data infile '/etc/passwd' into table x",
]  # fmt: skip


def test_writing_is_one_statement_too(opened: Console) -> None:
    for statement in NOT_EVEN_WRITING:
        opened.refusal(statement, write=True)

    assert held(opened) == ROWS


def test_what_reading_means_is_not_too_little(opened: Console) -> None:
    kind = opened.library.database.kind
    statements = {
        "sqlite": ["pragma table_info(x)", "explain query plan select * from x", "values (1)", "pragma user_version"],
        "postgres": ["show server_version", "explain analyze select * from x", "table x", "values (1)"],
        "mysql": ["show tables", "explain select * from x", "describe x", "show create table x"],
    }[kind]
    recursive = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5) select max(i) from n"

    for statement in statements:
        assert opened.run(statement)["rows"], statement
    assert opened.run(recursive)["rows"] == [["5"]]


FOREVER = {
    "sqlite": "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
    "postgres": "select pg_sleep(60)",
    "mysql": "select sleep(60)",
}


def test_a_statement_ends_at_its_time_limit(opened: Console) -> None:
    started = time.monotonic()

    with pytest.raises(TimeLimitError):
        opened.run(FOREVER[opened.library.database.kind])

    assert 1 < time.monotonic() - started < 10


def test_a_statement_ends_when_nobody_waits_for_it(opened: Console) -> None:
    call = opened.library.call()
    statement = messages.Sql(sql=FOREVER[opened.library.database.kind])
    ended: list[BaseException] = []

    def run() -> None:
        try:
            console.run(call, statement)
        except DbtoolError as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.5)
    started = time.monotonic()
    call.cancel()
    thread.join(10)

    assert not thread.is_alive()
    assert time.monotonic() - started < 1
    assert len(ended) == 1
    assert not isinstance(ended[0], TimeLimitError)


def test_a_large_result_is_not_read_to_its_end(opened: Console) -> None:
    many = {
        "sqlite": "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n",
        "postgres": "select generate_series(1, 100000000) i",
        "mysql": "select seq from seq_1_to_100000000",
    }[opened.library.database.kind]

    answer = opened.run(many, limit=10)  # to its end it would take longer than the limit of a statement

    assert (len(answer["rows"]), answer["more"]) == (10, True)


def test_the_project_keeps_what_was_run(opened: Console, tmp_path: Path) -> None:
    opened.run("select 1")
    opened.refusal("delete from x")
    opened.run("update x set name = 'é\n'", write=True)

    entries = console.history(opened.library.config)

    assert [(each["sql"], each["rows"], each["write"], bool(each["error"])) for each in entries] == [
        ("update x set name = 'é\n'", 3, True, False),
        ("delete from x", None, False, True),
        ("select 1", 1, False, False),
    ]
    assert (tmp_path / ".dbtool" / ".gitignore").read_text() == "*\n"


def test_the_history_does_not_grow_for_ever_and_survives_a_broken_line(opened: Console, tmp_path: Path) -> None:
    file = tmp_path / ".dbtool" / console.HISTORY
    file.parent.mkdir()
    line = json.dumps({"sql": "select 0", "at": "", "ms": 0, "rows": 0, "write": False, "error": None})
    file.write_text(f"{line}\n" * (2 * console.KEPT) + "half of a li")

    opened.run("select 1")

    entries = console.history(opened.library.config)
    assert entries[0]["sql"] == "select 1"
    assert len(entries) <= console.KEPT
    assert len(file.read_text().splitlines()) <= console.KEPT
