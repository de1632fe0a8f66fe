"""Small Alembic projects that know nothing of dbtool, each odd in one way, as people have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

MODELS = """\
from sqlmodel import Field, SQLModel


class Author(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=50)


class Book(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(max_length=80)
    author_id: int = Field(foreign_key="author.id")
"""
INI = """\
[alembic]
script_location = %(here)s/alembic
prepend_sys_path = .
path_separator = os
sqlalchemy.url = sqlite:///%(here)s/app.db
"""
ENV = """\
from sqlalchemy import engine_from_config, pool
from sqlmodel import SQLModel

from alembic import context
from app import models

config = context.config
target_metadata = SQLModel.metadata

connectable = engine_from_config(config.get_section(config.config_ini_section), poolclass=pool.NullPool)
with connectable.connect() as connection:
    context.configure(connection=connection, target_metadata=target_metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
AUTHOR = (
    "op.create_table('author', sa.Column('id', sa.Integer(), primary_key=True),"
    " sa.Column('name', sa.String(50), nullable=False))"
)
BOOK = (
    "op.create_table('book', sa.Column('id', sa.Integer(), primary_key=True),"
    " sa.Column('title', sa.String(80), nullable=False), sa.Column('author_id', sa.Integer(),"
    " sa.ForeignKey('author.id'), nullable=False))"
)


class Files:
    """A project while it is written."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str) -> None:
        """Write a file below the project."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def begin(self, *, ini: str = INI, env: str = ENV, models: str = MODELS) -> None:
        """Write what each has."""
        self.write("alembic.ini", ini)
        self.write("alembic/env.py", env)
        self.write("alembic/versions/.keep", "")
        self.write("app/__init__.py", "")
        self.write("app/models.py", models)

    def migration(
        self,
        id: str,
        after: object,
        up: str,
        down: str,
        *,
        folder: str = "alembic/versions",
        labels: object = None,
        depends_on: object = None,
    ) -> None:
        """Write a migration."""
        name = "".join(letter if letter.isalnum() else "_" for letter in id)
        self.write(
            f"{folder}/{name}.py",
            f'"""step {id}"""\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision = {id!r}\n'
            f"down_revision = {after!r}\nbranch_labels = {labels!r}\ndepends_on = {depends_on!r}\n\n\n"
            f"def upgrade():\n    {up}\n\n\ndef downgrade():\n    {down}\n",
        )

    def two(self) -> None:
        """Write the two migrations that make the models."""
        self.migration("a1", None, AUTHOR, "op.drop_table('author')")
        self.migration("b2", "a1", BOOK, "op.drop_table('book')")


def _plain(files: Files) -> None:
    files.begin()
    files.two()


def _hooks(files: Files) -> None:
    """The hooks of a comparison: without them a table, a type and an index would be proposed."""
    hooks = """\
def include_object(item, name, kind, reflected, compare_to):
    return not (kind == "table" and name == "legacy_report")


def include_name(name, kind, parents):
    return not (kind == "table" and name.startswith("tmp_"))


def same_type(context, column, metadata_column, inspected, wanted):
    return False if column.name == "title" else None


def without_empty(context, revision, directives):
    directives[0].upgrade_ops.ops = [each for each in directives[0].upgrade_ops.ops if each.table_name != "author"]


"""
    env = ENV.replace("connectable =", hooks + "connectable =").replace(
        "target_metadata=target_metadata)",
        "target_metadata=target_metadata, include_object=include_object, include_name=include_name,"
        " compare_type=same_type, process_revision_directives=without_empty)",
    )
    models = MODELS.replace("max_length=80", "max_length=200").replace(
        "max_length=50)\n", "max_length=50, index=True)\n"
    )
    files.begin(env=env, models=models)
    files.two()
    files.migration("c3", "b2", "op.execute('CREATE TABLE legacy_report (a INT)')", "op.drop_table('legacy_report')")
    files.migration("d4", "c3", "op.execute('CREATE TABLE tmp_x (a INT)')", "op.drop_table('tmp_x')")


def _several_bases(files: Files) -> None:
    ini = INI + "version_locations = %(here)s/alembic/versions:%(here)s/plugins/shop\n"
    files.begin(ini=ini)
    files.migration("a1", None, AUTHOR, "op.drop_table('author')", labels=("core",))
    files.migration("s1", None, BOOK, "op.drop_table('book')", folder="plugins/shop", labels=("shop",), depends_on="a1")


def _yearly(files: Files) -> None:
    files.begin(ini=INI + "recursive_version_locations = true\n")
    files.migration("a1", None, AUTHOR, "op.drop_table('author')", folder="alembic/versions/2023/12")
    files.migration("b2", "a1", BOOK, "op.drop_table('book')", folder="alembic/versions/2024")


def _version_table(files: Files) -> None:
    env = ENV.replace("target_metadata=target_metadata)", "target_metadata=target_metadata, version_table='app_rev')")
    files.begin(env=env)
    files.two()


def _merged(files: Files) -> None:
    files.begin()
    files.migration("a1", None, AUTHOR, "op.drop_table('author')")
    files.migration("b2", "a1", BOOK, "op.drop_table('book')")
    files.migration("c2", "a1", "op.execute('SELECT 1')", "pass")
    files.migration("d3", ("b2", "c2"), "pass", "pass")


def _alternative_heads(files: Files) -> None:
    files.begin()
    files.migration("a1", None, AUTHOR, "op.drop_table('author')")
    files.migration("b2", "a1", BOOK, "op.drop_table('book')", labels=("new",))
    files.migration("c2", "a1", "op.execute('CREATE TABLE old (a INT)')", "op.drop_table('old')", labels=("old",))


def _release_numbers(files: Files) -> None:
    files.begin()
    files.migration("1.0.0", None, AUTHOR, "op.drop_table('author')")
    files.migration("1.1.0rc1", "1.0.0", BOOK, "op.drop_table('book')")
    files.migration("2024_05 Mai", "1.1.0rc1", "pass", "pass")


def _url_of_the_environment(files: Files) -> None:
    env = ENV.replace(
        "connectable =", 'import os\nconfig.set_main_option("sqlalchemy.url", os.environ["APP_DB"])\nconnectable ='
    )
    files.begin(ini=INI.replace("sqlalchemy.url = sqlite:///%(here)s/app.db\n", ""), env=env)
    files.two()


def _url_of_settings(files: Files) -> None:
    files.begin(
        ini=INI.replace("sqlalchemy.url = sqlite:///%(here)s/app.db\n", ""),
        env=ENV.replace(
            "connectable = engine_from_config(config.get_section(config.config_ini_section), poolclass=pool.NullPool)",
            "from sqlalchemy import create_engine\n\nfrom app.settings import settings\n\n"
            "connectable = create_engine(settings.url, poolclass=pool.NullPool)",
        ),
    )
    files.write(
        "app/settings.py",
        "from pathlib import Path\n\n\nclass Settings:\n"
        "    url = f'sqlite:///{Path(__file__).parent.parent}/app.db'\n\n\nsettings = Settings()\n",
    )
    files.two()


def _url_of_x(files: Files) -> None:
    env = ENV.replace(
        "connectable =",
        'config.set_main_option("sqlalchemy.url", context.get_x_argument(as_dictionary=True)["db"])\nconnectable =',
    )
    files.begin(ini=INI.replace("sqlalchemy.url = sqlite:///%(here)s/app.db\n", ""), env=env)
    files.two()


def _asynchronous(files: Files) -> None:
    files.begin(
        ini=INI.replace("sqlite:///", "sqlite+aiosqlite:///"),
        env="""\
import asyncio

from sqlalchemy import pool
from sqlalchemy.ext.asyncio import async_engine_from_config
from sqlmodel import SQLModel

from alembic import context
from app import models

config = context.config


def run(connection):
    context.configure(connection=connection, target_metadata=SQLModel.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def main():
    engine = async_engine_from_config(config.get_section(config.config_ini_section), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(main())
""",
    )
    files.two()


def _flask(files: Files) -> None:
    """What Flask-Migrate writes: everything comes from the application's context, which only `flask db` makes."""
    env = """\
from alembic import context
from app.context import current_app

config = context.config
engine = current_app.engine
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=current_app.metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
    files.begin(env=env)
    files.write(
        "app/context.py",
        "class Proxy:\n    def __getattr__(self, name):\n"
        "        raise RuntimeError('Working outside of application context.')\n\n\ncurrent_app = Proxy()\n",
    )
    files.two()


def _handed_over(files: Files) -> None:
    env = ENV.replace(
        "with connectable.connect() as connection:",
        'with (config.attributes.get("connection") or connectable).connect() as connection:',
    )
    files.begin(env=env)
    files.two()


def _whole_application(files: Files) -> None:
    files.begin(env=ENV.replace("from app import models", "from app import application"))
    files.write(
        "app/application.py",
        "import logging\nimport sys\n\nfrom app import models\n\nlogging.basicConfig(level=logging.INFO)\n"
        "print('starting the application')\nprint('warning: no cache', file=sys.stderr)\n",
    )
    files.two()


def _in_pyproject(files: Files) -> None:
    _url_of_settings(files)
    (files.root / "alembic.ini").unlink()
    files.write("pyproject.toml", '[tool.alembic]\nscript_location = "%(here)s/alembic"\nprepend_sys_path = ["."]\n')


def _not_from_nothing(files: Files) -> None:
    """Its first file changes a table that somebody made by hand."""
    files.begin()
    files.migration("a1", None, "op.add_column('customer', sa.Column('age', sa.Integer()))", "pass")
    files.migration("b2", "a1", "pass", "pass")


PROJECTS: Mapping[str, Callable[[Files], None]] = {
    "plain": _plain,
    "hooks": _hooks,
    "several-bases": _several_bases,
    "yearly-folders": _yearly,
    "version-table": _version_table,
    "merged": _merged,
    "alternative-heads": _alternative_heads,
    "release-numbers": _release_numbers,
    "url-of-environment": _url_of_the_environment,
    "url-of-settings": _url_of_settings,
    "url-of-x": _url_of_x,
    "async": _asynchronous,
    "flask": _flask,
    "handed-over": _handed_over,
    "whole-application": _whole_application,
    "in-pyproject": _in_pyproject,
    "not-from-nothing": _not_from_nothing,
}


def write(name: str, root: Path) -> None:
    """Write one of them."""
    PROJECTS[name](Files(root))
