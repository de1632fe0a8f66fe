"""Compare CHECK constraints, which Alembic does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from sqlalchemy import CheckConstraint, Table

from dbtool.engine.diff import decisions, probe
from dbtool.engine.diff.names import default_name, final_name
from dbtool.engine.portrait import settled

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def compare(context: AutogenContext, modified: ops.ModifyTableOps, existing: Table, wanted: Table) -> None:
    """Add what has to be dropped and created, so that the checks of a table are those of its model."""
    there = _existing(context, existing)
    mine = probe.own_checks(wanted)
    if there or mine:
        modified.ops.extend(_changes(context, wanted, there, mine))


def _existing(context: AutogenContext, table: Table) -> dict[str, str]:
    """Return the texts of the checks that are there, by name; several without one are numbered by SQLite's order."""
    try:
        found = context.inspector.get_check_constraints(table.name, schema=table.schema)
    except NotImplementedError:
        return {}
    return {probe.check_key(each["name"], place): str(each["sqltext"]) for place, each in enumerate(found)}


def _changes(
    context: AutogenContext, wanted: Table, there: dict[str, str], mine: list[CheckConstraint]
) -> Iterator[ops.MigrateOperation]:
    left, missing = dict(there), []
    for each in mine:
        key = _match(left, final_name(each, context.dialect), _text(context, each))
        if key is _NONE:
            missing.append(each)
        else:
            left.pop(key)
    if left or missing:
        yield from _asked(context, wanted, there, left, missing)


_NONE: Any = object()


def _match(left: dict[str, str], name: str | None, text: str) -> Any:
    """Return the key of the check that is there and says the same; a name of the model's own must be the same too."""
    if name is not None:
        return name if name in left and _plain(left[name]) == _plain(text) else _NONE
    return next((key for key, other in left.items() if _plain(other) == _plain(text)), _NONE)


def _asked(
    context: AutogenContext,
    wanted: Table,
    there: dict[str, str],
    left: dict[str, str],
    missing: list[CheckConstraint],
) -> Iterator[ops.MigrateOperation]:
    """Let the database say what it makes of the model's checks, and change what is still different then.

    What it makes of types, such as an enum without a type of its own, counts as the model's too.
    """
    probed = probe.of(context.migration_context, wanted)
    if probed.error:
        decisions.of(context).notes.append(f"the checks of {wanted.name} cannot be compared: {probed.error}")
        return
    named = {name for each in missing if (name := final_name(each, context.dialect))}
    made = dict(probed.checks)
    matched = {key: text for key, text in there.items() if key not in left}
    for pool in (matched, left):
        for name, text in list(made.items()):
            key = _match(pool, name if name in named else None, text)
            if key is not _NONE:
                pool.pop(key)
                made.pop(name)
    yield from _dropped(context, wanted, left)
    yield from _created(context, wanted, made, missing, {str(key) for key in there if key not in left})


def _created(
    context: AutogenContext, wanted: Table, made: dict[str, str], missing: list[CheckConstraint], taken: set[str]
) -> Iterator[ops.MigrateOperation]:
    """Create what is left of what the database made: by the model's text, where it is one of the model's own."""
    unnamed = [each for each in missing if final_name(each, context.dialect) is None]
    by_name = {final_name(each, context.dialect): each for each in missing}
    for name, text in made.items():
        check = by_name.get(name)  # one without columns is false
        if check is None and unnamed:
            check = unnamed.pop(0)
        condition = _as_written(text) if check is None else _text(context, check)
        chosen = name if check is None or name in by_name else _free(wanted.name, taken)
        taken.add(chosen)
        yield ops.CreateCheckConstraintOp(chosen, wanted.name, condition, schema=wanted.schema)


def _dropped(context: AutogenContext, wanted: Table, left: dict[str, str]) -> Iterator[ops.DropConstraintOp]:
    for name, text in left.items():
        if probe.is_unnamed(name):
            decisions.of(context).notes.append(
                f"the check ({text}) of {wanted.name} has no name, so it cannot be dropped by one"
            )
            continue
        back = ops.CreateCheckConstraintOp(name, wanted.name, _as_written(text), schema=wanted.schema)
        yield ops.DropConstraintOp(name, wanted.name, type_="check", schema=wanted.schema, _reverse=back)


def _free(table: str, taken: set[str]) -> str:
    name = default_name(table, [], "check")
    number = 1
    while name in taken:
        number += 1
        name = default_name(table, [str(number)], "check")
    return name


def _text(context: AutogenContext, check: CheckConstraint) -> str:
    """Return the condition as SQL, with one percent sign where there is one."""
    text: str = context.migration_context.impl.render_ddl_sql_expr(check.sqltext)
    preparer: Any = context.migration_context.impl.dialect.identifier_preparer
    return text.replace("%%", "%") if preparer._double_percents else text


_LIST = re.compile(
    r"""("(?:[^"]|"")+"|\w+)::text = ANY \(ARRAY\[((?:'(?:[^']|'')*'::character varying(?:, )?)+)\]::text\[\]\)"""
)


def _as_written(text: str) -> str:
    """Write a list of texts as IN again: PostgreSQL makes something else of its own words than of those."""

    def listed(found: re.Match[str]) -> str:
        members = re.sub(r"('(?:[^']|'')*')::character varying", r"\1", found[2])
        return f"{found[1]} IN ({members})"

    return _LIST.sub(listed, text)


def _plain(text: str) -> str:
    """Reduce a condition to what is left when quotes of names, blanks and case do not count.

    Texts within quotes stay as they are, and brackets too. Enough to say equal; what is not is asked of the database.
    """
    parts = re.split(r"('(?:[^']|'')*')", settled(text))
    bare = [part if index % 2 else re.sub(r'[\s"`]+', "", part).lower() for index, part in enumerate(parts)]
    return "".join(bare)
