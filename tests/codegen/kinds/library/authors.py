"""Those who write."""

from typing import TYPE_CHECKING

from sqlmodel import Field, Relationship

from .base import Base, Stamped

if TYPE_CHECKING:
    from .books import Book


class Author(Stamped, Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)

    books: list["Book"] = Relationship(back_populates="author")

    def latest(self) -> "Book | None":
        return max(self.books, key=lambda book: book.created_at, default=None)
