"""Compare what Alembic does not see of an index: conditions, expressions, order, operator classes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from alembic.util import PriorityDispatchResult
from sqlalchemy import Column, Index, Table

from dbtool.engine.diff import decisions, probe
from dbtool.engine.diff.operations import DropIndexByTextOp

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

_SPECIAL = re.compile(
    r"\bWHERE\b|\bDESC\b|\bCOLLATE\b|\bNULLS\b|_ops\b|\(.*\(|^(UNIQUE )?(?!btree)[a-z]+ \(", re.DOTALL
)


def compare(
    context: AutogenContext,
    modified: ops.ModifyTableOps,
    schema: str | None,
    name: str,
    existing: Table | None,
    wanted: Table | None,
) -> PriorityDispatchResult:
    """Put operations of our own in the place of Alembic's, for indexes that are more than a list of columns."""
    if schema is not None:
        return PriorityDispatchResult.CONTINUE
    there = {index: text for (table, index), text in _texts(context).items() if table == name and existing is not None}
    mine = {str(index.name): index for index in wanted.indexes} if wanted is not None else {}
    special = {index for index in there if _SPECIAL.search(there[index])}
    special |= {name for name, index in mine.items() if _is_special(index)}
    keys = (each.name for table in (existing, wanted) if table is not None for each in table.constraints)
    special -= {str(each) for each in keys}  # an index of a constraint is compared with it
    if special:
        modified.ops = [each for each in modified.ops if _name_of(each) not in special]
        modified.ops.extend(_changes(context, existing, wanted, sorted(special), there, mine))
    return PriorityDispatchResult.CONTINUE


def _texts(context: AutogenContext) -> dict[tuple[str, str], str]:
    """Return the texts of all indexes there are, read once."""
    found = decisions.of(context)
    if found.index_texts is None:
        connection: Any = context.connection
        found.index_texts = found.database.index_texts(connection) if found.database else {}
    return found.index_texts


def _is_special(index: Index) -> bool:
    return bool(dict(index.dialect_kwargs)) or not all(isinstance(each, Column) for each in index.expressions)


def _name_of(operation: Any) -> str | None:
    if isinstance(operation, ops.CreateIndexOp | ops.DropIndexOp):
        return str(operation.index_name)
    return None


def _changes(
    context: AutogenContext,
    existing: Table | None,
    wanted: Table | None,
    special: list[str],
    there: dict[str, str],
    mine: dict[str, Index],
) -> Iterator[ops.MigrateOperation]:
    made = probe.Probe()
    if wanted is not None and any(name in mine and name in there for name in special):
        made = probe.of(context.migration_context, wanted)
    if made.error:
        decisions.of(context).notes.append(f"an index of {wanted} cannot be compared: {made.error}")
        return
    for name in special:
        if name in mine and name in there and _same(there[name], made.indexes.get(name)):
            continue
        if name in there and existing is not None:
            yield _dropped(context, existing, name)
        if name in mine:
            yield ops.CreateIndexOp.from_index(mine[name])


def _same(there: str, made: str | None) -> bool:
    """Whether two texts say the same; one that could not be read is taken for the same."""
    return made is None or " ".join(made.split()) == " ".join(there.split())


def _dropped(context: AutogenContext, existing: Table, name: str) -> ops.MigrateOperation:
    """Drop an index; the way back says what the database itself says of it, where nothing else can."""
    found = next((index for index in existing.indexes if index.name == name), None)
    database = decisions.of(context).database
    connection: Any = context.connection
    text = database.index_statement(connection, existing.name, name) if database else None
    if text is not None:
        return DropIndexByTextOp(name, existing.name, text)
    assert found is not None
    return ops.DropIndexOp.from_index(found)
