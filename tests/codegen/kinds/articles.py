"""Many-to-many by a plain Table, and a proxy over it."""

from sqlalchemy import Column, ForeignKey, Integer, Table
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel


class Base(SQLModel, registry=registry()):
    """What the tables of this module have in common: a MetaData of their own."""


article_tag = Table(
    "article_tag",
    Base.metadata,
    Column("article_id", Integer, ForeignKey("article.id"), primary_key=True),
    Column("tag_id", Integer, ForeignKey("tag.id"), primary_key=True),
)


class Article(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    headline: str

    tags: list["Tag"] = Relationship(
        back_populates="articles", sa_relationship_kwargs={"secondary": article_tag, "order_by": "Tag.name"}
    )


# Pydantic would take an annotated proxy for a field: a table gets it after it is made.
tag_names: AssociationProxy[list[str]] = association_proxy("tags", "name", creator=lambda name: Tag(name=name))
Article.tag_names = tag_names


class Tag(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)

    articles: list[Article] = Relationship(back_populates="tags", sa_relationship_kwargs={"secondary": article_tag})
