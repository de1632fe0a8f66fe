"""What follows from the models: written where it differs, known when it is stale, kept fresh."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import Project

FILES = [
    "app/models.pyi",
    "app/generated/__init__.py",
    "app/generated/schemas.py",
    "app/generated/client.py",
    "seed_data/schema.json",
    "app/generated/erd.svg",
    "app/generated/erd.mmd",
    "app/generated/erd.dbml",
]
OTHERS_OFF = """\

[tool.dbtool.generate]
stubs = false
schemas = false
client = false
seed_schema = false
erd = false
"""


@pytest.fixture
def generated(project: Project) -> Project:
    """An application whose code was generated."""
    assert project.run("generate").code == 0
    return project


def states(project: Project, *arguments: str) -> dict[str, str]:
    """Return what `generate` found of each file."""
    done = project.run("generate", "--json", *arguments)
    return {each["path"]: each["found"] for each in done.json["report"]["outputs"]}


def test_everything_is_written_once_and_is_the_same_the_second_time(project: Project) -> None:
    first = states(project)
    before = {name: (project.root / name).stat().st_mtime_ns for name in [*FILES, "app/generated/dbtool.lock"]}

    second = states(project)

    assert (first, second) == (dict.fromkeys(FILES, "missing"), dict.fromkeys(FILES, "fresh"))
    assert {name: (project.root / name).stat().st_mtime_ns for name in before} == before
    assert not (project.root / "dev.db").exists()


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_text_does_not_depend_on_the_process(generated: Project, seed: str) -> None:
    assert set(states(generated, "--check") | {"seed": seed}) == {*FILES, "seed"}
    assert generated.run("generate", "--check", PYTHONHASHSEED=seed).code == 0


@pytest.mark.parametrize("kind", ["stubs", "schemas", "client", "seed_schema", "erd"])
def test_each_output_can_be_alone(project: Project, kind: str) -> None:
    project.write("pyproject.toml", (project.root / "pyproject.toml").read_text() + OTHERS_OFF)
    project.edit("pyproject.toml", f"\n{kind} = false", f"\n{kind} = true")
    alone = {
        "stubs": {"app/models.pyi"},
        "schemas": {"app/generated/__init__.py", "app/generated/schemas.py"},
        "client": {"app/generated/__init__.py", "app/generated/client.py"},
        "seed_schema": {"seed_data/schema.json"},
        "erd": {"app/generated/erd.svg", "app/generated/erd.mmd", "app/generated/erd.dbml"},
    }[kind]

    assert set(states(project)) == alone
    assert set(states(project, "--check").values()) == {"fresh"}
    assert "generated" not in project.run("status").stdout + project.run("status").stderr or kind == "stubs"


def test_output_names_another_place(project: Project) -> None:
    project.write(
        "pyproject.toml", (project.root / "pyproject.toml").read_text() + '\n[tool.dbtool.generate]\noutput = "made"\n'
    )

    assert states(project).keys() >= {"made/client.py", "made/schemas.py", "made/erd.svg", "app/models.pyi"}
    assert not (project.root / "app" / "generated").exists()


def test_check_writes_nothing_and_names_what_is_missing_and_stale(generated: Project) -> None:
    generated.edit("app/models.py", "pages: int = Field(default=0)", "pages: int = Field(default=0)\n    isbn: str")
    (generated.root / "app/generated/erd.mmd").unlink()
    before = {path: path.read_bytes() for path in generated.root.rglob("*") if path.suffix != ".pyc" and path.is_file()}

    done = generated.run("generate", "--check")

    assert done.code == 1
    assert "stale     app/models.pyi (stub)\n" in done.stdout
    assert "missing   app/generated/erd.mmd (diagram)\n" in done.stdout
    assert done.stdout.endswith("to write them: dbtool generate\n")
    assert {path: path.read_bytes() for path in before} == before
    assert not (generated.root / "app/generated/erd.mmd").exists()


@pytest.mark.parametrize("name", ["app/models.pyi", "app/generated/__init__.py", "app/generated/erd.svg"])
def test_a_file_that_somebody_else_wrote_is_never_written_over(project: Project, name: str) -> None:
    project.write(name, "# mine\n")

    done, checked = project.run("generate", "--json"), project.run("generate", "--check", "--json")

    assert (done.code, done.json["error"]["code"], checked.json["error"]["code"]) == (2, "DB110", "DB110")
    assert name in done.json["error"]["message"]
    assert (project.root / name).read_text() == "# mine\n"
    assert not (project.root / "seed_data/schema.json").exists()


def test_an_empty_package_may_be_there_before(project: Project) -> None:
    project.write("app/generated/__init__.py", "")

    assert project.run("generate").code == 0


def test_line_endings_of_windows_are_not_stale(generated: Project) -> None:
    for name in FILES:
        path = generated.root / name
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert set(states(generated, "--check").values()) == {"fresh"}


def test_migrate_generates_at_its_end_in_one_line(project: Project) -> None:
    done = project.run("migrate", "--name", "init")

    assert done.stdout.splitlines()[-1] == "generated app/models.pyi, app/generated/, seed_data/schema.json (8 files)"
    assert project.run("generate", "--check").code == 0


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        (lambda root: (root / "app/models.pyi").unlink(), "app/models.pyi is missing"),
        (lambda root: (root / "app/generated/client.py").write_text("x"), "app/generated/client.py was edited"),
        (
            lambda root: (root / "app/models.py").write_text((root / "app/models.py").read_text() + "\n# more\n"),
            "app/models.py changed since code was generated from it",
        ),
        (lambda root: (root / "app/generated/dbtool.lock").unlink(), "nothing is generated yet into app/generated"),
    ],
    ids=["missing", "edited", "models", "never"],
)
def test_status_names_what_is_missing_and_stale_and_stays_ok(migrated: Project, deed, words: str) -> None:  # type: ignore[no-untyped-def]
    assert "generate" not in migrated.run("status").stdout
    deed(migrated.root)

    told, full = migrated.run("status", "--json"), migrated.run("status")

    assert told.code == full.code == 0
    assert [(each["code"], each["message"], each["hint"]) for each in told.json["report"]["findings"]] == [
        ("generated", words, "dbtool generate")
    ]
    assert words in full.stdout + full.stderr


def test_doctor_names_each_file_that_is_not_what_the_models_give(generated: Project) -> None:
    (generated.root / "app/generated/client.py").unlink()
    with (generated.root / "app/generated/schemas.py").open("a") as file:
        file.write("# mine")

    done = generated.run("doctor", "--json")

    found = [each["message"] for each in done.json["report"]["findings"] if each["code"] == "generated"]
    assert found == ["app/generated/schemas.py is stale", "app/generated/client.py is missing"]


def test_models_outside_the_project_give_what_needs_no_place(project: Project, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    elsewhere = tmp_path_factory.mktemp("installed")
    (project.root / "app").rename(elsewhere / "app")

    done = project.run("generate", "--json", PYTHONPATH=str(elsewhere))

    assert [each["path"] for each in done.json["report"]["outputs"]] == ["seed_data/schema.json"]


def test_a_package_of_models_has_its_code_beside_it(project: Project) -> None:
    models = (project.root / "app/models.py").read_text()
    (project.root / "app/models.py").unlink()
    project.write("app/models/__init__.py", "from app.models.books import Author, Book\n")
    project.write("app/models/books.py", models)

    assert states(project).keys() >= {"app/models/books.pyi", "app/generated/client.py"}
    assert project.run("generate", "--check").code == 0


def test_models_at_the_top_of_the_project_have_their_code_there(project: Project) -> None:
    (project.root / "app/models.py").rename(project.root / "models.py")
    project.write("pyproject.toml", '[tool.dbtool]\nmodels = "models"\n')

    assert states(project).keys() >= {"models.pyi", "generated/client.py"}


def test_the_readme_holds_the_diagram_between_its_marks(project: Project) -> None:
    text = "# App\r\n\r\n<!-- dbtool:erd -->\r\nold\r\n<!-- /dbtool:erd -->\r\n\r\nMore.\r\n"
    (project.root / "README.md").write_bytes(text.encode())

    states(project)

    written = (project.root / "README.md").read_bytes().decode()
    assert written.startswith("# App\r\n\r\n<!-- dbtool:erd -->\r\n```mermaid\r\nerDiagram\r\n")
    assert written.endswith("```\r\n<!-- /dbtool:erd -->\r\n\r\nMore.\r\n")
    assert "old" not in written
    assert "\r" not in written.replace("\r\n", "")
    assert states(project, "--check")["README.md"] == "fresh"


def test_a_readme_without_marks_is_nobodys(project: Project) -> None:
    project.write("README.md", "# App\n")

    assert "README.md" not in states(project)


# watch


@pytest.fixture
def watching(project: Project) -> Iterator[subprocess.Popen[str]]:
    """`dbtool generate --watch`, as it runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dbtool", "generate", "--watch", "--json"],
        cwd=project.root,
        env=project.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.wait()


def told(process: subprocess.Popen[str]) -> dict[str, object]:
    """Return the next object that was printed."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line == "}\n":
            break
    found: dict[str, object] = json.loads("".join(lines))
    return found


def test_watch_writes_again_when_the_models_change_and_survives_mistakes(
    project: Project, watching: subprocess.Popen[str]
) -> None:
    assert told(watching)["ok"] is True
    field = "pages: int = Field(default=0)"

    project.edit("app/models.py", field, f"{field}\n    isbn: str = ")
    broken = told(watching)
    project.edit("app/models.py", "isbn: str = ", 'isbn: str = ""')
    mended = told(watching)

    assert (broken["ok"], broken["error"]["code"], mended["ok"]) == (False, "DB106", True)  # type: ignore[index]
    assert "isbn" in (project.root / "app/models.pyi").read_text()
    assert watching.poll() is None


def test_watch_ends_with_ctrl_c(watching: subprocess.Popen[str]) -> None:
    import signal

    told(watching)
    watching.send_signal(signal.SIGINT)

    assert watching.wait(20) == 130


# erd


def test_a_diagram_is_printed_or_written(project: Project) -> None:
    printed = project.run("erd")
    written = project.run("erd", "--output", "docs/erd.svg", "--json")

    assert printed.stdout.startswith('erDiagram\n    "author" {\n')
    assert (written.json["report"]["format"], written.json["report"]["tables"]) == ("svg", ["author", "book"])
    assert (project.root / "docs/erd.svg").read_text() == written.json["report"]["text"]


def test_a_diagram_shows_the_tables_that_were_asked_for(project: Project) -> None:
    done = project.run("erd", "Authors", "--format", "dbml")

    assert done.stdout.startswith("Table author {\n")
    assert "book" not in done.stdout


def test_without_models_the_database_is_drawn(migrated: Project) -> None:
    migrated.edit("pyproject.toml", 'models = "app.models"\n', "")

    done = migrated.run("erd")

    assert '"author" ||--o{ "book" : "author_id"' in done.stdout
    assert "dbtool_migrations" not in done.stdout


def test_a_file_that_does_not_say_what_it_is_is_refused(project: Project) -> None:
    done = project.run("erd", "--output", "erd.png", "--json")

    assert (done.code, done.json["error"]["code"]) == (2, "DB108")
    assert not Path(project.root / "erd.png").exists()
