"""A scratch database where the role may not create databases: a schema of its own, and no trace of it afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import psycopg
import pytest
from projects import Project, server_url

PASSWORD = "a secret / with @ signs"


@pytest.fixture
def restricted() -> Iterator[str]:
    """The URL of a database whose owner may create no other."""
    admin = server_url("postgres")
    name = f"dbtool_test_{secrets.token_hex(5)}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
        connection.execute(f"CREATE DATABASE {name} OWNER {name}")
    host = admin.rpartition("@")[2].rpartition("/")[0]
    yield f"postgresql://{name}:a%20secret%20%2F%20with%20%40%20signs@{host}/{name}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name}")
        connection.execute(f"DROP ROLE {name}")


def test_a_migration_is_proven_in_a_schema_where_the_role_may_not_create_databases(
    project: Project, restricted: str
) -> None:
    project.url = restricted

    migrated = project.run("migrate", "--name", "init", "--json")
    again = project.run("migrate", "--json")

    assert migrated.code == 0, migrated.stderr
    assert migrated.json["report"]["proof"][-1] == "up again"
    assert again.json["report"]["revision"] is None
    with psycopg.connect(restricted) as connection:
        found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'dbtool%'").fetchall()
    assert found == []


def test_a_reset_drops_the_objects_where_the_role_may_not_create_databases(project: Project, restricted: str) -> None:
    project.url = restricted
    assert project.run("migrate", "--name", "init").code == 0
    with psycopg.connect(restricted, autocommit=True) as connection:
        connection.execute("CREATE TABLE extra (id INTEGER)")
        connection.execute("CREATE VIEW seen AS SELECT id FROM extra")

    done = project.run("reset", "--yes", "--json")

    assert done.code == 0, done.stderr
    assert [table["inserted"] for table in done.json["report"]["seeded"]["tables"]] == [1, 2]
    with psycopg.connect(restricted) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert sorted(name for (name,) in tables) == ["alembic_version", "author", "book", "dbtool_migrations"]
