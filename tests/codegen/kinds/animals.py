"""Joined-table inheritance, as it can be had from SQLModel: the registry maps the subclasses.

SQLModel gives a column of its own to every field of a subclass, also to an inherited one, and its subclasses cannot
inherit relationships.
"""

from typing import Any

from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel

mapping = registry()


class Base(SQLModel, registry=mapping):
    """What the tables of this module have in common: a MetaData of their own."""


class Shelter(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    town: str

    animals: list["Animal"] = Relationship()


class Animal(Base, table=True):
    __mapper_args__: dict[str, Any] = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(default="animal", max_length=20)
    name: str
    shelter_id: int = Field(foreign_key="shelter.id")

    def sound(self) -> str:
        return "..."


@mapping.mapped
class Cat(Animal, table=True):
    __tablename__ = "cat"
    __mapper_args__ = {"polymorphic_identity": "cat"}

    id: int | None = Field(default=None, primary_key=True, foreign_key="animal.id")
    kind: str = Field(default="cat", max_length=20)
    lives: int = 9

    def sound(self) -> str:
        return "miaow"
