"""A server whose disk is full while it is migrated: nothing of the run stays, and with room the next one goes on."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import Project, at, drop, server_url

from dbtool.database import rows

pytestmark = pytest.mark.timeout(300)
FILL = """
rows = "generate_series(1, 200000)" if op.get_context().dialect.name == "postgresql" else "seq_1_to_200000"
op.execute(f"INSERT INTO big (text) SELECT repeat('x', 200) FROM {rows}")
op.execute("INSERT INTO done (id) VALUES (1)")
"""
TABLES = """
op.create_table("big", sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.Text))
op.create_table("done", sa.Column("id", sa.Integer, primary_key=True))
"""


@pytest.fixture(params=["postgres", "mysql"])
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The URL of a database whose tables lie on a disk of 24 MB, and where that is."""
    kind, place = request.param, Path("/var/tmp") / tmp_path_factory.mktemp("disk").name
    name = f"dbtool_small_{place.name}".replace("-", "_")
    url = f"{server_url(kind).rpartition('/')[0]}/{name}"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(place)], check=True)
    try:
        server = at(server_url(kind), place)
        data = place / name
        data.mkdir()
        shutil.chown(
            data, {"postgres": "postgres", "mysql": "mysql"}[kind], {"postgres": "postgres", "mysql": "mysql"}[kind]
        )
        link = None
        if kind == "postgres":
            run(server, f"CREATE TABLESPACE {name} LOCATION '{data}'", f"CREATE DATABASE {name} TABLESPACE {name}")
        else:
            with server.reading() as connection:
                link = Path(rows(connection, "SELECT @@datadir")[0][0]) / name
            link.symlink_to(data)
        yield url, place
        drop(url, place)
        if kind == "postgres":
            run(server, f"DROP TABLESPACE {name}")
        elif link is not None and link.is_symlink():
            link.unlink()
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
        place.rmdir()


def run(server: object, *statements: str) -> None:
    with server.open_plain() as connection:  # type: ignore[attr-defined]
        for statement in statements:
            connection.cursor().execute(statement)


def test_a_full_disk_leaves_nothing_and_the_next_run_goes_on(small: tuple[str, Path], tmp_path: Path) -> None:
    url, place = small
    project = Project(tmp_path, url)
    project.write("pyproject.toml", "[tool.dbtool]\n")
    project.migration("tables", TABLES.strip())
    assert project.run("deploy").code == 0
    project.migration("fill", FILL.strip())

    full = project.run("deploy")

    assert full.code == 1, full.stdout
    assert "[DB205]" in full.stderr and "make room" in full.stderr, full.stderr
    count = "select (select count(*) from big), (select count(*) from done)"
    assert project.run("query", count, "--csv").stdout.splitlines()[1] == "0,0"
    assert [each["name"] for each in project.run("status", "--json").json["report"]["standing"]["pending"]] == ["fill"]

    subprocess.run(["mount", "-o", "remount,size=300m", str(place)], check=True)
    again = project.run("deploy")

    assert again.code == 0, again.stderr
    assert project.run("query", count, "--csv").stdout.splitlines()[1] == "200000,1"
