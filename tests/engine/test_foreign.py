"""An Alembic project that knows nothing of dbtool: its env.py is run, its connection taken over, no trace is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from projects import Outcome, Project, drop, new_url

import dbtool
from dbtool.codegen import project
from dbtool.database import rows
from dbtool.errors import ConfigError, MigrationError

INI = """\
[alembic]
script_location = %(here)s/alembic
prepend_sys_path = .
sqlalchemy.url = {url}

[loggers]
keys = root

[handlers]
keys = console

[formatters]
keys = generic

[logger_root]
level = WARNING
handlers = console
qualname =

[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic

[formatter_generic]
format = %(levelname)-5.5s [%(name)s] %(message)s
"""
ENV = """\
import os
from logging.config import fileConfig

from sqlalchemy import engine_from_config, pool

from alembic import context

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name)
if os.environ.get("DATABASE_URL"):
    config.set_main_option("sqlalchemy.url", os.environ["DATABASE_URL"])
print("env.py was run")
target_metadata = None


def run_migrations_online() -> None:
    connectable = engine_from_config(
        config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=None)
        with context.begin_transaction():
            context.run_migrations()


run_migrations_online()
"""
FILE = '''\
"""{name}

Revision ID: {id}
Revises: {parent}
Create Date: 2025-01-01 00:00:00
"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


revision: str = '{id}'
down_revision: Union[str, Sequence[str], None] = {parent!r}
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    {body}


def downgrade() -> None:
    op.drop_table('{name}')
'''
BOOK = "op.create_table('book', sa.Column('id', sa.Integer(), primary_key=True))"
PAGE = "op.create_table('page', sa.Column('id', sa.Integer(), primary_key=True))"
BOOM = "op.execute('INSERT INTO nowhere VALUES (1)')"


def foreign(root: Path, url: str) -> Project:
    project = Project(root)
    project.write("alembic.ini", INI.format(url=url.replace("%", "%%")))
    project.write("alembic/env.py", ENV)
    return project


def add(project: Project, id: str, name: str, parent: str | None, body: str) -> Path:
    text = FILE.format(id=id, name=name, parent=parent, body=body.replace("\n", "\n    "))
    return project.write(f"alembic/versions/{id}_{name}.py", text)


@pytest.fixture
def app(tmp_path: Path) -> Project:
    """A project made with `alembic init`, on SQLite, with two migrations."""
    project = foreign(tmp_path, "sqlite:///app.db")
    add(project, "ae1027a6acf", "book", None, BOOK)
    add(project, "1975ea83b712", "page", "ae1027a6acf", PAGE)
    return project


def alembic(project: Project, *arguments: str) -> Outcome:
    return project.python("-m", "alembic", *arguments)


def tables(project: Project) -> set[str]:
    with project.database.reading() as connection:
        return set(project.database.table_names(connection))


def test_status_says_what_is_pending(app: Project) -> None:
    assert alembic(app, "upgrade", "ae1027a6acf").code == 0

    report = dbtool.status(app.config)

    assert [each.name for each in report.standing.applied] == ["book"]
    assert [each.name for each in report.standing.pending] == ["page"]
    assert (report.drift, report.ok) == (None, False)
    assert [(each.code, each.hint) for each in report.findings] == [("pending", "dbtool deploy")]


def test_deploy_runs_env_py_and_alembic_agrees(app: Project) -> None:
    report = dbtool.deploy(app.config)

    assert [each.name for each in report.applied] == ["book", "page"]
    assert tables(app) == {"alembic_version", "book", "page"}
    assert alembic(app, "current").stdout.splitlines()[-1] == "1975ea83b712 (head)"
    assert dbtool.status(app.config).ok


def test_a_deploy_goes_on_where_alembic_stopped(app: Project) -> None:
    assert alembic(app, "upgrade", "ae1027a6acf").code == 0

    report = dbtool.deploy(app.config)

    assert [each.name for each in report.applied] == ["page"]
    assert dbtool.deploy(app.config).applied == ()


def test_nothing_of_dbtool_is_left_behind(app: Project) -> None:
    before = {path.relative_to(app.root) for path in app.root.rglob("*") if "__pycache__" not in str(path)}

    dbtool.deploy(app.config)

    after = {path.relative_to(app.root) for path in app.root.rglob("*") if "__pycache__" not in str(path)}
    assert after - before == {Path("app.db")}


def test_what_env_py_prints_does_not_reach_the_answer(app: Project) -> None:
    done = app.run("deploy", "--json")

    assert done.code == 0, done.stderr
    assert [each["name"] for each in done.json["report"]["applied"]] == ["book", "page"]
    assert "env.py was run" in done.stderr


def test_history_says_what_it_cannot_know(app: Project) -> None:
    dbtool.deploy(app.config)

    report = dbtool.history(app.config)

    assert (report.rows, [each.name for each in report.unrecorded]) == ((), ["book", "page"])


def test_a_failing_second_migration_leaves_nothing_of_the_first(app: Project) -> None:
    add(app, "27c6a30d7c24", "boom", "1975ea83b712", BOOM)

    with pytest.raises(MigrationError) as error:
        dbtool.deploy(app.config)

    assert error.value.message == "migration 27c6a30d7c24 boom failed at alembic/versions/27c6a30d7c24_boom.py:20"
    assert error.value.problems == (
        "statement: INSERT INTO nowhere VALUES (1)",
        "database: no such table: nowhere",
        "nothing changed: the database is as it was",
    )
    assert tables(app) == {"alembic_version"}  # empty: env.py's own connection makes it before the first step


def test_a_failing_migration_leaves_the_rows_that_were_there(app: Project) -> None:
    dbtool.deploy(app.config)
    with app.database.connect("write") as connection:
        connection.exec_driver_sql("INSERT INTO book VALUES (1)")
        connection.commit()
    before = (app.root / "app.db").read_bytes()
    add(app, "27c6a30d7c24", "word", "1975ea83b712", "op.execute('DELETE FROM book')")
    add(app, "27c6a30d7c25", "boom", "27c6a30d7c24", BOOM)

    with pytest.raises(MigrationError):
        dbtool.deploy(app.config)

    assert (app.root / "app.db").read_bytes() == before


def test_a_rebuild_keeps_what_belongs_to_the_table(app: Project) -> None:
    dbtool.deploy(app.config)
    with app.database.connect("migrate") as connection:
        connection.exec_driver_sql("CREATE INDEX odd ON book (id % 2)")
        connection.exec_driver_sql("CREATE TABLE child (id INTEGER, book_id INTEGER REFERENCES book ON DELETE CASCADE)")
        connection.exec_driver_sql("INSERT INTO book VALUES (1)")
        connection.exec_driver_sql("INSERT INTO child VALUES (1, 1)")
        connection.commit()
    add(
        app,
        "27c6a30d7c24",
        "widen",
        "1975ea83b712",
        "with op.batch_alter_table('book') as batch:\n    batch.alter_column('id', type_=sa.BigInteger())",
    )

    dbtool.deploy(app.config)

    with app.database.reading() as connection:
        assert rows(connection, "SELECT sql FROM sqlite_master WHERE name = 'odd'") == [
            ("CREATE INDEX odd ON book (id % 2)",)
        ]
        assert rows(connection, "SELECT * FROM child") == [(1, 1)]


def test_a_dry_run_leaves_nothing(app: Project) -> None:
    assert alembic(app, "upgrade", "ae1027a6acf").code == 0
    before = (app.root / "app.db").read_bytes()

    report = dbtool.deploy(app.config, dry_run=True)

    assert [each.name for each in report.planned] == ["page"]
    assert (app.root / "app.db").read_bytes() == before


def test_two_heads_are_both_deployed(app: Project) -> None:
    add(app, "27c6a30d7c24", "word", "ae1027a6acf", PAGE.replace("page", "word"))

    report = dbtool.deploy(app.config)

    assert tables(app) == {"alembic_version", "book", "page", "word"}
    assert report.current == ("1975ea83b712", "27c6a30d7c24")
    assert dbtool.status(app.config).ok


def test_the_url_of_the_command_line_reaches_env_py(app: Project) -> None:
    config = dbtool.load_config(project=app.root, url="sqlite:///other.db")

    dbtool.deploy(config)

    assert dbtool.status(config).ok
    assert not (app.root / "app.db").exists()


def test_the_url_of_an_environment_reaches_env_py(app: Project) -> None:
    app.write(".env.staging", "DATABASE_URL=sqlite:///staging.db\n")

    done = app.run("deploy", "--env", "staging")

    assert done.code == 0, done.stderr
    assert sorted(path.name for path in app.root.glob("*.db")) == ["staging.db"]


OTHERS = {
    "another file": "sqlite:///elsewhere.db",
    "a file whose name ends the same": "sqlite:///my-app.db",
    "a file of the same name in another folder": "sqlite:///other/app.db",
    "a database in memory": "sqlite://",
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_an_env_py_that_goes_to_another_database_is_refused(app: Project, other: str) -> None:
    (app.root / "other").mkdir()
    app.edit(
        "alembic/env.py",
        'if os.environ.get("DATABASE_URL"):',
        f'if config.set_main_option("sqlalchemy.url", "{other}"):',
    )

    with pytest.raises(ConfigError) as error:
        dbtool.deploy(app.config)

    told = f"sqlite:///{app.root}/app.db"
    assert error.value.message == f"env.py connects to {other}, and dbtool was told {told}"
    assert error.value.hint == "set DATABASE_URL, or sqlalchemy.url in alembic.ini, to the one that is meant"
    assert not (app.root / "app.db").exists()


# Servers


@pytest.fixture(params=["postgres", "mysql"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    """The same project on a server, through SQLAlchemy's own drivers."""
    url = new_url(request.param, tmp_path)
    driver = {"postgresql:": "postgresql+psycopg:", "mariadb:": "mariadb+pymysql:"}
    scheme = url[: url.index(":") + 1]
    project = foreign(tmp_path / "app", url.replace(scheme, driver[scheme]))
    add(project, "ae1027a6acf", "book", None, BOOK)
    yield project
    drop(url, tmp_path)


def test_a_deploy_makes_the_database_on_a_server_and_alembic_agrees(served: Project) -> None:
    report = dbtool.deploy(served.config)

    assert (report.database_created, [each.name for each in report.applied]) == (True, ["book"])
    assert tables(served) == {"alembic_version", "book"}
    assert alembic(served, "current").stdout.splitlines()[-1] == "ae1027a6acf (head)"


def test_a_failure_on_a_server_keeps_what_the_database_keeps(served: Project) -> None:
    dbtool.deploy(served.config)
    add(served, "1975ea83b712", "page", "ae1027a6acf", PAGE)
    add(served, "27c6a30d7c24", "boom", "1975ea83b712", BOOM)

    with pytest.raises(MigrationError) as error:
        dbtool.deploy(served.config)

    whole = served.database.transactional_ddl
    assert error.value.applied == (() if whole else ("1975ea83b712",))
    assert tables(served) == {"alembic_version", "book"} | (set() if whole else {"page"})


def test_an_env_py_that_goes_to_another_server_database_is_refused(served: Project) -> None:
    text = (served.root / "alembic/env.py").read_text()
    original = served.config
    served.database.create()
    served.write("alembic/env.py", text.replace("target_metadata = None", OTHER_DATABASE))

    with pytest.raises(ConfigError):
        dbtool.deploy(original)

    assert tables(served) == set()


OTHER_DATABASE = """\
from sqlalchemy import make_url
url = make_url(config.get_main_option("sqlalchemy.url"))
maintenance = {"postgresql": "template1", "mariadb": "mysql"}[url.get_backend_name()]
config.set_main_option("sqlalchemy.url", url.set(database=maintenance).render_as_string(False))
target_metadata = None
"""


def test_every_moment_of_the_project_is_plain(app: Project) -> None:
    found: dict[str, Any] = {
        "upgrade": alembic(app, "upgrade", "head").code,
        "status": dbtool.status(app.config).ok,
        "downgrade": alembic(app, "downgrade", "-1").code,
        "pending": [each.name for each in dbtool.status(app.config).standing.pending],
        "deploy": [each.name for each in dbtool.deploy(app.config).applied],
        "back": alembic(app, "downgrade", "base").code,
        "left": tables(app),
    }

    assert found == {
        "upgrade": 0,
        "status": True,
        "downgrade": 0,
        "pending": ["page"],
        "deploy": ["page"],
        "back": 0,
        "left": {"alembic_version"},
    }


def test_migrate_writes_proves_and_applies_a_file_that_alembic_runs_too(app: Project) -> None:
    app.write("pyproject.toml", '[tool.dbtool]\nmodels = "shop"\nurl = "sqlite:///app.db"\n')
    app.write("alembic/script.py.mako", project.SCRIPT)
    app.write(
        "shop.py",
        "from sqlmodel import Field, SQLModel\n"
        "class Book(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    title: str | None = None\n"
        "class Page(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n",
    )

    done = app.run("migrate", "--name", "title", "--no-generate")

    assert done.code == 0, done.stderr
    assert "proven: replayed 2 files from nothing, up, no difference, down, up again, " in done.stdout
    assert tables(app) == {"alembic_version", "book", "page"}
    assert dbtool.status(app.config).ok
    back = alembic(app, "downgrade", "base")
    assert (back.code, alembic(app, "upgrade", "head").code) == (0, 0), back.stderr
