"""Adding rows: one with all that hangs on it, or many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, null
from sqlalchemy.orm.attributes import set_attribute

from dbtool.client import nesting, reading
from dbtool.client.including import chunks, planned
from dbtool.client.parameters import M
from dbtool.client.query import Given
from dbtool.client.refusals import check_keys, unknown_key
from dbtool.client.shape import Relation, Shape
from dbtool.client.validation import conflicting
from dbtool.client.work import Work
from dbtool.errors import InvalidDataError

_BATCH = 5000  # rows that are checked and sent at a time


def create(work: Work, model: type[M], data: Given, include: Given) -> M:
    """Add a row with what stands in its relations, and return it."""
    shape = work.shape(model)
    check_include(work, shape, include)
    (key,) = added(work, shape, [data], {}, "data")
    found: M = reading.by_key(work, shape, key, include)
    return found


def create_many(work: Work, model: type[Any], data: Iterable[Given], skip_duplicates: bool) -> int:
    """Add many rows without their relations; return how many."""
    shape = work.shape(model)
    count = first = 0
    for batch in chunks(data, _BATCH):
        rows = shape.validation.rows(batch, first)
        first += len(batch)
        for alike in _alike(shape, rows):
            count += _insert(work, shape, alike, skip_duplicates)
    return count


def check_include(work: Work, shape: Shape, include: Given, path: str = "include") -> None:
    """Raise what is wrong with an include before anything is written."""
    for wanted in planned(work, shape, include or {}, path):
        check_include(work, wanted.shape, wanted.include, f"{wanted.path}.include")


def added(
    work: Work, shape: Shape, data: Sequence[Mapping[str, Any]], given: Mapping[str, Any], path: str
) -> list[dict[str, Any]]:
    """Add rows with what stands in their relations; return their primary keys. `given` is the same for all.

    What a row points at is added before it, what points at the row after it.
    """
    parts = []
    for number, each in enumerate(data):
        at = path if len(data) == 1 else f"{path}.{number}"
        columns, relations = split(shape, each, at)
        clash = [name for name in given if name in columns]
        if clash:
            free = [name for name in (*shape.columns, *shape.relations) if name not in given]
            raise unknown_key(clash[0], f"{shape.name}'s data here, where it follows from the row around it", at, free)
        parts.append(({**columns, **given}, relations, at))
    rows = [_row(work, shape, *each) for each in parts]
    instances = [_instance(shape, row) for row in rows]
    work.session.add_all(instances)
    work.session.flush()
    wanted = {
        *shape.primary,
        *(name for _, relations, _ in parts for key in relations for name in shape.relations[key].local),
    }
    known = [{name: getattr(instance, name) for name in wanted} for instance in instances]
    work.session.expunge_all()
    for values, (_, relations, at) in zip(known, parts, strict=True):
        for name, nested in relations.items():
            relation = shape.relations[name]
            if not relation.holds_key:
                nesting.hang_on(work, shape, relation, values, nested, f"{at}.{name}")
    return [{name: values[name] for name in shape.primary} for values in known]


def split(shape: Shape, data: Any, path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what data say of columns, and of relations. Raises UnknownKeyError."""
    if not isinstance(data, Mapping):
        raise InvalidDataError(f"`{path}` must be a dictionary, not {type(data).__name__}")
    check_keys(data, [*shape.columns, *shape.relations], f"{shape.name}'s data", path)
    columns = {key: value for key, value in data.items() if key in shape.columns}
    return columns, {key: value for key, value in data.items() if key not in columns}


def _row(work: Work, shape: Shape, columns: dict[str, Any], relations: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the checked values of a row, with the keys of what it points at."""
    for name, nested in relations.items():
        relation = shape.relations[name]
        if relation.holds_key:
            _check_given_once(shape, relation, columns, path)
            columns |= nesting.pointed_at(work, shape, relation, nested, f"{path}.{name}")
    missing = [each for each in shape.relations.values() if each.holds_key and _is_missing(shape, each, columns)]
    if missing:
        names = " or ".join(f"`{name}`" for name in (*missing[0].local, missing[0].name))
        raise InvalidDataError(
            f"`{shape.name}` ({path}) needs {names}", hint=f'{{"{missing[0].name}": {{"connect": {{...}}}}}}'
        )
    row = shape.validation.row(columns, path)
    return {name: _new_value(shape, name, value, name in columns) for name, value in row.items()}


def _check_given_once(shape: Shape, relation: Relation, columns: Mapping[str, Any], path: str) -> None:
    clash = [name for name in relation.local if name in columns]
    if clash:
        raise conflicting(shape.name, [clash[0], relation.name], path)


def _is_missing(shape: Shape, relation: Relation, columns: Mapping[str, Any]) -> bool:
    return any(name not in columns and shape.validation.is_required(name) for name in relation.local)


def or_null(shape: Shape, name: str, value: Any) -> Any:
    """Return a value to write; None is SQL's NULL, which SQLAlchemy would write as JSON in a column of it."""
    return null() if value is None and shape.is_json(name) else value


def _new_value(shape: Shape, name: str, value: Any, was_given: bool) -> Any:
    """Return a new row's value, and NULL where a given None would otherwise become the column's default."""
    column = shape.columns[name]
    filled = column.default is not None or column.server_default is not None
    if value is None and was_given and filled and column.nullable:
        return null()
    return or_null(shape, name, value)


def _instance(shape: Shape, row: Mapping[str, Any]) -> Any:
    """Return a new object of the model, its values checked already."""
    made = shape.mapper.class_manager.new_instance()
    for name, value in row.items():
        set_attribute(made, name, value)
    return made


def _alike(shape: Shape, rows: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    """Return the rows in lists of those that name the same columns, which one statement can add."""
    loose = [name for name in shape.columns if shape.is_filled(name) or shape.is_json(name)]
    if not loose:
        return [rows]
    found: dict[tuple[bool, ...], list[dict[str, Any]]] = {}
    for row in rows:
        for name in loose:
            if name in row and row[name] is None:
                del row[name]  # NULL, or what the database gives; as JSON it would be the text `null`
        found.setdefault(tuple([name in row for name in loose]), []).append(row)
    return found.values()


def _insert(work: Work, shape: Shape, rows: list[dict[str, Any]], skip_duplicates: bool) -> int:
    if len(shape.tables) > 1 or shape.mapper.polymorphic_on is not None:
        if skip_duplicates:
            raise InvalidDataError(f"`{shape.name}` inherits a table; `skip_duplicates` is for models that do not")
        work.session.execute(insert(shape.model), rows)
        return len(rows)
    table = shape.tables[0]
    renamed = {name: column.key for name, column in shape.columns.items() if column.key != name}
    if renamed:
        rows = [{renamed.get(name, name): value for name, value in row.items()} for row in rows]
    if skip_duplicates:
        return work.database.insert_new(work.connection, table, rows)
    work.connection.execute(insert(table), rows)
    return len(rows)
