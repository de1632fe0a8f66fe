"""Create, Update and Public classes of the models: what they take, what they show, and how FastAPI uses them."""

import importlib
import shutil
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import checkers
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from projects import REPOSITORY
from pydantic import ValidationError
from sqlmodel import Field, Session, SQLModel, create_engine, select
from sqlmodel.pool import StaticPool

import dbtool
from dbtool.codegen import schemas, stubs
from dbtool.codegen.fields import is_private
from dbtool.engine import schema

HERE = Path(__file__).parent
KINDS = sorted(path.stem for path in (HERE / "kinds").glob("[!_]*"))


@cache
def text_of(name: str) -> str:
    if name == "sample":
        return schemas.schemas(schema.load(dbtool.load_config(project=REPOSITORY, url="sqlite://")))
    return schemas.schemas(importlib.import_module(f"codegen.kinds.{name}").Base.metadata)


@cache
def module_of(name: str) -> ModuleType:
    module = ModuleType(f"{name}_schemas")
    sys.modules[module.__name__] = module
    exec(compile(text_of(name), module.__name__, "exec"), vars(module))
    return module


@cache
def all_files() -> dict[str, str]:
    """The schemas of every kind beside their models and the models' stubs."""
    files = checkers.texts(HERE / "kinds", "*.py", at="codegen/kinds/") | {"codegen/__init__.py": ""}
    files["dbtool/__init__.py"] = ""
    files["dbtool/models.py"] = (REPOSITORY / "dbtool" / "models.py").read_text("utf-8")
    for name in (*KINDS, "sample"):
        files[f"{name}_schemas.py"] = text_of(name)
        kind = importlib.import_module("dbtool.models" if name == "sample" else f"codegen.kinds.{name}")
        metadata = (SQLModel if name == "sample" else kind.Base).metadata
        for module in stubs.modules(metadata):
            if module.__name__.startswith(("codegen.", "dbtool.")):
                path = f"{module.__name__.replace('.', '/')}.py"
                files[f"{path}i"] = stubs.stub(files[path], module, metadata)
    return files


@pytest.mark.parametrize("checker", checkers.CHECKERS)
def test_the_schemas_of_every_kind_of_model_are_typed_strictly(checker: str) -> None:
    assert checkers.check(checker, all_files()) == {}


def test_the_schemas_are_formatted_and_clean_as_ruff_sees_them(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    for path, text in all_files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    names = [f"{name}_schemas.py" for name in (*KINDS, "sample")]
    command = [checkers.program("ruff"), "--no-cache"]

    formatted = subprocess.run(
        [command[0], "format", "--no-cache", "--diff", *names], cwd=tmp_path, capture_output=True, text=True
    )
    checked = subprocess.run(
        [command[0], "check", "--no-cache", "--output-format", "concise", "--ignore", "N801", *names],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert (formatted.stdout, checked.stdout) == ("", "All checks passed!\n")


@pytest.mark.parametrize("name", KINDS)
def test_the_schemas_of_every_kind_can_be_imported(name: str) -> None:
    classes = [each for each in vars(module_of(name)) if each.endswith(("Create", "Update", "Public"))]

    assert len(classes) % 3 == 0
    assert classes


def test_a_unit_is_created_without_what_the_database_gives() -> None:
    made = module_of("sample").UnitCreate

    assert list(made.model_fields) == ["story_id", "slug", "title", "description", "position"]
    assert made(story_id=1, slug="x", title="X").model_dump() == {
        "story_id": 1,
        "slug": "x",
        "title": "X",
        "description": None,
        "position": 0,
    }


BAD = {
    "too long": {"slug": "x" * 101},
    "null": {"title": None},
    "of another type": {"position": "first"},
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
@pytest.mark.parametrize("form", ["Create", "Update"])
def test_what_the_model_forbids_is_refused(form: str, change: dict[str, Any]) -> None:
    made = getattr(module_of("sample"), f"Unit{form}")

    with pytest.raises(ValidationError) as error:
        made(**{"story_id": 1, "slug": "x", "title": "X", **change})

    assert [each["loc"] for each in error.value.errors()] == [tuple(change)]


def test_an_update_changes_only_what_was_given() -> None:
    changed = module_of("sample").UnitUpdate(description=None, title="New")

    assert changed.model_dump(exclude_unset=True) == {"description": None, "title": "New"}
    assert "id" not in module_of("sample").UnitUpdate.model_fields
    assert "updated_at" not in module_of("sample").UserUpdate.model_fields


def test_a_row_is_shown_without_its_secrets() -> None:
    from codegen.kinds import accounts

    account = accounts.Account(id=1, slug="jo", email="jo@example.org", hashed_password="x", class_="paid")

    shown = module_of("accounts").AccountPublic.model_validate(account).model_dump()

    assert list(shown) == ["id", "slug", "email", "nickname", "class_", "created_at", "updated_at", "seen_at"]
    assert shown["class_"] == "paid"


def test_constraints_of_annotated_types_and_columns_are_kept() -> None:
    made = module_of("accounts").AccountCreate

    with pytest.raises(ValidationError) as error:
        made(slug="Not A Slug", email="x" * 255, hashed_password="x", nickname="a@b")

    assert [each["type"] for each in error.value.errors()] == [
        "string_pattern_mismatch",
        "string_too_long",
        "value_error",
    ]


def test_a_default_that_a_factory_makes_is_made_anew_for_each() -> None:
    first, second = (module_of("accounts").AccountCreate(slug="a", email="a", hashed_password="x") for _ in range(2))

    assert first.api_token != second.api_token
    assert first.created_at.tzinfo is not None


def test_the_keys_of_a_link_are_given_and_never_changed() -> None:
    made = module_of("heroes")

    assert {name: field.is_required() for name, field in made.MissionHeroLinkCreate.model_fields.items()} == {
        "mission_id": True,
        "hero_id": True,
    }
    assert made.MissionHeroLinkUpdate.model_fields == {}


def test_a_subclass_has_the_fields_of_its_table_and_no_discriminator_to_give() -> None:
    made = module_of("animals")

    assert list(made.CatCreate.model_fields) == ["name", "shelter_id", "lives"]
    assert made.CatCreate.model_fields["name"].is_required()
    assert list(made.CatPublic.model_fields) == ["id", "kind", "name", "shelter_id", "lives"]


def test_a_computed_column_is_shown_only() -> None:
    made = module_of("products")

    assert "doubled" not in made.ProductCreate.model_fields | made.ProductUpdate.model_fields
    assert "doubled" in made.ProductPublic.model_fields


def test_times_are_told_apart_as_the_column_stores_them() -> None:
    naive, aware = datetime(2025, 1, 1), datetime.fromisoformat("2025-01-01T00:00:00Z")
    made = module_of("scalars").ScalarUpdate

    assert made(aware=aware, naive=naive, declared_naive=naive).model_dump(exclude_unset=True)
    for wrong in ({"aware": naive}, {"naive": aware}, {"declared_naive": aware}):
        with pytest.raises(ValidationError):
            made(**wrong)


def test_a_created_row_can_be_stored_and_shown() -> None:
    from codegen.kinds import scalars

    made = module_of("scalars")
    given = made.ScalarCreate.model_validate_json(
        '{"text": "x", "whole": 1, "day": "2025-01-01", "aware": "2025-01-01T00:00:00Z", "clock": "12:00",'
        ' "naive": "2025-01-01T00:00:00", "colour": "r", "raw": "_w==", "exact": "1.50", "mapping": {"a": [1]}}'
    )
    engine = create_engine("sqlite://")
    scalars.Base.metadata.create_all(engine)

    with Session(engine) as session:
        session.add(scalars.Scalar.model_validate(given))
        session.commit()
        shown = made.ScalarPublic.model_validate(session.exec(select(scalars.Scalar)).one())

    assert (shown.raw, shown.exact, shown.mapping, shown.colour) == (
        b"\xff",
        Decimal("1.50"),
        {"a": [1]},
        scalars.Colour.red,
    )
    assert '"raw":"_w=="' in shown.model_dump_json()


class Vault(SQLModel):
    """Names that sound like secrets, and are or are not; a field may say it itself."""

    password: str
    user_password: str
    api_key: str | None
    reset_token: str
    secret_name: str
    token_id: int
    is_secret: bool
    password_changed_at: datetime
    notes: str = Field(schema_extra={"json_schema_extra": {"private": True}})
    public_token: str = Field(schema_extra={"json_schema_extra": {"private": False}})
    hidden: str = Field(exclude=True)


def test_a_field_is_private_by_its_name_or_by_what_the_model_says(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stored(Vault, table=True):
        id: int | None = Field(default=None, primary_key=True)

    private = {name for name in Stored.model_fields if is_private(Stored, name)}
    SQLModel.metadata.remove(Stored.metadata.tables["stored"])

    assert private == {"password", "user_password", "api_key", "reset_token", "notes", "hidden"}


@cache
def application() -> FastAPI:
    """A small application on the sample's models, as its author would write it."""
    from dbtool import models

    made = module_of("sample")
    engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
    models.SQLModel.metadata.create_all(engine, tables=[models.User.__table__])  # type: ignore[attr-defined]
    app = FastAPI()

    @app.post("/users", response_model=made.UserPublic)
    def create(user: made.UserCreate) -> Any:  # type: ignore[name-defined]
        with Session(engine, expire_on_commit=False) as session:
            row = models.User.model_validate(user)
            session.add(row)
            session.commit()
            return row

    @app.patch("/users/{id}", response_model=made.UserPublic)
    def change(id: int, user: made.UserUpdate) -> Any:  # type: ignore[name-defined]
        with Session(engine, expire_on_commit=False) as session:
            row = session.get_one(models.User, id)
            row.sqlmodel_update(user.model_dump(exclude_unset=True))
            session.add(row)
            session.commit()
            return row

    return app


def test_a_fastapi_application_takes_and_shows_them() -> None:
    with TestClient(application()) as client:
        made = client.post("/users", json={"email": "a@example.org", "username": "a", "password_hash": "h"})
        changed = client.patch(f"/users/{made.json()['id']}", json={"username": "b"})
        refused = client.patch(f"/users/{made.json()['id']}", json={"username": None})

    assert (made.status_code, changed.status_code, refused.status_code) == (200, 200, 422)
    assert (made.json()["username"], changed.json()["username"], changed.json()["email"]) == ("a", "b", "a@example.org")
    assert list(made.json()) == ["id", "email", "username", "is_active", "created_at", "updated_at"]


def test_the_openapi_document_has_no_secret_in_a_response() -> None:
    components = application().openapi()["components"]["schemas"]

    assert "password_hash" not in components["UserPublic"]["properties"]
    assert "password_hash" in components["UserCreate"]["required"]
    assert components["UserUpdate"]["properties"]["username"] == {
        "type": "string",
        "maxLength": 50,
        "title": "Username",
        "description": "Public name",
    }
    assert "required" not in components["UserUpdate"]


def test_a_field_named_like_its_type_keeps_the_type() -> None:
    changed = module_of("odd").MealUpdate.model_validate({"date": "2025-01-01"})

    assert changed.model_dump(exclude_unset=True) == {"date": date(2025, 1, 1)}


def test_the_same_models_give_the_same_text() -> None:
    from codegen.kinds import heroes

    assert schemas.schemas(heroes.Base.metadata) == text_of("heroes")
