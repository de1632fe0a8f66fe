"""Find what only has a new name, tables and columns: decided by a person, tried on the database itself.

Renames are carried out before Alembic compares, and taken back after it. So indexes, keys and expressions follow the
way this database makes them follow, and whatever else has changed beside the name is found as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from alembic.operations import Operations, ops
from alembic.util import PriorityDispatchResult
from sqlalchemy import Column, Table

from dbtool.database.base import sequence_name
from dbtool.database.conversions import family
from dbtool.engine.diff import decisions
from dbtool.engine.diff.names import default_name
from dbtool.engine.diff.operations import RenameColumnOp, RenameObjectOp, RenameTableOp
from dbtool.engine.diff.rendering import single_percents
from dbtool.errors import AnswerError

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

SHARED = 0.5  # of its columns must be alike for a table to look like another


def begin(context: AutogenContext, upgrade: ops.UpgradeOps) -> PriorityDispatchResult:
    """Ask what was renamed, and rename it for the time of the comparison."""
    finders: tuple[Callable[[AutogenContext], Iterator[Any]], ...] = (_tables, _columns)
    for find in finders:
        for operation in list(find(context)):
            _carry_out(context, operation)
    for operation in list(_followers(context)) if decisions.of(context).renames else []:
        _carry_out(context, operation)
    return PriorityDispatchResult.CONTINUE


def end(context: AutogenContext, upgrade: ops.UpgradeOps) -> PriorityDispatchResult:
    """Let the renames stand before what else has changed, and take them back in the database."""
    found = decisions.of(context)
    upgrade.ops = [*found.renames, *upgrade.ops]
    if found.undo is not None:
        found.undo()
        found.undo = None
    return PriorityDispatchResult.CONTINUE


def _carry_out(context: AutogenContext, operation: Any) -> None:
    """Run a rename now; the first one decides how all of them are taken back."""
    found = decisions.of(context)
    assert context.connection is not None
    if found.undo is None:
        found.undo = _way_back(context)
    operations = Operations(context.migration_context)
    for step in operation.steps():
        operations.invoke(step)
    found.renames.append(operation)
    context.inspector.clear_cache()


def _way_back(context: AutogenContext) -> Any:
    """Return what takes all renames back: a savepoint, or the same names in the other direction."""
    found, connection = decisions.of(context), context.connection
    assert connection is not None
    if not found.scratch and found.database is not None and not found.database.transactional_ddl:
        raise AnswerError("a rename is tried out first, which this database cannot take back", hint="dbtool migrate")
    if found.database is None or found.database.transactional_ddl:
        return connection.begin_nested().rollback

    def rename_back() -> None:
        operations = Operations(context.migration_context)
        for operation in reversed(found.renames):
            for step in operation.reverse().steps():
                operations.invoke(step)

    return rename_back


# Tables


def _tables(context: AutogenContext) -> Iterator[RenameTableOp]:
    """Yield a rename for each table that is gone and has come back under another name."""
    for schema in {table.schema for table in _wanted(context).values()} | {None}:
        wanted = {table.name: table for table in _wanted(context).values() if table.schema == schema}
        present = _present(context, schema)
        new = [table for name, table in wanted.items() if name not in present]
        for old, chosen in _making_room(context, sorted(present & wanted.keys()), new, wanted):
            yield RenameTableOp(old, chosen.name, schema=schema)
        for old in sorted(present - wanted.keys()):
            chosen = _renamed_table(context, old, new, schema)
            if chosen is not None:
                new.remove(chosen)
                yield RenameTableOp(old, chosen.name, schema=schema)


def _making_room(
    context: AutogenContext, kept: Sequence[str], new: list[Any], wanted: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    """Yield what gets a new name although the models have its old one too, for something else: only if told so.

    In `new`, what has got its name is replaced by what takes the old one.
    """
    ask, kept = decisions.of(context).ask, list(kept)
    pairs = ((old, each) for old in kept for each in new)
    found = next(((old, each) for old, each in pairs if ask.is_rename(f"{prefix}{old}", each.name, likely=False)), None)
    if found is not None:
        old, chosen = found
        new[new.index(chosen)] = wanted[old]
        yield old, chosen
        kept.remove(old)
        yield from _making_room(context, kept, new, wanted, prefix)


def _wanted(context: AutogenContext) -> dict[Any, Table]:
    metadata: Any = context.metadata
    compares = decisions.of(context).compares
    return {key: table for key, table in metadata.tables.items() if compares(table.name)}


def _present(context: AutogenContext, schema: str | None) -> set[str]:
    names: Sequence[str] = ()
    with suppress(Exception):  # a schema that is not there has no tables
        names = context.inspector.get_table_names(schema=schema)
    return {
        name
        for name in names
        if context.run_name_filters(name, "table", {"schema_name": schema})
        and name != context.opts.get("version_table")
    }


def _renamed_table(context: AutogenContext, old: str, new: Sequence[Table], schema: str | None) -> Table | None:
    if not new:
        return None
    columns = {each["name"].lower() for each in context.inspector.get_columns(old, schema=schema)}
    alike = {table: _shared(columns, table) for table in new}
    ask = decisions.of(context).ask
    for table in sorted(new, key=lambda table: (-alike[table], -_likeness(old, table.name), table.name)):
        if old.lower() == table.name.lower() or ask.is_rename(old, table.name, likely=alike[table] >= SHARED):
            return table
    return None


def _shared(columns: set[str], table: Table) -> float:
    wanted = {column.name.lower() for column in table.columns}
    return len(columns & wanted) / max(len(columns), len(wanted), 1)


# Columns


def _columns(context: AutogenContext) -> Iterator[RenameColumnOp]:
    """Yield a rename for each column that is gone and has come back under another name, table by table."""
    for table in sorted(_wanted(context).values(), key=lambda table: table.fullname):
        if table.name in _present(context, table.schema):
            yield from _columns_of(context, table)


def _columns_of(context: AutogenContext, table: Table) -> Iterator[RenameColumnOp]:
    present = {each["name"]: each for each in context.inspector.get_columns(table.name, schema=table.schema)}
    new = [column for column in table.columns if column.name not in present]
    kept = [name for name in present if name in table.columns]
    for name, chosen in _making_room(context, kept, new, dict(table.columns), f"{table.name}."):
        yield from _rename_column(context, table, present[name], chosen.name)
    for name, old in present.items():
        if name in table.columns or not new:
            continue
        chosen = _renamed_column(context, table, old, new)
        if chosen is not None:
            new.remove(chosen)
            yield from _rename_column(context, table, old, chosen.name)


def _rename_column(context: AutogenContext, table: Table, old: Any, new: str) -> Iterator[Any]:
    """Yield Alembic's operation, unless it would have to say more of the column than it can."""
    if old.get("computed") or "on update" in str(old.get("default")).lower():
        told = list(_rename(context, "column", table, old["name"], new))
        if told:
            yield from told
            return
    yield RenameColumnOp(
        table.name,
        old["name"],
        schema=table.schema,
        modify_name=new,
        existing_type=old["type"],
        existing_nullable=old["nullable"],
        existing_server_default=_default_of(old),
        existing_comment=old.get("comment"),
        **_numbering(old),
    )


def _renamed_column(context: AutogenContext, table: Table, old: Any, new: Sequence[Column[Any]]) -> Column[Any] | None:
    ask, name = decisions.of(context).ask, old["name"]

    def likeness(column: Column[Any]) -> tuple[bool, bool, float]:
        return (not _alike(old, column), old["nullable"] != column.nullable, -_likeness(name, column.name))

    for column in sorted(new, key=likeness):
        is_case = name.lower() == column.name.lower()
        if is_case or ask.is_rename(f"{table.name}.{name}", column.name, likely=_alike(old, column)):
            return column
    return None


def _alike(old: Any, new: Column[Any]) -> bool:
    """Whether values of the one could be values of the other: the same family of types, or both of them numbers."""
    before, after = family(old["type"]), family(new.type)
    return before == after or {before, after} <= {"integer", "number"}


def _likeness(old: str, new: str) -> float:
    return SequenceMatcher(None, old.lower(), new.lower()).ratio()


def _default_of(column: Any) -> Any:
    """Return a default as MariaDB wants it said again when a column changes its name."""
    from sqlalchemy import DefaultClause, text

    default = column.get("default")
    return DefaultClause(text(default)) if isinstance(default, str) else False


def _numbering(column: Any) -> dict[str, Any]:
    """Return what keeps MariaDB numbering a column that changes its name."""
    return {"autoincrement": True} if column.get("autoincrement") is True and not column.get("default") else {}


# What is named after a table or column


def _followers(context: AutogenContext) -> Iterator[RenameObjectOp]:
    """Yield the renames of indexes, constraints and sequences that are named after what was renamed."""
    renames = decisions.of(context).renames
    touched = {each.new_table_name if isinstance(each, RenameTableOp) else each.table_name for each in renames}
    for table in sorted(_wanted(context).values(), key=lambda table: table.fullname):
        if table.name in touched:
            old = next((each.table_name for each in renames if _became(each, table.name)), table.name)
            yield from _indexes(context, table)
            yield from _constraints(context, table, old)
            yield from _sequences(context, table, old)


def _became(rename: Any, name: str) -> bool:
    return isinstance(rename, RenameTableOp) and rename.new_table_name == name


def _rename(context: AutogenContext, kind: str, table: Table, old: str, new: str | None) -> Iterator[RenameObjectOp]:
    database, dialect = decisions.of(context).database, context.dialect
    if database is None or dialect is None or not new or old == new:
        return

    def statement(before: str, after: str) -> str | None:
        quote = dialect.identifier_preparer.quote
        with single_percents(context.migration_context):
            name = dialect.identifier_preparer.format_table(table)
            return database.rename_statement(kind, name, quote(before), quote(after))

    up, down = statement(old, new), statement(new, old)
    if up and down:
        yield RenameObjectOp(kind, table.name, (old, new), (up, down))


def _indexes(context: AutogenContext, table: Table) -> Iterator[RenameObjectOp]:
    present = {each["name"]: each for each in context.inspector.get_indexes(table.name, schema=table.schema)}
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        columns = [column.name for column in index.columns]
        same = [
            name
            for name, each in present.items()
            if each["column_names"] == columns and bool(each["unique"]) == bool(index.unique)
        ]
        if index.name not in present and len(same) == 1 and same[0]:
            yield from _rename(context, "index", table, same[0], str(index.name))


def _constraints(context: AutogenContext, table: Table, old: str) -> Iterator[RenameObjectOp]:
    """Follow only names that were made of the old ones: a name that somebody has chosen stays."""
    inspector = context.inspector
    key = inspector.get_pk_constraint(table.name, schema=table.schema)
    name = key.get("name")
    if name == default_name(old, [], "pkey"):
        yield from _rename(context, "constraint", table, name, default_name(table.name, [], "pkey"))
    before = _old_columns(context, table)
    uniques = inspector.get_unique_constraints(table.name, schema=table.schema)
    keys = inspector.get_foreign_keys(table.name, schema=table.schema)
    found = [("unique", "key", each["name"], each["column_names"]) for each in uniques]
    found += [("constraint", "fkey", each["name"], each["constrained_columns"]) for each in keys]
    for kind, suffix, name, columns in found:
        if name and name == default_name(old, [before.get(column, column) for column in columns], suffix):
            yield from _rename(context, kind, table, name, default_name(table.name, columns, suffix))


def _old_columns(context: AutogenContext, table: Table) -> dict[str, str]:
    """Return what each renamed column of a table was called, by its new name."""
    renames = [each for each in decisions.of(context).renames if each.table_name == table.name]
    before = {str(each.modify_name): each.column_name for each in renames if isinstance(each, RenameColumnOp)}
    told = (each.names for each in renames if isinstance(each, RenameObjectOp) and each.kind == "column")
    return before | {new: old for old, new in told}


def _sequences(context: AutogenContext, table: Table, old: str) -> Iterator[RenameObjectOp]:
    names: Sequence[str] = ()
    with suppress(NotImplementedError):
        names = context.inspector.get_sequence_names(schema=table.schema)
    before = _old_columns(context, table)
    for column in table.columns:
        name = sequence_name(old, before.get(column.name, column.name))
        if name in names:
            yield from _rename(context, "sequence", table, name, sequence_name(table.name, column.name))
