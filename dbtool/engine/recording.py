"""Run migration files and note what they do: each operation with its line, each statement as it could be run again."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbtool.config import Config
from dbtool.database import Database, spelling
from dbtool.engine import schema
from dbtool.engine.history import History
from dbtool.engine.plan import ancestors
from dbtool.errors import DbtoolError, MigrationError
from dbtool.reports import Direction, Revision

if TYPE_CHECKING:
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection, Table

Look = Callable[[str, str | None], "Table | None"]


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a file: Alembic's, and what was known when its turn came.

    `line` counts from 1, and is 0 where no line of the file led here. `alone` is whether it runs outside a
    transaction, `batch` inside `batch_alter_table`. `before` is its table just before, `referred` the one that its
    foreign key points at; None where it is not there, or nobody looked.
    """

    operation: Any
    line: int
    alone: bool = False
    batch: bool = False
    before: Table | None = None
    referred: Table | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with its values written in, without a semicolon; `alone` is whether it needs no transaction.

    `by_operation` is whether an operation of `alembic.op` ran it, or the file by itself on the connection.
    """

    sql: str
    alone: bool = False
    line: int = 0
    by_operation: bool = True


@dataclass(slots=True)
class Recorded:
    """What one file does in one direction. `refusal` is the reason of one that says it cannot be taken back."""

    revision: Revision
    direction: Direction
    steps: list[Step] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    refusal: str | None = None


def not_there(table: str, schema: str | None) -> Table | None:
    """Look nowhere."""
    return None


class Replay:
    """A scratch database on which files run one after the other, outside Alembic's environment."""

    def __init__(self, config: Config, database: Database, connection: Connection) -> None:
        from alembic.runtime.migration import MigrationContext

        schema.find_modules(config)
        self.database = database
        self.connection = connection
        self._context = MigrationContext.configure(
            connection,
            opts={
                "transactional_ddl": database.transactional_ddl,
                "transaction_per_migration": True,
                "version_table": config.version_table,
            },
        )
        self._current: Recorded | None = None

    def run(self, revisions: Sequence[Revision]) -> None:
        """Run files up, in order, noting nothing. Raises MigrationError."""
        for revision in revisions:
            self._run(revision, "up", note=False)

    def record(self, revision: Revision, direction: Direction, *, last: Callable[[], None] | None = None) -> Recorded:
        """Run one file and note all of it. Raises MigrationError, but not where a way down says that it is none.

        `last` is called before the commit; what it does is not noted, and what it raises takes the file back.
        """
        return self._run(revision, direction, note=True, last=last)

    def _run(
        self, revision: Revision, direction: Direction, *, note: bool, last: Callable[[], None] | None = None
    ) -> Recorded:
        found = Recorded(revision, direction)
        listening = (
            spelling.listen(self.database, self.connection, partial(self._take, found)) if note else nullcontext()
        )
        with self._context.begin_transaction(_per_migration=True):
            with (
                operations(self._context, found, self.look) as how,
                failing(revision, "on a scratch database"),
                listening,
            ):
                self._how = how
                call(found, how)
                self.database.after_step(self.connection)
            if last is not None:
                last()
        if self.connection.in_transaction():
            self.connection.commit()
        self._context.impl.memo.clear()
        return found

    def _take(self, found: Recorded, sql: str) -> None:
        if self._how.looking or (spelling.reads(sql) and not self._how.in_text):
            return
        found.statements.append(self._how.said(sql))

    def look(self, name: str, schema: str | None) -> Table | None:
        """Return a table as it is now; None where there is none."""
        from sqlalchemy import MetaData, Table, inspect

        if not inspect(self.connection).has_table(name, schema=schema):
            return None
        return Table(name, MetaData(), schema=schema, autoload_with=self.connection, resolve_fks=False)


def offline(revision: Revision, direction: Direction, dialect: str, look: Look = not_there) -> Recorded:
    """Note what a file does for a kind of database that is not there, by SQLAlchemy's name of its dialect.

    `statements` are Alembic's own. Raises what the file raises, as one that reads rows does.
    """
    from alembic.runtime.migration import MigrationContext

    buffer = io.StringIO()
    context = MigrationContext.configure(
        dialect_name=dialect, opts={"as_sql": True, "literal_binds": True, "output_buffer": buffer}
    )
    found = Recorded(revision, direction)
    with operations(context, found, look) as how:
        context.impl.static_output = lambda text: found.statements.append(how.said(text))  # type: ignore[method-assign]
        call(found, how)
    return found


def noted(revision: Revision, direction: Direction, dialect: str, look: Look = not_there) -> Recorded:
    """Note the operations of a file without carrying out any; `statements` are those that no operation ran."""
    from alembic.runtime.migration import MigrationContext

    context = MigrationContext.configure(dialect_name=dialect, opts={"as_sql": True, "output_buffer": io.StringIO()})
    found = Recorded(revision, direction)
    with operations(context, found, look) as how:
        how.carries_out = False
        context.impl.static_output = lambda text: found.statements.append(how.said(text))  # type: ignore[method-assign]
        call(found, how)
    return found


def texts(revision: Revision, direction: Direction, database: Database) -> tuple[str, ...] | None:
    """Return the SQL that a file itself says, each folded into one line, and of rows that it inserts how many.

    Nothing is carried out; None where the file cannot be followed like that, as one that reads rows.
    """
    from alembic.operations import ops

    try:
        recorded = noted(revision, direction, spelling.dialect(database.kind))
    except Exception:  # whatever a file does that reads rows which are not there
        return None
    found = []
    for step in recorded.steps:
        if isinstance(step.operation, ops.ExecuteSQLOp):
            found.append(str(step.operation.sqltext))
        elif isinstance(step.operation, ops.BulkInsertOp):
            found.append(f"insert {len(step.operation.rows):,} rows into {step.operation.table.name}")
    found += [each.sql for each in recorded.statements if not each.by_operation]
    return tuple(" ".join(text.split()) for text in found)


def before_of(history: History, revisions: Sequence[Revision]) -> tuple[Revision, ...]:
    """Return the files that must have run before these, in order, without these."""
    chosen = {revision.id for revision in revisions}
    needed = ancestors(history, chosen) - chosen
    return tuple(revision for revision in history.revisions if revision.id in needed)


@contextmanager
def failing(revision: Revision, where: str) -> Iterator[None]:
    """Say which file fails, where, and why. Raises MigrationError, and dbtool's own errors as they are."""
    try:
        yield
    except DbtoolError:
        raise
    except Exception as error:
        words = getattr(error, "orig", None) or error
        raise MigrationError(
            f"migration {revision.label} fails {where}: {' '.join(str(words).split())}",
            hint="correct the file, then run this again",
            failed=revision.name,
        ) from error


def load(revision: Revision) -> Any:
    """Execute a migration file as a module of its own."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(f"dbtool_recorded_{revision.id}", Path(revision.path))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call(found: Recorded, how: How) -> None:
    """Call the function of a file."""
    module = load(found.revision)
    try:
        module.upgrade() if found.direction == "up" else module.downgrade()
    except NotImplementedError as error:
        if found.direction == "up":
            raise
        found.refusal = str(error)


@dataclass(slots=True)
class How:
    """How a file is being run: what it is in the middle of."""

    path: str
    alone: bool = False
    looking: bool = False
    in_text: bool = False
    in_operation: bool = False
    carries_out: bool = True

    def said(self, sql: str) -> Statement:
        """Return a statement that is run now."""
        return Statement(sql.strip().rstrip(";"), self.alone, self.line(), self.in_operation)

    def line(self) -> int:
        """Return the line of the file that is being run."""
        frame = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename != self.path:
            frame = frame.f_back  # type: ignore[assignment]
        return frame.f_lineno if frame is not None else 0


@contextmanager
def operations(context: MigrationContext, found: Recorded, look: Look) -> Iterator[How]:
    """Let `alembic.op` note each operation before it is carried out."""
    from alembic.operations import Operations

    how = How(found.revision.path)
    with Operations.context(context) as made:
        _note_each(made, found, how, look, batch=False)
        _note_batches(made, found, how, look)
        _note_leaving(context, how)
        try:
            yield how
        finally:
            del context.autocommit_block


def _note_each(made: Any, found: Recorded, how: How, look: Look, *, batch: bool) -> None:
    from alembic.operations import ops

    carry_out = made.invoke

    def invoke(operation: Any) -> Any:
        how.looking = True
        try:
            before, referred = (_looked(look, *each) for each in (_table_of(operation), _target_of(operation)))
        finally:
            how.looking = False
        found.steps.append(Step(operation, how.line(), how.alone, batch, before, referred))
        if isinstance(operation, ops.BulkInsertOp):
            _give_types(operation)
        if not how.carries_out:
            return operation.to_table() if isinstance(operation, ops.CreateTableOp) else None
        how.in_text, how.in_operation = isinstance(operation, ops.ExecuteSQLOp), True
        try:
            return carry_out(operation)
        finally:
            how.in_text = how.in_operation = False

    made.invoke = invoke


def _give_types(operation: Any) -> None:
    """Let a value say the type of a column that has none, without which it cannot be written into a text."""
    from sqlalchemy import literal
    from sqlalchemy.types import NullType

    for column in operation.table.columns:
        values = (row.get(column.name) for row in operation.rows)
        if isinstance(column.type, NullType):
            column.type = literal(next((value for value in values if value is not None), "")).type


def _note_batches(made: Operations, found: Recorded, how: How, look: Look) -> None:
    begin = made.batch_alter_table

    @contextmanager
    def batch_alter_table(*arguments: Any, **options: Any) -> Iterator[Any]:
        manager = begin(*arguments, **options)
        inner = manager.__enter__()
        _note_each(inner, found, how, look, batch=True)
        yield inner
        how.in_operation = True
        if how.carries_out:
            manager.__exit__(None, None, None)
        how.in_operation = False

    made.batch_alter_table = batch_alter_table  # type: ignore[method-assign]


def _note_leaving(context: MigrationContext, how: How) -> None:
    leave = context.autocommit_block

    @contextmanager
    def autocommit_block() -> Iterator[None]:
        how.alone = True
        try:
            with leave() if how.carries_out else nullcontext():
                yield
        finally:
            how.alone = False

    context.autocommit_block = autocommit_block  # type: ignore[method-assign]


def _looked(look: Look, name: str, schema: str | None) -> Table | None:
    return look(name, schema) if name else None


def _table_of(operation: Any) -> tuple[str, str | None]:
    name = getattr(operation, "table_name", None) or getattr(operation, "source_table", None) or ""
    return str(name), getattr(operation, "schema", None) or getattr(operation, "source_schema", None)


def _target_of(operation: Any) -> tuple[str, str | None]:
    return str(getattr(operation, "referent_table", None) or ""), getattr(operation, "referent_schema", None)
