"""Statements that every type checker refuses beside the stub of the sample's models; never run."""

from app.models import AssetKind, DailyPlan, Level, Story, Unit, UnitAsset, User, UserProgress
from sqlalchemy.orm import joinedload, selectinload
from sqlmodel import Session, col, func, select, update


def misspelt(session: Session, unit: Unit) -> None:
    select(Unit).where(Unit.titel == "x")  # wrong: titel
    select(Unit).order_by(Unit.positon.desc())  # wrong: positon
    select(Unit).options(selectinload(Unit.asset))  # wrong: asset
    select(Unit).join(Unit.storys)  # wrong: storys
    select(Unit).where(Unit.asets.any())  # wrong: asets
    select(func.count(Unit.identity))  # wrong: identity
    select(Unit.nam, Unit.title)  # wrong: nam
    update(Unit).where(Unit.slugg == "x")  # wrong: slugg
    print(unit.tittle)  # wrong: tittle
    print(unit.story.levl)  # wrong: levl
    print(unit.assets[0].kinds)  # wrong: kinds
    select(UnitAsset).where(UnitAsset.kind == AssetKind.vidoe)  # wrong: vidoe
    col(Unit.nothing)  # wrong: nothing


def constructed(level: Level, story: Story, user: User, unit: Unit) -> None:
    Unit(slug="x", titel="x", story=story)  # wrong: titel
    Unit(slug="x", story=story)  # wrong: title
    Unit(slug="x", title=5, story=story)  # wrong
    Unit(slug="x", title="x", story_id="1")  # wrong
    Unit(slug="x", title="x", story=level)  # wrong
    Unit("x", "y")  # wrong
    Story(slug="x", title="x", level="beginner")  # wrong
    Story(title="x", level=level)  # wrong: slug
    Level(slug="x", name=None)  # wrong
    Level(slug="x", name="x", stories=story)  # wrong
    Level(slug="x", name="x", stories=[unit])  # wrong
    User(username="x", email="x")  # wrong: password_hash
    DailyPlan(user=user, day="2025-01-01")  # wrong
    UserProgress(user=user, unit=unit, status="finished")  # wrong
    UnitAsset(kind="video", object_key="x", media_type="x", unit=unit)  # wrong


def mistyped(session: Session, unit: Unit, story: Story) -> None:
    identity: str = unit.id  # wrong
    about: str = story.description  # wrong
    assets: list[Unit] = unit.assets  # wrong
    level: Story = story.level  # wrong
    unit.title = 5  # wrong
    unit.title = None  # wrong
    unit.story = story.level  # wrong
    unit.assets = story  # wrong
    unit.position = "first"  # wrong
    selectinload("assets")  # wrong
    joinedload(story)  # wrong
    titles: list[int] = list(session.exec(select(Unit.title)))  # wrong
    wrong_row: tuple[str, str] = session.exec(select(Unit.id, Unit.title)).one()  # wrong
    found: Unit = session.get(Unit, 1)  # wrong
    units: list[Story] = list(session.exec(select(Unit)))  # wrong
    unit.title.append("x")  # wrong
    unit.assets.add(story)  # wrong
    unit.assets.append(story)  # wrong
    print(identity, about, assets, level, titles, wrong_row, found, units)


def misused(session: Session, unit: Unit) -> None:
    select(Unit).where("title")  # wrong
    unit.id.in_([1])  # wrong: in_
    unit.title.contains("x")  # wrong: contains
