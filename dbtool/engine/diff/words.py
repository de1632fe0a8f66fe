"""Tell differences as a person would say them, and name a migration for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dbtool.engine.sqlfiles import KINDS
from dbtool.reports import Change

if TYPE_CHECKING:
    from alembic.operations import ops


def changes_of(operations: Sequence[Any]) -> Iterator[Change]:
    """Tell operations as a person would say them, in order; what makes a new column required is told with it."""
    required = {f"{each.table_name}.{each.column_name}" for each in _tightened(operations)}
    for change in _changes_of(operations):
        if change.kind == "add column" and change.subject in required:
            yield replace(change, text=f"{change.text.removesuffix(')')}, required)")
        else:
            yield change


def _tightened(operations: Iterable[Any]) -> Iterator[Any]:
    from dbtool.engine.diff.operations import TightenOps

    for operation in operations:
        if isinstance(operation, TightenOps):
            yield from operation.ops


def _changes_of(operations: Iterable[Any]) -> Iterator[Change]:
    from alembic.operations import ops

    from dbtool.engine.diff.computed import RecomputeOps
    from dbtool.engine.diff.operations import TightenOps
    from dbtool.engine.diff.retyped import CounterOp

    for operation in operations:
        if isinstance(operation, TightenOps | CounterOp):
            continue
        if isinstance(operation, RecomputeOps):
            yield _recomputed(operation)
        elif isinstance(operation, ops.ModifyTableOps):
            yield from _changes_of(operation.ops)
        else:
            change = _change(operation)
            if change is not None:
                yield change


def name_of(changes: Sequence[Change]) -> str:
    """Derive a migration's name: `add_bio_to_user`, `create_story_and_3_more`."""
    if not changes:
        return "empty"
    new = {change.subject for change in changes if change.kind == "add column"}
    changes = [change for change in changes if change.kind != "alter column" or change.subject not in new]
    weight = {"create table": 0, "drop table": 0, "rename table": 0}
    weight |= dict.fromkeys(("add column", "drop column", "alter column", "rename column"), 1)
    heaviest = min(weight.get(change.kind, 2) for change in changes)
    named = [change for change in changes if weight.get(change.kind, 2) == heaviest]
    first, more = named[0], len(named) - 1
    verb, _, noun = first.kind.partition(" ")
    table, _, member = first.subject.partition(".")
    renamed = first.text.rpartition(" to ")[2]
    words = {"create": f"create_{table}", "drop": f"drop_{table}", "rename": f"rename_{table}_to_{renamed}"}
    if noun == "column":
        words = {"add": f"add_{member}_to_{table}", "drop": f"drop_{member}_from_{table}"}
        words["rename"] = f"rename_{member}_to_{renamed}_on_{table}"
    elif noun in KINDS and not member:
        return slug(f"{verb}_{noun}_{table}{f'_and_{more}_more' if more else ''}")
    elif noun != "table":
        words = {}
    name = words.get(verb) or f"{verb}_{member or noun}_on_{table}"
    return slug(f"{name}_and_{more}_more" if more else name)


def slug(name: str) -> str:
    """Make a file name of any name: lower case letters, digits and single underscores, at most 60."""
    import unicodedata

    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:60].rstrip("_") or "migration"


def _change(operation: Any) -> Change | None:
    return _own_change(operation) or _alembic_change(operation)


def _own_change(operation: Any) -> Change | None:
    from dbtool.engine.diff.keys import PrimaryKeyOp
    from dbtool.engine.diff.members import EnumMembersOp, told
    from dbtool.engine.diff.numbering import NumberingOp, in_words
    from dbtool.engine.diff.objects import ObjectOp, ReplaceObjectOp
    from dbtool.engine.diff.operations import DropKeyOp, RenameColumnOp, RenameObjectOp, RenameTableOp
    from dbtool.engine.diff.unnamed import UnnamedKeyOp, UnnamedUniqueOp

    match operation:
        case RenameTableOp(table_name=old, new_table_name=new):
            return Change("rename table", old, f"rename table {old} to {new}")
        case RenameColumnOp(table_name=table, column_name=old, modify_name=new):
            return Change("rename column", f"{table}.{old}", f"rename column {table}.{old} to {new}")
        case RenameObjectOp(table_name=table, kind=kind, names=(old, new)):
            return Change(f"rename {kind}", f"{table}.{old}", f"rename {kind} {table}.{old} to {new}")
        case EnumMembersOp(members=members):
            return Change("alter enum", members.name, f"change enum {members.name}: {', '.join(told(members))}")
        case UnnamedKeyOp(table_name=table, columns=columns):
            text = f"drop foreign key from {table} ({', '.join(columns)})"
            return Change("drop foreign key", f"{table}.{'_'.join(columns)}", text)
        case UnnamedUniqueOp(table_name=table, columns=columns, is_gone=gone):
            verb, way = ("drop", "from") if gone else ("add", "on")
            text = f"{verb} unique constraint {way} {table} ({', '.join(columns)})"
            return Change(f"{verb} unique constraint", f"{table}.{'_'.join(columns)}", text)
        case NumberingOp(table_name=table, column_name=column, ways=(_, way)):
            return Change("alter column", f"{table}.{column}", f"change column {table}.{column}: {in_words(way)}")
        case DropKeyOp():
            return _constraint("drop", operation)
        case ObjectOp(told=(kind, text), object=one) | ReplaceObjectOp(told=(kind, text), object=one) if text:
            return Change(kind, one.name, text)
        case PrimaryKeyOp(table_name=table, new=(_, columns)):
            text = f"change primary key of {table} to {', '.join(columns) or 'nothing'}"
            return Change("alter primary key", table, text)
    return None


def _alembic_change(operation: Any) -> Change | None:
    from alembic.operations import ops

    table = getattr(operation, "table_name", "")
    match operation:
        case ops.CreateTableOp():
            count = sum(1 for column in operation.columns if hasattr(column, "type"))
            return Change("create table", table, f"create table {table} ({count} columns)")
        case ops.DropTableOp():
            return Change("drop table", table, f"drop table {table}", loses_data=True)
        case ops.AddColumnOp():
            subject = f"{table}.{operation.column.name}"
            return Change("add column", subject, f"add column {subject} ({_type(operation.column)})")
        case ops.DropColumnOp():
            subject = f"{table}.{operation.column_name}"
            return Change("drop column", subject, f"drop column {subject}", loses_data=True)
        case ops.AlterColumnOp():
            return _alter(operation)
        case ops.AddConstraintOp() | ops.CreateIndexOp():
            return _constraint("add", operation)
        case ops.DropIndexOp() if getattr(operation, "implied", False):
            return None
        case ops.DropIndexOp() | ops.DropConstraintOp():
            return _constraint("drop", operation)
        case ops.CreateTableCommentOp() | ops.DropTableCommentOp():
            return Change("alter comment", table, f"change the comment of {table}")
    return None


def _recomputed(operation: Any) -> Change:
    drop, add = operation.ops
    subject = f"{operation.table_name}.{add.column.name}"
    how = f"computed as {add.column.computed.sqltext}" if add.column.computed is not None else "computed no longer"
    stored = drop.to_column().computed is None
    return Change("alter column", subject, f"change column {subject}: {how}", loses_data=stored)


def _type(column: Any) -> str:
    return f"{column.type!s}{'' if column.nullable else ', required'}"


def _alter(operation: ops.AlterColumnOp) -> Change:
    subject = f"{operation.table_name}.{operation.column_name}"
    parts = []
    if operation.modify_type is not None:
        parts.append(f"type {operation.existing_type} to {operation.modify_type}")
    if operation.modify_nullable is not None:
        parts.append("may be empty" if operation.modify_nullable else "required")
    if operation.modify_comment is not False:
        parts.append("comment")
    if operation.modify_server_default is not False:
        parts.append("default")
    text = f"change column {subject}: {', '.join(parts) or 'definition'}"
    converts = operation.modify_type is not None and not _keeps_values(operation.existing_type, operation.modify_type)
    return Change("alter column", subject, text, loses_data=converts)


def _keeps_values(before: Any, after: Any) -> bool:
    """Whether a conversion keeps every value or fails: SQLite makes 0 of a text, and 2024 of a date, in silence."""
    from sqlalchemy.types import Float, Integer, Numeric, String

    old, new = (getattr(each, "impl_instance", each)._type_affinity for each in (before, after))
    return old is new or new is String or (old is Integer and new in (Numeric, Float))


def _constraint(verb: str, operation: Any) -> Change:
    from alembic.operations import ops

    is_index = isinstance(operation, ops.CreateIndexOp | ops.DropIndexOp)
    name = operation.index_name if is_index else operation.constraint_name
    table = getattr(operation, "table_name", None) or getattr(operation, "source_table", "")
    added = (
        (ops.CreateUniqueConstraintOp, "unique constraint"),
        (ops.CreateForeignKeyOp, "foreign key"),
        (ops.CreateCheckConstraintOp, "check"),
    )
    dropped = {"unique": "unique constraint", "foreignkey": "foreign key", "check": "check"}
    noun = "index" if is_index else dropped.get(getattr(operation, "constraint_type", ""), "constraint")
    noun = next((each for kind, each in added if isinstance(operation, kind)), noun)
    return Change(f"{verb} {noun}", f"{table}.{name}", f"{verb} {noun} {name} on {table}")
