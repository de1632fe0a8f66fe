"""status, deploy and 1,000 migrations against plain `alembic`, which has the env.py that `alembic init` writes."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dbtool
from benchmarks.harness import Command, Subject, measure
from dbtool import database as databases

REPOSITORY = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
DBTOOL = [str(BIN / "dbtool")]
ALEMBIC = [str(BIN / "alembic")]
SERVERS = {"postgres": "DBTOOL_TEST_POSTGRES_URL", "mysql": "DBTOOL_TEST_MYSQL_URL"}

PLAIN_ENV = '''\
"""As `alembic init` writes it, with SQLModel's metadata and the URL from the environment."""

import os

from alembic import context
from sqlalchemy import create_engine, pool
from sqlmodel import SQLModel

import dbtool.models  # noqa: F401

target_metadata = SQLModel.metadata
connectable = create_engine(os.environ["ALEMBIC_URL"], poolclass=pool.NullPool)
with connectable.connect() as connection:
    context.configure(connection=connection, target_metadata=target_metadata)
    with context.begin_transaction():
        context.run_migrations()
'''

BODIES = (
    'op.create_table("t{n}", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("a", sa.String(length=50)))',
    'op.add_column("t{n}", sa.Column("b", sa.Integer(), nullable=True))',
    'op.create_index("ix_t{n}_a", "t{n}", ["a"])',
    "op.execute(\"INSERT INTO t{n} (id, a) VALUES (1, 'one')\")",
)


def main() -> None:
    """Measure everything on SQLite, and status and an empty deploy on the servers that are set."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        few = _project(root / "few", 0)
        many = _project(root / "many", 1000)
        _sqlite(few, many)
        _fleet(few)
        for kind, variable in SERVERS.items():
            if variable in os.environ:
                with _server(os.environ[variable]) as url:
                    _up_to_date(few, f"{kind}, 1 applied", url, 0.55)


def _sqlite(few: Path, many: Path) -> None:
    url = f"sqlite:///{few / 'dev.db'}"
    measure(Subject("--help", _ours(few, url, "--help"), _theirs(few, url, "--help"), peak_goal=None))
    fresh = _remover(few / "dev.db")
    measure(
        Subject(
            "first deploy, SQLite",
            _ours(few, url, "deploy", prepare=fresh),
            _theirs(few, url, "upgrade", "head", prepare=fresh),
        )
    )
    _up_to_date(few, "SQLite, 1 applied", url, 0.4)
    url = f"sqlite:///{many / 'dev.db'}"
    fresh = _remover(many / "dev.db")
    measure(
        Subject(
            "1,000 migrations from scratch, SQLite",
            _ours(many, url, "deploy", prepare=fresh),
            _theirs(many, url, "upgrade", "head", prepare=fresh),
            runs=5,
            cpu_goal=0.6,
            wall_goal=0.5,
        )
    )
    one = f"sqlite:///{few / 'dev.db'}"
    _up_to_date(many, "SQLite, 1,000 applied", url, None)
    for command in ("status", "deploy"):
        measure(
            Subject(
                f"{command} with 1,000 applied against 1 applied",
                _ours(many, url, command),
                _ours(few, one, command),
                cpu_goal=1.3,
                peak_goal=None,
            )
        )


def _fleet(project: Path) -> None:
    """1,000 files that are up to date, against as many runs of alembic as a fleet of 30 would take."""
    tenants = project / "tenants"
    tenants.mkdir()
    urls = [f"sqlite:///{tenants / str(number)}.db" for number in range(1000)]
    (project / "tenants.txt").write_text("\n".join(urls))
    dbtool.deploy_fleet(dbtool.load_config(project=project), "\n".join(urls))
    loop = [sys.executable, "-c", f"import subprocess\nfor _ in range(30): subprocess.run([{ALEMBIC[0]!r}, 'current'])"]
    measure(
        Subject(
            "1,000 tenants that are up to date against 30 runs of alembic",
            _ours(project, urls[0], "deploy", "--targets", "tenants.txt"),
            Command("30 x alembic current", loop, project / "plain", environment={"ALEMBIC_URL": urls[0]}),
            runs=3,
            cpu_goal=1.0,
        )
    )


def _up_to_date(project: Path, what: str, url: str, goal: float | None) -> None:
    subprocess.run([*DBTOOL, "deploy", "--url", url], cwd=project, check=True, capture_output=True)
    for command in ("status", "deploy"):
        title = f"{'empty ' if command == 'deploy' else ''}{command}, {what}"
        measure(Subject(title, _ours(project, url, command), _theirs(project, url, "current"), cpu_goal=goal))


def _ours(project: Path, url: str, *arguments: str, prepare: Callable[[], None] = lambda: None) -> Command:
    return Command(f"dbtool {arguments[0]}", [*DBTOOL, *arguments], project, prepare, {"DATABASE_URL": url})


def _theirs(project: Path, url: str, *arguments: str, prepare: Callable[[], None] = lambda: None) -> Command:
    name = f"alembic {' '.join(arguments)}"
    drivers = {"postgresql:": "postgresql+psycopg:", "mariadb:": "mysql+pymysql:"}
    for scheme, driver in drivers.items():
        url = url.replace(scheme, driver)
    return Command(name, [*ALEMBIC, *arguments], project / "plain", prepare, {"ALEMBIC_URL": url})


def _remover(path: Path) -> Callable[[], None]:
    return lambda: path.unlink(missing_ok=True)


def _project(root: Path, extra: int) -> Path:
    """Make the sample with `extra` more migrations, and beside it the same files under a plain env.py."""
    shutil.copytree(REPOSITORY / "migrations", root / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "pyproject.toml").write_text(
        '[tool.dbtool]\nmodels = "dbtool.models"\n\n[tool.alembic]\nscript_location = "%(here)s/migrations"\n'
    )
    versions = root / "migrations" / "versions"
    parent = sorted(versions.glob("*.py"))[-1].name.partition("_")[0]
    for number in range(extra):
        parent = _write_migration(versions, parent, number)
    plain = root / "plain"
    shutil.copytree(root / "migrations", plain / "migrations")
    (plain / "migrations" / "env.py").write_text(PLAIN_ENV)
    (plain / "pyproject.toml").write_text('[tool.alembic]\nscript_location = "%(here)s/migrations"\n')
    if extra:
        from dbtool.engine import history

        config = dbtool.load_config(project=root)
        history.write_lock(config, history.read(config).revisions)
    return root


def _write_migration(versions: Path, parent: str, number: int) -> str:
    id = str(int(parent) + 1)
    body = BODIES[number % 4].format(n=number // 4)
    (versions / f"{id}_step_{number}.py").write_text(
        f'"""step {number}"""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
        f"revision = {id!r}\ndown_revision = {parent!r}\nbranch_labels = None\ndepends_on = None\n\n\n"
        f"def upgrade() -> None:\n    {body}\n\n\ndef downgrade() -> None:\n    pass\n"
    )
    return id


@contextmanager
def _server(base: str) -> Iterator[str]:
    """Lend the URL of a database of its own on a test server."""
    url = f"{base.rpartition('/')[0]}/dbtool_bench_{secrets.token_hex(4)}"
    try:
        yield url
    finally:
        found = databases.of(dbtool.load_config(url=url))
        drop = getattr(found, "drop", None)
        if drop:
            drop()
