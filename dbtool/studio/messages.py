"""What a request may say: strict and bounded, so that nothing that a client sends is more than a refusal."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from dbtool.errors import RequestError

BIGGEST = 2**53


def _storable(text: str) -> str:
    """Refuse what no database stores: NUL, and half of a character."""
    if "\0" in text:
        raise ValueError("holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("holds half of a character") from error
    return text


Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[str, Field(max_length=300), AfterValidator(_storable)]
Key = Annotated[str, Field(max_length=20_000), AfterValidator(_storable)]
Value = Annotated[str, Field(max_length=100_000), AfterValidator(_storable)]
Whole = Annotated[str, Field(max_length=10_000_000), AfterValidator(_storable)]


class Message(BaseModel):
    """A part of a request: no type is bent, and no word is passed over."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Filter(Message):
    """A condition: a column or the name of a relation, an operator of that column, and its values."""

    column: Name
    operator: Annotated[str, Field(max_length=30)]
    values: Annotated[list[Value], Field(max_length=1000)] = []


class Sort(Message):
    """A column to order by."""

    column: Name
    descending: bool = False


Filters = Annotated[list[Filter], Field(max_length=100)]
Sorts = Annotated[list[Sort], Field(max_length=20)]


class At(Message):
    """Where a page of rows is: exactly one of these."""

    start: Literal[True] | None = None
    end: Literal[True] | None = None
    after: Key | None = None
    before: Key | None = None
    key: Key | None = None
    value: Value | None = None
    number: Annotated[int, Field(ge=0, le=BIGGEST)] | None = None

    @model_validator(mode="after")
    def _one(self) -> At:
        if len(self.model_fields_set) != 1 or any(getattr(self, name) is None for name in self.model_fields_set):
            raise ValueError("is one of start, end, after, before, key, value, number")
        return self


class Nothing(Message):
    """A request that says no more than its path."""


class OfTable(Message):
    """A request about a table."""

    table: Name


class Counts(Message):
    """Count tables, each up to a limit."""

    tables: Annotated[list[Name], Field(max_length=5000)]


class Count(OfTable):
    """Count the rows that match."""

    filters: Filters = []
    search: Value = ""


class Rows(Count):
    """Read a page of rows."""

    sort: Sorts = []
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    at: At = At(start=True)


class Cell(OfTable):
    """Read a whole cell."""

    key: Key
    column: Name


class Record(OfTable):
    """Read one row, by its key or by the values of columns that lead to it."""

    key: Key | None = None
    match: Annotated[dict[Name, Value], Field(min_length=1, max_length=100)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Record:
        if (self.key is None) == (self.match is None):
            raise ValueError("names either a key or a match")
        return self


class Lookup(OfTable):
    """Find rows that a reference may point at."""

    reference: Name
    text: Annotated[str, Field(max_length=1000), AfterValidator(_storable)] = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class NewRow(Message):
    """A value that another new row will have."""

    new: Annotated[str, Field(max_length=100)]


class CutText(Message):
    """The beginning of a long text, and its length."""

    start: Value
    length: Annotated[int, Field(ge=0, le=BIGGEST)]


Given = dict[Name, Whole | NewRow | None]
Old = dict[Name, Whole | CutText | None]


class InsertChange(Message):
    """A new row; columns that are not named get their default."""

    op: Literal["insert"]
    table: Name
    id: Annotated[str, Field(max_length=100)]
    values: Given = {}


class UpdateChange(Message):
    """Other values for columns of a row; `old` holds what they were on screen."""

    op: Literal["update"]
    table: Name
    key: Key
    values: Given
    old: Old = {}


class DeleteChange(Message):
    """A row to delete; `old` holds what was on screen."""

    op: Literal["delete"]
    table: Name
    key: Key
    old: Old = {}


Change = Annotated[InsertChange | UpdateChange | DeleteChange, Field(discriminator="op")]


class Changes(Message):
    """Changes to save in one transaction, or with `dry_run` to show as SQL.

    Rows that the database deletes with others are only deleted where `cascade` says so.
    """

    changes: Annotated[list[Change], Field(max_length=20_000)]
    dry_run: bool = False
    cascade: bool = False


class Sql(Message):
    """A statement for the console."""

    sql: Annotated[str, Field(min_length=1, max_length=100_000), AfterValidator(_storable)]
    write: bool = False
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1000


class Export(Count):
    """A file of rows: a selection by `keys`, those that match, or all."""

    sort: Sorts = []
    columns: Annotated[list[Name], Field(max_length=2000)] = []
    keys: Annotated[list[Key], Field(max_length=20_000)] | None = None
    format: Literal["json", "ndjson", "csv"] = "csv"
    guard: bool = False


class Import(OfTable):
    """A text to read as rows of a table; nothing is written."""

    text: Annotated[str, Field(max_length=10_000_000)]
    format: Literal["auto", "csv", "json", "ndjson", "tsv"] = "auto"


MESSAGES: dict[str, type[Message]] = {
    "schema": Nothing,
    "table": OfTable,
    "counts": Counts,
    "count": Count,
    "rows": Rows,
    "cell": Cell,
    "record": Record,
    "lookup": Lookup,
    "changes": Changes,
    "sql": Sql,
    "sql/history": Nothing,
    "diagram": Nothing,
    "migrations": Nothing,
    "export": Export,
    "blob": Cell,
    "import": Import,
    "object": Cell,
}


def read(path: str, body: bytes) -> Any:
    """Read the body of a request. Raises RequestError, which says where it is wrong."""
    value = _json(body)
    try:
        return MESSAGES[path].model_validate(value)
    except ValidationError as error:
        raise RequestError("the request is not understood", problems=_problems(error)) from error


def _json(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is one, too
        raise RequestError("the request is not JSON") from error


def _no_number(word: str) -> Any:
    raise ValueError(word)


def _problems(error: ValidationError) -> list[str]:
    """Say what is wrong where, without repeating what was sent."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [f"{'.'.join(str(each) for each in one['loc'])[:200]}: {one['msg'][:200]}" for one in found[:10]]
