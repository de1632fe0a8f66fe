"""What every command promises: help, one JSON object, exit codes, and the same answer by the short way and the long."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from projects import MODELS, Outcome, Project

COMMANDS = (
    "migrate",
    "push",
    "reset",
    "rebase",
    "squash",
    "deploy",
    "status",
    "history",
    "rollback",
    "repair",
    "check",
    "diff",
    "lint",
    "sql",
    "doctor",
    "seed",
    "export",
    "show",
    "query",
    "baseline",
    "pull",
    "backup",
    "restore",
    "copy",
    "init",
    "generate",
    "erd",
)
COMMON = (
    "--url",
    "--json",
    "--project",
    "--env",
    "--env-file",
    "--confirm",
    "--quiet",
    "-q",
    "--verbose",
    "-v",
    "--help",
    "-h",
)


# Help


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_the_common_options(command: str, tmp_path: Path) -> None:
    shown = Project(tmp_path).run(command, "--help")

    assert (shown.code, shown.stderr) == (0, "")
    (example,) = (line.strip() for line in shown.stdout.splitlines() if line.strip().startswith("Example: "))
    assert example.split()[:3] == ["Example:", "dbtool", command]
    assert [word for word in COMMON if word not in shown.stdout.split()] == []


def test_help_lists_every_command_in_its_panel_and_no_word_of_other_tools(tmp_path: Path) -> None:
    shown = Project(tmp_path).run("--help").stdout

    listed: dict[str, list[str]] = {}
    for line in shown.splitlines():
        words = line.strip("│╭╮─ ").split("  ")
        if line.startswith("╭"):
            panel = listed.setdefault(words[0], [])
        elif line.startswith("│ ") and line[2] not in " -":
            panel.append(words[0])
    assert listed.pop("Options", None) is not None
    assert {name: commands for name, commands in listed.items() if commands} == {
        "Develop": ["migrate", "reset", "push", "rebase", "squash"],
        "Deploy": ["deploy", "status", "history", "rollback", "repair", "baseline"],
        "Review": ["check", "diff", "lint", "sql", "doctor"],
        "Data": ["seed", "export", "show", "query", "backup", "restore", "copy", "studio"],
        "Source": ["init", "pull", "generate", "erd"],
    }


@pytest.mark.parametrize(
    ("arguments", "code"), [(("--help",), 0), (("-h",), 0), ((), 2), (("status", "-h"), 0), (("--version",), 0)]
)
def test_help_and_version_need_no_project(arguments: tuple[str, ...], code: int, tmp_path: Path) -> None:
    shown = Project(tmp_path).run(*arguments)

    assert shown.code == code
    assert "dbtool" in shown.stdout
    assert shown.stderr == ""


# --json: the names are a promise

REPORTS = {
    "init new": "root existing models written revision seeded next ok",
    "generate": "outputs ok",
    "erd author": "format tables text path ok",
    "migrate --name init": "database database_created created applied revision changes proof drift backup generated"
    " generate_error risks counted notes adopted reverted recorded amended statements ok",
    "push": "database database_created dry_run changes statements risks notes backup generated generate_error ok",
    "squash": "revision squashed proof rows notes text dry_run ok",
    "deploy": "database database_created current applied dry_run planned backup ok",
    "status": "database environment protected standing drift findings ok",
    "history": "database rows unrecorded ok",
    "rebase": "database onto moved lock_resolved proof applied risks counted backup ok",
    "pull --dry-run": "database created files tables changes unsaid differences notes texts kept next dry_run ok",
    "baseline --at head": "database created revision recorded proof notes text dry_run ok",
    "repair --dry-run": "database findings applied dry_run ok",
    "rollback --dry-run": "database current applied dry_run planned risks counted backup ok",
    "seed": "database files tables dry_run checked backup ok",
    "export --out all.yaml": "database format tables files ok",
    "show": "database tables missing ok",
    "show book": "table model columns rows labels total ok",
    "show author 1": "table model label values labels relations ok",
    "show book --schema": "table model kind comment columns primary_key natural_key constraints relations ok",
    "query select+1": "database columns rows more changed seconds ok",
    "backup copy.db": "database path bytes checksum ok",
    "restore copy.db --yes": "database source rows_before rows backup ok",
    "copy --to sqlite:///other.db": "source target created applied tables notes seconds ok",
    "check": "checked findings ok",
    "diff": "source target changes statements notes ok",
    "lint --all": "dialect files findings replayed traces ok",
    "sql init": "dialect transactions before steps ok",
    "doctor": "facts findings ok",
    "reset --yes": "database rows_deleted backup applied seeded ok",
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """What every command prints with `--json`, one after the other in one project."""
    from projects import PYPROJECT, SEEDS

    made = Project(tmp_path_factory.mktemp("answers"))
    made.write("pyproject.toml", PYPROJECT)
    made.write("app/__init__.py", "")
    made.write("app/models.py", MODELS)
    made.write("seed_data/authors.yaml", SEEDS)
    return {line: made.run(*line.split(), "--json") for line in REPORTS}


@pytest.mark.parametrize("line", REPORTS)
def test_json_is_one_object_with_these_keys(answers: dict[str, Outcome], line: str) -> None:
    outcome = answers[line]

    assert (outcome.code, outcome.stderr) == (0, "")
    assert list(outcome.json) == ["command", "ok", "report"]
    assert (outcome.json["command"], outcome.json["ok"]) == (line.split()[0], True)
    assert " ".join(outcome.json["report"]) == REPORTS[line]


@pytest.mark.parametrize(
    ("arguments", "command", "code", "exit_code"),
    [
        (("status",), "status", "DB201", 1),
        (("deploy", "--to", "nowhere"), "deploy", "DB306", 1),
        (("show", "book"), "show", "DB201", 1),
        (("seed",), "seed", "DB201", 1),
        (("history", "--url", "nonsense"), "history", "DB104", 2),
        (("doctor", "--env-file", "none"), "doctor", "DB103", 2),
        (("status", "--project", "nowhere"), "status", "DB101", 2),
        (("show", "--csv"), "show", "DB108", 2),
        (("migrate", "dev"), "migrate", "DB108", 2),
        (("upgrade",), "upgrade", "DB108", 2),
        (("db", "pull"), "db pull", "DB108", 2),
        (("status", "--no-such"), "status", "DB108", 2),
        (("show", "book", "--limit", "many"), "show", "DB108", 2),
        (("no-such",), "", "DB108", 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_failure_is_one_object_too(
    project: Project, arguments: tuple[str, ...], command: str, code: str, exit_code: int
) -> None:
    outcome = project.run(*arguments, "--json")

    assert (outcome.code, outcome.stderr) == (exit_code, "")
    assert list(outcome.json) == ["command", "ok", "error"]
    assert list(outcome.json["error"]) == ["code", "message", "hint", "problems"]
    assert (outcome.json["command"], outcome.json["ok"], outcome.json["error"]["code"]) == (command, False, code)
    assert outcome.json["error"]["message"]


def test_a_report_that_is_not_ok_is_printed_and_exits_with_1(migrated: Project) -> None:
    migrated.migration("more", "pass")

    outcome = migrated.run("status", "--json")

    assert (outcome.code, outcome.stderr) == (1, "")
    assert (outcome.json["ok"], outcome.json["report"]["ok"]) == (False, False)
    assert [finding["code"] for finding in outcome.json["report"]["findings"]] == ["pending", "unlisted"]


# The short way to status and deploy, and the long way through Typer, are one

BY_ANY_WAY = """
import sys
sys.argv[0] = "dbtool"
from dbtool.__main__ import main
try:
    main()
finally:
    with open("way", "w") as file:
        file.write("long" if "typer" in sys.modules else "short")
"""
BY_TYPER = 'import sys; sys.argv[0] = "dbtool"; from dbtool.cli.app import run; run()'

SHORT = [
    "status",
    "status --json",
    "status --url sqlite:///other.db",
    "status --url=sqlite:///other.db",
    "status --url=sqlite:///a=b.db",
    "status --json --url nonsense",
    "status --project .. --url sqlite:///inner/dev.db",
    "status --project=. -q -v",
    "status --project nowhere",
    "status --env-file none.env",
    "status --env none",
    "status --env=none --json",
    "status --confirm dev.db",
    "status --quiet --json --quiet",
    "status --url sqlite:///one.db --url sqlite:///two.db",
    "deploy --dry-run",
    "deploy --dry-run --to head",
    "deploy --dry-run --to=more",
    "deploy --to -1 --dry-run",
    "deploy --to=-1",
    "deploy --to +1 --dry-run",
    "deploy --to base",
    "deploy --to --json",
    "deploy --to nowhere --json",
    "--version",
]
LONG = [
    "status -qv",
    "status -vq --json",
    "status extra",
    "status --jso",
    "status --no-such",
    "status --json=1",
    "status --url",
    "status --url=",
    "status --project -q",
    "status --dry-run",
    "status --to head",
    "status --",
    "status -h",
    "deploy --to",
    "deploy --to= --dry-run",
    "deploy --help",
    "-q status",
    "-v deploy --dry-run --json",
    "--project . status",
    "--env-file none.env status",
    "--env none status",
    "--no-such status",
    "Status",
    "--version status",
]


@pytest.fixture(scope="module")
def standing(migrated_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """An application with a pending migration, in which nothing is changed."""
    root = tmp_path_factory.mktemp("standing") / "inner"
    shutil.copytree(migrated_template, root)
    made = Project(root)
    made.migration("more", "pass")
    return made


@pytest.mark.parametrize(
    ("line", "way"), [*((line, "short") for line in SHORT), *((line, "long") for line in LONG)], ids=[*SHORT, *LONG]
)
def test_the_short_way_answers_as_typer_does(standing: Project, line: str, way: str) -> None:
    short = standing.python("-c", BY_ANY_WAY, *line.split())
    long = standing.python("-c", BY_TYPER, *line.split())

    assert (standing.root / "way").read_text(encoding="utf-8") == way
    assert (short.code, timeless(short.stdout), timeless(short.stderr)) == (
        long.code,
        timeless(long.stdout),
        timeless(long.stderr),
    )
    assert short.stdout + short.stderr


def timeless(text: str) -> str:
    """Return what was printed without how long anything took."""
    return re.sub(r" *\d+\.\d+( m?s|,\n)", " N", text)


# Where a project is


@pytest.mark.parametrize("command", ["status", "show", "generate", "migrate"])
def test_a_project_is_found_from_a_folder_below_it_and_by_its_name(migrated: Project, command: str) -> None:
    below = migrated.root / "app" / "deep"
    below.mkdir()
    here = migrated.run(command, "--json")

    inside = Project(below).run(command, "--json")
    beside = Project(migrated.root.parent).run(command, "--json", "--project", str(migrated.root))
    before = Project(migrated.root.parent).run("--project", migrated.root.name, command, "--json")

    assert here.code == 0, here.stdout
    assert {inside.stdout, beside.stdout, before.stdout} == {here.stdout}
    assert sorted(path.name for path in below.iterdir()) == []


def test_a_relative_database_is_relative_to_the_file_it_stands_in(migrated: Project) -> None:
    (migrated.root / "conf").mkdir()
    shutil.move(migrated.root / "dev.db", migrated.root / "conf" / "here.db")
    migrated.write("conf/production.env", "DATABASE_URL=sqlite:///here.db\n")

    shown = Project(migrated.root / "app").run("status", "--env-file", "../conf/production.env", "--json")

    assert shown.code == 0, shown.stdout
    told = Path(shown.json["report"]["database"].removeprefix("sqlite:///"))
    assert told.samefile(migrated.root / "conf" / "here.db")


def test_an_env_file_that_is_named_takes_the_place_of_the_usual_one(project: Project) -> None:
    project.write(".env", "DATABASE_URL=sqlite:///usual.db\nDBTOOL_MODELS=app.nothing\n")
    project.write("other.env", "DATABASE_URL=sqlite:///other.db\n")

    facts = project.run("doctor", "--env-file", "other.env", "--json").json["report"]["facts"]

    found = {(fact["topic"], fact["name"]): (fact["value"], fact["source"]) for fact in facts}
    assert found["database", "url"] == (f"sqlite:///{project.root}/other.db", "other.env DATABASE_URL")
    assert found["project", "models"] == ("app.models", "pyproject.toml [tool.dbtool]")


# Which setting wins

URLS = ("DBTOOL_URL", "DIRECT_URL", "DATABASE_URL")
PLACES = ("flag", *URLS, *(f".env {name}" for name in URLS), "pyproject", "default")
SOURCES = {
    "flag": "--url",
    **{name: f"environment {name}" for name in URLS},
    **{f".env {name}": f".env {name}" for name in URLS},
    "pyproject": "pyproject.toml [tool.dbtool]",
    "default": "default",
}


@pytest.mark.parametrize("winner", PLACES)
def test_the_database_is_named_by_the_strongest_place_that_says_one(project: Project, winner: str) -> None:
    """Every place that is weaker than the winner says something else."""
    said = {place: f"sqlite:///{number}.db" for number, place in enumerate(PLACES)}
    weaker = PLACES[PLACES.index(winner) :]
    flags = ("--url", said["flag"]) if "flag" in weaker else ()
    environment = {name: said[name] for name in URLS if name in weaker}
    dotenv = [f"{name}={said[f'.env {name}']}\n" for name in URLS if f".env {name}" in weaker]
    if dotenv:
        project.write(".env", "".join(reversed(dotenv)))
    if "pyproject" in weaker:
        project.edit("pyproject.toml", "[tool.dbtool]\n", f'[tool.dbtool]\nurl = "{said["pyproject"]}"\n')

    facts = project.run("doctor", "--json", *flags, **environment).json["report"]["facts"]

    (url,) = (fact for fact in facts if (fact["topic"], fact["name"]) == ("database", "url"))
    wanted = said[winner] if winner != "default" else "sqlite:///dev.db"
    assert (url["value"], url["source"]) == (f"sqlite:///{project.root}/{wanted[10:]}", SOURCES[winner])


@pytest.mark.parametrize(
    ("place", "value", "source"),
    [
        ("environment", "one", "environment DBTOOL_SEED_DATA"),
        (".env", "two", ".env DBTOOL_SEED_DATA"),
        ("pyproject", "three", "pyproject.toml [tool.dbtool]"),
        ("default", "seed_data", "default"),
    ],
)
def test_any_other_setting_follows_the_same_order(project: Project, place: str, value: str, source: str) -> None:
    order = ["environment", ".env", "pyproject", "default"]
    weaker = order[order.index(place) :]
    if ".env" in weaker:
        project.write(".env", "DBTOOL_SEED_DATA=two\n")
    if "pyproject" in weaker:
        project.edit("pyproject.toml", "[tool.dbtool]\n", '[tool.dbtool]\nseed_data = "three"\n')
    environment = {"DBTOOL_SEED_DATA": "one"} if "environment" in weaker else {}

    facts = project.run("doctor", "--json", **environment).json["report"]["facts"]

    (folder,) = (fact for fact in facts if fact["name"] == "seed_data")
    assert (folder["value"], folder["source"]) == (value, source)


# Hostile names

FOLDERS = {
    "letters of the world": "ünïcödé  日本 🎈",
    "markup and templates": "[/x] [bold] {0} {name} per%cent %s %(here)s %20",
    "signs of shells and URLs": "quo'te\"s `x` $HOME ; que?ry#frag&x=1@host:5",
    "backslash and line end": "back\\slash\\n new\nline",
}


@pytest.mark.parametrize("name", FOLDERS.values(), ids=FOLDERS)
def test_a_project_may_lie_in_any_folder(migrated: Project, name: str) -> None:
    root = migrated.root / name
    root.mkdir(parents=True)
    for part in ("app", "seed_data", "pyproject.toml"):
        shutil.move(migrated.root / part, root / part)
    shutil.rmtree(migrated.root / "migrations")
    project = Project(root)

    ran = [project.run(*line.split()) for line in ("migrate --name init", "seed", "status", "reset -y", "show book")]
    alembic = project.python("-m", "alembic", "check")

    assert [(each.code, each.stderr) for each in ran] == [(0, "")] * 5
    assert alembic.code == 0, alembic.stderr
    assert sorted(path.name for path in root.iterdir() if path.suffix == ".db") == ["dev.db"]
    assert json.loads(project.run("status", "--json").stdout)["report"]["database"] == "sqlite:///" + str(
        root / "dev.db"
    )


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../outside", "outside"),
        ("a/b\\c", "a_b_c"),
        ('it\'s "quoted"', "it_s_quoted"),
        ("two\nlines\r\n", "two_lines"),
        ("\x1b[31mred", "31mred"),
        ("[/red] %s {0} $(rm)", "red_s_0_rm"),
        ("日本語", "migration"),
        ("---", "migration"),
        ("x" * 300, "x" * 60),
    ],
    ids=["path", "slashes", "quotes", "lines", "escape", "markup", "other letters", "signs alone", "long"],
)
def test_a_migration_may_be_given_any_name(project: Project, given: str, name: str) -> None:
    done = project.run("migrate", "--no-generate", "--name", given)

    assert (done.code, done.stderr) == (0, "")
    (path,) = project.versions
    assert path.stem.partition("_")[2] == name
    assert project.run("status").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "--url", "sqlite:////nowhere/\x1b[31m\x07\x9b.db"),
        ("status", "--url", "\x1b[31m\x9b://host/name"),
        ("status", "--project", "\x1b[2J"),
        ("status", "--env-file", "\x1b[2J\u202e"),
        ("deploy", "--to", "\x1b[31m\x9b\u2028"),
        ("show", "\x1b]0;title\x07"),
        ("show", "book", "\x1b[31m\x7f"),
        ("show", "book", "--where", "\x1b[31m=1"),
        ("show", "book", "--where", "pages=\x1b[31m"),
        ("migrate", "\x1b[31m"),
        ("\x1b[31m",),
        ("status", "--\x1b[31m"),
        ("status", "\x1b[31m"),
    ],
    ids=repr,
)
def test_no_error_message_steers_the_terminal(migrated: Project, arguments: tuple[str, ...]) -> None:
    done = migrated.run(*arguments)

    assert done.code in (1, 2)
    assert done.stdout == ""
    assert done.stderr
    assert [letter for letter in done.stderr if not (letter.isprintable() or letter == "\n")] == []


def test_no_failing_migration_steers_the_terminal(migrated: Project) -> None:
    migrated.migration("bad", "op.execute('select \"\\x1b[31m\\x9b\" from nowhere')")

    done = migrated.run("deploy", "-v")

    assert done.code == 1
    assert "␛[31m\\u009b" in done.stderr
    assert [letter for letter in done.stderr if not (letter.isprintable() or letter == "\n")] == []


def test_the_models_that_fail_to_import_do_not_steer_the_terminal(project: Project) -> None:
    project.write("app/models.py", "raise RuntimeError('\\x1b[31mred')\n")

    done = project.run("migrate")

    assert done.code == 2
    assert "RuntimeError: ␛[31mred" in done.stderr
