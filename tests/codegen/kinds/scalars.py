"""A column of each type, required and optional."""

import uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any, Literal

from pydantic import AwareDatetime, NaiveDatetime
from sqlalchemy import JSON, BigInteger, Column, DateTime, String, Text
from sqlalchemy import Enum as EnumType
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Base(SQLModel, registry=registry()):
    """What the tables of this module have in common: a MetaData of their own."""


class Colour(Enum):
    red = "r"
    green = "g"


class Size(StrEnum):
    small = "small"
    large = "large"

    @property
    def is_small(self) -> bool:
        return self is Size.small


class Priority(IntEnum):
    low = 1
    high = 2


class Scalar(Base, table=True):
    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    text: str
    long_text: str = Field(default="", sa_type=Text)
    whole: int
    big: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    real: float = 0.0
    is_true: bool = False
    exact: Decimal = Field(default=Decimal("0"), max_digits=12, decimal_places=2)
    day: date
    aware: datetime
    naive: NaiveDatetime
    also_aware: AwareDatetime | None = None
    declared_naive: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=False)))
    clock: time
    span: timedelta = timedelta(minutes=5)
    raw: bytes = b""
    token_id: uuid.UUID | None = None
    colour: Colour
    size: Size = Size.small
    priority: Priority = Priority.low
    stored_values: Colour | None = Field(
        default=None, sa_column=Column(EnumType(Colour, values_callable=lambda kind: [each.value for each in kind]))
    )
    choice: Literal["a", "b"] = Field(default="a", sa_type=String)
    anything: Any = Field(default=None, sa_column=Column(JSON))
    mapping: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    items: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    nested: dict[str, list[int]] | None = Field(default=None, sa_type=JSON)
