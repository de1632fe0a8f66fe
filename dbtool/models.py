"""The sample: the backend of a language-learning app, read from top to bottom like a schema.

Ten tables in foreign-key order. Docstrings and descriptions become comments in the database, column help in
`dbtool show --schema` and descriptions in the JSON Schema of the seeds. Members of enums are named like their
values, since SQLAlchemy stores the names.
"""

from datetime import UTC, date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, Relationship, SQLModel

# Every constraint has a name, so that every migration can take it back, on SQLite too.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


class AssetKind(StrEnum):
    """What a unit's asset is."""

    video = "video"
    audio = "audio"
    subtitle = "subtitle"
    screenshot = "screenshot"
    metadata = "metadata"


class ProgressStatus(StrEnum):
    """How far a user is with a unit."""

    not_started = "not_started"
    in_progress = "in_progress"
    done = "done"


class ScorePeriod(StrEnum):
    """The span of time that a score sums up."""

    daily = "daily"
    weekly = "weekly"
    monthly = "monthly"
    overall = "overall"


# Core


class User(SQLModel, table=True):
    """Somebody who learns."""

    __tablename__ = "user"
    __seed_key__ = ("username",)

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(max_length=254, unique=True, description="Address for signing in and for mail")
    username: str = Field(max_length=50, unique=True, description="Public name")
    password_hash: str = Field(max_length=255, description="Salted hash (scrypt, Argon2), never the password")
    is_active: bool = Field(default=True, description="May sign in")
    created_at: datetime = Field(default_factory=utc_now, description="UTC")
    updated_at: datetime = Field(default_factory=utc_now, sa_column_kwargs={"onupdate": utc_now}, description="UTC")

    progress: list["UserProgress"] = Relationship(back_populates="user", cascade_delete=True)
    daily_plans: list["DailyPlan"] = Relationship(back_populates="user", cascade_delete=True)
    pronunciation_attempts: list["PronunciationAttempt"] = Relationship(back_populates="user", cascade_delete=True)
    scores: list["AggregateScore"] = Relationship(back_populates="user", cascade_delete=True)


class Level(SQLModel, table=True):
    """A level of proficiency: Beginner, Intermediate, Advanced."""

    __tablename__ = "level"

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(max_length=100, unique=True, description="Name in URLs and seeds")
    name: str = Field(max_length=100, description="Name that people read")
    position: int = Field(default=0, description="Order among the levels, lowest first")

    stories: list["Story"] = Relationship(back_populates="level", cascade_delete=True)


class Story(SQLModel, table=True):
    """A learning context within a level."""

    __tablename__ = "story"

    id: int | None = Field(default=None, primary_key=True)
    level_id: int = Field(foreign_key="level.id", ondelete="CASCADE", index=True)
    slug: str = Field(max_length=100, unique=True, description="Name in URLs and seeds")
    title: str = Field(max_length=200)
    description: str | None = Field(default=None, max_length=2000)
    position: int = Field(default=0, description="Order within the level, lowest first")

    level: Level = Relationship(back_populates="stories")
    units: list["Unit"] = Relationship(back_populates="story", cascade_delete=True)


class Unit(SQLModel, table=True):
    """A learning module within a story."""

    __tablename__ = "unit"

    id: int | None = Field(default=None, primary_key=True)
    story_id: int = Field(foreign_key="story.id", ondelete="CASCADE", index=True)
    slug: str = Field(max_length=100, unique=True, description="Name in URLs and seeds")
    title: str = Field(max_length=200)
    description: str | None = Field(default=None, max_length=2000)
    position: int = Field(default=0, description="Order within the story, lowest first")

    story: Story = Relationship(back_populates="units")
    assets: list["UnitAsset"] = Relationship(back_populates="unit", cascade_delete=True)
    progress: list["UserProgress"] = Relationship(back_populates="unit", cascade_delete=True)
    plan_entries: list["DailyPlanEntry"] = Relationship(back_populates="unit", cascade_delete=True)
    pronunciation_attempts: list["PronunciationAttempt"] = Relationship(back_populates="unit", cascade_delete=True)


class UnitAsset(SQLModel, table=True):
    """A media file of a unit, kept in MinIO."""

    __tablename__ = "unit_asset"
    __table_args__ = (CheckConstraint("size_bytes >= 0", name="size_bytes"),)

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id", ondelete="CASCADE", index=True)
    kind: AssetKind
    object_key: str = Field(max_length=500, unique=True, description="Key of the object in its MinIO bucket")
    media_type: str = Field(max_length=100, description="Such as video/mp4")
    language: str | None = Field(default=None, max_length=10, description="BCP 47 tag, where there is speech or text")
    size_bytes: int | None = Field(default=None, ge=0)

    unit: Unit = Relationship(back_populates="assets")


# Tracking


class UserProgress(SQLModel, table=True):
    """How far a user is with a unit."""

    __tablename__ = "user_progress"
    __table_args__ = (
        UniqueConstraint("user_id", "unit_id"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        CheckConstraint("attempts >= 0", name="attempts"),
    )

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", ondelete="CASCADE", index=True)
    unit_id: int = Field(foreign_key="unit.id", ondelete="CASCADE", index=True)
    status: ProgressStatus = Field(default=ProgressStatus.not_started)
    score: float | None = Field(default=None, ge=0, le=100, description="Best score so far, 0 to 100")
    attempts: int = Field(default=0, ge=0)
    completed_at: datetime | None = Field(default=None, description="UTC; empty until done")

    user: User = Relationship(back_populates="progress")
    unit: Unit = Relationship(back_populates="progress")


class DailyPlan(SQLModel, table=True):
    """What a user means to learn on one day."""

    __tablename__ = "daily_plan"
    __table_args__ = (UniqueConstraint("user_id", "day"),)

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", ondelete="CASCADE", index=True)
    day: date = Field(description="In the user's own time zone")

    user: User = Relationship(back_populates="daily_plans")
    entries: list["DailyPlanEntry"] = Relationship(back_populates="plan", cascade_delete=True)


class DailyPlanEntry(SQLModel, table=True):
    """A unit in a daily plan, in order."""

    __tablename__ = "daily_plan_entry"
    __table_args__ = (UniqueConstraint("plan_id", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    plan_id: int = Field(foreign_key="daily_plan.id", ondelete="CASCADE", index=True)
    unit_id: int = Field(foreign_key="unit.id", ondelete="CASCADE", index=True)
    position: int = Field(description="Order within the plan, lowest first")
    is_done: bool = Field(default=False)

    plan: DailyPlan = Relationship(back_populates="entries")
    unit: Unit = Relationship(back_populates="plan_entries")


class PronunciationAttempt(SQLModel, table=True):
    """A recording of a user who speaks a unit's phrase, and how well it went."""

    __tablename__ = "pronunciation_attempt"
    __table_args__ = (
        UniqueConstraint("user_id", "unit_id", "recorded_at"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
    )

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", ondelete="CASCADE", index=True)
    unit_id: int = Field(foreign_key="unit.id", ondelete="CASCADE", index=True)
    object_key: str = Field(max_length=500, description="Key of the recording in its MinIO bucket")
    score: float | None = Field(default=None, ge=0, le=100, description="0 to 100; empty until judged")
    feedback: str | None = Field(default=None, max_length=2000)
    recorded_at: datetime = Field(default_factory=utc_now, description="UTC")

    user: User = Relationship(back_populates="pronunciation_attempts")
    unit: Unit = Relationship(back_populates="pronunciation_attempts")


class AggregateScore(SQLModel, table=True):
    """A user's score over a day, a week, a month, or all time."""

    __tablename__ = "aggregate_score"
    __table_args__ = (
        UniqueConstraint("user_id", "period", "period_start"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
    )

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", ondelete="CASCADE", index=True)
    period: ScorePeriod
    period_start: date = Field(description="First day of the period; for overall, the day of the first score")
    score: float = Field(ge=0, le=100, description="0 to 100")
    units_done: int = Field(default=0, ge=0, description="Units completed in the period")

    user: User = Relationship(back_populates="scores")
