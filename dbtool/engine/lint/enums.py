"""Rules about the members of enums."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Enum

from dbtool.engine.lint.loss import types_of
from dbtool.engine.lint.rules import Deed, Facts, Rule

_ADD = re.compile(r"alter type \S+ add value\b(?P<rest>.*)", re.I)


def _members(deed: Deed) -> tuple[list[str], list[str]] | None:
    """Return the members before and after; None where the operation changes none."""
    types = types_of(deed)
    if types is None or not all(isinstance(_bare(each), Enum) for each in types):
        return None
    return list(_bare(types[0]).enums), list(_bare(types[1]).enums)


def _bare(type_: Any) -> Any:
    return getattr(type_, "impl_instance", type_)


def _rename(deed: Deed, facts: Facts) -> str | None:
    if re.match(r"alter type \S+ rename value\b", deed.text, re.I):
        return "code that runs still writes the old value"
    members = _members(deed)
    if members is None or len(members[0]) != len(members[1]) or sorted(members[0]) == sorted(members[1]):
        return None
    return "code that runs still writes the old value"


def _remove(deed: Deed, facts: Facts) -> str | None:
    members = _members(deed)
    gone = [each for each in members[0] if each not in members[1]] if members else []
    return f"rows may still be {', '.join(map(repr, gone))}" if gone else None


def _in_transaction(deed: Deed, facts: Facts) -> str | None:
    if deed.alone or not _ADD.match(deed.text):
        return None
    return "a value cannot be used in the transaction that adds it, which may be that of later files too"


def _no_place(deed: Deed, facts: Facts) -> str | None:
    found = _ADD.match(deed.text)
    placed = found is None or re.search(r"\b(before|after)\b", found["rest"], re.I)
    return None if placed else "the value is sorted last, wherever the model has it"


def _reorder(deed: Deed, facts: Facts) -> str | None:
    members = _members(deed)
    if members is None:
        return None
    before, after = ([each for each in some if each in members[0] and each in members[1]] for some in members)
    return "the members change their numbers, so the table is copied" if before != after else None


def _insert_middle(deed: Deed, facts: Facts) -> str | None:
    members = _members(deed)
    if members is None:
        return None
    kept = [each for each in members[1] if each in members[0]]
    moved = kept == members[0] and members[1][: len(kept)] != kept
    return "members after the new one change their numbers, so the table is copied" if moved else None


def _too_many(deed: Deed, facts: Facts) -> str | None:
    members = _members(deed)
    crosses = members is not None and len(members[0]) <= 255 < len(members[1])
    return "more than 255 members take two bytes, so the table is copied" if crosses else None


_APPEND = "append new members at the end"

RULES = (
    Rule(
        "rename-enum-value",
        "EE-",
        "a member is renamed under the code that writes it",
        "add the new member, update the rows in batches, switch the code, and leave the old one",
        _rename,
    ),
    Rule(
        "enum-value-in-tx",
        "E--",
        "a member is added inside a transaction",
        "with op.get_context().autocommit_block():  # in a revision of its own\n"
        "    op.execute(\"ALTER TYPE ... ADD VALUE IF NOT EXISTS '...' AFTER '...'\")",
        _in_transaction,
        on_new=True,
    ),
    Rule(
        "enum-value-order",
        "N--",
        "a member is added without BEFORE or AFTER",
        "ALTER TYPE ... ADD VALUE IF NOT EXISTS '...' AFTER '...'",
        _no_place,
        on_new=True,
    ),
    Rule(
        "enum-remove-value",
        "EEE",
        "a member is removed that rows may use",
        "count the rows that use it and give them another; then a new type, and swap",
        _remove,
    ),
    Rule("enum-reorder", "-W-", "members change their order", _APPEND, _reorder),
    Rule("enum-insert-middle", "-W-", "a member is added before others", _APPEND, _insert_middle),
    Rule("enum-too-large", "-W-", "more than 255 members", "a table of its own, and a foreign key", _too_many),
)
