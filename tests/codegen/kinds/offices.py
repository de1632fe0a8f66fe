"""Tables in several schemas: for what only reads the models, since SQLite has no schemas."""

from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel


class Base(SQLModel, registry=registry()):
    """What the tables of this module have in common: a MetaData of their own."""


class Office(Base, table=True):
    __table_args__ = {"schema": "estate"}

    id: int | None = Field(default=None, primary_key=True)
    city: str

    desks: list["Desk"] = Relationship(back_populates="office")


class Desk(Base, table=True):
    __table_args__ = {"schema": "furniture"}

    id: int | None = Field(default=None, primary_key=True)
    office_id: int = Field(foreign_key="estate.office.id")
    label: str

    office: Office = Relationship(back_populates="desks")
