"""Which one row a unique key means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbtool.client.refusals import unknown_key
from dbtool.client.where import Condition, Place, condition
from dbtool.errors import InvalidDataError, RecordNotFoundError


def found_by(place: Place, where: Mapping[str, Any] | None) -> Condition:
    """Return the condition that finds one row. Raises UnknownKeyError, and InvalidDataError without a whole key."""
    if not isinstance(where, Mapping):
        raise InvalidDataError(f"`{place.path}` must be a dictionary with a unique key", hint=_hint(place))
    shape = place.shape
    for name in where:
        if name not in shape.columns and name not in shape.relations and name not in ("AND", "OR", "NOT"):
            raise unknown_key(name, f"{shape.name}'s unique keys", place.path, _names(place))
    given = {name for name, value in where.items() if value is not None and not isinstance(value, Mapping)}
    if not any(given.issuperset(key) for key in shape.keys):
        for name in where:
            if name not in _names(place):
                raise unknown_key(name, f"{shape.name}'s unique keys", place.path, _names(place))
        raise InvalidDataError(f"`{place.path}` holds no whole unique key of `{shape.name}`", hint=_hint(place))
    return condition(place, where)


def not_found(name: str, where: Any) -> RecordNotFoundError:
    """Return the error for a row that is not there."""
    return RecordNotFoundError(f"there is no `{name}` with {where}" if where else f"there is no such `{name}`")


def _hint(place: Place) -> str:
    return "one of " + ", ".join("{" + ", ".join(key) + "}" for key in place.shape.keys)


def _names(place: Place) -> list[str]:
    keyed = {name for key in place.shape.keys for name in key}
    return [name for name in place.shape.columns if name in keyed]
