"""Models of the tests' own, in a registry of their own: one of everything that a seed can meet."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Optional

from pydantic import NaiveDatetime, field_validator
from sqlalchemy import (
    JSON,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel

from dbtool.tables import MODEL

LATER = datetime(2030, 1, 1, tzinfo=UTC)
_REGISTRY = registry()


class Base(SQLModel, registry=_REGISTRY):
    pass


class Kind(Enum):
    TOY = "toy"
    BOOK = "book"


class Tagging(Base, table=True):
    product_id: int | None = Field(default=None, foreign_key="product.id", primary_key=True)
    tag_id: int | None = Field(default=None, foreign_key="tag.id", primary_key=True)


class Tag(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    word: str = Field(unique=True, max_length=30)


class Category(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(unique=True, max_length=50)
    parent_id: int | None = Field(default=None, foreign_key="category.id")

    parent: Optional["Category"] = Relationship(
        back_populates="children", sa_relationship_kwargs={"remote_side": "Category.id"}
    )
    children: list["Category"] = Relationship(back_populates="parent")
    products: list["Product"] = Relationship(back_populates="category")


class Product(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    sku: str = Field(unique=True, max_length=20, schema_extra={"pattern": "^[a-z0-9-]+$"})
    name: str = Field(max_length=100)
    email: str | None = None
    price: Decimal | None = Field(default=None, max_digits=8, decimal_places=2)
    weight: float | None = Field(default=None, gt=0)
    count: int = Field(default=1, ge=0)
    sold: bool = False
    kind: Kind = Field(default=Kind.TOY)
    released: date | None = None
    opens: time | None = None
    lasts: timedelta | None = None
    seen_at: datetime | None = None
    local_at: NaiveDatetime | None = Field(default=None, sa_type=DateTime)  # SQLModel 0.0.22 does not know the type
    updated_at: datetime | None = Field(default=None, sa_column_kwargs={"onupdate": lambda: LATER})
    token: uuid.UUID = Field(default_factory=uuid.uuid4)
    code: uuid.UUID | None = None
    details: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    words: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    picture: bytes | None = None
    category_id: int | None = Field(default=None, foreign_key="category.id")

    category: Category | None = Relationship(back_populates="products")
    reviews: list["Review"] = Relationship(back_populates="product")
    manual: Optional["Manual"] = Relationship(back_populates="product", sa_relationship_kwargs={"uselist": False})
    tags: list[Tag] = Relationship(link_model=Tagging)

    @field_validator("email")
    @classmethod
    def has_an_at(cls, value: str | None) -> str | None:
        if value is not None and "@" not in value:
            raise ValueError("no @ in it")
        return value


class Manual(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    product_id: int = Field(foreign_key="product.id", unique=True)
    pages: int

    product: Product = Relationship(back_populates="manual")


class Review(Base, table=True):
    __table_args__ = (UniqueConstraint("product_id", "author"),)

    id: int | None = Field(default=None, primary_key=True)
    product_id: int = Field(foreign_key="product.id")
    author: str = Field(max_length=40)
    stars: int = Field(ge=1, le=5)
    doubled: int | None = Field(default=None, sa_column=Column(Integer, Computed("stars * 2", persisted=True)))

    product: Product = Relationship(back_populates="reviews")
    photos: list["Photo"] = Relationship(back_populates="review")


class Photo(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    path: str = Field(unique=True, max_length=100)
    review_id: int = Field(foreign_key="review.id")

    review: Review = Relationship(back_populates="photos")


class Twin(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    left: str = Field(unique=True, max_length=10)
    right: str = Field(unique=True, max_length=10)


class Note(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    text: str = Field(max_length=100)


class Egg(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=10)
    hen_id: int | None = Field(
        default=None, sa_column=Column(Integer, ForeignKey("hen.id", name="egg_of", use_alter=True))
    )


class Hen(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=10)
    egg_id: int | None = Field(default=None, foreign_key="egg.id")

    eggs: list[Egg] = Relationship(sa_relationship_kwargs={"foreign_keys": "Egg.hen_id"})


class Nest(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=10)
    chick_id: int = Field(
        sa_column=Column(Integer, ForeignKey("chick.id", name="nest_of", use_alter=True), nullable=False)
    )


class Chick(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=10)
    nest_id: int = Field(foreign_key="nest.id")


class Knot(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=10)
    next_id: int = Field(foreign_key="knot.id")


class Stop(Base, table=True):
    line: str = Field(primary_key=True, max_length=10)
    number: int = Field(primary_key=True)
    place: str | None = Field(default=None, max_length=20)


class Ride(Base, table=True):
    __table_args__ = (ForeignKeyConstraint(["line", "at"], ["stop.line", "stop.number"]),)

    rider: str = Field(primary_key=True, max_length=10)
    line: str = Field(max_length=10)
    at: int

    stop: Stop = Relationship()


METADATA: MetaData = _REGISTRY.metadata
for _mapper in _REGISTRY.mappers:
    assert isinstance(_mapper.local_table, Table)
    _mapper.local_table.info[MODEL] = _mapper.class_
