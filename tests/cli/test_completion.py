"""Completion as shells ask for it: through the variables of Typer's protocol, in a process for each key."""

from __future__ import annotations

import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from projects import Outcome, Project, at, drop, new_url

DBTOOL = Path(sys.executable).with_name("dbtool")
SHELLS = ("bash", "zsh", "fish")


def ask(shell: str, project: Project, line: str, **environment: str) -> Outcome:
    """Ask what the last word of a line may become, as this shell asks it."""
    wanted = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    done = subprocess.run(
        [DBTOOL],
        cwd=project.root,
        env=project.environment(_DBTOOL_COMPLETE=f"complete_{shell}", **wanted, **environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def offered(shell: str, project: Project, line: str, **environment: str) -> list[str]:
    """Return the words that a shell would offer."""
    answer = ask(shell, project, line, **environment)
    assert (answer.code, answer.stderr) == (0, "")
    if shell == "zsh":
        return re.findall(r'"((?:[^"\\]|\\.)*)"(?::"[^"]*")?', answer.stdout)
    return [each.partition("\t")[0] for each in answer.stdout.splitlines() if each]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("dbtool s", ["seed", "show", "sql", "squash", "status", "studio"]),
        ("dbtool de", ["deploy"]),
        ("dbtool up", []),
        ("dbtool deploy --d", ["--dry-run"]),
        ("dbtool show ", ["author", "book"]),
        ("dbtool show b", ["book"]),
        ("dbtool show x", []),
        ("dbtool -q show a", ["author"]),
        ("dbtool show --limit 3 b", ["book"]),
    ],
)
def test_commands_options_and_tables_are_completed(migrated: Project, shell: str, line: str, words: list[str]) -> None:
    assert sorted(offered(shell, migrated, line)) == words


@pytest.mark.parametrize(
    ("given", "file"),
    [
        ("--url sqlite:///other.db", "other.db"),
        ("--env-file other.env", "other.db"),
        ("--project beside", "beside/dev.db"),
    ],
)
def test_tables_are_those_of_the_database_that_the_line_names(migrated: Project, given: str, file: str) -> None:
    migrated.write("other.env", "DATABASE_URL=sqlite:///other.db\n")
    migrated.write("beside/pyproject.toml", "[tool.dbtool]\n")
    with closing(sqlite3.connect(migrated.root / file)) as connection:
        connection.execute("CREATE TABLE only_there (id INTEGER)")

    assert offered("bash", migrated, f"dbtool show {given} o") == ["only_there"]
    assert offered("bash", migrated, "dbtool show o") == []


@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_tables_of_a_server_are_completed(kind: str, project: Project) -> None:
    project.url = new_url(kind, project.root)
    made = at(project.url, project.root)
    made.create()
    try:
        with made.connect("write") as connection:
            connection.exec_driver_sql("CREATE TABLE only_there (id INTEGER)")
            connection.commit()

        assert offered("bash", project, "dbtool show ") == ["only_there"]
    finally:
        drop(project.url, project.root)


@pytest.fixture(scope="module")
def silent() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


BROKEN = {
    "no project": {},
    "no database": {"pyproject.toml": "[tool.dbtool]\n"},
    "no TOML": {"pyproject.toml": "[tool.dbtool\n"},
    "unknown setting": {"pyproject.toml": "[tool.dbtool]\nnothing = 1\n"},
    "wrong setting": {"pyproject.toml": "[tool.dbtool]\nurl = 3\n"},
    "broken .env": {"pyproject.toml": "[tool.dbtool]\n", ".env": "no setting\n"},
    "no such database": {"pyproject.toml": '[tool.dbtool]\nurl = "nonsense"\n'},
    "no database file": {"pyproject.toml": "[tool.dbtool]\n", "dev.db": "dear diary, today I wrote no database\n"},
    "closed port": {"pyproject.toml": '[tool.dbtool]\nurl = "postgresql://user:secret@127.0.0.1:1/app"\n'},
    "closed port of MariaDB": {"pyproject.toml": '[tool.dbtool]\nurl = "mariadb://user:secret@127.0.0.1:1/app"\n'},
}


@pytest.mark.parametrize(
    ("files", "shell"),
    [*((files, "bash") for files in BROKEN.values()), ({}, "zsh"), ({}, "fish")],
    ids=[*BROKEN, "no project, zsh", "no project, fish"],
)
def test_what_is_broken_offers_nothing_and_says_nothing(tmp_path: Path, files: dict[str, str], shell: str) -> None:
    project = Project(tmp_path)
    for name, text in files.items():
        project.write(name, text)

    assert offered(shell, project, "dbtool show a") == []


@pytest.mark.parametrize("scheme", ["postgresql", "mariadb"])
def test_a_server_that_never_answers_is_not_waited_for(tmp_path: Path, silent: int, scheme: str) -> None:
    """Without an end of its own this would last until the time-out of `ask`, which is an error."""
    project = Project(tmp_path, url=f"{scheme}://user:secret@127.0.0.1:{silent}/app")

    assert offered("bash", project, "dbtool show a") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_a_script_that_asks_this_way(tmp_path: Path, shell: str) -> None:
    done = subprocess.run(
        [DBTOOL],
        cwd=tmp_path,
        env=Project(tmp_path).environment(_DBTOOL_COMPLETE=f"source_{shell}"),
        capture_output=True,
        text=True,
        check=True,
    )

    assert f"_DBTOOL_COMPLETE=complete_{shell}" in done.stdout
    assert done.stderr == ""


def test_bash_itself_completes_a_table(migrated: Project) -> None:
    program = """
        source <(_DBTOOL_COMPLETE=source_bash dbtool)
        COMP_WORDS=(dbtool show b) COMP_CWORD=2
        "$(complete -p dbtool | sed 's/.*-F \\([^ ]*\\) .*/\\1/')" dbtool
        echo "${COMPREPLY[@]}"
    """
    environment = migrated.environment()
    environment["PATH"] = f"{DBTOOL.parent}:{environment['PATH']}"

    done = subprocess.run(
        ["bash", "--norc", "-c", program], cwd=migrated.root, env=environment, capture_output=True, text=True
    )

    assert (done.stdout, done.stderr) == ("book\n", "")
