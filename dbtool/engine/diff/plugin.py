"""What Alembic gets wrong, put right in one plugin.

It runs before the downgrade is derived, so both directions come out right, for `dbtool migrate`,
`alembic revision --autogenerate` and `alembic check` alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from alembic.util import DispatchPriority, PriorityDispatchResult

from dbtool.engine.diff import (
    checks,
    computed,
    decisions,
    defaults,
    indexes,
    keys,
    members,
    numbering,
    renames,
    unnamed,
)
from dbtool.engine.diff.computed import RecomputeOps
from dbtool.engine.diff.enums import with_enum_types
from dbtool.engine.diff.names import named
from dbtool.engine.diff.numbering import NumberingOp
from dbtool.engine.diff.objects import with_objects
from dbtool.engine.diff.operations import apart
from dbtool.engine.diff.order import drops_last, indexes_with_tables, outside_batches, with_key_indexes, with_rings
from dbtool.engine.diff.required import with_required_columns, with_returning_columns
from dbtool.engine.diff.retyped import with_counters, with_keys_aside
from dbtool.engine.diff.types import compare_collation, compare_stored, with_checks_said, with_conversions
from dbtool.engine.diff.unnamed import UnnamedUniqueOp, keys_by_name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Table

PLUGIN = "dbtool.diff"


def register() -> None:
    """Make the plugin known to Alembic, once per process."""
    from alembic.runtime.plugins import Plugin, _all_plugins

    if PLUGIN not in _all_plugins:
        import sys

        Plugin.setup_plugin_from_module(sys.modules[__name__], PLUGIN)


def setup(plugin: Any) -> None:
    """Hook the corrections in; Alembic calls this."""
    plugin.add_autogenerate_comparator(_read_quotes, "autogenerate", "dbtool_quotes", priority=DispatchPriority.FIRST)
    plugin.add_autogenerate_comparator(renames.begin, "autogenerate", "dbtool_renames", priority=DispatchPriority.FIRST)
    for compare, name in (
        (_of_both(checks.compare), "dbtool_checks"),
        (indexes.compare, "dbtool_indexes"),
        (_of_both(keys.compare), "dbtool_keys"),
        (_of_both(numbering.compare), "dbtool_numbering"),
        (_of_both(keys.compare_order), "dbtool_uniques"),
        (_of_both(computed.compare), "dbtool_computed"),
        (_of_both(unnamed.compare), "dbtool_unnamed"),
    ):
        plugin.add_autogenerate_comparator(compare, "table", name, priority=DispatchPriority.LAST)
    plugin.add_autogenerate_comparator(defaults.compare, "column", "server_default", priority=DispatchPriority.FIRST)
    plugin.add_autogenerate_comparator(compare_stored, "column", "types", priority=DispatchPriority.FIRST)
    plugin.add_autogenerate_comparator(compare_collation, "column", "types", priority=DispatchPriority.FIRST)
    plugin.add_autogenerate_comparator(members.compare_type, "column", "types", priority=DispatchPriority.FIRST)
    plugin.add_autogenerate_comparator(_correct, "autogenerate", "dbtool", priority=DispatchPriority.LAST)


def _read_quotes(context: AutogenContext, upgrade: ops.UpgradeOps) -> PriorityDispatchResult:
    """Let Alembic not ask for a counter whose name holds a quote, which it would ask for by another name."""
    impl: Any = context.migration_context.impl
    original = impl.autogen_column_reflect

    def read(inspector: Any, table: Table, column: Any) -> None:
        if "''" in (column.get("default") or "") and column.get("autoincrement"):
            del column["default"]
        else:
            original(inspector, table, column)

    impl.autogen_column_reflect = read
    return PriorityDispatchResult.CONTINUE


def _of_both(compare: Callable[[AutogenContext, ops.ModifyTableOps, Table, Table], None]) -> Callable[..., Any]:
    """Make Alembic's comparator of what compares a table that is there with the one that the models want."""

    def comparator(
        context: AutogenContext,
        modified: ops.ModifyTableOps,
        schema: str | None,
        name: str,
        existing: Table | None,
        wanted: Table | None,
    ) -> PriorityDispatchResult:
        if existing is not None and wanted is not None:
            compare(context, modified, existing, wanted)
        return PriorityDispatchResult.CONTINUE

    return comparator


def _correct(context: AutogenContext, upgrade: ops.UpgradeOps) -> Any:
    upgrade.ops = corrected(context, upgrade.ops)
    result = renames.end(context, upgrade)
    upgrade.ops = with_objects(upgrade.ops, decisions.of(context).declared())
    return result


def corrected(context: AutogenContext, operations: Sequence[Any]) -> list[Any]:
    """Return Alembic's operations as an expert would have written them."""
    known = keys_by_name(operations)
    found = [_without_notes(operation) for operation in apart(known, RecomputeOps, NumberingOp, UnnamedUniqueOp)]
    found = [named(operation) for operation in found] if decisions.of(context).names_all else found
    found = list(members.with_members(context, found))
    found = list(with_checks_said(context, with_conversions(with_required_columns(context, found))))
    found = list(with_returning_columns(context, outside_batches(found)))
    found = indexes_with_tables(drops_last(found))
    found = with_keys_aside(context, list(with_counters(context, with_rings(context, found))))
    return list(with_enum_types(context, list(with_key_indexes(context, found))))


def _without_notes(operation: Any) -> Any:
    """Leave what dbtool notes on a table (`tables.py`) out of the file; the user's own `info` stays."""
    if isinstance(operation, ops.CreateTableOp):
        operation.info = {key: value for key, value in operation.info.items() if not str(key).startswith("dbtool.")}
    return operation
