"""Composite keys: of a table, and pointing at one."""

from decimal import Decimal

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel


class Base(SQLModel, registry=registry()):
    """What the tables of this module have in common: a MetaData of their own."""


class Purchase(Base, table=True):
    """An order, numbered within its shop."""

    shop: str = Field(primary_key=True, max_length=10)
    number: int = Field(primary_key=True)
    customer: str

    lines: list["PurchaseLine"] = Relationship(back_populates="purchase", cascade_delete=True)


class PurchaseLine(Base, table=True):
    """A line of an order, numbered within it."""

    __tablename__ = "purchase_line"
    __table_args__ = (
        ForeignKeyConstraint(["shop", "number"], ["purchase.shop", "purchase.number"], ondelete="CASCADE"),
        UniqueConstraint("shop", "number", "item"),
    )

    shop: str = Field(primary_key=True, max_length=10)
    number: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    item: str
    price: Decimal = Field(max_digits=10, decimal_places=2)

    purchase: Purchase = Relationship(back_populates="lines")
    remarks: list["Remark"] = Relationship(back_populates="line")


class Remark(Base, table=True):
    """Something said about a line, or about none."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["shop", "number", "position"],
            ["purchase_line.shop", "purchase_line.number", "purchase_line.position"],
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    shop: str | None = None
    number: int | None = None
    position: int | None = None
    text: str

    line: PurchaseLine | None = Relationship(back_populates="remarks")
