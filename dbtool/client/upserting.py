"""Changing a row that is there, or adding it; also where somebody else adds it at the same moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from dbtool.client import creating, reading, updating
from dbtool.client.parameters import M
from dbtool.client.query import Given
from dbtool.client.shape import Shape
from dbtool.client.unique import found_by
from dbtool.client.work import AgainError, Work


def upsert(work: Work, model: type[M], where: Given, create: Given, update: Given, include: Given) -> M:
    """Change the row that a unique key means, or add one; return it."""
    shape = work.shape(model)
    creating.check_include(work, shape, include)
    creating.split(shape, create, "create")
    creating.split(shape, update, "update")
    key = _found(work, shape, where, latest=False)
    is_new = False
    if key is None:
        key = _added_or_found(work, shape, where, create)
        is_new = key.pop("", False)
    if not is_new:
        key = updating.changed(work, shape, key, update, "update")
    found: M = reading.by_key(work, shape, key, include)
    return found


def _added_or_found(work: Work, shape: Shape, where: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the key of the row that was added, marked as such, or of the one that somebody else was faster with.

    Outside of a transaction of the caller's, the statement starts again instead: a loser that stays in its own
    transaction holds a lock on InnoDB that two losers would wait for of each other.
    """
    within = work.connection.in_nested_transaction()
    work.forget()
    savepoint = work.connection.begin_nested()
    try:
        (key,) = creating.added(work, shape, [data], {}, "create")
        work.forget()
        savepoint.commit()
    except DBAPIError as error:
        work.forget()
        if savepoint.is_active:
            savepoint.rollback()
        refusal = work.database.refusal(error.orig) if error.orig else None
        if refusal is None or refusal.rule != "unique":
            raise
        if not within:
            raise AgainError from error
        found = _found(work, shape, where, latest=True)
        if found is None:
            raise
        return found
    return {**key, "": True}


def _found(work: Work, shape: Shape, where: Mapping[str, Any], *, latest: bool) -> dict[str, Any] | None:
    """Return the row's primary key; `latest` also sees what was committed after this transaction began."""
    said = found_by(reading.root(work, shape.model), where)
    statement = select(*(shape.attributes[name] for name in shape.primary)).where(said)
    row = work.session.execute(statement.with_for_update() if latest else statement).first()
    return None if row is None else dict(zip(shape.primary, row, strict=True))
