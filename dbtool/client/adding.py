"""Counting and adding up: all rows that match, or groups of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, select, true

from dbtool.client.aggregates import Aggregate, Group
from dbtool.client.query import Figures, Given, Query
from dbtool.client.reading import root
from dbtool.client.refusals import check_keys, unknown_key
from dbtool.client.shape import Shape
from dbtool.client.where import COMPARISONS, condition
from dbtool.client.work import Work
from dbtool.errors import InvalidDataError
from dbtool.tables import python_type

_FUNCTIONS: Mapping[str, Any] = {"sum": func.sum, "avg": func.avg, "min": func.min, "max": func.max}


def count(work: Work, model: type[Any], where: Given) -> int:
    """Return how many rows match."""
    statement = _where(work, model, select(func.count()).select_from(model), where)
    return int(work.connection.execute(statement).scalar() or 0)


def aggregate(work: Work, model: type[Any], where: Given, figures: Figures) -> Aggregate[Any, Any]:
    """Return the figures of the rows that match."""
    shape = work.shape(model)
    wanted = _wanted(shape, figures)
    statement = select(func.count(), *(_figure(shape, *each) for each in wanted)).select_from(model)
    row = work.connection.execute(_where(work, model, statement, where)).one()
    return Aggregate(int(row[0]), **_mappings(shape, wanted, row[1:]))


def group_by(
    work: Work, model: type[Any], by: Sequence[str], query: Query, figures: Figures, having: Given
) -> list[Group[Any, Any]]:
    """Return the figures of each group."""
    shape = work.shape(model)
    _check_columns(shape, by, "by")
    if not by:
        raise InvalidDataError("`by` names no column", hint="aggregate(...)")
    wanted = _wanted(shape, figures)
    columns = [shape.attributes[name] for name in by]
    statement = select(*columns, func.count(), *(_figure(shape, *each) for each in wanted)).select_from(model)
    statement = _where(work, model, statement, query.where).group_by(*columns)
    said = _having(shape, having or {})
    statement = statement if said is None else statement.having(said)
    statement = statement.order_by(*_order(shape, by, query.order_by or {}))
    if query.take is not None or query.skip:
        statement = statement.limit(2**62 if query.take is None else query.take).offset(query.skip)
    width = len(by)
    return [
        Group(int(row[width]), **_mappings(shape, wanted, row[width + 1 :]), by=dict(zip(by, row[:width], strict=True)))
        for row in work.connection.execute(statement)
    ]


def _where(work: Work, model: type[Any], statement: Any, where: Given) -> Any:
    said = condition(root(work, model), where)
    return statement if said is None else statement.where(said)


def _wanted(shape: Shape, figures: Figures) -> list[tuple[str, str]]:
    """Return each function with its column, in the order of the functions."""
    found = []
    for function in _FUNCTIONS:
        names = getattr(figures, function)
        _check_columns(shape, names, function)
        found += [(function, name) for name in names]
    return found


def _figure(shape: Shape, function: str, name: str) -> Any:
    return _FUNCTIONS[function](shape.attributes[name])


def _mappings(shape: Shape, wanted: Sequence[tuple[str, str]], values: Sequence[Any]) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {function: {} for function in _FUNCTIONS}
    for (function, name), value in zip(wanted, values, strict=True):
        found[function][name] = _told(function, python_type(shape.columns[name]), value)
    return found


def _told(function: str, kind: Any, value: Any) -> Any:
    """Return a figure in the same type on every database: sums of integers are integers, averages are not."""
    if value is None or function in ("min", "max"):
        return value
    if kind is Decimal:
        return value if isinstance(value, Decimal) else Decimal(str(value))
    if function == "avg":
        return float(value)
    return int(value) if kind in (int, bool) else value


def _having(shape: Shape, having: Mapping[str, Any]) -> Any:
    check_keys(having, ("count", *_FUNCTIONS), f"{shape.name}'s having", "having")
    parts = []
    for function, given in having.items():
        if function == "count":
            parts += _compared(func.count(), given, "having.count")
            continue
        _check_columns(shape, given, f"having.{function}")
        for name, wanted in given.items():
            parts += _compared(_figure(shape, function, name), wanted, f"having.{function}.{name}")
    return and_(true(), *parts) if parts else None


def _compared(figure: Any, wanted: Any, path: str) -> list[Any]:
    if not isinstance(wanted, Mapping):
        return [figure.is_(None) if wanted is None else figure == wanted]
    known: Mapping[str, Callable[[Any, Any], Any]] = {
        "equals": lambda left, right: left == right,
        "not": lambda left, right: left != right,
        **COMPARISONS,
    }
    check_keys(wanted, known, "the filter of a figure", path)
    return [known[key](figure, value) for key, value in wanted.items()]


def _order(shape: Shape, by: Sequence[str], order_by: Mapping[str, Any]) -> list[Any]:
    found = []
    for name, direction in order_by.items():
        if name not in by and name != "count":
            raise unknown_key(name, "the order of these groups", "order_by", [*by, "count"])
        if direction not in ("asc", "desc"):
            raise InvalidDataError(f"`order_by.{name}` is `asc` or `desc`, not {direction!r}")
        column = func.count() if name == "count" and name not in by else shape.attributes[name]
        found.append(column.desc() if direction == "desc" else column.asc())
    return [*found, *(shape.attributes[name].asc() for name in by if name not in order_by)]


def _check_columns(shape: Shape, names: Any, path: str) -> None:
    for name in names:
        if name not in shape.columns:
            raise unknown_key(name, f"{shape.name}'s columns", path, shape.columns)
