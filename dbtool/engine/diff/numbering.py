"""Compare whether a key counts by itself, and by what: a sequence, an identity, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import ops

from dbtool.database.conversions import family
from dbtool.engine.diff import decisions
from dbtool.engine.diff.rendering import single_percents
from dbtool.texts import as_text

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Column, Table

    from dbtool.database.base import Numbering


class NumberingOp(ops.MigrateOperation):
    """Let a column count in another way, by statements for each direction."""

    def __init__(
        self, subject: tuple[str, str], ways: tuple[str, str], statements: tuple[tuple[str, ...], tuple[str, ...]]
    ) -> None:
        self.table_name, self.column_name = subject
        self.ways = ways
        self.statements = statements

    def reverse(self) -> NumberingOp:
        """Let it count as before."""
        (old, new), (up, down) = self.ways, self.statements
        return NumberingOp((self.table_name, self.column_name), (new, old), (down, up))

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return Alembic's short form of a difference."""
        return ("modify_numbering", self.table_name, self.column_name, *self.ways)


def compare(context: AutogenContext, modified: ops.ModifyTableOps, existing: Table, wanted: Table) -> None:
    """Add what lets each key count as its model says."""
    database, dialect, connection = decisions.of(context).database, context.dialect, context.connection
    if database is None or dialect is None or connection is None or modified.schema is not None:
        return
    for column in wanted.primary_key.columns:
        old = existing.columns.get(column.name)
        if old is None or not old.primary_key or {family(old.type), family(column.type)} != {"integer"}:
            continue
        there = database.numbering(connection, str(wanted.name), column.name)
        mine = _wanted(column, has_identities=bool(getattr(dialect, "supports_identity_columns", False)))
        if there is None or there == mine or (mine == "counts" and there != "none") or there == "other":
            continue
        quote = dialect.identifier_preparer.quote
        # this stands after a change of type and before its way back; without transactions the proof refuses the two
        kind = column.type if database.transactional_ddl else old.type
        spelled = kind.compile(dialect=dialect), column.comment
        with single_percents(context.migration_context):
            names = (str(wanted.name), column.name, quote(str(wanted.name)), quote(column.name))
            up, down = (
                tuple(database.numbering_statements(connection, names, spelled, *way))
                for way in ((there, mine), (mine, there))
            )
        modified.ops.append(NumberingOp(names[:2], (there, mine), (up, down)))


def _wanted(column: Column[Any], *, has_identities: bool) -> Numbering:
    if column.identity is not None and has_identities:
        return "always" if column.identity.always else "by default"
    if column.server_default is not None and column.identity is None:
        return "none"
    is_counter = column.table._autoincrement_column is column or column.autoincrement is True
    return "counts" if is_counter else "none"


def in_words(way: str) -> str:
    """Say how a column counts."""
    words = {"none": "counts no longer", "counts": "counts by itself"}
    return words.get(way, f"an identity, {way}")


@renderers.dispatch_for(NumberingOp)
def _render(context: AutogenContext, operation: NumberingOp) -> list[str]:
    return [f"op.execute({as_text(statement)!r})" for statement in operation.statements[0]]
