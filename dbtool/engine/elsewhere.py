"""Whether migrations run on the other kinds of database that a project names in `dialects`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dbtool import database as databases
from dbtool.config import Config
from dbtool.database import Database
from dbtool.engine import proof
from dbtool.engine.diff import Decisions
from dbtool.engine.history import History
from dbtool.errors import ConnectError, DriverMissingError, MigrationError, ProofError
from dbtool.reports import Revision

if TYPE_CHECKING:
    from sqlalchemy import MetaData

_REMARK = "Not proven on {name}: {why}."
_REMARKS = re.compile(r"^Not proven on (\w+): ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The other kinds of database by name: those that can be tried, and why the rest cannot."""

    there: dict[str, Database]
    missing: dict[str, str]

    @property
    def remark(self) -> str:
        """What a migration says of itself that is not tried everywhere; empty for one that is."""
        return "\n".join(_REMARK.format(name=name, why=why) for name, why in self.missing.items())

    @property
    def notes(self) -> tuple[str, ...]:
        """The same for a report."""
        return tuple(f"not proven on {name}: {why}" for name, why in self.missing.items())

    def prove(self, config: Config, history: History, revision: Revision, metadata: MetaData) -> tuple[str, ...]:
        """Run all files and then a new one, up, down and up again, on each; return the steps in words.

        Raises MigrationError and ProofError, which say where it was.
        """
        steps = []
        for name, database in self.there.items():
            with _named(name), scratch(database) as lent:
                ground = proof.replay(config, lent, history, ())
                proof.prove(config, lent, history, revision, metadata, decisions=Decisions(), ground=ground)
            steps.append(f"the same on {name}")
        return tuple(steps)


def of(config: Config) -> Elsewhere:
    """Look which of them can be tried now. Raises SettingError."""
    there, missing = {}, {}
    for name, database in databases.elsewhere(config).items():
        if database is None:
            missing[name] = f"no server is named: {name} in [tool.dbtool.scratch], or DBTOOL_SCRATCH_{name.upper()}_URL"
            continue
        try:
            database.driver()
            database.exists()
            there[name] = database
        except (ConnectError, DriverMissingError) as error:
            missing[name] = error.message
    return Elsewhere(there, missing)


def untried(config: Config) -> str:
    """Return the remark of a file that was tried only where the project's database is."""
    why = "it was tried on the project's own database"
    return "\n".join(_REMARK.format(name=name, why=why) for name in databases.elsewhere(config))


def scratch(database: Database) -> AbstractContextManager[Database]:
    """Lend an empty database beside another one: a temporary one, or itself where the role may not make one."""
    return proof.scratch_beside(database, database)


def unproven(history: History, name: str) -> Sequence[Revision]:
    """Return the files that say that nobody has tried them on a kind of database."""
    return [each for each in history.revisions if name in _REMARKS.findall(Path(each.path).read_text("utf-8"))]


@contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except (ConnectError, MigrationError, ProofError) as error:
        error.message = f"on {name}: {error.message}"
        raise
