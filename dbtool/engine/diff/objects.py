"""Write what changed under `migrations/sql/`: objects dropped before the tables change, and made after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import ops

from dbtool.engine.diff.computed import RecomputeOps
from dbtool.engine.sqlfiles import Declared, SqlObject, needs, sorted_by_need, written

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

_STANDING = ("view", "materialized view", "trigger", "policy", "index")  # they hold on to columns of tables


class ObjectOp(ops.MigrateOperation):
    """Make or drop an object beside the tables, in the words of its file.

    `before` is what was there under the same name: None for a new one. `told` is what people read of it, empty for
    what is told with another operation.
    """

    def __init__(self, one: SqlObject, *, create: bool, told: tuple[str, str] = ("", "")) -> None:
        self.object = one
        self.create = create
        self.told = told

    def reverse(self) -> ObjectOp:
        """Drop what was made, make what was dropped."""
        return ObjectOp(self.object, create=not self.create)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return Alembic's short form of a difference."""
        return (f"{'add' if self.create else 'remove'}_{self.object.kind.replace(' ', '_')}", self.object.name)


class ReplaceObjectOp(ops.MigrateOperation):
    """Put a function in the place of an earlier one that others may use meanwhile."""

    def __init__(self, old: SqlObject, new: SqlObject) -> None:
        self.old = old
        self.new = new
        self.object = new
        self.told = (f"alter {new.kind}", f"change {new.kind} {new.name}")

    def reverse(self) -> ReplaceObjectOp:
        """Put the earlier one back."""
        return ReplaceObjectOp(self.new, self.old)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return Alembic's short form of a difference."""
        return (f"modify_{self.new.kind.replace(' ', '_')}", self.new.name)


def with_objects(operations: Sequence[Any], found: Declared) -> list[Any]:
    """Put what changed of the objects around the operations on tables.

    What stands on a column that changes its type or goes is made anew, although its file is as it was.
    """
    replaced = [(old, new) for old, new in found.changed if old.replaces and new.replaces and old.head == new.head]
    made_anew = [(old, new) for old, new in found.changed if (old, new) not in replaced]
    leaving = {old.key: old for old in (*found.gone, *(old for old, _ in made_anew))}
    leaving |= {each.key: each for each in _disturbed(operations, found, leaving)}
    wanted = {each.key: each for each in found.wanted}
    coming = [wanted[each.key] for each in leaving.values() if each.key in wanted]
    drops = [_drop(each, found) for each in reversed(sorted_by_need(leaving.values()))]
    creates = [_create(each, found) for each in sorted_by_need([*coming, *found.new])]
    return [*drops, *operations, *(ReplaceObjectOp(old, new) for old, new in replaced), *creates]


def _disturbed(operations: Sequence[Any], found: Declared, leaving: dict[Any, SqlObject]) -> list[SqlObject]:
    """Return what is unchanged but cannot stay while the others go, or while columns that it may stand on change."""
    tables = _reshaped(operations)
    taken: dict[Any, SqlObject] = {}
    growing = True
    while growing:
        gone = [*leaving.values(), *taken.values()]
        more = [
            each
            for each in found.made
            if each.key not in leaving
            and each.key not in taken
            and each.kind in _STANDING
            and (any(each.mentions(name) for name in tables) or needs(each, gone))
        ]
        taken |= {each.key: each for each in more}
        growing = bool(more)
    return list(taken.values())


def _reshaped(operations: Sequence[Any]) -> set[str]:
    """Return the tables that lose a column, or whose columns change their type."""
    found: set[str] = set()
    for each in operations:
        if isinstance(each, ops.DropColumnOp | ops.DropTableOp | RecomputeOps) or (
            isinstance(each, ops.AlterColumnOp) and each.modify_type is not None
        ):
            found.add(str(each.table_name))
        elif isinstance(each, ops.OpContainer):
            found |= _reshaped(each.ops)
    return found


def _drop(one: SqlObject, found: Declared) -> ObjectOp:
    is_gone = any(each.key == one.key for each in found.gone)
    return ObjectOp(
        one, create=False, told=(f"drop {one.kind}", f"drop {one.kind} {one.name}") if is_gone else ("", "")
    )


def _create(one: SqlObject, found: Declared) -> ObjectOp:
    made = {each.key: each for each in found.made}
    old = made.get(one.key)
    if old is None:
        words = (f"create {one.kind}", f"create {one.kind} {one.name}")
    elif old.text != one.text:
        words = (f"alter {one.kind}", f"change {one.kind} {one.name}")
    else:
        words = (f"remake {one.kind}", f"make {one.kind} {one.name} anew, since what it stands on changes")
    return ObjectOp(one, create=True, told=words)


@renderers.dispatch_for(ObjectOp)
def _render(context: AutogenContext, operation: ObjectOp) -> list[str]:
    if not operation.create:
        return [f"op.execute({operation.object.drop!r})"]
    return written(operation.object.text, operation.object.file)


@renderers.dispatch_for(ReplaceObjectOp)
def _render_replaced(context: AutogenContext, operation: ReplaceObjectOp) -> list[str]:
    return written(operation.new.text, operation.new.file)
