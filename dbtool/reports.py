"""The frozen records that cross layers: what is known, what is planned, what was done.

The nouns come first, then one `<Command>Report` for each operation. Standard library only. `--json` prints a
report's fields by these names, so a name here is a promise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Direction = Literal["up", "down"]
Severity = Literal["error", "warning", "note"]
ErdFormat = Literal["svg", "mermaid", "dbml"]
TableKind = Literal["table", "view"]

# Nouns


@dataclass(frozen=True, slots=True)
class Revision:
    """A migration file, as read without running it.

    `parents` is empty for the first one and longer than one for a merge. `text_hash` is of the text with line
    endings and BOM normalised, `meaning_hash` of its syntax tree without docstrings and comments.
    """

    id: str
    name: str
    parents: tuple[str, ...]
    path: str
    text_hash: str
    meaning_hash: str
    listed: bool = True
    stale: bool = False
    depends_on: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The revision as people name it: id and name."""
        return f"{self.id} {self.name}".rstrip()


@dataclass(frozen=True, slots=True)
class AppliedRow:
    """One row of the ledger: a migration that ran on this database. `applied_at` is UTC, `seconds` wall time."""

    revision: str
    name: str
    checksum: str
    direction: Direction
    applied_at: datetime
    seconds: float
    steps: int
    applied_by: str
    version: str
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration that this run has applied. `seconds` is wall time, `statements` what reached the database."""

    revision: str
    name: str
    direction: Direction
    seconds: float
    statements: int


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two schemas, as a person would say it."""

    kind: str
    subject: str
    text: str
    loses_data: bool = False


@dataclass(frozen=True, slots=True)
class Risk:
    """What a migration would do to rows of one database, counted there.

    `kind` is `lost`, `changed`, `duplicate`, `empty`, `refused` or `orphan`. `samples` show the first keys or values.
    With `blocks` the database would refuse the migration, else the rows would be gone.
    """

    kind: str
    subject: str
    rows: int
    text: str
    samples: tuple[str, ...] = ()
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to know about: `code` for programs, `message` for people, `hint` to type, `where` to look."""

    code: str
    message: str
    hint: str = ""
    where: str = ""
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class Standing:
    """Files against ledger. All tuples are oldest first; `current` holds the database's heads.

    `elsewhere` holds those of `missing` that the lock does not list either: they are of another branch. `left_behind`
    are squashed migrations that this database has not run, where it stopped in the middle of them.
    """

    current: tuple[str, ...]
    heads: tuple[str, ...]
    applied: tuple[Revision, ...]
    pending: tuple[Revision, ...]
    edited: tuple[Revision, ...]
    missing: tuple[str, ...]
    stale: tuple[Revision, ...]
    unlisted: tuple[Revision, ...]
    elsewhere: tuple[str, ...] = ()
    left_behind: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether what the database ran is what the files say."""
        return not (self.edited or self.missing or self.stale or self.left_behind)


@dataclass(frozen=True, slots=True)
class Column:
    """A column as `show --schema` tells it.

    `default` is what a new row gets without a value: SQL where the database fills it in, else the model's.
    `references` is `table.column`.
    """

    name: str
    type: str
    nullable: bool
    default: str | None
    primary_key: bool
    unique: bool
    indexed: bool
    references: str | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """A relation of a table, as `show --schema` tells it: its name, the table behind it, one row or many."""

    name: str
    table: str
    many: bool


@dataclass(frozen=True, slots=True)
class TableSize:
    """A table with its row count and its size in bytes on disk; None where the database cannot tell.

    The rows of a view are not counted, since that would run it.
    """

    name: str
    model: str | None
    kind: TableKind
    rows: int | None
    bytes: int | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class RelatedRows:
    """The first rows behind one relation of a record; `total` counts all of them.

    `key` names the record's own columns when it holds the foreign key, and is empty when the others do. `condition`
    is what `show TABLE --where` takes for all of them, and empty where no single condition says it.
    """

    name: str
    table: str
    many: bool
    key: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    labels: tuple[Mapping[str, str], ...]
    total: int
    condition: str


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a seed did to one table, in rows."""

    table: str
    inserted: int
    updated: int
    unchanged: int
    deleted: int = 0

    def __add__(self, other: Seeded) -> Seeded:
        """Return what both did to the same table."""
        return Seeded(
            self.table,
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.deleted + other.deleted,
        )

    @property
    def rows(self) -> int:
        """How many rows it was about."""
        return self.inserted + self.updated + self.unchanged + self.deleted

    @property
    def changed(self) -> int:
        """How many of them were written or deleted."""
        return self.rows - self.unchanged


@dataclass(frozen=True, slots=True)
class Output:
    """A generated file: what was there before, and whether it was written now."""

    path: str
    kind: str
    found: Literal["missing", "stale", "fresh"]
    written: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that dbtool sees, and where it comes from."""

    topic: str
    name: str
    value: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class SqlStep:
    """The SQL of one migration in one direction; statements come without semicolons, the last ones move the version.

    `alone` holds the places, from 0, of those that must stand outside a transaction. `refusal` is why a migration
    cannot be taken back, and None where it can.
    """

    revision: str
    name: str
    direction: Direction
    statements: tuple[str, ...]
    alone: tuple[int, ...] = ()
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """What one statement of a migration locked, as `mode on table`, and which tables and indexes it wrote anew."""

    revision: str
    name: str
    statement: str
    locks: tuple[str, ...]
    rewritten: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that `check` looked at; `ok` is None where it could not be looked at, which is no failure."""

    name: str
    ok: bool | None
    text: str


# One report for each operation


@dataclass(frozen=True, slots=True)
class GenerateReport:
    """What `generate` wrote, or with `check` found; `ok` is False when it found something missing or stale."""

    outputs: tuple[Output, ...]
    ok: bool = True


@dataclass(frozen=True, slots=True)
class ErdReport:
    """A diagram as text, and the tables on it; `path` is where it was written."""

    format: ErdFormat
    tables: tuple[str, ...]
    text: str
    path: str | None = None
    ok: bool = True


@dataclass(frozen=True, slots=True)
class MigrateReport:
    """What `migrate` did, in the order it did it.

    `created` lists scaffolding that was missing; `applied` what ran on the configured database, oldest first;
    `revision` is None when the models and the files agree; `risks` are counted in the configured database, and
    empty with `counted` False when it was not read; `proof` lists the steps that the scratch database passed, none
    for a file that nobody has proven; `notes` say what could not be compared. `adopted` is the migration that
    records what somebody changed by hand, `reverted` the SQL that took it back. `recorded` are the ids of
    migrations that were noted as applied without running, since the database had their changes already, or got them
    by `statements`; `amended` is the file that `revision` took the place of, or that went away where no difference
    was left.
    """

    database: str
    database_created: bool
    created: tuple[str, ...]
    applied: tuple[Applied, ...]
    revision: Revision | None
    changes: tuple[Change, ...]
    proof: tuple[str, ...]
    drift: tuple[str, ...]
    backup: str | None
    generated: GenerateReport | None
    generate_error: str | None
    risks: tuple[Risk, ...] = ()
    counted: bool = True
    notes: tuple[str, ...] = ()
    adopted: Revision | None = None
    reverted: tuple[str, ...] = ()
    recorded: tuple[str, ...] = ()
    amended: Revision | None = None
    statements: tuple[str, ...] = ()
    ok: bool = True


@dataclass(frozen=True, slots=True)
class PushReport:
    """What `push` did to the configured database, or with `dry_run` would do; `statements` are its SQL.

    `risks` are counted there; `notes` say what could not be compared.
    """

    database: str
    database_created: bool
    dry_run: bool
    changes: tuple[Change, ...]
    statements: tuple[str, ...]
    risks: tuple[Risk, ...]
    notes: tuple[str, ...]
    backup: str | None
    generated: GenerateReport | None
    generate_error: str | None
    ok: bool = True


@dataclass(frozen=True, slots=True)
class DeployReport:
    """What `deploy` applied, oldest first; with `dry_run` it was rolled back or only planned."""

    database: str
    database_created: bool
    current: tuple[str, ...]
    applied: tuple[Applied, ...]
    dry_run: bool
    planned: tuple[Revision, ...] = ()
    backup: str | None = None
    ok: bool = True


Outcome = Literal["current", "applied", "would apply", "failed", "not reached"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something did not work: the words of a DbtoolError."""

    code: str
    message: str
    hint: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TargetReport:
    """What became of one database of a fleet; `line` is its line of the list, from 1.

    `outcome` is `current` where nothing was pending, `applied`, `would apply` after a dry run, `failed` with its
    `failure`, or `not reached`. `seconds` is wall time.
    """

    line: int
    database: str
    outcome: Outcome
    current: tuple[str, ...] = ()
    applied: tuple[Applied, ...] = ()
    planned: tuple[Revision, ...] = ()
    seconds: float = 0.0
    failure: Failure | None = None
    ok: bool = True


@dataclass(frozen=True, slots=True)
class FleetReport:
    """What became of the databases of a list, in its order."""

    targets: tuple[TargetReport, ...]
    seconds: float
    dry_run: bool
    interrupted: bool
    ok: bool


@dataclass(frozen=True, slots=True)
class RollbackReport:
    """What `rollback` took back, newest first; with `dry_run` it was undone, or only planned.

    `risks` are what it does to rows, counted before, and empty with `counted` False where they could not be.
    """

    database: str
    current: tuple[str, ...]
    applied: tuple[Applied, ...]
    dry_run: bool
    planned: tuple[Revision, ...] = ()
    risks: tuple[Risk, ...] = ()
    counted: bool = True
    backup: str | None = None
    ok: bool = True


@dataclass(frozen=True, slots=True)
class SquashReport:
    """One migration in place of `squashed`, oldest first; `revision` is None where there were fewer than two.

    `proof` lists the steps that it passed on a scratch database, `rows` counts those that it puts in, `notes` are
    statements of the old files that nothing of the schema shows, which it does not have. With `dry_run` nothing was
    written, and `text` is the file.
    """

    revision: Revision | None
    squashed: tuple[Revision, ...]
    proof: tuple[str, ...]
    rows: int = 0
    notes: tuple[str, ...] = ()
    text: str = ""
    dry_run: bool = False
    ok: bool = True


@dataclass(frozen=True, slots=True)
class InitReport:
    """A project that dbtool knows from now on: `written` are its new or longer files, relative to `root`.

    `existing` is whether an application was there. `models` is the module that defines the tables, `revision` the
    first migration of a new project, `seeded` how many rows it holds. `next` are commands, the best first, each with
    what it is for.
    """

    root: str
    existing: bool
    models: str | None
    written: tuple[str, ...]
    revision: Revision | None
    seeded: int
    next: tuple[tuple[str, str], ...]
    ok: bool = True


@dataclass(frozen=True, slots=True)
class PullReport:
    """A database as models: `files` were written, or would be with `dry_run`, relative to the project.

    `changes` are what was changed of models that were there, in words, `created` whether there were none. `unsaid` is
    what the database has and no model says; a baseline migration keeps it. `differences` are what a comparison of the
    models with the database still finds; it is empty unless something cannot be said. `texts` are the files of a
    `dry_run`, `kept` is the folder with the files as they were, `next` are commands, each with what it is for.
    """

    database: str
    created: bool
    files: tuple[str, ...]
    tables: tuple[str, ...]
    changes: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    kept: str | None = None
    next: tuple[tuple[str, str], ...] = ()
    dry_run: bool = False
    ok: bool = True


@dataclass(frozen=True, slots=True)
class BaselineReport:
    """A database that was there before its migrations: what is recorded as applied, and by which file.

    `created` are files of a new migrations folder, `revision` a file that was written, `recorded` what the database
    has run as of now, `proof` what was shown on a scratch database, `notes` what was not. With `dry_run` nothing was
    written, and `text` is the file.
    """

    database: str
    created: tuple[str, ...]
    revision: Revision | None
    recorded: tuple[Revision, ...]
    proof: tuple[str, ...]
    notes: tuple[str, ...]
    text: str = ""
    dry_run: bool = False
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Moved:
    """A migration that follows another one now; `id` differs from `old_id` where it had to sort after that."""

    old_id: str
    id: str
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class RebaseReport:
    """What `rebase` put on top of `onto`, oldest first; nothing where there was one head already.

    `applied` is what ran on the configured database, in order: mine down, theirs up, mine up; empty where mine had
    not run there. `risks` are what going down did to rows, counted before.
    """

    database: str
    onto: str
    moved: tuple[Moved, ...]
    lock_resolved: bool
    proof: tuple[str, ...]
    applied: tuple[Applied, ...] = ()
    risks: tuple[Risk, ...] = ()
    counted: bool = True
    backup: str | None = None
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Stopped:
    """A migration that stopped halfway, where every DDL statement is committed.

    `done` statements have had their effect; `statement` is the last one that was begun, and `certain` is whether it is
    known to be one of these.
    """

    revision: str
    direction: Direction
    done: int
    statement: str
    certain: bool


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Where a database stands. `drift` lists lines of the catalogue that migrations did not make.

    `drift` is None where it cannot be known: no ledger, or another tool has migrated since. `environment` is the one
    that was named, `protected` why only a confirmed command may change the database; None where there is none.
    """

    database: str
    environment: str | None
    protected: str | None
    standing: Standing
    drift: tuple[str, ...] | None
    findings: tuple[Finding, ...]
    ok: bool


@dataclass(frozen=True, slots=True)
class BackupReport:
    """A copy of a database: where it lies, how many bytes, and the SHA-256 that stands beside it too."""

    database: str
    path: str
    bytes: int
    checksum: str
    ok: bool = True


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What a backup has replaced: rows before and after, and the copy of what was there."""

    database: str
    source: str
    rows_before: int
    rows: int
    backup: str | None
    ok: bool = True


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What was wrong with a database, each with what `repair` does about it as its hint, and what ran.

    With `dry_run` nothing was mended, and `ok` says that there is nothing to mend.
    """

    database: str
    findings: tuple[Finding, ...]
    applied: tuple[Applied, ...]
    dry_run: bool
    ok: bool = True


@dataclass(frozen=True, slots=True)
class HistoryReport:
    """What ran on a database, oldest first, and what the ledger cannot know."""

    database: str
    rows: tuple[AppliedRow, ...]
    unrecorded: tuple[Revision, ...]
    ok: bool = True


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What a seed did, table by table in the order of writing; with `dry_run` it was rolled back.

    `checked` is how many rows were looked at and not written, where that was all that was asked for. `backup` is the
    copy that was taken before rows were deleted.
    """

    database: str
    files: tuple[str, ...]
    tables: tuple[Seeded, ...]
    dry_run: bool = False
    checked: int | None = None
    backup: str | None = None
    ok: bool = True

    @property
    def changed(self) -> int:
        """How many rows were inserted, updated or deleted."""
        return sum(table.changed for table in self.tables)


@dataclass(frozen=True, slots=True)
class Exported:
    """How many rows of a table were exported."""

    table: str
    rows: int


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written as seeds; `files` are the paths, none where it went to the caller alone."""

    database: str
    format: str
    tables: tuple[Exported, ...]
    files: tuple[str, ...] = ()
    ok: bool = True

    @property
    def rows(self) -> int:
        """All rows together."""
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True, slots=True)
class ResetReport:
    """What `reset` removed, where its backup lies, and what it built instead."""

    database: str
    rows_deleted: int
    backup: str | None
    applied: tuple[Applied, ...]
    seeded: SeedReport | None
    ok: bool = True


@dataclass(frozen=True, slots=True)
class TablesReport:
    """All tables and views of a database, by name; `missing` names the models' tables that it does not have yet."""

    database: str
    tables: tuple[TableSize, ...]
    missing: tuple[str, ...] = ()
    ok: bool = True


@dataclass(frozen=True, slots=True)
class SchemaReport:
    """One table's columns, keys and comments. `constraints` are those that one column alone does not tell."""

    table: str
    model: str | None
    kind: TableKind
    comment: str | None
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    natural_key: tuple[str, ...]
    constraints: tuple[str, ...]
    relations: tuple[Link, ...]
    ok: bool = True


@dataclass(frozen=True, slots=True)
class RowsReport:
    """Rows of one table, in order. `total` counts all that match, before `limit`.

    A value stands under its column's name; `labels` holds, for each row, the natural key of the row that a foreign
    key points at, under the name of the foreign key's column.
    """

    table: str
    model: str | None
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    labels: tuple[Mapping[str, str], ...]
    total: int
    ok: bool = True


@dataclass(frozen=True, slots=True)
class RecordReport:
    """One row, its natural key as `label`, and what its relations lead to."""

    table: str
    model: str | None
    label: str
    values: Mapping[str, Any]
    labels: Mapping[str, str]
    relations: tuple[RelatedRows, ...] = ()
    ok: bool = True


@dataclass(frozen=True, slots=True)
class CsvReport:
    """What was written as CSV: columns in order, and how many rows, the header not counted."""

    table: str
    columns: tuple[str, ...]
    rows: int
    ok: bool = True


@dataclass(frozen=True, slots=True)
class QueryReport:
    """What a statement returned: the names of its columns in order, which may repeat, and its rows as lists.

    `more` means that there are more rows than `limit`. `changed` counts the rows that a statement without rows
    changed, None for one that has rows. `seconds` is wall time.
    """

    database: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool
    changed: int | None
    seconds: float
    ok: bool = True


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table that was copied: `checksum` is one of all its rows, in hexadecimal, which both databases agree on."""

    name: str
    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class CopyReport:
    """A database that holds what another one held in one moment; tables stand parents first.

    `created` tells whether it was made, `applied` by which migrations its schema came about. `notes` name columns
    that hold less than was sent, such as times without fractions. `seconds` is wall time.
    """

    source: str
    target: str
    created: bool
    applied: tuple[Applied, ...]
    tables: tuple[CopiedTable, ...]
    notes: tuple[str, ...]
    seconds: float
    ok: bool = True


@dataclass(frozen=True, slots=True)
class StudioReport:
    """Where studio is: `url` holds the token of this run, `address` does not.

    `running` means that it ran before this command, which then started nothing. `protected` is why it is read-only
    where nobody asked for that.
    """

    url: str
    address: str
    database: str
    read_only: bool
    protected: str | None = None
    running: bool = False
    ok: bool = True


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check` looked at, in order, and a finding for each thing that is wrong."""

    checked: tuple[Checked, ...]
    findings: tuple[Finding, ...]
    ok: bool = True


@dataclass(frozen=True, slots=True)
class DiffReport:
    """What would bring one schema to another: in words, and as SQL where it was asked for.

    `notes` say what could not be compared. `ok` is False where `--exit-code` was given and they differ.
    """

    source: str
    target: str
    changes: tuple[Change, ...]
    statements: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    ok: bool = True


@dataclass(frozen=True, slots=True)
class LintReport:
    """What rules found in migrations, file by file and line by line; `files` are their paths, oldest first.

    `replayed` is False where no scratch database could be had, so that rules did not know the tables as they were.
    `traces` is what `--trace` saw. `ok` is False when a finding is an error.
    """

    dialect: str
    files: tuple[str, ...]
    findings: tuple[Finding, ...]
    replayed: bool = True
    traces: tuple[Trace, ...] = ()
    ok: bool = True


@dataclass(frozen=True, slots=True)
class SqlReport:
    """The SQL of migrations, in the order to run it; `before` stands first, outside any transaction."""

    dialect: str
    transactions: bool
    before: tuple[str, ...]
    steps: tuple[SqlStep, ...]
    ok: bool = True


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """What dbtool sees, and what is wrong with it."""

    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    ok: bool
