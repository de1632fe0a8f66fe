"""What a table adds up to: counts, sums, averages and extremes, of all rows or of groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypedDict

from dbtool.client.parameters import Field, Number


@dataclass(frozen=True, slots=True)
class Aggregate(Generic[Field, Number]):
    """Figures of some rows; each mapping holds the columns that were asked for, None where no row has a value."""

    count: int
    sum: Mapping[Number, Any]
    avg: Mapping[Number, Any]
    min: Mapping[Field, Any]
    max: Mapping[Field, Any]


@dataclass(frozen=True, slots=True)
class Group(Aggregate[Field, Number]):
    """Figures of the rows that have the same values in `by`."""

    by: Mapping[Field, Any]


class CountFilter(TypedDict, total=False):
    """What the number of rows of a group must be."""

    equals: int
    gt: int
    gte: int
    lt: int
    lte: int


class Having(TypedDict, total=False):
    """What the figures of a group must be for it to be found, by the names of columns.

    Not generic: where only some keys are given, pyright would not know the parameters of the others.
    """

    count: int | CountFilter
    sum: Mapping[str, Any]
    avg: Mapping[str, Any]
    min: Mapping[str, Any]
    max: Mapping[str, Any]
