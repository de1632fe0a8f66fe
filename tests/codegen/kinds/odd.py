"""Names that get in the way: of builtins, of keywords, of what generated code itself uses, of other alphabets."""

from datetime import date
from typing import Any as Whatever
from typing import List, NewType  # noqa: UP035

from sqlalchemy.orm import registry
from sqlmodel import *  # noqa: F403
from sqlmodel import Field, Relationship, SQLModel


class Base(SQLModel, registry=registry()):
    """What the tables of this module have in common: a MetaData of their own."""


class type(Base, table=True):  # noqa: N801
    """A table named like a builtin."""

    __tablename__ = "type"

    id: int | None = Field(default=None, primary_key=True)
    list: str = ""

    entries: List["Any"] = Relationship(back_populates="kind")  # noqa: UP006


class Any(Base, table=True):
    """A table named like what stubs import."""

    id: int | None = Field(default=None, primary_key=True)
    kind_id: int = Field(foreign_key="type.id")
    größe: int = Field(default=1, description='Ein "Umlaut" \\ und mehr')
    import_: str = Field(default="x", sa_column_kwargs={"name": "import"})
    self: str = "me"
    note: Whatever = Field(default=None, max_length=10, sa_type=AutoString)  # noqa: F405

    kind: type = Relationship(back_populates="entries")


Guests = NewType("Guests", int)


class Meal(Base, table=True):
    """A column named like its type, and one whose type is another's name."""

    id: int | None = Field(default=None, primary_key=True)
    date: date
    guests: Guests = Field(default=Guests(2), sa_type=Integer)  # noqa: F405


class Mapped(Base, table=True):
    """A table named like the descriptor."""

    id: int | None = Field(default=None, primary_key=True)
    name: str
