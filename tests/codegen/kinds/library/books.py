"""What is written."""

from enum import StrEnum
from typing import TYPE_CHECKING, Optional

from sqlmodel import Field, Relationship

from . import base
from .base import Base

if TYPE_CHECKING:
    from .authors import Author


class Genre(StrEnum):
    novel = "novel"
    essay = "essay"


class Book(base.Stamped, Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    title: str
    genre: Genre = Genre.novel
    author_id: int | None = Field(default=None, foreign_key="author.id")

    author: Optional["Author"] = Relationship(back_populates="books")
    loans: list["Loan"] = Relationship(back_populates="book")


class Loan(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    book_id: int = Field(foreign_key="book.id")
    reader: str

    book: Book = Relationship(back_populates="loans")
