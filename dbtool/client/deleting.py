"""Removing rows: one as a session would, or all that match in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete as delete_statement

from dbtool.client import creating, nesting, reading, updating
from dbtool.client.parameters import M
from dbtool.client.query import Given
from dbtool.client.shape import Shape
from dbtool.client.work import Work


def delete(work: Work, model: type[M], where: Given, include: Given) -> M:
    """Remove one row with what its relationships cascade to; return what it was. Raises RecordNotFoundError."""
    shape = work.shape(model)
    creating.check_include(work, shape, include)
    key = nesting.identified(work, shape, where, shape.primary, "where")
    found: M = reading.by_key(work, shape, key, include)
    removed(work, shape, key)
    return found


def delete_many(work: Work, model: type[Any], where: Given, everything: bool) -> int:
    """Remove the rows that match; return how many there were. What points at them is the database's concern."""
    shape = work.shape(model)
    updating.check_not_empty(where, everything, f"delete_many of `{shape.name}`")
    if len(shape.tables) > 1:
        keys = updating.matching(work, shape, where)
        for key in keys:
            removed(work, shape, key)
        return len(keys)
    said = updating.affected(work, shape, where)
    statement = delete_statement(shape.model)
    statement = statement if said is None else statement.where(said)
    result: Any = work.session.execute(statement, execution_options={"synchronize_session": False})
    return int(result.rowcount)


def removed(work: Work, shape: Shape, key: Mapping[str, Any]) -> None:
    """Remove the row that has this primary key, by the rules of the model's relationships."""
    same = [shape.attributes[name] == value for name, value in key.items()]
    row = work.session.scalars(shape.selected.where(*same)).one_or_none()
    if row is not None:
        work.session.delete(row)
        work.session.flush()
    work.session.expunge_all()
