"""Compare models with a database, and write the difference as a migration, by Alembic's autogenerate.

What Alembic gets wrong is put right in one plugin that runs before the downgrade is derived, so both directions
come out right, for `dbtool migrate`, `alembic revision --autogenerate` and `alembic check` alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any, Literal

from dbtool.config import Config
from dbtool.database import Database
from dbtool.reports import Change

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations import ops
    from sqlalchemy import Connection, MetaData

PLUGIN = "dbtool.diff"


@dataclass(frozen=True, slots=True)
class Draft:
    """A difference, ready to be written: Python text for both directions, and the same in words."""

    upgrade: str
    downgrade: str
    imports: tuple[str, ...]
    changes: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.changes)


def draft(config: Config, database: Database, connection: Connection, metadata: MetaData) -> Draft:
    """Return what would bring this database to the models. Nothing is changed."""
    from alembic.autogenerate import produce_migrations, render_python_code
    from alembic.runtime.migration import MigrationContext

    options = {**compare_options(config, database), "target_metadata": metadata}
    context = MigrationContext.configure(connection, opts=options)
    script = produce_migrations(context, metadata)
    imports: list[set[str]] = []

    def render(kind: str, item: Any, rendering: AutogenContext) -> str | Literal[False]:
        imports.append(rendering.imports)  # Alembic fills these and does not return them
        return render_item(kind, item, rendering)

    upgrade, downgrade = (
        render_python_code(operations, render_as_batch=True, render_item=render, migration_context=context)
        for operations in (script.upgrade_ops, script.downgrade_ops)
        if operations is not None
    )
    assert script.upgrade_ops is not None
    needed = tuple(sorted(set().union(*imports)))
    return Draft(upgrade, downgrade, needed, tuple(changes_of(script.upgrade_ops.ops)))


def compare_options(config: Config, database: Database) -> dict[str, Any]:
    """Return the options under which Alembic compares: the same for dbtool and for env.py."""
    _register()

    def include_name(name: str | None, kind: str, parents: Any) -> bool:
        if kind != "table" or name is None:
            return True
        return name not in database.own_tables and not any(fnmatch(name, pattern) for pattern in config.exclude)

    return {
        "compare_type": True,
        "render_as_batch": True,
        "include_name": include_name,
        "include_schemas": bool(config.schemas),
        "render_item": render_item,
        "autogenerate_plugins": ["alembic.autogenerate.*", PLUGIN],
        "version_table": config.version_table,
    }


def render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Render SQLModel's own column types as the SQLAlchemy types behind them; the rest is Alembic's."""
    from sqlalchemy.types import TypeDecorator

    if kind == "type" and getattr(item, "create_type", True) is False:
        return _existing_type(item, context)
    if kind != "type" or not isinstance(item, TypeDecorator):
        return False
    inner = item.impl_instance
    if type(item).__module__.startswith("sqlmodel") and type(inner).__module__ == "sqlalchemy.sql.sqltypes":
        return f"sa.{inner!r}"
    context.imports.add(f"import {type(item).__module__}")
    return False


def _existing_type(item: Any, context: AutogenContext) -> str:
    """Render a type of a dialect that is there already, which Alembic would render as one to be made."""
    dialect = type(item).__module__.split(".")[2]
    context.imports.add(f"from sqlalchemy.dialects import {dialect}")
    text = repr(item).removesuffix(")")
    return f"{dialect}.{text}{'' if 'create_type' in text else ', create_type=False'})"


def changes_of(operations: Iterable[Any]) -> Iterator[Change]:
    """Tell operations as a person would say them, in order."""
    from alembic.operations import ops

    for operation in operations:
        if isinstance(operation, ops.ModifyTableOps):
            yield from changes_of(operation.ops)
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
    weight = {"create table": 0, "drop table": 0, "add column": 1, "drop column": 1, "alter column": 1}
    heaviest = min(weight.get(change.kind, 2) for change in changes)
    named = [change for change in changes if weight.get(change.kind, 2) == heaviest]
    first, more = named[0], len(named) - 1
    verb, _, noun = first.kind.partition(" ")
    table, _, member = first.subject.partition(".")
    words = {"create": f"create_{table}", "drop": f"drop_{table}"} if noun == "table" else {}
    if noun == "column":
        words = {"add": f"add_{member}_to_{table}", "drop": f"drop_{member}_from_{table}"}
    name = words.get(verb) or f"{verb}_{member or noun}_on_{table}"
    return slug(f"{name}_and_{more}_more" if more else name)


def slug(name: str) -> str:
    """Make a file name of any name: lower case letters, digits and single underscores, at most 60."""
    import unicodedata

    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:60].rstrip("_") or "migration"


def _change(operation: Any) -> Change | None:
    from alembic.operations import ops

    match operation:
        case ops.CreateTableOp():
            count = sum(1 for column in operation.columns if hasattr(column, "type"))
            return Change(
                "create table", operation.table_name, f"create table {operation.table_name} ({count} columns)"
            )
        case ops.DropTableOp():
            return Change("drop table", operation.table_name, f"drop table {operation.table_name}", loses_data=True)
        case ops.AddColumnOp():
            subject = f"{operation.table_name}.{operation.column.name}"
            return Change("add column", subject, f"add column {subject} ({_type(operation.column)})")
        case ops.DropColumnOp():
            subject = f"{operation.table_name}.{operation.column_name}"
            return Change("drop column", subject, f"drop column {subject}", loses_data=True)
        case ops.AlterColumnOp():
            return _alter(operation)
        case (
            ops.CreateIndexOp()
            | ops.CreateUniqueConstraintOp()
            | ops.CreateForeignKeyOp()
            | ops.CreateCheckConstraintOp()
        ):
            return _constraint("add", operation)
        case ops.DropIndexOp() | ops.DropConstraintOp():
            return _constraint("drop", operation)
        case ops.CreateTableCommentOp() | ops.DropTableCommentOp():
            table = operation.table_name
            return Change("alter comment", table, f"change the comment of {table}")
    return None


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
    kinds: dict[type[Any], str] = {
        ops.CreateUniqueConstraintOp: "unique constraint",
        ops.CreateForeignKeyOp: "foreign key",
        ops.CreateCheckConstraintOp: "check",
    }
    noun = "index" if is_index else kinds.get(type(operation)) or "constraint"
    return Change(f"{verb} {noun}", f"{table}.{name}", f"{verb} {noun} {name} on {table}")


# The plugin


def _register() -> None:
    """Make the plugin known to Alembic, once per process."""
    from alembic.runtime.plugins import Plugin, _all_plugins

    if PLUGIN not in _all_plugins:
        import sys

        Plugin.setup_plugin_from_module(sys.modules[__name__], PLUGIN)


def setup(plugin: Any) -> None:
    """Hook the corrections in; Alembic calls this."""
    from alembic.util import DispatchPriority

    from dbtool.engine import operations  # noqa: F401  (registers how our operations are rendered)

    plugin.add_autogenerate_comparator(_correct, "autogenerate", "dbtool", priority=DispatchPriority.LAST)


def _correct(context: AutogenContext, upgrade: ops.UpgradeOps) -> Any:
    from alembic.util import PriorityDispatchResult

    from dbtool.engine import operations

    upgrade.ops = operations.corrected(context, upgrade.ops)
    return PriorityDispatchResult.CONTINUE
