"""What is computed: hybrid properties, column_property, computed columns, database defaults."""

from decimal import Decimal

from pydantic import ConfigDict
from sqlalchemy import ColumnElement, Computed, func, select
from sqlalchemy.ext.hybrid import hybrid_method, hybrid_property
from sqlalchemy.orm import column_property, registry
from sqlmodel import Field, Relationship, SQLModel


class Base(SQLModel, registry=registry()):
    """What the tables of this module have in common: a MetaData of their own."""


class Product(Base, table=True):
    model_config = ConfigDict(ignored_types=(hybrid_property, hybrid_method))

    id: int | None = Field(default=None, primary_key=True)
    name: str
    price: Decimal = Field(default=Decimal("1.00"), max_digits=10, decimal_places=2)
    stock: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    doubled: int | None = Field(default=None, sa_column_args=[Computed("stock * 2")])

    reviews: list["Review"] = Relationship(back_populates="product")

    @hybrid_property
    def is_available(self) -> bool:
        return self.stock > 0

    @hybrid_property
    def label(self) -> str:
        return self.name.upper()

    @label.inplace.expression
    @classmethod
    def _label(cls) -> ColumnElement[str]:
        return func.upper(cls.name)

    @hybrid_method
    def costs_less(self, limit: Decimal) -> bool:
        return self.price < limit


class Review(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    product_id: int = Field(foreign_key="product.id")
    stars: int = Field(ge=1, le=5)

    product: Product = Relationship(back_populates="reviews")


# A column_property is given to the mapped class once both tables are there.
Product.review_count = column_property(
    select(func.count(Review.id)).where(Review.product_id == Product.id).scalar_subquery()
)
