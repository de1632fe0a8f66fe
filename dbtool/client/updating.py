"""Changing rows: one with its relations, or all that match."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Float, Integer, Numeric, select, tuple_
from sqlalchemy import update as update_statement

from dbtool.client import creating, deleting, nesting, reading
from dbtool.client.parameters import M
from dbtool.client.query import Given
from dbtool.client.refusals import check_keys, unknown_key
from dbtool.client.shape import Shape
from dbtool.client.validation import conflicting
from dbtool.client.where import Condition, condition, looks_through_relations
from dbtool.client.work import Work
from dbtool.errors import EmptyWhereError, InvalidDataError
from dbtool.tables import sql_type

_ARITHMETIC = {
    "increment": lambda column, number: column + number,
    "decrement": lambda column, number: column - number,
    "multiply": lambda column, number: column * number,
    "divide": lambda column, number: column / number,
}
_OPERATIONS = ("set", *_ARITHMETIC)


def update(work: Work, model: type[M], where: Given, data: Given, include: Given) -> M:
    """Change one row and its relations, and return it. Raises RecordNotFoundError."""
    shape = work.shape(model)
    creating.check_include(work, shape, include)
    key = nesting.identified(work, shape, where, shape.primary, "where")
    found: M = reading.by_key(work, shape, changed(work, shape, key, data, "data"), include)
    return found


def update_many(work: Work, model: type[Any], where: Given, data: Given, everything: bool) -> int:
    """Change the rows that match; return how many there were."""
    shape = work.shape(model)
    check_not_empty(where, everything, f"update_many of `{shape.name}`")
    check_keys(data, shape.columns, f"{shape.name}'s data", "data")
    values = _values(shape, data, "data")
    if not values:
        from dbtool.client.adding import count

        return count(work, model, where)
    if len(shape.tables) > 1:
        keys = matching(work, shape, where)
        for key in keys:
            write(work, shape, key, values)
        return len(keys)
    statement = update_statement(shape.model).values({shape.attributes[name]: each for name, each in values.items()})
    said = affected(work, shape, where)
    statement = statement if said is None else statement.where(said)
    result: Any = work.session.execute(statement, execution_options={"synchronize_session": False})
    return int(result.rowcount)


def changed(work: Work, shape: Shape, key: dict[str, Any], data: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Change the row that has this primary key; return its primary key afterwards."""
    columns, relations = creating.split(shape, data, path)
    values = _values(shape, columns, path)
    doomed = []
    for name, nested in relations.items():
        relation = shape.relations[name]
        if relation.holds_key:
            if any(local in columns for local in relation.local):
                raise conflicting(shape.name, [relation.local[0], name], path)
            pointed, gone = nesting.repointed(work, shape, relation, key, nested, f"{path}.{name}")
            values |= pointed
            doomed += [(work.shape(relation.model), each) for each in gone]
    write(work, shape, key, values)
    for target, each in doomed:
        deleting.removed(work, target, each)
    now = _key_after(key, values)
    for name, nested in relations.items():
        relation = shape.relations[name]
        if not relation.holds_key:
            wanted = tuple(dict.fromkeys((*shape.primary, *relation.local)))
            owner = nesting.identified(work, shape, now, wanted, path)
            nesting.hang_on(work, shape, relation, owner, nested, f"{path}.{name}")
    return now


def write(work: Work, shape: Shape, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Write checked values, or SQL of them, to the row with this primary key, in each table that has them."""
    for table, columns in shape.placed.items():
        mine = {columns[name].key: value for name, value in values.items() if name in columns}
        if mine:
            same = [columns[name] == value for name, value in key.items()]
            work.connection.execute(update_statement(table).where(*same).values(mine))


def matching(work: Work, shape: Shape, where: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return the primary keys of the rows that match."""
    statement = _keys(work, shape, where)
    return [dict(zip(shape.primary, row, strict=True)) for row in work.session.execute(statement)]


def affected(work: Work, shape: Shape, where: Mapping[str, Any] | None) -> Condition | None:
    """Return the condition of a statement that writes; MariaDB reads a table that it writes only through another."""
    if not looks_through_relations(shape, where):
        return condition(reading.root(work, shape.model), where)
    found = _keys(work, shape, where).distinct().subquery()
    columns = [shape.attributes[name] for name in shape.primary]
    if len(columns) == 1:
        return columns[0].in_(select(*found.c))
    return tuple_(*columns).in_(select(*found.c))


def check_not_empty(where: Mapping[str, Any] | None, everything: bool, what: str) -> None:
    """Raise EmptyWhereError for a statement about all rows that nobody meant."""
    if not where and not everything:
        raise EmptyWhereError(f"{what} with an empty `where` is about all rows", hint="all=True")


def _keys(work: Work, shape: Shape, where: Mapping[str, Any] | None) -> Any:
    statement = select(*(shape.attributes[name] for name in shape.primary))
    said = condition(reading.root(work, shape.model), where)
    return statement if said is None else statement.where(said)


def _key_after(key: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    now = {name: values.get(name, value) for name, value in key.items()}
    computed = [
        name for name, value in now.items() if hasattr(value, "__clause_element__") or hasattr(value, "compile")
    ]
    if computed:
        raise InvalidDataError(f"`{computed[0]}` is part of the primary key", hint='give its new value: {"set": ...}')
    return now


def _values(shape: Shape, data: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the new values by attribute: checked ones, or SQL that computes them."""
    plain: dict[str, Any] = {}
    computed: dict[str, Any] = {}
    for name, given in data.items():
        if not isinstance(given, Mapping) or (shape.is_json(name) and set(given) != {"set"}):
            plain[name] = given
            continue
        operation, value = _operation(shape, name, given, path)
        if operation == "set":
            plain[name] = value
        else:
            computed[name] = _ARITHMETIC[operation](shape.columns[name], value)
    checked = shape.validation.some(plain, path)
    return {**{name: creating.or_null(shape, name, value) for name, value in checked.items()}, **computed}


def _operation(shape: Shape, name: str, given: Mapping[str, Any], path: str) -> tuple[str, Any]:
    if len(given) != 1:
        raise InvalidDataError(f"`{path}.{name}` must hold one of {', '.join(_OPERATIONS)}")
    ((operation, value),) = given.items()
    valid = _OPERATIONS if isinstance(sql_type(shape.columns[name]), Integer | Numeric | Float) else ("set",)
    if operation not in valid:
        raise unknown_key(operation, f"the operations on {shape.name}.{name}", f"{path}.{name}", valid)
    if operation != "set" and not isinstance(value, int | float | Decimal):
        raise InvalidDataError(f"`{path}.{name}.{operation}` is a number, not {value!r}")
    return operation, value
