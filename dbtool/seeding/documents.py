"""Seed files as plain values that know where they stand: YAML events, read without YAML's guesses at types.

A plain scalar stays the text that was written, since the column decides what `NO`, `01234` or `12:30` means. The
reader takes libyaml's events (1.8 us each): its own Python constructor would cost five times as much per row,
with line numbers ten times.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.reader import ReaderError

from dbtool.seeding.problems import Place, Problems

DEEPEST = 50  # levels of nesting; no seed of relations comes near
MOST_REPEATED = 10_000  # nodes that the aliases of one file may repeat
_COLUMN_BITS = 32


class QuotedText(str):
    """A scalar that was quoted, or written as a block: text, whatever it looks like."""

    __slots__ = ()


class MappingNode(dict[str, Any]):
    """A YAML mapping. `marks` holds its own position, then one for each key and one for each value, in order."""

    __slots__ = ("file", "marks")
    file: str
    marks: list[int]

    def place(self) -> Place:
        """Return where the mapping begins."""
        return _place(self.file, self.marks[0])

    def key_place(self, key: str) -> Place:
        """Return where a key stands."""
        return _place(self.file, self.marks[1 + 2 * list(self).index(key)])

    def value_place(self, key: str) -> Place:
        """Return where the value of a key begins."""
        return _place(self.file, self.marks[2 + 2 * list(self).index(key)])


class SequenceNode(list[Any]):
    """A YAML sequence. `marks` holds its own position, then one for each item."""

    __slots__ = ("file", "marks")
    file: str
    marks: list[int]

    def place(self) -> Place:
        """Return where the sequence begins."""
        return _place(self.file, self.marks[0])

    def item_place(self, index: int) -> Place:
        """Return where an item begins."""
        return _place(self.file, self.marks[1 + index])


@dataclass(frozen=True, slots=True)
class Document:
    """One seed file; `tables` is what it gives each table, empty where the file could not be read."""

    file: str
    tables: MappingNode


def read(path: Path, file: str, problems: Problems) -> Document:
    """Read one seed file, called `file` in messages. Whatever is wrong with it becomes a problem."""
    empty = _node(MappingNode(), file, 0)
    try:
        text = _text(path, file)
        root = _Reader(file, problems).read(text)
    except _MalformedError as error:
        problems.incomplete = True
        problems.add(error.place, error.message)
        return Document(file, empty)
    if root is None:
        return Document(file, empty)
    if not isinstance(root, MappingNode):
        problems.incomplete = True
        problems.add(Place(file, 1, 1), "a seed file is a mapping of model names to lists of rows")
        return Document(file, empty)
    return Document(file, root)


_WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FRACTION = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))


def plain_value(node: Any) -> Any:
    """Return what a node means where no column decides, as in JSON: by the rules of YAML 1.2's core schema.

    Raises ValueError for a number that JSON does not have.
    """
    if isinstance(node, dict):
        return {key: plain_value(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain_value(value) for value in node]
    if isinstance(node, QuotedText):
        return str(node)
    return _plain_scalar(node) if isinstance(node, str) else node


def _plain_scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        if len(text) > 4_300:
            raise ValueError("a whole number has at most 4,300 digits")
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    return float(text) if _FRACTION.fullmatch(text) else text


class _MalformedError(Exception):
    """A file that cannot be read further than this place."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message


_Node = MappingNode | SequenceNode
_NO_KEY = object()  # the next scalar of a mapping is a key
_OPEN = object()  # what an anchor names while it is being read
_NOTHING = object()  # what an anchor names that nobody has set
_DROPPED = object()  # the next value of a mapping is of a key that was given before


class _Reader:
    """Turns the events of one file into nodes. `node` is the open one, `stack` those around it."""

    def __init__(self, file: str, problems: Problems) -> None:
        self.file = file
        self.problems = problems
        self.stack: list[tuple[_Node | None, Any, str | None]] = []
        self.node: _Node | None = None
        self.key: Any = _NO_KEY
        self.root: Any = None
        self.documents = 0
        self.repeatable = MOST_REPEATED
        self.anchors: dict[str, Any] = {}

    def read(self, text: str) -> Any:
        """Return the root of the document, None where the file holds none. Raises _MalformedError."""
        take: dict[type[Event], Callable[[Any], None]] = {
            ScalarEvent: self._scalar,
            MappingStartEvent: self._open,
            SequenceStartEvent: self._open,
            MappingEndEvent: self._close,
            SequenceEndEvent: self._close,
            AliasEvent: self._alias,
            DocumentStartEvent: self._document,
        }
        try:
            loader = _LOADER(text)
            while (event := loader.get_event()) is not None:
                taker = take.get(type(event))
                if taker is not None:
                    taker(event)
        except ReaderError as error:
            self._refuse(_offset_place(self.file, text, error.position), f"{error.reason} in YAML")
        except yaml.MarkedYAMLError as error:
            self._refuse(_mark_place(self.file, error.problem_mark), _grammar(text, error))
        return self.root

    def _scalar(self, event: Any) -> None:
        mark = event.start_mark
        position = mark.line << _COLUMN_BITS | mark.column
        if self.key is _NO_KEY and type(self.node) is MappingNode:
            self._begin_key(event, position)
            return
        value: Any = event.value
        if event.tag is not None:
            value = self._tagged(event, position)
        elif not event.implicit[0]:
            value = self._quoted(value, position)
        elif value in _NULLS:
            value = None
        if event.anchor is not None:
            self.anchors[event.anchor] = value
        self._put(value, position)

    def _begin_key(self, event: Any, position: int) -> None:
        key = event.value
        node: Any = self.node
        if event.implicit[0] and (key == "<<" or key in _NULLS):
            words = "merge keys (`<<`) are not supported; write the fields out" if key == "<<" else "a key is missing"
            self._refuse(_place(self.file, position), words)
        if key in node:
            first = node.key_place(key)
            self.problems.add(_place(self.file, position), f"`{key}` is given twice here, first in line {first.line}")
            self.key = _DROPPED
            return
        self.key = key
        node.marks.append(position)

    def _put(self, value: Any, position: int) -> None:
        node = self.node
        if node is None:
            self.root = value
            return
        if type(node) is SequenceNode:
            node.append(value)
            node.marks.append(position)
            return
        if self.key is _NO_KEY:
            self._refuse(_place(self.file, position), "a key must be plain text")
        if self.key is not _DROPPED:
            node[self.key] = value
            node.marks.append(position)
        self.key = _NO_KEY

    def _open(self, event: Any) -> None:
        position = _position(event.start_mark)
        node: _Node = MappingNode() if type(event) is MappingStartEvent else SequenceNode()
        if type(self.node) is MappingNode and self.key is _NO_KEY:
            self._refuse(_place(self.file, position), "a key must be plain text")
        if len(self.stack) >= DEEPEST:
            self._refuse(_place(self.file, position), f"nested deeper than {DEEPEST} levels")
        if event.tag is not None and event.tag not in _PLAIN_TAGS:
            self._unknown_tag(event.tag, position)
        if event.anchor is not None:
            self.anchors[event.anchor] = _OPEN
        self.stack.append((self.node, self.key, event.anchor))
        self.node, self.key = _node(node, self.file, position), _NO_KEY

    def _close(self, event: Any) -> None:
        closed: Any = self.node
        self.node, self.key, anchor = self.stack.pop()
        if anchor is not None:
            self.anchors[anchor] = closed
        self._put(closed, closed.marks[0])

    def _alias(self, event: Any) -> None:
        position = _position(event.start_mark)
        value = self.anchors.get(event.anchor, _NOTHING)
        if value is _OPEN or value is _NOTHING:
            words = "stands inside of what it names" if value is _OPEN else "names nothing above"
            self._refuse(_place(self.file, position), f"the alias `*{event.anchor}` {words}")
        self.repeatable -= _size(value, self.repeatable)
        if self.repeatable < 0:
            self._refuse(_place(self.file, position), f"aliases repeat more than {MOST_REPEATED:,} nodes")
        self._put(value, position)

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._refuse(_place(self.file, _position(event.start_mark)), "a seed file is one YAML document")

    def _quoted(self, text: str, position: int) -> QuotedText:
        if "\0" in text:
            self.problems.add(_place(self.file, position), "holds a NUL character, which not every database can store")
        return QuotedText(text)

    def _tagged(self, event: Any, position: int) -> Any:
        if event.tag in ("!", f"{_CORE}str"):
            return self._quoted(event.value, position)
        if event.tag == f"{_CORE}binary":
            return self._binary(event.value, position)
        if event.tag not in _PLAIN_TAGS:
            self._unknown_tag(event.tag, position)
        return None if event.tag == f"{_CORE}null" else event.value

    def _binary(self, text: str, position: int) -> bytes:
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            self.problems.add(_place(self.file, position), "`!!binary` is followed by base64, and this is none")
            return b""

    def _unknown_tag(self, tag: str, position: int) -> None:
        name = tag.replace(_CORE, "!!")
        self.problems.add(_place(self.file, position), f"unknown tag `{name}`; write the value itself")

    def _refuse(self, place: Place, message: str) -> NoReturn:
        raise _MalformedError(place, message)


_CORE = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(_CORE + name for name in ("int", "float", "bool", "null", "timestamp", "map", "seq"))
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _node(node: Any, file: str, position: int) -> Any:
    node.file = file
    node.marks = [position]
    return node


def _size(value: Any, most: int) -> int:
    """Return how many nodes a value has, or any number above `most`: aliases of aliases grow without limit."""
    size, open_nodes = 0, [value]
    while open_nodes and size <= most:
        node = open_nodes.pop()
        size += 1
        if isinstance(node, (MappingNode, SequenceNode)):
            open_nodes.extend(node.values() if isinstance(node, MappingNode) else node)
    return size


def _position(mark: Any) -> int:
    return int(mark.line << _COLUMN_BITS | mark.column)


def _place(file: str, position: int) -> Place:
    return Place(file, (position >> _COLUMN_BITS) + 1, (position & (1 << _COLUMN_BITS) - 1) + 1)


def _mark_place(file: str, mark: Any) -> Place:
    return Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)


def _offset_place(file: str, text: str, offset: int) -> Place:
    """Return the place of a byte of a text that libyaml reads as UTF-8."""
    before = text.encode()[:offset].decode(errors="replace")
    return Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


def _text(path: Path, file: str) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _MalformedError(Place(file, 1, 1), f"cannot be read: {error.strerror}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise _MalformedError(place, "this is not UTF-8; save the file as UTF-8") from error


def _grammar(text: str, error: yaml.MarkedYAMLError) -> str:
    """Return libyaml's words, or plainer ones for the two mistakes that people make most."""
    mark = error.problem_mark
    lines = text.split("\n")
    if mark and mark.line < len(lines):
        character = lines[mark.line][mark.column : mark.column + 1]
        if character == "\t":
            return "a tab cannot indent YAML; use spaces"
        if character in ("@", "`", "%"):
            return f"a value that begins with `{character}` must be quoted"
    return " ".join(part for part in (error.context, error.problem) if part) or "this is not YAML"
