"""Rules of `lint`: each has a case that breaks it and one that does not, for each kind of database that it is for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from lint_cases import CASES, OWN_CASES
from projects import REPOSITORY

from dbtool.database import spelling
from dbtool.engine import history, lint, recording
from dbtool.engine.lint import KINDS, RULES
from dbtool.reports import Finding

FILE = """\
import sqlalchemy as sa
from alembic import op

revision = "20250101000000"
down_revision = None


def upgrade() -> None:
    {up}


def downgrade() -> None:
    {down}
"""
# What no operation shows: the files as a whole, comments, the database itself. They have tests of their own.
ELSEWHERE = {
    "two-heads", "dup-revision", "orphan-parent", "edited-applied", "missing-applied", "out-of-order",
    "allow-without-reason", "allow-unknown", "invalid-index", "sqlite-rebuild", "irreversible", "downgrade-loses-data",
}  # fmt: skip


def tables() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("p", metadata, sa.Column("id", sa.BigInteger, primary_key=True))
    sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer),
        sa.Column("a", sa.Integer),
        sa.Column("big", sa.BigInteger),
        sa.Column("b", sa.String(20)),
        sa.Column("n", sa.Numeric(10, 2)),
        sa.Column("kind", sa.Enum("one", "two", "three", name="kind")),
        sa.Column("required", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_t"),
        sa.UniqueConstraint("b", name="uq_t_b"),
        sa.CheckConstraint("a > 0", name="ck_t"),
        sa.ForeignKeyConstraint(["a"], ["p.id"], name="fk_t_p"),
    )
    return metadata


def found(folder: Path, kind: str, up: str, down: str = "pass") -> list[Finding]:
    """Judge one file by itself, on a database of this kind that need not be there."""
    indent = "\n    "
    text = FILE.format(up=indent.join(up.splitlines()), down=indent.join(down.splitlines()))
    path = folder / "20250101000000_it.py"
    path.write_text(text, encoding="utf-8")
    known, dialect = tables(), spelling.dialect(kind)

    def look(name: str, schema: str | None) -> sa.Table | None:
        return known.tables.get(name)

    revision = history.describe(path)
    forth = recording.noted(revision, "up", dialect, look)
    back = recording.noted(revision, "down", dialect, look)
    facts = lint.Facts(kind, lint.added(forth), frozenset({"app"}))
    return list(lint.judge(lint.file_of(forth, back, text), facts, "it.py"))


def rules(folder: Path, kind: str, up: str, down: str = "pass") -> set[str]:
    return {each.code for each in found(folder, kind, up, down)}


WIDE = [(rule, kind, loud, quiet) for rule, loud, quiet in CASES for kind in KINDS if RULES[rule].severity(kind)]


@pytest.fixture(autouse=True)
def application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app").mkdir()
    for name in ("__init__", "models"):
        (tmp_path / "app" / f"{name}.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize(("rule", "kind", "loud", "quiet"), [*WIDE, *OWN_CASES])
def test_a_rule_finds_what_breaks_it_and_nothing_else(
    tmp_path: Path, rule: str, kind: str, loud: str, quiet: str
) -> None:
    broken = [each for each in found(tmp_path, kind, loud) if each.code == rule]

    assert [each.severity for each in broken[:1]] == [RULES[rule].severity(kind)]
    assert rule not in rules(tmp_path, kind, quiet)


def test_every_rule_has_a_case_for_every_kind_of_database_that_it_is_for() -> None:
    tested = {(rule, kind) for rule, kind, *_ in [*WIDE, *OWN_CASES]}
    wanted = {(rule.name, kind) for rule in RULES for kind in KINDS if rule.severity(kind)}

    assert {(rule, kind) for rule, kind in wanted - tested if rule not in ELSEWHERE} == set()
    assert len({rule.name for rule in RULES}) == len(list(RULES))


@pytest.mark.parametrize(("rule", "loud"), [(rule, loud) for rule, loud, _ in CASES])
def test_a_rule_is_silent_where_it_does_not_apply(tmp_path: Path, rule: str, loud: str) -> None:
    for kind in KINDS:
        if RULES[rule].severity(kind) is None:
            assert rule not in rules(tmp_path, kind, loud)


@pytest.mark.parametrize(
    ("down", "expected"),
    [
        ("pass", {"irreversible"}),
        ("raise NotImplementedError", {"irreversible"}),
        ("raise NotImplementedError('the old values are gone')", set()),
        ("op.drop_column('t', 'z')", set()),
        ("op.get_bind().execute(sa.text('DROP TYPE z'))", set()),
        ("op.drop_column('t', 'b')", {"downgrade-loses-data"}),
        ("op.drop_table('p')", {"downgrade-loses-data"}),
    ],
)
def test_the_way_back_takes_back_what_was_done_and_no_more(tmp_path: Path, down: str, expected: set[str]) -> None:
    names = rules(tmp_path, "sqlite", "op.add_column('t', sa.Column('z', sa.Integer))", down)

    assert names & {"irreversible", "downgrade-loses-data"} == expected


# Where it is said, and what to write instead


def test_a_finding_names_its_line_and_what_to_paste(tmp_path: Path) -> None:
    (finding,) = (
        each
        for each in found(tmp_path, "postgres", "x = 1\nop.create_index(\n    'ix_t_a',\n    't',\n    ['a', 'b'])")
        if each.code == "index-not-concurrent"
    )

    assert finding == Finding(
        "index-not-concurrent",
        "nobody can write to t while the index is built",
        "with op.get_context().autocommit_block():  # in a revision of its own\n"
        "    op.create_index(\"ix_t_a\", \"t\", ['a', 'b'], postgresql_concurrently=True, if_not_exists=True)",
        "it.py:10",
        "error",
    )


def test_operations_of_a_batch_and_of_a_called_function_are_found_at_their_own_lines(tmp_path: Path) -> None:
    up = (
        "def drop(name):\n    op.drop_column('t', name)\n"
        "with op.batch_alter_table('t') as b:\n    b.drop_column('a')\n"
        "drop('b')"
    )

    lines = [each.where for each in found(tmp_path, "sqlite", up) if each.code == "drop-column"]

    assert lines == ["it.py:10", "it.py:12"]


# Silencing


@pytest.mark.parametrize(
    "up",
    [
        "op.drop_table('t')  # dbtool: allow drop-table -- nobody reads it since May",
        "# dbtool: allow drop-table -- nobody reads it since May\nop.drop_table('t')",
        "# dbtool: allow wide-index, drop-table -- nobody reads it\n# and it was empty\nop.drop_table('t')",
        "op.drop_table(\n    't',  # dbtool: allow drop-table -- nobody reads it\n)",
        "# dbtool: allow drop-table -- it is only a copy\nfor name in ('t',):\n    op.drop_table(name)",
    ],
)
def test_a_comment_with_a_reason_silences_a_rule(tmp_path: Path, up: str) -> None:
    names = rules(tmp_path, "sqlite", up, "raise NotImplementedError('gone')")

    assert names == set()


def test_a_comment_silences_one_operation_and_no_other(tmp_path: Path) -> None:
    up = "op.drop_table('t')  # dbtool: allow drop-table -- unused\nop.drop_table('p')"

    lines = [each.where for each in found(tmp_path, "sqlite", up) if each.code == "drop-table"]

    assert lines == ["it.py:10"]


def test_a_comment_needs_a_reason_and_a_rule_that_there_is(tmp_path: Path) -> None:
    up = "op.drop_table('t')  # dbtool: allow drop-table\nop.drop_table('p')  # dbtool: allow drop-tables -- unused"

    findings = found(tmp_path, "sqlite", up, "raise NotImplementedError('gone')")

    assert sorted((each.code, each.where, each.severity) for each in findings) == [
        ("allow-unknown", "it.py:10", "warning"),
        ("allow-without-reason", "it.py:9", "error"),
        ("drop-table", "it.py:10", "error"),
        ("drop-table", "it.py:9", "error"),
    ]


# Documentation


def test_readme_lists_every_rule_with_its_severities() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([a-z-]+)` \| ([EWN-]) \| ([EWN-]) \| ([EWN-]) \| (.+) \|$", readme, re.MULTILINE)

    assert listed == [(rule.name, *rule.severities, rule.catches) for rule in RULES]
