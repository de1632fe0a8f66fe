"""Read the SQL that a migration says as text, as far as it is one of the operations that rules know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from alembic.operations import ops

_STRINGS = re.compile(r"'(?:[^'\\]|''|\\.)*'|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/", re.S)
_QUOTED = r"(?:\"(?:[^\"]|\"\")+\"|`[^`]+`|[\w$.]+)"
_WHERE = re.compile(r"\bwhere\b", re.I)
_DATA = re.compile(r"\s*(insert|update|delete|merge|replace|copy|with\b.*\b(insert|update|delete))\b", re.I | re.S)
_HARMLESS = re.compile(r"\s*(comment\s+on|set|select|analyze|grant|revoke|create\s+(or\s+replace\s+)?view)\b", re.I)


def bare(sql: str) -> str:
    """Return SQL on one line without comments, with every string empty."""
    return " ".join(_STRINGS.sub(lambda found: "''" if found[0][0] in "'$" else " ", sql).split())


def statements(sql: str) -> Iterator[str]:
    """Yield the statements of a text, without comments and with empty strings."""
    for part in bare(sql).split(";"):
        if part.strip():
            yield part.strip()


def is_data(text: str) -> bool:
    """Whether a statement changes rows."""
    return _DATA.match(text) is not None


def changes_all(text: str) -> bool:
    """Whether a statement updates or deletes every row of a table."""
    return re.match(r"(update|delete)\b", text, re.I) is not None and not _WHERE.search(text)


def is_harmless(text: str) -> bool:
    """Whether a statement can hold up or lose nothing."""
    return _HARMLESS.match(text) is not None


def understood(text: str) -> Any:
    """Return Alembic's operation for a statement; None where it is not plainly one of those that rules know."""
    for pattern, made in _PATTERNS:
        match = re.match(pattern.replace("NAME", _QUOTED).replace(" ", r"\s+"), text, re.I)
        if match:
            return made(match)
    return None


def name(quoted: str) -> str:
    """Return a name without its quotes and schema."""
    return quoted.rpartition(".")[2].strip('"`').replace('""', '"')


_ALTER = r"alter table (?:if exists )?(?:only )?(?P<table>NAME) "
_COLUMN = r"(?:column )?(?:if exists )?(?!constraint\b|index\b|key\b|primary\b|foreign\b|check\b|partition\b)"


def _concurrently(match: re.Match[str]) -> dict[str, Any]:
    return {"postgresql_concurrently": True} if match["concurrently"] else {}


def _create_index(match: re.Match[str]) -> Any:
    return ops.CreateIndexOp(
        name(match["name"]), name(match["table"]), [], unique=bool(match["unique"]), **_concurrently(match)
    )


def _foreign_key(match: re.Match[str]) -> Any:
    options = {"postgresql_not_valid": True} if re.search(r"\bnot valid\b", match.string, re.I) else {}
    columns = [name(each.strip()) for each in match["columns"].split(",")]
    target = name(match["target"])
    return ops.CreateForeignKeyOp(name(match["name"]), name(match["table"]), target, columns, [], **options)


def _check(match: re.Match[str]) -> Any:
    options: dict[str, Any] = {"postgresql_not_valid": True} if re.search(r"\bnot valid\b", match.string, re.I) else {}
    return ops.CreateCheckConstraintOp(name(match["name"]), name(match["table"]), "", **options)


def _altered(match: re.Match[str], **changes: Any) -> Any:
    return ops.AlterColumnOp(name(match["table"]), name(match["column"]), **changes)


_PATTERNS: tuple[tuple[str, Callable[[re.Match[str]], Any]], ...] = (
    (
        r"create (?:temp(?:orary)? |unlogged )?table (?:if not exists )?(?P<table>NAME)",
        lambda m: ops.CreateTableOp(name(m["table"]), []),
    ),
    (r"drop table (?:if exists )?(?P<table>NAME)", lambda m: ops.DropTableOp(name(m["table"]))),
    (
        _ALTER + r"rename to (?P<new>NAME)",
        lambda m: ops.RenameTableOp(name(m["table"]), name(m["new"])),
    ),
    (
        r"rename table (?P<table>NAME) to (?P<new>NAME)",
        lambda m: ops.RenameTableOp(name(m["table"]), name(m["new"])),
    ),
    (
        _ALTER + r"rename (?:column )?(?!constraint\b|index\b|key\b)(?P<column>NAME) to (?P<new>NAME)",
        lambda m: _altered(m, modify_name=name(m["new"])),
    ),
    (
        _ALTER + r"drop " + _COLUMN + r"(?P<column>NAME)",
        lambda m: ops.DropColumnOp(name(m["table"]), name(m["column"])),
    ),
    (
        _ALTER + r"drop (?:constraint|check|foreign key) (?:if exists )?(?P<name>NAME)",
        lambda m: ops.DropConstraintOp(name(m["name"]), name(m["table"])),
    ),
    (
        _ALTER + r"drop primary key",
        lambda m: ops.DropConstraintOp("PRIMARY", name(m["table"]), type_="primary"),
    ),
    (
        r"create (?P<unique>unique )?index (?P<concurrently>concurrently )?(?:if not exists )?(?P<name>NAME)"
        r" on (?:only )?(?P<table>NAME)",
        _create_index,
    ),
    (
        r"drop index (?P<concurrently>concurrently )?(?:if exists )?(?P<name>NAME)",
        lambda m: ops.DropIndexOp(name(m["name"]), None, **_concurrently(m)),
    ),
    (
        _ALTER + r"add constraint (?P<name>NAME) foreign key ?\((?P<columns>[^)]*)\) references (?P<target>NAME)",
        _foreign_key,
    ),
    (_ALTER + r"add constraint (?P<name>NAME) check\b", _check),
    (
        _ALTER + r"add constraint (?P<name>NAME) unique ?\(",
        lambda m: ops.CreateUniqueConstraintOp(name(m["name"]), name(m["table"]), []),
    ),
    (
        _ALTER + r"add constraint (?P<name>NAME) primary key ?\(",
        lambda m: ops.CreatePrimaryKeyOp(name(m["name"]), name(m["table"]), []),
    ),
    (
        _ALTER + r"add constraint (?P<name>NAME) exclude\b",
        lambda m: ops.ExecuteSQLOp(m.string),
    ),
    (
        _ALTER + r"alter (?:column )?(?P<column>NAME) set not null",
        lambda m: _altered(m, modify_nullable=False),
    ),
    (
        _ALTER + r"alter (?:column )?(?P<column>NAME) drop not null",
        lambda m: _altered(m, modify_nullable=True),
    ),
    (
        _ALTER + r"alter (?:column )?(?P<column>NAME) drop default",
        lambda m: _altered(m, modify_server_default=None),
    ),
)


def table_of(text: str) -> str:
    """Return the table that a statement changes rows or the definition of; nothing where it names none plainly."""
    pattern = rf"(?:insert into|update|delete from|truncate(?: table)?|alter table) (?:only )?({_QUOTED})"
    match = re.match(pattern, text, re.I)
    return name(match[1]) if match else ""
