"""Staged changes: shown as SQL, or saved in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dbtool.errors import RecordNotFoundError, RequestError
from dbtool.rows import changes, saving
from dbtool.rows.cascades import cascades
from dbtool.studio import describe, messages
from dbtool.studio.asked import Told
from dbtool.studio.calls import Call

if TYPE_CHECKING:
    from dbtool.rows.sheet import Sheet


def save(call: Call, wanted: messages.Changes) -> Told:
    """Save changes in one transaction, or with `dry_run` say what would run."""
    library = call.library
    library.require_writable()
    staged = [_change(each) for each in wanted.changes]
    sheets: Mapping[str, Sheet] = {key: _editable(call, key) for key in {each.table for each in staged}}
    also = _also_deleted(call, sheets, staged)
    if also and not (wanted.dry_run or wanted.cascade):
        raise _unsaved("deleting these rows deletes others too", 409, cascades=also)
    if wanted.dry_run:
        outcome = saving.review(sheets.__getitem__, staged, library.config.zone)
    else:
        with call.connect("write") as connection:
            outcome = saving.save(connection, sheets.__getitem__, staged, library.config.zone)
    if outcome.conflicts:
        found = [{"index": each.index, "gone": each.gone, "cells": dict(each.cells)} for each in outcome.conflicts]
        raise _unsaved("somebody else changed these rows", 409, conflicts=found)
    problems = [{"index": each.index, "column": each.column, "message": each.message} for each in outcome.problems]
    if problems and not wanted.dry_run:
        raise _unsaved("the changes cannot be saved", 422, problems=problems)
    return {
        "sql": [{"sql": each.sql, "index": each.index} for each in outcome.sql],
        "keys": dict(outcome.keys),
        "saved": outcome.saved,
        "problems": problems,
        "cascades": also,
    }


def _also_deleted(call: Call, sheets: Mapping[str, Sheet], staged: list[changes.Change]) -> list[Told]:
    """Count what the database would delete with the rows that are named."""
    if not any(isinstance(each, changes.Delete) for each in staged):
        return []
    existing = call.library.shelf(call).held.keys()
    try:
        with call.connect() as connection:
            found = cascades(connection, sheets.__getitem__, staged, call.library.config.zone, existing=existing)
    except RecordNotFoundError:
        return []  # a row that is gone is a conflict, which saving tells
    return [{"table": table, "count": number} for table, number in found.items()]


def _unsaved(message: str, status: int, **details: list[Told]) -> RequestError:
    hint = "nothing was written; correct what is marked, then save again"
    return RequestError(message, status=status, hint=hint, details=details)


def _change(staged: messages.InsertChange | messages.UpdateChange | messages.DeleteChange) -> changes.Change:
    old = {
        name: changes.Cut(value.start, value.length) if isinstance(value, messages.CutText) else value
        for name, value in getattr(staged, "old", {}).items()
    }
    given = {
        name: changes.New(value.new) if isinstance(value, messages.NewRow) else value
        for name, value in getattr(staged, "values", {}).items()
    }
    if isinstance(staged, messages.InsertChange):
        return changes.Insert(staged.table, staged.id, given)
    if isinstance(staged, messages.UpdateChange):
        return changes.Update(staged.table, staged.key, given, old)
    return changes.Delete(staged.table, staged.key, old)


def _editable(call: Call, key: str) -> Sheet:
    sheet = call.library.sheet(call, key)
    reason = describe.why_not_editable(call.library, sheet)
    if reason is not None:
        raise RequestError(f"`{key}` cannot be changed: {reason}")
    return sheet
