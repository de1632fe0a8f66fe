"""One changed column among 300 tables: `migrate --create-only`, which also proves, against what only compares.

Alembic reflects the database; Django and drizzle-kit compare with a stored state. Peers that cannot be installed from
their index are left out, with the reason.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks.harness import Command, Subject, measure
from benchmarks.migrations import ALEMBIC, DBTOOL

TABLES = 300
EARLIER = 500
URL = "sqlite:///app.db"

PROJECT = """\
[tool.dbtool]
models = "shop.models"
url = "sqlite:///app.db"

[tool.alembic]
script_location = "%(here)s/migrations"
"""
HEAD = """\
from datetime import datetime
from enum import Enum

from sqlmodel import Field, Index, SQLModel


class State(str, Enum):
    new = "new"
    done = "done"
"""
MODEL = '''

class Table{n:03}(SQLModel, table=True):
    """Things of kind {n}."""

    __table_args__ = (Index("ix_{n:03}_name_amount", "name", "amount"),)
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=80, index=True)
    code: str = Field(max_length=20, unique=True)
    amount: int = 0
    price: float | None = None
    created_at: datetime
    note: str | None = None
    state: State = State.new
'''
PLAIN_ENV = """\
import sys
from alembic import context
from sqlalchemy import create_engine, pool
from sqlmodel import SQLModel
sys.path.insert(0, ".")
import shop.models
with create_engine("sqlite:///app.db", poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection, target_metadata=SQLModel.metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
STEP = '''\
"""step {n}"""

import sqlalchemy as sa
from alembic import op

revision = "{id}"
down_revision = "{parent}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    {up}


def downgrade() -> None:
    {down}
'''
DJANGO = """
class Table{n:03}(models.Model):
    name = models.CharField(max_length=80, db_index=True)
    code = models.CharField(max_length=20, unique=True)
    amount = models.IntegerField(default=0)
    price = models.FloatField(null=True)
    created_at = models.DateTimeField()
    note = models.TextField(null=True)
    state = models.CharField(max_length=4, choices=[("new", "new"), ("done", "done")], default="new")
    {more}
    class Meta:
        indexes = [models.Index(fields=["name", "amount"], name="ix_{n:03}_name_amount")]
"""
DJANGO_SETTINGS = """
SECRET_KEY = "benchmark"
INSTALLED_APPS = ["shop"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "app.db"}}
"""
DRIZZLE = """
export const table{n:03} = sqliteTable("table{n:03}", {{
  id: integer("id").primaryKey(),
  name: text("name").notNull(),
  code: text("code").notNull().unique(),
  amount: integer("amount").notNull().default(0),
  price: real("price"),
  createdAt: integer("created_at", {{ mode: "timestamp" }}).notNull(),
  note: text("note"),
  state: text("state", {{ enum: ["new", "done"] }}).notNull().default("new"),{more}
}}, (table) => [index("ix_{n:03}_name").on(table.name), index("ix_{n:03}_name_amount").on(table.name, table.amount)]);
"""
DRIZZLE_CONFIG = 'export default { dialect: "sqlite", schema: "./schema.ts", out: "./drizzle" };\n'


def main() -> None:
    """Measure against Alembic, with 500 earlier files, and against the peers that can be installed."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        few = ours(root / "few", 1)
        many = ours(root / "many", EARLIER)
        cold = ours(root / "cold", 1, forgets=True)
        measure(
            Subject(
                f"{TABLES} tables, one new column, SQLite", few, alembic(root / "plain"), cpu_goal=1.0, peak_goal=None
            )
        )
        measure(Subject("the same where nothing was kept from before", cold, few, peak_goal=None))
        measure(Subject(f"the same with {EARLIER} earlier files", many, few, cpu_goal=1.25, peak_goal=None))
        for peer in (django, drizzle):
            try:
                theirs = peer(root / peer.__name__)
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"\n{peer.__name__}: left out, {error}")
                continue
            measure(Subject(f"against {theirs.name}", few, theirs, peak_goal=None))


def ours(root: Path, files: int, *, forgets: bool = False) -> Command:
    """Return `migrate --create-only` in a project with so many files; it `forgets` what was kept from before."""
    _write(root / "pyproject.toml", PROJECT)
    _models(root, new=False)
    _run([*DBTOOL, "migrate", "--name", "init", "--no-generate"], root)
    versions, lock = root / "migrations" / "versions", root / "migrations" / "dbtool.lock"
    _earlier(versions, files - 1)
    if files > 1:
        _run([*DBTOOL, "migrate"], root)
    _models(root, new=True)
    listed = lock.read_text()

    def prepare() -> None:
        _remove(versions.glob("*_added.py"))
        lock.write_text(listed)
        if forgets:
            shutil.rmtree(root / ".dbtool", ignore_errors=True)

    more = " cold" if forgets else f", {files} files before" if files > 1 else ""
    arguments = [*DBTOOL, "migrate", "--name", "added", "--create-only", "--no-generate"]
    return Command(f"dbtool migrate{more}", arguments, root, prepare)


def alembic(root: Path) -> Command:
    """Return `alembic revision --autogenerate` over the same models."""
    _write(root / "pyproject.toml", PROJECT)
    _models(root, new=False)
    _write(root / "migrations" / "env.py", PLAIN_ENV)
    _run([*ALEMBIC, "init", "-t", "pyproject", "made"], _folder(root / "template"))
    mako = (root / "template" / "made" / "script.py.mako").read_text()
    _write(
        root / "migrations" / "script.py.mako",
        mako.replace("import sqlalchemy as sa", "import sqlalchemy as sa\nimport sqlmodel"),
    )
    versions = _folder(root / "migrations" / "versions")
    _run([*ALEMBIC, "revision", "--autogenerate", "-m", "init"], root)
    _run([*ALEMBIC, "upgrade", "head"], root)
    _models(root, new=True)
    arguments = [*ALEMBIC, "revision", "--autogenerate", "-m", "added"]
    return Command("alembic revision --autogenerate", arguments, root, lambda: _remove(versions.glob("*_added.py")))


def django(root: Path) -> Command:
    """Return `django makemigrations` over like models, in an environment of its own."""
    _run([sys.executable, "-m", "venv", str(root / "venv")], _folder(root))
    python = str(root / "venv" / "bin" / "python")
    _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "django"], root)
    _write(root / "settings.py", DJANGO_SETTINGS)
    _write(root / "shop" / "__init__.py", "")
    make = [python, "-m", "django", "makemigrations", "shop", "--settings", "settings", "--pythonpath", "."]

    def write(new: bool) -> None:
        more = "added = models.IntegerField(null=True)"
        bodies = (DJANGO.format(n=n, more=more if new and n == TABLES // 2 else "") for n in range(TABLES))
        _write(root / "shop" / "models.py", "from django.db import models\n" + "".join(bodies))

    write(new=False)
    _run(make, root)
    write(new=True)
    migrations = root / "shop" / "migrations"
    return Command("django makemigrations", make, root, lambda: _remove(migrations.glob("0002*.py")))


def drizzle(root: Path) -> Command:
    """Return `drizzle-kit generate` over a like schema."""
    npm = shutil.which("npm")
    if npm is None:
        raise OSError("npm is not installed")
    _write(root / "package.json", '{"private": true, "type": "module"}\n')
    _run([npm, "install", "--silent", "drizzle-kit", "drizzle-orm"], root)
    _write(root / "drizzle.config.ts", DRIZZLE_CONFIG)
    make = [str(root / "node_modules" / ".bin" / "drizzle-kit"), "generate"]

    def write(new: bool) -> None:
        more = '\n  added: integer("added"),'
        bodies = (DRIZZLE.format(n=n, more=more if new and n == TABLES // 2 else "") for n in range(TABLES))
        _write(
            root / "schema.ts",
            'import { index, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";\n' + "".join(bodies),
        )

    write(new=False)
    _run(make, root)
    shutil.copytree(root / "drizzle", root / "before")
    write(new=True)

    def prepare() -> None:
        shutil.rmtree(root / "drizzle")
        shutil.copytree(root / "before", root / "drizzle")

    return Command("drizzle-kit generate", make, root, prepare)


def _models(root: Path, *, new: bool) -> None:
    more = {TABLES // 2: "    added: int | None = None\n"} if new else {}
    bodies = (MODEL.format(n=n) + _parent(n) + more.get(n, "") for n in range(TABLES))
    _write(root / "shop" / "__init__.py", "")
    _write(root / "shop" / "models.py", HEAD + "".join(bodies))


def _parent(n: int) -> str:
    return f'    parent_id: int | None = Field(default=None, foreign_key="table{n - 1:03}.id")\n' if n % 3 else ""


def _earlier(versions: Path, count: int) -> None:
    """Write files that add a column to a table, and take it away again."""
    parent = next(versions.glob("*.py")).name.partition("_")[0]
    for n in range(count - count % 2):
        id, table = str(int(parent) + 1), f"table{n // 2:03}"
        add, drop = f'op.add_column("{table}", sa.Column("x", sa.Integer()))', f'op.drop_column("{table}", "x")'
        up, down = (add, drop) if n % 2 == 0 else (drop, add)
        _write(versions / f"{id}_step.py", STEP.format(n=n, id=id, parent=parent, up=up, down=down))
        parent = id


def _remove(paths: Iterable[Path]) -> None:
    for path in list(paths):
        path.unlink()


def _run(arguments: list[str], folder: Path) -> None:
    subprocess.run(arguments, cwd=folder, check=True, capture_output=True)


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _write(path: Path, text: str) -> None:
    _folder(path.parent)
    path.write_text(text, encoding="utf-8")
