"""Seed files as plain values that know where they stand, before any column has said what a text means.

A plain scalar stays the text that was written, since the column decides what `NO`, `01234` or `12:30` means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pydantic_core import from_json

from dbtool.seeding.problems import Place
from dbtool.seeding.sources import Source


class QuotedText(str):
    """A scalar that was quoted, or written as a block: text, whatever it looks like."""

    __slots__ = ()


class Moment(str):
    """A time relative to now, as `!ago 2 days` gives it: new rows get it, those that are there keep theirs.

    `at` knows its time zone; the text is ISO 8601.
    """

    at: datetime

    @staticmethod
    def of(at: datetime) -> Moment:
        """Return a moment."""
        moment = Moment(at.isoformat())
        moment.at = at
        return moment


class Secret(str):
    """What a variable of the environment holds; messages show the variable's `name`, never the value."""

    name: str

    @staticmethod
    def of(name: str, value: str) -> Secret:
        """Return the value of a variable."""
        secret = Secret(value)
        secret.name = name
        return secret


class Content(bytes):
    """What a file holds, as `!file` gives it: bytes, which are UTF-8 where the column holds text or JSON."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Native:
    """A value that is JSON already, in which a text is a text."""

    value: Any


class Label(str):
    """`!ref label`: the row that carries `$label: label`."""

    __slots__ = ()


class Spot(NamedTuple):
    """Where a mapping or sequence begins in a file; what stands in it is found again only when a message needs it."""

    source: Source
    mark: int

    def place(self, *path: str | int, key: bool = False) -> Place:
        """Return where the value at a path of keys and positions stands, or the nearest one around it.

        With `key`, where the last key itself stands.
        """
        return self.source.place(self.mark, path, key=key)


class MappingNode(dict[str, Any]):
    """A mapping: keys in the order of the file."""

    __slots__ = ("spot",)
    spot: Spot


class GenerateNode(MappingNode):
    """A mapping with the tag `!generate`: rows that are made up."""

    __slots__ = ()


class SequenceNode(list[Any]):
    """A sequence."""

    __slots__ = ("spot",)
    spot: Spot


@dataclass(frozen=True, slots=True)
class Document:
    """One seed file; `tables` is what it gives each table, empty where the file could not be read."""

    file: str
    tables: MappingNode


_WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FRACTION = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def plain_value(node: Any) -> Any:
    """Return what a node means where no column decides, as in JSON: by the rules of YAML 1.2's core schema.

    Raises ValueError for a number that JSON does not have.
    """
    if isinstance(node, dict):
        return {key: plain_value(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain_value(value) for value in node]
    if isinstance(node, (QuotedText, Moment, Secret)):
        return str(node)
    if isinstance(node, Content):
        return from_json(node)
    if isinstance(node, Native):
        return node.value
    return _plain_scalar(node) if isinstance(node, str) else node


def _plain_scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        if len(text) > 4_300:
            raise ValueError("a whole number has at most 4,300 digits")
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    return float(text) if _FRACTION.fullmatch(text) else text
