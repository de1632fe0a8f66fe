"""A migration that changes rows: a file to be filled in, which changes nothing as it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dbtool.engine.diff import Draft

if TYPE_CHECKING:
    from sqlalchemy import MetaData, Table

_UP = """\
connection = op.get_bind()
# Only what this migration needs of the table, as it is now: the models may change after it.
table = sa.table({table}, sa.column({key}), sa.column({column}))
key, column = table.c[{key}], table.c[{column}]
wanted = sa.false()  # which rows are to be changed, for example: column.is_(None)
total = connection.scalar(sa.select(sa.func.count()).select_from(table).where(wanted)) or 0
done, last = 0, None
while done < total:
    page = sa.select(key).where(wanted).order_by(key).limit(1000)
    keys = connection.scalars(page if last is None else page.where(key > last)).all()
    if not keys:
        break
    # What they get, for example: sa.func.lower(column), or "a value".
    connection.execute(table.update().where(key.in_(keys)).values({{{column}: column}}))
    done, last = done + len(keys), keys[-1]
    print(f"  {{done:,}} of {{total:,}} rows", file=sys.stderr)
"""
_DOWN = """\
# What the rows held before is gone, unless upgrade() kept it. To do nothing is an answer too. Where going back would
# be wrong, say so: raise NotImplementedError("the values from before are not known any more")
pass
"""
_NO_TABLE = """\
# Rows are changed here: connection = op.get_bind(), and then connection.execute(...), in the same transaction.
pass
"""


def of_rows(metadata: MetaData | None, name: str) -> Draft:
    """Return a skeleton over a table that the name speaks of, else over the first one with a key of one column."""
    chosen = _chosen(metadata, name) if metadata is not None else None
    if chosen is None:
        return Draft(upgrade=_NO_TABLE, downgrade=_DOWN)
    table, column = chosen
    (key,) = table.primary_key.columns
    up = _UP.format(table=json.dumps(table.name), key=json.dumps(key.name), column=json.dumps(column))
    return Draft(upgrade=up, downgrade=_DOWN, imports=("import sys",))


def _chosen(metadata: MetaData, name: str) -> tuple[Table, str] | None:
    words = set(name.split("_"))
    suitable = [(table, columns) for table in metadata.sorted_tables if (columns := _columns(table))]
    spoken_of = [each for each in suitable if words & {each[0].name, f"{each[0].name}s", each[0].name.rstrip("s")}]
    for table, columns in [*spoken_of, *suitable]:
        return table, next((each for each in columns if each in words), columns[0])
    return None


def _columns(table: Table) -> Sequence[str]:
    """Return the columns that rows may get another value in; none for a table that cannot be read in pages."""
    if len(table.primary_key.columns) != 1 or table.schema is not None:
        return ()
    plain = (each for each in table.columns if not each.primary_key and each.computed is None)
    return [each.name for each in plain if not each.foreign_keys and each.name.isidentifier()]
