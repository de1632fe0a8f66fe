"""Reading through a view: its fields decide which columns and relations are read, and nothing else is.

A view is any Pydantic class. A field names a column, or a relation whose own view, or list of views, says what is
read of it. What a class needs is worked out once a client.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import AliasChoices, AliasPath, BaseModel, ValidationError
from sqlalchemy import select

from dbtool.client.including import KEYS, Included, chunks, is_null, related
from dbtool.client.parameters import V
from dbtool.client.query import Query
from dbtool.client.reading import narrowed, root
from dbtool.client.shape import Relation, Shape
from dbtool.client.unique import found_by, not_found
from dbtool.client.work import Work
from dbtool.errors import ViewError


@dataclass(frozen=True, slots=True)
class Part:
    """A relation that a view shows: under which key, and by which view."""

    key: str
    relation: Relation
    plan: Plan


@dataclass(frozen=True, slots=True)
class Plan:
    """What a view reads: columns under the keys that the class takes, further ones that relations need, relations."""

    shape: Shape
    keys: tuple[str, ...]
    names: tuple[str, ...]
    hidden: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def columns(self) -> list[Any]:
        """The columns to select: those of the view, then the hidden ones."""
        return [self.shape.attributes[name] for name in (*self.names, *self.hidden)]


def find_unique(work: Work, model: type[Any], view: type[V], query: Query) -> V | None:
    """Return the one row that a unique key means, or None."""
    plan = _plan(work, model, view)
    place = root(work, model)
    found = _found(work, plan, view, select(*plan.columns).where(found_by(place, query.where)))
    return found[0] if found else None


def find_unique_or_raise(work: Work, model: type[Any], view: type[V], query: Query) -> V:
    """Return the one row that a unique key means. Raises RecordNotFoundError."""
    found = find_unique(work, model, view, query)
    if found is None:
        raise not_found(model.__name__, query.where)
    return found


def find_first(work: Work, model: type[Any], view: type[V], query: Query) -> V | None:
    """Return the first row that matches, or None."""
    query.take = 1
    found = find_many(work, model, view, query)
    return found[0] if found else None


def find_first_or_raise(work: Work, model: type[Any], view: type[V], query: Query) -> V:
    """Return the first row that matches. Raises RecordNotFoundError."""
    found = find_first(work, model, view, query)
    if found is None:
        raise not_found(model.__name__, query.where)
    return found


def find_many(work: Work, model: type[Any], view: type[V], query: Query) -> list[V]:
    """Return the rows that match, in order."""
    plan = _plan(work, model, view)
    found = _found(work, plan, view, narrowed(work, root(work, model), select(*plan.columns), query))
    if query.take is not None and query.take < 0:
        found.reverse()
    return found


def _found(work: Work, plan: Plan, view: type[Any], statement: Any) -> list[Any]:
    rows = work.connection.execute(statement).all()
    validate = view.__pydantic_validator__.validate_python
    try:
        return [validate(values) for values in _values(work, plan, rows)]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ViewError(
            f"a row of `{plan.shape.name}` does not fit `{view.__name__}.{where}`: {first['msg']}"
        ) from error


def _values(work: Work, plan: Plan, rows: Sequence[Any]) -> Any:
    """Return each row as the dictionary that the view takes, its relations filled in."""
    keys = plan.keys
    if not plan.parts:
        return (dict(zip(keys, row, strict=False)) for row in rows)
    made = [dict(zip(keys, row, strict=False)) for row in rows]
    for part in plan.parts:
        _fill(work, plan, part, rows, made)
    return made


def _fill(work: Work, plan: Plan, part: Part, rows: Sequence[Any], made: Sequence[dict[str, Any]]) -> None:
    names = (*plan.names, *plan.hidden)
    owners = list(map(itemgetter(*(names.index(name) for name in part.relation.local)), rows))
    wanted = Included(part.relation, part.plan.shape, part.key)
    found: dict[Any, list[Any]] = {}
    width, columns = len(part.relation.local), part.plan.columns
    keys = [key for key in dict.fromkeys(owners) if not is_null(key, width)]
    owner_of = itemgetter(*range(len(columns), len(columns) + width))
    for chunk in chunks(keys, KEYS // width):
        read = work.connection.execute(related(work, plan.shape, wanted, chunk, columns)).all()
        for row, values in zip(read, _values(work, part.plan, read), strict=True):
            found.setdefault(owner_of(row), []).append(values)
    for owner, values in zip(owners, made, strict=True):
        children = found.get(owner, [])
        values[part.key] = children if part.relation.many else (children[0] if children else None)


def _plan(work: Work, model: type[Any], view: type[Any]) -> Plan:
    plans = work.opened.shapes.plans
    found = plans.get((model, view))
    if found is None:
        found = plans[model, view] = _planned(work, work.shape(model), view, ())
    return found


def _planned(work: Work, shape: Shape, view: type[Any], around: tuple[type[Any], ...]) -> Plan:
    """Return what a view reads of a model. Raises ViewError for a field that the model does not have."""
    _check_view(shape, view, around)
    keys: list[str] = []
    names: list[str] = []
    hidden: list[str] = []
    parts: list[Part] = []
    for name, field in view.model_fields.items():
        key = _key(name, field, view)
        if name in shape.columns:
            keys.append(key)
            names.append(name)
        elif name in shape.relations:
            relation = shape.relations[name]
            inner = _view_of(field.annotation, relation, f"{view.__name__}.{name}")
            parts.append(Part(key, relation, _planned(work, work.shape(relation.model), inner, (*around, view))))
            hidden += relation.local
        else:
            valid = ", ".join([*shape.columns, *shape.relations])
            raise ViewError(f"`{view.__name__}.{name}` is no column and no relation of `{shape.name}`; valid: {valid}")
    extra = tuple(name for name in dict.fromkeys(hidden) if name not in names)
    if not names and not extra:
        extra = shape.primary
    return Plan(shape, tuple(keys), tuple(names), extra, tuple(parts))


def _check_view(shape: Shape, view: Any, around: tuple[type[Any], ...]) -> None:
    if not (isinstance(view, type) and issubclass(view, BaseModel)):
        raise ViewError(f"{view!r} is no Pydantic class")
    if hasattr(view, "__mapper__"):
        raise ViewError(f"`{view.__name__}` is a table, not a view", hint="find_many(include=...) returns its objects")
    view.model_rebuild()  # names that were not defined yet when the class was
    if view in around:
        raise ViewError(f"`{view.__name__}` contains itself without end", hint="name another view where it ends")


def _key(name: str, field: Any, view: type[Any]) -> str:
    """Return the key under which a class takes a field: its alias, where it has one."""
    alias = field.validation_alias
    if alias is None or view.model_config.get("populate_by_name") or view.model_config.get("validate_by_name"):
        return name
    first = alias.choices[0] if isinstance(alias, AliasChoices) else alias
    if isinstance(first, AliasPath):
        raise ViewError(
            f"`{view.__name__}.{name}` is read from a path, which a view cannot", hint="populate_by_name=True"
        )
    return str(first)


def _view_of(annotation: Any, relation: Relation, where: str) -> type[Any]:
    """Return the class in `View`, `View | None` or `list[View]`. Raises ViewError where it fits no such relation."""
    is_list = any(get_origin(each) in (list, tuple, set, frozenset, Sequence) for each in _members(annotation))
    found = [each for each in _classes(annotation) if isinstance(each, type) and issubclass(each, BaseModel)]
    if len(found) != 1:
        raise ViewError(
            f"`{where}` is a relation: its type must be one Pydantic class", hint="list[View] or View | None"
        )
    if is_list is not relation.many:
        raise ViewError(
            f"`{where}` must be {'a list' if relation.many else 'one object'}", hint="list[View] or View | None"
        )
    return found[0]


def _members(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _classes(annotation: Any) -> Iterator[Any]:
    arguments: Mapping[Any, None] = dict.fromkeys(get_args(annotation))
    if not arguments:
        yield annotation
    for each in arguments:
        yield from _classes(each)
