"""Many databases from one list: each by itself, those that are up to date in passing, each failure by its name."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from projects import Project, drop, new_url

import dbtool
from dbtool.config import Config
from dbtool.database import Database
from dbtool.errors import UrlError
from dbtool.reports import FleetReport

TABLE = "op.create_table('account', sa.Column('id', sa.Integer(), primary_key=True))"
ROW = "op.execute('INSERT INTO account (id) VALUES (1)')"


@pytest.fixture
def bank(tmp_path: Path) -> Project:
    """A project with two migrations and a folder for tenants."""
    project = Project(tmp_path)
    project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
    project.write("tenants/.keep", "")
    project.scaffold()
    project.migration("account", TABLE)
    project.migration("row", ROW)
    return project


def tenants(count: int) -> str:
    return "".join(f"sqlite:///tenants/{number}.db\n" for number in range(count))


def at(project: Project, url: str) -> Config:
    return dbtool.load_config(project=project.root, url=url)


def outcomes(report: FleetReport) -> list[str]:
    return [each.outcome for each in report.targets]


@pytest.mark.parametrize("jobs", [1, 3])
def test_each_is_brought_where_the_files_are(bank: Project, jobs: int) -> None:
    heard: list[int] = []
    report = dbtool.deploy_fleet(
        bank.config, "# all\n\n" + tenants(5), jobs=jobs, done=lambda each: heard.append(each.line)
    )

    assert report.ok and outcomes(report) == ["applied"] * 5
    assert [each.line for each in report.targets] == [3, 4, 5, 6, 7] == sorted(heard)
    assert [len(each.applied) for each in report.targets] == [2] * 5
    again = dbtool.deploy_fleet(bank.config, tenants(6), jobs=jobs)
    assert outcomes(again) == ["current"] * 5 + ["applied"]
    one = at(bank, "sqlite:///tenants/3.db")
    assert dbtool.status(one).ok


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failure_stops_the_others_unless_told_otherwise(bank: Project, jobs: int) -> None:
    bank.write("tenants/1.db", "no database" * 100)
    report = dbtool.deploy_fleet(bank.config, tenants(2) + "sqlite:///nowhere/2.db\n" + "sqlite:///tenants/3.db\n")
    assert outcomes(report) == ["applied", "failed", "not reached", "not reached"]
    assert not report.ok
    assert report.targets[1].failure is not None and report.targets[1].failure.code == "DB203"

    on = dbtool.deploy_fleet(
        bank.config, tenants(2) + "sqlite:///nowhere/2.db\nsqlite:///tenants/3.db\n", keep_going=True, jobs=jobs
    )
    assert outcomes(on) == ["current", "failed", "failed", "applied"]


def test_a_migration_that_fails_for_one_tenant_leaves_it_as_it_was(bank: Project) -> None:
    dbtool.deploy_fleet(bank.config, tenants(3))
    one = at(bank, "sqlite:///tenants/1.db")
    dbtool.query(one, "INSERT INTO account VALUES (7)", write=True)
    bank.migration("seven", "op.execute('INSERT INTO account (id) VALUES (7)')")
    report = dbtool.deploy_fleet(bank.config, tenants(3), keep_going=True, jobs=2)

    assert outcomes(report) == ["applied", "failed", "applied"]
    assert dbtool.query(one, "SELECT id FROM account ORDER BY id").rows == ((1,), (7,))
    dbtool.query(one, "DELETE FROM account WHERE id = 7", write=True)
    assert outcomes(dbtool.deploy_fleet(bank.config, tenants(3))) == ["current", "applied", "current"]


def test_every_line_that_is_no_target_is_named_before_the_first_write(bank: Project) -> None:
    lines = "sqlite:///tenants/1.db\nnonsense\nsqlite:///tenants/1.db\npostgresql://me:geheim@host:99999/x\n"
    with pytest.raises(UrlError) as error:
        dbtool.deploy_fleet(bank.config, lines, source="list.txt")

    assert [problem.partition(": ")[0] for problem in error.value.problems] == [
        "list.txt:2",
        "list.txt:3",
        "list.txt:4",
    ]
    assert "geheim" not in str(error.value.problems)
    assert not (bank.root / "tenants/1.db").exists()
    with pytest.raises(UrlError, match="there is no URL in"):
        dbtool.deploy_fleet(bank.config, "# none\n")


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_a_schema_for_each_tenant_has_its_own_history(bank: Project, database: Database) -> None:
    text = "".join(f"{database.url.safe}?schema=t{number}\n" for number in range(4))
    assert outcomes(dbtool.deploy_fleet(bank.config, text, jobs=2)) == ["applied"] * 4
    bank.migration("more", "op.add_column('account', sa.Column('name', sa.String(9)))")
    dry = dbtool.deploy_fleet(bank.config, text, dry_run=True)
    assert outcomes(dry) == ["would apply"] * 4

    assert outcomes(dbtool.deploy_fleet(bank.config, text, jobs=2, to="+1")) == ["applied"] * 4
    sql = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'account' AND column_name = 'name'"
    assert dbtool.query(at(bank, database.url.safe), sql).rows == ((4,),)


@pytest.mark.parametrize("kind", ["mysql"])
def test_a_server_makes_the_databases_that_are_missing(bank: Project, kind: str, tmp_path: Path) -> None:
    urls = [new_url(kind, tmp_path) for _ in range(2)]
    try:
        report = dbtool.deploy_fleet(bank.config, "\n".join(urls), jobs=2)
        assert outcomes(report) == ["applied"] * 2
    finally:
        for url in urls:
            drop(url, tmp_path)


def test_the_command_prints_an_object_a_line_and_reads_its_input(bank: Project) -> None:
    bank.write("tenants/1.db", "no database" * 100)
    done = bank.run("deploy", "--targets", "-", "--keep-going", "--json", stdin=tenants(3))

    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["report"]["outcome"] for each in found] == ["applied", "failed", "applied"]
    assert [each["ok"] for each in found] == [True, False, True]
    assert (done.code, done.stderr) == (1, "")
    shown = bank.run("deploy", "--targets", "-", "--keep-going", stdin=tenants(3))
    assert "[DB203]" in shown.stdout and "     2 up to date already\n" in shown.stdout
    assert bank.run("deploy", "--jobs", "2").code == 2
    assert bank.run("deploy", "--targets", "none.txt").code == 2


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_and_a_kill_leave_what_the_next_run_goes_on_with(bank: Project, jobs: str) -> None:
    bank.migration("slow", "import time; time.sleep(0.2)")
    bank.write("list.txt", tenants(8))
    for ending in (signal.SIGINT, signal.SIGKILL):
        running = subprocess.Popen(
            [sys.executable, "-m", "dbtool", "deploy", "--targets", "list.txt", "--jobs", jobs],
            cwd=bank.root,
            env=bank.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        before = len(list(bank.root.glob("tenants/*.db")))
        while len(list(bank.root.glob("tenants/*.db"))) < before + 2:
            time.sleep(0.02)
        running.send_signal(ending)
        running.communicate(timeout=60)
        assert running.returncode in (130, -signal.SIGKILL)
    time.sleep(1)  # a process whose parent was killed ends what it had begun

    report = dbtool.deploy_fleet(bank.config, tenants(8))
    assert report.ok and set(outcomes(report)) == {"applied", "current"}
    for number in range(8):
        rows = dbtool.query(at(bank, f"sqlite:///tenants/{number}.db"), "SELECT count(*) FROM account").rows
        assert rows == ((1,),)
