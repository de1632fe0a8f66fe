"""Put operations in the order in which every database accepts them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from sqlalchemy import ForeignKeyConstraint, Table

from dbtool.database import Database
from dbtool.engine.diff import decisions
from dbtool.engine.diff.computed import RecomputeOps
from dbtool.engine.diff.keys import PrimaryKeyOp
from dbtool.engine.diff.names import default_name
from dbtool.engine.diff.operations import (
    DropIndexByTextOp,
    DropKeyOp,
    ImpliedDropOp,
    KeyIndexOp,
    KeyOp,
    OwnIndexOp,
    SequenceOps,
    TightenOps,
)
from dbtool.engine.diff.rendering import single_percents

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

_INDEX_OPS = (ops.CreateIndexOp, ops.DropIndexOp)


def drops_last(operations: list[Any]) -> list[Any]:
    """Drop tables after everything else, those that point at others before those they point at."""
    drops = {_key(each): each for each in operations if isinstance(each, ops.DropTableOp)}
    targets = {key: _targets(drop.to_table()) - {key} for key, drop in drops.items()}
    order: list[str] = []
    while targets:
        pointed_at = {target for each in targets.values() for target in each}
        free = sorted(key for key in targets if key not in pointed_at) or sorted(targets)[:1]
        order.extend(free)
        targets = {key: each for key, each in targets.items() if key not in free}
    of_drops = [each for each in operations if isinstance(each, ops.DropIndexOp) and _key(each) in drops]
    rest = [each for each in operations if each not in of_drops and not isinstance(each, ops.DropTableOp)]
    for key in order:
        own = (each for each in of_drops if _key(each) == key)
        rest += [*sorted(own, key=lambda each: str(each.index_name)), drops[key]]
    return rest


def _key(drop: Any) -> str:
    return f"{drop.schema}.{drop.table_name}" if drop.schema else str(drop.table_name)


def _targets(table: Table) -> set[str]:
    return {key.target_fullname.rpartition(".")[0] for key in table.foreign_keys}


def with_rings(context: AutogenContext, operations: Sequence[Any]) -> list[Any]:
    """Add foreign keys that point at tables made later, once they are made; drop those of a ring before its tables.

    SQLite looks at a foreign key only when there are rows, and could not add one without a rebuild.
    """
    if not getattr(context.dialect, "supports_alter", True):
        return list(operations)
    waiting = {_key(each) for each in operations if isinstance(each, ops.CreateTableOp)}
    result: list[Any] = []
    late: list[Any] = []
    for operation in operations:
        if isinstance(operation, ops.CreateTableOp):
            late += _deferred(operation, waiting)
            waiting.discard(_key(operation))
        result.append(operation)
    last = max((place for place, each in enumerate(result) if isinstance(each, ops.CreateTableOp)), default=-1)
    result[last + 1 : last + 1] = late
    return _without_rings(result)


def _deferred(operation: ops.CreateTableOp, waiting: set[str]) -> list[Any]:
    """Take the foreign keys out of a new table that point at one which is not there yet."""
    keys = [each for each in operation.columns if isinstance(each, ForeignKeyConstraint)]
    own = _key(operation)
    late = [each for each in keys if each.use_alter or (_target(each) in waiting and _target(each) != own)]
    operation.columns = [each for each in operation.columns if not any(each is other for other in late)]
    made = [ops.CreateForeignKeyOp.from_constraint(each) for each in late]
    for each in made:
        each.constraint_name = each.constraint_name or default_name(each.source_table, each.local_cols, "fkey")
        each.kw.pop("use_alter", None)
    return made


def _target(key: ForeignKeyConstraint) -> str:
    return str(key.elements[0].target_fullname).rpartition(".")[0]


def _without_rings(operations: list[Any]) -> list[Any]:
    """Drop the foreign keys first that point at a table which is dropped before their own."""
    gone: set[str] = set()
    first: list[Any] = []
    for operation in operations:
        if isinstance(operation, ops.DropTableOp):
            table = operation.to_table()
            for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name)):
                if _target(key) in gone and key.name is not None:
                    first.append(ops.DropConstraintOp.from_constraint(key))
                    _leave_out(operation, str(key.name))
            gone.add(_key(operation))
    place = next((place for place, each in enumerate(operations) if isinstance(each, ops.DropTableOp)), len(operations))
    return [*operations[:place], *first, *operations[place:]]


def with_key_indexes(context: AutogenContext, operations: Iterable[Any]) -> Iterator[Any]:
    """Let an index that a database makes for a foreign key go with it."""
    found, dialect = decisions.of(context), context.dialect
    if found.database is None or dialect is None or found.database.drop_key_statement("", "") is None:
        yield from operations
        return
    preparer, comparing = dialect.identifier_preparer, context.migration_context

    def quote(name: str) -> str:
        with single_percents(comparing):
            return str(preparer.quote(name))

    operations = list(operations)
    staying = _keys_that_stay(context, operations)
    for operation in operations:
        if type(operation) is ops.ModifyTableOps:
            operation.ops = [_with_index(each, found.database, quote) for each in operation.ops]
            yield operation
        elif type(operation) in _INDEX_OPS and (key := _key_on(operation, staying)) is not None:
            yield _around_key(operation, _with_index(key, found.database, quote))
        else:
            yield _with_index(operation, found.database, quote)


def _keys_that_stay(context: AutogenContext, operations: Sequence[Any]) -> dict[str, list[ops.CreateForeignKeyOp]]:
    """Return the foreign keys by table of which an index comes or goes, without those that go themselves."""
    tables = {str(each.table_name) for each in operations if type(each) in _INDEX_OPS}
    flat = [part for each in operations for part in (each.ops if isinstance(each, ops.ModifyTableOps) else [each])]
    gone = {each.constraint_name for each in flat if isinstance(each, ops.DropConstraintOp | DropKeyOp)}
    there = set(context.inspector.get_table_names())
    return {
        table: [
            ops.CreateForeignKeyOp(
                str(key["name"]),
                table,
                key["referred_table"],
                key["constrained_columns"],
                key["referred_columns"],
                **key.get("options", {}),
            )
            for key in context.inspector.get_foreign_keys(table)
            if key["name"] not in gone
        ]
        for table in sorted(tables & there)
    }


def _key_on(operation: Any, staying: dict[str, list[ops.CreateForeignKeyOp]]) -> ops.CreateForeignKeyOp | None:
    """Return the foreign key that stands on an index, as far as the first columns tell."""
    index = operation.to_index()
    columns = [getattr(each, "name", None) for each in index.expressions]
    keys = staying.get(str(operation.table_name), [])
    return next((key for key in keys if columns[: len(key.local_cols)] == list(key.local_cols)), None)


def _around_key(operation: Any, key: KeyOp) -> Any:
    """Take the key away while its index goes; one that comes needs that on the way back."""
    if isinstance(operation, ops.CreateIndexOp):
        made: Any = operation
        made.__class__, made.key = KeyIndexOp, key
        return made
    return SequenceOps([key.reverse(), operation, key])


def _with_index(operation: Any, database: Database, quote: Callable[[str], str]) -> Any:
    is_drop = isinstance(operation, ops.DropConstraintOp) and operation.constraint_type == "foreignkey"
    if not is_drop and type(operation) is not ops.CreateForeignKeyOp:
        return operation
    table = operation.table_name if is_drop else operation.source_table
    statement = database.drop_key_statement(quote(table), quote(str(operation.constraint_name))) or ""
    if is_drop:
        return DropKeyOp(operation.reverse(), statement)
    operation.__class__ = KeyOp
    operation.statement = statement
    return operation


def _leave_out(operation: ops.DropTableOp, name: str) -> None:
    """Let the way back make a table without a foreign key, which is added once there are both."""
    made = operation._reverse
    if made is not None:
        made.columns = [
            each for each in made.columns if not isinstance(each, ForeignKeyConstraint) or str(each.name) != name
        ]


def outside_batches(operations: Iterable[Any]) -> Iterator[Any]:
    """Create and drop indexes by themselves: no database has to rebuild a table for one."""
    for operation in operations:
        if not isinstance(operation, ops.ModifyTableOps) or isinstance(operation, TightenOps | RecomputeOps):
            yield operation
            continue
        keys = [each for each in operation.ops if isinstance(each, PrimaryKeyOp) and each.statements]
        if keys:
            yield from _around(operation, keys)
            continue
        for is_index, group in groupby(sorted(operation.ops, key=_rank), lambda each: isinstance(each, _INDEX_OPS)):
            if is_index:
                yield from group
            else:
                yield ops.ModifyTableOps(operation.table_name, list(group), schema=operation.schema)


def _around(operation: ops.ModifyTableOps, keys: list[Any]) -> Iterator[Any]:
    """Give a table its primary key between the columns that come and those that go."""
    drops = [each for each in operation.ops if isinstance(each, ops.DropColumnOp)]
    rest = [each for each in operation.ops if each not in drops and each not in keys]
    if rest:
        yield from outside_batches([ops.ModifyTableOps(operation.table_name, rest, schema=operation.schema)])
    yield from keys
    if drops:
        yield ops.ModifyTableOps(operation.table_name, drops, schema=operation.schema)


def _rank(operation: Any) -> int:
    """Let foreign keys go first and come last: MariaDB keeps the index that one needs."""
    if isinstance(operation, ops.DropConstraintOp | DropKeyOp):
        return 0 if operation.constraint_type == "foreignkey" else 1
    return 2 if isinstance(operation, ops.CreateForeignKeyOp) else 1


def indexes_with_tables(operations: list[Any]) -> list[Any]:
    """Let the indexes of new and dropped tables come and go with them."""
    created = {each.table_name for each in operations if isinstance(each, ops.CreateTableOp)}
    dropped = {each.table_name for each in operations if isinstance(each, ops.DropTableOp)}
    for operation in operations:
        if type(operation) is ops.CreateIndexOp and operation.table_name in created:
            operation.__class__ = OwnIndexOp
        elif type(operation) is ops.DropIndexOp and operation.table_name in dropped:
            operation.__class__ = ImpliedDropOp
        elif isinstance(operation, DropIndexByTextOp):
            operation.implied = operation.table_name in dropped
    return operations
