"""Require values in three steps: add the column, give the rows that exist a value, require it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from alembic.operations import ops

from dbtool.engine.diff import decisions, fills
from dbtool.engine.diff.fills import Fill
from dbtool.engine.diff.keys import PrimaryKeyOp
from dbtool.engine.diff.operations import BackfillOp, DropRequiredOps, SequenceOps, TightenOps
from dbtool.engine.diff.types import converts

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def with_required_columns(context: AutogenContext, operations: Iterable[Any]) -> Iterator[Any]:
    """Write what becomes required so that rows which exist get a value first.

    Raises AnswerError where there are such rows and nobody knows the value.
    """
    for operation in operations:
        if isinstance(operation, ops.ModifyTableOps):
            late = list(_after_conversion(context, operation))
            yield from _of_empty_values(context, operation)
            yield from _split_required(context, operation)
            yield from late
        else:
            yield operation


def _split_required(context: AutogenContext, operation: ops.ModifyTableOps) -> Iterator[Any]:
    tightened: list[Any] = []
    backfills: list[Any] = []
    for each in operation.ops:
        if isinstance(each, ops.AddColumnOp) and _needs_value(each.column):
            column = each.column = each.column._copy()  # the model's own stays as it is
            column.nullable, column.primary_key = True, False
            rows = decisions.of(context).rows_of(each.table_name)
            fill = _fill(context, each.table_name, column, rows)
            if fill is not None:
                backfills.append(BackfillOp(each.table_name, column.name, fill.source, each.schema))
            tightened.append(_tightening(each.table_name, column, each.schema))
    new = {each.column_name for each in tightened}
    late = [each for each in operation.ops if isinstance(each, PrimaryKeyOp) and new & set(each.new[1])]
    operation.ops = [each for each in operation.ops if each not in late]
    yield operation
    yield from backfills
    if tightened:
        yield TightenOps(operation.table_name, tightened, schema=operation.schema)
    if late:  # a key takes no column without values
        yield ops.ModifyTableOps(operation.table_name, late, schema=operation.schema)


def with_returning_columns(context: AutogenContext, operations: Iterable[Any]) -> Iterator[Any]:
    """Let required columns that are dropped come back although there are rows: their own values are gone."""
    dialect: Any = context.dialect
    for operation in operations:
        if type(operation) is not ops.ModifyTableOps:
            yield operation
            continue
        required = [each for each in operation.ops if isinstance(each, ops.DropColumnOp) and _comes_back_hard(each)]
        operation.ops = [each for each in operation.ops if each not in required]
        if operation.ops:
            yield operation
        if required:
            yield _dropping(operation, required, dialect)


def _comes_back_hard(operation: ops.DropColumnOp) -> bool:
    return _needs_value(operation.to_column())


def _dropping(operation: ops.ModifyTableOps, drops: list[ops.DropColumnOp], dialect: Any) -> DropRequiredOps:
    added, fillings, tightened = [], [], []
    for drop in drops:
        column = drop.to_column()._copy()
        column.nullable, column.primary_key = True, False
        added.append(ops.AddColumnOp(drop.table_name, column, schema=drop.schema))
        value = fills.neutral(column, dialect)
        if value is not None:
            fillings.append(BackfillOp(drop.table_name, column.name, value.source, drop.schema))
        tightened.append(_tightening(drop.table_name, column, drop.schema))
    adding = ops.ModifyTableOps(operation.table_name, added, schema=operation.schema)
    dropping = DropRequiredOps(operation.table_name, drops, schema=operation.schema)
    last = TightenOps(operation.table_name, tightened, schema=operation.schema)
    dropping.returning = SequenceOps([adding, *fillings, last])
    return dropping


def _tightening(table: str, column: Any, schema: str | None) -> ops.AlterColumnOp:
    """Make a column required, which MariaDB can say only with all that the column is."""
    return ops.AlterColumnOp(
        table,
        column.name,
        schema=schema,
        existing_type=column.type,
        existing_nullable=True,
        existing_comment=column.comment,
        existing_server_default=column.server_default or False,
        modify_nullable=False,
    )


def _after_conversion(context: AutogenContext, operation: ops.ModifyTableOps) -> Iterator[Any]:
    """Take out what makes a column required that changes its kind of values too: what fills it is of the new kind."""
    for each in operation.ops:
        if not isinstance(each, ops.AlterColumnOp) or each.modify_nullable is not False or not converts(each):
            continue
        fill = _of_empty(context, each)
        if fill is not None:
            each.modify_nullable = None
            yield fill
            tightened = _tightening(each.table_name, _model(context, each), each.schema)
            yield ops.ModifyTableOps(operation.table_name, [tightened], schema=operation.schema)


def _of_empty_values(context: AutogenContext, operation: ops.ModifyTableOps) -> Iterator[BackfillOp]:
    """Yield what fills a column that is there and must not be empty any more."""
    for each in operation.ops:
        if isinstance(each, ops.AlterColumnOp) and each.modify_nullable is False:
            fill = _of_empty(context, each)
            if fill is not None:
                yield fill


def _of_empty(context: AutogenContext, altered: ops.AlterColumnOp) -> BackfillOp | None:
    column = _model(context, altered)
    empty = decisions.of(context).nulls_of(altered.table_name, altered.column_name)
    fill = _fill(context, altered.table_name, column, empty)
    if fill is None:
        return None
    return BackfillOp(altered.table_name, column.name, fill.source, altered.schema, only_empty=True)


def _model(context: AutogenContext, altered: ops.AlterColumnOp) -> Any:
    """Return the column as it shall be."""
    metadata: Any = context.metadata
    key = f"{altered.schema}.{altered.table_name}" if altered.schema else altered.table_name
    return metadata.tables[key].columns[altered.column_name]


def _fill(context: AutogenContext, table: str, column: Any, rows: int | None) -> Fill | None:
    """Return the model's default; without one, ask as soon as there are rows that need a value."""
    dialect: Any = context.dialect
    default = fills.of_model(column, dialect)
    if default is not None or not rows:
        return default
    subject = f"{table}.{column.name}"
    text = decisions.of(context).ask.fill(subject, str(column.type), rows)
    return fills.of_text(subject, column, text, dialect)


def _needs_value(column: Any) -> bool:
    return not (column.nullable or column.server_default is not None or column.computed or column.identity)
