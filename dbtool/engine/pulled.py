"""Whether models are the database that they were written from: found out in a process of their own."""

from __future__ import annotations

import json
import pickle
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from dbtool import database as databases
from dbtool.config import Config
from dbtool.database import Database
from dbtool.engine import diff, proof, schema, squash
from dbtool.errors import DbtoolError, ModelsError

if TYPE_CHECKING:
    from sqlalchemy import MetaData


@dataclass(frozen=True, slots=True)
class Likeness:
    """How models differ from a database: what would bring it to them, and how what they make differs from it.

    `warnings` are what SQLAlchemy says of the relationships.
    """

    changes: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def compared(config: Config, tables: Sequence[str] | None = None) -> Likeness:
    """Import the configured models in a process of its own, compare them, and make them on a scratch database.

    `tables` are those that are looked at, None for all. Raises ModelsError where they cannot be imported.
    """
    done = subprocess.run(
        [sys.executable, "-m", "dbtool.engine.pulled"],
        input=pickle.dumps((config, tables)),
        capture_output=True,
        check=False,
    )
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    if done.returncode or not lines:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ModelsError(f"the models could not be looked at: {said[-1] if said else 'no answer'}")
    told = json.loads(lines[-1])
    if "error" in told:
        raise ModelsError(told["error"], hint=told["hint"])
    return Likeness(**{name: tuple(each) for name, each in told.items()})


def _looked(config: Config, tables: Sequence[str] | None) -> Likeness:
    from sqlalchemy.orm import configure_mappers

    database = databases.of(config)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        metadata = schema.load(config)
        configure_mappers()
    with database.connect("read") as connection:
        draft = diff.draft(config, database, connection, metadata, only=tables)
    wanted = squash.picture(config, database, with_rows=False)
    with proof.scratch(config, database) as scratch:
        make(scratch, metadata)
        made = squash.picture(config, scratch, with_rows=False)
    differing = wanted.schema.named_as(made.schema).differences(made.schema)
    said = tuple(dict.fromkeys(str(each.message) for each in heard if "sqlalchemy" in each.category.__module__))
    return Likeness(tuple(change.text for change in draft.changes), tuple(_of(differing, tables)), said)


def make(scratch: Database, metadata: MetaData) -> None:
    """Make the tables, and first the schemas that they are in."""
    from sqlalchemy.schema import CreateSchema

    with scratch.connect("migrate") as connection:
        for name in sorted({table.schema for table in metadata.tables.values() if table.schema}):
            connection.execute(CreateSchema(name, if_not_exists=True))
        metadata.create_all(connection)
        connection.commit()


def _of(differing: Sequence[str], tables: Sequence[str] | None) -> Iterator[str]:
    """Yield the differences of some tables; MariaDB says NO ACTION and RESTRICT of the same."""
    said = [line.replace(" NO ACTION", " RESTRICT") for line in differing]
    for line in dict.fromkeys(said):
        which, _, fact = line.partition(": ")
        opposite = "left over" if which == "gone" else "gone"
        if f"{opposite}: {fact}" not in said and (tables is None or _table_of(fact) in tables):
            yield line


_KINDS = ("primary key ", "foreign key ", "materialized view ")


def _table_of(fact: str) -> str:
    """Return what a fact is about, which stands behind its kind."""
    kind = next((each for each in _KINDS if fact.startswith(each)), f"{fact.partition(' ')[0]} ")
    return re.split(r"[.:\[ ]", fact.removeprefix(kind))[0]


def main() -> None:
    """Answer `compared`, which asks on standard input."""
    config, tables = pickle.load(sys.stdin.buffer)
    try:
        answer = asdict(_looked(config, tables))
    except DbtoolError as error:
        answer = {"error": error.message, "hint": error.hint}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
