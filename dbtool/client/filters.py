"""What the dictionaries of a generated client are made of. Only type checkers read it; at run time they are dicts.

What is generic is made for being inherited from: a generic TypedDict that is used as it is makes pyright name no wrong
key, and refuse right ones within a union. `in`, `is` and `not` are keywords, which only the functional form can hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, Literal, TypedDict, TypeVar, overload
from uuid import UUID

from dbtool.client.parameters import Create, Field, Include, M, Number, Order, Row, Set, Unique, Update, Where

if TYPE_CHECKING:
    from dbtool.client.async_client import AsyncClientBase
    from dbtool.client.async_table import AsyncTable
    from dbtool.client.client import ClientBase
    from dbtool.client.table import Table

Value = TypeVar("Value")
Equal = TypeVar("Equal")  # the same, or None where a column holds it
New = TypeVar("New")
R = TypeVar("R")  # what a table is read by, written with, and its names
W = TypeVar("W")
N = TypeVar("N")
Change = TypeVar("Change")

# Filters of columns


class Listed(TypedDict, Generic[Value, Equal], total=False):
    """What every column can be compared with."""

    equals: Equal
    not_in: Sequence[Value]


class Ordered(Listed[Value, Equal], total=False):
    """The same, of a column with an order."""

    lt: Value
    lte: Value
    gt: Value
    gte: Value


class Text(Ordered[str, Equal], total=False):
    """The same, of a text."""

    contains: str
    starts_with: str
    ends_with: str
    mode: Literal["insensitive"]


_StrIn = TypedDict("_StrIn", {"in": Sequence[str]}, total=False)


class _Str(_StrIn, Text[str], total=False): ...


_StrNot = TypedDict("_StrNot", {"not": str | _Str}, total=False)


class StrFilter(_Str, _StrNot, total=False):
    """What a column of `str` must be."""


class _OptionalStr(_StrIn, Text[str | None], total=False): ...


_OptionalStrNot = TypedDict("_OptionalStrNot", {"not": str | _OptionalStr | None}, total=False)


class OptionalStrFilter(_OptionalStr, _OptionalStrNot, total=False):
    """What a nullable column of `str` must be."""


_IntIn = TypedDict("_IntIn", {"in": Sequence[int]}, total=False)


class _Int(_IntIn, Ordered[int, int], total=False): ...


_IntNot = TypedDict("_IntNot", {"not": int | _Int}, total=False)


class IntFilter(_Int, _IntNot, total=False):
    """What a column of `int` must be."""


class _OptionalInt(_IntIn, Ordered[int, int | None], total=False): ...


_OptionalIntNot = TypedDict("_OptionalIntNot", {"not": int | _OptionalInt | None}, total=False)


class OptionalIntFilter(_OptionalInt, _OptionalIntNot, total=False):
    """What a nullable column of `int` must be."""


_FloatIn = TypedDict("_FloatIn", {"in": Sequence[float]}, total=False)


class _Float(_FloatIn, Ordered[float, float], total=False): ...


_FloatNot = TypedDict("_FloatNot", {"not": float | _Float}, total=False)


class FloatFilter(_Float, _FloatNot, total=False):
    """What a column of `float` must be."""


class _OptionalFloat(_FloatIn, Ordered[float, float | None], total=False): ...


_OptionalFloatNot = TypedDict("_OptionalFloatNot", {"not": float | _OptionalFloat | None}, total=False)


class OptionalFloatFilter(_OptionalFloat, _OptionalFloatNot, total=False):
    """What a nullable column of `float` must be."""


_DecimalIn = TypedDict("_DecimalIn", {"in": Sequence[Decimal | int]}, total=False)


class _Decimal(_DecimalIn, Ordered[Decimal | int, Decimal | int], total=False): ...


_DecimalNot = TypedDict("_DecimalNot", {"not": Decimal | int | _Decimal}, total=False)


class DecimalFilter(_Decimal, _DecimalNot, total=False):
    """What a column of `Decimal` must be."""


class _OptionalDecimal(_DecimalIn, Ordered[Decimal | int, Decimal | int | None], total=False): ...


_OptionalDecimalNot = TypedDict("_OptionalDecimalNot", {"not": Decimal | int | _OptionalDecimal | None}, total=False)


class OptionalDecimalFilter(_OptionalDecimal, _OptionalDecimalNot, total=False):
    """What a nullable column of `Decimal` must be."""


_BoolIn = TypedDict("_BoolIn", {"in": Sequence[bool]}, total=False)


class _Bool(_BoolIn, Listed[bool, bool], total=False): ...


_BoolNot = TypedDict("_BoolNot", {"not": bool | _Bool}, total=False)


class BoolFilter(_Bool, _BoolNot, total=False):
    """What a column of `bool` must be."""


class _OptionalBool(_BoolIn, Listed[bool, bool | None], total=False): ...


_OptionalBoolNot = TypedDict("_OptionalBoolNot", {"not": bool | _OptionalBool | None}, total=False)


class OptionalBoolFilter(_OptionalBool, _OptionalBoolNot, total=False):
    """What a nullable column of `bool` must be."""


_DateTimeIn = TypedDict("_DateTimeIn", {"in": Sequence[datetime]}, total=False)


class _DateTime(_DateTimeIn, Ordered[datetime, datetime], total=False): ...


_DateTimeNot = TypedDict("_DateTimeNot", {"not": datetime | _DateTime}, total=False)


class DateTimeFilter(_DateTime, _DateTimeNot, total=False):
    """What a column of `datetime` must be."""


class _OptionalDateTime(_DateTimeIn, Ordered[datetime, datetime | None], total=False): ...


_OptionalDateTimeNot = TypedDict("_OptionalDateTimeNot", {"not": datetime | _OptionalDateTime | None}, total=False)


class OptionalDateTimeFilter(_OptionalDateTime, _OptionalDateTimeNot, total=False):
    """What a nullable column of `datetime` must be."""


_DateIn = TypedDict("_DateIn", {"in": Sequence[date]}, total=False)


class _Date(_DateIn, Ordered[date, date], total=False): ...


_DateNot = TypedDict("_DateNot", {"not": date | _Date}, total=False)


class DateFilter(_Date, _DateNot, total=False):
    """What a column of `date` must be."""


class _OptionalDate(_DateIn, Ordered[date, date | None], total=False): ...


_OptionalDateNot = TypedDict("_OptionalDateNot", {"not": date | _OptionalDate | None}, total=False)


class OptionalDateFilter(_OptionalDate, _OptionalDateNot, total=False):
    """What a nullable column of `date` must be."""


_TimeIn = TypedDict("_TimeIn", {"in": Sequence[time]}, total=False)


class _Time(_TimeIn, Ordered[time, time], total=False): ...


_TimeNot = TypedDict("_TimeNot", {"not": time | _Time}, total=False)


class TimeFilter(_Time, _TimeNot, total=False):
    """What a column of `time` must be."""


class _OptionalTime(_TimeIn, Ordered[time, time | None], total=False): ...


_OptionalTimeNot = TypedDict("_OptionalTimeNot", {"not": time | _OptionalTime | None}, total=False)


class OptionalTimeFilter(_OptionalTime, _OptionalTimeNot, total=False):
    """What a nullable column of `time` must be."""


_TimeDeltaIn = TypedDict("_TimeDeltaIn", {"in": Sequence[timedelta]}, total=False)


class _TimeDelta(_TimeDeltaIn, Ordered[timedelta, timedelta], total=False): ...


_TimeDeltaNot = TypedDict("_TimeDeltaNot", {"not": timedelta | _TimeDelta}, total=False)


class TimeDeltaFilter(_TimeDelta, _TimeDeltaNot, total=False):
    """What a column of `timedelta` must be."""


class _OptionalTimeDelta(_TimeDeltaIn, Ordered[timedelta, timedelta | None], total=False): ...


_OptionalTimeDeltaNot = TypedDict("_OptionalTimeDeltaNot", {"not": timedelta | _OptionalTimeDelta | None}, total=False)


class OptionalTimeDeltaFilter(_OptionalTimeDelta, _OptionalTimeDeltaNot, total=False):
    """What a nullable column of `timedelta` must be."""


_UUIDIn = TypedDict("_UUIDIn", {"in": Sequence[UUID]}, total=False)


class _UUID(_UUIDIn, Ordered[UUID, UUID], total=False): ...


_UUIDNot = TypedDict("_UUIDNot", {"not": UUID | _UUID}, total=False)


class UUIDFilter(_UUID, _UUIDNot, total=False):
    """What a column of `UUID` must be."""


class _OptionalUUID(_UUIDIn, Ordered[UUID, UUID | None], total=False): ...


_OptionalUUIDNot = TypedDict("_OptionalUUIDNot", {"not": UUID | _OptionalUUID | None}, total=False)


class OptionalUUIDFilter(_OptionalUUID, _OptionalUUIDNot, total=False):
    """What a nullable column of `UUID` must be."""


_BytesIn = TypedDict("_BytesIn", {"in": Sequence[bytes]}, total=False)


class _Bytes(_BytesIn, Listed[bytes, bytes], total=False): ...


_BytesNot = TypedDict("_BytesNot", {"not": bytes | _Bytes}, total=False)


class BytesFilter(_Bytes, _BytesNot, total=False):
    """What a column of `bytes` must be."""


class _OptionalBytes(_BytesIn, Listed[bytes, bytes | None], total=False): ...


_OptionalBytesNot = TypedDict("_OptionalBytesNot", {"not": bytes | _OptionalBytes | None}, total=False)


class OptionalBytesFilter(_OptionalBytes, _OptionalBytesNot, total=False):
    """What a nullable column of `bytes` must be."""


JsonFilter = TypedDict("JsonFilter", {"equals": Any, "not": Any}, total=False)


# What a column becomes


class SetTo(TypedDict, Generic[Equal], total=False):
    """A new value."""

    set: Equal


class Calculated(TypedDict, Generic[Value, Equal], total=False):
    """A new number, or one that the database reckons from the old one."""

    set: Equal
    increment: Value
    decrement: Value
    multiply: Value
    divide: Value


class IntChange(Calculated[int, int], total=False):
    """What an integer becomes."""


class OptionalIntChange(Calculated[int, int | None], total=False):
    """What an integer or None becomes."""


class FloatChange(Calculated[float, float], total=False):
    """What a number becomes."""


class OptionalFloatChange(Calculated[float, float | None], total=False):
    """What a number or None becomes."""


class DecimalChange(Calculated[Decimal | int, Decimal | int], total=False):
    """What a decimal number becomes."""


class OptionalDecimalChange(Calculated[Decimal | int, Decimal | int | None], total=False):
    """What a decimal number or None becomes."""


# Relations: filtered, included


class ListFilter(TypedDict, Generic[Where], total=False):
    """What the rows of a to-many relation must be."""

    some: Where
    every: Where
    none: Where


class NoInclude(TypedDict):
    """What a model without relations can include."""


class OneArgs(TypedDict, Generic[Include], total=False):
    """How a to-one relation is included."""

    include: Include


class ManyArgs(TypedDict, Generic[Where, Order, Include], total=False):
    """How a to-many relation is included."""

    where: Where
    order_by: Order
    take: int
    skip: int
    include: Include


# Relations: written


class ConnectOrCreate(TypedDict, Generic[Unique, New]):
    """A row that is there, or is made."""

    where: Unique
    create: New


class CreateOne(TypedDict, Generic[New, Unique], total=False):
    """The row of a to-one relation: exactly one of these."""

    create: New
    connect: Unique
    connect_or_create: ConnectOrCreate[Unique, New]


class CreateMany(TypedDict, Generic[New, Unique], total=False):
    """The rows of a to-many relation."""

    create: Sequence[New]
    connect: Sequence[Unique]
    connect_or_create: Sequence[ConnectOrCreate[Unique, New]]


class ChangeAny(CreateOne[New, Unique], total=False):
    """What becomes of the row of a to-one relation that can be missing; who inherits adds `update`."""

    disconnect: bool
    delete: bool


class Changing(TypedDict, Generic[Unique, Change]):
    """Which row of a to-many relation changes, and how."""

    where: Unique
    data: Change


class Upserting(TypedDict, Generic[Unique, New, Change]):
    """Which row of a to-many relation changes, and how, or is made."""

    where: Unique
    create: New
    update: Change


class ChangeOwned(CreateMany[New, Unique], Generic[New, Unique, Change], total=False):
    """What becomes of the rows of a to-many relation that cannot be without it; who inherits adds `update`."""

    delete: Sequence[Unique]
    upsert: Sequence[Upserting[Unique, New, Change]]


class ChangeMany(ChangeOwned[New, Unique, Change], total=False):
    """What becomes of the rows of a to-many relation that can be without it; who inherits adds `update`."""

    disconnect: Sequence[Unique]
    set: Sequence[Unique]


# Tables


class Reading(Generic[Where, Unique, Include, Order]):
    """What a table is read by."""


class Writing(Generic[Create, Row, Update, Set]):
    """What a table is written with."""


class Naming(Generic[M, Field, Number]):
    """A table's model, and the names of its columns."""


class TableOf(Generic[R, W, N]):
    """A model's table in both clients: declared once, a Table in the one and an AsyncTable in the other."""

    @overload
    def __get__(
        self: TableOf[
            Reading[Where, Unique, Include, Order], Writing[Create, Row, Update, Set], Naming[M, Field, Number]
        ],
        client: ClientBase,
        owner: object = None,
    ) -> Table[M, Where, Unique, Include, Order, Create, Row, Update, Set, Field, Number]: ...
    @overload
    def __get__(
        self: TableOf[
            Reading[Where, Unique, Include, Order], Writing[Create, Row, Update, Set], Naming[M, Field, Number]
        ],
        client: AsyncClientBase,
        owner: object = None,
    ) -> AsyncTable[M, Where, Unique, Include, Order, Create, Row, Update, Set, Field, Number]: ...
    def __get__(self, client: object, owner: object = None) -> object:
        """Tell the type of `client.<table>`; the client itself holds the table."""
        raise NotImplementedError
