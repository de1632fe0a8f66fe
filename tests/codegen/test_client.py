"""The generated client: what three type checkers say of it, that its uses do what they say, and that it stays small."""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import checkers
import pytest
from codegen import uses
from projects import REPOSITORY, at, drop, new_url
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel

from dbtool import models
from dbtool.client import AsyncClientBase, ClientBase
from dbtool.codegen.client import RESERVED, client
from dbtool.errors import InvalidDataError, StaleClientError, UnknownKeyError

KINDS = ("accounts", "animals", "articles", "behaviour", "heroes", "library", "odd", "offices", "orders", "products")
KINDS = (*KINDS, "scalars", "tree", "vehicles")
FOLDER = Path(uses.__file__).parents[1]


@cache
def kind_client(kind: str) -> str:
    return client(importlib.import_module(f"codegen.kinds.{kind}").Base.metadata)


def client_of(base: type[SQLModel]) -> str:
    return client(base.metadata)


def fresh() -> type[SQLModel]:
    class Base(SQLModel, registry=registry()):
        """Tables of a MetaData of their own."""

    return Base


# What checkers say


@cache
def checked_files() -> dict[str, str]:
    right = uses.text("right.py")
    kinds = checkers.texts(FOLDER / "kinds", "*.py", at="codegen/kinds/")
    clients = {f"codegen/{kind}_client.py": kind_client(kind) for kind in KINDS}
    return {
        **{"sample_client.py": uses.sample_client(), "right.py": right, "right_async.py": uses.awaited(right)},
        **{"wrong.py": uses.text("wrong.py"), "codegen/__init__.py": "", **clients, **kinds},
    }


@pytest.mark.parametrize("checker", checkers.CHECKERS)
def test_checkers_accept_what_is_right_and_refuse_what_is_wrong(checker: str) -> None:
    found = checkers.mistakes(checker, checked_files())

    assert [each for each in found if not each.startswith("codegen/kinds/")] == []


def test_there_are_enough_uses_and_few_keys_that_no_checker_names() -> None:
    wrong = uses.text("wrong.py")

    assert uses.text("right.py").count("def use_") >= 80
    assert len(re.findall(r"# wrong", wrong)) >= 80
    assert len(re.findall(r"# wrong: \w+", wrong)) >= 5 * len(re.findall(r"# \w+ # wrong", wrong))


# What happens


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The sample's client, imported."""
    (tmp_path / "sample_client.py").write_text(uses.sample_client(), encoding="utf-8")
    (tmp_path / "right.py").write_text(uses.text("right.py"), encoding="utf-8")
    (tmp_path / "right_async.py").write_text(uses.awaited(uses.text("right.py")), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("sample_client")
    for name in ("sample_client", "right", "right_async"):
        sys.modules.pop(name, None)


@pytest.fixture(params=["sqlite", "postgres", "mysql"])
def tables_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind with the sample's tables."""
    url = new_url(request.param, tmp_path)
    at(url, tmp_path).create()
    create_tables(url)
    yield url
    drop(url, tmp_path)


def create_tables(url: str) -> None:
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).touch()

    class Client(ClientBase):
        pass

    with Client(url) as db:
        models.User.metadata.create_all(db.engine)


def numbered(module: ModuleType) -> list[Any]:
    return [use for name, use in sorted(vars(module).items()) if name.startswith("use_")]


def test_what_is_right_can_be_carried_out(module: ModuleType, tables_url: str) -> None:
    with module.Client(tables_url) as db:
        for use in numbered(importlib.import_module("right")):
            use(db)


def test_what_is_right_can_be_awaited(module: ModuleType, tables_url: str) -> None:
    async def carry_out() -> None:
        async with module.AsyncClient(tables_url) as db:
            for use in numbered(importlib.import_module("right_async")):
                await use(db)

    asyncio.run(carry_out())


def wrong_keys() -> list[tuple[str, str]]:
    """Return each wrong key with the statement that has it; not the texts that name a column that is missing."""
    source = uses.text("wrong.py")
    lines = source.splitlines()
    found = []
    for statement in ast.parse(source).body:
        mark = re.search(r"# (\w+) # wrong$|# wrong: (\w+)$", lines[statement.end_lineno - 1])
        key = mark and (mark[1] or mark[2])
        text = "\n".join(lines[statement.lineno - 1 : statement.end_lineno])
        if key and re.search(rf'"{key}"', text) and text.startswith("db."):
            found.append((key, text))
    return found


# Keys that are known, but not where they stand.
MISPLACED = {"title", "position", "name", "level_id", "disconnect"}


def test_every_wrong_key_is_named_at_run_time_with_those_that_are_valid(module: ModuleType, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    create_tables(url)
    view = type("Card", (SQLModel,), {"__annotations__": {"title": str}})
    with module.Client(url) as db:
        give_rows(db)
        said = [(key, statement, outcome(statement, db=db, date=date, Card=view)) for key, statement in wrong_keys()]

    unnamed = [each for each in said if f"`{each[0]}`" not in each[2] or "valid: " not in each[2]]
    assert len(said) >= 70
    assert [each for each in unnamed if each[0] not in MISPLACED or "InvalidDataError" not in each[2]] == []
    assert len(unnamed) <= 8


def outcome(statement: str, **names: Any) -> str:
    """Carry out a statement, and return the error that it ended with."""
    try:
        exec(statement, names)
    except (UnknownKeyError, InvalidDataError) as error:
        return f"{type(error).__name__}: {error}"
    return "accepted"


def give_rows(db: Any) -> None:
    story = {"create": {"slug": "a", "title": "A", "level": {"create": {"slug": "a", "name": "A"}}}}
    asset = {"kind": "video", "object_key": "a", "media_type": "a"}
    db.unit.create({"slug": "a", "title": "A", "story": story, "assets": {"create": [asset]}})


def test_the_types_can_be_imported_at_run_time(module: ModuleType) -> None:
    assert (module.UnitWhere, module.UnitField) == (Any, Any)
    with pytest.raises(AttributeError):
        module._nothing  # noqa: B018


def test_a_client_of_other_models_says_so(module: ModuleType, tmp_path: Path) -> None:
    class Old(module.Client):  # type: ignore[misc, name-defined]
        SCHEMA_HASH = "0123456789abcdef"

    with pytest.raises(StaleClientError):
        Old(f"sqlite:///{tmp_path / 'test.db'}")


# The text


@pytest.mark.parametrize("kind", ["sample", *KINDS])
def test_ruff_leaves_the_text_as_it_is(kind: str, tmp_path: Path) -> None:
    text = uses.sample_client() if kind == "sample" else kind_client(kind)
    shutil.copytree(FOLDER / "kinds", tmp_path / "codegen" / "kinds")  # ruff looks where a module lies
    (tmp_path / "client.py").write_text(text, encoding="utf-8")
    ours = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    rules = ours[ours.index("[tool.ruff]") : ours.index("[tool.mypy]")].replace('"D1", "D2", "D4", ', "")
    (tmp_path / "pyproject.toml").write_text(rules, encoding="utf-8")

    said = [
        subprocess.run(
            [checkers.program("ruff"), *command, "--no-cache", "client.py"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        ).stdout
        for command in (["format", "--diff"], ["check"])
    ]

    assert said == ["", "All checks passed!\n"]


def test_the_sample_takes_a_hundred_lines_a_model() -> None:
    assert len(uses.sample_client().splitlines()) <= 100 * len(models.User.metadata.tables)


def test_the_same_models_give_the_same_bytes_whatever_the_hash_seed() -> None:
    program = (
        "import sys; from dbtool import models; from dbtool.codegen.client import client;"
        "sys.stdout.buffer.write(client(models.User.metadata).encode())"
    )

    texts = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }

    assert texts == {uses.sample_client().encode()}


def test_what_a_client_has_itself_is_reserved() -> None:
    public = {name for base in (ClientBase, AsyncClientBase) for name, _ in inspect.getmembers(base)}

    assert {name for name in public if not name.startswith("_")} - {"SCHEMA_HASH"} == RESERVED


def test_tables_are_called_like_their_models_in_snake_case() -> None:
    base = fresh()

    class HTTPLog(base, table=True):  # type: ignore[misc, valid-type]
        id: int | None = Field(default=None, primary_key=True)

    class Session(base, table=True):  # type: ignore[misc, valid-type]
        id: int | None = Field(default=None, primary_key=True)

    class Class(base, table=True):  # type: ignore[misc, valid-type]
        id: int | None = Field(default=None, primary_key=True)

    assert re.findall(r'^    "(\w+)": (\w+),', client_of(base), re.MULTILINE) == [
        ("http_log", "HTTPLog"),
        ("session_", "Session"),
        ("class_", "Class"),
    ]


def test_models_give_way_to_the_names_of_the_client() -> None:
    base = fresh()

    class Client(base, table=True):  # type: ignore[misc, valid-type]
        id: int | None = Field(default=None, primary_key=True)
        date: str = ""

    text = client_of(base)

    assert f"from {__name__} import Client as ClientModel\n" in text
    assert '    "client": ClientModel,' in text


def test_rows_leave_out_what_they_are_nested_under() -> None:
    text = kind_client("orders")

    assert definition(text, "PurchaseLineInPurchase") == {
        "position": "int",
        "item": "str",
        "price": "Decimal | int",
    } | {"remarks": "RemarkInLineMany"}


def definition(text: str, name: str) -> dict[str, str]:
    """Return the fields of a dictionary in a generated module, with those that it inherits."""
    found = re.search(rf"^    class {name}\((.*)\):\n((?:        .+\n)*)", text, re.MULTILINE)
    if found is None:
        called = re.search(rf'^    {name} = TypedDict\("{name}", {{(.*)}}', text, re.MULTILINE)
        return dict(re.findall(r'"(\w+)": "([^"]+)"', called[1])) if called else {}
    inherited = [definition(text, base) for base in re.findall(r"\w+", found[1]) if base != name]
    own = dict(re.findall(r"^        (\w+): (.+)$", found[2], re.MULTILINE))
    return {key: kind for fields in (*inherited, own) for key, kind in fields.items()}


def test_a_required_parent_is_given_in_one_of_two_ways() -> None:
    text = kind_client("products")

    assert "ReviewCreate: TypeAlias = ReviewRow | ReviewWithProduct" in text


def test_a_relation_to_itself_has_rows_without_a_parent() -> None:
    text = kind_client("tree")

    assert set(definition(text, "CategoryInParent")) == {"id", "name", "children"}
    assert set(definition(text, "CategoryCreate")) == {"id", "name", "children", "parent", "parent_id"}
    assert set(definition(text, "CategoryRow")) == {"id", "name", "parent_id"}


def test_four_parents_are_given_all_in_the_same_way() -> None:
    base = fresh()

    class Place(base, table=True):  # type: ignore[misc, valid-type]
        id: int | None = Field(default=None, primary_key=True)

    class Trip(base, table=True):  # type: ignore[misc, valid-type]
        id: int | None = Field(default=None, primary_key=True)
        a_id: int = Field(foreign_key="place.id")
        b_id: int = Field(foreign_key="place.id")
        c_id: int = Field(foreign_key="place.id")
        d_id: int = Field(foreign_key="place.id")
        a: Place = Relationship(sa_relationship_kwargs={"foreign_keys": "Trip.a_id"})
        b: Place = Relationship(sa_relationship_kwargs={"foreign_keys": "Trip.b_id"})
        c: Place = Relationship(sa_relationship_kwargs={"foreign_keys": "Trip.c_id"})
        d: Place = Relationship(sa_relationship_kwargs={"foreign_keys": "Trip.d_id"})

    text = client_of(base)

    assert "TripCreate: TypeAlias = TripRow | TripWithAAndBAndCAndD" in text
