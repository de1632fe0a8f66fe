"""Many-to-many by a link model, and the pattern of a base class that a table and its schemas share."""

from typing import Optional

from pydantic import field_validator
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel


class Base(SQLModel, registry=registry()):
    """What the tables of this module have in common: a MetaData of their own."""


class MissionHeroLink(Base, table=True):
    mission_id: int | None = Field(default=None, foreign_key="mission.id", primary_key=True)
    hero_id: int | None = Field(default=None, foreign_key="hero.id", primary_key=True)


class Team(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True, unique=True, max_length=80)
    headquarters: str | None = None

    heroes: list["Hero"] = Relationship(back_populates="team")


class HeroBase(SQLModel):
    """What every form of a hero has."""

    name: str = Field(index=True, max_length=80, description="As it stands on the card")
    secret_name: str
    age: int | None = Field(default=None, ge=0, le=1000)
    team_id: int | None = Field(default=None, foreign_key="team.id")

    @field_validator("name")
    @classmethod
    def name_is_not_blank(cls, value: str) -> str:
        """Refuse a name of spaces."""
        if not value.strip():
            raise ValueError("a name has letters")
        return value.strip()

    def greeting(self) -> str:
        return f"I am {self.name}"


class Hero(HeroBase, Base, table=True):
    id: int | None = Field(default=None, primary_key=True)

    team: Optional[Team] = Relationship(back_populates="heroes")  # noqa: UP045
    missions: list["Mission"] = Relationship(back_populates="heroes", link_model=MissionHeroLink)


class Mission(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(unique=True)
    is_secret: bool = False

    heroes: list[Hero] = Relationship(back_populates="missions", link_model=MissionHeroLink)


class HeroCreate(HeroBase):
    pass


class HeroPublic(HeroBase):
    id: int


class HeroUpdate(SQLModel):
    name: str | None = None
    secret_name: str | None = None
