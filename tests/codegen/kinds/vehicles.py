"""Single-table inheritance, as it can be had from SQLModel: the subclass is mapped by hand."""

from typing import Any

from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

mapping = registry()


class Base(SQLModel, registry=mapping):
    """What the tables of this module have in common: a MetaData of their own."""


class Vehicle(Base, table=True):
    __mapper_args__: dict[str, Any] = {"polymorphic_on": "kind", "polymorphic_identity": "vehicle"}

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(default="vehicle", max_length=20)
    plate: str = Field(unique=True)
    doors: int | None = None


class Car(Vehicle):
    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(default="car", max_length=20)
    doors: int | None = None

    def honk(self) -> str:
        return "beep"


mapping.map_imperatively(Car, inherits=Vehicle, polymorphic_identity="car")
