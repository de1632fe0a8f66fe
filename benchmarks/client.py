"""The generated client's runtime against SQLModel written by hand, in one process, in turn: A B A B ...

`python -m benchmarks client`. The database is a SQLite file of 10,000 units with two assets each.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Engine, create_engine, delete, event, insert
from sqlalchemy.orm import joinedload, selectinload
from sqlmodel import Session, SQLModel, col, select

from dbtool.client import ClientBase, Table
from dbtool.models import Level, Story, Unit, UnitAsset

ROWS = 10_000


class Client(ClientBase):
    """What `dbtool generate` writes, for four models."""

    def _open(self) -> None:
        self.level: Any = Table(self, Level)
        self.story: Any = Table(self, Story)
        self.unit: Any = Table(self, Unit)
        self.unit_asset: Any = Table(self, UnitAsset)


class Card(BaseModel):
    """Two columns of a unit."""

    id: int
    title: str


@dataclass(frozen=True)
class Pair:
    """The same work done twice, and the ratio of CPU time to reach."""

    title: str
    ours: Callable[[], object]
    theirs: Callable[[], object]
    goal: float
    runs: int


def main() -> None:
    """Print each pair's medians and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        engine = create_engine(f"sqlite:///{path}")
        event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA foreign_keys = ON"))
        fill(engine)
        with Client(f"sqlite:///{path}") as db:
            for pair in pairs(db, engine):
                show(pair)


def fill(engine: Engine) -> None:
    """Make the tables and rows to read."""
    SQLModel.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(Level), [{"id": 1, "slug": "l", "name": "L", "position": 0}])
        stories = [{"id": n, "level_id": 1, "slug": f"s{n}", "title": f"S{n}", "position": n} for n in range(1, 11)]
        connection.execute(insert(Story), stories)
        connection.execute(insert(Unit), units())
        assets = [asset(n) for n in range(2 * ROWS)]
        connection.execute(insert(UnitAsset), assets)


def units(prefix: str = "u") -> list[dict[str, Any]]:
    """Return the rows of 10,000 units."""
    return [
        {"story_id": n % 10 + 1, "slug": f"{prefix}{n}", "title": f"Unit {n}", "description": None, "position": n}
        for n in range(ROWS)
    ]


def asset(number: int) -> dict[str, Any]:
    """Return the row of an asset."""
    key = {"unit_id": number // 2 + 1, "object_key": f"k{number}"}
    return {**key, "kind": "video", "media_type": "video/mp4", "language": "en", "size_bytes": number}


def pairs(db: Client, engine: Engine) -> Iterator[Pair]:
    """Yield what is compared."""
    with_both: Any = {"assets": True, "story": True}

    def by_hand(limit: int, *options: Any) -> Callable[[], object]:
        def run() -> object:
            with Session(engine) as session:
                statement = select(Unit).order_by(col(Unit.id)).limit(limit)
                return session.exec(statement.options(*options) if options else statement).all()

        return run

    def one_by_hand() -> object:
        with Session(engine) as session:
            return session.exec(select(Unit).where(Unit.slug == "u77")).first()

    def cards_by_hand() -> object:
        with Session(engine) as session:
            found = session.exec(select(Unit.id, Unit.title).order_by(col(Unit.id)))
            return [Card(id=id or 0, title=title) for id, title in found]

    both: tuple[Any, ...] = (selectinload(Unit.assets), selectinload(Unit.story))  # type: ignore[arg-type]
    yield Pair("find_unique", lambda: db.unit.find_unique({"slug": "u77"}), one_by_hand, 1.3, 1000)
    for take, goal, runs in ((1, 1.3, 1000), (100, 1.15, 300), (ROWS, 1.1, 15)):
        yield Pair(f"find_many {take}", lambda take=take: db.unit.find_many(take=take), by_hand(take), goal, runs)
        yield Pair(
            f"find_many {take}, include 2",
            lambda take=take: db.unit.find_many(include=with_both, take=take),
            by_hand(take, *both),
            goal,
            max(15, runs // 3),
        )
    joined: tuple[Any, ...] = (selectinload(Unit.assets), joinedload(Unit.story))  # type: ignore[arg-type]
    yield Pair(
        "the same, 100, by hand with a join",
        lambda: db.unit.find_many(include=with_both, take=100),
        by_hand(100, *joined),
        1.15,
        100,
    )
    yield Pair("view of 2 columns, 10,000", lambda: db.unit.select(Card).find_many(), cards_by_hand, 1.1, 15)
    yield from writing(db, engine)


def writing(db: Client, engine: Engine) -> Iterator[Pair]:
    """Yield what is compared of writing; each run takes its rows away again, which is part of both."""
    rows = units("new")
    number = iter(range(10**9))

    def clear() -> None:
        with engine.begin() as connection:
            connection.execute(delete(Unit).where(col(Unit.slug).startswith("new")))

    def bare() -> None:
        with engine.begin() as connection:
            connection.execute(insert(Unit.__table__), rows)  # type: ignore[attr-defined]
        clear()

    def many() -> None:
        db.unit.create_many(rows)
        clear()

    def one_by_hand() -> None:
        with Session(engine) as session:
            made = Unit.model_validate({"slug": f"a{next(number)}", "title": "t", "story_id": 1})
            session.add(made)
            session.commit()
            session.refresh(made)

    def one() -> None:
        db.unit.create({"slug": f"b{next(number)}", "title": "t", "story_id": 1})

    yield Pair("create_many 10,000 against a bare insert", many, bare, 1.5, 15)
    yield Pair("create", one, one_by_hand, 1.3, 200)


def show(pair: Pair) -> None:
    """Time both in turn after a warm-up, and print a row."""
    for _ in range(3):
        pair.ours(), pair.theirs()
    gc.collect()
    times = [(spent(pair.ours), spent(pair.theirs)) for _ in range(pair.runs)]
    ours, theirs = (statistics.median(each) * 1000 for each in zip(*times, strict=True))
    ratio = statistics.median(a / b for a, b in times)
    verdict = "reached" if ratio <= pair.goal else "MISSED"
    print(f"{pair.title:<42} {ours:9.3f} ms  by hand {theirs:9.3f} ms  ratio {ratio:.2f} (goal {pair.goal}: {verdict})")


def spent(work: Callable[[], object]) -> float:
    """Return the CPU seconds that a call takes."""
    started = time.process_time()
    work()
    return time.process_time() - started
