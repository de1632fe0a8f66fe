"""`squash`: one file in place of many makes the same, and databases that ran the many are where they were."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest
from projects import Project, at, drop, new_url

import dbtool
from dbtool.config import Location
from dbtool.conversation import Answers
from dbtool.database import rows
from dbtool.engine import files
from dbtool.engine import history as histories
from dbtool.errors import AnswerError, HistoryError, SquashedError

YES = Answers(yes=True)

ONE = """\
import datetime, decimal
op.create_table(
    "country",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("name", sa.String(40), nullable=False, comment="as said"),
    sa.Column("since", sa.DateTime()),
    sa.Column("area", sa.Numeric(10, 2)),
    sa.Column("parent_id", sa.Integer(), sa.ForeignKey("country.id", name="country_parent")),
    sa.UniqueConstraint("name", name="country_name"),
)
since, area = datetime.datetime(2020, 1, 2, 3, 4, 5), decimal.Decimal("1.50")
number = sa.column("area", sa.Numeric(10, 2))
country = sa.table("country", sa.column("name"), sa.column("since", sa.DateTime()), number)
op.bulk_insert(country, [{"name": "It's: 100% :x", "since": since, "area": area}])
op.bulk_insert(country, [{"name": "b", "since": None, "area": None}])
op.execute("UPDATE country SET parent_id = 1 WHERE name = 'b'")"""

TWO = """\
op.create_table(
    "person",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("country_id", sa.Integer(), sa.ForeignKey("country.id", name="person_country", ondelete="CASCADE")),
    sa.Column("mood", sa.Enum("sad", "ok", name="mood"), nullable=False, server_default="ok"),
    sa.Column("active", sa.Boolean(), server_default=sa.true()),
    sa.Column("data", sa.JSON()),
    sa.CheckConstraint("country_id > 0", name="positive"),
)
op.create_index("person_mood", "person", ["mood"])"""
NO_TWO = """\
op.drop_table("person")
sa.Enum(name="mood").drop(op.get_bind(), checkfirst=True)"""

VIEWS = r"""
op.execute("CREATE VIEW names AS SELECT name, '100%' AS part, '\\:x' AS colon FROM country")
op.execute("CREATE VIEW again AS SELECT name FROM names")
op.execute("DROP VIEW again")
op.execute("CREATE VIEW again AS SELECT name, colon FROM names")
"""
BESIDE = {
    "sqlite": """\
op.execute("CREATE TRIGGER stamp AFTER INSERT ON person BEGIN UPDATE person SET active = 0 WHERE mood = 'sad'; END")""",
    "postgres": """\
op.execute("CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN NEW.active := NEW.mood::text <> 'sad'; RETURN NEW; END $$")
op.execute("CREATE TRIGGER stamp BEFORE INSERT ON person FOR EACH ROW EXECUTE FUNCTION stamp()")
op.execute("CREATE FUNCTION one() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1'")
op.execute("ALTER TABLE person ADD CONSTRAINT big CHECK (id >= one())")
op.execute("GRANT SELECT ON person TO PUBLIC")""",
    "mysql": """\
op.execute("CREATE TRIGGER stamp BEFORE INSERT ON person FOR EACH ROW "
    "BEGIN SET NEW.active = NEW.mood <> 'sad'; SET @x = 1; END")
op.execute("CREATE FUNCTION one() RETURNS integer DETERMINISTIC RETURN 1")""",
}
NO_BESIDE = {
    "sqlite": 'op.execute("DROP TRIGGER stamp")',
    "postgres": """\
op.execute("ALTER TABLE person DROP CONSTRAINT big")
op.execute("DROP TRIGGER stamp ON person")
op.execute("DROP FUNCTION one()")
op.execute("DROP FUNCTION stamp()")""",
    "mysql": 'op.execute("DROP TRIGGER stamp")\nop.execute("DROP FUNCTION one")',
}

FOUR = """\
op.add_column("person", sa.Column("extra", sa.String(5)))
mood = sa.Enum("sad", "ok", name="mood")
person = sa.table("person", sa.column("country_id"), sa.column("mood", mood), sa.column("data", sa.JSON()))
op.bulk_insert(person, [{"country_id": 2, "mood": "sad", "data": {"a": [1, None, "x"]}}])"""
NO_FOUR = """\
op.execute("DELETE FROM person")
op.drop_column("person", "extra")"""


@pytest.fixture
def app(project: Project, url: str) -> Iterator[Project]:
    """Five migrations by hand, with rows, views, triggers and functions, of which a database has run two."""
    project.url = url
    kind = project.database.kind
    project.scaffold()
    project.edit("pyproject.toml", 'models = "app.models"\n', "")  # none of this is in the models
    project.migration("one", ONE, 'op.drop_table("country")')
    project.migration("two", TWO, NO_TWO)
    gone = 'op.execute("DROP VIEW again")\nop.execute("DROP VIEW names")\n'
    project.migration("three", f"{VIEWS.strip()}\n{BESIDE[kind]}", gone + NO_BESIDE[kind])
    project.migration("four", FOUR, NO_FOUR)
    project.migration("five", 'op.create_table("last", sa.Column("id", sa.Integer()))', 'op.drop_table("last")')
    files.relist(project.config, histories.read(project.config))
    dbtool.deploy(project.config, to="two")
    yield project


@pytest.fixture
def fresh(app: Project) -> Iterator[Project]:
    """The same project with a database that does not exist yet."""
    url = new_url(app.database.kind, app.root / ".dbtool")
    yield Project(app.root, url)
    drop(url, app.root)


def texts(project: Project) -> dict[str, str]:
    return {path.name: path.read_text() for path in (*project.versions, project.config.lock)}


def facts(project: Project) -> tuple[tuple[str, ...], list[object]]:
    """Return what a database holds: its catalogue, where that does not depend on how a table came to be, and rows."""
    with project.database.reading() as connection:
        lines = project.database.catalogue(connection).lines
        country = rows(connection, "SELECT id, name, since, area, parent_id FROM country ORDER BY id")
        person = rows(connection, "SELECT id, country_id, mood, active, data FROM person ORDER BY id")
    kinds = ("view", "trigger") if project.database.kind == "sqlite" else ("",)
    return tuple(line for line in lines if line.startswith(kinds)), [*map(tuple, country), *map(tuple, person)]


def test_one_file_makes_what_four_made_and_databases_that_ran_them_are_where_they_were(
    app: Project, fresh: Project
) -> None:
    with pytest.raises(HistoryError) as half:
        dbtool.squash(app.config, through="four", ask=YES)
    assert half.value.hint == "dbtool deploy --to 20250101000003"
    dbtool.deploy(app.config)
    before, had = texts(app), facts(app)

    would = dbtool.squash(app.config, through="four", dry_run=True)
    with pytest.raises(AnswerError):
        dbtool.squash(app.config, through="four")
    assert texts(app) == before

    done = dbtool.squash(app.config, through="four", ask=YES)

    assert done.revision is not None and (done.revision.id, done.revision.parents) == ("20250101000003", ())
    assert [each.name for each in done.squashed] == ["one", "two", "three", "four"]
    steps = ("replayed 4 files from nothing", "the same schema", "3 rows", "down", "up again", "1 file on top")
    assert (done.proof, done.rows, would.proof) == (steps, 3, steps)
    notes = {"postgres": ("GRANT SELECT ON person TO PUBLIC",)}
    assert done.notes == notes.get(app.database.kind, ())
    assert [path.name for path in app.versions] == ["20250101000003_squash.py", "20250101000004_five.py"]
    kept = {path.name for path in (app.root / ".dbtool" / "applied").glob("*.py")}
    assert {"20250101000000_one.py", "20250101000003_four.py"} <= kept

    status = dbtool.status(app.config)
    assert (status.drift, status.standing.intact, status.standing.pending) == ((), True, ())
    assert dbtool.deploy(app.config).planned == ()
    assert [each.name for each in dbtool.deploy(fresh.config).applied] == ["squash", "five"]
    assert facts(fresh) == had
    with fresh.database.connect("migrate") as connection:  # the next row gets a number of its own
        connection.exec_driver_sql("INSERT INTO country (name) VALUES ('new')")
        connection.commit()

    again = dbtool.squash(app.config, name="all", ask=YES)
    assert again.proof[:2] == ("replayed 2 files from nothing", "the same schema")
    for each in (app, fresh):
        assert dbtool.status(each.config).standing.intact
        assert dbtool.deploy(each.config).planned == ()
    dbtool.rollback(fresh.config, ask=YES)
    assert dbtool.status(fresh.config).standing.applied == ()
    assert [each.name for each in dbtool.deploy(fresh.config).applied] == ["all"]


def test_a_database_that_stopped_in_the_middle_is_told_what_to_do(app: Project, fresh: Project) -> None:
    dbtool.deploy(fresh.config)

    dbtool.squash(fresh.config, through="four", ask=YES)

    with pytest.raises(SquashedError) as error:
        dbtool.deploy(app.config)
    assert error.value.message.startswith("this database stopped at 20250101000001")
    assert "git log --all --oneline -- '*20250101000001*.py'" in error.value.hint
    with pytest.raises(SquashedError):
        dbtool.rollback(app.config, ask=YES)
    checked = {each.name: each.ok for each in dbtool.check(app.config).checked}
    assert (checked["replay"], checked["database"]) == (True, False)
    status = dbtool.status(app.config)
    assert next(finding.code for finding in status.findings if finding.severity == "error") == "squashed"
    assert (status.ok, status.standing.missing, status.standing.left_behind) == (
        False,
        (),
        ("20250101000002", "20250101000003"),
    )


def on_sqlite(project: Project, *names: str) -> Project:
    project.scaffold()
    project.edit("pyproject.toml", 'models = "app.models"\n', "")
    for name in names:
        project.migration(name, f'op.create_table("{name}", sa.Column("id", sa.Integer()))', f'op.drop_table("{name}")')
    files.relist(project.config, histories.read(project.config))
    return project


def test_branches_are_left_alone(project: Project) -> None:
    on_sqlite(project, "one", "two", "three")
    path = project.versions[-1]
    path.write_text(path.read_text().replace("down_revision = '20250101000001'", "down_revision = '20250101000000'"))
    path.write_text(path.read_text().replace("\n\n\ndef upgrade", "\nbranch_labels = ('side',)\n\n\ndef upgrade"))
    files.relist(project.config, histories.read(project.config))

    with pytest.raises(HistoryError) as inside:
        dbtool.squash(project.config, through="two", ask=YES)
    with pytest.raises(HistoryError) as labelled:
        dbtool.squash(project.config, through="three", ask=YES)

    assert "20250101000002 three follows 20250101000000" in inside.value.message
    assert "20250101000002 three is part of a branch" in labelled.value.message


def test_fewer_than_two_migrations_are_no_work(project: Project) -> None:
    on_sqlite(project, "one", "two")

    done = dbtool.squash(project.config, through="one")

    assert (done.revision, [each.name for each in done.squashed], len(project.versions)) == (None, ["one"], 2)


def test_an_interrupted_writing_puts_every_file_back(project: Project) -> None:
    on_sqlite(project, "one", "two", "three")
    before = texts(project)
    project.config.lock.with_name(".dbtool.lock.part").mkdir()  # so that the lock, which comes last, cannot be written

    with pytest.raises(OSError):
        dbtool.squash(project.config, through="two", ask=YES)

    project.config.lock.with_name(".dbtool.lock.part").rmdir()
    assert texts(project) == before


def test_what_the_models_say_is_written_the_way_they_say_it_and_plain_alembic_goes_on(migrated: Project) -> None:
    migrated.edit("app/models.py", "pages: int = Field(default=0)", "pages: int = 0\n    isbn: str | None = None")
    assert migrated.run("migrate", "--name", "isbn").code == 0

    done = migrated.run("squash", "--yes", "--name", "base")

    assert done.code == 0, done.stderr
    assert "put 2 migrations into one:" in done.stdout
    text = migrated.versions[0].read_text()
    assert 'sa.Column("isbn", sqlmodel' not in text and 'sa.Column("pages", sa.Integer(), nullable=False)' in text
    assert migrated.run("check", "--json").json["ok"] is True
    for url in (None, "sqlite:///new.db"):
        more = {"DATABASE_URL": url} if url else {}
        went = migrated.python("-m", "alembic", "upgrade", "head", **more)
        assert went.code == 0, went.stderr
        assert migrated.run("status", **more).code == 0
    history = migrated.run("history", "--json").json["report"]["rows"]
    assert [each["name"] for each in history] == ["init", "isbn"]


def test_a_history_of_git_finds_the_files_again(project: Project) -> None:
    on_sqlite(project, "one", "two", "three")
    dbtool.deploy(project.config, to="one")
    elsewhere = replace(project.config, url=Location("sqlite:///new.db", "test", project.root))
    dbtool.deploy(elsewhere)
    for command in (("init", "-q"), ("add", "migrations"), ("commit", "-qm", "before")):
        subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@b.c", *command], cwd=project.root, check=True)

    dbtool.squash(elsewhere, ask=YES, name="all")

    with pytest.raises(SquashedError) as error:
        dbtool.deploy(project.config)
    command = error.value.hint.partition("   ")[0]
    said = subprocess.run(command, shell=True, cwd=project.root, capture_output=True, text=True, check=True).stdout
    assert "before" in said
    assert at("sqlite:///new.db", project.root).exists()


def test_a_squash_here_and_a_migration_there_meet_in_the_lock(project: Project) -> None:
    on_sqlite(project, "one", "two")
    dbtool.deploy(project.config)
    project.migration("three", 'op.create_table("three", sa.Column("id", sa.Integer()))', 'op.drop_table("three")')
    files.relist(project.config, histories.read(project.config))
    theirs, path = project.config.lock.read_text(), project.versions[-1]
    three = path.read_text()
    path.unlink()
    files.relist(project.config, histories.read(project.config))
    dbtool.squash(project.config, ask=YES, through="two")
    path.write_text(three)
    mine = project.config.lock.read_text()
    project.config.lock.write_text(f"<<<<<<< HEAD\n{mine}=======\n{theirs}>>>>>>> theirs\n")

    done = dbtool.rebase(project.config, ask=YES)

    assert (done.lock_resolved, done.moved) == (True, ())
    assert [each.name for each in dbtool.deploy(project.config).applied] == ["three"]
    status = dbtool.status(project.config)
    assert (status.standing.intact, [each.name for each in status.standing.applied]) == (True, ["squash", "three"])
