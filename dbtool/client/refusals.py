"""What goes wrong, in words: keys that nobody knows, and what the database refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from dbtool.errors import DbtoolError, InvalidDataError, RefusedRowError, UnknownKeyError

if TYPE_CHECKING:
    from sqlalchemy.exc import SQLAlchemyError

    from dbtool.database.base import Database, Refusal


def unknown_key(key: object, what: str, path: str, valid: Iterable[str]) -> UnknownKeyError:
    """Return the error for a key that a dictionary cannot hold; `path` leads to the dictionary."""
    names = list(valid)
    near = get_close_matches(str(key), names, n=1)
    return UnknownKeyError(
        f"`{key}` is no key of {what} ({path}.{key}); valid: {', '.join(names)}",
        hint=f"`{near[0]}`" if near else "",
    )


def check_keys(given: Mapping[str, Any], valid: Iterable[str], what: str, path: str) -> None:
    """Raise UnknownKeyError for the first key that is not valid."""
    names = list(valid)
    for key in given:
        if key not in names:
            raise unknown_key(key, what, path, names)


def meaning(database: Database, error: SQLAlchemyError) -> DbtoolError | None:
    """Return what an error of SQLAlchemy means, or None when it is about neither rows nor connections."""
    original = getattr(error, "orig", None)
    if original is None:
        return None
    found = database.translate(original)
    if found is not None:
        return found
    refusal = database.refusal(original)
    if refusal is not None:
        return _refused(error, refusal)
    if not isinstance(original, ValueError | TypeError | LookupError):
        return None
    words = str(original).strip()
    return InvalidDataError(f"a value does not fit its column: {words}")


def _refused(error: SQLAlchemyError, refusal: Refusal) -> RefusedRowError:
    table = _table_of(str(getattr(error, "statement", "") or ""))
    columns = ", ".join(f"`{table}.{name}`" if table else f"`{name}`" for name in refusal.columns)
    subject = columns or (f"`{refusal.constraint}`" if refusal.constraint else f"`{table}`" if table else "a row")
    told = f": {refusal.words}" if refusal.words else ""
    return RefusedRowError(f"{subject}: {refusal.meaning}{told}")


def _table_of(statement: str) -> str:
    """Return the table that a statement of SQLAlchemy's writes to."""
    words = statement.split(None, 3)
    if len(words) < 2:
        return ""
    name = {"INSERT": 2, "DELETE": 2, "UPDATE": 1}.get(words[0].upper())
    return words[name].strip('"`').rpartition(".")[2] if name and len(words) > name else ""
