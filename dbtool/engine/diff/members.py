"""Follow the members of an enum: added, removed, renamed, put in another order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import ops
from alembic.util import PriorityDispatchResult
from sqlalchemy import Column, Enum, Table

from dbtool.engine.diff import decisions, probe
from dbtool.engine.diff.decisions import Decisions
from dbtool.engine.diff.operations import is_native_enum
from dbtool.engine.diff.rendering import single_percents
from dbtool.errors import AnswerError, FillError

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


@dataclass(frozen=True, slots=True)
class Use:
    """A column that holds members; `default` and `new_default` are SQL, and each text is empty where there is none."""

    table: str
    column: str
    schema: str | None = None
    nullable: bool = True
    default: str = ""
    new_default: str = ""
    collation: str = ""
    comment: str = ""

    def reversed(self) -> Use:
        """Return the way back."""
        return replace(self, default=self.new_default, new_default=self.default)


@dataclass(frozen=True, slots=True)
class Members:
    """An enum before and after: `moved` says what became of a member, `renamed` which of these have a new name."""

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    uses: tuple[Use, ...]
    moved: Mapping[str, str] = field(default_factory=dict)
    renamed: frozenset[str] = frozenset()

    def reversed(self) -> Members:
        """Return the way back: what was renamed gets its name back, what was replaced stays."""
        moved = {self.moved[old]: old for old in self.renamed}
        uses = tuple(use.reversed() for use in self.uses)
        return replace(self, before=self.after, after=self.before, uses=uses, moved=moved, renamed=frozenset(moved))

    @property
    def only_adds(self) -> bool:
        """Whether all that was there stays, in the same order."""
        return (
            self._keeps_defaults
            and not self.moved
            and [each for each in self.after if each in self.before] == list(self.before)
        )

    @property
    def only_renames(self) -> bool:
        """Whether nothing but names has changed."""
        named = [self.moved.get(each, each) if each in self.renamed else each for each in self.before]
        return self._keeps_defaults and named == list(self.after)

    @property
    def _keeps_defaults(self) -> bool:
        return all(use.default == use.new_default for use in self.uses)


class EnumMembersOp(ops.MigrateOperation):
    """Give an enum other members, in the words of a database: statements, and those that need no transaction."""

    def __init__(self, members: Members, up: Sequence[Statement], down: Sequence[Statement]) -> None:
        self.members = members
        self.up = tuple(up)
        self.down = tuple(down)

    def reverse(self) -> EnumMembersOp:
        """Give the old members back."""
        return EnumMembersOp(self.members.reversed(), self.down, self.up)

    def to_diff_tuple(self) -> Any:
        """Return Alembic's short form of a difference."""
        return ("modify_enum", self.members.name, self.members.before, self.members.after)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of SQL; one that is `alone` must not be in a transaction with what uses it."""

    text: str
    alone: bool = False


def compare_type(
    context: AutogenContext,
    altered: ops.AlterColumnOp,
    schema: str | None,
    table: str,
    name: str,
    existing: Column[Any],
    wanted: Column[Any],
) -> PriorityDispatchResult:
    """Keep Alembic from comparing two enums of one name: their members are compared here.

    One that the models want as text from now on is another type, which Alembic does not see on MariaDB.
    """
    old, new = existing.type, wanted.type
    if isinstance(old, Enum) and isinstance(new, Enum) and not new.native_enum and _is_native(context, old):
        altered.existing_type, altered.modify_type = old, new
        return PriorityDispatchResult.STOP
    if isinstance(old, Enum) and is_native_enum(new) and (not old.name or old.name == getattr(new, "name", None)):
        altered.existing_type = old
        return PriorityDispatchResult.STOP
    return PriorityDispatchResult.CONTINUE


def with_members(context: AutogenContext, operations: Iterable[Any]) -> Iterator[Any]:
    """Bring the enums that are there to the members of the models, their columns' defaults too, before the rest."""
    changed = [*_changes(context), *_texts(context)]
    mine = {(use.table, use.column): each.members.after for each in changed for use in each.members.uses if each.up}
    yield from changed
    for operation in operations:
        if isinstance(operation, ops.ModifyTableOps):
            for each in operation.ops:
                if isinstance(each, ops.AlterColumnOp) and (each.table_name, each.column_name) in mine:
                    each.modify_server_default = False
                    each.existing_type = _with_labels(each.existing_type, mine[each.table_name, each.column_name])
            operation.ops = [
                each for each in operation.ops if not isinstance(each, ops.AlterColumnOp) or each.has_changes()
            ]
        if not isinstance(operation, ops.ModifyTableOps) or operation.ops:
            yield operation


def _with_labels(type_: Any, members: Sequence[str]) -> Any:
    """Return a type with the members that it has by now: a database may want it said again."""
    if not isinstance(type_, Enum):
        return type_
    kept: Any = type_
    made = kept.copy()
    made.enums = list(members)
    return made


def _changes(context: AutogenContext) -> Iterator[EnumMembersOp]:
    for members in _different(context):
        decided = _decided(decisions.of(context), members)
        database, dialect = decisions.of(context).database, context.dialect
        if database is None or dialect is None:
            continue
        around = _around(context, decided)
        with single_percents(context.migration_context):
            up, down = (
                [Statement(*each) for each in database.enum_statements(dialect, {**_told(way), "around": around})]
                for way in (decided, decided.reversed())
            )
        yield EnumMembersOp(decided, up, down)


def _around(context: AutogenContext, members: Members) -> list[tuple[str, str]]:
    """Return what has to step aside while columns change, each with what brings it back."""
    database, connection = decisions.of(context).database, context.connection
    if database is None or connection is None:
        return []
    found = (database.enum_dependents(connection, use.table, use.column) for use in members.uses)
    return list(dict.fromkeys(each for some in found for each in some))


def _texts(context: AutogenContext) -> Iterator[EnumMembersOp]:
    """Yield what moves the values of enums that are texts in this database, as far as its rows show what has gone."""
    found = decisions.of(context)
    for table in _all_tables(context):
        for column in table.columns:
            members = getattr(column.type, "enums", None)
            if not isinstance(column.type, Enum) or not members or _is_native_here(context, column):
                continue
            strangers = found.strangers(str(table.name), column.name, members)
            moved, renamed = _placed(found, table, column, strangers)
            if moved:
                use = Use(str(table.name), column.name, table.schema)
                before = (*(each for each in members if each not in moved.values()), *moved)
                told = Members(f"{table.name}.{column.name}", before, tuple(members), (use,), moved, frozenset(renamed))
                yield EnumMembersOp(told, (), ())


def _placed(
    found: Decisions, table: Table, column: Column[Any], strangers: Mapping[str, int]
) -> tuple[dict[str, str], set[str]]:
    """Ask what becomes of each value that is no member any more; only who has said so before calls it a new name."""
    moved: dict[str, str] = {}
    renamed: set[str] = set()
    members: Any = getattr(column.type, "enums", ())
    use = Use(str(table.name), column.name)
    for old, rows in strangers.items():
        subject = f"{table.name}.{column.name}.{old}"
        new = next((each for each in members if found.ask.is_rename(subject, each, likely=False)), None)
        if new is not None:
            renamed.add(old)
        new = new or _optional_replacement(found, use, old, rows, members)
        if new is not None:
            moved[old] = new
    return moved, renamed


def _optional_replacement(found: Decisions, use: Use, old: str, rows: int, members: Sequence[str]) -> str | None:
    """Return what takes a value's place; where nobody answers it stays, and is noted: it may always have been there."""
    try:
        return _replacement(found, use, old, rows, members)
    except FillError:
        raise
    except AnswerError:
        subject = f"{use.table}.{use.column}"
        these = f"{rows:,} {'row has' if rows == 1 else 'rows have'}"
        found.notes.append(f"{these} `{old}` in {subject}, which is no member: --fill {subject}.{old}={members[0]}")
        return None


def _all_tables(context: AutogenContext) -> list[Table]:
    metadata: Any = context.metadata
    compares = decisions.of(context).compares
    present = {name for name in context.inspector.get_table_names() if compares(name)}
    wanted = (table for table in metadata.tables.values() if table.name in present and table.schema is None)
    return sorted(wanted, key=lambda table: str(table.name))


def _is_native_here(context: AutogenContext, column: Column[Any]) -> bool:
    """Whether the database itself knows the members."""
    native = bool(getattr(context.dialect, "supports_native_enum", False))
    return native and is_native_enum(column.type)


def _is_native(context: AutogenContext, type_: Enum) -> bool:
    return bool(getattr(context.dialect, "supports_native_enum", False)) and type_.native_enum


def _told(members: Members) -> dict[str, Any]:
    """Return an enum's change as the layer of databases takes it."""
    return {
        "name": members.name,
        "before": members.before,
        "after": members.after,
        "uses": [
            (
                (use.table, use.column, use.schema, use.nullable, use.default, use.new_default),
                (use.collation, use.comment),
            )
            for use in members.uses
        ],
        "moved": members.moved,
        "only_adds": members.only_adds,
        "only_renames": members.only_renames,
    }


# What differs


def _different(context: AutogenContext) -> list[Members]:
    """Compare types where they are objects of their own, else column by column."""
    inspector: Any = context.inspector
    named = getattr(inspector, "get_enums", None)
    labels = {each["name"]: tuple(each["labels"]) for each in named()} if named else {}
    found: dict[str, Members] = {}
    for table in _tables(context):
        for column, existing in _enum_columns(context, table):
            type_: Any = column.type
            before = labels.get(type_.name) if named else tuple(getattr(existing["type"], "enums", ()))
            after = tuple(type_.enums)
            if not before or before == after or (named and not _is_of_type(existing, type_)):
                continue
            key = str(type_.name) if named else f"{table.name}.{column.name}"
            use = Use(
                *(table.name, column.name, table.schema, existing["nullable"]),
                default=_kept(existing.get("default")),
                new_default=_wanted(context, column),
                collation=str(getattr(existing["type"], "collation", None) or ""),
                comment=str(existing.get("comment") or ""),
            )
            known = found.get(key) or Members(str(type_.name) if named else key, before, after, ())
            found[key] = replace(known, uses=(*known.uses, use))
    return list(found.values())


def _kept(default: Any) -> str:
    return "" if default is None or str(default).upper() == "NULL" else str(default)


def _wanted(context: AutogenContext, column: Column[Any]) -> str:
    """Return the default of a model as the database spells it, or as near as can be known."""
    filled: Any = column.server_default
    if filled is None:
        return ""
    made = probe.of(context.migration_context, column.table).columns.get(column.name, {}).get("default")
    return _kept(made) or str(getattr(filled.arg, "text", filled.arg))


def _is_of_type(existing: Any, type_: Any) -> bool:
    return isinstance(existing["type"], Enum) and existing["type"].name == type_.name


def _tables(context: AutogenContext) -> list[Table]:
    tables = _all_tables(context)
    return [table for table in tables if any(is_native_enum(column.type) for column in table.columns)]


def _enum_columns(context: AutogenContext, table: Table) -> Iterator[tuple[Column[Any], Any]]:
    if not context.run_name_filters(table.name, "table", {"schema_name": None}):
        return
    there = {each["name"]: each for each in context.inspector.get_columns(table.name)}
    for column in table.columns:
        if is_native_enum(column.type) and column.name in there:
            yield column, there[column.name]


# What only a person can know


def _decided(found: Decisions, members: Members) -> Members:
    removed = [each for each in members.before if each not in members.after]
    added = [each for each in members.after if each not in members.before]
    moved: dict[str, str] = {}
    for old in removed:
        new = _renamed(found, members.uses, old, [each for each in added if each not in moved.values()], removed)
        if new is not None:
            moved[old] = new
    renamed = frozenset(moved)
    for old in removed:
        counts = {each: found.having(each.table, each.column, old) or 0 for each in members.uses}
        use = max(counts, key=lambda each: (counts[each] > 0, -members.uses.index(each)))
        if old not in moved and counts[use]:
            moved[old] = _replacement(found, use, old, sum(counts.values()), members.after)
    return replace(members, moved=moved, renamed=renamed)


def _renamed(
    found: Decisions, uses: Sequence[Use], old: str, added: Sequence[str], removed: Sequence[str]
) -> str | None:
    """Take what was said of any column that has the type; only the first is asked about."""
    likely = bool(added) and len(added) == len(removed)
    subjects = [f"{use.table}.{use.column}.{old}" for use in uses]
    told = [new for subject in reversed(subjects) for new in added if found.ask.is_rename(subject, new, likely=False)]
    if told:
        return told[-1]
    return next((new for new in added if found.ask.is_rename(subjects[0], new, likely=likely)), None)


def _replacement(found: Decisions, use: Use, old: str, rows: int, after: Sequence[str]) -> str:
    subject = f"{use.table}.{use.column}.{old}"
    text = found.ask.fill(subject, "a member that goes", rows)
    if text not in after:
        hint = f"--fill {subject}={after[0] if after else 'MEMBER'}"
        raise FillError(f"`{text}` is no member of {use.table}.{use.column}: {', '.join(after)}", hint=hint)
    return text


@renderers.dispatch_for(EnumMembersOp)
def _render(context: AutogenContext, operation: EnumMembersOp) -> list[str]:
    lines: list[str] = [] if operation.up else list(_updates(operation.members))
    for statement in operation.up:
        line = f"op.execute({statement.text!r})"
        lines += ["with op.get_context().autocommit_block():", line, ""] if statement.alone else [line]
    return lines


def _updates(members: Members) -> Iterator[str]:
    """Write the moves of values as statements that every database understands."""
    (use,) = members.uses
    schema = f", schema={use.schema!r}" if use.schema else ""
    column = f"sa.column({use.column!r})"
    for old, new in members.moved.items():
        update = f"sa.table({use.table!r}, {column}{schema}).update().where({column} == {old!r})"
        yield f"op.execute({update}.values({{{use.column!r}: {new!r}}}))"


def told(members: Members) -> Iterable[str]:
    """Say what happens to the members, each in a sentence."""
    for old, new in members.moved.items():
        yield f"rename {old} to {new}" if old in members.renamed else f"{old} becomes {new}"
    gone = [each for each in members.before if each not in members.after and each not in members.moved]
    came = [each for each in members.after if each not in members.before and each not in members.moved.values()]
    if came:
        yield f"add {', '.join(came)}"
    if gone:
        yield f"drop {', '.join(gone)}"
    if not (members.moved or gone or came):
        yield f"order {', '.join(members.after)}"
