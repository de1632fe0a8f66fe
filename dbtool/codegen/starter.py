"""The files of a project that begins with `dbtool init`, and what it adds to one that is there."""

from __future__ import annotations

MODELS = '''\
"""The models of the application: each class is a table."""

from datetime import UTC, datetime

from sqlalchemy import DateTime
from sqlmodel import Field, Relationship, SQLModel


class Author(SQLModel, table=True):
    """Somebody who writes posts."""

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(max_length=320, unique=True)
    name: str = Field(max_length=100)

    posts: list["Post"] = Relationship(back_populates="author")


class Post(SQLModel, table=True):
    """Something to read."""

    id: int | None = Field(default=None, primary_key=True)
    author_id: int = Field(foreign_key="author.id", ondelete="CASCADE", index=True)
    slug: str = Field(max_length=100, unique=True, description="Its part of the address")
    title: str = Field(max_length=200)
    text: str = Field(default="")
    published_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC), sa_type=DateTime(timezone=True))

    author: Author = Relationship(back_populates="posts")
'''

SEEDS = """\
# yaml-language-server: $schema=schema.json
# Loaded by `dbtool seed`, again and again: a row is found by its natural key, here `email` and `slug`.
Author:
  - email: ada@example.com
    name: Ada
    posts:                        # nested along the relationship
      - slug: hello
        title: Hello
        text: The first post.
        published_at: 2025-01-01T09:00:00Z
"""

PYPROJECT = """\
[project]
name = "{name}"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["sqlmodel", "sqlmodel-dbtool"]
"""

ENVIRONMENT = """\
# Copy this file to .env; dbtool reads it, and the environment overrides it.
# A relative SQLite path is relative to this file.
DATABASE_URL=sqlite:///dev.db

# PostgreSQL (pip install 'sqlmodel-dbtool[postgres]'):
# DATABASE_URL=postgresql://user:password@localhost:5432/app
# MariaDB (pip install 'sqlmodel-dbtool[mysql]'):
# DATABASE_URL=mariadb://user:password@localhost:3306/app
"""

IGNORED = (".env", "dev.db", "dev.db-*", ".dbtool/")


def table(models: str | None) -> str:
    """Return `[tool.dbtool]` of pyproject.toml."""
    said = f'models = "{models}"\n' if models else ""
    return f"[tool.dbtool]\n{said}"
