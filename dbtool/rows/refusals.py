"""What a database has against a change, told of the cell that it is about."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table
from sqlalchemy.exc import StatementError

from dbtool.database.base import Refusal
from dbtool.rows.changes import Delete, Insert, Problem, Step
from dbtool.tables import foreign_keys


def problem_of(step: Step, error: StatementError) -> Problem:
    """Return what the database has against a change. Raises what is about no row."""
    original = error.orig or error
    meaning = step.sheet.database.translate(original)
    if meaning is not None:
        raise meaning from error
    refusal = step.sheet.database.refusal(original)
    if refusal is None:
        refusal = Refusal("other", str(original).strip().splitlines()[0] if str(original).strip() else "refused")
    column = _column_of(step, refusal)
    return Problem(step.index, column, _words(step, refusal, column))


def _column_of(step: Step, refusal: Refusal) -> str | None:
    """Return the column that a refusal is about: the named one, else the one of the constraint that was given."""
    table = step.sheet.table
    names = [name for name in refusal.columns if name in table.columns]
    if not names and refusal.constraint:
        names = _of_constraint(table, refusal.constraint)
    if not names and refusal.rule == "reference":
        names = [column.name for key in foreign_keys(table) for column in key.columns]
        if len([name for name in names if name in step.values or name in step.links]) > 1:
            return None
    given = [name for name in names if name in step.values or name in step.links]
    if isinstance(step.change, Delete):
        return None
    if isinstance(step.change, Insert) and refusal.rule == "null" and names:
        return names[0]
    return given[0] if given else None


def _of_constraint(table: Table, name: str) -> list[str]:
    if name == "PRIMARY":
        return [column.name for column in table.primary_key.columns]
    rules: tuple[Any, ...] = (*table.constraints, *table.indexes)
    for rule in rules:
        if rule.name == name:
            found = [column.name for column in rule.columns]
            return found or [
                column.name for column in table.columns if column.name in str(getattr(rule, "sqltext", ""))
            ]
    return [name] if name in table.columns else []  # MariaDB calls an unnamed unique index by its first column


def _words(step: Step, refusal: Refusal, column: str | None) -> str:
    match refusal.rule:
        case "null":
            return refusal.meaning if column else refusal.words
        case "unique":
            return f"{refusal.meaning}: {refusal.words}"
        case "reference" if isinstance(step.change, Delete):
            return f"other rows point at this one: {refusal.words}"
        case "reference":
            return f"points at a row that is not there: {refusal.words}"
    return refusal.words
