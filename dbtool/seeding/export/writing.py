"""What is exported, as text: YAML as people write it, JSON of the same form, or flat rows for large tables."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from dbtool.seeding.export.nested import Item, Leaf, Named
from dbtool.seeding.export.spelling import in_flow, plain, scalar
from dbtool.seeding.shapes import Shape

Write = Callable[[str], object]
Documents = Iterable[tuple[Shape, list[Item]]]


def write_yaml(documents: Documents, write: Write) -> None:
    """Write tables, with an empty line between them."""
    first = True
    for shape, items in documents:
        write(f"{'' if first else chr(10)}{in_flow(shape.name, is_text=True)}:\n")
        write("".join(f"{line}\n" for line in _rows(items, "  ")))
        first = False


def write_json(documents: Documents, write: Write) -> None:
    """Write tables as one JSON object."""
    found = {shape.name: [_plain(item) for item in items] for shape, items in documents}
    write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")


def write_ndjson(rows: Iterable[dict[str, Any]], write: Write) -> int:
    """Write one JSON object on each line, and return how many."""
    count = 0
    for row in rows:
        write(json.dumps({name: plain(value) for name, value in row.items()}, ensure_ascii=False) + "\n")
        count += 1
    return count


def write_csv(names: Sequence[str], rows: Iterable[dict[str, Any]], write: Write) -> int:
    """Write a header and a record for each row, and return how many."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(names)
    count = 0
    for row in rows:
        table.writerow([_cell(row[name]) for name in names])
        count += 1
        if count % 1_000 == 0:
            write(text.getvalue())
            text.seek(0)
            text.truncate()
    write(text.getvalue())
    return count


def _cell(value: Any) -> Any:
    found = plain(value)
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, dict) and found.keys() == {"$base64"}:
        return f"base64:{found['$base64']}"
    return json.dumps(found, ensure_ascii=False) if isinstance(found, (dict, list)) else found


def _plain(value: Any) -> Any:
    if isinstance(value, Leaf):
        return plain(value.value)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value]


def _rows(items: Sequence[Item], indent: str) -> Iterator[str]:
    for item in items:
        lines = list(_fields(item, f"{indent}  ")) or [f"{indent}  {{}}"]
        yield f"{indent}- {lines[0][len(indent) + 2 :]}"
        yield from lines[1:]


def _fields(item: Item, indent: str) -> Iterator[str]:
    for name, value in item.items():
        key = f"{indent}{in_flow(name, is_text=True)}:"
        if isinstance(value, Leaf):
            yield from f"{key} {scalar(value.value, is_text=value.is_text, indent=indent + '  ')}".split("\n")
        elif _is_name(value):
            yield f"{key} {_name(value)}"
        elif isinstance(value, list) and all(_is_name(each) for each in value):
            yield f"{key} [{', '.join(_name(each) for each in value)}]"
        elif isinstance(value, list):
            yield key
            yield from _rows(value, f"{indent}  ")
        else:
            yield key
            yield from _fields(value, f"{indent}  ")


def _is_name(value: Any) -> bool:
    return isinstance(value, (Leaf, Named))


def _name(value: Any) -> str:
    if isinstance(value, Leaf):
        return in_flow(value.value, is_text=value.is_text)
    return "{" + ", ".join(f"{in_flow(name, is_text=True)}: {_name(each)}" for name, each in value.items()) + "}"
