"""Personal values replaced by made-up ones: the same for the same value, and not to be turned back.

A key of the project's own, which is never committed, decides them: without it nobody can try out what a value was.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Column, String

from dbtool import tables
from dbtool.errors import ColumnNotFoundError
from dbtool.seeding.problems import did_you_mean
from dbtool.seeding.shapes import Shape


class Mask:
    """Replaces the values of some columns."""

    def __init__(self, names: Sequence[str], known: Mapping[str, Shape], secret: bytes) -> None:
        self.secret = secret
        self.columns: dict[str, list[Column[Any]]] = {}
        for name in names:
            found = list(_matching(name, known))
            if not found:
                near = did_you_mean(name, {column for shape in known.values() for column in shape.columns})
                message = f"no column is called `{name}`{near}"
                raise ColumnNotFoundError(message, hint="--mask email, or --mask user.email")
            for column in found:
                if column.primary_key or column.foreign_keys:
                    words = f"`{column.table.key}.{column.name}` is a key, by which rows find each other"
                    raise ColumnNotFoundError(f"{words}, and cannot be masked", hint="mask what names a person")
                self.columns.setdefault(column.table.key, []).append(column)

    def apply(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        """Replace values in place; null stays null."""
        columns = self.columns.get(table, ())
        for row in rows if columns else ():
            for column in columns:
                if row[column.name] is not None:
                    row[column.name] = self._fake(column, row[column.name])

    def _fake(self, column: Column[Any], value: Any) -> Any:
        said = value.value if isinstance(value, Enum) else value
        digest = hmac.new(self.secret, f"{column.table.key}.{column.name}:{said}".encode(), hashlib.sha256).digest()
        number = int.from_bytes(digest[:8], "big")
        if isinstance(value, bool):
            return bool(number % 2)
        if isinstance(value, Enum):
            return list(type(value))[number % len(type(value))]
        if isinstance(value, str):
            return _text(column, value, digest.hex())
        if isinstance(value, bytes):
            return digest[: max(1, min(len(value), len(digest)))]
        if isinstance(value, (int, float, Decimal)):
            digits = len(str(int(abs(float(value)))))
            return type(value)(number % 10 ** max(1, digits))
        if isinstance(value, date):
            return value - timedelta(days=number % 3650 + 1)
        if isinstance(value, UUID):
            return UUID(bytes=digest[:16])
        return None if column.nullable else type(value)()


def key_of(private: Path) -> bytes:
    """Return the project's key for masking; one is made where there is none."""
    path = private / "mask.key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), encoding="ascii")
    return bytes.fromhex(path.read_text(encoding="ascii"))


def _matching(name: str, known: Mapping[str, Shape]) -> Iterable[Column[Any]]:
    for shape in known.values():
        for column in shape.columns.values():
            spelled = (column.name, f"{shape.table.key}.{column.name}", f"{shape.name}.{column.name}")
            if any(fnmatchcase(each, name) for each in spelled):
                yield column


def _text(column: Column[Any], value: str, digits: str) -> str:
    """Return a text in the form of one that it replaces: an address stays an address, and what fits the column fits."""
    kind = tables.sql_type(column)
    room = kind.length if isinstance(kind, String) and kind.length else 64
    if "@" in value:
        made = f"user-{digits[:12]}@example.com"
        return made if len(made) <= room else f"{digits[: max(1, room - 6)]}@a.com"[:room]
    return f"{column.name}-{digits[:12]}" if room >= len(column.name) + 13 else digits[:room]
