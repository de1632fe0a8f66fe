"""`rollback`: what would be lost is counted, asked about and copied away, and a failure changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from projects import Project

import dbtool
from dbtool.conversation import Answers
from dbtool.errors import AnswerError, EditedError, HistoryError, MigrationError, RevisionError

YES = Answers(yes=True)


@pytest.fixture
def app(project: Project, url: str) -> Iterator[Project]:
    """Three migrations with rows between them, on each kind of database."""
    project.url = url
    project.scaffold()
    project.migration(
        "one",
        'op.create_table("one", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("word", sa.String(20)))',
        'op.drop_table("one")',
    )
    project.migration(
        "two",
        'op.create_table("two", sa.Column("id", sa.Integer(), primary_key=True))\n'
        'op.add_column("one", sa.Column("extra", sa.String(20)))',
        'op.drop_table("two")\nop.drop_column("one", "extra")',
    )
    project.migration(
        "three",
        'op.alter_column("one", "word", new_column_name="name", existing_type=sa.String(20))',
        'op.alter_column("one", "name", new_column_name="word", existing_type=sa.String(20))',
    )
    dbtool.deploy(project.config)
    execute(project, "INSERT INTO one (id, name, extra) VALUES (1, 'a', 'x'), (2, 'b', NULL), (3, NULL, 'y')")
    yield project


def execute(project: Project, *statements: str) -> None:
    with project.database.connect("write") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()


def columns(project: Project, table: str) -> list[str]:
    from sqlalchemy import inspect

    with project.database.connect("read") as connection:
        inspector = inspect(connection)
        return [each["name"] for each in inspector.get_columns(table)] if inspector.has_table(table) else []


def told(report: object) -> list[tuple[str, str]]:
    return [(risk.subject, risk.text) for risk in report.risks]  # type: ignore[attr-defined]


def names(report: object) -> list[str]:
    return [each.name for each in report.applied]  # type: ignore[attr-defined]


def test_the_newest_migration_is_taken_back_and_nothing_is_lost_by_a_rename(app: Project) -> None:
    report = dbtool.rollback(app.config, ask=YES)

    assert (names(report), report.current, report.risks, report.backup) == (["three"], ("20250101000001",), (), None)
    assert columns(app, "one") == ["id", "word", "extra"]
    assert dbtool.status(app.config).drift == ()
    assert names(dbtool.deploy(app.config)) == ["three"]


def test_what_would_be_lost_is_counted_under_the_names_it_has_now(app: Project) -> None:
    execute(app, "INSERT INTO two (id) VALUES (1)")

    two = dbtool.rollback(app.config, steps=2, dry_run=True)
    three = dbtool.rollback(app.config, to="base", dry_run=True)

    assert told(two) == [("two", "1 row lost"), ("one.extra", "2 values lost")]
    assert told(three) == [("two", "1 row lost"), ("one", "3 rows lost")]
    assert columns(app, "one") == ["id", "name", "extra"]
    assert (two.current, names(two)) == (
        ("20250101000002",),
        ["three", "two"] if app.database.transactional_ddl else [],
    )


def test_losing_rows_takes_a_backup_that_restores_them(app: Project) -> None:
    report = dbtool.rollback(app.config, to="one", ask=YES)

    assert report.backup is not None
    assert columns(app, "one") == ["id", "word"]
    app.database.restore(app.root / report.backup)
    assert columns(app, "one") == ["id", "name", "extra"]
    assert dbtool.status(app.config).standing.pending == ()


def test_without_an_answer_nothing_happens(app: Project) -> None:
    with pytest.raises(AnswerError) as error:
        dbtool.rollback(app.config)

    assert error.value.hint == "add --yes to answer yes"
    assert columns(app, "one") == ["id", "name", "extra"]


def test_a_way_back_that_fails_leaves_the_database_as_it_was(app: Project) -> None:
    app.migration("four", 'op.add_column("two", sa.Column("more", sa.Integer()))', 'op.drop_column("two", "more")')
    five = app.migration("five", "pass", 'op.execute("DELETE FROM two")\nop.drop_table("nowhere")')
    dbtool.deploy(app.config)
    execute(app, "INSERT INTO two (id) VALUES (1)")

    with pytest.raises(MigrationError) as error:
        dbtool.rollback(app.config, steps=2, ask=YES)

    assert (error.value.failed, dbtool.status(app.config).standing.current) == ("five", (five.name[:14],))
    assert columns(app, "two") == ["id", "more"]


def test_a_way_back_that_changes_rows_is_named(app: Project) -> None:
    app.migration("four", "pass", 'op.execute("UPDATE one SET extra = NULL WHERE id = 1")')
    dbtool.deploy(app.config)

    report = dbtool.rollback(app.config, dry_run=True)

    assert told(report) == [("four", "runs `UPDATE one SET extra = NULL WHERE id = 1`")]


def test_a_migration_that_cannot_be_taken_back_says_why(app: Project) -> None:
    app.migration("four", "pass", 'raise NotImplementedError("the old values are gone")')
    dbtool.deploy(app.config)

    with pytest.raises(HistoryError) as error:
        dbtool.rollback(app.config, ask=YES)

    assert error.value.message == "20250101000003 four cannot be taken back: the old values are gone"


def test_values_that_a_narrower_type_would_cut_are_counted(app: Project) -> None:
    app.migration(
        "four",
        'with op.batch_alter_table("one") as batch:\n'
        '    batch.alter_column("name", existing_type=sa.String(20), type_=sa.String(200))',
        'with op.batch_alter_table("one") as batch:\n'
        '    batch.alter_column("name", existing_type=sa.String(200), type_=sa.String(20))',
    )
    dbtool.deploy(app.config)
    execute(app, f"UPDATE one SET name = '{'x' * 30}' WHERE id = 1")

    report = dbtool.rollback(app.config, dry_run=True) if app.database.kind == "mysql" else None
    with pytest.raises(MigrationError) if app.database.kind == "postgres" else _nothing() as error:
        report = report or dbtool.rollback(app.config, dry_run=True)

    if app.database.kind == "mysql":
        assert report is not None and told(report) == [("one.name", "1 value would not survive")]
    assert columns(app, "one") == ["id", "name", "extra"]
    assert error is None or "too long" in " ".join(error.value.problems)


def _nothing() -> object:
    from contextlib import nullcontext

    return nullcontext()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 4}, "4 cannot be taken back: this database has run 3"),
        ({"steps": 0}, "0 cannot be taken back: this database has run 3"),
        ({"to": "nowhere"}, "no migration is called `nowhere`"),
        ({"to": "four"}, "four has not run on this database"),
    ],
)
def test_what_cannot_be_meant_is_refused(app: Project, arguments: dict[str, object], message: str) -> None:
    app.migration("four", "pass")

    with pytest.raises(RevisionError) as error:
        dbtool.rollback(app.config, ask=YES, **arguments)  # type: ignore[arg-type]

    assert error.value.message == message


@pytest.mark.parametrize(
    ("to", "taken"), [("two", ["three"]), ("-1", ["three"]), ("-2", ["three", "two"]), ("head", [])]
)
def test_a_target_is_named_like_every_revision(app: Project, to: str, taken: list[str]) -> None:
    report = dbtool.rollback(app.config, to=to, ask=YES)

    assert names(report) == taken


def test_an_edited_file_is_not_run_back(app: Project) -> None:
    app.edit("migrations/versions/20250101000002_three.py", 'new_column_name="word"', 'new_column_name="wort"')

    with pytest.raises(EditedError):
        dbtool.rollback(app.config, ask=YES)


def test_a_history_that_does_not_run_from_nothing_is_not_counted_but_goes_down(app: Project) -> None:
    first = app.versions[0]
    first.write_text(first.read_text().replace("def upgrade() -> None:", "def upgrade() -> None:\n    1 / 0  #"))

    tried = dbtool.rollback(app.config, dry_run=True)
    report = dbtool.rollback(app.config, ask=YES)

    assert (tried.counted, report.counted, names(report)) == (False, False, ["three"])
    assert report.backup is not None and Path(app.root / report.backup).exists()


def test_an_empty_database_has_nothing_to_take_back(app: Project) -> None:
    dbtool.rollback(app.config, to="base", ask=YES)

    report = dbtool.rollback(app.config)

    assert (report.planned, report.applied, report.current) == ((), (), ())


class Meanwhile(Answers):
    """Somebody who acts while the question stands."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__(yes=True)
        self.act = act

    def confirm(self, question: str, *, flag: str) -> None:
        """Act, then say yes."""
        self.act()


@pytest.mark.parametrize("known", [True, False], ids=["of a file that was there", "of a new file"])
def test_a_deploy_while_the_question_stands_leaves_everything_as_it_is(app: Project, known: bool) -> None:
    def deploy() -> None:
        if not known:
            app.migration("four", "pass")
        dbtool.deploy(app.config)

    if known:
        app.migration("four", "pass")

    with pytest.raises(HistoryError) as error:
        dbtool.rollback(app.config, ask=Meanwhile(deploy))

    assert error.value.message == "20250101000003 ran meanwhile, and nothing was taken back"
    assert dbtool.status(app.config).standing.current == ("20250101000003",)
    assert columns(app, "one") == ["id", "name", "extra"]


def test_what_somebody_else_took_back_while_the_question_stands_is_not_taken_back_twice(app: Project) -> None:
    report = dbtool.rollback(app.config, ask=Meanwhile(lambda: dbtool.rollback(app.config, ask=YES)))

    assert (report.applied, report.current) == ((), ("20250101000001",))
    assert columns(app, "one") == ["id", "word", "extra"]
