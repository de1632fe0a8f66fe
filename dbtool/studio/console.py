"""The SQL console: one statement, read-only unless told otherwise, and a history that the project keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

from dbtool import values
from dbtool.config import Config
from dbtool.database import single
from dbtool.errors import DbtoolError
from dbtool.studio import messages
from dbtool.studio.calls import Call

HISTORY = "studio-history.jsonl"
KEPT = 200
MOST_LETTERS = 100_000  # of one cell
MOST_IN_ALL = 20_000_000  # of one answer
# The first that fits decides: a boolean is an int, a time with a date a date.
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "float"),
    (Decimal, "decimal"),
    (datetime, "datetime"),
    (date, "date"),
    (time, "time"),
    (timedelta, "duration"),
    (UUID, "uuid"),
    (bytes, "bytes"),
    (bytearray, "bytes"),
    (memoryview, "bytes"),
    (dict, "json"),
    (list, "json"),
)


def run(call: Call, wanted: messages.Sql) -> dict[str, Any]:
    """Run one statement on a connection of its own, and note it in the history."""
    library = call.library
    if wanted.write:
        library.require_writable()
    started = perf_counter()
    try:
        answer = single.run(
            library.database,
            wanted.sql,
            write=wanted.write,
            limit=wanted.limit,
            seconds=library.config.studio.limit,
            watched=call.watched,
            to_write="switch on writing to run it",
        )
    except DbtoolError as error:
        _note(library.config, wanted, _since(started), rows=None, error=error.message)
        raise
    if wanted.write:
        library.forget()
    rows, whole = _texts(answer.rows)
    milliseconds = _since(started)
    _note(library.config, wanted, milliseconds, rows=len(rows) if answer.changed is None else answer.changed)
    return {
        "columns": list(answer.columns),
        "kinds": [_kind(answer.rows, index) for index in range(len(answer.columns))],
        "rows": rows,
        "more": answer.more or not whole,
        "changed": answer.changed,
        "ms": milliseconds,
    }


def entries(call: Call, wanted: messages.Nothing) -> dict[str, Any]:
    """Tell what was run, newest first."""
    return {"entries": history(call.library.config)}


def history(config: Config) -> list[dict[str, Any]]:
    """Return what was run, newest first."""
    found = []
    for line in _lines(config.private / HISTORY)[::-1]:
        with suppress(ValueError):
            entry = json.loads(line)
            if isinstance(entry, dict):
                found.append(entry)
    return found[:KEPT]


def _texts(rows: Sequence[Sequence[Any]]) -> tuple[list[list[str | None]], bool]:
    """Return rows as texts, as far as an answer may be large, and whether that is all of them."""
    texts: list[list[str | None]] = []
    letters = 0
    for row in rows:
        cells = [None if value is None else _text(value) for value in row]
        letters += sum(len(cell) for cell in cells if cell is not None)
        if letters > MOST_IN_ALL and texts:
            return texts, False
        texts.append(cells)
    return texts, True


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        value = bytes(value)[: MOST_LETTERS // 2]
    found = values.text(value)
    return found if len(found) <= MOST_LETTERS else f"{found[:MOST_LETTERS]}…"


def _kind(rows: Sequence[Sequence[Any]], index: int) -> str:
    value = next((row[index] for row in rows if row[index] is not None), "")
    return next((kind for known, kind in _KINDS if isinstance(value, known)), "text")


def _note(config: Config, wanted: messages.Sql, milliseconds: float, *, rows: int | None, error: str = "") -> None:
    entry = {
        "sql": wanted.sql,
        "at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "ms": milliseconds,
        "rows": rows,
        "write": wanted.write,
        "error": error or None,
    }
    with suppress(OSError):  # a project on a disk that is full or not ours: the answer counts
        path = config.make_private() / HISTORY
        lines = [*_lines(path)[-2 * KEPT :], json.dumps(entry, ensure_ascii=False)]
        if len(lines) > 2 * KEPT:
            path.write_text("\n".join(lines[-KEPT:]) + "\n", encoding="utf-8")
        else:
            with path.open("a", encoding="utf-8") as file:
                file.write(lines[-1] + "\n")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _since(started: float) -> float:
    return round((perf_counter() - started) * 1000, 1)
