"""The README prints what it says, and leaves no command, option or error code out."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import httpx
import transcript
import yaml
from projects import REPOSITORY, Project
from test_architecture import subclasses

from dbtool import errors
from dbtool.config import SETTINGS

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_readme_prints_what_it_shows(clone: Project) -> None:
    commands = transcript.play(README, clone.root, clone.environment())

    assert commands >= 10


def test_readme_counts_the_sample_as_it_is(sample: Project) -> None:
    rows = re.findall(r"^\| (\w+) \| (\d+) \|", README, re.MULTILINE)
    assert sample.run("deploy").code == 0
    assert sample.run("seed").code == 0

    shown = sample.run("show", "--json").json["report"]["tables"]

    assert dict(rows) == {table["name"]: str(table["rows"]) for table in shown}
    assert [int(number) for _, number in rows] == [2, 3, 4, 5, 9, 4, 2, 5, 3, 8]


def test_readme_names_every_command_and_option() -> None:
    missing = [word for word in sorted(words_of_the_command_line()) if word not in README]

    assert missing == []


def words_of_the_command_line() -> Iterator[str]:
    """Yield every visible command and every long option."""
    import typer.main

    from dbtool.cli.app import app

    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        if not command.hidden:
            yield f"`{name}"
            for parameter in command.params:
                if not getattr(parameter, "hidden", False):
                    yield from (word for word in parameter.opts if word.startswith("--") and word != "--help")


def test_readme_explains_every_error_code() -> None:
    codes = {each.code for each in subclasses(errors.DbtoolError)}

    missing = {code for code in codes if not re.search(rf"^\| .*\b{code}\b", README, re.MULTILINE)}

    assert missing == set()


def test_readme_names_every_setting() -> None:
    missing = [name for name in SETTINGS if f"| `{name}` |" not in README]

    assert missing == []


def test_the_recipe_for_ci_runs(project: Project) -> None:
    """All that the job runs of dbtool, in its order, in a project that is as it should be."""
    assert project.run("migrate", "--name", "init").code == 0
    (project.root / "dev.db").unlink()
    (block,) = re.findall(r"```yaml\n(name: schema.*?)```", README, re.DOTALL)
    steps = [step["run"] for step in yaml.safe_load(block)["jobs"]["schema"]["steps"] if "run" in step]
    commands = [step.split()[1:] for step in steps if step.startswith("dbtool ")]

    assert [command[0] for command in commands] == ["generate", "check", "lint", "deploy", "status"]
    for command in commands:
        done = project.run(*command)
        assert done.code == 0, done.stdout + done.stderr


def test_the_recipes_for_commits_run(project: Project) -> None:
    """Those of the README and those that pre-commit reads from this repository."""
    assert project.run("migrate", "--name", "init").code == 0
    (block,) = re.findall(r"```yaml\n(repos:.*?)```", README, re.DOTALL)
    ours = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())
    hooks = [*ours, *(hook for repo in yaml.safe_load(block)["repos"] for hook in repo["hooks"])]

    assert len(hooks) == 5
    for hook in hooks:
        program, *arguments = hook["entry"].split()
        assert program == "dbtool"
        done = project.run(*arguments)
        assert done.code == 0, done.stdout + done.stderr


def test_the_recipe_for_fastapi_runs_with_several_workers(project: Project) -> None:
    """Four workers begin at the same time on a database that is not there yet: each migration runs once."""
    assert project.run("migrate", "--name", "init", "--create-only").code == 0
    project.migration("fill", "op.execute(\"INSERT INTO author (name) VALUES ('once')\")")
    assert not (project.root / "dev.db").exists()
    (block,) = re.findall(r"```python\n(  from contextlib.*?)```", README, re.DOTALL)
    project.write("main.py", textwrap.dedent(block) + '\n\n@app.get("/")\ndef home() -> str:\n    return "up"\n')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "main:app", "--workers", "4", "--port", str(port)]
    server = subprocess.Popen(
        command,
        cwd=project.root,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert server.stdout is not None
        begun = 0
        for line in server.stdout:
            assert "Traceback" not in line and "failed" not in line, line
            begun += "Application startup complete" in line
            if begun == 4:
                break
        assert httpx.get(f"http://127.0.0.1:{port}/").json() == "up"
    finally:
        server.terminate()
        server.communicate(timeout=30)

    assert [row["name"] for row in project.run("history", "--json").json["report"]["rows"]] == ["init", "fill"]
    assert project.run("query", "select count(*) from author", "--csv").stdout.splitlines()[1] == "1"


def test_the_recipe_for_kubernetes_runs(migrated: Project) -> None:
    blocks = re.findall(r"```yaml\n(  apiVersion.*?)```", README, re.DOTALL)
    found = [document for block in blocks for document in yaml.safe_load_all(textwrap.dedent(block))]
    containers = [
        container
        for document in found
        for kind in ("initContainers", "containers")
        for container in document["spec"]["template"]["spec"].get(kind, [])
    ]

    assert [each["command"][1] for each in containers] == ["deploy", "status"]
    for container in containers:
        program, *arguments = container["command"]
        assert program == "dbtool"
        done = migrated.run(*arguments)
        assert done.code == 0, done.stderr
