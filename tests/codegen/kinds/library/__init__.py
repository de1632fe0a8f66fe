"""A package of models: each in a file of its own, with relationships both ways."""

from .authors import Author
from .base import Base
from .books import Book, Genre, Loan

__all__ = ["Author", "Base", "Book", "Genre", "Loan"]
