"""What holds together: transactions, savepoints, sessions; threads and tasks that use one client."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from clients import AsyncClient
from sqlalchemy import Engine

from dbtool.errors import RefusedRowError
from dbtool.models import Level


def level(slug: str) -> dict[str, Any]:
    return {"slug": slug, "name": slug.upper()}


def test_a_transaction_lands_whole_or_not_at_all(db: Any) -> None:
    with db.tx() as tx:
        tx.level.create(level("a"))
        tx.level.create(level("b"))
    with pytest.raises(ZeroDivisionError), db.tx() as tx:
        tx.level.create(level("c"))
        1 / 0  # noqa: B018

    assert [each.slug for each in db.level.find_many()] == ["a", "b"]


def test_a_transaction_within_one_is_a_savepoint(db: Any) -> None:
    with db.tx() as tx:
        tx.level.create(level("a"))
        with pytest.raises(ZeroDivisionError), tx.tx() as inner:
            inner.level.create(level("b"))
            1 / 0  # noqa: B018
        with tx.tx() as inner:
            inner.level.create(level("c"))

    assert [each.slug for each in db.level.find_many()] == ["a", "c"]


def test_a_refused_row_leaves_the_transaction_usable(db: Any) -> None:
    with db.tx() as tx:
        tx.level.create(level("a"))
        with pytest.raises(RefusedRowError):
            tx.level.create(
                {**level("b"), "stories": {"create": [{"slug": "s", "title": "S"}, {"slug": "s", "title": "S"}]}}
            )
        tx.level.create(level("c"))

    assert [each.slug for each in db.level.find_many()] == ["a", "c"]
    assert db.story.count() == 0


def test_a_client_within_a_transaction_is_of_the_same_class_and_the_outer_one_stays_outside(client: Any) -> None:
    with client.tx() as tx:
        assert type(tx) is type(client)
        assert tx is not client
        assert tx.engine is client.engine


def test_a_session_shares_the_transaction(client: Any) -> None:
    with pytest.raises(ZeroDivisionError), client.tx() as tx:
        with tx.session() as session:
            session.add(Level(slug="a", name="A"))
        assert tx.level.count() == 1
        1 / 0  # noqa: B018
    with client.session() as session:
        session.add(Level(slug="b", name="B"))
        session.commit()

    assert [each.slug for each in client.level.find_many()] == ["b"]


def test_an_upsert_within_a_transaction_goes_on_after_a_lost_race(client: Any) -> None:
    with client.tx() as tx:
        first = tx.level.upsert({"slug": "a"}, create=level("a"), update={"name": "again"})
        second = tx.level.upsert({"slug": "a"}, create=level("a"), update={"name": "again"})

    assert (first.name, second.name) == ("A", "again")


def test_eight_threads_have_transactions_at_once(client: Any) -> None:
    client.level.create({**level("all"), "position": 0})

    def work(number: int) -> None:
        with client.tx() as tx:
            tx.level.create(level(f"t{number}"))
            tx.level.update({"slug": "all"}, {"position": {"increment": 1}})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(24)))

    assert client.level.find_unique({"slug": "all"}).position == 24
    assert client.level.count() == 25


def test_eight_threads_upsert_one_row(client: Any) -> None:
    def work(_: int) -> None:
        client.level.upsert({"slug": "x"}, create={**level("x"), "position": 1}, update={"position": {"increment": 1}})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(32)))

    assert [each.position for each in client.level.find_many()] == [32]


def test_tasks_share_a_client_and_a_transaction(server: str, engine: Engine) -> None:
    async def main() -> tuple[int, list[int], int]:
        async with AsyncClient(server) as db:
            made: Any = db
            await asyncio.gather(*(made.level.create(level(f"a{n}")) for n in range(8)))
            async with made.tx() as tx:
                await asyncio.gather(*(tx.level.create(level(f"b{n}")) for n in range(8)))
                within = await asyncio.gather(*(tx.level.count() for _ in range(3)))
            upserts = (
                made.level.upsert({"slug": "x"}, create=level("x"), update={"position": {"increment": 1}})
                for _ in range(8)
            )
            await asyncio.gather(*upserts)
            found = await made.level.find_unique_or_raise({"slug": "x"})
            return await made.level.count(), within, found.position

    assert asyncio.run(main()) == (17, [16, 16, 16], 7)
