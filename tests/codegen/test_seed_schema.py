"""The JSON Schema of the seed files: what it accepts, what it refuses, and that it never changes by itself."""

import json
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Optional

import pytest
import yaml
from jsonschema import Draft7Validator, FormatChecker
from sqlalchemy import JSON, Column, Integer, MetaData, String, Table, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel

import dbtool
from dbtool.codegen.seed_schema import seed_schema
from dbtool.engine import schema
from dbtool.tables import MODEL

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = sorted((REPOSITORY / "seed_data").glob("*.yaml"))


class Loader(yaml.SafeLoader):
    """Reads YAML as editors do: by version 1.2, which knows no dates and no `yes`."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if not tag.endswith((":timestamp", ":bool"))]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


@cache
def sample() -> str:
    return seed_schema(schema.load(dbtool.load_config(project=REPOSITORY, url="sqlite://")))


DAY = {"type": "string", "format": "date"}
RELATIVE = {"type": "string", "pattern": r"^(\d+ *(second|minute|hour|day|week|month|year)s?[ ,]*)*$"}
LABEL = {"description": "A name for this row, by which others name it: {$ref: name}", "type": "string"}


def complaints(text: str, document: str) -> list[str]:
    validator = Draft7Validator(json.loads(text), format_checker=FormatChecker())
    return [error.message for error in validator.iter_errors(yaml.load(document, Loader))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_seed_file_of_the_sample_is_valid(path: Path) -> None:
    assert complaints(sample(), path.read_text(encoding="utf-8")) == []


def test_the_schema_is_one_itself() -> None:
    Draft7Validator.check_schema(json.loads(sample()))


GOOD = {
    "nothing": "{}",
    "a table without rows": "Level:",
    "raw foreign key": "Unit: [{slug: a, title: A, story_id: 3}]",
    "reference": "Unit: [{slug: a, title: A, story: b}]",
    "composite reference": "DailyPlanEntry: [{plan: {user: johndoe, day: 2025-01-01}, unit: a, position: 1}]",
    "null where a column takes it": "Story: [{level: a, slug: b, title: B, description: null, units: null}]",
    "explicit id": "Level: [{id: 3, slug: a, name: A}]",
}


@pytest.mark.parametrize("document", GOOD.values(), ids=GOOD.keys())
def test_what_the_loader_takes_is_valid(document: str) -> None:
    assert complaints(sample(), document) == []


BAD = {
    "unknown model": "Lesson: []",
    "unknown field": "Level: [{slug: a, name: A, title: B}]",
    "unknown field within": "Level: [{slug: a, name: A, stories: [{slug: b, titel: B}]}]",
    "missing field": "Level: [{slug: a}]",
    "missing reference": "Unit: [{slug: a, title: A}]",
    "missing part of the natural key": "PronunciationAttempt: [{user: a, unit: b, object_key: c}]",
    "reference and foreign key": "Unit: [{slug: a, title: A, story: b, story_id: 3}]",
    "foreign key given by nesting": "Level: [{slug: a, name: A, stories: [{slug: b, title: B, level_id: 1}]}]",
    "reference given by nesting": "Level: [{slug: a, name: A, stories: [{slug: b, title: B, level: a}]}]",
    "half a composite reference": "DailyPlanEntry: [{plan: {user: johndoe}, unit: a, position: 1}]",
    "scalar for a composite reference": "DailyPlanEntry: [{plan: johndoe, unit: a, position: 1}]",
    "mapping for a scalar reference": "Unit: [{slug: a, title: A, story: {slug: b}}]",
    "unknown member of an enum": "UnitAsset: [{unit: a, object_key: b, media_type: c, kind: film}]",
    "too long": f"Level: [{{slug: {'a' * 101}, name: A}}]",
    "too small": "UserProgress: [{user: a, unit: b, score: -1}]",
    "too large": "AggregateScore: [{user: a, period: daily, period_start: 2025-01-01, score: 101}]",
    "text for a number": "UserProgress: [{user: a, unit: b, attempts: many}]",
    "quoted number": 'UserProgress: [{user: a, unit: b, attempts: "3"}]',
    "null": "Level: [{slug: a, name: null}]",
    "no such day": "DailyPlan: [{user: a, day: 2025-02-30}]",
    "a row that is a list": "Level: [[]]",
    "rows that are a mapping": "Level: {slug: a, name: A}",
    "not a boolean": "User: [{email: a, username: b, password_hash: c, is_active: 2}]",
}


@pytest.mark.parametrize("document", BAD.values(), ids=BAD.keys())
def test_what_the_loader_refuses_is_invalid(document: str) -> None:
    assert complaints(sample(), document) != []


def test_columns_bring_their_descriptions_bounds_and_defaults() -> None:
    definitions = json.loads(sample())["$defs"]

    assert definitions["UserProgress"]["properties"]["score"] == {
        "description": "Best score so far, 0 to 100",
        "type": ["number", "null"],
        "minimum": 0,
        "maximum": 100,
    }
    assert definitions["UserProgress"]["properties"]["status"] == {
        "enum": ["not_started", "in_progress", "done"],
        "default": "not_started",
    }
    assert definitions["DailyPlan:key"] == {
        "type": "object",
        "properties": {"user": {"$ref": "#/$defs/User:key"}, "day": {"anyOf": [DAY, RELATIVE]}},
        "required": ["user", "day"],
        "additionalProperties": False,
    }
    assert definitions["Level.stories"]["required"] == ["slug", "title"]


def test_the_text_is_the_same_in_every_process() -> None:
    program = (
        "import dbtool; from dbtool.engine import schema; from dbtool.codegen.seed_schema import seed_schema;"
        f"print(seed_schema(schema.load(dbtool.load_config(project={str(REPOSITORY)!r}, url='sqlite://'))), end='')"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8", check=True, cwd=REPOSITORY
    )

    assert done.stdout == sample()
    assert done.stdout.endswith("}\n")


def test_the_comment_says_who_wrote_it_and_holds_a_hash() -> None:
    comment = json.loads(sample())["$comment"]

    assert re.fullmatch("Written by `dbtool generate` from the models; do not edit. sha256:[0-9a-f]{64}", comment)


def test_models_with_every_kind_of_relation_have_a_schema() -> None:
    class Base(SQLModel, registry=registry()):
        pass

    class Folder(Base, table=True):
        id: int | None = Field(default=None, primary_key=True)
        name: str = Field(unique=True)
        parent_id: int | None = Field(default=None, foreign_key="folder.id")
        owner_id: int | None = Field(default=None, foreign_key="owner.id")
        price: Decimal = Field(default=Decimal("1.5"), max_digits=6, decimal_places=2, gt=Decimal("0.5"))
        details: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
        lock: Optional["Lock"] = Relationship(back_populates="folder", sa_relationship_kwargs={"uselist": False})

    class Lock(Base, table=True):
        id: int | None = Field(default=None, primary_key=True)
        folder_id: int = Field(foreign_key="folder.id", unique=True)
        until: date
        folder: Folder = Relationship(back_populates="lock")

    class Owner(Base, table=True):
        id: int | None = Field(default=None, primary_key=True)
        left: str = Field(unique=True)
        right: str = Field(unique=True)

    for mapper in Base._sa_registry.mappers:
        mapper.local_table.info[MODEL] = mapper.class_  # type: ignore[attr-defined]
    text = seed_schema(Base.metadata)

    definitions = json.loads(text)["$defs"]
    assert definitions["Folder"] == {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "name": {"type": "string"},
            "parent_id": {"type": ["integer", "null"]},
            "owner_id": {"type": ["integer", "null"]},
            "price": {"type": ["number", "string"], "exclusiveMinimum": 0.5, "default": 1.5},
            "details": {"type": "object"},
            "parent": {
                "description": "The natural key of a Folder",
                "anyOf": [{"$ref": "#/$defs/Folder:key"}, {"$ref": "#/$defs/:label"}, {"type": "null"}],
            },
            "lock": {"anyOf": [{"$ref": "#/$defs/Folder.lock"}, {"type": "null"}]},
            "$label": LABEL,
        },
        "required": ["name"],
        "allOf": [{"not": {"allOf": [{"required": ["parent"]}, {"anyOf": [{"required": ["parent_id"]}]}]}}],
        "additionalProperties": False,
    }
    assert definitions["Lock:key"] == {"$ref": "#/$defs/Folder:key"}
    assert "Owner:key" not in definitions
    assert complaints(text, "Folder: [{name: a, parent: b, lock: {until: 2025-01-01}}]") == []
    assert complaints(text, "Folder: [{$label: x, name: a, parent: {$ref: x}}]") == []
    assert complaints(text, "Folder: [{name: a, parent: b, parent_id: 1}]") != []
    assert complaints(text, "Folder: [{name: a, parent: {$rf: x}}]") != []


def test_rows_beyond_a_table_between_and_rows_without_a_key_have_a_schema() -> None:
    class Base(SQLModel, registry=registry()):
        pass

    class Wearing(Base, table=True):
        shirt_id: int | None = Field(default=None, foreign_key="shirt.id", primary_key=True)
        tag_id: int | None = Field(default=None, foreign_key="tag.id", primary_key=True)

    class Tag(Base, table=True):
        id: int | None = Field(default=None, primary_key=True)
        word: str = Field(unique=True)
        seen: date | None = None

    class Shirt(Base, table=True):
        id: int | None = Field(default=None, primary_key=True)
        size: int
        tags: list[Tag] = Relationship(link_model=Wearing)

    for mapper in Base._sa_registry.mappers:
        mapper.local_table.info[MODEL] = mapper.class_  # type: ignore[attr-defined]
    text = seed_schema(Base.metadata)

    for row in ("{id: 1, size: 3}", "{$label: a, size: 3, tags: [red, {$ref: b}, {word: new, seen: 2 days}]}"):
        assert complaints(text, f"Shirt: [{row}]") == []
    for row in ("{size: 3}", "{id: 1, size: 3, tags: red}", "{id: 1, size: 3, tags: [{wrod: a}]}"):
        assert complaints(text, f"Shirt: [{row}]") != []


def test_tables_without_models_have_a_schema_too() -> None:
    metadata = MetaData()
    Table(
        "city",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("country", String(2), nullable=False),
        Column("name", String(50)),
        UniqueConstraint("country", "name"),
    )

    assert json.loads(seed_schema(metadata))["$defs"]["city"] == {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "country": {"type": "string", "maxLength": 2},
            "name": {"type": ["string", "null"], "maxLength": 50},
            "$label": LABEL,
        },
        "required": ["country"],
        "additionalProperties": False,
    }
