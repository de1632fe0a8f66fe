"""Let what stands around a column follow its new type: the sequence that counts it, the foreign keys that use it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from alembic.operations import ops

from dbtool.database.conversions import family
from dbtool.engine.diff import decisions
from dbtool.engine.diff.operations import DropKeyOp, RenameObjectOp
from dbtool.engine.diff.rendering import single_percents

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


class CounterOp(RenameObjectOp):
    """Let a sequence count as far as its column does; said by the change of the column."""

    def reverse(self) -> CounterOp:
        """Let it count as far as before."""
        (old, new), (up, down) = self.names, self.statements
        return CounterOp(self.kind, self.table_name, (new, old), (down, up))

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return Alembic's short form of a difference."""
        return ("modify_sequence", str(self.sqltext))


def with_counters(context: AutogenContext, operations: Sequence[Any]) -> Iterator[Any]:
    """Change the type of each sequence behind its column."""
    for operation in operations:
        yield operation
        for each in _retypes([operation]):
            if family(each.existing_type) == family(each.modify_type) == "integer":
                yield from _counter(context, each)


def _counter(context: AutogenContext, altered: Any) -> Iterator[CounterOp]:
    found, connection = decisions.of(context), context.connection
    if found.database is None or connection is None or context.dialect is None:
        return
    spelled = [kind.compile(dialect=context.dialect) for kind in (altered.existing_type, altered.modify_type)]
    with single_percents(context.migration_context):
        old, new = (
            found.database.counter_statement(connection, altered.table_name, altered.column_name, each)
            for each in spelled
        )
    if old and new:
        yield CounterOp("counter", altered.table_name, (spelled[0], spelled[1]), (new, old))


def with_keys_aside(context: AutogenContext, operations: Sequence[Any]) -> list[Any]:
    """Take foreign keys away from columns while they change their type, where a database refuses it otherwise."""
    found = decisions.of(context)
    retyped = {(each.table_name, each.column_name) for each in _retypes(operations)}
    if not retyped or found.database is None or not found.database.keys_hold_types:
        return list(operations)
    gone = {(each.table_name, each.constraint_name) for each in _flat(operations) if _drops_key(each)}
    gone |= {(each.table_name, None) for each in operations if isinstance(each, ops.DropTableOp)}
    keys = [
        key
        for key in _keys(context, retyped)
        if not {(key.source_table, key.constraint_name), (key.source_table, None)} & gone
    ]
    places = [place for place, each in enumerate(operations) if list(_retypes([each]))]
    first, last = places[0], places[-1] + 1
    drops = [_dropped(key) for key in keys]
    return [*operations[:first], *drops, *operations[first:last], *keys, *operations[last:]]


def _keys(context: AutogenContext, columns: set[tuple[str, str]]) -> Iterator[ops.CreateForeignKeyOp]:
    """Yield the foreign keys that there are between any of these columns and others."""
    for table in sorted(context.inspector.get_table_names()):
        for key in context.inspector.get_foreign_keys(table):
            mine = {(table, each) for each in key["constrained_columns"]}
            theirs = {(key["referred_table"], each) for each in key["referred_columns"]}
            if (mine | theirs) & columns and key["name"]:
                yield ops.CreateForeignKeyOp(
                    key["name"],
                    table,
                    key["referred_table"],
                    key["constrained_columns"],
                    key["referred_columns"],
                    **key.get("options", {}),
                )


def _dropped(key: ops.CreateForeignKeyOp) -> ops.DropConstraintOp:
    name = str(key.constraint_name)
    return ops.DropConstraintOp(name, key.source_table, type_="foreignkey", _reverse=key)


def _drops_key(operation: Any) -> bool:
    is_drop = isinstance(operation, ops.DropConstraintOp | DropKeyOp)
    return is_drop and operation.constraint_type == "foreignkey"


def _retypes(operations: Sequence[Any]) -> Iterator[Any]:
    for each in _flat(operations):
        if isinstance(each, ops.AlterColumnOp) and each.modify_type is not None and each.existing_type is not None:
            yield each


def _flat(operations: Sequence[Any]) -> Iterator[Any]:
    for each in operations:
        yield from each.ops if isinstance(each, ops.ModifyTableOps) else [each]
