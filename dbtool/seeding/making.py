"""Values made up for columns: by what a `!generate` block says of them, else by their names, types and limits.

The same seed gives the same values, in the same order, on every machine. With the package mimesis (extra `fake`)
names, places and texts look like real ones; without it they are plain words.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, get_origin
from uuid import UUID

from sqlalchemy import JSON, Column, DateTime, LargeBinary, Numeric, String
from sqlalchemy import Enum as EnumType

from dbtool import tables
from dbtool.seeding.documents import MappingNode, plain_value
from dbtool.seeding.problems import did_you_mean, listed

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)  # from which times are counted, so that they are the same each day
DAYS = 730
Make = Callable[[int], Any]  # from the number of a row, from 0, to its value


class Maker:
    """Makes values up; all randomness comes from one generator, which each batch starts anew."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.generic = _mimesis()

    def begin(self, number: int) -> None:
        """Start a batch whose first row has a number: what follows depends on nothing else."""
        self.random.seed(f"{self.seed}:{number}")
        if self.generic is not None:
            self.generic.reseed(f"{self.seed}:{number}")

    def of(self, column: Column[Any], *, unique: bool) -> Make:
        """Return what makes a column's values up; with `unique` no two are the same."""
        kind, base = tables.sql_type(column), tables.python_type(column)
        if isinstance(base, type) and issubclass(base, Enum):
            return self._one_of([member.value for member in base])
        if isinstance(kind, EnumType):
            return self._one_of(list(kind.enums))
        if isinstance(kind, LargeBinary):
            return lambda number: self.random.randbytes(8)
        typed = self._typed(column, unique)
        for each in (base, tables.kept_type(column)):  # Pydantic has types of its own, such as NaiveDatetime
            for known, make in typed.items() if isinstance(each, type) else ():
                if issubclass(each, known):
                    return make
        if isinstance(kind, JSON) or get_origin(base) is not None:
            empty: Any = [] if get_origin(base) in (list, tuple, set) or base is list else {}
            return lambda number: empty
        return self._text(column, unique)

    def _typed(self, column: Column[Any], unique: bool) -> Mapping[type, Make]:
        kind = tables.sql_type(column)
        aware = isinstance(kind, DateTime) and kind.timezone
        start = EPOCH if aware else EPOCH.replace(tzinfo=None)
        return {
            bool: lambda number: self.random.random() < 0.5,
            int: self._whole(column, unique),
            float: self._fraction(column, 2),
            Decimal: self._fraction(column, kind.scale or 0 if isinstance(kind, Numeric) else 2),
            datetime: lambda number: start + timedelta(seconds=self.random.randrange(DAYS * 86_400)),
            date: (lambda number: EPOCH.date() + timedelta(days=number))
            if unique
            else lambda number: EPOCH.date() + timedelta(days=self.random.randrange(DAYS)),
            time: lambda number: time(self.random.randrange(24), self.random.randrange(60)),
            timedelta: lambda number: timedelta(minutes=self.random.randrange(1, 600)),
            UUID: lambda number: UUID(int=self.random.getrandbits(128), version=4),
            bytes: lambda number: self.random.randbytes(8),
            str: self._text(column, unique),
        }

    def _one_of(self, values: Sequence[Any]) -> Make:
        return lambda number: self.random.choice(values)

    def _whole(self, column: Column[Any], unique: bool) -> Make:
        lowest, highest = _limits(column)
        least = int(lowest) if lowest is not None else 1
        if unique:
            return lambda number: least + number
        most = int(highest) if highest is not None else max(least, 0) + 100
        return lambda number: self.random.randint(least, max(least, most))

    def _fraction(self, column: Column[Any], places: int) -> Make:
        lowest, highest = _limits(column)
        kind = tables.sql_type(column)
        room = (
            10 ** (kind.precision - places) - 1
            if isinstance(kind, Numeric) and kind.asdecimal and kind.precision
            else 100
        )
        least = float(lowest) if lowest is not None else 0.0
        most = float(highest) if highest is not None else least + min(100, room)
        return lambda number: round(self.random.uniform(least, most), places)

    # Texts

    def _text(self, column: Column[Any], unique: bool) -> Make:
        shortest, longest = _lengths(column)
        make = self._by_name(column.name.lower(), longest)

        def text(number: int) -> str:
            made = str(make(number))
            if unique:
                made = _numbered(made, number + 1, longest)
            if len(made) > longest:
                made = made[:longest].rstrip() or made[:longest]
            return made.ljust(shortest, "x")

        return text

    def _by_name(self, name: str, longest: int) -> Make:
        for pattern, provider in _NAMES:
            if re.search(pattern, name):
                found = self._provider(provider)
                if found is not None:
                    return found
                break
        words = self._provider("text.word") or self._one_of(_WORDS)
        if longest < 24:
            return words
        return lambda number: " ".join(str(words(number)) for _ in range(self.random.randint(2, 5)))

    def _provider(self, name: str) -> Make | None:
        """Return a method of mimesis, as `person.full_name`; None without the package."""
        if self.generic is None:
            return None
        provider, _, method = name.partition(".")
        call = getattr(getattr(self.generic, provider), method)
        return lambda number: call()

    # What a block says

    def told(self, told: Any, column: Column[Any], *, unique: bool) -> Make:
        """Return what makes values as a block says it of a column. Raises ValueError with the end of a sentence.

        A text with `{n}` is filled in with the number of the row, from 1; `person.email` is a provider of mimesis; a
        mapping is `{from: [...]}` or `{between: [low, high]}`; anything else is the value itself.
        """
        if isinstance(told, MappingNode):
            return self._told_by(told, column)
        if isinstance(told, str) and "{n}" in told:
            return lambda number: told.replace("{n}", str(number + 1))
        if isinstance(told, str) and _PROVIDER.fullmatch(told):
            return self._told_provider(told, column, unique=unique)
        return lambda number: told

    def _told_provider(self, told: str, column: Column[Any], *, unique: bool) -> Make:
        if self.generic is None:
            raise ValueError("names a provider of mimesis: pip install 'sqlmodel-dbtool[fake]'")
        provider, _, method = told.partition(".")
        if not hasattr(self.generic, provider):
            raise ValueError(f"names `{told}`, and mimesis has no `{provider}`")
        if not callable(getattr(getattr(self.generic, provider), method, None)):
            names = [each for each in dir(getattr(self.generic, provider)) if not each.startswith("_")]
            raise ValueError(f"names `{told}`, and `{provider}` has no `{method}`{did_you_mean(method, names)}")
        make, (_, longest) = self._provider(told), _lengths(column)
        assert make is not None
        if not unique:
            return make
        return lambda number: _numbered(str(make(number)), number + 1, longest)

    def _told_by(self, told: MappingNode, column: Column[Any]) -> Make:
        if told.keys() == {"from"} and isinstance(told["from"], list) and told["from"]:
            return self._one_of(told["from"])
        if told.keys() == {"between"} and isinstance(told["between"], list) and len(told["between"]) == 2:
            low, high = (plain_value(each) for each in told["between"])
            return self._between(low, high, column)
        raise ValueError(
            f"takes {listed(('{from: [...]}', '{between: [low, high]}'), 'or')}, not a mapping of {listed(told)}"
        )

    def _between(self, low: Any, high: Any, column: Column[Any]) -> Make:
        base = tables.python_type(column)
        if isinstance(low, str) and isinstance(base, type) and issubclass(base, date):
            first, last = datetime.fromisoformat(low), datetime.fromisoformat(high)
            seconds = int((last - first).total_seconds())
            form = "%Y-%m-%dT%H:%M:%S" if issubclass(base, datetime) else "%Y-%m-%d"
            return lambda number: (first + timedelta(seconds=self.random.randint(0, seconds))).strftime(form)
        if not isinstance(low, (int, float)) or not isinstance(high, (int, float)) or low > high:
            raise ValueError("takes the lowest and the highest value: `{between: [1, 5]}`")
        if isinstance(low, int) and isinstance(high, int):
            least, most = low, high
            return lambda number: self.random.randint(least, most)
        return lambda number: round(self.random.uniform(low, high), 2)


_PROVIDER = re.compile(r"[a-z_]+\.[a-z_]+")
_WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "iris", "juniper", "lake", "maple")
_NAMES = (
    (r"e?mail", "person.email"),
    (r"first_?name|given_?name", "person.first_name"),
    (r"last_?name|surname|family_?name", "person.last_name"),
    (r"user_?name|login|handle|nick", "person.username"),
    (r"pass(word)?", "person.password"),
    (r"phone|mobile|telephone", "person.telephone"),
    (r"full_?name|author|contact", "person.full_name"),
    (r"job|occupation|profession", "person.occupation"),
    (r"country_?code", "address.country_code"),
    (r"country", "address.country"),
    (r"city|town", "address.city"),
    (r"street|address", "address.address"),
    (r"zip|post(al)?_?code", "address.postal_code"),
    (r"state|province|region", "address.state"),
    (r"company|employer|brand|maker|vendor", "finance.company"),
    (r"currency", "finance.currency_iso_code"),
    (r"url|link|website|homepage", "internet.url"),
    (r"^ip|ip_?addr", "internet.ip_v4"),
    (r"colou?r", "text.color"),
    (r"lang|locale", "address.country_code"),
    (r"slug|code|key|sku|tag|token", "internet.slug"),
    (r"description|text|body|content|bio|note|comment|feedback|summary|message", "text.sentence"),
    (r"name", "person.full_name"),
)


def _mimesis() -> Any:
    """Return what makes names, places and texts up; None without the package."""
    try:
        from mimesis import Generic, Locale
    except ImportError:
        return None
    return Generic(Locale.EN)


def _limits(column: Column[Any]) -> tuple[Any, Any]:
    """Return the least and the greatest number that a column's field allows; None where there is no limit."""
    field = tables.field_of(column)
    low = high = None
    whole = tables.python_type(column) is int
    for rule in field.metadata if field is not None else ():
        low = _first(low, getattr(rule, "ge", None), _next(getattr(rule, "gt", None), 1 if whole else 0.01))
        high = _first(high, getattr(rule, "le", None), _next(getattr(rule, "lt", None), -1 if whole else -0.01))
    return low, high


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _next(value: Any, step: float) -> Any:
    return None if value is None else float(value) + step if isinstance(step, float) else value + step


def _lengths(column: Column[Any]) -> tuple[int, int]:
    """Return the least and the greatest number of letters of a text."""
    field, kind = tables.field_of(column), tables.sql_type(column)
    rules = field.metadata if field is not None else ()
    least = max((each.min_length for each in rules if getattr(each, "min_length", None) is not None), default=0)
    limits = [each.max_length for each in rules if getattr(each, "max_length", None) is not None]
    if isinstance(kind, String) and kind.length:
        limits.append(kind.length)
    return least, min(limits, default=200)


def _numbered(text: str, number: int, longest: int) -> str:
    """Return a text that no other number gives: before the @ of an address, else at the end."""
    name, at, rest = text.partition("@")
    room = longest - len(at) - len(rest) - len(str(number)) - 1
    if room < 1 and at:
        name, at, rest, room = text, "", "", longest - len(str(number)) - 1
    separator = "." if at else "-"
    return f"{name[:room]}{separator}{number}{at}{rest}" if room > 0 else str(number)[-longest:]
