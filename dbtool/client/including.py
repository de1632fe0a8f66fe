"""Relations that come with the rows: for each included one and each level, one query finds all of them.

A level's objects belong to it alone: the same row, met again on another way through the relations, is another object,
with what was included there. They are detached before the next level is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import aliased

from dbtool.client import order
from dbtool.client.refusals import check_keys, unknown_key
from dbtool.client.shape import Relation, Shape
from dbtool.client.where import Place, condition
from dbtool.client.work import Work
from dbtool.errors import InvalidDataError

KEYS = 5000  # in one query; SQLite takes 32,766 parameters, PostgreSQL 65,535
_MANY = ("where", "order_by", "take", "skip", "include")
_ONE = ("include",)


@dataclass(slots=True)
class Included:
    """One relation to read with the rows, and how."""

    relation: Relation
    shape: Shape
    path: str
    where: Mapping[str, Any] | None = None
    order_by: Mapping[str, Any] | None = None
    take: int | None = None
    skip: int = 0
    include: Mapping[str, Any] | None = None

    @property
    def is_cut(self) -> bool:
        """Whether each row has only some of the others."""
        return self.take is not None or bool(self.skip)


def include_in(work: Work, shape: Shape, rows: Sequence[Any], include: Mapping[str, Any], path: str) -> None:
    """Read relations of detached objects and put them there. Raises UnknownKeyError, even without any object."""
    for wanted in planned(work, shape, include, path):
        children: list[Any] = []
        _attach(wanted, rows, _related(work, shape, wanted, rows, children))
        if wanted.include:
            include_in(work, wanted.shape, children, wanted.include, f"{wanted.path}.include")


def planned(work: Work, shape: Shape, include: Mapping[str, Any], path: str) -> Iterator[Included]:
    """Yield what an include asks for. Raises UnknownKeyError and InvalidDataError."""
    if not isinstance(include, Mapping):
        raise InvalidDataError(f"`{path}` must be a dictionary of relations")
    for name, given in include.items():
        relation = shape.relations.get(name)
        if relation is None:
            raise unknown_key(name, f"{shape.name}'s include", path, shape.relations)
        if given is False or given is None:
            continue
        target = work.shape(relation.model)
        if given is True:
            yield Included(relation, target, f"{path}.{name}")
            continue
        if not isinstance(given, Mapping):
            raise InvalidDataError(f"`{path}.{name}` is True, False or a dictionary")
        check_keys(given, _MANY if relation.many else _ONE, f"the include of {shape.name}.{name}", f"{path}.{name}")
        yield Included(relation, target, f"{path}.{name}", **given)


def _attach(wanted: Included, rows: Sequence[Any], found: Mapping[Any, list[Any]]) -> None:
    relation = wanted.relation
    name, key_of = relation.name, _key_reader(relation.local)
    if not relation.many:
        for row in rows:
            values = row.__dict__
            children = found.get(key_of(values))
            values[name] = children[0] if children else None
        return
    setters: dict[type[Any], Any] = {}
    for row in rows:
        values = row.__dict__
        setter = setters.get(type(row)) or setters.setdefault(type(row), getattr(type(row), name).impl)
        setter.set_committed_value(values["_sa_instance_state"], values, found.get(key_of(values), ()))


def _key_reader(names: Sequence[str]) -> Callable[[Mapping[str, Any]], Any]:
    """Return what takes the values of some attributes from an object's dictionary: one value, or a tuple of several."""
    return itemgetter(*names)


def _related(
    work: Work, shape: Shape, wanted: Included, rows: Sequence[Any], children: list[Any]
) -> dict[Any, list[Any]]:
    """Return the related objects by the local values of the relation; `children` gets each of them once."""
    relation = wanted.relation
    width = len(relation.local)
    keys = dict.fromkeys(map(_key_reader(relation.local), (row.__dict__ for row in rows)))
    found: dict[Any, list[Any]] = {}
    for chunk in chunks((key for key in keys if not is_null(key, width)), KEYS // width):
        statement = related(work, shape, wanted, chunk, [wanted.shape.model])
        statement = statement.options(*wanted.shape.options) if wanted.shape.options else statement
        if relation.simple and not wanted.is_cut:
            _sort_own(work, statement, _key_reader(relation.remote), found, children)
        else:
            _sort_owned(work, statement, width, found, children)
        work.let_go()
    if wanted.take is not None and wanted.take < 0:
        for each in found.values():
            each.reverse()
    return found


def is_null(key: Any, width: int) -> bool:
    """Whether a key of so many values points nowhere."""
    return key is None if width == 1 else None in key


def _sort_own(
    work: Work, statement: Select[Any], key_of: Callable[[Any], Any], found: dict[Any, list[Any]], children: list[Any]
) -> None:
    """Sort rows that hold the values of their owner themselves."""
    read = work.session.scalars(statement).all()
    for child in read:
        key = key_of(child.__dict__)
        known = found.get(key)
        if known is None:
            found[key] = [child]
        else:
            known.append(child)
    children += read


def _sort_owned(
    work: Work, statement: Select[Any], width: int, found: dict[Any, list[Any]], children: list[Any]
) -> None:
    """Sort rows that stand beside the values of their owner; one may have several owners."""
    once = {}
    for row in work.session.execute(statement):
        child = row[0]
        found.setdefault(row[1] if width == 1 else tuple(row[1 : width + 1]), []).append(child)
        once[id(child)] = child
    children += once.values()


def related(work: Work, shape: Shape, wanted: Included, keys: Sequence[Any], columns: Sequence[Any]) -> Select[Any]:
    """Return a statement that reads columns of the related rows, and the local values to which they belong.

    Whole objects that hold these values themselves are read alone. A key is one value, or a tuple of several.
    """
    relation, target = wanted.relation, wanted.shape
    place = Place(work.opened.shapes, target, target.model, wanted.path)
    owner, joined = _owner(shape, relation, target)
    said = condition(place.at("where"), wanted.where)
    backwards = wanted.take is not None and wanted.take < 0
    steps = order.steps(place.at("order_by"), wanted.order_by, backwards=backwards)
    is_usual = not wanted.order_by and not backwards
    ordering = [*target.by_key] if is_usual else order.ordered(place, steps)
    if relation.order_by and not wanted.order_by:
        ordering = [*relation.order_by, *ordering]
    conditions = [*joined, _among(owner, keys), *([said] if said is not None else [])]
    if not wanted.is_cut:
        beside = () if relation.simple and columns[0] is target.model else owner
        statement = select(*columns, *beside).where(*conditions)
        return statement.order_by(*ordering) if relation.many else statement
    return _cut(wanted, columns, owner, conditions, ordering)


def _cut(
    wanted: Included, columns: Sequence[Any], owner: Sequence[Any], conditions: Sequence[Any], ordering: Sequence[Any]
) -> Select[Any]:
    """Number the rows of each owner, and keep those between `skip` and `skip + take`."""
    keys = [wanted.shape.attributes[name] for name in wanted.shape.primary]
    number = func.row_number().over(partition_by=list(owner), order_by=list(ordering))
    labels = [*(f"_key{n}" for n in range(len(keys))), *(f"_owner{n}" for n in range(len(owner))), "_number"]
    named = [column.label(label) for column, label in zip([*keys, *owner, number], labels, strict=True)]
    ranked = select(*named).where(*conditions).subquery()
    same = [key == ranked.c[f"_key{n}"] for n, key in enumerate(keys)]
    kept = [ranked.c._number > wanted.skip]
    if wanted.take is not None:
        kept.append(ranked.c._number <= wanted.skip + abs(wanted.take))
    owners = [ranked.c[f"_owner{n}"] for n in range(len(owner))]
    return select(*columns, *owners).where(*same, *kept).order_by(ranked.c._number)


def _owner(shape: Shape, relation: Relation, target: Shape) -> tuple[list[Any], list[Any]]:
    """Return the columns that say to which row a related one belongs, and what joins them to it."""
    if relation.simple:
        return [target.attributes[name] for name in relation.remote], []
    if relation.link is not None and _is_plain(shape, relation):
        link = relation.link
        joined = [target.attributes[name] == link.c[column] for name, column in relation.link_pairs]
        return [link.c[column] for _, column in relation.pairs], joined
    parent = aliased(shape.model)
    return [getattr(parent, name) for name in relation.local], [getattr(parent, relation.name).of_type(target.model)]


def _is_plain(shape: Shape, relation: Relation) -> bool:
    """Whether equality with the link's columns is all that a many-to-many relationship says."""
    said = shape.mapper.relationships[relation.name]
    sides = (said.primaryjoin, said.secondaryjoin)
    return sum(1 for side in sides for _ in _binaries(side)) == len(relation.pairs) + len(relation.link_pairs)


def _binaries(side: Any) -> Iterator[Any]:
    from sqlalchemy.sql import visitors

    return (each for each in visitors.iterate(side) if each.__visit_name__ == "binary")


def _among(columns: Sequence[Any], keys: Sequence[Any]) -> Any:
    return columns[0].in_(keys) if len(columns) == 1 else tuple_(*columns).in_(keys)


def chunks(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield lists of at most so many values."""
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk
