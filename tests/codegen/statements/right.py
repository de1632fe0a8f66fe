"""Ordinary SQLModel statements on the sample's models, which every type checker accepts beside their stub.

Each function is given a session on a small database; `python right.py` runs them all.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import assert_type

from app.models import (
    AggregateScore,
    AssetKind,
    DailyPlan,
    DailyPlanEntry,
    Level,
    ProgressStatus,
    PronunciationAttempt,
    ScorePeriod,
    Story,
    Unit,
    UnitAsset,
    User,
    UserProgress,
    utc_now,
)
from sqlalchemy import case, nulls_last
from sqlalchemy.orm import aliased, contains_eager, joinedload, load_only, raiseload, selectinload
from sqlmodel import (
    Session,
    SQLModel,
    and_,
    col,
    create_engine,
    delete,
    desc,
    distinct,
    exists,
    func,
    insert,
    not_,
    or_,
    select,
    update,
)


def making() -> list[User | Level]:
    """Constructors: no ids, no foreign keys where the relation is given."""
    beginner = Level(slug="beginner", name="Beginner")
    story = Story(slug="meeting", title="Meeting", level=beginner)
    Story(slug="market", title="Market", level=beginner, position=1, description=None)
    greeting = Unit(slug="greeting", title="Greeting", story=story)
    Unit(slug="thanks", title="Thanks", story=story, position=2, assets=[])
    UnitAsset(kind=AssetKind.video, object_key="a.mp4", media_type="video/mp4", unit=greeting)
    UnitAsset(kind=AssetKind.audio, object_key="a.mp3", media_type="audio/mpeg", unit=greeting, size_bytes=7)
    user = User(id=None, email="jo@example.org", username="jo", password_hash="x", created_at=utc_now())
    UserProgress(user=user, unit=greeting, status=ProgressStatus.done, score=99.5)
    PronunciationAttempt(user=user, unit=greeting, object_key="b.mp3", score=80)
    AggregateScore(user=user, period=ScorePeriod.daily, period_start=date(2025, 1, 1), score=1.5)
    plan = DailyPlan(user=user, day=date(2025, 1, 1))
    plan.entries.append(DailyPlanEntry(unit=greeting, position=1))
    return [beginner, user]


def by_value(session: Session) -> None:
    units = session.exec(select(Unit).where(Unit.id.in_([1, 2]))).all()
    assert_type(units, Sequence[Unit])
    assert len(units) == 2
    assert not session.exec(select(Unit).where(Unit.id.not_in([1, 2]))).all()
    assert session.exec(select(Unit).where(Unit.title.contains("eet"))).one().slug == "greeting"
    assert session.exec(select(Unit).where(Unit.title.startswith("Th"))).first() is not None
    assert session.exec(select(Unit).where(Unit.title.ilike("%GREET%"))).first() is not None
    assert session.exec(select(Unit).where(Unit.title.like("Greet%"))).first() is not None
    assert session.exec(select(Story).where(Story.description.is_(None))).first() is not None
    assert session.exec(select(Story).where(Story.description.is_not(None))).first() is None
    assert session.exec(select(Unit).where(Unit.position.between(1, 3))).one().title == "Thanks"
    assert session.exec(select(Unit).where(Unit.position >= 2, Unit.position < 9)).one().id == 2
    assert session.exec(select(Unit).where(Unit.title == "Greeting")).one().id == 1
    assert session.exec(select(Unit).where(Unit.title != "Greeting")).one().id == 2
    assert session.exec(select(User).where(User.is_active)).one().username == "jo"
    assert session.exec(select(User).where(~User.is_active)).first() is None
    assert session.exec(select(User).where(User.is_active.is_(True))).first() is not None
    assert session.exec(select(User).where(User.created_at <= datetime.now(UTC))).first() is not None
    assert session.exec(select(UnitAsset).where(UnitAsset.kind == AssetKind.video)).one().language is None
    assert session.exec(select(UnitAsset).where(UnitAsset.kind.in_([AssetKind.video]))).one().size_bytes is None
    assert session.exec(select(UserProgress).where(UserProgress.score > 90)).one().attempts == 0
    assert session.exec(select(DailyPlan).where(DailyPlan.day == date(2025, 1, 1))).one().user.username == "jo"
    assert session.exec(select(Unit).where(col(Unit.title) == "Greeting")).one().id == 1


def combined(session: Session) -> None:
    either = select(Unit).where(or_(Unit.title == "Greeting", Unit.position > 1))
    assert len(session.exec(either).all()) == 2
    assert len(session.exec(select(Unit).where((Unit.id == 1) | (Unit.id == 2))).all()) == 2
    assert session.exec(select(Unit).where(and_(Unit.id == 1, Unit.title.is_not(None)))).first() is not None
    assert session.exec(select(Unit).where((Unit.id == 1) & Unit.title.endswith("ing"))).first() is not None
    assert session.exec(select(Unit).where(not_(Unit.id == 1))).one().id == 2
    assert session.exec(select(Unit).where(Unit.id == 1).where(Unit.story_id == 1)).first() is not None
    assert session.exec(select(Unit).filter_by(slug="greeting")).first() is not None


def ordered(session: Session) -> None:
    assert session.exec(select(Unit).order_by(Unit.title.desc())).first() is not None
    assert session.exec(select(Unit).order_by(Unit.position.asc(), Unit.id)).first() is not None
    assert session.exec(select(Unit).order_by(desc(Unit.position))).first() is not None
    assert session.exec(select(Story).order_by(nulls_last(Story.description))).first() is not None
    assert session.exec(select(Story).order_by(Story.description.desc().nulls_last())).first() is not None
    assert session.exec(select(Unit).order_by(func.lower(Unit.title)).offset(1).limit(1)).one().slug == "thanks"


def related(session: Session) -> None:
    with_level = select(Unit).join(Unit.story).join(Story.level).where(Level.name == "Beginner")
    assert len(session.exec(with_level).all()) == 2
    assert session.exec(select(Unit).join(Story, Unit.story_id == Story.id)).first() is not None
    assert session.exec(select(Story).outerjoin(Story.units).where(Unit.id.is_(None))).one().slug == "market"
    assert session.exec(select(Unit).where(Unit.assets.any())).one().id == 1
    assert session.exec(select(Unit).where(~Unit.assets.any())).one().id == 2
    assert session.exec(select(Unit).where(Unit.assets.any(UnitAsset.kind == AssetKind.video))).one().id == 1
    assert session.exec(select(Unit).where(Unit.story.has(Story.title == "Meeting"))).first() is not None
    story = session.get_one(Story, 1)
    assert len(session.exec(select(Unit).where(Unit.story == story)).all()) == 2
    unit = session.get_one(Unit, 1)
    assert session.exec(select(Story).where(Story.units.contains(unit))).one() is story
    pairs = session.exec(select(Story, Level).join(Story.level)).all()
    for each, level in pairs:
        assert_type(each, Story)
        assert_type(level, Level)


def loaded(session: Session) -> None:
    units = session.exec(select(Unit).options(selectinload(Unit.assets))).all()
    assert_type(units[0].assets, list[UnitAsset])
    deep = select(Story).options(joinedload(Story.level), selectinload(Story.units).selectinload(Unit.assets))
    assert session.exec(deep).first() is not None
    assert session.exec(select(Unit).options(joinedload(Unit.story).joinedload(Story.level))).first() is not None
    assert session.exec(select(Unit).options(load_only(Unit.title, Unit.slug))).first() is not None
    assert session.exec(select(Unit).options(raiseload(Unit.progress))).first() is not None
    assert session.exec(select(Unit).join(Unit.story).options(contains_eager(Unit.story))).first() is not None
    narrow = select(Unit).options(selectinload(Unit.assets.and_(UnitAsset.kind == AssetKind.audio)))
    assert session.exec(narrow).first() is not None


def rows(session: Session) -> None:
    for id, title in session.exec(select(Unit.id, Unit.title)):
        assert_type(id, int)
        assert_type(title, str)
    described = session.exec(select(Story.description)).all()
    assert_type(described, Sequence[str | None])
    kinds = session.exec(select(UnitAsset.kind).distinct()).all()
    assert_type(kinds, Sequence[AssetKind])
    row = session.exec(select(Unit.title, Story.title, Level.name).join(Unit.story).join(Story.level)).first()
    assert row is not None
    assert_type(row[2], str)
    labelled = session.exec(select(Unit.title.label("name"))).first()
    assert labelled is not None


def counted(session: Session) -> None:
    assert session.exec(select(func.count(Unit.id))).one() == 2
    assert session.exec(select(func.count()).select_from(Unit)).one() == 2
    assert session.exec(select(func.count(distinct(Unit.story_id)))).one() == 1
    assert session.exec(select(func.max(Unit.position))).one() == 2
    assert session.exec(select(func.avg(UserProgress.score))).one() == 99.5
    assert session.scalar(select(func.sum(UnitAsset.size_bytes))) == 7
    grouped = select(Unit.story_id, func.count(Unit.id)).group_by(Unit.story_id).having(func.count(Unit.id) > 1)
    assert session.exec(grouped).all() == [(1, 2)]
    per_level = select(Level.name, func.count(Story.id)).join(Level.stories).group_by(Level.name).order_by(Level.name)
    assert session.exec(per_level).one()[1] == 2
    size = case((UnitAsset.size_bytes.is_(None), "unknown"), else_="known")
    assert len(session.exec(select(size)).all()) == 2
    assert session.exec(select(func.coalesce(Story.description, Story.title))).first() == "Meeting"


def nested(session: Session) -> None:
    of_meeting = select(Story.id).where(Story.slug == "meeting")
    assert len(session.exec(select(Unit).where(Unit.story_id.in_(of_meeting))).all()) == 2
    counts = select(Unit.story_id, func.count(Unit.id).label("units")).group_by(Unit.story_id).subquery()
    joined = select(Story.title, counts.c.units).join(counts, Story.id == counts.c.story_id)
    assert session.exec(joined).one() == ("Meeting", 2)
    newest = select(func.max(Unit.id)).where(Unit.story_id == Story.id).scalar_subquery()
    assert session.exec(select(Story.title).where(newest == 2)).one() == "Meeting"
    has_units = exists().where(Unit.story_id == Story.id)
    assert session.exec(select(Story).where(has_units)).one().id == 1
    assert session.exec(select(Story).where(~select(Unit.id).where(Unit.story_id == Story.id).exists())).one().id == 2
    other = aliased(Unit)
    later = select(Unit.title, other.title).join(other, other.position > Unit.position)
    assert session.exec(later).all() == [("Greeting", "Thanks")]


def one_by_one(session: Session) -> None:
    unit = session.get(Unit, 1)
    assert_type(unit, Unit | None)
    assert unit is not None
    identity: int = unit.id
    text: str = unit.title.upper()
    about: str | None = unit.description
    assert (identity, text, about) == (1, "GREETING", None)
    unit.title = "Hello"
    unit.description = None
    unit.position += 1
    story: Story = unit.story
    unit.story = story
    assets: list[UnitAsset] = unit.assets
    first = assets[0]
    assert first.unit is unit
    names: list[str] = [each.username for each in (entry.user for entry in unit.progress)]
    assert names == ["jo"]
    level = unit.story.level
    assert level.name.lower() == "beginner"
    session.add(unit)
    session.commit()
    session.refresh(unit)
    assert {**unit.model_dump()}["title"] == "Hello"
    checked = Unit.model_validate({"slug": "x", "title": "X", "story_id": 1})
    assert_type(checked, Unit)
    assert unit.model_copy(update={"title": "Y"}).title == "Y"
    assert Unit.model_fields["title"].is_required()


def written(session: Session) -> None:
    session.exec(update(Unit).where(Unit.id == 1).values(title="Greeting"))
    session.exec(update(Unit).where(Unit.story_id.in_([1]), Unit.title.contains("T")).values({Unit.position: 5}))
    session.exec(insert(Level).values(slug="advanced", name="Advanced", position=2))
    session.exec(insert(Level), params=[{"slug": "native", "name": "Native", "position": 3}])
    session.exec(delete(Level).where(Level.slug == "native"))
    session.exec(delete(UnitAsset).where(UnitAsset.unit_id == 2, UnitAsset.size_bytes.is_(None)))
    raised = update(Unit).where(Unit.id == 1).values(position=Unit.position + 1).returning(Unit.position)
    assert session.exec(raised).scalar_one() > 0
    session.add_all([Level(slug="one", name="One"), Level(slug="two", name="Two")])
    session.delete(session.exec(select(Level).where(Level.slug == "one")).one())
    session.commit()


def main() -> None:
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(making())
        session.commit()
    for use in (by_value, combined, ordered, related, loaded, rows, counted, nested, one_by_one, written):
        with Session(engine) as session:
            use(session)


if __name__ == "__main__":
    main()
