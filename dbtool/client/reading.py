"""Reading rows as the user's own objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, select

from dbtool.client import order
from dbtool.client.including import include_in
from dbtool.client.parameters import M
from dbtool.client.query import Query
from dbtool.client.refusals import unknown_key
from dbtool.client.shape import Shape
from dbtool.client.unique import found_by, not_found
from dbtool.client.where import Place, condition
from dbtool.client.work import Work
from dbtool.errors import InvalidDataError


def find_unique(work: Work, model: type[M], query: Query) -> M | None:
    """Return the one row that a unique key means, or None."""
    place = root(work, model)
    statement = place.shape.selected.where(found_by(place, query.where))
    found = _objects(work, place.shape, statement, query.include)
    return found[0] if found else None


def find_unique_or_raise(work: Work, model: type[M], query: Query) -> M:
    """Return the one row that a unique key means. Raises RecordNotFoundError."""
    found = find_unique(work, model, query)
    if found is None:
        raise not_found(model.__name__, query.where)
    return found


def find_first(work: Work, model: type[M], query: Query) -> M | None:
    """Return the first row that matches, or None."""
    query.take = 1
    found = find_many(work, model, query)
    return found[0] if found else None


def find_first_or_raise(work: Work, model: type[M], query: Query) -> M:
    """Return the first row that matches. Raises RecordNotFoundError."""
    found = find_first(work, model, query)
    if found is None:
        raise not_found(model.__name__, query.where)
    return found


def find_many(work: Work, model: type[M], query: Query) -> list[M]:
    """Return the rows that match, in order."""
    place = root(work, model)
    statement = narrowed(work, place, place.shape.selected, query)
    found = _objects(work, place.shape, statement, query.include)
    if query.take is not None and query.take < 0:
        found.reverse()
    return found


def by_key(work: Work, shape: Shape, key: Mapping[str, Any], include: Mapping[str, Any] | None) -> Any:
    """Return the row with this primary key, which is there."""
    statement = shape.selected.where(*(shape.attributes[name] == value for name, value in key.items()))
    found = _objects(work, shape, statement, include)
    if not found:
        raise not_found(shape.name, dict(key))
    return found[0]


def root(work: Work, model: type[Any], path: str = "where") -> Place:
    """Return the place where a statement about a model begins."""
    return Place(work.opened.shapes, work.shape(model), model, path)


def narrowed(work: Work, place: Place, statement: Select[Any], query: Query) -> Select[Any]:
    """Return a statement of a model's rows with the conditions, the order and the limits of a query."""
    backwards = query.take is not None and query.take < 0
    wanted = order.steps(_called(place, "order_by"), query.order_by, backwards=backwards)
    conditions = [condition(place, query.where)] if query.where is not None else []
    if query.cursor is not None:
        cursor = query.cursor
        conditions.append(
            order.after(
                _called(place, "cursor"),
                wanted,
                lambda there: found_by(there, cursor),
                nulls_first=work.database.nulls_first,
            )
        )
    bare = statement
    for each in conditions:
        statement = statement if each is None else statement.where(each)
    if query.distinct:
        statement = bare.where(_is_first(place, statement, query.distinct, wanted))
    is_usual = not query.order_by and not backwards
    statement = statement.order_by(*(place.shape.by_key if is_usual else order.ordered(place, wanted)))
    return _limited(statement, query)


def _limited(statement: Select[Any], query: Query) -> Select[Any]:
    if query.skip < 0:
        raise InvalidDataError("`skip` must not be negative", hint="a negative `take` counts from the end")
    if query.take is not None:
        statement = statement.limit(abs(query.take))
    elif query.skip:
        statement = statement.limit(2**62)  # MariaDB knows no OFFSET without a LIMIT
    return statement.offset(query.skip) if query.skip else statement


def _is_first(place: Place, statement: Select[Any], distinct: Sequence[str], wanted: Sequence[order.Step]) -> Any:
    """Return the condition of the first row of each combination of values, in the order asked for."""
    shape = place.shape
    for name in distinct:
        if name not in shape.columns:
            raise unknown_key(name, f"{shape.name}'s distinct", "distinct", shape.columns)
    number = func.row_number().over(
        partition_by=[shape.attributes[name] for name in distinct], order_by=order.ordered(place, wanted)
    )
    keys = [shape.attributes[name] for name in shape.primary]
    ranked = statement.with_only_columns(*keys, number, maintain_column_froms=True).subquery()
    *columns, position = ranked.c
    same = [attribute == column for attribute, column in zip(keys, columns, strict=True)]
    return select(ranked).where(*same, position == 1).correlate(shape.model).exists()


def _called(place: Place, path: str) -> Place:
    return Place(place.shapes, place.shape, place.entity, path, place.depth)


def _objects(work: Work, shape: Shape, statement: Select[Any], include: Mapping[str, Any] | None) -> list[Any]:
    found = list(work.session.scalars(statement).all())
    work.let_go()
    if include:
        include_in(work, shape, found, include, "include")
    return found
