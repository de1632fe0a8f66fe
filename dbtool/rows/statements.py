"""What a change does, as SQL for people to read; nothing runs it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dbtool.rows.cells import Text
from dbtool.rows.changes import Delete, Insert, New, Step
from dbtool.rows.codec import kind_of

_SHOWN = 300  # letters of a value


@dataclass(frozen=True, slots=True)
class Statement:
    """What a change does, in SQL for people to read."""

    sql: str
    index: int


def as_sql(step: Step) -> Statement:
    """Write a change as SQL."""
    names = step.sheet.names
    quote = step.sheet.dialect.identifier_preparer.quote
    plain = {name: quote(name).replace("%%", "%") for name in (*names, *getattr(step.change, "values", ()))}
    source = step.sheet.source.replace("%%", "%")
    change = step.change
    if isinstance(change, Insert):
        columns = ", ".join(plain[name] for name in change.values)
        given = ", ".join(_literal(step, name, value) for name, value in change.values.items())
        sql = (
            f"INSERT INTO {source} ({columns}) VALUES ({given})" if columns else f"INSERT INTO {source} DEFAULT VALUES"
        )
        return Statement(sql, step.index)
    found = " AND ".join(_key_words(step, change.key, plain))
    if isinstance(change, Delete):
        return Statement(f"DELETE FROM {source} WHERE {found}", step.index)
    assigned = ", ".join(f"{plain[name]} = {_literal(step, name, value)}" for name, value in change.values.items())
    return Statement(f"UPDATE {source} SET {assigned} WHERE {found}", step.index)


def _key_words(step: Step, key: str, plain: Mapping[str, str]) -> Iterator[str]:
    try:
        parts = json.loads(key)
    except ValueError:
        parts = []
    identity = step.sheet.identity
    if identity.address and parts:
        yield f"{identity.address} = {parts[0] if str(parts[0]).isdigit() else repr(str(parts[0]))}"
    for column, text in zip(identity.columns, parts, strict=False):
        if text is None:
            yield f"{plain[column.name]} IS NULL"
        else:
            yield f"{plain[column.name]} = {_literal(step, column.name, text)}"


def _literal(step: Step, name: str, given: Text | New) -> str:
    """Return a value as SQL has it; a value that a new row gets by the name of its column there."""
    if isinstance(given, New):
        link = step.links.get(name)
        return f"<{given.id}.{link.column.name}>" if link else f"<{given.id}>"
    if given is None:
        return "NULL"
    kind = kind_of(step.sheet.table.columns[name].type) if name in step.sheet.table.columns else "text"
    if kind in ("integer", "float", "decimal", "boolean") and given.strip():
        return given.strip()
    text = given if len(given) <= _SHOWN else f"{given[:_SHOWN]}…"
    quoted = "'" + text.replace("'", "''") + "'"
    return f"x{quoted}" if kind == "bytes" else quoted
