"""A model's own rules for the value of one column: its constraints, and its validators of fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainValidator, TypeAdapter, ValidationError, WrapValidator
from sqlalchemy import Column, Table

from dbtool.rows.codec import enum_words
from dbtool.tables import field_of, is_given, is_required, model_of, sql_type

_MODES: dict[str, Any] = {
    "before": BeforeValidator,
    "after": AfterValidator,
    "wrap": WrapValidator,
    "plain": PlainValidator,
}
_ADAPTER = "dbtool.adapter"


def required(table: Table) -> Iterator[Column[Any]]:
    """Yield the columns that every new row must give."""
    yield from (column for column in table.columns if is_given(column) and is_required(column))


def check(column: Column[Any], value: Any) -> None:
    """Raise ValueError, with the words of the rule, where a model or the length of a column does not allow a value.

    The value is only looked at: what is written is what was typed, not what a validator makes of it.
    """
    length = getattr(sql_type(column), "length", None)
    if isinstance(value, str) and length and len(value) > length and not enum_words(column.type):
        raise ValueError(f"should have at most {length} characters; this has {len(value):,}")
    adapter = _adapter(column)
    if adapter is None:
        return
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        raise ValueError(_message(error.errors(include_url=False, include_context=False)[0])) from error
    except Exception:  # a validator that looks at other fields, which are not at hand
        return


def _adapter(column: Column[Any]) -> TypeAdapter[Any] | None:
    """Return what validates a column, made once."""
    if _ADAPTER not in column.info:
        column.info[_ADAPTER] = _made(column)
    adapter: TypeAdapter[Any] | None = column.info[_ADAPTER]
    return adapter


def _made(column: Column[Any]) -> TypeAdapter[Any] | None:
    field = field_of(column)
    if field is None or field.annotation is None:
        return None
    parts = [*field.metadata, *_validators(column)]
    wanted: Any = Annotated[(field.annotation, *parts)] if parts else field.annotation
    try:
        return TypeAdapter(wanted, config={"arbitrary_types_allowed": True})
    except Exception:  # a type that takes no configuration, or that Pydantic does not know by itself
        try:
            return TypeAdapter(wanted)
        except Exception:
            return None


def _validators(column: Column[Any]) -> Iterator[Any]:
    """Yield the model's validators of a field; they are called without the other fields of the row."""
    model: Any = model_of(column.table)
    for decorator in model.__pydantic_decorators__.field_validators.values():
        if column.name in decorator.info.fields or "*" in decorator.info.fields:
            yield _MODES[decorator.info.mode](decorator.func)


def _message(error: Any) -> str:
    words = str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return f"{words[:1].lower()}{words[1:]}"
