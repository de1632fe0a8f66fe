"""What a class says of its table beside columns: constraints and indexes of several columns, schema, options."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dbtool.codegen.annotations import Names, literal
from dbtool.codegen.models.columns import key_options
from dbtool.codegen.models.conventions import Conventions

if TYPE_CHECKING:
    from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Table, UniqueConstraint


def table_arguments(table: Table, said: set[Any], conventions: Conventions, names: Names, *, doc: bool) -> str | None:
    """Return the value of `__table_args__`, as code; None where the fields have said all.

    `said` are the constraints that they have said, `doc` whether a docstring says the comment.
    """
    constraints = list(constraint_texts(table, said, conventions, names))
    options = dict(_options(table, doc=doc))
    told = "{" + ", ".join(f"{literal(key)}: {value}" for key, value in options.items()) + "}" if options else ""
    if not constraints:
        return told or None
    inner = ", ".join([*constraints, *([told] if told else [])])
    return f"({inner}{',' if len(constraints) == 1 and not told else ''})"


def constraint_texts(table: Table, said: set[Any], conventions: Conventions, names: Names) -> Iterator[str]:
    """Yield the constraints and indexes that no field has said, in one order."""
    yield from _primary_key(table, conventions, names)
    rest = [each for each in (*table.constraints, *table.indexes) if each not in said]
    for kind, write in (
        ("UniqueConstraint", _unique),
        ("ForeignKeyConstraint", _foreign_key),
        ("CheckConstraint", _check),
        ("Index", _index),
    ):
        mine: list[Any] = [each for each in rest if type(each).__name__ == kind]
        yield from (write(each, conventions, names) for each in sorted(mine, key=lambda each: _order(table, each)))


def _order(table: Table, each: Any) -> tuple[Any, ...]:
    places = [table.columns.keys().index(column.key) for column in each.columns]
    return places, str(each.name), str(getattr(each, "sqltext", ""))


def _primary_key(table: Table, conventions: Conventions, names: Names) -> Iterator[str]:
    key = table.primary_key
    said = conventions.said("pk", key)
    listed = [column.name for column in key.columns]
    ordered = [column.name for column in table.columns if column.primary_key]
    if listed and (said or listed != ordered):
        name = [f"name={literal(said)}"] if said else []
        yield f"{names.use('sqlalchemy', 'PrimaryKeyConstraint')}({', '.join([*map(literal, listed), *name])})"


def _unique(constraint: UniqueConstraint, conventions: Conventions, names: Names) -> str:
    arguments = [literal(column.name) for column in constraint.columns]
    if said := conventions.said("uq", constraint):
        arguments.append(f"name={literal(said)}")
    for name in ("deferrable", "initially"):
        if value := getattr(constraint, name):
            arguments.append(f"{name}={literal(value)}")
    arguments += _dialect_options(constraint, names)
    return f"{names.use('sqlalchemy', 'UniqueConstraint')}({', '.join(arguments)})"


def _foreign_key(key: ForeignKeyConstraint, conventions: Conventions, names: Names) -> str:
    local = ", ".join(map(literal, (column.name for column in key.columns)))
    remote = ", ".join(literal(element.target_fullname) for element in key.elements)
    options = "".join(f", {each}" for each in key_options(key, conventions))
    return f"{names.use('sqlalchemy', 'ForeignKeyConstraint')}([{local}], [{remote}]{options})"


def _check(check: CheckConstraint, conventions: Conventions, names: Names) -> str:
    said = conventions.said("ck", check)
    name = f", name={literal(said)}" if said else ""
    text = literal(str(getattr(check.sqltext, "text", check.sqltext)))
    return f"{names.use('sqlalchemy', 'CheckConstraint')}({text}{name})"


def _index(index: Index, conventions: Conventions, names: Names) -> str:
    arguments = [literal(str(index.name))]
    for each in index.expressions:
        plain = getattr(each, "table", None) is not None
        arguments.append(literal(str(getattr(each, "name", ""))) if plain else _text(each, names))
    if index.unique:
        arguments.append("unique=True")
    return f"{names.use('sqlalchemy', 'Index')}({', '.join([*arguments, *_dialect_options(index, names)])})"


def _dialect_options(item: Any, names: Names) -> Iterator[str]:
    for name, value in sorted(dict(item.dialect_kwargs).items()):
        if hasattr(value, "text"):
            yield f"{name}={_text(value, names)}"
        elif value:
            listed = [str(getattr(each, "name", each)) for each in value] if isinstance(value, (list, tuple)) else value
            yield f"{name}={_value(listed)}"


def _text(clause: Any, names: Names) -> str:
    return f"{names.use('sqlalchemy', 'text')}({literal(str(clause.text))})"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(each)}" for key, each in value.items()) + "}"
    return literal(value)


def _options(table: Table, *, doc: bool) -> Iterator[tuple[str, str]]:
    if table.schema:
        yield "schema", literal(table.schema)
    for name, value in sorted(dict(table.dialect_kwargs).items()):
        if value is not None and not name.endswith("_comment"):
            yield name, literal(value)
    if table.comment and not doc:
        yield "comment", literal(table.comment)
