"""Run one case on one database: as dbtool does it, and as plain Alembic does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from projects import Project, at, drop, new_url

from corpus.case import Case, Row, metadata_of
from dbtool.conversation import Answers
from dbtool.database import Database, rows
from dbtool.engine import files, history, live, proof, runner
from dbtool.engine.diff import Decisions, Draft
from dbtool.engine.verdicts import Verdicts

Facts = frozenset[str]


class Failed(AssertionError):
    """What a case shows to be wrong: `stage`, and why in one line."""

    def __init__(self, stage: str, why: object) -> None:
        self.stage = stage
        self.why = " ".join(str(why).split())
        super().__init__(f"{stage}: {self.why}")


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Say where an error came up."""
    try:
        yield
    except Failed:
        raise
    except Exception as error:
        problems = "; ".join(getattr(error, "problems", ()))
        orig = getattr(error, "orig", None)
        raise Failed(name, f"{type(error).__name__}: {orig or error}{f' [{problems}]' if problems else ''}") from error


class Bench:
    """Two databases of one kind, used by one case after the other: one to work on, one for proofs."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.folder = folder
        self.count = 0
        self.urls: list[str] = []
        self.live, self.scratch = (self._new(name) for name in ("live", "scratch"))

    def _new(self, name: str) -> Database:
        folder = self.folder / name
        folder.mkdir()
        url = new_url(self.kind, folder)
        self.urls.append(url)
        made = at(url, folder)
        made.create()
        return kept_open(made)

    def cleared(self) -> tuple[Database, Database]:
        """Both databases, empty."""
        for database in (self.live, self.scratch):
            if self.kind == "sqlite":
                for path in Path(database.url.database).parent.glob("test.db*"):
                    path.unlink()
                database.create()
                with database.connect("migrate") as connection:
                    connection.exec_driver_sql("CREATE TABLE _made (id INTEGER)")
                    connection.exec_driver_sql("DROP TABLE _made")
                    connection.commit()
            else:
                database.drop_objects()  # type: ignore[attr-defined]
        return self.live, self.scratch

    def project(self) -> Project:
        """A project in a folder of its own, without files yet."""
        self.count += 1
        project = Project(self.folder / f"project_{self.count}", self.urls[0])
        project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
        project.scaffold()
        return project

    def close(self) -> None:
        """Drop both."""
        for database, url in zip((self.live, self.scratch), self.urls, strict=True):
            if self.kind != "sqlite":
                close(database)
            drop(url, self.folder)


def kept_open(database: Database) -> Database:
    """Let a server's connections be used again: opening one takes longer than most cases."""
    if database.kind != "sqlite":
        database.traced = False
        database.engine = lru_cache(partial(database.engine, kept=2))  # type: ignore[method-assign]
        database.release = lambda engine: None  # type: ignore[method-assign]
        clear = database.clear

        def closed_and_clear() -> None:
            close(database)
            clear()

        database.clear = closed_and_clear  # type: ignore[method-assign]
    return database


def close(database: Database) -> None:
    """Let go of a server's connections."""
    for purpose in ("migrate", "write", "read"):
        database.engine(purpose).dispose()


# As dbtool does it


def run(case: Case, bench: Bench) -> None:
    """Go up, down and up again with rows. Raises Failed."""
    database, scratch = bench.cleared()
    config = bench.project().config
    before, after = metadata_of(case.before), metadata_of(case.after)
    known: set[str] = set()
    with stage("create"):
        draft, _ = write(config, database, scratch, before, Answers(), known=known, prove=False)
        runner.upgrade(config, database, history.read(config))
        runner.upgrade(config, scratch, history.read(config))
        learning = Verdicts(scratch, before, known=known)
        require("create, second comparison", told(proof.compare(config, scratch, before, verdicts=learning)), [])
        target = history.read(config).heads[0] if draft else "base"
        insert(database, before, case.rows)
    first = photo(database)
    with stage("write"):
        answers = Answers(accept_data_loss=case.accept, renames=pairs(case), fills=case.fills)
        draft, changes = write(config, database, scratch, after, answers, known=known, doubtful=case.doubts)
        require("answers", answers.unused, ())
        if case.words is not None:
            require("words", changes, sorted(case.words))
    with stage("up"):
        runner.upgrade(config, database, history.read(config))
    judge(case, database, before, after)
    made = photo(database)
    if draft:
        with stage("down"):
            runner.downgrade(config, database, history.read(config), to=target)
        require_same("down", first, photo(database))
        with stage("rows after down"):
            require_rows(database, before, returned(case, before, after))
        with stage("up again"):
            runner.upgrade(config, database, history.read(config))
        with stage("rows after up again"):
            require_rows(database, after, kept(case, before, after, case.again))
    require_as_created(bench.scratch, made, after)


def write(
    config: Any,
    database: Database,
    scratch: Database,
    models: sa.MetaData,
    answers: Answers,
    *,
    known: set[str],
    prove: bool = True,
    doubtful: bool = False,
) -> tuple[Draft, list[str]]:
    """Write a migration and keep it, as `migrate` does. Returns the draft and its changes in words.

    `known` are the verdicts about tables that need not be compared.
    """
    files_before = history.read(config)
    verdicts = Verdicts(scratch, models, known=known)
    with live.reading(database, exists=True) as there:
        assert there is not None
        decisions = Decisions(answers, there)
        draft = proof.compare(config, scratch, models, decisions=decisions, verdicts=verdicts)
        risks = live.risks(there, decisions, draft.operations)
        changes = live.marked(draft.changes, risks, there)
    require("cannot be compared", list(draft.notes), [])
    require("rows are in the way", [risk.text for risk in risks if risk.blocks], [])
    losing = [change.text for change in changes if change.loses_data]
    if losing and not answers.accept_data_loss:
        raise Failed("asks about loss", losing)
    if draft:
        folder = config.root / "drafts"
        folder.mkdir(exist_ok=True)
        revision, path = files.write_draft(
            config, draft, name="change", folder=folder, after=files_before, now=datetime(2025, 1, 1, tzinfo=UTC)
        )
        if prove:
            shown = proof.prove(
                config,
                scratch,
                files_before,
                revision,
                models,
                draft=draft,
                decisions=decisions,
                verdicts=verdicts,
            )
            require("doubts", [] if doubtful else list(shown.doubts), [])
        files.keep(config, revision, path, files_before)
    return draft, told(draft)


def told(draft: Draft) -> list[str]:
    """The changes in words, sorted."""
    return sorted(change.text for change in draft.changes)


# What must hold


def judge(case: Case, database: Database, before: sa.MetaData, after: sa.MetaData) -> None:
    """Rows are as expected and the new rules hold. Raises Failed."""
    with stage("rows after up"):
        require_rows(database, after, kept(case, before, after, case.expect))
    for name, row in case.takes:
        with stage(f"takes {dict(row)}"):
            attempt(database, after.tables[name], row)
    for name, row in case.refuses:
        try:
            attempt(database, after.tables[name], row)
        except Exception:
            continue
        raise Failed("refuses", f"{name} took {dict(row)}")
    for name, row, expected in case.gives:
        with stage(f"gives {dict(row)}"):
            found = attempt(database, after.tables[name], row)
            require("gives", {key: plain(found[key]) for key in expected}, dict(expected))


def attempt(database: Database, table: sa.Table, row: Row) -> Mapping[str, Any]:
    """Put a row in, read it back, and take it out again."""
    with database.connect("write") as connection:
        connection.execute(sa.insert(table).values({table.c[name]: value for name, value in row.items()}))
        keys = [each for each in table.primary_key.columns if each.name in row]
        same = sa.and_(*(each == row[each.name] for each in keys))
        found = dict(connection.execute(sa.select(table).where(same)).mappings().one())
        connection.rollback()
    return found


def insert(database: Database, metadata: sa.MetaData, rows: Mapping[str, Sequence[Row]]) -> None:
    """Put rows in, in the order of the case."""
    with database.connect("write") as connection:
        for name, given in rows.items():
            for row in given:
                table = metadata.tables[name]
                connection.execute(sa.insert(table).values({table.c[each]: value for each, value in row.items()}))
        connection.commit()


def require_rows(database: Database, metadata: sa.MetaData, expected: Mapping[str, Any]) -> None:
    """Compare `table.column` with its values, by primary key, and a `table` with its count; None is not compared."""
    with database.connect("read") as connection:
        for subject, wanted in expected.items():
            name, _, column = subject.partition(".") if subject not in metadata.tables else (subject, "", "")
            table = metadata.tables[name]
            if wanted is None:
                continue
            if not column:
                count = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                require(f"rows of {name}", count, wanted)
                continue
            order = list(table.primary_key.columns) or [table.c[column]]
            found = connection.execute(sa.select(table.c[column]).order_by(*order)).scalars()
            require(f"values of {subject}", [plain(value) for value in found], [plain(value) for value in wanted])


def plain(value: Any) -> Any:
    """Return a value as it can be compared: moments in UTC, nothing of a driver's own."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, time):
        return value.replace(tzinfo=None)
    return bytes(value) if isinstance(value, memoryview | bytearray) else value


def kept(case: Case, before: sa.MetaData, after: sa.MetaData, special: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what the new tables hold: what the old ones held, and what the case says."""
    special = case.expect if special is None else special
    found: dict[str, Any] = {}
    for name, table in after.tables.items():
        old = old_table(case, before, name)
        found[name] = len(case.rows.get(old, ())) if old is not None else 0
        for column in table.columns if old is not None else ():
            source = old_column(case, before.tables[old], name, column.name)
            given = ordered(case, before.tables[old], table, case.rows.get(old, ()))
            if source is not None and all(source in row for row in given):
                found[f"{name}.{column.name}"] = [row[source] for row in given]
    return {**found, **special}


def returned(case: Case, before: sa.MetaData, after: sa.MetaData) -> dict[str, Any]:
    """Return what the old tables hold after the way down: all but what was given up on the way."""
    found: dict[str, Any] = {}
    for new in after.tables.values():
        old = old_table(case, before, new.name)
        if old is None:
            continue
        found[old] = len(case.rows.get(old, ()))
        given = ordered(case, before.tables[old], before.tables[old], case.rows.get(old, ()))
        for column in new.columns:
            source = old_column(case, before.tables[old], new.name, column.name)
            if source is not None and all(source in row for row in given):
                found[f"{old}.{source}"] = [row[source] for row in given]
    return {**found, **case.back}


def ordered(case: Case, old: sa.Table, table: sa.Table, given: Sequence[Row]) -> list[Row]:
    """Put the rows of a table in the order of the primary key that it has, before or after."""
    keys = [old_column(case, old, table.name, each.name) for each in table.primary_key.columns]
    return sorted(given, key=lambda row: [row[each] for each in keys if each in row])


def pairs(case: Case) -> list[tuple[str, str]]:
    """Return the renames in two halves."""
    return [each if isinstance(each, tuple) else tuple(each.split(":")) for each in case.renames]  # type: ignore[misc]


def old_table(case: Case, before: sa.MetaData, name: str) -> str | None:
    """Return what a table of the new models was called; None for a new one."""
    renamed = {new: old for old, new in pairs(case) if "." not in old or old in before.tables}
    if name in renamed:
        return renamed[name]
    if name in before.tables:
        return None if name in renamed.values() else name
    return next((old for old in before.tables if old.lower() == name.lower()), None)


def old_column(case: Case, old: sa.Table, table: str, name: str) -> str | None:
    """Return what a column of the new models was called in its old table; None for a new one."""
    mine = [(old, new) for old, new in pairs(case) if old.startswith(f"{table}.")]
    renamed = {
        new: each.removeprefix(f"{table}.") for each, new in mine if each.removeprefix(f"{table}.") in old.columns
    }
    if name in renamed:
        return renamed[name]
    if name in old.columns:
        return None if name in renamed.values() else name
    return next((each.name for each in old.columns if each.name.lower() == name.lower()), None)


def require(what: str, found: Any, wanted: Any) -> None:
    """Compare whole values."""
    if found != wanted:
        raise Failed(what, f"{found!r} instead of {wanted!r}")


# What a schema is


_OF_MYSQL = """
SELECT concat('column ', table_name, '.', column_name, ' ', column_type, ' ', is_nullable, ' ',
              coalesce(column_default, 'none'), ' ', coalesce(collation_name, ''), ' ', extra, ' ',
              coalesce(generation_expression, ''), ' ', column_comment)
FROM information_schema.columns WHERE table_schema = database()
UNION ALL
SELECT concat('index ', table_name, ' ',
              group_concat(concat(column_name, ' ', coalesce(collation, ''), ' ', coalesce(sub_part, ''))
                           ORDER BY seq_in_index), ' ', min(non_unique), ' ', min(index_type), '\t', index_name)
FROM information_schema.statistics WHERE table_schema = database() GROUP BY table_name, index_name
UNION ALL
SELECT concat('table ', table_name, ' ', table_comment, ' ', table_collation)
FROM information_schema.tables WHERE table_schema = database()
UNION ALL
SELECT concat('check ', table_name, ' ', check_clause, '\t', constraint_name)
FROM information_schema.check_constraints WHERE constraint_schema = database()
"""


def photo(database: Database) -> Facts:
    """Return a schema in more detail than the proof does: what the database itself writes down of it.

    Parts of a fact are divided by tabs; what a constraint is called is the last part.
    """
    with database.connect("migrate") as connection:
        inspector = sa.inspect(connection)
        tables = [name for name in inspector.get_table_names() if name not in database.own_tables]
        found = {fact for name in tables for fact in facts_of(inspector, name)}
    with database.reading() as connection:
        if database.kind == "mysql":
            found |= {text for (text,) in rows(connection, _OF_MYSQL)}
        elif database.kind == "postgres":
            lines = set(map(nameless_last, database.catalogue(connection).lines))
            keys = tuple(f"index {name}: " for _, name in (line.split("\t") for line in lines if "\t" in line))
            found |= {line for line in lines if not line.startswith(keys)}  # the constraint says it already
        else:
            texts = rows(connection, "SELECT sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL")
            found |= {unquoted(text) for (text,) in texts}
    return frozenset(line for line in found if not any(re.search(rf"\b{name}\b", line) for name in database.own_tables))


def facts_of(inspector: Any, table: str) -> Iterator[str]:
    """Say what SQLAlchemy reads of a table."""
    yield f"table {table}"
    for each in inspector.get_columns(table):
        more = {key: each.get(key) for key in ("nullable", "default", "comment", "computed", "identity")}
        yield f"column {table}.{each['name']} {each['type']!r} {more}"
    key = inspector.get_pk_constraint(table)
    yield f"primary key {table} {key['constrained_columns']}"
    for each in inspector.get_foreign_keys(table):
        target = f"{each['referred_table']} {each['referred_columns']} {sorted(each.get('options', {}).items())}"
        yield f"foreign key {table} {each['constrained_columns']} {target}\t{each['name']}"
    for each in inspector.get_unique_constraints(table):
        yield f"unique {table} {each['column_names']}\t{each['name']}"
    for each in inspector.get_check_constraints(table):
        yield f"check {table} {each['sqltext']}\t{each['name']}"


def nameless_last(line: str) -> str:
    """Put the name of a constraint, as PostgreSQL's catalogue tells it, to the end."""
    found = re.fullmatch(r"constraint (.+?)\.(.+?): ((?:PRIMARY|FOREIGN|UNIQUE|CHECK|EXCLUDE).*)", line)
    return f"constraint {found[1]}: {found[3]}\t{found[2]}" if found else line


def unquoted(text: str) -> str:
    """Take quotes away where a name needs none: SQLite adds some when it renames."""
    return " ".join(re.sub(r'"([a-z_][a-z0-9_$]*)"', r"\1", text).split())


def require_same(what: str, wanted: Facts, found: Facts) -> None:
    """Compare two schemas, and name what differs."""
    if found != wanted:
        gone = [f"gone: {line}" for line in sorted(wanted - found)]
        extra = [f"left over: {line}" for line in sorted(found - wanted)]
        raise Failed(f"{what}, schema", "; ".join([*gone, *extra]))


def require_as_created(scratch: Database, found: Facts, models: sa.MetaData) -> None:
    """The schema is the one that SQLAlchemy itself makes of the models, but for names that it leaves open."""
    with stage("as created"):
        if scratch.kind == "sqlite":
            Path(scratch.url.database).unlink(missing_ok=True)
            scratch.create()
        else:
            scratch.drop_objects()  # type: ignore[attr-defined]
        with scratch.connect("migrate") as connection:
            models.create_all(connection)
            connection.commit()
    nameless = [Counter(map(in_short, each)) for each in (photo(scratch), found)]
    gone = [f"gone: {line}" for line in sorted((nameless[0] - nameless[1]).elements())]
    extra = [f"left over: {line}" for line in sorted((nameless[1] - nameless[0]).elements())]
    if gone or extra:
        raise Failed("not as created by SQLAlchemy", "; ".join([*gone, *extra]))


def in_short(line: str) -> str:
    """Leave out names, and the casts and quotes that PostgreSQL keeps of how a default was written."""
    return re.sub(r"( DEFAULT |'default': )\"?'?([^':\"]*)'?(::[a-z ]+)?[\"']?", r"\1\2", without_names(line))


def without_names(line: str) -> str:
    """Leave out what a constraint is called."""
    return line.partition("\t")[0]


# As plain Alembic does it

ENVIRONMENT = """
from alembic import context
given = context.config.attributes
with given["engine"].connect() as connection:
    context.configure(connection=connection, target_metadata=given["metadata"], render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
"""


def run_alembic(case: Case, bench: Bench) -> None:
    """Do the same with `alembic revision --autogenerate`, `upgrade`, `check` and `downgrade`. Raises Failed."""
    from alembic import command
    from alembic.config import Config

    database, _ = bench.cleared()
    before, after = metadata_of(case.before), metadata_of(case.after)
    config = Config()
    folder = bench.folder / f"alembic_{bench.count}_{len(list(bench.folder.iterdir()))}"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(ENVIRONMENT)
    (folder / "script.py.mako").write_text(SCRIPT)
    config.set_main_option("script_location", str(folder))
    config.messaging_opts = {"quiet": True}
    engine = database.application_engine()
    try:
        with stage("create"):
            before.create_all(engine)
            insert(database, before, case.rows)
            first = photo(database)
            config.attributes.update(engine=engine, metadata=after)
        with stage("revision"):
            command.revision(config, autogenerate=True, message="change")
        with stage("upgrade"):
            command.upgrade(config, "head")
        judge(case, database, before, after)
        with stage("check"):
            command.check(config)
        made = photo(database)
        with stage("downgrade"):
            command.downgrade(config, "base")
        require_same("downgrade", frozenset(map(without_names, first)), frozenset(map(without_names, photo(database))))
        with stage("rows after downgrade"):
            require_rows(database, before, returned(case, before, after))
    finally:
        engine.dispose()
    require_as_created(bench.scratch, made, after)


SCRIPT = '''\
"""${message}"""
from alembic import op
import sqlalchemy as sa
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}

def upgrade():
    ${upgrades if upgrades else "pass"}

def downgrade():
    ${downgrades if downgrades else "pass"}
'''
