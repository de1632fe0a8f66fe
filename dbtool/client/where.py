"""Conditions: a dictionary of what rows must be like, as SQL.

Relations are looked through by EXISTS, so that no row is found twice. NULL compares as SQL does it: `not` and `not_in`
leave rows without a value out. `every` is strict: a row whose condition is unknown does not satisfy it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, false, func, not_, null, or_, true

from dbtool.client.refusals import unknown_key
from dbtool.database.json_values import same_json
from dbtool.errors import InvalidDataError
from dbtool.tables import sql_type

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from dbtool.client.shape import Relation, Shape, Shapes

Condition = Any  # ColumnElement[bool]

COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
}
_TEXT = {
    "contains": ("contains", "icontains"),
    "starts_with": ("startswith", "istartswith"),
    "ends_with": ("endswith", "iendswith"),
}
_ANY = ("equals", "not", "in", "not_in")
_JSON = ("equals", "not")
_JOINTS = ("AND", "OR", "NOT")
_MANY = ("some", "every", "none")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a condition stands: the model, the name it goes by in SQL, and the keys that lead there."""

    shapes: Shapes
    shape: Shape
    entity: Any
    path: str
    depth: int = 0

    def at(self, key: object) -> Place:
        """Return the same place, one key further."""
        return Place(self.shapes, self.shape, self.entity, f"{self.path}.{key}", self.depth)

    def through(self, relation: Relation, key: str = "") -> Place:
        """Return the place behind a relation, where the target has a name of its own."""
        depth = self.depth + 1
        path = f"{self.path}.{relation.name}" + (f".{key}" if key else "")
        entity = self.shapes.alias(relation.model, depth)
        return Place(self.shapes, self.shapes.of(relation.model), entity, path, depth)


def condition(place: Place, where: Mapping[str, Any] | None) -> Condition | None:
    """Return what `where` says, or None where it says nothing. Raises UnknownKeyError and InvalidDataError."""
    found = _parts(place, where)
    if not found:
        return None
    return found[0] if len(found) == 1 else and_(*found)


def looks_through_relations(shape: Shape, where: Mapping[str, Any] | None) -> bool:
    """Whether a condition is about other rows too."""
    for key, value in (where or {}).items():
        if key in shape.relations:
            return True
        if key in _JOINTS and any(looks_through_relations(shape, each) for each in _listed(value)):
            return True
    return False


def column_condition(place: Place, name: str, value: Any) -> Condition:
    """Return what a value or a filter says of a column."""
    column = getattr(place.entity, name)
    if name in place.shape.enums:
        value = _members(place.at(name), place.shape.enums[name], value)
    if isinstance(value, Mapping):
        return _filtered(place.at(name), name, column, value)
    return _equal(place, name, column, value)


def _parts(place: Place, where: Mapping[str, Any] | None) -> list[Condition]:
    if where is None:
        return []
    if not isinstance(where, Mapping):
        raise InvalidDataError(f"`{place.path}` must be a dictionary, not {type(where).__name__}")
    return [_part(place, key, value) for key, value in where.items()]


def _part(place: Place, key: str, value: Any) -> Condition:
    if key in place.shape.columns:
        return column_condition(place, key, value)
    relation = place.shape.relations.get(key)
    if relation is not None:
        return _many(place, relation, value) if relation.many else _one(place, relation, value)
    match key:
        case "AND":
            return and_(true(), *(_whole(place.at(key), each) for each in _listed(value)))
        case "OR":
            return or_(false(), *(_whole(place.at(key), each) for each in _listed(value)))
        case "NOT":
            return and_(true(), *(not_(_whole(place.at(key), each)) for each in _listed(value)))
    valid = [*place.shape.columns, *place.shape.relations, *_JOINTS]
    raise unknown_key(key, f"{place.shape.name}'s where", place.path, valid)


def _whole(place: Place, where: Mapping[str, Any]) -> Condition:
    found = condition(place, where)
    return true() if found is None else found


def _listed(value: Any) -> Sequence[Any]:
    return [value] if isinstance(value, Mapping) else list(value)


# Relations


def _many(place: Place, relation: Relation, value: Any) -> Condition:
    if not isinstance(value, Mapping):
        raise InvalidDataError(
            f"`{place.path}.{relation.name}` must be a dictionary with one of {', '.join(_MANY)}",
            hint=f'{{"{relation.name}": {{"some": {{...}}}}}}',
        )
    parts = []
    for key, where in value.items():
        if key not in _MANY:
            raise unknown_key(
                key, f"the filter of {place.shape.name}.{relation.name}", f"{place.path}.{relation.name}", _MANY
            )
        inner = condition(place.through(relation, key), where)
        match key:
            case "some":
                parts.append(_exists(place, relation, inner))
            case "none":
                parts.append(not_(_exists(place, relation, inner)))
            case "every" if inner is not None:
                parts.append(not_(_exists(place, relation, _is_not_true(inner))))
    return and_(true(), *parts)


def _one(place: Place, relation: Relation, value: Any) -> Condition:
    if value is None:
        return not_(_exists(place, relation, None))
    if not isinstance(value, Mapping):
        raise InvalidDataError(f"`{place.path}.{relation.name}` must be a dictionary or None")
    parts: list[Condition] = []
    direct = {key: each for key, each in value.items() if key not in ("is", "is_not")}
    if direct or not value:
        parts.append(_exists(place, relation, condition(place.through(relation), direct)))
    if "is" in value:
        parts.append(_is(place, relation, value["is"], "is"))
    if "is_not" in value:
        parts.append(not_(_is(place, relation, value["is_not"], "is_not")))
    return and_(*parts)


def _is(place: Place, relation: Relation, where: Any, key: str) -> Condition:
    if where is None:
        return not_(_exists(place, relation, None))
    return _exists(place, relation, condition(place.through(relation, key), where))


def _exists(place: Place, relation: Relation, inner: Condition | None) -> Condition:
    target = place.shapes.alias(relation.model, place.depth + 1)
    attribute = getattr(place.entity, relation.name).of_type(target)
    found = attribute.any if relation.many else attribute.has
    return found(inner) if inner is not None else found()


def _is_not_true(inner: ColumnElement[bool]) -> Condition:
    return func.coalesce(inner, false()).is_(false())


# Columns


def _filtered(place: Place, name: str, column: Any, given: Mapping[str, Any]) -> Condition:
    shape = place.shape
    is_text = _is_text(shape, name)
    lowered = _mode(place, given, is_text)
    parts: list[Condition] = []
    for key, value in given.items():
        if shape.is_json(name) and key not in _JSON:
            raise unknown_key(key, f"the filter of {shape.name}.{name}", place.path, _JSON)
        if key == "mode" and is_text:
            continue
        if key in _TEXT and is_text:
            parts.append(getattr(column, _TEXT[key][lowered])(value, autoescape=True))
        elif key in COMPARISONS:
            parts.append(COMPARISONS[key](*_both(lowered, column, value)))
        else:
            parts.append(_compared(place, name, column, key, value, lowered=lowered))
    return and_(true(), *parts)


def _compared(place: Place, name: str, column: Any, key: str, value: Any, *, lowered: bool) -> Condition:
    match key:
        case "equals":
            return _equal(place, name, column, value, lowered=lowered)
        case "not" if isinstance(value, Mapping) and not place.shape.is_json(name):
            return not_(
                _filtered(place.at(key), name, column, {**value, **({"mode": "insensitive"} if lowered else {})})
            )
        case "not" if value is None:
            return column.is_not(null())
        case "not":
            return not_(_equal(place, name, column, value, lowered=lowered))
        case "in":
            return _one_of(column, list(value), lowered=lowered)
        case "not_in":
            return not_(_one_of(column, list(value), lowered=lowered))
    valid = [*_ANY, *COMPARISONS, *((*_TEXT, "mode") if _is_text(place.shape, name) else ())]
    raise unknown_key(key, f"the filter of {place.shape.name}.{name}", place.path, valid)


def _equal(place: Place, name: str, column: Any, value: Any, *, lowered: bool = False) -> Condition:
    if value is None:
        return column.is_(null())
    if place.shape.is_json(name):
        return same_json(column, value)
    left, right = _both(lowered, column, value)
    return left == right


def _one_of(column: Any, values: list[Any], *, lowered: bool) -> Condition:
    held = [value for value in values if value is not None]
    found = func.lower(column).in_([func.lower(value) for value in held]) if lowered else column.in_(held)
    return or_(found, column.is_(null())) if len(held) < len(values) else found


def _both(lowered: bool, column: Any, value: Any) -> tuple[Any, Any]:
    return (func.lower(column), func.lower(value)) if lowered else (column, value)


def _mode(place: Place, given: Mapping[str, Any], is_text: bool) -> bool:
    mode = given.get("mode") if is_text else None
    if mode not in (None, "default", "insensitive"):
        raise InvalidDataError(f"`{place.path}.mode` is `insensitive` or `default`, not {mode!r}")
    return mode == "insensitive"


def _members(place: Place, kind: type[Enum], value: Any) -> Any:
    """Return what a filter means by the values of an enum: its members, which the database may call otherwise."""
    if isinstance(value, Mapping):
        return {key: _members(place, kind, each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_members(place, kind, each) for each in value]
    if value is None or isinstance(value, kind):
        return value
    try:
        return kind(value)
    except ValueError as error:
        valid = ", ".join(repr(member.value) for member in kind)
        raise InvalidDataError(f"`{place.path}`: {value!r} is no {kind.__name__}; valid: {valid}") from error


def _is_text(shape: Shape, name: str) -> bool:
    from sqlalchemy import Enum, String

    kind = sql_type(shape.columns[name])
    return isinstance(kind, String) and not isinstance(kind, Enum)
