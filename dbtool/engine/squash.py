"""Many migrations in one: which can be, what they make together, and a file that makes the same."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbtool.config import Config
from dbtool.database import Database, definitions, structure
from dbtool.database.definitions import Definition
from dbtool.engine import amending, diff, drift, plan, portrait, proof, runner, sqlfiles, stored
from dbtool.engine import history as histories
from dbtool.engine.diff import Decisions, Draft
from dbtool.engine.history import History
from dbtool.engine.portrait import Portrait
from dbtool.engine.sqlfiles import SqlObject
from dbtool.engine.stored import Stored
from dbtool.errors import HistoryError, MigrationError
from dbtool.reports import Revision

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData


def chain(history: History, through: str) -> tuple[Revision, ...]:
    """Return a migration and all that it follows, oldest first.

    Raises HistoryError where that is not one line: a branch, a merge, or another file that follows one in between.
    """
    ids = plan.ancestors(history, [through])
    found = tuple(revision for revision in history.revisions if revision.id in ids)
    parents: tuple[str, ...] = ()
    for revision in found:
        if revision.parents != parents or revision.depends_on or histories.has_labels(revision):
            raise HistoryError(
                f"{revision.label} is part of a branch, and only one line of migrations can be put into one file",
                hint=f"dbtool squash --through {parents[0]}" if parents else "dbtool status",
            )
        parents = (revision.id,)
    for revision in history.revisions:
        if revision.id not in ids and (ids - {through}) & {*revision.parents, *revision.depends_on}:
            followed = ", ".join(sorted((ids - {through}) & {*revision.parents, *revision.depends_on}))
            raise HistoryError(
                f"{revision.label} follows {followed}, which would not be there any more", hint="dbtool rebase"
            )
    return found


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a database holds, as far as it can be compared: its schema as facts, and its rows."""

    schema: Portrait
    rows: Mapping[str, Stored]

    @property
    def count(self) -> int:
        """How many rows there are."""
        return sum(len(each.rows) for each in self.rows.values())

    def differences(self, other: Picture) -> list[str]:
        """Return in words what the other one lacks, then what it has beyond; empty where both are the same."""
        names = sorted({*self.rows, *other.rows})
        rows = [f"rows of {name} differ" for name in names if not self._same_rows(other, name)]
        return [*self.schema.differences(other.schema), *rows]

    def _same_rows(self, other: Picture, name: str) -> bool:
        mine, theirs = (each.rows.get(name) for each in (self, other))
        return (mine.as_set if mine else frozenset()) == (theirs.as_set if theirs else frozenset())


_BESIDE = re.compile(r"(view|trigger) ")


def picture(config: Config, database: Database, *, with_rows: bool = True, exact: bool = False) -> Picture:
    """Look at a database; `with_rows` is for a scratch database, which holds few.

    A catalogue that knows columns says all the same thing in one way; one that holds the texts of tables does not, and
    counts only where what is `exact` shall be the same to the word.
    """
    with database.connect("read") as connection:
        lines = database.catalogue(connection.connection.driver_connection).lines
        rows = stored.read(connection, _reflected(config, database, connection)) if with_rows else {}
    told = any(line.startswith("column ") for line in lines)
    beside = {line if told else _in_a_line(line) for line in lines if told or exact or _BESIDE.match(line)}
    return Picture(Portrait(portrait.of(database).facts | beside), rows)


def _in_a_line(text: str) -> str:
    """Write a statement without what its layout adds; the catalogue has folded its lines."""
    return re.sub(r"\s*([(),])\s*", r"\1", " ".join(text.replace("\\n", " ").replace("\t", " ").split()))


@dataclass(frozen=True, slots=True)
class Material:
    """What one file must make: the schema, what stands beside tables, and rows.

    `indexes` are those that `metadata` cannot say.
    """

    picture: Picture
    metadata: MetaData
    definitions: tuple[Definition, ...]
    indexes: tuple[Definition, ...] = ()


def material(config: Config, database: Database, *, with_rows: bool = True, exact: bool = False) -> Material:
    """Take it from a scratch database on which the old files have run, or without rows from any other."""
    with database.connect("read") as connection:
        metadata = _reflected(config, database, connection)
        indexes = tuple(_taken_out(database, connection, metadata))
    seen = picture(config, database, with_rows=with_rows, exact=exact)
    return Material(seen, metadata, definitions.of(database), indexes)


def _taken_out(database: Database, connection: Connection, metadata: MetaData) -> Iterator[Definition]:
    """Take the indexes out of a schema that reading it does not tell right, and yield their statements."""
    for (name, index), text in database.index_texts(connection).items():
        table = metadata.tables.get(name)
        statement = database.index_statement(connection, name, index)
        if table is None or statement is None:
            continue
        read = next((each for each in table.indexes if each.name == index), None)
        plain = f"({', '.join(column.name for column in read.columns)})" if read is not None else ""
        if text.removeprefix("UNIQUE ") != plain:
            if read is not None:
                table.indexes.discard(read)
            yield Definition("index", index, statement)


def _reflected(config: Config, database: Database, connection: Connection) -> MetaData:
    from sqlalchemy import JSON

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of expressions in indexes, whose statements are read beside
        metadata = drift.reflected(config, database, connection)
    for table, column in definitions.json_columns(database, connection.connection.driver_connection):
        if table in metadata.tables and column in metadata.tables[table].columns:
            metadata.tables[table].columns[column].type = JSON()
    return metadata


def trial(
    config: Config,
    database: Database,
    revision: Revision,
    wanted: Picture,
    rest: Sequence[Revision] = (),
    end: Picture | None = None,
    *,
    exact: bool = False,
) -> list[str]:
    """Run a file up, down and up again on a scratch database, and those that follow; return how that differs.

    After up all is as `wanted`, after down as in an empty database, after those that follow as in `end`. A file that
    fails differs by its error. What is `exact` is the same to the word.
    """
    one = History((revision,), "dbtool")
    with proof.scratch(config, database) as scratch:
        try:
            empty = picture(config, scratch, exact=exact)
            runner.upgrade(config, scratch, one)
            differing = wanted.differences(picture(config, scratch, exact=exact))
            if not differing:
                runner.downgrade(config, scratch, one, to=plan.BASE)
                differing = empty.differences(picture(config, scratch, exact=exact))
                runner.upgrade(config, scratch, one)
            if not differing and end is not None:
                runner.upgrade(config, scratch, History((revision, *rest), "dbtool"))
                differing = end.differences(picture(config, scratch))
        except MigrationError as error:
            return [error.message.replace(revision.path, revision.name), *error.problems]
    return differing


def in_words_of_files(found: Material, old: Sequence[Revision]) -> Material:
    """Return the same with the texts that the old files have of views, triggers and functions, as far as they do."""
    made = sqlfiles.of_history(History(tuple(old)))
    told = ((each, made.get((each.kind, each.name.lower()))) for each in found.definitions)
    return replace(found, definitions=tuple(_retold(each, one) for each, one in told))


def _retold(definition: Definition, one: SqlObject | None) -> Definition:
    return definition if one is None else replace(definition, create=one.text, file=one.file)


def drafts(
    config: Config, scratch: Database, found: Material, models: MetaData | None, *, names_all: bool = True
) -> Iterator[Draft]:
    """Yield what may make the same in an empty database, the best first.

    That is as the models say it, then with types of no database in particular, then as it was read. A table may use a
    function, and a function a table: each order is one more draft.
    """
    read = replace(found, definitions=(*found.indexes, *found.definitions))
    plain = _generic(found.metadata, scratch)
    for metadata, beside in ((models, found), (plain, read), (found.metadata, read)):
        if metadata is None:
            continue
        with scratch.connect("migrate") as connection:
            tables = diff.draft(config, scratch, connection, metadata, decisions=Decisions(names_all=names_all))
        yield _with_rest(scratch, beside, tables, functions_first=False)
        if any(each.place == "function" for each in beside.definitions):
            yield _with_rest(scratch, beside, tables, functions_first=True)


def verbatim(
    config: Config, database: Database, scratch: Database, found: Material, differing: Sequence[str]
) -> Draft | None:
    """Return a file with the database's own statements for the tables in which other files made something `differing`.

    All of them where that is not told by table. None for a database that cannot say its tables.
    """
    quote = scratch.engine("read").dialect.identifier_preparer.format_table
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rings, whose order is then no order
        tables = found.metadata.sorted_tables
    own = [each for each in tables if any(f": table {each.name}:" in line for line in differing)] or tables
    made = structure.statements(database, [table.name for table in own])
    if made is None:
        return None
    rest = {table.name for table in tables if table not in own}
    with scratch.connect("migrate") as connection:
        decisions = Decisions(names_all=False)
        others = diff.draft(
            config, scratch, connection, _generic(found.metadata, scratch), decisions=decisions, only=rest
        )
    beside = [each for each in found.indexes if not any(each.create in text for text in made)]
    whole = _with_rest(scratch, replace(found, definitions=(*beside, *found.definitions)), others, functions_first=True)
    first = [f"    {line}" for sql in made for line in sqlfiles.written(sql)]
    last = [_run(f"DROP TABLE {quote(table)}") for table in reversed(tables) if table in own]
    return replace(whole, upgrade="\n".join([*first, whole.upgrade]), downgrade="\n".join([whole.downgrade, *last]))


def _generic(metadata: MetaData, database: Database) -> MetaData:
    """Return the same schema with types that every database has, where there are such, and without empty options."""
    from sqlalchemy import MetaData

    made, dialect = MetaData(), database.engine("read").dialect
    for table in metadata.tables.values():
        copy = table.to_metadata(made)
        for column in copy.columns:
            column.type = definitions.plain_type(column.type, dialect) or column.type
            column.autoincrement = "auto"
        items: list[Any] = [copy, *copy.indexes, *copy.constraints]
        for item in items:
            for name, value in list(item.dialect_kwargs.items()):
                if item is copy or value is None or value is False or value == []:
                    del item.dialect_kwargs[name]
    return made


def _with_rest(scratch: Database, found: Material, tables: Draft, *, functions_first: bool) -> Draft:
    early = ("before", "function") if functions_first else ("before",)
    before = [each for each in found.definitions if each.place in early]
    after = [each for each in found.definitions if each.place not in early]
    rows, imports = stored.written(scratch, found.metadata, found.picture.rows)
    upgrade = [*_made(before), *_lines(tables.upgrade), *rows, *_made(after)]
    gone = [_run(each.drop) for each in reversed(after) if each.drop and each.place != "function"]
    functions = [_run(each.drop) for each in reversed(found.definitions) if each.drop and each.place != "after"]
    downgrade = [*gone, *_lines(tables.downgrade), *functions]
    return replace(
        tables,
        upgrade="\n".join(upgrade),
        downgrade="\n".join(downgrade),
        imports=tuple(sorted({*tables.imports, *imports})),
    )


def _made(definitions: Iterable[Definition]) -> list[str]:
    return [f"    {line}" for each in definitions for line in sqlfiles.written(each.create, each.file)]


def _run(sql: str) -> str:
    return f"    {sqlfiles.written(sql)[0]}"


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() != "pass"]


def not_seen(database: Database, revisions: Sequence[Revision]) -> tuple[str, ...]:
    """Return statements of these files that no comparison can find again, such as GRANT, as far as they can be read."""
    texts = (text for revision in revisions for text in amending.by_hand(revision, database))
    return tuple(dict.fromkeys(text for text in texts if not _SEEN.match(text) and text != amending.UNKNOWN))


_SEEN = re.compile(
    r"\s*(insert|update|delete|truncate|replace|select|with|set|pragma|"
    r"create\s+(or\s+replace\s+)?((definer|algorithm)\s*=\s*\S+\s+|sql\s+security\s+\w+\s+)*"
    r"(temp\w*\s+)?(materialized\s+)?(table|view|trigger|function|procedure|event|sequence|extension)\b)",
    re.IGNORECASE,
)


def keep(config: Config, history: History, old: Sequence[Revision], new: Revision) -> Revision:
    """Put a proven file into the place of the old ones, whose lines the lock keeps in short.

    Whatever fails, the folder is as it was.
    """
    last = Path(old[-1].path)
    target = last.with_name(Path(new.path).name)
    texts = {path: path.read_bytes() for path in (config.lock, *(Path(each.path) for each in old)) if path.exists()}
    kept = replace(new, path=str(target), listed=True)
    try:
        Path(new.path).replace(last)
        for each in old[:-1]:
            Path(each.path).unlink()
        if target != last:
            last.rename(target)
        if history.host == "dbtool":
            ids = {each.id for each in old}
            rest = [each for each in history.revisions if each.id not in ids]
            histories.write_lock(
                config, [kept, *rest], squashed=(*_lines_of(history, ids, new.id), *_listed(old, new.id))
            )
    except BaseException:
        if target not in texts:
            with suppress(OSError):
                target.unlink()
        for path, text in texts.items():
            path.write_bytes(text)
        raise
    return kept


def _lines_of(history: History, ids: set[str], into: str) -> Iterator[histories.LockLine]:
    """Yield what was squashed before; what went into one of these files is in the new one now."""
    for line in history.squashed:
        yield replace(line, into=into) if line.into in ids else line


def _listed(old: Sequence[Revision], into: str) -> Iterator[histories.LockLine]:
    for each in old:
        yield histories.LockLine(each.id, each.parents, each.text_hash, each.meaning_hash, into)
