# Written by `dbtool generate` from the models; do not edit.
# schema: 3c0e7d8c8d44d665
"""Requests and responses of the models: what makes a row, what changes one, what is shown of one.

`Model.model_validate(create)` makes a row, `row.sqlmodel_update(update.model_dump(exclude_unset=True))` changes one and
leaves alone what was not given, `ModelPublic.model_validate(row)` shows one.
"""

from datetime import date, datetime

from pydantic import AwareDatetime
from sqlmodel import Field, SQLModel

from dbtool.models import AssetKind, ProgressStatus, ScorePeriod, utc_now


class UserCreate(SQLModel):
    """User, as it is given to be made."""

    email: str = Field(max_length=254, description="Address for signing in and for mail")
    username: str = Field(max_length=50, description="Public name")
    password_hash: str = Field(max_length=255, description="Salted hash (scrypt, Argon2), never the password")
    is_active: bool = Field(default=True, description="May sign in")
    created_at: AwareDatetime = Field(default_factory=utc_now, description="UTC")
    updated_at: AwareDatetime = Field(default_factory=utc_now, description="UTC")


class UserUpdate(SQLModel):
    """User, as it is changed; what is not given stays."""

    email: str = Field(default=None, max_length=254, description="Address for signing in and for mail")
    username: str = Field(default=None, max_length=50, description="Public name")
    password_hash: str = Field(
        default=None, max_length=255, description="Salted hash (scrypt, Argon2), never the password"
    )
    is_active: bool = Field(default=None, description="May sign in")
    created_at: AwareDatetime = Field(default=None, description="UTC")


class UserPublic(SQLModel):
    """Somebody who learns."""

    id: int
    email: str = Field(description="Address for signing in and for mail")
    username: str = Field(description="Public name")
    is_active: bool = Field(description="May sign in")
    created_at: datetime = Field(description="UTC")
    updated_at: datetime = Field(description="UTC")


class LevelCreate(SQLModel):
    """Level, as it is given to be made."""

    slug: str = Field(max_length=100, description="Name in URLs and seeds")
    name: str = Field(max_length=100, description="Name that people read")
    position: int = Field(default=0, description="Order among the levels, lowest first")


class LevelUpdate(SQLModel):
    """Level, as it is changed; what is not given stays."""

    slug: str = Field(default=None, max_length=100, description="Name in URLs and seeds")
    name: str = Field(default=None, max_length=100, description="Name that people read")
    position: int = Field(default=None, description="Order among the levels, lowest first")


class LevelPublic(SQLModel):
    """A level of proficiency: Beginner, Intermediate, Advanced."""

    id: int
    slug: str = Field(description="Name in URLs and seeds")
    name: str = Field(description="Name that people read")
    position: int = Field(description="Order among the levels, lowest first")


class StoryCreate(SQLModel):
    """Story, as it is given to be made."""

    level_id: int
    slug: str = Field(max_length=100, description="Name in URLs and seeds")
    title: str = Field(max_length=200)
    description: str | None = Field(default=None, max_length=2000)
    position: int = Field(default=0, description="Order within the level, lowest first")


class StoryUpdate(SQLModel):
    """Story, as it is changed; what is not given stays."""

    level_id: int = Field(default=None)
    slug: str = Field(default=None, max_length=100, description="Name in URLs and seeds")
    title: str = Field(default=None, max_length=200)
    description: str | None = Field(default=None, max_length=2000)
    position: int = Field(default=None, description="Order within the level, lowest first")


class StoryPublic(SQLModel):
    """A learning context within a level."""

    id: int
    level_id: int
    slug: str = Field(description="Name in URLs and seeds")
    title: str
    description: str | None
    position: int = Field(description="Order within the level, lowest first")


class UnitCreate(SQLModel):
    """Unit, as it is given to be made."""

    story_id: int
    slug: str = Field(max_length=100, description="Name in URLs and seeds")
    title: str = Field(max_length=200)
    description: str | None = Field(default=None, max_length=2000)
    position: int = Field(default=0, description="Order within the story, lowest first")


class UnitUpdate(SQLModel):
    """Unit, as it is changed; what is not given stays."""

    story_id: int = Field(default=None)
    slug: str = Field(default=None, max_length=100, description="Name in URLs and seeds")
    title: str = Field(default=None, max_length=200)
    description: str | None = Field(default=None, max_length=2000)
    position: int = Field(default=None, description="Order within the story, lowest first")


class UnitPublic(SQLModel):
    """A learning module within a story."""

    id: int
    story_id: int
    slug: str = Field(description="Name in URLs and seeds")
    title: str
    description: str | None
    position: int = Field(description="Order within the story, lowest first")


class UnitAssetCreate(SQLModel):
    """UnitAsset, as it is given to be made."""

    unit_id: int
    kind: AssetKind
    object_key: str = Field(max_length=500, description="Key of the object in its MinIO bucket")
    media_type: str = Field(max_length=100, description="Such as video/mp4")
    language: str | None = Field(default=None, max_length=10, description="BCP 47 tag, where there is speech or text")
    size_bytes: int | None = Field(default=None, ge=0)


class UnitAssetUpdate(SQLModel):
    """UnitAsset, as it is changed; what is not given stays."""

    unit_id: int = Field(default=None)
    kind: AssetKind = Field(default=None)
    object_key: str = Field(default=None, max_length=500, description="Key of the object in its MinIO bucket")
    media_type: str = Field(default=None, max_length=100, description="Such as video/mp4")
    language: str | None = Field(default=None, max_length=10, description="BCP 47 tag, where there is speech or text")
    size_bytes: int | None = Field(default=None, ge=0)


class UnitAssetPublic(SQLModel):
    """A media file of a unit, kept in MinIO."""

    id: int
    unit_id: int
    kind: AssetKind
    object_key: str = Field(description="Key of the object in its MinIO bucket")
    media_type: str = Field(description="Such as video/mp4")
    language: str | None = Field(description="BCP 47 tag, where there is speech or text")
    size_bytes: int | None


class UserProgressCreate(SQLModel):
    """UserProgress, as it is given to be made."""

    user_id: int
    unit_id: int
    status: ProgressStatus = ProgressStatus.not_started
    score: float | None = Field(default=None, ge=0, le=100, description="Best score so far, 0 to 100")
    attempts: int = Field(default=0, ge=0)
    completed_at: AwareDatetime | None = Field(default=None, description="UTC; empty until done")


class UserProgressUpdate(SQLModel):
    """UserProgress, as it is changed; what is not given stays."""

    user_id: int = Field(default=None)
    unit_id: int = Field(default=None)
    status: ProgressStatus = Field(default=None)
    score: float | None = Field(default=None, ge=0, le=100, description="Best score so far, 0 to 100")
    attempts: int = Field(default=None, ge=0)
    completed_at: AwareDatetime | None = Field(default=None, description="UTC; empty until done")


class UserProgressPublic(SQLModel):
    """How far a user is with a unit."""

    id: int
    user_id: int
    unit_id: int
    status: ProgressStatus
    score: float | None = Field(description="Best score so far, 0 to 100")
    attempts: int
    completed_at: datetime | None = Field(description="UTC; empty until done")


class DailyPlanCreate(SQLModel):
    """DailyPlan, as it is given to be made."""

    user_id: int
    day: date = Field(description="In the user's own time zone")


class DailyPlanUpdate(SQLModel):
    """DailyPlan, as it is changed; what is not given stays."""

    user_id: int = Field(default=None)
    day: date = Field(default=None, description="In the user's own time zone")


class DailyPlanPublic(SQLModel):
    """What a user means to learn on one day."""

    id: int
    user_id: int
    day: date = Field(description="In the user's own time zone")


class DailyPlanEntryCreate(SQLModel):
    """DailyPlanEntry, as it is given to be made."""

    plan_id: int
    unit_id: int
    position: int = Field(description="Order within the plan, lowest first")
    is_done: bool = False


class DailyPlanEntryUpdate(SQLModel):
    """DailyPlanEntry, as it is changed; what is not given stays."""

    plan_id: int = Field(default=None)
    unit_id: int = Field(default=None)
    position: int = Field(default=None, description="Order within the plan, lowest first")
    is_done: bool = Field(default=None)


class DailyPlanEntryPublic(SQLModel):
    """A unit in a daily plan, in order."""

    id: int
    plan_id: int
    unit_id: int
    position: int = Field(description="Order within the plan, lowest first")
    is_done: bool


class PronunciationAttemptCreate(SQLModel):
    """PronunciationAttempt, as it is given to be made."""

    user_id: int
    unit_id: int
    object_key: str = Field(max_length=500, description="Key of the recording in its MinIO bucket")
    score: float | None = Field(default=None, ge=0, le=100, description="0 to 100; empty until judged")
    feedback: str | None = Field(default=None, max_length=2000)
    recorded_at: AwareDatetime = Field(default_factory=utc_now, description="UTC")


class PronunciationAttemptUpdate(SQLModel):
    """PronunciationAttempt, as it is changed; what is not given stays."""

    user_id: int = Field(default=None)
    unit_id: int = Field(default=None)
    object_key: str = Field(default=None, max_length=500, description="Key of the recording in its MinIO bucket")
    score: float | None = Field(default=None, ge=0, le=100, description="0 to 100; empty until judged")
    feedback: str | None = Field(default=None, max_length=2000)
    recorded_at: AwareDatetime = Field(default=None, description="UTC")


class PronunciationAttemptPublic(SQLModel):
    """A recording of a user who speaks a unit's phrase, and how well it went."""

    id: int
    user_id: int
    unit_id: int
    object_key: str = Field(description="Key of the recording in its MinIO bucket")
    score: float | None = Field(description="0 to 100; empty until judged")
    feedback: str | None
    recorded_at: datetime = Field(description="UTC")


class AggregateScoreCreate(SQLModel):
    """AggregateScore, as it is given to be made."""

    user_id: int
    period: ScorePeriod
    period_start: date = Field(description="First day of the period; for overall, the day of the first score")
    score: float = Field(ge=0, le=100, description="0 to 100")
    units_done: int = Field(default=0, ge=0, description="Units completed in the period")


class AggregateScoreUpdate(SQLModel):
    """AggregateScore, as it is changed; what is not given stays."""

    user_id: int = Field(default=None)
    period: ScorePeriod = Field(default=None)
    period_start: date = Field(
        default=None, description="First day of the period; for overall, the day of the first score"
    )
    score: float = Field(default=None, ge=0, le=100, description="0 to 100")
    units_done: int = Field(default=None, ge=0, description="Units completed in the period")


class AggregateScorePublic(SQLModel):
    """A user's score over a day, a week, a month, or all time."""

    id: int
    user_id: int
    period: ScorePeriod
    period_start: date = Field(description="First day of the period; for overall, the day of the first score")
    score: float = Field(description="0 to 100")
    units_done: int = Field(description="Units completed in the period")
