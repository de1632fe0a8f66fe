"""The type parameters of a table, and what stands for an argument that nobody gave."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

M = TypeVar("M")  # the user's own model
V = TypeVar("V")  # a view: any Pydantic class
Where = TypeVar("Where")
Unique = TypeVar("Unique")
Include = TypeVar("Include")
Order = TypeVar("Order")
Create = TypeVar("Create")
Row = TypeVar("Row")
Update = TypeVar("Update")
Set = TypeVar("Set")
Field = TypeVar("Field", bound=str)  # a Literal of the names of columns
Number = TypeVar("Number", bound=str)  # the same, of columns that can be summed

Direction = Literal["asc", "desc"]

# Any: `| None` on a TypedDict parameter keeps every checker from naming the wrong key, and `{}` fits no generic one.
ABSENT: Any = None
