"""YAML without YAML's guesses at types: libyaml's events become nodes, and whatever is hostile in them a problem.

PyYAML's own constructor would cost five times as much per row, with line numbers ten times; most of what is left is
libyaml's own 1.8 us for each event.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
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

from dbtool.seeding.documents import Document, GenerateNode, MappingNode, QuotedText, SequenceNode, Spot
from dbtool.seeding.problems import Place, Problems
from dbtool.seeding.sources import Marks, Source, mark_of
from dbtool.seeding.tags import Tags

GENERATE = "!generate"
DEEPEST = 120  # levels of nesting, two for each row: a tree of 50 rows within rows, and some
MOST_BYTES = 64_000_000  # of one file: 400,000 rows
LONGEST_LINE = 4_000_000  # bytes
MOST_REPEATED = 10_000  # nodes that the aliases of one file may repeat
NULLS = frozenset(("", "~", "null", "Null", "NULL"))


def read(source: Source, tags: Tags, problems: Problems) -> Document:
    """Read one seed file. Whatever is wrong with it becomes a problem."""
    empty = MappingNode()
    empty.spot = Spot(source, 0)
    try:
        root = _Reader(source, tags, problems).read(text_of(source))
    except MalformedError as error:
        problems.incomplete = True
        problems.add(error.place, error.message)
        return Document(source.file, empty)
    if root is None:
        return Document(source.file, empty)
    if not isinstance(root, MappingNode):
        problems.incomplete = True
        problems.add(Place(source.file, 1, 1), "a seed file is a mapping of model names to lists of rows")
        return Document(source.file, empty)
    return Document(source.file, root)


def marks_of(text: str) -> dict[int, Marks]:
    """Read a text again for where the parts of its mappings and sequences begin, each by where it begins itself.

    A text that ends in an error is known up to there.
    """
    found: dict[int, Marks] = {}
    stack: list[_Open] = []
    loader = _LOADER(text)
    try:
        while (event := loader.get_event()) is not None:
            kind = type(event)
            if kind is MappingEndEvent or kind is SequenceEndEvent:
                stack.pop()
            elif kind in (ScalarEvent, AliasEvent, MappingStartEvent, SequenceStartEvent):
                mark = mark_of(event.start_mark.line, event.start_mark.column)
                if stack and stack[-1].take(event, mark):
                    continue
                if kind is MappingStartEvent or kind is SequenceStartEvent:
                    found[mark] = Marks()
                    stack.append(_Open(found[mark], kind is MappingStartEvent))
    except yaml.YAMLError:
        pass
    return found


@dataclass
class _Open:
    """A mapping or sequence whose end has not come, while marks are read."""

    marks: Marks
    is_mapping: bool
    key: str | None = None

    def take(self, event: Any, mark: int) -> bool:
        """Note where a part begins; return whether it was a key."""
        if not self.is_mapping:
            self.marks.values[len(self.marks.values)] = mark
        elif self.key is None and type(event) is ScalarEvent:
            self.marks.keys.setdefault(event.value, mark)
            self.key = event.value
            return True
        else:
            self.marks.values.setdefault(self.key or "", mark)
            self.key = None
        return False


class MalformedError(Exception):
    """A file that cannot be read further than this place."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message


_Node = MappingNode | SequenceNode
_NO_KEY: Any = object()  # the next scalar of a mapping is a key
_OPEN = object()  # what an anchor names while it is being read
_NOTHING = object()  # what an anchor names that nobody has set
_DROPPED: Any = object()  # the next value of a mapping is of a key that was given before


class _Reader:
    """Turns the events of one file into nodes. `node` is the open one, `stack` those around it."""

    def __init__(self, source: Source, tags: Tags, problems: Problems) -> None:
        self.source = source
        self.tags = tags
        self.problems = problems
        self.stack: list[tuple[_Node | None, Any, str | None]] = []
        self.node: _Node | None = None
        self.key: Any = _NO_KEY
        self.root: Any = None
        self.documents = 0
        self.repeatable = MOST_REPEATED
        self.anchors: dict[str, Any] = {}
        self.names: dict[str, str] = {}  # each key once, however many rows have it

    def read(self, text: str) -> Any:
        """Return the root of the document, None where the file holds none. Raises MalformedError."""
        try:
            self._run(_LOADER(text).get_event)
        except ReaderError as error:
            self._refuse(_offset_place(self.source.file, text, error.position), f"{error.reason} in YAML")
        except yaml.MarkedYAMLError as error:
            self._refuse(_mark_place(self.source.file, error.problem_mark), _grammar(text, error))
        return self.root

    def _run(self, get: Callable[[], Any]) -> None:
        """Take every event; what most of them are, a plain key or value within a mapping, is done here."""
        take: dict[type[Event], Callable[[Any], None]] = {
            ScalarEvent: self._scalar,
            MappingStartEvent: self._open,
            SequenceStartEvent: self._open,
            MappingEndEvent: self._close,
            SequenceEndEvent: self._close,
            AliasEvent: self._alias,
            DocumentStartEvent: self._document,
        }
        names = self.names
        while (event := get()) is not None:
            kind = type(event)
            if kind is ScalarEvent and event.implicit[0] and event.anchor is None and event.tag is None:
                node = self.node
                if isinstance(node, MappingNode):
                    if self.key is _NO_KEY:
                        key = names.get(event.value)
                        if key is not None and key not in node:
                            self.key = key
                            continue
                    elif self.key is not _DROPPED:
                        value = event.value
                        node[self.key] = None if value in NULLS else value
                        self.key = _NO_KEY
                        continue
            taker = take.get(kind)
            if taker is not None:
                taker(event)

    def _scalar(self, event: Any) -> None:
        if self.key is _NO_KEY and isinstance(self.node, MappingNode):
            self._begin_key(event)
            return
        value: Any = event.value
        if event.tag is not None:
            value = self._tagged(event)
        elif not event.implicit[0]:
            value = self._quoted(value, event)
        elif value in NULLS:
            value = None
        if event.anchor is not None:
            self.anchors[event.anchor] = value
        self._put(value, event)

    def _begin_key(self, event: Any) -> None:
        key = event.value
        node: Any = self.node
        if event.implicit[0] and (key == "<<" or key in NULLS):
            words = "merge keys (`<<`) are not supported; write the fields out" if key == "<<" else "a key is missing"
            self._refuse(self._place(event), words)
        if key in node:
            first = node.spot.place(key, key=True)
            self.problems.add(self._place(event), f"`{key}` is given twice here, first in line {first.line}")
            self.key = _DROPPED
            return
        self.key = self.names.setdefault(key, key)

    def _put(self, value: Any, event: Any) -> None:
        node = self.node
        if node is None:
            self.root = value
            return
        if type(node) is SequenceNode:
            node.append(value)
            return
        if self.key is _NO_KEY:
            self._refuse(self._place(event), "a key must be plain text")
        if self.key is not _DROPPED:
            node[self.key] = value
        self.key = _NO_KEY

    def _open(self, event: Any) -> None:
        node: _Node = MappingNode() if type(event) is MappingStartEvent else SequenceNode()
        if isinstance(self.node, MappingNode) and self.key is _NO_KEY:
            self._refuse(self._place(event), "a key must be plain text")
        if len(self.stack) >= DEEPEST:
            self._refuse(self._place(event), f"nested deeper than {DEEPEST} levels")
        if event.tag == GENERATE and type(node) is MappingNode:
            node = GenerateNode()
        elif event.tag is not None and event.tag not in _PLAIN_TAGS:
            self._unknown_tag(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = _OPEN
        self.stack.append((self.node, self.key, event.anchor))
        node.spot = Spot(self.source, mark_of(event.start_mark.line, event.start_mark.column))
        self.node, self.key = node, _NO_KEY

    def _close(self, event: Any) -> None:
        closed: Any = self.node
        self.node, self.key, anchor = self.stack.pop()
        if anchor is not None:
            self.anchors[anchor] = closed
        self._put(closed, event)

    def _alias(self, event: Any) -> None:
        value = self.anchors.get(event.anchor, _NOTHING)
        if value is _OPEN or value is _NOTHING:
            words = "stands inside of what it names" if value is _OPEN else "names nothing above"
            self._refuse(self._place(event), f"the alias `*{event.anchor}` {words}")
        self.repeatable -= _size(value, self.repeatable)
        if self.repeatable < 0:
            self._refuse(self._place(event), f"aliases repeat more than {MOST_REPEATED:,} nodes")
        self._put(value, event)

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._refuse(self._place(event), "a seed file is one YAML document")

    def _quoted(self, text: str, event: Any) -> QuotedText:
        if "\0" in text:
            self.problems.add(self._place(event), "holds a NUL character, which not every database can store")
        return QuotedText(text)

    def _tagged(self, event: Any) -> Any:
        if event.tag in ("!", f"{_CORE}str"):
            return self._quoted(event.value, event)
        if event.tag == f"{_CORE}binary":
            return self._binary(event)
        if event.tag in self.tags.known:
            try:
                return self.tags.value(event.tag, event.value, self.source.path)
            except ValueError as error:
                self.problems.add(self._place(event), f"`{event.tag}` {error}")
                return BROKEN
        if event.tag not in _PLAIN_TAGS:
            self._unknown_tag(event)
        return None if event.tag == f"{_CORE}null" else event.value

    def _binary(self, event: Any) -> bytes:
        try:
            return base64.b64decode("".join(event.value.split()), validate=True)
        except (binascii.Error, ValueError):
            self.problems.add(self._place(event), "`!!binary` is followed by base64, and this is none")
            return b""

    def _unknown_tag(self, event: Any) -> None:
        name = event.tag.replace(_CORE, "!!")
        known = ", ".join(sorted((*self.tags.known, GENERATE)))
        self.problems.add(self._place(event), f"unknown tag `{name}`; write the value itself, or one of {known}")

    def _place(self, event: Any) -> Place:
        return _mark_place(self.source.file, event.start_mark)

    def _refuse(self, place: Place, message: str) -> NoReturn:
        raise MalformedError(place, message)


_CORE = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(_CORE + name for name in ("int", "float", "bool", "null", "timestamp", "map", "seq"))
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
BROKEN = QuotedText("")  # stands where a tag could not be read, which has its problem already


def text_of(source: Source) -> str:
    """Return a file's text. Raises MalformedError where it cannot be read, is not UTF-8, or larger than is sane."""
    try:
        content = source.path.read_bytes()
    except OSError as error:
        raise MalformedError(Place(source.file, 1, 1), f"cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        words = f"has {len(content) // 1_000_000:,} MB of YAML; CSV, NDJSON and Parquet are for large tables"
        raise MalformedError(Place(source.file, 1, 1), words)
    lines = content.split(b"\n")
    longest = max(range(len(lines)), key=lambda number: len(lines[number]))
    if len(lines[longest]) > LONGEST_LINE:
        words = f"a line of {len(lines[longest]) // 1_000_000:,} MB; `!file` is for large contents"
        raise MalformedError(Place(source.file, longest + 1, 1), words)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        place = Place(source.file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise MalformedError(place, "this is not UTF-8; save the file as UTF-8") from error


def _size(value: Any, most: int) -> int:
    """Return how many nodes a value has, or any number above `most`: aliases of aliases grow without limit."""
    size, open_nodes = 0, [value]
    while open_nodes and size <= most:
        node = open_nodes.pop()
        size += 1
        if isinstance(node, (MappingNode, SequenceNode)):
            open_nodes.extend(node.values() if isinstance(node, MappingNode) else node)
    return size


def _mark_place(file: str, mark: Any) -> Place:
    return Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)


def _offset_place(file: str, text: str, offset: int) -> Place:
    """Return the place of a byte of a text that libyaml reads as UTF-8."""
    before = text.encode()[:offset].decode(errors="replace")
    return Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


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
