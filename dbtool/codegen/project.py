"""The files of a migrations folder: plain Alembic, which finds dbtool where it is installed."""

from __future__ import annotations

ENVIRONMENT = '''\
"""What `alembic` runs in this folder: with dbtool where it is installed, by itself where it is not."""

import os
import tomllib
from importlib.util import find_spec
from pathlib import Path

from alembic import context
{imports}

DBTOOL_ENVIRONMENT = 1  # dbtool knows by this line that it may run migrations without this file

ROOT = Path(__file__).resolve().parent{parents}


def project_url() -> str:
    """Find the URL as dbtool does: the environment, .env, [tool.dbtool], the default."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = (ROOT / ".env").read_text(encoding="utf-8-sig").splitlines() if (ROOT / ".env").exists() else []
    pairs = [line.strip().removeprefix("export ").partition("=") for line in lines if not line.lstrip().startswith("#")]
    file = {{name.strip(): value.strip().strip("'\\"") for name, _, value in pairs}}
    names = ("DBTOOL_URL", "DIRECT_URL", "DATABASE_URL")
    places = [place.get(name) for place in (os.environ, file) for name in names]
    settings = document.get("tool", {{}}).get("dbtool", {{}})
    url = next(filter(None, places), settings.get("url", "sqlite:///dev.db"))
    scheme, _, rest = url.partition("://")
    drivers = {{"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}}
    drivers |= {{"mysql": "mysql+pymysql", "mariadb": "mysql+pymysql"}}
    return f"{{drivers.get(scheme, scheme)}}://{{rest}}"


def run_alone() -> None:
    """Run without dbtool, under SQLite's transaction rules."""
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    url = project_url()
    if url.startswith("sqlite:///") and url != "sqlite:///:memory:":
        url = f"sqlite:///{{ROOT / url.removeprefix('sqlite:///')}}"
    engine = create_engine(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def keep_driver_from_beginning(connection, record):
            connection.isolation_level = None

        @event.listens_for(engine, "begin")
        def begin(connection):
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    if context.is_offline_mode():
        context.configure(url=url, target_metadata=target_metadata, literal_binds=True, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()
        return
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=target_metadata,
            render_as_batch=True,
            transactional_ddl=engine.dialect.name in ("sqlite", "postgresql"),
            include_name=lambda name, kind, parents: kind != "table" or not name.startswith("dbtool_"),
            autogenerate_plugins=["alembic.autogenerate.*", "~alembic.autogenerate.comments"],
        )
        with context.begin_transaction():
            context.run_migrations()


if find_spec("dbtool"):
    from dbtool import run_environment

    run_environment(context, target_metadata)
else:
    run_alone()
'''

SCRIPT = '''\
"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}
"""

from alembic import op
import sqlalchemy as sa
${imports if imports else ""}
revision = ${repr(up_revision).replace("'", '"')}
down_revision = ${repr(down_revision).replace("'", '"')}
branch_labels = ${repr(branch_labels).replace("'", '"')}
depends_on = ${repr(depends_on).replace("'", '"')}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
'''

ALEMBIC_TABLE = """
[tool.alembic]
script_location = "%(here)s/{migrations}"
prepend_sys_path = ["."]
file_template = "%%(rev)s_%%(slug)s"
"""


def environment(models: str | None, depth: int = 1) -> str:
    """Return the text of env.py for a models module, or `module:attribute`; `depth` folders below the project."""
    module, _, attribute = (models or "").partition(":")
    if not module:
        imports = "\ntarget_metadata = None  # where there are models: their MetaData"
    elif attribute:
        imports = (
            f'\nfrom {module} import {attribute}\n\ntarget_metadata = getattr({attribute}, "metadata", {attribute})'
        )
    else:
        imports = (
            "from sqlmodel import SQLModel\n\n"
            f"import {module}  # noqa: F401  (defines the tables)\n\n"
            "target_metadata = SQLModel.metadata"
        )
    return ENVIRONMENT.format(imports=imports, parents=".parent" * depth)


def alembic_table(migrations: str) -> str:
    """Return the table of pyproject.toml that lets plain Alembic find the migrations."""
    return ALEMBIC_TABLE.format(migrations=migrations)
