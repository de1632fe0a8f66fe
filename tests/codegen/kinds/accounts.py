"""One-to-one, secrets, columns with another name in the database, Annotated, factories, column keywords."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Optional

from pydantic import StringConstraints, field_validator, model_validator
from sqlalchemy import Column, String, func
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel


class Base(SQLModel, registry=registry()):
    """What the tables of this module have in common: a MetaData of their own."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_token() -> str:
    return secrets.token_hex(16)


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z-]+$", max_length=40)]


class Account(Base, table=True):
    """Somebody who may sign in."""

    id: int | None = Field(default=None, primary_key=True)
    slug: Slug = Field(unique=True)
    email: Annotated[str, Field(max_length=254)] = Field(sa_column=Column("e_mail", String(254), nullable=False))
    hashed_password: str = Field(max_length=255)
    api_token: str = Field(default_factory=new_token)
    notes: str | None = Field(default=None, sa_column_kwargs={"info": {"private": True}})
    nickname: str | None = Field(default=None, max_length=20, min_length=2, description='Short "name"')
    class_: str = Field(default="basic", sa_column_kwargs={"name": "class"})
    created_at: datetime = Field(default_factory=utc_now)
    updated_at: datetime = Field(default_factory=utc_now, sa_column_kwargs={"onupdate": utc_now})
    seen_at: datetime | None = Field(default=None, sa_column_kwargs={"server_default": func.now()})

    profile: Optional["Profile"] = Relationship(
        back_populates="account", cascade_delete=True, sa_relationship_kwargs={"uselist": False}
    )

    @field_validator("nickname", mode="after")
    @classmethod
    def nickname_is_no_email(cls, value: str | None) -> str | None:
        if value and "@" in value:
            raise ValueError("a nickname is no address")
        return value

    @model_validator(mode="after")
    def nickname_differs(self) -> "Account":
        if self.nickname is not None and self.nickname == self.slug:
            raise ValueError("the nickname is the slug")
        return self


class Profile(Base, table=True):
    account_id: int | None = Field(default=None, foreign_key="account.id", primary_key=True)
    bio: str = ""
    website: str | None = Field(default=None, max_length=200)

    account: Account = Relationship(back_populates="profile")
