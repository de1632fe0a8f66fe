"""What a real migration's table rebuild keeps on SQLite, and what it refuses to lose."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from projects import Project

from dbtool.database.sqlite_rebuild import features
from dbtool.engine import history, runner
from dbtool.errors import HistoryError, RebuildLossError

SCHEMA = """
CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL);
CREATE TABLE book (
    id INTEGER NOT NULL PRIMARY KEY,
    author_id INTEGER,
    title VARCHAR(50) NOT NULL,
    pages INTEGER,
    CONSTRAINT book_author_id_fkey FOREIGN KEY(author_id) REFERENCES author (id) ON DELETE CASCADE,
    CONSTRAINT book_pages CHECK (pages >= 0)
);
CREATE TABLE page (
    id INTEGER PRIMARY KEY, book_id INTEGER NOT NULL, FOREIGN KEY(book_id) REFERENCES book (id) ON DELETE CASCADE
);
CREATE TABLE note (
    id INTEGER PRIMARY KEY, book_id INTEGER, FOREIGN KEY(book_id) REFERENCES book (id) ON DELETE SET NULL
);
CREATE TABLE log (text VARCHAR(50));
INSERT INTO author VALUES (1, 'Ann');
INSERT INTO book VALUES (1, 1, 'First', 10), (2, 1, 'Second', 20);
INSERT INTO page VALUES (1, 1), (2, 1), (3, 2);
INSERT INTO note VALUES (1, 1), (2, NULL);
"""
WIDEN = "with op.batch_alter_table('book') as batch:\n    batch.alter_column('pages', type_=sa.BigInteger())"


@pytest.fixture
def library(tmp_path: Path) -> Project:
    """A project whose database was made by hand, with rows, and whose migrations are written by hand."""
    project = Project(tmp_path)
    project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
    project.scaffold()
    with closing(sqlite3.connect(tmp_path / "dev.db")) as connection:
        connection.executescript(SCHEMA)
    return project


@pytest.fixture
def _foreign_keys_on() -> Iterator[None]:
    """What an application's own engine does, and every engine of its process then."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def switch_on(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA foreign_keys = ON")

    event.listen(Engine, "connect", switch_on)
    yield
    event.remove(Engine, "connect", switch_on)


def run(project: Project, *statements: str) -> None:
    with closing(sqlite3.connect(project.root / "dev.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def query(project: Project, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(project.root / "dev.db")) as connection:
        return list(connection.execute(sql))


def upgrade(project: Project) -> None:
    runner.upgrade(project.config, project.database, history.read(project.config))


def objects(project: Project) -> dict[str, str]:
    """Everything but the tables: what the database says of each."""
    return dict(query(project, "SELECT name, sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL"))


def contents(project: Project) -> list[list[tuple[Any, ...]]]:
    return [query(project, f"SELECT * FROM {table} ORDER BY 1") for table in ("author", "book", "page", "note")]


def dump(project: Project) -> list[str]:
    with closing(sqlite3.connect(project.root / "dev.db")) as connection:
        return list(connection.iterdump())


# What is kept

KEPT = {
    "trigger": "CREATE TRIGGER changed AFTER UPDATE ON book BEGIN INSERT INTO log VALUES (new.title); END",
    "trigger of some columns": (
        "CREATE TRIGGER changed BEFORE UPDATE OF title ON book WHEN new.title = '' BEGIN SELECT RAISE(ABORT, 'x'); END"
    ),
    "expression index": "CREATE INDEX lower_title ON book (lower(title))",
    "unique expression index": "CREATE UNIQUE INDEX lower_title ON book (lower(title), author_id)",
    "partial index": "CREATE INDEX long ON book (title) WHERE pages > 100",
    "partial expression index": "CREATE INDEX long ON book (pages + 1) WHERE pages > 100 AND title <> ''",
    "descending index": "CREATE INDEX newest ON book (id DESC, title)",
    "index with a collation": "CREATE UNIQUE INDEX anycase ON book (title COLLATE NOCASE)",
    "plain index": "CREATE INDEX titles ON book (title)",
    "view": "CREATE VIEW titles AS SELECT title, pages FROM book",
    "view of a view": "CREATE VIEW joined AS SELECT b.title, a.name FROM book b JOIN author a ON a.id = b.author_id",
}


@pytest.mark.parametrize("sql", KEPT.values(), ids=KEPT)
def test_a_rebuild_keeps_what_belongs_to_the_table(library: Project, sql: str) -> None:
    run(library, sql)
    before, rows = objects(library), contents(library)
    library.migration("widen", WIDEN)

    upgrade(library)

    assert objects(library) == before
    assert contents(library) == rows
    assert "pages BIGINT" in query(library, "SELECT sql FROM sqlite_master WHERE name = 'book'")[0][0]


@pytest.mark.usefixtures("_foreign_keys_on")
def test_a_rebuild_keeps_children_although_every_connection_switches_foreign_keys_on(library: Project) -> None:
    rows = contents(library)
    library.migration("widen", WIDEN)

    upgrade(library)

    assert contents(library) == rows
    assert query(library, "PRAGMA foreign_key_list(book)") == [
        (0, 0, "author", "author_id", "id", "NO ACTION", "CASCADE", "NONE")
    ]


def test_a_kept_trigger_fires_after_the_rebuild(library: Project) -> None:
    run(library, KEPT["trigger"])
    library.migration("widen", WIDEN)

    upgrade(library)
    run(library, "UPDATE book SET title = 'Changed' WHERE id = 1")

    assert query(library, "SELECT text FROM log") == [("Changed",)]


def test_two_rebuilds_of_one_table_in_one_migration_keep_everything(library: Project) -> None:
    run(library, KEPT["trigger"], KEPT["expression index"], KEPT["descending index"], KEPT["view"])
    before, rows = objects(library), contents(library)
    again = "\nwith op.batch_alter_table('book') as batch:\n    batch.alter_column('title', type_=sa.String(80))"
    library.migration("twice", WIDEN + again)

    upgrade(library)

    assert objects(library) == before
    assert contents(library) == rows


def test_a_rebuild_of_each_of_two_tables_keeps_the_objects_of_both(library: Project) -> None:
    run(library, KEPT["trigger"], "CREATE INDEX upper_name ON author (upper(name))")
    before, rows = objects(library), contents(library)
    other = "\nwith op.batch_alter_table('author') as batch:\n    batch.alter_column('name', type_=sa.String(80))"
    library.migration("both", WIDEN + other)

    upgrade(library)

    assert objects(library) == before
    assert contents(library) == rows


# What the migration itself takes away is gone

TRIGGER = KEPT["trigger"]
TAKEN = {
    "index, within the batch": (
        "CREATE INDEX newest ON book (pages DESC)",
        f"{WIDEN}\n    batch.drop_index('newest')",
        {},
    ),
    "index, before the batch": ("CREATE INDEX newest ON book (pages)", f"op.drop_index('newest')\n{WIDEN}", {}),
    "index, after the batch": (
        "CREATE INDEX newest ON book (lower(title))",
        f"{WIDEN}\nop.execute('DROP INDEX newest')",
        {},
    ),
    "index, made another within the batch": (
        "CREATE INDEX newest ON book (pages DESC)",
        f"{WIDEN}\n    batch.drop_index('newest')\n    batch.create_index('newest', ['title'])",
        {"newest": "CREATE INDEX newest ON book (title)"},
    ),
    "index, made unique within the batch": (
        "CREATE INDEX newest ON book (title DESC)",
        f"{WIDEN}\n    batch.drop_index('newest')\n    batch.create_index('newest', ['title'], unique=True)",
        {"newest": "CREATE UNIQUE INDEX newest ON book (title)"},
    ),
    "index, made another after the batch": (
        "CREATE INDEX newest ON book (title DESC)",
        f"{WIDEN}\nop.drop_index('newest')\nop.create_index('newest', 'book', ['title'])",
        {"newest": "CREATE INDEX newest ON book (title)"},
    ),
    "column with its index": (
        "CREATE INDEX newest ON book (title)",
        "op.drop_index('newest')\nwith op.batch_alter_table('book') as batch:\n    batch.drop_column('title')",
        {},
    ),
    "trigger, before the batch": (TRIGGER, f"op.execute('DROP TRIGGER changed')\n{WIDEN}", {}),
    "trigger, after the batch": (TRIGGER, f"{WIDEN}\nop.execute('DROP TRIGGER changed')", {}),
    "view": (KEPT["view"], f"{WIDEN}\nop.execute('DROP VIEW titles')", {}),
    "the table": (TRIGGER, f"{WIDEN}\nop.drop_table('page')\nop.drop_table('note')\nop.drop_table('book')", {}),
    "the table's name": (
        TRIGGER,
        f"{WIDEN}\nop.rename_table('book', 'tome')",
        {"changed": TRIGGER.replace("ON book", 'ON "tome"')},
    ),
}


@pytest.mark.parametrize(("made", "upgrading", "left"), TAKEN.values(), ids=TAKEN)
def test_what_the_migration_itself_takes_away_or_changes_is_not_put_back(
    library: Project, made: str, upgrading: str, left: dict[str, str]
) -> None:
    run(library, made)
    library.migration("change", upgrading)

    upgrade(library)

    assert objects(library) == left


def test_a_rebuild_keeps_the_collation_of_a_column_and_takes_none_from_a_check(library: Project) -> None:
    columns = "n INTEGER, more TEXT, e TEXT COLLATE NOCASE, s TEXT CONSTRAINT odd CHECK (s COLLATE NOCASE <> 'a')"
    run(library, f"CREATE TABLE t (id INTEGER PRIMARY KEY, {columns})")
    library.migration("widen", WIDEN.replace("'book'", "'t'").replace("'pages'", "'n'"))

    upgrade(library)

    made = query(library, "SELECT sql FROM sqlite_master WHERE name = 't'")[0][0]
    assert [line.strip(" \t,") for line in made.splitlines()[2:6]] == [
        "n BIGINT",
        "more TEXT",
        "e TEXT COLLATE NOCASE",
        "s TEXT",
    ]


# What is refused

LOST = {
    "AUTOINCREMENT": ("id INTEGER PRIMARY KEY AUTOINCREMENT, n INTEGER", ["t.id: AUTOINCREMENT"]),
    "unnamed CHECK of a column": ("id INTEGER PRIMARY KEY, n INTEGER CHECK (n > 0)", ["t.n: unnamed CHECK"]),
    "unnamed CHECK of the table": ("id INTEGER PRIMARY KEY, n INTEGER, CHECK (n > id)", ["t: unnamed CHECK"]),
    "ON CONFLICT of a column": (
        "id INTEGER PRIMARY KEY, n INTEGER UNIQUE ON CONFLICT REPLACE",
        ["t.n: ON CONFLICT"],
    ),
    "ON CONFLICT of the table": (
        "id INTEGER PRIMARY KEY, n INTEGER, CONSTRAINT u UNIQUE (n) ON CONFLICT IGNORE",
        ["t: ON CONFLICT"],
    ),
    "ON DELETE within a column": (
        "id INTEGER PRIMARY KEY, n INTEGER, book_id INTEGER REFERENCES book (id) ON DELETE CASCADE ON UPDATE CASCADE",
        ["t.book_id: ON DELETE of an inline REFERENCES", "t.book_id: ON UPDATE of an inline REFERENCES"],
    ),
    "DEFERRABLE within a column": (
        "id INTEGER PRIMARY KEY, n INTEGER, book_id INTEGER REFERENCES book (id) DEFERRABLE INITIALLY DEFERRED",
        ["t.book_id: DEFERRABLE of an inline REFERENCES"],
    ),
}


@pytest.mark.parametrize(("columns", "lost"), LOST.values(), ids=LOST)
def test_a_rebuild_that_would_lose_what_alembic_cannot_read_is_refused_and_changes_nothing(
    library: Project, columns: str, lost: list[str]
) -> None:
    run(library, f"CREATE TABLE t ({columns})", "INSERT INTO t (id, n) VALUES (1, 2)")
    before = dump(library)
    library.migration("first", "op.create_table('made_before', sa.Column('id', sa.Integer()))")
    library.migration("widen", WIDEN.replace("'book'", "'t'").replace("'pages'", "'n'"))

    with pytest.raises(RebuildLossError) as error:
        upgrade(library)

    assert error.value.message == "20250101000001 widen: rebuilding `t` would lose what Alembic cannot read"
    assert error.value.problems == tuple(lost)
    assert error.value.hint == ("write this step as SQL: op.execute('CREATE TABLE ...'), copy the rows, drop, rename")
    assert dump(library) == before


@pytest.mark.parametrize("option", ["STRICT", "WITHOUT ROWID"])
def test_an_option_of_a_table_is_kept_or_its_rebuild_is_refused(library: Project, option: str) -> None:
    """SQLAlchemy reads these from 2.1 on."""
    run(library, f"CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER) {option}", "INSERT INTO t VALUES (1, 2)")
    library.migration(
        "tighten", WIDEN.replace("'book'", "'t'").replace("'pages', type_=sa.BigInteger()", "'n', nullable=False")
    )

    try:
        upgrade(library)
        tightened = True
    except RebuildLossError:
        tightened = False

    (sql,) = query(library, "SELECT sql FROM sqlite_master WHERE name = 't'")[0]
    assert (option in sql, "n INTEGER NOT NULL" in sql) == (True, tightened)
    assert query(library, "SELECT * FROM t") == [(1, 2)]


def test_a_generated_column_survives_or_its_rebuild_is_refused(library: Project) -> None:
    run(
        library,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, twice INTEGER GENERATED ALWAYS AS (n * 2))",
        "INSERT INTO t (id, n) VALUES (1, 2)",
    )
    before = dump(library)
    library.migration("widen", WIDEN.replace("'book'", "'t'").replace("'pages'", "'n'"))

    with pytest.raises(HistoryError):
        upgrade(library)

    assert dump(library) == before


@pytest.mark.parametrize("renames", [False, True], ids=["dropped", "renamed"])
def test_a_feature_goes_with_its_column_but_not_with_a_column_that_may_have_been_renamed(
    library: Project, renames: bool
) -> None:
    run(library, "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, s TEXT COLLATE NOCASE)")
    step = "batch.alter_column('s', new_column_name='text')" if renames else "batch.drop_column('s')"
    library.migration("change", f"with op.batch_alter_table('t', recreate='always') as batch:\n    {step}")

    if renames:
        with pytest.raises(RebuildLossError) as error:
            upgrade(library)
        assert error.value.problems == ("t.s: COLLATE",)
    else:
        upgrade(library)
        assert [row[1] for row in query(library, "PRAGMA table_info(t)")] == ["id", "n"]


BROKEN = {
    "a trigger on the table": (TRIGGER, ("trigger on book (update): no such column: new.title",)),
    "a trigger on another table": (
        "CREATE TRIGGER reading AFTER INSERT ON page BEGIN UPDATE book SET title = title; END",
        ("trigger on page (insert): no such column: title",),
    ),
    "a view": (KEPT["view"], ("view titles: no such column: title",)),
}


@pytest.mark.parametrize(("made", "problems"), BROKEN.values(), ids=BROKEN)
def test_a_rebuild_after_which_something_no_longer_works_is_refused(
    library: Project, made: str, problems: tuple[str, ...]
) -> None:
    run(library, made)
    before = dump(library)
    library.migration("drop", "with op.batch_alter_table('book') as batch:\n    batch.drop_column('title')")

    with pytest.raises(RebuildLossError) as error:
        upgrade(library)

    assert error.value.message == "20250101000000 drop: after rebuilding `book`, not all that uses it works"
    assert error.value.problems == problems
    assert dump(library) == before


def test_a_view_that_was_broken_before_hinders_no_rebuild(library: Project) -> None:
    run(library, "CREATE VIEW old AS SELECT left_long_ago FROM book")
    before = objects(library)
    library.migration("widen", WIDEN)

    upgrade(library)

    assert objects(library) == before


@pytest.mark.parametrize("step", ["batch.drop_column('title')", "batch.alter_column('title', new_column_name='name')"])
def test_an_expression_index_whose_column_goes_is_not_lost_in_silence(library: Project, step: str) -> None:
    run(library, "CREATE UNIQUE INDEX lower_title ON book (lower(title))")
    before = dump(library)
    library.migration("change", f"with op.batch_alter_table('book', recreate='always') as batch:\n    {step}")

    with pytest.raises(RebuildLossError) as error:
        upgrade(library)

    assert error.value.message == (
        "20250101000000 change: rebuilding `book` would lose the index `lower_title`: no such column: title"
    )
    assert dump(library) == before


# Foreign keys


def test_a_migration_that_leaves_orphans_is_refused_and_names_them(library: Project) -> None:
    before = dump(library)
    library.migration("drop_author", "op.execute('DELETE FROM author')")

    with pytest.raises(HistoryError) as error:
        upgrade(library)

    assert error.value.message == "the migration would leave 2 rows whose foreign key points at nothing"
    assert error.value.problems == (
        "book row 1 points at a row of author that is gone",
        "book row 2 points at a row of author that is gone",
    )
    assert error.value.hint == "delete or correct these rows in the migration"
    assert dump(library) == before


def test_orphans_from_before_are_tolerated(library: Project) -> None:
    run(library, "INSERT INTO page VALUES (9, 99)", "INSERT INTO note VALUES (9, 99)", "DELETE FROM page WHERE id = 1")
    rows = contents(library)
    library.migration("widen", WIDEN)

    upgrade(library)

    assert contents(library) == rows


def test_orphans_from_before_are_tolerated_although_a_rebuild_numbers_rows_anew(library: Project) -> None:
    run(
        library,
        "CREATE TABLE tag (word TEXT PRIMARY KEY, n INTEGER, book_id INTEGER, FOREIGN KEY(book_id) REFERENCES book)",
        "INSERT INTO tag VALUES ('a', 1, 1), ('b', 1, 99)",
        "DELETE FROM tag WHERE word = 'a'",
    )
    library.migration("widen", WIDEN.replace("'book'", "'tag'").replace("'pages'", "'n'"))

    upgrade(library)

    assert query(library, "SELECT * FROM tag") == [("b", 1, 99)]


def test_a_foreign_key_that_could_never_be_checked_is_tolerated(library: Project) -> None:
    run(
        library, "CREATE TABLE p (x INTEGER)", "CREATE TABLE c (x INTEGER REFERENCES p (x))", "INSERT INTO c VALUES (1)"
    )
    library.migration("widen", WIDEN)

    upgrade(library)

    assert query(library, "SELECT * FROM c") == [(1,)]


def test_a_migration_after_which_a_foreign_key_cannot_be_checked_is_refused(library: Project) -> None:
    before = dump(library)
    library.migration("no_key", "op.drop_table('author')\nop.create_table('author', sa.Column('id', sa.Integer()))")

    with pytest.raises(HistoryError) as error:
        upgrade(library)

    assert error.value.problems == ('foreign key mismatch - "book" referencing "author"',)
    assert dump(library) == before


def test_only_new_orphans_are_counted_and_named(library: Project) -> None:
    run(library, "INSERT INTO page VALUES (9, 99)")
    library.migration("drop_second", "op.execute('DELETE FROM book WHERE id = 2')")

    with pytest.raises(HistoryError) as error:
        upgrade(library)

    assert error.value.message == "the migration would leave 1 row whose foreign key points at nothing"
    assert error.value.problems == ("page row 3 points at a row of book that is gone",)


# The text of CREATE TABLE

FEATURES = {
    "nothing": ("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER DEFAULT (1 + 2))", set()),
    "quoted names": (
        'CREATE TABLE "a (b" ("x, y" TEXT COLLATE NOCASE, [z)] TEXT COLLATE RTRIM, `w` TEXT COLLATE BINARY)',
        {("x, y", "COLLATE"), ("z)", "COLLATE"), ("w", "COLLATE")},
    ),
    "words within texts and comments": (
        "CREATE TABLE t (a TEXT DEFAULT 'AUTOINCREMENT, COLLATE' /* ON CONFLICT */, -- CHECK (\n b TEXT)",
        set(),
    ),
    "named CHECK": ("CREATE TABLE t (n INTEGER, CONSTRAINT positive CHECK (n > 0))", set()),
    "named CHECK of a column": ("CREATE TABLE t (n INTEGER CONSTRAINT positive CHECK (n > 0))", set()),
    "both options": (
        "CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT, WITHOUT ROWID",
        {("", "STRICT"), ("", "WITHOUT ROWID")},
    ),
    "foreign key of the table": (
        "CREATE TABLE t (n INTEGER, FOREIGN KEY (n) REFERENCES p (id) ON DELETE CASCADE)",
        set(),
    ),
    "short generated column": ("CREATE TABLE t (n INTEGER, m INTEGER AS (n + 1) STORED)", {("m", "GENERATED")}),
    "lower case": ("create table t (id integer primary key autoincrement)", {("id", "AUTOINCREMENT")}),
}


@pytest.mark.parametrize(("sql", "expected"), FEATURES.values(), ids=FEATURES)
def test_features_are_read_from_the_text_of_a_table(sql: str, expected: set[tuple[str, str]]) -> None:
    assert features(sql) == expected
