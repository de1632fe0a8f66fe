"""What a seed may say instead of a value: `!now`, `!ago 2 days`, `!env NAME`, `!file path`, `!uuid label`, `!ref`."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from dbtool.seeding.documents import Content, Label, Moment, Secret


@dataclass(frozen=True)
class Tags:
    """What the tags of one run mean: its time, in the project's zone, and how it finds variables and files.

    `root` is the project's folder, outside of which no file is read.
    """

    now: datetime
    root: Path
    variable: Callable[[str], str | None]
    known: Mapping[str, Callable[[str, Path], str | bytes]] = field(init=False)

    def __post_init__(self) -> None:
        known = {
            "!now": self._now,
            "!today": self._today,
            "!ago": self._ago,
            "!in": self._in,
            "!env": self._env,
            "!file": self._file,
            "!uuid": self._uuid,
            "!ref": self._ref,
        }
        object.__setattr__(self, "known", known)

    @staticmethod
    def of(root: Path, zone: tzinfo, variable: Callable[[str], str | None]) -> Tags:
        """Return the tags of a run that begins now; a time of theirs has no fraction of a second."""
        return Tags(datetime.now(zone).replace(microsecond=0), root, variable)

    def value(self, tag: str, text: str, path: Path) -> str | bytes:
        """Return what a tag stands for, in the file at `path`. Raises ValueError with the end of a sentence."""
        return self.known[tag](text.strip(), path)

    def _now(self, text: str, path: Path) -> Moment:
        _refuse_text(text)
        return Moment.of(self.now)

    def _today(self, text: str, path: Path) -> Moment:
        _refuse_text(text)
        return Moment.of(self.now.replace(hour=0, minute=0, second=0))

    def _ago(self, text: str, path: Path) -> Moment:
        return Moment.of(_moved(self.now, text, -1))

    def _in(self, text: str, path: Path) -> Moment:
        return Moment.of(_moved(self.now, text, 1))

    def _env(self, text: str, path: Path) -> Secret:
        name, _, fallback = text.partition(" ")
        value = self.variable(name) if name else None
        if value is None and not fallback:
            raise ValueError(f"{name}: no such variable is set, and no other value follows it" if name else "of what?")
        return Secret.of(name, fallback.strip() if value is None else value)

    def _file(self, text: str, path: Path) -> Content:
        found = (path.parent / text).resolve()
        if not text or not found.is_relative_to(self.root.resolve()):
            raise ValueError("takes a file of the project, by its path from this one")
        try:
            return Content(found.read_bytes())
        except OSError as error:
            raise ValueError(f"{text} cannot be read: {error.strerror}") from error

    def _uuid(self, text: str, path: Path) -> str:
        if not text:
            raise ValueError("needs a label, of which it is made")
        return str(uuid5(NAMESPACE_URL, f"dbtool:{text}"))

    def _ref(self, text: str, path: Path) -> Label:
        if not text:
            raise ValueError("needs the label of a row, which that row gives as `$label`")
        return Label(text)


def _refuse_text(text: str) -> None:
    if text:
        raise ValueError("stands alone; `!ago 2 days` and `!in 3 hours` take a time")


_PART = re.compile(r"(\d{1,6})\s*([a-z]+)[\s,]*")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_MONTHS = {"month": 1, "year": 12}


def _moved(now: datetime, text: str, way: int) -> datetime:
    """Return a time that lies as far away as a text such as `2 days 3 hours` says, by the calendar."""
    end = 0
    for part in _PART.finditer(text):
        if part.start() != end:
            break
        end, unit = part.end(), part[2].removesuffix("s")
        if unit not in _SECONDS and unit not in _MONTHS:
            raise ValueError(f"knows no `{part[2]}`; seconds, minutes, hours, days, weeks, months and years are known")
        try:
            now = _by(now, way * int(part[1]), unit)
        except (OverflowError, ValueError) as error:
            raise ValueError("leads out of the years 1 to 9999") from error
    if not end or end != len(text):
        raise ValueError("takes a time such as `2 days` or `1 week 3 hours`")
    return now


def _by(now: datetime, count: int, unit: str) -> datetime:
    if unit in _SECONDS:
        return now + timedelta(seconds=count * _SECONDS[unit])
    month = now.year * 12 + now.month - 1 + count * _MONTHS[unit]
    year, month = divmod(month, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return now.replace(year=year, month=month + 1, day=min(now.day, last))
