"""Compare what the database fills in where no value is given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from alembic.util import PriorityDispatchResult
from sqlalchemy import Computed, Identity, Sequence
from sqlalchemy.schema import DefaultClause

from dbtool.engine.diff import decisions, probe

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Column

_CAST = re.compile(r"::[a-z_ ]+(\(\d+\))?(\[\])?", re.IGNORECASE)
_ON_UPDATE = re.compile(r"\s+on update .*", re.IGNORECASE | re.DOTALL)


def compare(
    context: AutogenContext,
    altered: ops.AlterColumnOp,
    schema: str | None,
    table: str,
    name: str,
    existing: Column[Any],
    wanted: Column[Any],
) -> PriorityDispatchResult:
    """Compare the defaults of a column in Alembic's place; numbering and computed columns are left to others."""
    _note_numbering(altered, wanted)
    altered.existing_server_default = existing.server_default
    defaults = [existing.server_default, wanted.server_default]
    if any(isinstance(each, Computed) for each in defaults):
        return PriorityDispatchResult.STOP  # compared with the table
    if any(isinstance(each, Identity | Sequence) for each in defaults):
        ways = [bool(each.identity.always) for each in (existing, wanted) if each.identity is not None]
        alike = len(ways) == 2 and ways[0] == ways[1]  # others are compared with the table
        return PriorityDispatchResult.CONTINUE if alike else PriorityDispatchResult.STOP
    if _differ(context, existing, wanted):
        altered.modify_server_default = wanted.server_default
    return PriorityDispatchResult.STOP


def _note_numbering(altered: ops.AlterColumnOp, wanted: Column[Any]) -> None:
    """Say what MariaDB must be told again of a column that it changes."""
    if wanted.table._autoincrement_column is wanted or wanted.autoincrement is True:
        altered.kw["autoincrement"] = True
    elif wanted.autoincrement is False:
        altered.kw["autoincrement"] = False


def _differ(context: AutogenContext, existing: Column[Any], wanted: Column[Any]) -> bool:
    if wanted.server_default is not None and not isinstance(wanted.server_default, DefaultClause):
        return False  # filled in by something that the model does not say
    there, mine = _text(context, existing.server_default), _text(context, wanted.server_default)
    if _numbers_itself(existing, wanted) or _plain(there, mine) == _plain(mine, mine):
        return False
    probed = probe.of(context.migration_context, wanted.table)
    if probed.error:
        note = f"the default of {wanted.table.name}.{wanted.name} cannot be compared: {probed.error}"
        decisions.of(context).notes.append(note)
        return False
    made = probed.columns[wanted.name].get("default")
    return _kept(there, mine) != _kept(made, mine)


def _text(context: AutogenContext, default: Any) -> str | None:
    if default is None:
        return None
    if isinstance(default.arg, str):
        return "'" + default.arg.replace("'", "''") + "'"
    if hasattr(default.arg, "text"):
        return str(default.arg.text)
    return str(default.arg.compile(dialect=context.dialect, compile_kwargs={"literal_binds": True}))


def _numbers_itself(existing: Column[Any], wanted: Column[Any]) -> bool:
    is_counter = wanted.table._autoincrement_column is wanted or wanted.autoincrement is True
    return wanted.server_default is None and is_counter


def _plain(text: str | None, wanted: str | None) -> str | None:
    """Reduce a default to what is left when quotes, casts, brackets and case do not count; enough to say equal."""
    kept = _kept(text, wanted)
    if kept is None:
        return None
    bare = _CAST.sub("", kept).strip()
    while bare.startswith("(") and bare.endswith(")"):
        bare = bare[1:-1].strip()
    if bare.startswith("'") and bare.endswith("'") and len(bare) > 1:
        return bare[1:-1]
    return bare.lower().replace("current_timestamp()", "current_timestamp")


def _kept(text: str | None, wanted: str | None) -> str | None:
    """Leave out what MariaDB adds: a NULL that nobody wrote, and ON UPDATE, which no model can say."""
    if text is None or text.upper() == "NULL":
        return None
    return text if wanted and _ON_UPDATE.search(wanted) else _ON_UPDATE.sub("", text)
