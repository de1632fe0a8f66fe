"""All that a module of models can hold beside columns."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, Protocol, TypeVar, Union, overload

from pydantic import BaseModel, ConfigDict, PrivateAttr, computed_field
from sqlalchemy.orm import registry
from sqlmodel import Field, Session, SQLModel, select

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["LIMIT", "Base", "Document", "Number", "Paper", "Ranked", "Settings", "Summary", "first_line", "titled"]

LIMIT = 20
RATIO: Final = 1.5
NAMES = ("a", "b")
PRICES: dict[str, float] = {"a": 1.0}
if (WIDTH := 80) > 40:
    WIDE = True
Number = Union[int, float]  # noqa: UP007
Check = Callable[[str], bool]
Model = TypeVar("Model", bound=SQLModel)


class Base(SQLModel, registry=registry()):
    """What the tables of this module have in common: a MetaData of their own."""


class Ranked(Protocol):
    def better_than(self, other: "Ranked") -> bool: ...


class Summary(NamedTuple):
    title: str
    length: int = 0


@dataclass(frozen=True)
class Settings:
    depth: int = 3
    name: str = "x"


class Paper(BaseModel):
    """An ordinary Pydantic model."""

    model_config = ConfigDict(frozen=True)

    title: str = "untitled"
    pages: list[int] = []


class Document(Base, table=True):
    """A table with behaviour."""

    model_config = ConfigDict(validate_assignment=False)

    KINDS: ClassVar[tuple[str, ...]] = ("note", "letter")
    _cache: dict[str, int] = PrivateAttr(default_factory=dict)

    id: int | None = Field(default=None, primary_key=True)
    title: str
    body: str = ""
    rank: int = 0

    @property
    def length(self) -> int:
        return len(self.body)

    @length.setter
    def length(self, value: int) -> None:
        self.body = self.body[:value]

    @computed_field
    @property
    def shout(self) -> str:
        return self.title.upper()

    @cached_property
    def words(self) -> list[str]:
        return self.body.split()

    @classmethod
    def named(cls, title: str, *, body: str = "", **more: Any) -> "Document":
        return cls(title=title, body=body, **more)

    @staticmethod
    def is_kind(kind: str, /, default: bool = False) -> bool:
        return kind in Document.KINDS or default

    def better_than(self, other: Ranked) -> bool:
        return self.rank > int(getattr(other, "rank", 0))

    @overload
    def part(self, at: int) -> str: ...
    @overload
    def part(self, at: slice) -> list[str]: ...
    def part(self, at: int | slice) -> str | list[str]:
        return self.body.split()[at]

    async def publish(self, session: "AsyncSession") -> None:
        await asyncio.sleep(0)
        session.add(self)

    def __str__(self) -> str:
        return self.title

    def __len__(self):
        return self.length

    def unannotated(self, x, y=1):
        return x

    class Status:
        """A class within a class."""

        open = "open"


def first_line(document: Document, limit: int = LIMIT) -> str:
    return document.body.partition("\n")[0][:limit]


def titled(session: Session, title: str) -> Iterator[Document]:
    yield from session.exec(select(Document).where(Document.title == title))


async def nothing() -> None:
    match LIMIT:
        case 0:
            return
        case _:
            await asyncio.sleep(0)
