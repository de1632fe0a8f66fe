"""One new file on a scratch database, up, down and up again among rows that were made up for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dbtool.config import Config
from dbtool.database import Database
from dbtool.engine import live, portrait, runner, samples
from dbtool.engine.diff import Decisions, Draft
from dbtool.engine.history import History
from dbtool.engine.portrait import Portrait
from dbtool.engine.samples import Samples, Wishes
from dbtool.engine.verdicts import is_object, touched
from dbtool.errors import HistoryError, MigrationError, ProofError
from dbtool.reports import Risk

if TYPE_CHECKING:
    from sqlalchemy import Connection, Enum, MetaData

    from dbtool.engine.diff.members import Members


@dataclass(frozen=True, slots=True)
class Ground:
    """What a scratch database is before a new file runs on it: in words, and how an empty one becomes that again."""

    words: str
    make: Callable[[], object]


@dataclass(slots=True)
class Trial:
    """A new file among rows that were made up for it; `near` are the tables that it may touch, None for any."""

    config: Config
    scratch: Database
    before: History
    after: History
    ground: Ground
    draft: Draft | None
    decisions: Decisions
    near: frozenset[str] | None = None
    samples: Samples | None = None
    doubts: list[str] = field(default_factory=list)

    @property
    def _operations(self) -> tuple[Any, ...]:
        return self.draft.operations if self.draft else ()

    def portrait(self) -> Portrait:
        """Look at the schema as it is now; at what stands beside the tables only where the file changes that."""
        return portrait.of(self.scratch, self.near, beside=any(map(is_object, self._operations)))

    @property
    def kept(self) -> str:
        """How many rows were in the tables, in words; empty where there were none."""
        count = self.samples.count if self.samples else 0
        return f"{count:,} {'row' if count == 1 else 'rows'} kept" if count else ""

    def up(self) -> None:
        """Run the file among rows; where they are what fails, without them."""
        self.samples = self._filled()
        try:
            up(self.config, self.scratch, self.after, "up")
        except MigrationError as error:
            if not self.samples or not self.samples.count:
                raise
            self._begin_again()
            up(self.config, self.scratch, self.after, "up")
            words = next((each for each in error.problems if each.startswith("database: ")), error.message)
            self.doubts.append(f"proven without rows: made-up rows were refused ({words})")

    def down(self, before: Portrait) -> None:
        """Take the file back and run it again; where rows are what fails, without them."""
        target = self.before.heads[0] if self.before.heads else "base"
        try:
            down_and_up(
                self.config, self.scratch, self.after, target, before, self.portrait, self.require_rows_after_down
            )
        except HistoryError as error:  # a failing statement, or SQLite's rows whose parent is gone at the end
            if isinstance(error, ProofError) or not self.samples or not self.samples.count:
                raise
            words = next((each for each in error.problems if each.startswith("database: ")), error.message)
            self._begin_again()
            up(self.config, self.scratch, self.after, "up")
            down_and_up(self.config, self.scratch, self.after, target, before, self.portrait)
            self.doubts.append(f"the way back works only while there are no rows ({words})")

    def require_rows_after_up(self) -> None:
        """Raise ProofError when rows or values are gone that should have survived."""
        renames = self.decisions.renames
        renamed = {each.table_name: each.new_table_name for each in renames if hasattr(each, "new_table_name")}
        columns = {
            (self.decisions.old_table(each.table_name), each.column_name): str(each.modify_name)
            for each in renames
            if hasattr(each, "modify_name")
        }
        self._require(renamed=renamed, columns=columns, given_up=self._converted())

    def require_rows_after_down(self) -> None:
        """Raise ProofError when what the file did not drop or convert is not what it was."""
        self._require(given_up=self._given_up())

    def _require(self, **comparison: Any) -> None:
        if self.samples is None:
            return
        with self.scratch.connect("migrate") as connection:
            lost = samples.lost(connection, self.samples, **comparison)
        if lost:
            raise ProofError(
                "rows that were there before did not survive the new migration",
                hint="write this step by hand: dbtool migrate --create-only --no-proof",
                problems=lost[:10],
            )

    def _filled(self) -> Samples:
        with self.scratch.connect("migrate") as connection:
            filled = samples.fill(connection, leave=self.scratch.own_tables, only=self.near, wishes=self._wishes())
            blocked = {risk.subject.partition(".")[0] for risk in self._risks(connection) if risk.blocks}
            if not blocked:
                return filled
            samples.clear(connection, {self.decisions.old_table(name) for name in blocked})
            return samples.read(connection, filled)

    def _risks(self, connection: Connection) -> tuple[Risk, ...]:
        return live.risks(live.Rows(self.scratch, connection), self.decisions, self._operations)

    def _wishes(self) -> Wishes:
        from dbtool.engine.diff.members import EnumMembersOp

        types, required = {}, set()
        for each in live.flat(self._operations):
            if getattr(each, "modify_type", None) is not None:
                types[self._old(each)] = each.modify_type
            if getattr(each, "modify_nullable", None) is False:
                required.add(self._old(each))
            if isinstance(each, EnumMembersOp):
                types |= {self._old_names(use.table, use.column): _staying(each.members) for use in each.members.uses}
        return Wishes(types, frozenset(required))

    def _old(self, operation: Any) -> tuple[str, str]:
        return self._old_names(operation.table_name, operation.column_name)

    def _old_names(self, table: str, column: str) -> tuple[str, str]:
        return self.decisions.old_table(table), self.decisions.old_column(table, column)

    def _given_up(self) -> set[str]:
        """Return what was dropped on the way up, or was of another type between."""
        from alembic.operations import ops

        found = self._converted()
        for each in live.flat(self._operations):
            if isinstance(each, ops.DropTableOp):
                found.add(str(each.table_name))
            elif isinstance(each, ops.DropColumnOp):
                found.add(".".join(self._old(each)))
        return found

    def _converted(self) -> set[str]:
        """Return the columns whose values may be written in another way."""
        from dbtool.engine.diff.members import EnumMembersOp

        found = list(live.flat(self._operations))
        enums = [use for each in found if isinstance(each, EnumMembersOp) for use in each.members.uses]
        converted = {".".join(self._old(each)) for each in found if getattr(each, "modify_type", None) is not None}
        return converted | {".".join(self._old_names(use.table, use.column)) for use in enums}

    def _begin_again(self) -> None:
        """Bring the scratch database back to where it was, without rows; what a failure has left behind goes too."""
        if self.scratch.transactional_ddl and not runner.leaves_transaction(self.after.revisions[-1]):
            self._empty()
        else:
            self.scratch.clear()
            self.ground.make()
        self.samples = None

    def _empty(self) -> None:
        with self.scratch.connect("migrate") as connection:
            samples.clear(connection, leave=self.scratch.own_tables)
        self.samples = None


def near_of(draft: Draft | None, metadata: MetaData) -> frozenset[str] | None:
    """Return the tables that a file may touch, and those whose keys point at them; None for any."""
    near = touched(live.flat(draft.operations)) if draft is not None else None
    if near is None:
        return None
    pointing = {
        table.name
        for table in metadata.tables.values()
        if any(key.target_fullname.rpartition(".")[0] in near for key in table.foreign_keys)
    }
    return near | pointing


def _staying(members: Members) -> Enum:
    """Return the members that rows may have: those that stay, and those of which something becomes."""
    from sqlalchemy import Enum

    return Enum(*(each for each in members.before if each in members.after or each in members.moved))


def up(config: Config, scratch: Database, history: History, word: str) -> None:
    """Run what is pending on a scratch database; a failure says on which way it was. Raises MigrationError."""
    try:
        runner.upgrade(config, scratch, history)
    except MigrationError as error:
        raise MigrationError(
            f"{error.message} ({word}, on the scratch database)",
            hint=error.hint,
            problems=error.problems,
            failed=error.failed,
        ) from error


def down_and_up(
    config: Config,
    scratch: Database,
    history: History,
    target: str,
    before: Portrait,
    look: Callable[[], Portrait] | None = None,
    after_down: Callable[[], None] | None = None,
) -> None:
    """Take files back to `target`, and run them again; the schema between must be the one from before.

    `look` says how `before` was looked at; closely, if it is not said.
    A downgrade that raises NotImplementedError says that there is no way back, which ends this. Raises ProofError and
    MigrationError.
    """
    try:
        runner.downgrade(config, scratch, history, to=target)
    except MigrationError as error:
        if isinstance(error.__cause__, NotImplementedError):
            return
        raise
    _require_same(before, look() if look else portrait.of(scratch, beside=True))
    if after_down is not None:
        after_down()
    up(config, scratch, history, "up again")


def _require_same(before: Portrait, after: Portrait) -> None:
    differences = before.named_as(after).differences(after)
    if differences:
        raise ProofError(
            "the new migration's downgrade does not bring the schema back",
            hint="write this step by hand: dbtool migrate --create-only --no-proof",
            problems=differences,
        )
