"""Tables and columns by the names that people type: `units`, `unit`, `Unit` and `unit-assets`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Table

from dbtool.errors import ColumnNotFoundError, TableNotFoundError
from dbtool.tables import foreign_keys, relations

# How English forms plurals: the ending of the many, and what the one may end in.
_ENDINGS = (
    ("ies", ("y", "ie")),
    ("ves", ("f", "fe", "ve")),
    ("ses", ("s", "se", "sis")),
    ("xes", ("x", "xe")),
    ("zes", ("z", "ze")),
    ("ches", ("ch", "che")),
    ("shes", ("sh", "she")),
    ("oes", ("o", "oe")),
    ("ices", ("ex", "ix", "ice")),
)
_IRREGULAR = (
    ("people", "person"),
    ("children", "child"),
    ("men", "man"),
    ("mice", "mouse"),
    ("geese", "goose"),
    ("feet", "foot"),
    ("teeth", "tooth"),
    ("data", "datum"),
    ("media", "medium"),
    ("criteria", "criterion"),
    ("phenomena", "phenomenon"),
)
_LISTED = 8
_COMPARED = 100  # letters of a name; a text of a cell may be long
_NEAR, _AS_NEAR = 0.6, 0.08  # of SequenceMatcher's ratio


def find_name(typed: str, known: Mapping[str, Iterable[str]]) -> str:
    """Return the key of `known` that has a spelling like the typed one.

    An exact spelling wins over one that differs in case or punctuation, and that over a plural. Raises
    TableNotFoundError, naming the nearest, when there is none or when the best fits more than one table.
    """
    for fits in (_same, _folds_alike, _number_alike):
        found = [key for key, spellings in known.items() if any(fits(typed, each) for each in (key, *spellings))]
        if len(found) == 1:
            return found[0]
        if found:
            raise TableNotFoundError(f"`{typed}` may mean more than one table", hint=_either(found))
    raise TableNotFoundError(f"there is no table `{typed}`", hint=_nearest_table(typed, known))


def find_column(table: Table, typed: str) -> Column[Any]:
    """Return a column by its name, or by the name of the foreign key that it alone makes up.

    Raises ColumnNotFoundError, naming the nearest.
    """
    found = find_column_or_reference(table, typed)
    if isinstance(found, Column):
        return found
    if len(found.columns) == 1:
        return found.columns[0]
    names = ", ".join(column.name for column in found.columns)
    raise ColumnNotFoundError(f"`{typed}` is made of more than one column", hint=f"name one of them: {names}")


def find_column_or_reference(table: Table, typed: str) -> Column[Any] | ForeignKeyConstraint:
    """Return what a name means: a column, else a foreign key by the name of its relation.

    Raises ColumnNotFoundError, naming the nearest.
    """
    columns = {column.name: column for column in table.columns}
    keys = keys_by_name(table)
    for fits in (_same, _folds_alike):
        for named in (columns, keys):
            found = [each for name, each in named.items() if fits(typed, name)]
            if found:
                return found[0]
    raise ColumnNotFoundError(
        f"`{table.name}` has no column `{typed}`", hint=_nearest_column(typed, list({**columns, **keys}))
    )


def find_columns(table: Table, typed: Sequence[str]) -> tuple[Column[Any], ...]:
    """Return columns by name, in the order typed and each once; none typed means all."""
    found = {column.name: column for column in (find_column(table, name) for name in split_names(table, typed))}
    return tuple(found.values()) or tuple(table.columns)


def split_names(table: Table, typed: Sequence[str]) -> list[str]:
    """Split at commas what is not itself the name of a column."""
    names = {column.name for column in table.columns}
    split = [[each] if each in names else each.split(",") for each in typed]
    return [name.strip() for part in split for name in part if name.strip()]


def keys_by_name(table: Table) -> Mapping[str, ForeignKeyConstraint]:
    """Return a table's foreign keys by name: that of the relation, and that of the column without `_id`.

    One of several columns, which no relation names, is called like the table that it points at.
    """
    by_columns = {}
    found = {}
    for key in foreign_keys(table):
        local = tuple(sorted(column.name for column in key.columns))
        by_columns[local] = key
        found[local[0].removesuffix("_id") if len(local) == 1 else key.referred_table.name] = key
    for relation in relations(table):
        held = by_columns.get(tuple(sorted(local for local, _ in relation.columns)))
        free = relation.name not in table.columns
        if held is not None and free and not relation.many and relation.secondary is None:
            found[relation.name] = held
    return found


def nearest(typed: str, names: Iterable[str], count: int = 1) -> list[str]:
    """Return the names most like the typed one, best first; empty when none is near."""
    wanted = (_fold(typed) or typed)[:_COMPARED]
    likeness = {name: SequenceMatcher(None, (_fold(name) or name)[:_COMPARED], wanted).ratio() for name in names}
    best = max(likeness.values(), default=0)
    near = [name for name, ratio in likeness.items() if ratio >= max(_NEAR, best - _AS_NEAR)]
    return sorted(near, key=lambda name: -likeness[name])[:count]


def _same(typed: str, name: str) -> bool:
    return typed == name


def _folds_alike(typed: str, name: str) -> bool:
    return bool(_fold(typed)) and _fold(typed) == _fold(name)


def _number_alike(typed: str, name: str) -> bool:
    return bool(_fold(typed)) and bool(_numbers(_fold(typed)) & _numbers(_fold(name)))


def _fold(name: str) -> str:
    """Leave only what does not depend on how words are joined: UnitAsset, unit_asset and unit-asset are one."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _numbers(word: str) -> set[str]:
    """Return a word and what it may be the plural of."""
    found = {word}
    for many, one in _IRREGULAR:
        if word.endswith(many):
            found.add(word.removesuffix(many) + one)
    for many, ones in _ENDINGS:
        if word.endswith(many):
            found |= {word.removesuffix(many) + one for one in ones}
    if word.endswith("s") and not word.endswith("ss"):
        found.add(word[:-1])
    return found - {""}


def _nearest_table(typed: str, known: Mapping[str, Iterable[str]]) -> str:
    spellings = {spelling: key for key, others in known.items() for spelling in (key, *others)}
    near = list(dict.fromkeys(spellings[name] for name in nearest(typed, spellings, 3)))
    if near:
        return _either(near)
    if not known:
        return "dbtool migrate   (the database has no tables yet)"
    listed = ", ".join(sorted(known)[:_LISTED])
    return f"tables: {listed}" if len(known) <= _LISTED else f"dbtool show   (lists all {len(known)} tables)"


def _nearest_column(typed: str, names: Sequence[str]) -> str:
    near = nearest(typed, names, 3)
    return _either(near) if near else f"columns: {', '.join(names)}"


def _either(names: Sequence[str]) -> str:
    return f"did you mean {' or '.join(f'`{name}`' for name in names)}?"
