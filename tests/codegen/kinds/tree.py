"""A relation of a table to itself."""

from typing import Optional

from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel


class Base(SQLModel, registry=registry()):
    """What the tables of this module have in common: a MetaData of their own."""


class Category(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=60)
    parent_id: int | None = Field(default=None, foreign_key="category.id", index=True)

    parent: Optional["Category"] = Relationship(
        back_populates="children", sa_relationship_kwargs={"remote_side": "Category.id"}
    )
    children: list["Category"] = Relationship(back_populates="parent")

    def path(self) -> str:
        return f"{self.parent.path()}/{self.name}" if self.parent else self.name
