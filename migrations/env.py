"""What `alembic` runs in this folder: with dbtool where it is installed, by itself where it is not."""

import os
import tomllib
from importlib.util import find_spec
from pathlib import Path

from alembic import context
from sqlmodel import SQLModel

import dbtool.models  # noqa: F401  (defines the tables)

target_metadata = SQLModel.metadata

DBTOOL_ENVIRONMENT = 1  # dbtool knows by this line that it may run migrations without this file

ROOT = Path(__file__).resolve().parent.parent


def project_url() -> str:
    """Find the URL as dbtool does: the environment, .env, [tool.dbtool], the default."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = (ROOT / ".env").read_text(encoding="utf-8-sig").splitlines() if (ROOT / ".env").exists() else []
    pairs = [line.strip().removeprefix("export ").partition("=") for line in lines if not line.lstrip().startswith("#")]
    file = {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}
    names = ("DBTOOL_URL", "DIRECT_URL", "DATABASE_URL")
    places = [place.get(name) for place in (os.environ, file) for name in names]
    settings = document.get("tool", {}).get("dbtool", {})
    url = next(filter(None, places), settings.get("url", "sqlite:///dev.db"))
    scheme, _, rest = url.partition("://")
    drivers = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
    drivers |= {"mysql": "mysql+pymysql", "mariadb": "mysql+pymysql"}
    return f"{drivers.get(scheme, scheme)}://{rest}"


def run_alone() -> None:
    """Run without dbtool, under SQLite's transaction rules."""
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    url = project_url()
    if url.startswith("sqlite:///") and url != "sqlite:///:memory:":
        url = f"sqlite:///{ROOT / url.removeprefix('sqlite:///')}"
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
