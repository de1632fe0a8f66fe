"""The sample's tables with a few rows, in a throw-away database of each kind."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from projects import server_url
from sqlalchemy import Engine, create_engine, make_url, text
from sqlmodel import Session, SQLModel

from dbtool import models
from dbtool.config import Config, load_config

KINDS = ("sqlite", "postgres", "mysql")
_DRIVERS = {"postgres": "postgresql+psycopg", "mysql": "mysql+pymysql"}
TABLES = (
    "user",
    "level",
    "story",
    "unit",
    "unit_asset",
    "user_progress",
    "daily_plan",
    "daily_plan_entry",
    "pronunciation_attempt",
    "aggregate_score",
)


@contextmanager
def throwaway(kind: str, folder: Path) -> Iterator[tuple[str, Engine]]:
    """Lend an empty database as the URL that a user would write and an engine; skip where there is no server."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'shown.db'}"
        engine = create_engine(url)
        yield url, engine
        engine.dispose()
        return
    server = make_url(server_url(kind)).set(drivername=_DRIVERS[kind])
    name = f"show_{uuid.uuid4().hex[:12]}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    engine = create_engine(server.set(database=name))
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield server.set(database=name, drivername=kind).render_as_string(hide_password=False), engine
    finally:
        engine.dispose()
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
        admin.dispose()


def project(folder: Path, url: str, *, models: str | None = "dbtool.models") -> Config:
    """Return the configuration of a project in a folder."""
    folder.mkdir(exist_ok=True)
    line = f'models = "{models}"\n' if models else ""
    (folder / "pyproject.toml").write_text(f"[tool.dbtool]\n{line}")
    return load_config(url=url, project=folder)


def fill(engine: Engine) -> None:
    """Create the sample's tables and a few rows whose values the tests know."""
    moment = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    SQLModel.metadata.create_all(engine, [SQLModel.metadata.tables[name] for name in TABLES])
    level = models.Level(slug="beginner", name="Beginner")
    story = models.Story(level=level, slug="meeting-basics", title="Meeting Basics", description="")
    greetings = models.Unit(id=1, story=story, slug="greeting-phrases", title="Greeting Phrases", position=1)
    farewells = models.Unit(id=2, story=story, slug="farewells", title="Farewells", position=2)
    john, anna = (
        models.User(id=number, email=email, username=name, password_hash="x", created_at=moment, updated_at=moment)
        for number, name, email in ((1, "johndoe", "john@example.com"), (2, "anna", "anna@example.com"))
    )
    plan = models.DailyPlan(user=john, day=date(2025, 1, 1))
    rows = [
        level,
        story,
        greetings,
        farewells,
        john,
        anna,
        models.UnitAsset(unit=greetings, kind="video", object_key="a/b.mp4", media_type="video/mp4", size_bytes=99),
        models.UserProgress(
            id=1, user=john, unit=greetings, status="done", score=87.3, attempts=3, completed_at=moment
        ),
        models.UserProgress(id=2, user=anna, unit=greetings, status="in_progress", score=12.5, attempts=1),
        models.UserProgress(id=3, user=john, unit=farewells),
        plan,
        models.DailyPlanEntry(id=1, plan=plan, unit=farewells, position=1),
        models.DailyPlanEntry(id=2, plan=plan, unit=greetings, position=2, is_done=True),
        models.PronunciationAttempt(user=anna, unit=greetings, object_key="k", score=70, recorded_at=moment),
        models.AggregateScore(user=john, period="weekly", period_start=date(2025, 1, 6), score=77.25),
    ]
    with Session(engine) as session:
        session.add_all(rows)
        session.commit()
