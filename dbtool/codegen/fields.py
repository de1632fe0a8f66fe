"""What a mapped class says of one of its fields, and whether that may be shown."""

from __future__ import annotations

from datetime import date, datetime, time
from types import NoneType
from typing import Any, get_args

from sqlalchemy import Column, inspect
from sqlalchemy.orm import Mapper

# A field is a secret when its name is one of these, or ends in `_` and one of these; `secret_name` and `token_id` are
# none. Numbers, times and flags never are: `is_secret`, `max_token`.
SECRETS = (
    "password",
    "passwd",
    "passphrase",
    "password_hash",
    "password_salt",
    "hashed_password",
    "encrypted_password",
    "pin",
    "pin_hash",
    "salt",
    "secret",
    "secret_hash",
    "secret_key",
    "hashed_secret",
    "token",
    "token_hash",
    "hashed_token",
    "api_key",
    "api_key_hash",
    "hashed_api_key",
    "access_key",
    "encryption_key",
    "private_key",
    "signing_key",
    "recovery_code",
    "recovery_codes",
    "backup_codes",
)
PLAIN = (bool, int, float, date, datetime, time, NoneType)


def mapper_of(model: type[Any]) -> Mapper[Any]:
    """Return the mapper of a mapped class."""
    found: Mapper[Any] = inspect(model)
    return found


def field_of(model: type[Any], name: str) -> Any | None:
    """Return the Pydantic field that declares an attribute, or None where there is none.

    A subclass of a table has the base's column for a default, so that the base must be asked.
    """
    for each in model.__mro__:
        own = (
            vars(each).get("__pydantic_fields__") or vars(each).get("model_fields") or {}
        )  # since, until Pydantic 2.10
        found = own.get(name)
        if found is not None and not hasattr(found.default, "property"):
            return found
    return None


def is_required(model: type[Any], name: str) -> bool:
    """Whether a field of a model has no default."""
    field = field_of(model, name)
    return field is not None and bool(field.is_required())


def columns_of(model: type[Any], name: str) -> tuple[Column[Any], ...]:
    """Return the columns that hold an attribute: the class's own, then those of the tables that it inherits."""
    attribute = mapper_of(model).attrs.get(name)
    return tuple(each for each in getattr(attribute, "columns", ()) if isinstance(each, Column))


def is_private(model: type[Any], name: str) -> bool:
    """Whether a field is shown to nobody: the model says so, or its name says that it is a secret.

    A model says so by `sa_column_kwargs={"info": {"private": True}}`, by `schema_extra={"json_schema_extra":
    {"private": True}}` or by `exclude=True`; `{"private": False}` shows what only sounds secret.
    """
    field = field_of(model, name)
    extra = getattr(field, "json_schema_extra", None)
    told = [column.info.get("private") for column in columns_of(model, name)]
    told.append(extra.get("private") if isinstance(extra, dict) else None)
    told.append(True if getattr(field, "exclude", None) is True else None)
    said = [each for each in told if each is not None]
    return any(said) if said else _sounds_secret(name, getattr(field, "annotation", None))


def _sounds_secret(name: str, annotation: Any) -> bool:
    kinds = get_args(annotation) or (annotation,)
    if any(getattr(kind, "__name__", "") in ("SecretStr", "SecretBytes") for kind in kinds):
        return True
    is_plain = all(kind in PLAIN for kind in kinds)
    lowered = name.lower().strip("_")
    return not is_plain and any(lowered == each or lowered.endswith(f"_{each}") for each in SECRETS)
