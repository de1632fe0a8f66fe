"""The migrations tab: files and ledger as one list, newest first, and what is wrong with them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dbtool
from dbtool import values
from dbtool.config import Config
from dbtool.reports import AppliedRow, Revision, StatusReport
from dbtool.studio import messages
from dbtool.studio.calls import Call

MOST_LETTERS = 200_000  # of a file that is shown


def migrations(call: Call, wanted: messages.Nothing) -> dict[str, Any]:
    """Tell files and ledger as one list. Raises HistoryError where the files cannot be read."""
    config = call.library.config
    status = dbtool.status(config)
    rows = {row.revision: row for row in dbtool.history(config).rows if row.direction == "up"}
    standing = status.standing
    known = dict.fromkeys((*standing.applied, *standing.pending, *standing.unlisted))
    told = [_file(config, each, _state(status, each), rows.get(each.id)) for each in known]
    told += [_missing(id, rows.get(id)) for id in standing.missing]
    return {
        "ok": status.ok,
        "revisions": sorted(told, key=lambda each: str(each["id"]), reverse=True),
        "findings": [
            {"code": each.code, "message": each.message, "hint": each.hint, "severity": each.severity}
            for each in status.findings
        ],
        "drift": None if status.drift is None else list(status.drift),
    }


def _state(status: StatusReport, revision: Revision) -> str:
    standing = status.standing
    if revision in standing.edited or revision in standing.stale:
        return "edited"
    if revision in standing.applied:
        return "applied"
    return "unlisted" if revision in standing.unlisted else "pending"


def _file(config: Config, revision: Revision, state: str, row: AppliedRow | None) -> dict[str, Any]:
    text = _text(revision.path)
    return {
        "id": revision.id,
        "name": revision.name,
        "path": config.relative(Path(revision.path)),
        "state": state,
        **_when(row),
        "changes": _changes(text),
        "text": text,
    }


def _missing(id: str, row: AppliedRow | None) -> dict[str, Any]:
    name = row.name if row else ""
    return {"id": id, "name": name, "path": "", "state": "missing", **_when(row), "changes": [], "text": ""}


def _when(row: AppliedRow | None) -> dict[str, Any]:
    if row is None:
        return {"applied_at": None, "seconds": None, "by": None}
    return {"applied_at": values.plain(row.applied_at), "seconds": row.seconds, "by": row.applied_by}


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")[:MOST_LETTERS]
    except OSError:
        return ""


def _changes(text: str) -> list[str]:
    """Say what a migration does, in the words of its own steps."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return []
    bodies = (each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == "upgrade")
    return [words for body in bodies for statement in body.body for words in _steps(statement)]


def _steps(statement: ast.stmt, batch: str = "") -> Iterator[str]:
    """Yield the steps of a statement; those of a batch are about its table."""
    if isinstance(statement, ast.With):
        call = statement.items[0].context_expr
        inner = _texts(call)[:1] if isinstance(call, ast.Call) else []
        for each in statement.body:
            yield from _steps(each, inner[0] if inner else batch)
        return
    for node in ast.walk(statement):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if _is_operations(node.func.value) and node.func.attr != "f":  # which marks a name as whole
            yield _words(node.func.attr, _texts(node), batch)


def _is_operations(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("op", "batch_op", "batch")


def _words(step: str, subjects: list[str], batch: str) -> str:
    verb = step.replace("_", " ")
    if step in ("execute", "bulk_insert"):
        return {"execute": "run SQL", "bulk_insert": "insert rows"}[step]
    named = [batch, *subjects] if batch else subjects
    if step.endswith("_column"):
        return f"{verb} {'.'.join(named[:2])}"
    return f"{verb} {named[0] if not batch else ' '.join(named[:2])}" if named else verb


def _texts(call: ast.Call) -> list[str]:
    """Return the names that a step is given: plain texts, `op.f("name")` and `sa.Column("name", ...)`."""
    found = []
    for argument in call.args:
        inner = argument.args[0] if isinstance(argument, ast.Call) and argument.args else argument
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            found.append(inner.value[:100])
    return found
