"""PostgreSQL as others run it: behind a pooler that lends sessions by the transaction, and as a standby."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import MODELS, PYPROJECT, SEEDS, Project
from torture.conftest import as_user, free_ports, listens, program, started

import dbtool
from dbtool.database import Database
from dbtool.errors import ConnectError, ReadOnlyError

pytestmark = pytest.mark.timeout(300)


def application(root: Path, url: str) -> Project:
    project = Project(root, url)
    project.write("pyproject.toml", PYPROJECT)
    project.write("app/__init__.py", "")
    project.write("app/models.py", MODELS)
    project.write("seed_data/authors.yaml", SEEDS)
    return project


# PgBouncer in transaction mode


@pytest.fixture
def pooled(database: Database, place: Path) -> Iterator[str]:
    """The URL of an empty database behind PgBouncer."""
    (port,) = free_ports(1)
    settings = place / "pgbouncer.ini"
    behind = f"host={database.url.host} port={database.url.port or 5432} user={database.url.user}"
    settings.write_text(
        f"[databases]\n* = {behind}{f' password={database.url.password}' if database.url.password else ''}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 3\n",
        encoding="utf-8",
    )
    settings.chmod(0o644)
    command = as_user("postgres", program("pgbouncer"), str(settings))
    process = started(command, place / "log", lambda: listens(port))
    yield f"postgresql://{database.url.user}@127.0.0.1:{port}/{database.url.database}"
    process.terminate()
    process.wait(30)


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
@pytest.mark.parametrize("turn", ["lock", "lease"])
def test_everything_works_through_a_pooler(pooled: str, tmp_path: Path, turn: str) -> None:
    project = application(tmp_path, pooled)
    project.write("pyproject.toml", PYPROJECT.replace("[tool.dbtool]\n", f'[tool.dbtool]\nturn = "{turn}"\n'))
    for words in ("migrate --name init", "seed", "seed", "status", "check"):
        done = project.run(*words.split())
        assert done.code == 0, f"{words}: {done.stdout}{done.stderr}"
    deploys = [
        subprocess.Popen(["dbtool", "deploy"], cwd=tmp_path, env=project.environment(), stdout=subprocess.DEVNULL)
        for _ in range(6)
    ]
    assert [each.wait(60) for each in deploys] == [0] * 6
    for _ in range(3):
        assert dbtool.query(project.config, "UPDATE book SET pages = pages + 1", write=True).changed == 2
    for words in ("rollback --yes", "deploy", "seed", "reset --yes"):
        done = project.run(*words.split())
        assert done.code == 0, f"{words}: {done.stdout}{done.stderr}"
    assert dbtool.query(project.config, "SELECT count(*) FROM book").rows == ((2,),)


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_a_pooler_that_takes_no_schema_is_named(pooled: str, tmp_path: Path) -> None:
    project = application(tmp_path, f"{pooled}?schema=tenant")
    with pytest.raises(ConnectError, match="is a pooler") as error:
        dbtool.deploy(project.config)
    assert "DIRECT_URL" in error.value.hint


# A standby


@pytest.fixture
def cluster(place: Path) -> tuple[Path, int]:
    """The folder of a new cluster and the port that it shall have."""
    folder = place / "data"
    (port,) = free_ports(1)
    bins = sorted(str(each) for each in Path("/usr/lib/postgresql").glob("*/bin"))
    command = [program("initdb", *bins), "-D", str(folder), "-A", "trust", "-U", "postgres", "--no-sync"]
    subprocess.run(as_user("postgres", *command), check=True, capture_output=True, cwd="/")
    return folder, port


def serving(cluster: tuple[Path, int]) -> subprocess.Popen[bytes]:
    folder, port = cluster
    bins = sorted(str(each) for each in Path("/usr/lib/postgresql").glob("*/bin"))
    options = ["-D", str(folder), "-p", str(port), "-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
    command = as_user("postgres", program("postgres", *bins), *options)
    return started(command, folder.parent / "log", lambda: _answers(port))


def _answers(port: int) -> bool:
    import psycopg

    try:
        psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_standby_is_read_and_refuses_to_be_changed(cluster: tuple[Path, int], tmp_path: Path) -> None:
    folder, port = cluster
    project = application(tmp_path, f"postgresql://postgres@127.0.0.1:{port}/app")
    primary = serving(cluster)
    for words in ("migrate --name init", "seed"):
        done = project.run(*words.split())
        assert done.code == 0, done.stderr
    primary.terminate()
    primary.wait(60)
    (folder / "standby.signal").touch()
    if os.geteuid() == 0:
        (folder / "standby.signal").chmod(0o644)
    project.migration("more", "op.add_column('book', sa.Column('more', sa.Integer()))")
    standby = serving(cluster)
    try:
        assert dbtool.query(project.config, "SELECT count(*) FROM book").rows == ((2,),)
        assert project.run("status").code == 1  # one is pending
        assert project.run("show", "books").code == 0
        with pytest.raises(ReadOnlyError, match="read-only"):
            dbtool.deploy(project.config)
        done = project.run("seed")
        assert done.code == 0, done.stderr  # there is nothing to write
        refused = project.run("query", "UPDATE book SET pages = 1", "--write")
        assert refused.code == 1 and "DB206" in refused.stderr and "primary" in refused.stderr
    finally:
        standby.terminate()
        standby.wait(60)
