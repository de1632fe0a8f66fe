"""What the tables of this package have in common."""

from datetime import UTC, datetime

from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Base(SQLModel, registry=registry()):
    """A MetaData of their own."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Stamped(SQLModel):
    """A mixin of columns."""

    created_at: datetime = Field(default_factory=utc_now)
