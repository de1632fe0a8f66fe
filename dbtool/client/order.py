"""In which order rows come: as asked, and then by primary key, so that it is always one and the same.

NULLs stand where the database puts them: last of ascending rows on PostgreSQL, first elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.sql import ColumnElement

from dbtool.client.refusals import unknown_key
from dbtool.client.where import Place
from dbtool.errors import InvalidDataError

_DIRECTIONS = ("asc", "desc")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to order by: the relations that lead there, the column, and which way."""

    through: tuple[str, ...]
    name: str
    descending: bool

    def reversed(self) -> Step:
        """Return the same, the other way."""
        return Step(self.through, self.name, not self.descending)


def steps(place: Place, order_by: Mapping[str, Any] | None, *, backwards: bool = False) -> tuple[Step, ...]:
    """Return what to order by, the primary key last. Raises UnknownKeyError and InvalidDataError."""
    found = list(_steps(place, order_by or {}, ()))
    held = {step.name for step in found if not step.through}
    found += [Step((), name, False) for name in place.shape.primary if name not in held]
    return tuple(step.reversed() for step in found) if backwards else tuple(found)


def ordered(place: Place, wanted: Sequence[Step]) -> list[ColumnElement[Any]]:
    """Return the steps as SQL."""
    found = []
    for step in wanted:
        column = value(place, step)
        found.append(column.desc() if step.descending else column.asc())
    return found


def value(place: Place, step: Step) -> Any:
    """Return what a step orders by; through relations it is a subquery, so that no row is joined twice."""
    return _value(place, step.through, step.name)


def after(place: Place, wanted: Sequence[Step], unique: Any, *, nulls_first: bool) -> ColumnElement[bool]:
    """Return the condition of the rows from the one that `unique` finds, inclusive; `unique` takes a place.

    The database compares with that row's own values, so that none is rounded on its way here and back.
    """
    entity = place.shapes.alias(place.shape.model, -1)
    there = Place(place.shapes, place.shape, entity, place.path, place.depth + 1)
    row = unique(there)
    alternatives: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for step in wanted:
        mine = value(place, step)
        theirs = select(value(there, step)).where(row).scalar_subquery()
        may_be_null = bool(step.through) or bool(place.shape.columns[step.name].nullable)
        alternatives.append(and_(*equal, _beyond(mine, theirs, step, nulls_first, may_be_null)))
        equal.append(mine.is_not_distinct_from(theirs) if may_be_null else mine == theirs)
    found = or_(*alternatives, and_(*equal))
    return and_(select(entity).where(row).exists(), found)


def _beyond(mine: Any, theirs: Any, step: Step, nulls_first: bool, may_be_null: bool) -> ColumnElement[bool]:
    beyond = mine < theirs if step.descending else mine > theirs
    if not may_be_null:
        return beyond  # type: ignore[no-any-return]
    if nulls_first is not step.descending:  # NULL comes before every value
        return or_(beyond, and_(theirs.is_(None), mine.is_not(None)))
    return or_(beyond, and_(theirs.is_not(None), mine.is_(None)))


def _steps(place: Place, order_by: Mapping[str, Any], through: tuple[str, ...]) -> Any:
    if not isinstance(order_by, Mapping):
        raise InvalidDataError(f"`{place.path}` must be a dictionary such as {{'{place.shape.primary[0]}': 'asc'}}")
    for key, direction in order_by.items():
        relation = place.shape.relations.get(key)
        if key in place.shape.columns:
            if direction not in _DIRECTIONS:
                raise InvalidDataError(f"`{place.path}.{key}` is `asc` or `desc`, not {direction!r}")
            yield Step(through, key, direction == "desc")
        elif relation is not None and not relation.many:
            yield from _steps(place.through(relation), direction, (*through, key))
        else:
            single = [name for name, each in place.shape.relations.items() if not each.many]
            raise unknown_key(key, f"{place.shape.name}'s order_by", place.path, [*place.shape.columns, *single])


def _value(place: Place, through: tuple[str, ...], name: str) -> Any:
    if not through:
        return getattr(place.entity, name)
    relation = place.shape.relations[through[0]]
    inner = place.through(relation)
    joined = getattr(place.entity, relation.name).of_type(inner.entity)
    return select(_value(inner, through[1:], name)).where(joined).correlate_except(inner.entity).scalar_subquery()
