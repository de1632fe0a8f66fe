"""Compare models with a database, and write the difference as a migration, by Alembic's autogenerate."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any, Literal

from dbtool.config import Config
from dbtool.database import Database, reflection
from dbtool.engine import foreign
from dbtool.engine.diff.decisions import OPTION, Decisions
from dbtool.engine.diff.rendering import render_item, single_percents
from dbtool.engine.diff.words import changes_of, name_of, slug
from dbtool.errors import ModelsError
from dbtool.reports import Change

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection, MetaData

__all__ = ["Decisions", "Draft", "changes_of", "compare_options", "draft", "name_of", "slug"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A difference, ready to be written: Python text for both directions, and the same in words.

    `operations` are Alembic's, of the way up; `notes` say what could not be compared. `unmodelled` are the tables that
    would be dropped where models know so few of them that most are probably not imported: only `modelled` tables.
    """

    upgrade: str = ""
    downgrade: str = ""
    imports: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    operations: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()
    unmodelled: tuple[str, ...] = ()
    modelled: int = 0

    def __bool__(self) -> bool:
        return bool(self.changes)


def draft(
    config: Config,
    database: Database,
    connection: Connection,
    metadata: MetaData,
    *,
    decisions: Decisions | None = None,
    only: Collection[str] | None = None,
) -> Draft:
    """Return what would bring this database to the models. Nothing is changed.

    `only` names the tables that are compared; None means all. Raises AnswerError where nobody answers.
    """
    from alembic.autogenerate import produce_migrations, render_python_code
    from alembic.runtime.migration import MigrationContext

    _require_readable(config, database, metadata)
    decisions = decisions or Decisions()
    decisions.only, decisions.hidden = only, reflection.partitions(database, connection)
    options = {**compare_options(config, database, decisions), "target_metadata": metadata}
    theirs = foreign.hooks(config) if metadata.info.get(foreign.MODELS) else {}
    options |= _joined(options, theirs)
    context = MigrationContext.configure(connection, opts=options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what Alembic cannot compare: the plugin does, or says so itself
        script = _directed(context, produce_migrations(context, metadata), theirs)
    imports: list[set[str]] = []

    def render(kind: str, item: Any, rendering: AutogenContext) -> str | Literal[False]:
        imports.append(rendering.imports)  # Alembic fills these and does not return them
        said: str | Literal[False] = theirs["render_item"](kind, item, rendering) if "render_item" in theirs else False
        return said if said is not False else render_item(kind, item, rendering)

    with single_percents(context):
        upgrade, downgrade = (
            render_python_code(operations, render_as_batch=True, render_item=render, migration_context=context)
            for operations in (script.upgrade_ops, script.downgrade_ops)
            if operations is not None
        )
    assert script.upgrade_ops is not None
    found = tuple(script.upgrade_ops.ops)
    needed = tuple(sorted(set().union(*imports)))
    notes = tuple(decisions.notes)
    gone = _unmodelled(found, metadata)
    return Draft(
        upgrade, downgrade, needed, tuple(changes_of(found)), found, notes, gone, len(metadata.tables) if gone else 0
    )


_FEW = 3  # as many tables may always go at once, less one


def _unmodelled(operations: Iterable[Any], metadata: MetaData) -> tuple[str, ...]:
    from alembic.operations.ops import DropTableOp

    gone = tuple(each.table_name for each in operations if isinstance(each, DropTableOp))
    return gone if len(gone) >= _FEW and len(gone) > 2 * len(metadata.tables) else ()


def _joined(ours: dict[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of an env.py of the project's own; what either leaves out is left out."""
    found = {name: each for name, each in theirs.items() if name not in ("render_item", "process_revision_directives")}
    for name in ("include_object", "include_name"):
        if name in theirs:
            found[name] = _both(ours[name], theirs[name])
    return found


def _both(one: Callable[..., bool], other: Callable[..., bool]) -> Callable[..., bool]:
    return lambda *arguments: one(*arguments) and other(*arguments)


def _directed(context: MigrationContext, script: MigrationScript, theirs: Mapping[str, Any]) -> MigrationScript:
    """Let env.py's `process_revision_directives` change what would be written, or leave out all of it."""
    from alembic.operations import ops

    directives = [script]
    if "process_revision_directives" in theirs:
        theirs["process_revision_directives"](context, (), directives)
    empty = ops.MigrationScript(None, ops.UpgradeOps([]), ops.DowngradeOps([]))
    return directives[0] if directives else empty


def _require_readable(config: Config, database: Database, metadata: MetaData) -> None:
    """Refuse names that no comparison finds again, except of tables that are not compared. Raises ModelsError."""
    names = ((table.name, column.name) for table in metadata.tables.values() for column in table.columns)
    for table, column in names if database.unreadable else ():
        left_out = any(fnmatch(table, pattern) for pattern in config.exclude)
        if database.unreadable in f"{table}{column}" and not left_out:
            raise ModelsError(
                f"{table}.{column}: a name with {database.unreadable} cannot be read back from this database",
                hint="give it another name in the model: __tablename__, or sa_column=Column('name', ...)",
            )


def compare_options(
    config: Config,
    database: Database,
    decisions: Decisions | None = None,
) -> dict[str, Any]:
    """Return the options under which Alembic compares: the same for dbtool and for env.py."""
    from dbtool.engine.diff import plugin

    plugin.register()
    decisions = decisions or Decisions()
    decisions.database = database

    def include_name(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "schema":
            return name is None or name in config.schemas
        if kind != "table" or name is None:
            return True
        if not decisions.compares(name):
            return False
        return name not in database.own_tables and not any(fnmatch(name, pattern) for pattern in config.exclude)

    def include_object(item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
        return kind != "table" or name is None or decisions.compares(name)

    return {
        "compare_type": True,
        "compare_server_default": True,
        "render_as_batch": True,
        "include_name": include_name,
        "include_object": include_object,
        "include_schemas": bool(config.schemas),
        "render_item": render_item,
        "autogenerate_plugins": ["alembic.autogenerate.*", plugin.PLUGIN],
        OPTION: decisions,
        "version_table": config.version_table,
    }
