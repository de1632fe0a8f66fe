"""The migration files and their lock, read without running any of them."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from projects import Project

from dbtool.engine import history
from dbtool.engine.history import History
from dbtool.errors import (
    ConflictError,
    DbtoolError,
    DuplicateError,
    ForkedError,
    HistoryError,
    UnreadableFileError,
)
from dbtool.reports import Revision
from dbtool.texts import text_hash

FILE = '''\
"""Make the table."""

import sqlalchemy as sa
from alembic import op

revision = "{id}"
down_revision = {parents!r}
branch_labels = None
depends_on = {depends_on!r}


def upgrade() -> None:
    op.create_table("t{id}", sa.Column("id", sa.Integer()))


def downgrade() -> None:
    op.drop_table("t{id}")
'''


@pytest.fixture
def folder(tmp_path: Path) -> Project:
    """A project with an empty migrations folder of dbtool's own."""
    project = Project(tmp_path)
    project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
    project.scaffold()
    return project


def add(
    project: Project,
    id: str,
    parents: str | tuple[str, ...] | None = None,
    *,
    depends_on: str | None = None,
    name: str = "make",
) -> Path:
    text = FILE.format(id=id, parents=parents, depends_on=depends_on)
    return project.write(f"migrations/versions/{id}_{name}.py", text)


def read(project: Project) -> History:
    return history.read(project.config)


def relist(project: Project) -> None:
    history.write_lock(project.config, read(project).revisions)


def shape(found: History) -> list[tuple[str, tuple[str, ...]]]:
    return [(revision.id, revision.parents) for revision in found.revisions]


# Meaning

GOLDEN = {
    "operations": (
        """
from alembic import op
import sqlalchemy as sa

revision = "20250101000000"
down_revision = None


def upgrade() -> None:
    op.create_table("book", sa.Column("id", sa.Integer(), nullable=False), sa.PrimaryKeyConstraint("id"))
    with op.batch_alter_table("book") as batch:
        batch.add_column(sa.Column("pages", sa.Integer(), server_default=sa.text("0")))


def downgrade() -> None:
    op.drop_table("book")
""",
        "4382238a1d2886abc81446dd76fa14b3",
    ),
    "constants": (
        """values = [1, -2, 1.5, 1e100, 10**20, 2j, "text", b"bytes", True, None, ..., "naïve \\u2603", "a" "b"]""",
        "330762c79abd297eb8d12b8cbaffac2d",
    ),
    "texts": (
        '''
name = "x"
text = f"{name!r:>{10}} is {1 + 1} {{}}"
raw = r"\\d+"
long = """two
lines"""
''',
        "0a61fe6e008a6ad59841651bbe9bd355",
    ),
    "statements": (
        '''
async def run(a, /, b: int = 1, *rest, c=2, **more):
    """Not counted."""
    for x, *y in [(1, 2)]:
        if x > 1 and not y or x in (1, 2) is not None:
            continue
        else:
            break
    while False:
        pass
    try:
        raise ValueError("x") from None
    except (ValueError, TypeError) as error:
        del error
    finally:
        assert a, "no"
    return await b, (yield c), [n for n in rest if n], {k: v for k, v in more.items()}, {*rest}, lambda z: z[1:2, ::3]
''',
        "2d52aed099404defc6fc071928e7c192",
    ),
    "modern": (
        '''
match point:
    case {"x": 0, **rest}:
        a = b = rest
    case [1, *_] | Point(x=1) if a:
        a += 1
    case _:
        a: int = (b := 2)
try:
    pass
except* OSError:
    pass


@decorated
class Thing(Base, key=1):
    """Not counted."""
    x: int | None = None
''',
        "854fac2a2734996ab13e2fcddce381d9",
    ),
}


@pytest.mark.parametrize(("text", "expected"), GOLDEN.values(), ids=GOLDEN)
def test_the_hash_of_a_meaning_is_the_same_on_every_python(text: str, expected: str) -> None:
    """Ledgers hold these hashes: a change here calls every applied migration edited."""
    assert history.meaning_hash(ast.parse(text)) == expected


BODY = b'''"""Say it."""

from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    op.execute("SELECT 'a b'")


def downgrade() -> None:
    pass
'''
HARMLESS = {
    "comment": BODY.replace(b"def upgrade", b"# why\ndef upgrade"),
    "docstring": BODY.replace(b'"""Say it."""', b'"""Say it better.\n\nAt length.\n"""'),
    "docstring of a function": BODY.replace(b"    op.execute", b'    """Do it."""\n    op.execute'),
    "no docstring": BODY.replace(b'"""Say it."""\n', b""),
    "blank lines": BODY.replace(b"\n\n\n", b"\n\n\n\n"),
    "quotes": BODY.replace(b"\"SELECT 'a b'\"", b"'SELECT \\'a b\\''"),
    "parentheses and trailing comma": BODY.replace(b"\"SELECT 'a b'\")", b"(\n        \"SELECT 'a b'\"\n    ),)"),
    "CRLF": BODY.replace(b"\n", b"\r\n"),
    "BOM": b"\xef\xbb\xbf" + BODY,
    "BOM and CRLF": b"\xef\xbb\xbf" + BODY.replace(b"\n", b"\r\n"),
    "trailing spaces": BODY.replace(b"import op\n", b"import op   \n"),
    "no line at the end": BODY.rstrip(b"\n"),
}


def described(folder: Path, content: bytes) -> Revision:
    path = folder / "1_say.py"
    path.write_bytes(content)
    return history.describe(path)


@pytest.mark.parametrize("content", HARMLESS.values(), ids=HARMLESS)
def test_formatting_and_comments_are_no_edit(tmp_path: Path, content: bytes) -> None:
    before = described(tmp_path, BODY)

    after = described(tmp_path, content)

    assert content != BODY
    assert after.meaning_hash == before.meaning_hash


@pytest.mark.parametrize("name", ["CRLF", "BOM", "BOM and CRLF"])
def test_line_endings_and_bom_do_not_even_change_the_hash_of_the_text(tmp_path: Path, name: str) -> None:
    assert described(tmp_path, HARMLESS[name]).text_hash == described(tmp_path, BODY).text_hash


MEANT = {
    "a letter": BODY.replace(b"a b", b"a c"),
    "a space within a text": BODY.replace(b"a b", b"a  b"),
    "a letter in other case": BODY.replace(b"SELECT", b"select"),
    "a statement": BODY.replace(b"    pass", b"    op.execute('SELECT 1')"),
    "a name": BODY.replace(b"op.execute", b"op.run"),
    "an import": BODY.replace(b"import op\n", b"import op\nimport os\n"),
    "the order": BODY.replace(b'revision = "1"\ndown_revision = None', b'down_revision = None\nrevision = "1"'),
    "a statement that looks like a comment": BODY.replace(b"    pass", b"    '# pass'\n    '# pass'"),
    "bytes for a text": BODY.replace(b"\"SELECT 'a b'\"", b"b\"SELECT 'a b'\""),
    "a text outside ASCII": BODY.replace(b"a b", "a\u00e9b".encode()),
}


@pytest.mark.parametrize("content", MEANT.values(), ids=MEANT)
def test_anything_that_is_run_is_an_edit(tmp_path: Path, content: bytes) -> None:
    before = described(tmp_path, BODY)

    assert described(tmp_path, content).meaning_hash != before.meaning_hash


def test_a_file_is_described_without_running_it(tmp_path: Path) -> None:
    path = tmp_path / "2_add_book.py"
    path.write_text(
        "import not_there\nraise SystemExit\n"
        "revision: str = '2'\ndown_revision: str | None = ('1', '0')\ndepends_on = ['x']\nother = {[]: not_there}\n"
    )

    found = history.describe(path)

    assert replace(found, text_hash="", meaning_hash="") == Revision(
        "2", "add_book", ("1", "0"), str(path), "", "", listed=False, depends_on=("x",)
    )


# Order


def test_files_are_ordered_by_their_parents_and_not_by_their_names(folder: Project) -> None:
    add(folder, "3", None)
    add(folder, "1", "3")
    add(folder, "2", "1")

    found = read(folder)

    assert shape(found) == [("3", ()), ("1", ("3",)), ("2", ("1",))]
    assert found.heads == ("2",)


def test_a_merge_comes_after_both_of_its_parents(folder: Project) -> None:
    add(folder, "1")
    add(folder, "5", "1")
    add(folder, "4", "1")
    add(folder, "2", ("5", "4"))

    found = read(folder)

    assert shape(found) == [("1", ()), ("4", ("1",)), ("5", ("1",)), ("2", ("5", "4"))]
    assert found.heads == ("2",)


@pytest.mark.parametrize("listed", [False, True], ids=["not listed", "listed"])
def test_a_file_comes_after_what_it_depends_on(folder: Project, listed: bool) -> None:
    add(folder, "1")
    add(folder, "2", "1", depends_on="3")
    add(folder, "3", "1")
    if listed:
        relist(folder)

    found = read(folder)

    assert [(each.id, each.depends_on) for each in found.revisions] == [("1", ()), ("3", ()), ("2", ("3",))]
    assert found.heads == ("2",)


def test_a_folder_without_files_or_that_is_missing_has_no_history(folder: Project, tmp_path: Path) -> None:
    missing = Project(tmp_path / "other")
    missing.write("pyproject.toml", '[tool.dbtool]\nmigrations = "none"\n')

    assert read(folder) == History(locked=True)
    assert read(missing) == History()


@pytest.mark.parametrize("name", ["__init__.py", ".1_hidden.py", "notes.txt", "1_make.py.orig", "__pycache__/x.py"])
def test_what_is_no_migration_is_left_alone(folder: Project, name: str) -> None:
    folder.write(f"migrations/versions/{name}", "this is ( no python")

    assert read(folder).revisions == ()


# The lock


def test_a_listed_file_reads_the_same_from_the_lock_as_from_its_text(folder: Project) -> None:
    add(folder, "1")
    add(folder, "2", "1")
    unlisted = read(folder)

    relist(folder)
    found = read(folder)

    assert [each.listed for each in unlisted.revisions] == [False, False]
    assert found.revisions == tuple(replace(each, listed=True) for each in unlisted.revisions)
    assert (folder.root / "migrations/dbtool.lock").read_text().splitlines()[2:] == [
        f"{each.id} {','.join(each.parents) or 'base'} {each.text_hash} {each.meaning_hash}" for each in found.revisions
    ]


def test_a_merge_goes_through_the_lock_unchanged(folder: Project) -> None:
    for id, parents in (("1", None), ("2", "1"), ("3", "1"), ("4", ("3", "2"))):
        add(folder, id, parents)
    before = shape(read(folder))

    relist(folder)

    assert shape(read(folder)) == before


def test_a_listed_file_whose_text_is_unchanged_is_not_parsed(folder: Project) -> None:
    path = add(folder, "1")
    path.write_text("this is ( no python")
    (line,) = (f"1 base {text_hash(path.read_bytes())} {'0' * 32}",)
    folder.write("migrations/dbtool.lock", f"{line}\n")

    found = read(folder)

    assert [(each.id, each.meaning_hash, each.stale) for each in found.revisions] == [("1", "0" * 32, False)]


STALE = {
    "comment": ('"""Make the table."""', "# Make it.", False),
    "meaning": ("sa.Integer()", "sa.BigInteger()", True),
    "parent": ("down_revision = '1'", "down_revision = None", True),
}


@pytest.mark.parametrize(("old", "new", "stale"), STALE.values(), ids=STALE)
def test_a_listed_file_is_stale_when_its_meaning_or_its_parent_changes(
    folder: Project, old: str, new: str, stale: bool
) -> None:
    add(folder, "1")
    add(folder, "2", "1")
    relist(folder)
    if old == "down_revision = '1'":
        (folder.root / "migrations/versions/1_make.py").unlink()

    folder.edit("migrations/versions/2_make.py", old, new)

    assert [(each.id, each.listed, each.stale) for each in read(folder).revisions if each.id == "2"] == [
        ("2", True, stale)
    ]


def test_a_listed_file_that_was_given_another_name_is_still_listed(folder: Project) -> None:
    add(folder, "1").rename(folder.root / "migrations/versions/renamed.py")
    relist(folder)

    found = read(folder)

    assert [(each.id, each.name, each.listed, each.stale) for each in found.revisions] == [
        ("1", "renamed", True, False)
    ]


def test_a_listed_file_that_is_missing_is_told_with_its_parents(folder: Project) -> None:
    add(folder, "1")
    path = add(folder, "2", "1")
    add(folder, "3", "2")
    relist(folder)
    path.unlink()

    found = read(folder)

    assert shape(found) == [("1", ()), ("3", ("2",))]
    assert [(line.id, line.parents) for line in found.gone] == [("2", ("1",))]
    assert found.heads == ("3",)


def test_a_listed_file_that_is_missing_at_the_end_leaves_the_one_before_as_head(folder: Project) -> None:
    add(folder, "1")
    path = add(folder, "2", "1")
    relist(folder)
    path.unlink()

    assert read(folder).heads == ("1",)


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "=======", ">>>>>>> feature", "||||||| merged common ancestors"])
def test_the_markers_of_an_unfinished_merge_are_recognised(folder: Project, marker: str) -> None:
    lock = folder.root / "migrations/dbtool.lock"
    lock.write_text(f"# comment\n{marker}\n")

    with pytest.raises(ConflictError) as error:
        read(folder)

    assert error.value.message == f"{lock}:2: two branches both added a migration, and their merge is not finished"
    assert error.value.hint == "dbtool rebase"
    assert history.read(folder.config, split=True).conflict == 2


def test_a_lock_with_other_line_endings_and_a_bom_reads_the_same(folder: Project) -> None:
    add(folder, "1")
    relist(folder)
    before = read(folder)
    lock = folder.root / "migrations/dbtool.lock"

    lock.write_bytes(b"\xef\xbb\xbf" + lock.read_bytes().replace(b"\n", b"\r\n"))

    assert read(folder) == before


@pytest.mark.parametrize("line", ["1 base abc", "1 base abc def ghi", "nonsense"])
def test_a_line_that_is_no_line_of_a_lock_is_told_with_its_number(folder: Project, line: str) -> None:
    lock = folder.root / "migrations/dbtool.lock"
    lock.write_text(f"# comment\n\n{line}\n")

    with pytest.raises(HistoryError) as error:
        read(folder)

    assert error.value.message == f"{lock}:3: this is no line of a lock"
    assert error.value.hint == "git checkout -- dbtool.lock"


# What is refused


def test_two_files_with_one_id_are_refused(folder: Project) -> None:
    add(folder, "1", name="one")
    add(folder, "1", name="two")

    with pytest.raises(DuplicateError) as error:
        read(folder)

    assert error.value.message == "1_one.py and 1_two.py both say revision 1"


def test_a_listed_file_and_its_copy_are_refused(folder: Project) -> None:
    path = add(folder, "1", name="one")
    relist(folder)
    path.with_name("1_copy.py").write_bytes(path.read_bytes())

    with pytest.raises(DuplicateError) as error:
        read(folder)

    assert error.value.message == "1_copy.py and 1_one.py both say revision 1"


@pytest.mark.parametrize(
    ("parent", "message"),
    [("1", "2 left and 3 right both follow 1"), (None, "1 make and 2 left and 3 right both follow base")],
    ids=["after one", "at the beginning"],
)
def test_two_files_that_follow_the_same_one_are_refused(folder: Project, parent: str | None, message: str) -> None:
    add(folder, "1")
    add(folder, "2", parent, name="left")
    add(folder, "3", parent, name="right")

    with pytest.raises(ForkedError) as error:
        read(folder)

    assert error.value.message == message
    assert error.value.hint == "dbtool rebase"


def test_a_file_beside_a_merge_is_refused(folder: Project) -> None:
    add(folder, "1")
    add(folder, "2", "1")
    add(folder, "3", ("2", "1"))
    add(folder, "4", "1")

    with pytest.raises(ForkedError) as error:
        read(folder)

    assert error.value.message == "2 make and 4 make both follow 1"


def test_a_fork_is_allowed_in_a_foreign_project(folder: Project) -> None:
    folder.write("migrations/env.py", "from alembic import context\n")
    add(folder, "1")
    add(folder, "2", "1")
    add(folder, "3", "1")

    found = read(folder)

    assert (found.host, found.heads) == ("alembic", ("2", "3"))


def test_a_file_that_follows_an_unknown_one_is_refused(folder: Project) -> None:
    add(folder, "2", "1")

    with pytest.raises(HistoryError) as error:
        read(folder)

    assert error.value.message == "2_make.py follows 1, and no file says `revision = '1'`"
    assert error.value.hint == "restore the missing file with git, or correct down_revision"


def test_files_that_follow_each_other_in_a_circle_are_refused(folder: Project) -> None:
    add(folder, "1")
    add(folder, "2", "3")
    add(folder, "3", "2")

    with pytest.raises(HistoryError) as error:
        read(folder)

    assert error.value.message == "these migrations follow each other in a circle: 2 make, 3 make"


UNREADABLE = {
    "syntax error": (b'revision = "1"\ndef upgrade(:\n', "{path}:2 is not valid Python: invalid syntax"),
    "null byte": (b'revision = "1"\x00\n', "{path} is not valid Python: source code string cannot contain null bytes"),
    "no revision": (b"down_revision = None\n", '{path} says no `revision = "..."`'),
    "computed revision": (b"revision = str(1)\n", '{path} says no `revision = "..."`'),
    "empty": (b"", '{path} says no `revision = "..."`'),
}


@pytest.mark.parametrize(("content", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_as_a_migration_is_told_with_its_path(
    folder: Project, content: bytes, message: str
) -> None:
    path = add(folder, "1")
    path.write_bytes(content)

    with pytest.raises(UnreadableFileError) as error:
        read(folder)

    assert error.value.message == message.format(path=path)


def test_a_file_that_is_not_utf8_does_not_end_in_a_traceback(folder: Project) -> None:
    path = add(folder, "1")
    path.write_bytes(path.read_bytes().replace(b"Make", b"M\xe4ke"))

    try:
        found: object = [each.id for each in read(folder).revisions]
    except DbtoolError as error:
        found = type(error)

    assert found in (["1"], UnreadableFileError)


# New ids

NOW = datetime(2026, 3, 1, 12, 30, 45, tzinfo=UTC)
IDS = {
    "the first": ((), NOW, "20260301123045"),
    "later than the head": (("20260101000000",), NOW, "20260301123045"),
    "in the same second": (("20260301123045",), NOW, "20260301123046"),
    "a head from a clock that is ahead": (("20270101235959",), NOW, "20270102000000"),
    "not the head, but ahead": (("20270101000000", "20260101000000"), NOW, "20270101000001"),
    "another time zone": ((), NOW.astimezone(timezone(timedelta(hours=-8))), "20260301123045"),
    "ids of another kind": (("ae1027a6acf", "0001"), NOW, "20260301123045"),
    "digits that are no time": (("99999999999999",), NOW, "20260301123045"),
}


@pytest.mark.parametrize(("ids", "now", "expected"), IDS.values(), ids=IDS)
def test_a_new_id_is_the_time_or_one_second_after_the_newest(
    ids: tuple[str, ...], now: datetime, expected: str
) -> None:
    known = History(tuple(Revision(id, "x", (), "x.py", "", "") for id in ids))

    assert history.next_id(known, now) == expected


# Whose env.py

HOSTS = {
    "generated": ("DBTOOL_ENVIRONMENT = 1\n", "dbtool"),
    "mentioned in a comment": ("# DBTOOL_ENVIRONMENT = 1\n", "alembic"),
    "mentioned in a text": ("x = 'DBTOOL_ENVIRONMENT = 1'\n", "alembic"),
    "written by alembic init": ("from alembic import context\n", "alembic"),
}


@pytest.mark.parametrize(("text", "host"), HOSTS.values(), ids=HOSTS)
def test_the_marker_in_env_py_says_whose_it_is(folder: Project, text: str, host: str) -> None:
    folder.write("migrations/env.py", text)

    assert history.host_of(folder.config) == host


def test_the_generated_env_py_is_recognised(folder: Project) -> None:
    assert history.host_of(folder.config) == "dbtool"
