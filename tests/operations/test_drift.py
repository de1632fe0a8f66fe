"""A schema that somebody changed by hand: adopted as a migration, taken back, or left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from projects import Project

import dbtool
from dbtool.conversation import REFUSE, Answers, Event, Warn
from dbtool.engine.state import observe
from dbtool.errors import AnswerError, DriftError
from dbtool.operations.drift import Way, WayOut, leave_drift

YES = Answers(yes=True, accept_data_loss=True)


def execute(project: Project, *statements: str) -> None:
    with project.database.connect("migrate") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()


def leave(project: Project, way: Way, ask: object = YES, said: list[str] | None = None) -> WayOut:
    def tell(event: Event) -> None:
        if isinstance(event, Warn) and said is not None:
            said.append(event.text)

    state = observe(project.config, project.database)
    return leave_drift(project.config, project.database, state, way=way, ask=ask, tell=tell)  # type: ignore[arg-type]


@pytest.fixture
def app(project: Project, url: str) -> Iterator[Project]:
    """A table that somebody gave a column with a value, and an index."""
    project.url = url
    project.scaffold()
    project.migration(
        "one",
        'op.create_table("one", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("word", sa.String(20)))',
        'op.drop_table("one")',
    )
    dbtool.deploy(project.config)
    execute(
        project,
        "ALTER TABLE one ADD COLUMN extra VARCHAR(20)",
        "CREATE INDEX by_word ON one (word)",
        "INSERT INTO one (id, extra) VALUES (1, 'x')",
    )
    assert dbtool.status(project.config).drift
    yield project


def test_what_somebody_changed_is_adopted_as_a_migration(app: Project) -> None:
    said: list[str] = []

    done = leave(app, "adopt", said=said)

    assert said == [
        "somebody changed the schema: add column one.extra (VARCHAR(20))",
        "somebody changed the schema: add index by_word on one",
    ]
    assert done.revision is not None and done.revision.parents == ("20250101000000",)
    status = dbtool.status(app.config)
    assert (status.drift, status.standing.current, status.standing.pending) == ((), (done.revision.id,), ())
    assert dbtool.rollback(app.config, ask=YES).risks[0].text == "1 value lost"
    assert [each.name for each in dbtool.deploy(app.config).applied] == ["adopt_drift"]
    assert dbtool.status(app.config).drift == ()


def test_what_somebody_changed_is_taken_back_after_a_question_and_a_backup(app: Project) -> None:
    with pytest.raises(AnswerError):
        leave(app, "revert", REFUSE)
    assert dbtool.status(app.config).drift

    done = leave(app, "revert")

    assert done.backup is not None and done.backup.exists()
    assert done.statements
    status = dbtool.status(app.config)
    assert (status.drift, status.standing.current) == ((), ("20250101000000",))
    assert dbtool.diff(app.config, source="files", target="database").changes == ()


def test_what_is_ignored_stays(app: Project) -> None:
    before = dbtool.status(app.config).drift

    assert leave(app, "ignore") == WayOut("ignore")

    assert dbtool.status(app.config).drift == before


def test_nothing_is_adopted_while_migrations_are_pending(app: Project) -> None:
    app.migration("two", "pass")

    with pytest.raises(DriftError) as error:
        leave(app, "adopt")

    assert error.value.hint == "dbtool deploy"


@pytest.mark.parametrize("way", ["adopt", "revert"])
def test_a_view_is_left_to_a_person(app: Project, way: Way) -> None:
    execute(app, "CREATE VIEW words AS SELECT word FROM one")

    with pytest.raises(DriftError) as error:
        leave(app, way)

    assert [line[:12] for line in error.value.problems] == ["+ view words"]


def test_without_drift_nothing_is_done(app: Project) -> None:
    leave(app, "adopt")

    assert leave(app, "revert") == WayOut("revert")
