"""`diff`: what is different between any two schemas, in words and as SQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import PYPROJECT, Project, new_url

import dbtool
from dbtool.errors import RevisionError, UsageError

MODELS = """\
from sqlmodel import Field, SQLModel

class {name}(SQLModel, table=True):
    __tablename__ = "thing"
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    {more}
"""


@pytest.fixture
def on(url: str, tmp_path: Path) -> Project:
    """A project with files that a database ran, of each kind; the second file adds what the models have."""
    made = Project(tmp_path, url)
    made.write("pyproject.toml", PYPROJECT)
    made.scaffold()
    unique = "sa.UniqueConstraint('code', name='thing_code_key')"
    made.migration(
        "one",
        "op.create_table('thing', sa.Column('id', sa.Integer, primary_key=True),"
        f" sa.Column('code', sa.String(20), nullable=False), {unique})",
        "op.drop_table('thing')",
    )
    made.migration("two", "op.add_column('thing', sa.Column('size', sa.Integer))", "op.drop_column('thing', 'size')")
    dbtool.deploy(made.config, to="one")
    return made


def texts(project: Project, source: str, target: str) -> list[str]:
    return [change.text for change in dbtool.diff(project.config, source=source, target=target).changes]


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("database", "files", ["add column thing.size (INTEGER)"]),
        ("files", "database", ["drop column thing.size"]),
        ("one", "two", ["add column thing.size (INTEGER)"]),
        ("one", "database", []),
        ("base", "one", ["create table thing (2 columns)"]),
        ("two", "files", []),
    ],
)
def test_two_schemas_are_compared(on: Project, source: str, target: str, expected: list[str]) -> None:
    found = [text.replace("INTEGER(11)", "INTEGER") for text in texts(on, source, target)]

    assert [text for text in found if not text.startswith("add index")] == expected


def test_the_sql_brings_one_to_the_other(on: Project) -> None:
    report = dbtool.diff(on.config, source="database", target="files", sql=True)

    with on.database.connect("migrate") as connection:
        for statement in report.statements:
            connection.exec_driver_sql(statement)
        connection.commit()

    assert len(report.statements) == 1
    assert texts(on, "database", "files") == []


def test_another_database_is_named_by_its_url_and_its_password_is_not_shown(on: Project, tmp_path: Path) -> None:
    assert on.url is not None

    report = dbtool.diff(on.config, source=on.url, target="two")

    assert [change.subject for change in report.changes] == ["thing.size"]
    assert report.source == on.database.url.safe


def run(project: Project, *arguments: str) -> tuple[int, list[str]]:
    done = project.run("diff", *arguments)
    assert done.stderr == ""
    return done.code, done.stdout.splitlines()


def test_models_and_files_are_compared_both_ways_without_false_differences(on: Project) -> None:
    on.write("app/__init__.py", "")
    on.write(
        "app/models.py",
        MODELS.format(
            name="Thing", more="size: int | None = None\n    note: str | None = Field(default=None, max_length=9)"
        ),
    )

    code, there = run(on, "--exit-code")
    back = run(on, "--from", "models", "--to", "files")

    assert (code, there[0]) == (1, "from files to models:")
    assert there[1].startswith("  add column thing.note")
    assert back == (0, ["from models to files:", "  drop column thing.note"])


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    made = Project(tmp_path)
    made.write("pyproject.toml", PYPROJECT)
    made.scaffold()

    with pytest.raises(UsageError, match="databases of two kinds"):
        dbtool.diff(made.config, source="database", target="postgresql://localhost/app")
    with pytest.raises(RevisionError, match="no migration is called `nothing`"):
        dbtool.diff(made.config, source="nothing", target="files")


def test_a_database_is_only_read(tmp_path: Path) -> None:
    made = Project(tmp_path, new_url("sqlite", tmp_path))
    made.write("pyproject.toml", PYPROJECT)
    made.scaffold()
    made.migration("one", "op.create_table('a', sa.Column('id', sa.Integer))", "op.drop_table('a')")
    dbtool.deploy(made.config)
    before = (tmp_path / "test.db").read_bytes()

    dbtool.diff(made.config, source="database", target="base", sql=True)

    assert (tmp_path / "test.db").read_bytes() == before
