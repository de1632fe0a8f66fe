"""Models by chance: tables, columns of several types, defaults, keys, indexes, checks and enums.

A column's name says which family of types it is of, so that two models differ in what a migration can convert.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st

FAMILIES: Mapping[str, tuple[list[Any], list[str]]] = {
    "n": ([sa.Integer(), sa.BigInteger(), sa.SmallInteger(), sa.Numeric(8, 2)], ["0", "7"]),
    "s": ([sa.String(10), sa.String(40)], ["", "red", "it's 100%"]),
    "d": ([sa.Date(), sa.DateTime()], []),
    "b": ([sa.Boolean(), sa.Integer()], []),
    "u": ([sa.Uuid(), sa.String(36)], []),
}
CHECKS = ["{} > -5", "{} < 900", "{} <> 13"]
MEMBERS = ["calm", "cross", "wild", "it's"]
FILLS = {"n": "1", "s": "x", "d": "2024-01-31", "b": "1", "u": "12345678-1234-5678-1234-567812345678", "f": "1"}


@dataclass(frozen=True)
class ColumnPlan:
    """A column: `kind` is the place of its type in its family."""

    name: str
    kind: int
    nullable: bool
    default: str | None
    rule: str | None  # unique, index, or neither
    check: str | None


@dataclass(frozen=True)
class TablePlan:
    """A table with its columns, its enum's members, the tables it points at, and two columns that are unique."""

    name: str
    columns: tuple[ColumnPlan, ...]
    members: tuple[str, ...]
    targets: tuple[str, ...]
    together: bool


Plan = tuple[TablePlan, ...]


@st.composite
def columns(draw: st.DrawFn, name: str) -> ColumnPlan:
    kinds, defaults = FAMILIES[name[0]]
    return ColumnPlan(
        name,
        draw(st.integers(0, len(kinds) - 1)),
        draw(st.booleans()),
        draw(st.sampled_from([None, *defaults])),
        draw(st.sampled_from([None, None, "unique", "index"])),
        draw(st.sampled_from([None, *CHECKS])) if name[0] == "n" else None,
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A model of up to three tables."""
    names = sorted(draw(st.sets(st.sampled_from(["a", "b", "c"]), min_size=1)))
    tables = []
    for name in names:
        chosen = sorted(draw(st.sets(st.sampled_from(["n0", "n1", "s0", "s1", "d0", "b0", "u0"]), max_size=5)))
        tables.append(
            TablePlan(
                name,
                tuple(draw(columns(each)) for each in chosen),
                tuple(draw(st.lists(st.sampled_from(MEMBERS), unique=True, max_size=4))),
                tuple(each for each in names if draw(st.booleans())),
                draw(st.booleans()),
            )
        )
    return tuple(tables)


def built(plan: Plan) -> sa.MetaData:
    """Return the models of a plan."""
    metadata = sa.MetaData()
    for each in plan:
        table = sa.Table(each.name, metadata, sa.Column("id", sa.Integer, primary_key=True))
        for column in each.columns:
            _add_column(table, column)
        if each.members:
            table.append_column(sa.Column("e0", sa.Enum(*each.members, name=f"mood_{each.name}")))
        for target in each.targets:
            table.append_column(sa.Column(f"f_{target}", sa.Integer))
            table.append_constraint(_pointing(each.name, target))
        if each.together and len(each.columns) > 1:
            pair = [column.name for column in each.columns[:2]]
            table.append_constraint(sa.UniqueConstraint(*pair, name=f"uq_{each.name}"))
    return metadata


def _add_column(table: sa.Table, plan: ColumnPlan) -> None:
    kind = FAMILIES[plan.name[0]][0][plan.kind]
    unique, index = (plan.rule == rule or None for rule in ("unique", "index"))
    table.append_column(
        sa.Column(plan.name, kind, nullable=plan.nullable, server_default=plan.default, unique=unique, index=index)
    )
    if plan.check:
        table.append_constraint(sa.CheckConstraint(plan.check.format(plan.name), name=f"ck_{table.name}_{plan.name}"))


def _pointing(table: str, target: str) -> sa.ForeignKeyConstraint:
    """A key to a table; one that would close a ring is made after the tables, as SQLAlchemy wants it."""
    name = f"fk_{table}_{target}"
    return sa.ForeignKeyConstraint([f"f_{target}"], [f"{target}.id"], name=name, use_alter=target > table)


class Somebody:
    """Who answers everything: nothing is a rename, rows get a value that suits, loss is accepted."""

    def __init__(self, metadata: sa.MetaData) -> None:
        self.metadata = metadata

    def confirm(self, question: str, *, flag: str) -> None:
        """Say yes."""

    def migration_name(self, suggestion: str) -> str:
        """Take the suggestion."""
        return suggestion

    def accepts_loss(self, changes: Any, where: str) -> None:
        """Accept it."""

    def has_all_models(self, tables: Any, modelled: int) -> None:
        """Say that they are."""

    def is_rename(self, old: str, new: str, *, likely: bool = True) -> bool:
        """Say no."""
        return False

    def fill(self, subject: str, kind: str, rows: int) -> str:
        """Give a value of the column's family, or a member of its enum."""
        table, column = subject.split(".")[:2]
        members = getattr(self.metadata.tables[table].c[column].type, "enums", None)
        return members[0] if members else FILLS[column[0]]


class Crowded:
    """A database with rows in every table, some of them without a value."""

    def rows(self, table: str) -> int:
        """Some."""
        return 3

    def nulls(self, table: str, column: str) -> int:
        """Some."""
        return 1

    def having(self, table: str, column: str, value: object) -> int:
        """Some."""
        return 1

    def strangers(self, table: str, column: str, members: Sequence[str]) -> dict[str, int]:
        """None."""
        return {}
