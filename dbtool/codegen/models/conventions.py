"""The names of keys, constraints and indexes: which ones a pattern gives, so that no model has to say them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Index, MetaData

# After Alembic's and SQLAlchemy's own documentation, and what people write.
_PATTERNS: Mapping[str, tuple[str, ...]] = {
    "ix": (
        "ix_%(column_0_label)s",
        "ix_%(table_name)s_%(column_0_N_name)s",
        "idx_%(table_name)s_%(column_0_N_name)s",
        "%(table_name)s_%(column_0_N_name)s_idx",
        "IX_%(table_name)s_%(column_0_N_name)s",
    ),
    "uq": (
        "uq_%(table_name)s_%(column_0_name)s",
        "uq_%(table_name)s_%(column_0_N_name)s",
        "UQ_%(table_name)s_%(column_0_N_name)s",
    ),
    "ck": ("ck_%(table_name)s_%(constraint_name)s",),
    "fk": (
        "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "fk_%(table_name)s_%(column_0_N_name)s",
        "FK_%(table_name)s_%(referred_table_name)s_%(column_0_N_name)s",
        "FK_%(table_name)s_%(referred_table_name)s",
        "FK_%(table_name)s%(column_0_name)s",
    ),
    "pk": ("pk_%(table_name)s", "PK_%(table_name)s"),
}


@dataclass(frozen=True, slots=True)
class Conventions:
    """The patterns that a schema follows, by SQLAlchemy's abbreviations; a kind that follows none is not there."""

    patterns: Mapping[str, str]

    @property
    def usual(self) -> bool:
        """Whether SQLAlchemy would do the same by itself."""
        return dict(self.patterns) == {"ix": _PATTERNS["ix"][0]}

    def said(self, kind: str, constraint: Any) -> str | None:
        """Return the name that a model has to say; None where there is none, or the pattern gives it."""
        name = None if constraint.name is None else str(constraint.name)
        pattern = self.patterns.get(kind)
        if name is None or pattern is None:
            return name
        if kind == "ck":
            return name.removeprefix(_filled(pattern, constraint, ""))
        return None if _filled(pattern, constraint) == name else name

    def gives(self, index: Index) -> bool:
        """Whether an index of one column has the name that it would get by itself."""
        return _filled(self.patterns["ix"], index) == index.name


def followed(metadata: MetaData) -> Conventions:
    """Return the patterns that all constraints of a kind follow, and the one that most indexes do."""
    found = {"ix": _most(metadata)}
    for kind in ("uq", "ck", "fk", "pk"):
        named = list(_constraints(metadata, kind))
        if len(named) > 1 and all(each.name is not None for each in named):
            pattern = next((pattern for pattern in _PATTERNS[kind] if _all_follow(pattern, kind, named)), None)
            found |= {kind: pattern} if pattern else {}
    return Conventions(found)


def _most(metadata: MetaData) -> str:
    indexes = [
        index
        for table in metadata.tables.values()
        for index in table.indexes
        if len(index.expressions) == 1 == len(index.columns)
    ]
    counts = {pattern: sum(_filled(pattern, index) == index.name for index in indexes) for pattern in _PATTERNS["ix"]}
    return max(counts, key=lambda pattern: counts[pattern])  # the first of several


def _constraints(metadata: MetaData, kind: str) -> Iterator[Any]:
    import sqlalchemy as sa

    wanted = {
        "uq": sa.UniqueConstraint,
        "ck": sa.CheckConstraint,
        "fk": sa.ForeignKeyConstraint,
        "pk": sa.PrimaryKeyConstraint,
    }[kind]
    for table in metadata.tables.values():
        yield from (each for each in table.constraints if isinstance(each, wanted) and (kind != "pk" or each.columns))  # type: ignore[attr-defined]


def _all_follow(pattern: str, kind: str, constraints: list[Any]) -> bool:
    if kind == "ck":
        return all(
            str(each.name).startswith(_filled(pattern, each, "")) and str(each.name) != _filled(pattern, each, "")
            for each in constraints
        )
    return all(_filled(pattern, each) == each.name for each in constraints)


def _filled(pattern: str, constraint: Any, name: str | None = None) -> str:
    table = constraint.table
    columns = [column.name for column in constraint.columns]
    first = columns[0] if columns else ""
    words = {
        "table_name": table.name,
        "column_0_name": first,
        "column_0_N_name": "_".join(columns),
        "column_0_label": f"{f'{table.schema}_' if table.schema else ''}{table.name}_{first}",
        "referred_table_name": _referred(constraint),
        "constraint_name": name if name is not None else str(constraint.name),
    }
    return pattern % words


def _referred(constraint: Any) -> str:
    elements = getattr(constraint, "elements", None)
    return str(elements[0].target_fullname.split(".")[-2]) if elements else ""
