"""Rows that the seed files no longer have: found by their natural keys before anything is written, deleted last."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, update
from sqlalchemy.exc import StatementError

from dbtool.errors import DataError
from dbtool.seeding.plan import Step
from dbtool.seeding.shapes import Shape
from dbtool.seeding.stored import Key, Store, conditions, words_of


@dataclass(frozen=True, slots=True)
class Doomed:
    """The primary keys of a table's rows that are to go."""

    shape: Shape
    keys: Sequence[Key]


def doomed(store: Store, step: Step, coming: Collection[int]) -> Doomed:
    """Return the rows of a table that neither its seeds nor its feeds have; `coming` are hashes of the feeds' keys."""
    shape = step.shape
    kept = {tuple([row.stored[name] for name in shape.primary_key]) for row in step.rows if row.stored is not None}
    keys = [primary for primary, natural in store.keys(shape) if primary not in kept and hash(natural) not in coming]
    return Doomed(shape, keys)


def delete_all(store: Store, found: Sequence[Doomed]) -> dict[str, int]:
    """Delete rows, children before parents, and return how many of each table; DataError for one in use."""
    done = {}
    for each in sorted(found, key=lambda each: -each.shape.position):
        done[each.shape.table.key] = len(each.keys)
        own = [name for name in _own_keys(each.shape) if each.shape.columns[name].nullable]
        for condition in conditions(list(each.shape.table.primary_key.columns), each.keys):
            try:
                if own:
                    store.connection.execute(update(each.shape.table).where(condition).values(dict.fromkeys(own)))
                store.connection.execute(delete(each.shape.table).where(condition))
            except StatementError as error:
                raise store.connection_error(error) or DataError(
                    f"rows of `{each.shape.table.key}` that the files do not have are still used: {words_of(error)}",
                    hint="seed the tables that use them too, or delete those rows first",
                ) from error
    return done


def _own_keys(shape: Shape) -> Iterator[str]:
    """Yield the columns that point at rows of the same table."""
    for relation in shape.references.values():
        if relation.target == shape.table.key:
            yield from (column for column, _ in relation.columns)
