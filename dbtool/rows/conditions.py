"""Which rows: conditions as people type them and as a grid sends them, as expressions with bound values."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, ForeignKeyConstraint, Table, and_, false, not_, or_, select

from dbtool.errors import ConditionError
from dbtool.rows.codec import expected, kind_of, parse
from dbtool.rows.comparisons import compared, contains
from dbtool.rows.find import find_column_or_reference
from dbtool.rows.labels import NULL, label, locate
from dbtool.rows.operators import ANY_NUMBER, OPERATORS, SAME, SEVERAL
from dbtool.tables import target_of

_CONDITION = re.compile(r"(?P<name>[^=!<>~]+?)\s*(?P<operator>!=|<=|>=|=|<|>|~)(?P<value>.*)", re.DOTALL)
_SIGNS = {"=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "~": "contains"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as it was typed, in its parts."""

    name: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition in parts: a column or relation, the id of an operator, and as many values as it takes."""

    column: str
    operator: str
    values: tuple[str, ...] = ()


def read_condition(text: str) -> Condition:
    """Split a condition at its operator. Raises ConditionError when there is none."""
    found = _CONDITION.fullmatch(text)
    if not found:
        raise ConditionError(
            f"`{text}` is no condition", hint="--where column=value; also != < <= > >= and ~ for a part of a text"
        )
    name, operator, value = found.group("name", "operator", "value")
    return Condition(name.strip(), operator, value.removeprefix(" "))


def typed_clause(connection: Connection, table: Table, condition: Condition, zone: tzinfo) -> ColumnElement[bool]:
    """Return a typed condition as an expression; `null` means NULL, a value of a relation its natural key.

    Raises ColumnNotFoundError, ConditionError and RecordNotFoundError.
    """
    check_text(condition.value)
    try:
        return _clause(connection, table, _as_filter(condition), zone)
    except _UnfitError as error:
        sign = next(sign for sign, operator in _SIGNS.items() if operator == error.operator)
        hint = f"--where {shlex.quote(f'{error.column}{sign}{error.example}')}{error.also}"
        raise ConditionError(str(error), hint=hint) from error


def filter_clause(connection: Connection, table: Table, wanted: Filter, zone: tzinfo) -> ColumnElement[bool]:
    """Return a filter as an expression; a value of a relation is its natural key.

    As in SQL, a comparison with a value is true of no NULL, `not_in` and `not_contains` included. Raises
    ColumnNotFoundError, ConditionError and RecordNotFoundError.
    """
    check_text(*wanted.values)
    operator = OPERATORS.get(wanted.operator)
    if operator is None:
        raise ConditionError(f"there is no operator `{wanted.operator}`", hint=f"one of {', '.join(OPERATORS)}")
    if operator.values not in (ANY_NUMBER, len(wanted.values)):
        raise ConditionError(
            f"`{operator.label}` takes {operator.values} values, not {len(wanted.values)}",
            hint=f"give {operator.values}",
        )
    try:
        return _clause(connection, table, wanted, zone)
    except _UnfitError as error:
        hint = f"{error.column} {OPERATORS[error.operator].label} {error.example}"
        raise ConditionError(str(error), hint=hint) from error


def search_clause(table: Table, text: str) -> ColumnElement[bool] | None:
    """Look for a text in every column that holds text, and for a primary key that it is; None where it is empty."""
    check_text(text)
    if not text:
        return None
    searched = [contains(column, text) for column in table.columns if kind_of(column.type) in ("text", "enum", "uuid")]
    (*primary,) = table.primary_key.columns
    if len(primary) == 1 and kind_of(primary[0].type) == "integer" and re.fullmatch(r"\d{1,18}", text):
        searched.append(primary[0] == int(text))
    return or_(false(), *searched)


def check_text(*texts: str) -> None:
    """Raise ConditionError for a text that no database takes: half of a surrogate pair."""
    try:
        for text in texts:
            text.encode()
    except UnicodeEncodeError as error:
        raise ConditionError("this text is no Unicode", hint="type it anew") from error


def misfit(column: Column[Any], text: str) -> ConditionError:
    """Return what is wrong with a text that is no value of a column."""
    words, example = expected(column.type)
    message = f"`{text[:100]}` does not fit `{column.name}`, which holds {words}"
    return ConditionError(message, hint=f"type it like {example}")


def _as_filter(condition: Condition) -> Filter:
    if condition.value == NULL and condition.operator in ("=", "!="):
        return Filter(condition.name, "null" if condition.operator == "=" else "not_null")
    return Filter(condition.name, _SIGNS[condition.operator], (condition.value,))


def _clause(connection: Connection, table: Table, wanted: Filter, zone: tzinfo) -> ColumnElement[bool]:
    found = find_column_or_reference(table, wanted.column)
    if isinstance(found, ForeignKeyConstraint):
        return _on_reference(connection, found, wanted, zone)
    return _on_column(connection, found, wanted, zone)


class _UnfitError(Exception):
    """A value does not fit; `example` is what would, with `operator` where the wanted one is no good."""

    def __init__(self, message: str, column: str, operator: str, example: str, also: str = "") -> None:
        super().__init__(message)
        self.column = column
        self.operator = operator
        self.example = example
        self.also = also


# A column


def _on_column(connection: Connection, column: Column[Any], wanted: Filter, zone: tzinfo) -> ColumnElement[bool]:
    """Compare a column; what does not fit a foreign key of its own is taken for a natural key."""
    key = next((key for key in column.table.foreign_key_constraints if list(key.columns) == [column]), None)
    try:
        return compared(column, wanted.operator, wanted.values, zone)
    except ValueError as error:
        if key is not None and wanted.operator in (*SAME, *SEVERAL):
            return _on_reference(connection, key, wanted, zone)
        raise _unfit(column, wanted, zone) from error


def _unfit(column: Column[Any], wanted: Filter, zone: tzinfo) -> _UnfitError:
    if kind_of(column.type) == "json":
        return _UnfitError(
            f"`{column.name}` holds JSON, which is only searched", column.name, "contains", wanted.values[0]
        )
    words, example = expected(column.type)
    wrong = next((text for text in wanted.values if not _fits(column, text, zone)), "")
    message = f"`{wrong}` does not fit `{column.table.name}.{column.name}`, which holds {words}"
    return _UnfitError(message, column.name, wanted.operator, example)


def _fits(column: Column[Any], text: str, zone: tzinfo) -> bool:
    try:
        parse(text, column.type, zone)
    except ValueError:
        return False
    return True


# A relation


def _on_reference(
    connection: Connection, key: ForeignKeyConstraint, wanted: Filter, zone: tzinfo
) -> ColumnElement[bool]:
    """Compare the natural key of the row that a foreign key points at."""
    local = list(key.columns)
    match wanted.operator:
        case "null":
            return or_(*(column.is_(None) for column in local))
        case "not_null":
            return and_(*(column.is_not(None) for column in local))
        case "eq" | "in":
            return or_(false(), *(_points_at(connection, key, text, zone) for text in wanted.values))
        case "ne" | "not_in":
            return not_(or_(false(), *(_points_at(connection, key, text, zone) for text in wanted.values)))
        case "contains":
            return _label_contains(key, wanted.values[0])
        case "not_contains":
            return and_(*(column.is_not(None) for column in local), not_(_label_contains(key, wanted.values[0])))
    raise _UnfitError(
        f"`{wanted.column}` is a relation, which is neither less nor greater",
        local[0].name,
        wanted.operator,
        wanted.values[0] if wanted.values else "",
        ", or = != ~",
    )


def _points_at(connection: Connection, key: ForeignKeyConstraint, text: str, zone: tzinfo) -> ColumnElement[bool]:
    target, remote = target_of(key)
    found = locate(connection, target, text, remote, zone)
    return and_(*(column == value for column, value in zip(key.columns, found, strict=True)))


def _label_contains(key: ForeignKeyConstraint, text: str) -> ColumnElement[bool]:
    target, remote = target_of(key)
    named = label(target)
    joined = [column == named.table.c[there.name] for column, there in zip(key.columns, remote, strict=True)]
    found = or_(false(), *(contains(part, text) for part in named.parts))
    return select(1).select_from(named.source).where(*joined, found).correlate(key.table).exists()
