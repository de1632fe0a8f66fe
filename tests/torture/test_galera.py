"""Three nodes of a Galera cluster, and deployers on each of them at once: every migration runs once."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import Project
from torture.conftest import as_user, free_ports, program, started

import dbtool
from dbtool import database as databases
from dbtool.config import Config
from dbtool.database.base import LEASE
from dbtool.engine import history, ledger

LIBRARIES = ["/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so"]
DEPLOYERS, ROUNDS = 12, 10
STEPS = {
    "account": "op.create_table('account', sa.Column('id', sa.Integer(), primary_key=True),"
    " sa.Column('balance', sa.Integer()))",
    "deposit": "op.execute('INSERT INTO account (id, balance) VALUES (1, 100)')",
    "interest": "op.execute('UPDATE account SET balance = balance + 1')",
    "name": "op.add_column('account', sa.Column('name', sa.String(20)))",
    "more_interest": "op.execute('UPDATE account SET balance = balance + 1')",
}


@pytest.fixture
def ports(place: Path) -> Iterator[list[int]]:
    """The ports of three nodes that are one cluster."""
    library = next((each for each in LIBRARIES if Path(each).exists()), None)
    if library is None:
        pytest.skip("galera-4 is not installed")
    found, group = free_ports(3), free_ports(9)
    processes = []
    for number, port in enumerate(found):
        data, place_of_node = place / f"node{number}", group[number * 3 : number * 3 + 3]
        data.mkdir(mode=0o777)
        data.chmod(0o777)
        install = [program("mariadb-install-db"), "--no-defaults", f"--datadir={data}"]
        subprocess.run(
            as_user("mysql", *install, "--auth-root-authentication-method=normal"), check=True, capture_output=True
        )
        first = f"gcomm://127.0.0.1:{group[0]}" if number else "gcomm://"
        command = as_user("mysql", *_node(library, data, port, place_of_node, first))
        processes.append(started(command, place / f"node{number}.log", lambda port=port: _is_synced(port)))
    yield found
    for process in processes[::-1]:
        process.terminate()
        process.wait(60)


def _node(library: str, data: Path, port: int, group: list[int], cluster: str) -> list[str]:
    base, increments, snapshot = group
    return [
        program("mariadbd"),
        "--no-defaults",
        f"--datadir={data}",
        f"--socket={data}/socket",
        f"--pid-file={data}/pid",
        f"--port={port}",
        "--bind-address=127.0.0.1",
        "--binlog-format=ROW",
        "--innodb-autoinc-lock-mode=2",
        "--innodb-buffer-pool-size=32M",
        "--wsrep-on=ON",
        f"--wsrep-provider={library}",
        f"--wsrep-cluster-address={cluster}",
        "--wsrep-cluster-name=dbtool",
        f"--wsrep-node-address=127.0.0.1:{base}",
        "--wsrep-sst-method=rsync",
        f"--wsrep-sst-receive-address=127.0.0.1:{snapshot}",
        f"--wsrep-provider-options=base_port={base};gcache.size=16M;ist.recv_addr=127.0.0.1:{increments}",
    ]


def _is_synced(port: int) -> bool:
    import pymysql

    try:
        with pymysql.connect(host="127.0.0.1", port=port, user="root") as connection, connection.cursor() as cursor:
            cursor.execute("SHOW STATUS LIKE 'wsrep_local_state_comment'")
            return bool(cursor.fetchone() == ("wsrep_local_state_comment", "Synced"))
    except pymysql.MySQLError:
        return False


@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_deployers_on_three_nodes_apply_each_migration_once(ports: list[int], tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
    project.scaffold()
    for name, step in STEPS.items():
        project.migration(name, step)
    nodes = [dbtool.load_config(project=tmp_path, url=f"mariadb://root@127.0.0.1:{port}/bank") for port in ports]
    ids = [each.id for each in history.read(nodes[0]).revisions]
    for number in range(ROUNDS):
        assert _at_once(nodes) == [0] * DEPLOYERS

        for node in nodes:
            _wait_for(node, ids)
            assert dbtool.query(node, "SELECT balance FROM account").rows == ((102,),)
        database = databases.of(nodes[number % 3])
        with database.reading() as connection:
            assert LEASE in database.table_names(connection)
        database.drop()
        time.sleep(0.5)


def _wait_for(node: Config, ids: list[str]) -> None:
    """Wait until a node has what the others have committed."""
    database = databases.of(node)
    for _ in range(50):
        with database.reading() as connection:
            found = [row.revision for row in ledger.read_rows(database, connection)]
        if found == ids:
            return
        time.sleep(0.1)
    assert found == ids


def _at_once(nodes: list[Config]) -> list[int | None]:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(DEPLOYERS)

    def deploy(config: Config) -> None:
        barrier.wait(60)
        dbtool.deploy(config)
        os._exit(0)

    children = [context.Process(target=deploy, args=(nodes[number % 3],)) for number in range(DEPLOYERS)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    return [child.exitcode for child in children]
