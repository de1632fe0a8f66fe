"""`dbtool studio` as people run it: in a process of its own, on a real port, until Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from projects import Project

import dbtool
from dbtool.cli import serving
from dbtool.errors import ExtraMissingError, PortInUseError
from dbtool.reports import StudioReport
from dbtool.studio import ports


class Running:
    """A studio in a process of its own."""

    def __init__(self, project: Project, *options: str, port: int = 0) -> None:
        self.project = project
        self.port = port or free_port()
        command = [sys.executable, "-m", "dbtool", "studio", "--no-open", "--json", "--port", str(self.port), *options]
        self.process = subprocess.Popen(
            command,
            cwd=project.root,
            env=project.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.report = self._report()

    def _report(self) -> Any:
        assert self.process.stdout is not None
        text = ""
        for line in self.process.stdout:
            text += line
            if line == "}\n":
                return json.loads(text)["report"]
        raise AssertionError(self.process.communicate())

    def ask(self, path: str, body: Any = None, *, token: str | None = None) -> tuple[int, Any]:
        """Return the status and the answer to a request of the page."""
        mine = self.report["url"].partition("#t=")[2] if token is None else token
        headers = {"X-Dbtool-Token": mine, "Content-Type": "application/json"}
        url = f"http://localhost:{self.port}/api/{path}"
        try:
            request = urllib.request.Request(url, json.dumps(body or {}).encode(), headers)
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def interrupt(self) -> tuple[int, float, str]:
        """Press Ctrl-C; return the exit code, the seconds it took, and what was said on stderr."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, time.monotonic() - started, said


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        port: int = made.getsockname()[1]
        return port


@contextlib.contextmanager
def running(project: Project, *options: str, port: int = 0) -> Iterator[Running]:
    found = Running(project, *options, port=port)
    try:
        yield found
    finally:
        if found.process.poll() is None:
            found.process.kill()
        found.process.communicate()


def test_it_says_where_it_is_answers_there_and_ends_with_ctrl_c(migrated: Project) -> None:
    with running(migrated) as studio:
        status, answer = studio.ask("rows", {"table": "author"})
        note = migrated.root / ".dbtool" / "studio.json"
        told = json.loads(note.read_text())
        mode = stat.S_IMODE(note.stat().st_mode)
        code, seconds, said = studio.interrupt()

    assert studio.report == {
        "url": f"http://localhost:{studio.port}/#t={told['token']}",
        "address": f"http://localhost:{studio.port}/",
        "database": f"sqlite:///{migrated.root / 'dev.db'}",
        "read_only": False,
        "protected": None,
        "running": False,
        "ok": True,
    }
    assert (status, [row["cells"][1] for row in answer["rows"]]) == (200, ["Ursula K. Le Guin"])
    assert len(told["token"]) == 32
    assert mode == 0o600
    assert (code, said) == (0, "")
    assert seconds < 2
    assert not note.exists()
    assert ports.listen(None, studio.port)


def test_every_run_has_a_token_of_its_own_and_none_is_not_enough(migrated: Project) -> None:
    with running(migrated) as studio:
        first = studio.report["url"]
        assert studio.ask("schema", token="")[0] == 401
        studio.interrupt()
    with running(migrated) as again:
        assert again.report["url"].partition("#")[2] != first.partition("#")[2]
        assert again.ask("schema", token=first.partition("#t=")[2])[0] == 401


def test_it_is_reached_from_this_machine_only(migrated: Project) -> None:
    with running(migrated) as studio:
        listening = subprocess.run(["cat", "/proc/net/tcp", "/proc/net/tcp6"], capture_output=True, text=True).stdout

    places = {line.split()[1] for line in listening.splitlines() if line.split()[1].endswith(f":{studio.port:04X}")}
    loopback = {f"0100007F:{studio.port:04X}", f"00000000000000000000000001000000:{studio.port:04X}"}
    assert f"0100007F:{studio.port:04X}" in places
    assert places <= loopback


def test_where_it_runs_already_its_address_is_printed(migrated: Project) -> None:
    with running(migrated) as studio:
        done = migrated.run("studio", "--no-open", "--port", str(studio.port))
        asked = migrated.run("studio", "--no-open", "--port", str(studio.port), "--json").json

    assert (done.code, done.stderr) == (0, "")
    assert studio.report["url"] in done.stdout
    assert asked["report"] == {**studio.report, "running": True}


def test_with_other_options_it_is_not_the_same(migrated: Project) -> None:
    with running(migrated) as studio:
        done = migrated.run("studio", "--no-open", "--port", str(studio.port), "--read-only")

    assert done.code == 1
    assert f"port {studio.port} is in use by this project's studio, started with other options" in done.stderr
    free = re.search(r"hint: dbtool studio --port (\d+) --read-only\n", done.stderr)
    assert free is not None and int(free[1]) > studio.port  # others may hold the next one
    assert "#t=" not in done.stdout + done.stderr


def test_a_port_in_use_names_who_holds_it_and_the_next_one_that_is_free(migrated: Project) -> None:
    with contextlib.closing(ports.listen(None, 0)[0]) as taken:  # type: ignore[index]
        port = taken.getsockname()[1]
        done = migrated.run("studio", "--no-open", "--port", str(port))

    assert done.code == 1
    assert f"error [DB701] port {port} is in use by process {os.getpid()} (" in done.stderr
    free = re.search(r"hint: dbtool studio --port (\d+)\n", done.stderr)
    assert free is not None and int(free[1]) > port  # others may hold the next one


def test_a_port_that_only_ipv6_or_every_address_holds_is_in_use(migrated: Project) -> None:
    for family, address in ((socket.AF_INET6, "::1"), (socket.AF_INET, "0.0.0.0")):
        with socket.socket(family) as taken:
            taken.bind((address, 0))
            taken.listen()
            with pytest.raises(PortInUseError):
                dbtool.open_studio(migrated.config, port=taken.getsockname()[1], open_browser=False)


def test_another_projects_studio_is_another_program(migrated: Project, tmp_path: Path) -> None:
    other = Project(tmp_path / "other")
    other.write("pyproject.toml", "[tool.dbtool]\n")
    with running(migrated) as studio:
        done = other.run("studio", "--no-open", "--port", str(studio.port))

    assert done.code == 1
    assert "this project" not in done.stderr
    assert "#t=" not in done.stdout + done.stderr


def test_a_protected_database_says_so_beside_the_address() -> None:
    report = StudioReport("http://localhost:1/#t=x", "http://localhost:1/", "sqlite:////srv/app.db", True, "why")

    shown: list[Any] = list(serving._lines(report))
    lines = ["".join(text for text, _ in line.parts) for line in shown]

    assert lines == [
        "studio  http://localhost:1/#t=x",
        "        sqlite:////srv/app.db (read-only: why; --confirm NAME to change it); Ctrl-C ends it",
    ]


def test_read_only_refuses_every_change(migrated: Project) -> None:
    change = {"op": "delete", "table": "author", "key": '["1"]', "old": {}}
    with running(migrated, "--read-only") as studio:
        answers = [
            studio.ask("changes", {"changes": [change]}),
            studio.ask("changes", {"changes": [], "dry_run": True}),
            studio.ask("sql", {"sql": "delete from book", "write": True}),
            studio.ask("sql", {"sql": "delete from book"}),
        ]
        table = studio.ask("table", {"table": "author"})[1]
        left = studio.ask("sql", {"sql": "select count(*) from book"})[1]

    assert [status for status, _ in answers] == [403, 403, 403, 422]
    assert (table["editable"], table["reason"]) == (False, "studio was started with --read-only")
    assert left["rows"] == [["2"]]


FOREVER = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"


def test_ctrl_c_ends_it_at_once_while_a_statement_runs(migrated: Project) -> None:
    with running(migrated) as studio:
        asking = threading.Thread(target=lambda: ignore(lambda: studio.ask("sql", {"sql": FOREVER})))
        asking.start()
        time.sleep(1)
        code, seconds, said = studio.interrupt()
        asking.join(10)

    assert (code, said) == (0, "")
    assert seconds < 2


def test_ctrl_c_ends_it_at_once_while_a_download_is_read_slowly(migrated: Project) -> None:
    rows = "INSERT INTO author (name) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)"
    with migrated.database.connect("write") as connection:
        connection.exec_driver_sql(f"{rows} SELECT 'author number ' || i FROM n")
        connection.commit()
    with running(migrated) as studio:
        _, answer = studio.ask("export", {"table": "author", "format": "json"})
        with urllib.request.urlopen(f"http://localhost:{studio.port}/api/download/{answer['ticket']}") as download:
            assert len(download.read(1000)) == 1000
            code, seconds, said = studio.interrupt()

    assert (code, said) == (0, "")
    assert seconds < 2


def ignore(work: Any) -> None:
    with contextlib.suppress(OSError):
        work()


def test_models_that_fail_are_told_in_the_page_and_studio_goes_on(migrated: Project) -> None:
    migrated.write("app/models.py", "import nothing_like_this\n")
    with running(migrated) as studio:
        status, answer = studio.ask("schema")
        again, _ = studio.ask("rows", {"table": "author"})
        code, _, said = studio.interrupt()

    assert (status, again) == (424, 424)
    assert answer["error"]["code"] == "DB106"
    assert "nothing_like_this" in answer["error"]["message"]
    assert (code, said) == (0, "")


def test_a_database_that_is_not_there_is_told_in_the_page_until_it_is(project: Project) -> None:
    with running(project) as studio:
        status, answer = studio.ask("schema")
        assert project.run("migrate", "--name", "init").code == 0
        later, _ = studio.ask("schema")
        (project.root / "dev.db").unlink()
        gone, _ = studio.ask("schema")

    assert (status, answer["error"]["code"], answer["error"]["hint"]) == (424, "DB201", "dbtool migrate")
    assert (later, gone) == (200, 424)


def test_a_host_that_others_reach_is_warned_of(migrated: Project) -> None:
    with running(migrated, "--host", "0.0.0.0") as studio:
        answer = studio.ask("schema")
        code, _, said = studio.interrupt()

    assert answer[0] == 200
    assert studio.report["address"] == f"http://localhost:{studio.port}/"
    assert code == 0
    assert "warning: studio listens on 0.0.0.0: whoever reaches this machine and has the address can" in said


def test_an_address_that_is_not_this_machines_is_an_error(migrated: Project) -> None:
    done = migrated.run("studio", "--no-open", "--port", "0", "--host", "192.0.2.1")

    assert done.code == 1
    assert "error [DB700] cannot listen on 192.0.2.1" in done.stderr


def test_without_the_extra_the_line_that_installs_it_is_printed(migrated: Project) -> None:
    hidden = (
        "import sys, importlib.abc\n"
        "class Hidden(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name.split('.')[0] in ('starlette', 'uvicorn'):\n"
        "            raise ModuleNotFoundError(name=name)\n"
        "sys.meta_path.insert(0, Hidden())\n"
        "sys.argv = ['dbtool', 'studio', '--no-open']\n"
        "from dbtool.__main__ import main\n"
        "main()\n"
    )

    done = migrated.python("-c", hidden)

    assert done.code == ExtraMissingError.exit_code
    assert done.stderr == (
        "error [DB109] studio needs starlette and uvicorn, not installed here\n"
        "hint: pip install 'sqlmodel-dbtool[studio]'\n"
    )


def test_the_settings_of_a_project_are_its_own(migrated: Project) -> None:
    port = free_port()
    text = (migrated.root / "pyproject.toml").read_text()
    migrated.write(
        "pyproject.toml", f'{text}\n[tool.dbtool.studio]\nport = {port}\nlimit = 5\nmedia = ["book.title"]\n'
    )
    environment = {"MINIO_ACCESS_KEY": "who", "MINIO_SECRET_KEY": "what"}
    migrated.write(".env", "".join(f"{name}={value}\n" for name, value in environment.items()))

    found = migrated.config.studio

    assert (found.port, found.limit, found.media) == (port, 5, ("book.title",))
    assert (found.access_key, found.secret_key) == ("who", "what")
    assert "what" not in repr(found)


@pytest.mark.parametrize(
    "line",
    [
        "port = 0",
        "port = true",
        "limit = 0",
        'media = "x"',
        "unheard = 1",
        "bucket = 1",
        'endpoint = "localhost:9000"',
        'endpoint = "http://localhost:9000; script-src *"',
    ],
)
def test_a_setting_that_cannot_be_is_an_error(migrated: Project, line: str) -> None:
    text = (migrated.root / "pyproject.toml").read_text()
    migrated.write("pyproject.toml", f"{text}\n[tool.dbtool.studio]\n{line}\n")

    done = migrated.run("studio", "--no-open")

    assert done.code == 2
    assert "error [DB102]" in done.stderr
