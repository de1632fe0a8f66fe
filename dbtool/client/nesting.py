"""What stands in the relations of data: rows to add, to connect, to change, to take away.

A relation that holds the foreign key is settled before its row is written, the others after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, insert, not_, or_, select, tuple_

from dbtool.client import creating, deleting, updating
from dbtool.client.reading import root
from dbtool.client.refusals import check_keys
from dbtool.client.shape import Relation, Shape
from dbtool.client.unique import found_by, not_found
from dbtool.client.where import condition
from dbtool.client.work import Work
from dbtool.errors import InvalidDataError

_NEW = ("create", "connect", "connect_or_create")
_ONE = (*_NEW, "upsert", "disconnect", "update", "delete")
_MANY = (*_NEW, "set", "disconnect", "update", "upsert", "delete")

Key = dict[str, Any]


# A relation that holds the foreign key


def pointed_at(work: Work, shape: Shape, relation: Relation, nested: Any, path: str) -> Key:
    """Return the foreign key of a new row, after adding what it points at where that is asked for."""
    what, value = _single(nested, _NEW, f"{shape.name}.{relation.name}", path)
    target = work.shape(relation.model)
    return _as_local(relation, _settled(work, target, relation.remote, what, value, f"{path}.{what}"))


def repointed(work: Work, shape: Shape, relation: Relation, key: Key, nested: Any, path: str) -> tuple[Key, list[Key]]:
    """Return the new foreign key of a row that is there, empty where it stays, and the rows to delete afterwards."""
    required = any(not shape.columns[name].nullable for name in relation.local)
    valid = (*_NEW, "upsert", "update") if required else _ONE
    what, value = _single(nested, valid, f"{shape.name}.{relation.name}", path)
    target = work.shape(relation.model)
    path = f"{path}.{what}"
    match what:
        case "disconnect":
            return (dict.fromkeys(relation.local), []) if value else ({}, [])
        case "update" | "delete" | "upsert":
            current = _current(work, shape, relation, key)
            if current is None and what != "upsert":
                raise not_found(target.name, None)
            if what == "update":
                updating.changed(work, target, _key_by(work, target, current), value, path)
                return {}, []
            if what == "delete":
                doomed = _key_by(work, target, current)
                return (dict.fromkeys(relation.local), [doomed]) if value else ({}, [])
            _check_whole(value, ("create", "update"), path)
            if current is not None:
                updating.changed(work, target, _key_by(work, target, current), value["update"], f"{path}.update")
                return {}, []
            what, value = "create", value["create"]
    return _as_local(relation, _settled(work, target, relation.remote, what, value, path)), []


def _settled(work: Work, target: Shape, names: Sequence[str], what: str, value: Any, path: str) -> Key:
    """Return some values of a row that is connected or created."""
    if what == "connect":
        return identified(work, target, value, names, path)
    if what == "connect_or_create":
        _check_whole(value, ("where", "create"), path)
        found = _looked_up(work, target, value["where"], names, f"{path}.where")
        if found is not None:
            return found
        value, path = value["create"], f"{path}.create"
    (key,) = creating.added(work, target, [value], {}, path)
    return key if set(names) <= set(key) else identified(work, target, key, names, path)


def _as_local(relation: Relation, values: Key) -> Key:
    return {local: values[remote] for local, remote in relation.pairs}


def _current(work: Work, shape: Shape, relation: Relation, key: Key) -> Key | None:
    statement = select(*(shape.attributes[name] for name in relation.local)).where(*_is(shape, key))
    values = work.session.execute(statement).one()
    return None if None in values else dict(zip(relation.remote, values, strict=True))


# Relations whose foreign key, or link, is elsewhere


def hang_on(work: Work, shape: Shape, relation: Relation, owner: Key, nested: Any, path: str) -> None:
    """Do what data of a row say of the rows that point at it; `owner` holds the row's own values."""
    _check_operations(shape, relation, nested, _MANY if relation.many else _ONE, path)
    target = work.shape(relation.model)
    if "set" in nested:
        _set(work, shape, relation, owner, _listed(nested["set"]), f"{path}.set")
    for what, value in nested.items():
        at = f"{path}.{what}"
        for each in _listed(value):
            match what:
                case "connect":
                    _tie(work, shape, relation, owner, identified(work, target, each, _names(target, relation), at))
                case "connect_or_create":
                    _connect_or_create(work, shape, relation, owner, each, at)
                case "disconnect":
                    _untie(work, shape, relation, owner, _theirs(work, shape, relation, owner, each, at))
                case "delete":
                    if each is not False:
                        key = _one_of(work, shape, relation, owner, each, at)
                        _untie_link(work, relation, owner, key)
                        deleting.removed(work, target, {name: key[name] for name in target.primary})
                case "update" | "upsert":
                    _change(work, shape, relation, owner, (what, each), at)
        if what == "create" and value:
            _create_all(work, shape, relation, owner, _listed(value), at)


def _create_all(work: Work, shape: Shape, relation: Relation, owner: Key, data: Sequence[Any], path: str) -> None:
    target = work.shape(relation.model)
    if relation.link is None:
        creating.added(work, target, data, _given(relation, owner), path)
        return
    for key in creating.added(work, target, data, {}, path):
        names = _names(target, relation)
        _tie(
            work, shape, relation, owner, key if set(names) <= set(key) else identified(work, target, key, names, path)
        )


def _connect_or_create(work: Work, shape: Shape, relation: Relation, owner: Key, each: Any, path: str) -> None:
    target = work.shape(relation.model)
    _check_whole(each, ("where", "create"), path)
    found = _looked_up(work, target, each["where"], _names(target, relation), f"{path}.where")
    if found is None:
        _create_all(work, shape, relation, owner, [each["create"]], f"{path}.create")
    else:
        _tie(work, shape, relation, owner, found)


def _change(work: Work, shape: Shape, relation: Relation, owner: Key, asked: tuple[str, Any], path: str) -> None:
    """Update one of the related rows, or for `upsert` add it where there is none."""
    what, each = asked
    target = work.shape(relation.model)
    if what == "update":
        if relation.many:
            _check_whole(each, ("where", "data"), path)
        where, data = (each["where"], each["data"]) if relation.many else (True, each)
        key = _one_of(work, shape, relation, owner, where, path)
    else:
        valid = ("where", "create", "update") if relation.many else ("create", "update")
        _check_whole(each, valid, path)
        found = _theirs(work, shape, relation, owner, each.get("where", True), path)
        if not found:
            _create_all(work, shape, relation, owner, [each["create"]], f"{path}.create")
            return
        key, data = found[0], each["update"]
    updating.changed(work, target, {name: key[name] for name in target.primary}, data, f"{path}.data")


def _set(work: Work, shape: Shape, relation: Relation, owner: Key, wanted: Sequence[Any], path: str) -> None:
    """Let a row have exactly these related rows."""
    target = work.shape(relation.model)
    names = _names(target, relation)
    keys = [identified(work, target, each, names, path) for each in wanted]
    parts = [and_(*(target.attributes[name] == key[name] for name in target.primary)) for key in keys]
    others = [_belongs(shape, relation, target, owner), *([not_(or_(*parts))] if parts else [])]
    statement = select(*(target.attributes[name] for name in names)).where(*others)
    found = [dict(zip(names, row, strict=True)) for row in work.session.execute(statement)]
    _untie(work, shape, relation, owner, found)
    for key in keys:
        _tie(work, shape, relation, owner, key)


def _tie(work: Work, shape: Shape, relation: Relation, owner: Key, key: Key) -> None:
    """Let a row belong to the owner."""
    target = work.shape(relation.model)
    if relation.link is None:
        if not relation.many:
            others = {remote: owner[local] for local, remote in relation.pairs}
            _empty(work, target, relation, [condition(root(work, relation.model), others)], key)
        updating.write(work, target, {name: key[name] for name in target.primary}, _given(relation, owner))
        return
    values = _link_row(relation, owner, key)
    same = [relation.link.c[name] == value for name, value in values.items()]
    if work.connection.execute(select(relation.link.c[next(iter(values))]).where(*same)).first() is None:
        work.connection.execute(insert(relation.link).values(values))


def _empty(work: Work, target: Shape, relation: Relation, belonging: Sequence[Any], key: Key) -> None:
    """Take the foreign key from another row that a one-to-one relation had."""
    same = and_(*(target.attributes[name] == key[name] for name in target.primary))
    names = target.primary
    found = work.session.execute(select(*(target.attributes[name] for name in names)).where(*belonging, not_(same)))
    for row in found.all():
        updating.write(work, target, dict(zip(names, row, strict=True)), _freed(target, relation))


def _untie(work: Work, shape: Shape, relation: Relation, owner: Key, keys: Sequence[Key]) -> None:
    """Let rows belong to nobody."""
    target = work.shape(relation.model)
    for key in keys:
        if relation.link is None:
            freed = _freed(target, relation)
            updating.write(work, target, {name: key[name] for name in target.primary}, freed)
        else:
            _untie_link(work, relation, owner, key)


def _untie_link(work: Work, relation: Relation, owner: Key, key: Key) -> None:
    if relation.link is not None:
        values = _link_row(relation, owner, key)
        same = [relation.link.c[name] == value for name, value in values.items()]
        work.connection.execute(delete(relation.link).where(*same))


def _freed(target: Shape, relation: Relation) -> Key:
    required = [name for name in relation.remote if not target.columns[name].nullable]
    if required:
        raise InvalidDataError(
            f"`{target.name}.{required[0]}` must not be NULL: its row can be deleted, not disconnected",
            hint=f'{{"{relation.name}": {{"delete": ...}}}}',
        )
    return dict.fromkeys(relation.remote)


def _given(relation: Relation, owner: Key) -> Key:
    return {remote: owner[local] for local, remote in relation.pairs}


def _link_row(relation: Relation, owner: Key, key: Key) -> Key:
    here = {column: owner[local] for local, column in relation.pairs}
    return here | {column: key[remote] for remote, column in relation.link_pairs}


def _names(target: Shape, relation: Relation) -> tuple[str, ...]:
    """Return the attributes of a related row by which it is found again and linked."""
    return tuple(dict.fromkeys((*target.primary, *(name for name, _ in relation.link_pairs))))


# Which rows


def identified(work: Work, target: Shape, where: Any, names: Sequence[str], path: str) -> Key:
    """Return some values of the row that a unique key means. Raises RecordNotFoundError."""
    found = _looked_up(work, target, where, names, path)
    if found is None:
        raise not_found(target.name, where)
    return found


def _looked_up(work: Work, target: Shape, where: Any, names: Sequence[str], path: str) -> Key | None:
    said = found_by(root(work, target.model, path), where)
    row = work.session.execute(select(*(target.attributes[name] for name in names)).where(said)).first()
    return None if row is None else dict(zip(names, row, strict=True))


def _key_by(work: Work, target: Shape, values: Key | None) -> Key:
    return identified(work, target, values, target.primary, "where") if values else {}


def _theirs(work: Work, shape: Shape, relation: Relation, owner: Key, where: Any, path: str) -> list[Key]:
    """Return the rows that belong to the owner and that `where` finds; True finds the only one, False none."""
    if where is False:
        return []
    target = work.shape(relation.model)
    names = _names(target, relation)
    said: list[ColumnElement[bool]] = [_belongs(shape, relation, target, owner)]
    if where is not True:
        said.append(found_by(root(work, relation.model, path), where))
    found = work.session.execute(select(*(target.attributes[name] for name in names)).where(*said))
    return [dict(zip(names, row, strict=True)) for row in found]


def _one_of(work: Work, shape: Shape, relation: Relation, owner: Key, where: Any, path: str) -> Key:
    found = _theirs(work, shape, relation, owner, where, path)
    if not found:
        raise not_found(relation.model.__name__, None if where is True else where)
    return found[0]


def _belongs(shape: Shape, relation: Relation, target: Shape, owner: Key) -> ColumnElement[bool]:
    if relation.link is None:
        return and_(*(target.attributes[remote] == owner[local] for local, remote in relation.pairs))
    link = relation.link
    mine = select(*(link.c[column] for _, column in relation.link_pairs))
    mine = mine.where(*(link.c[column] == owner[local] for local, column in relation.pairs))
    found: ColumnElement[bool] = tuple_(*(target.attributes[remote] for remote, _ in relation.link_pairs)).in_(mine)
    return found


def _is(shape: Shape, key: Key) -> list[Any]:
    return [shape.attributes[name] == value for name, value in key.items()]


def _single(nested: Any, valid: Sequence[str], what: str, path: str) -> tuple[str, Any]:
    if not isinstance(nested, Mapping) or len(nested) != 1:
        raise InvalidDataError(f"`{path}` must be a dictionary with one of {', '.join(valid)}")
    check_keys(nested, valid, what, path)
    return next(iter(nested.items()))


def _check_operations(shape: Shape, relation: Relation, nested: Any, valid: Sequence[str], path: str) -> None:
    if not isinstance(nested, Mapping):
        raise InvalidDataError(f"`{path}` must be a dictionary with {', '.join(valid)}")
    check_keys(nested, valid, f"{shape.name}.{relation.name}", path)


def _check_whole(given: Any, names: Sequence[str], path: str) -> None:
    """Raise what is wrong with a dictionary that must have exactly these keys."""
    if not isinstance(given, Mapping):
        raise InvalidDataError(f"`{path}` must be a dictionary with {' and '.join(names)}")
    check_keys(given, names, path.rpartition(".")[2], path)
    for name in names:
        if name not in given:
            raise InvalidDataError(f"`{path}` needs `{name}`")


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
