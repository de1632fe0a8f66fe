"""What a caller asks of a table, as it was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Given = Any  # a dictionary as the caller wrote it: whatever it is, what reads it says what is wrong with it


@dataclass(slots=True)
class Query:
    """Which rows, in which order, with which relations. None stands for what was not given."""

    where: Given = None
    include: Given = None
    order_by: Given = None
    take: int | None = None
    skip: int = 0
    cursor: Given = None
    distinct: Sequence[str] = ()


@dataclass(slots=True)
class Figures:
    """Which figures of which columns."""

    sum: Sequence[str] = ()
    avg: Sequence[str] = ()
    min: Sequence[str] = ()
    max: Sequence[str] = ()
