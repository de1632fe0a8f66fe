# Written by `dbtool generate` from the models; do not edit.
# schema: 3c0e7d8c8d44d665
# pyright: reportIncompatibleVariableOverride=false, reportIncompatibleMethodOverride=false
# mypy: disable-error-code="assignment, misc, override"
from datetime import UTC as UTC
from datetime import date as date
from datetime import datetime as datetime
from enum import StrEnum as StrEnum

from sqlalchemy import CheckConstraint as CheckConstraint
from sqlalchemy import UniqueConstraint as UniqueConstraint
from sqlalchemy.orm import Mapped
from sqlmodel import Field as Field
from sqlmodel import Relationship as Relationship
from sqlmodel import SQLModel as SQLModel

def utc_now() -> datetime: ...

class AssetKind(StrEnum):
    video = "video"
    audio = "audio"
    subtitle = "subtitle"
    screenshot = "screenshot"
    metadata = "metadata"

class ProgressStatus(StrEnum):
    not_started = "not_started"
    in_progress = "in_progress"
    done = "done"

class ScorePeriod(StrEnum):
    daily = "daily"
    weekly = "weekly"
    monthly = "monthly"
    overall = "overall"

class User(SQLModel, table=True):
    id: Mapped[int]
    email: Mapped[str]
    username: Mapped[str]
    password_hash: Mapped[str]
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    progress: Mapped[list[UserProgress]]
    daily_plans: Mapped[list[DailyPlan]]
    pronunciation_attempts: Mapped[list[PronunciationAttempt]]
    scores: Mapped[list[AggregateScore]]
    def __init__(
        self, *, id: int | None = ..., email: str, username: str, password_hash: str, is_active: bool = ...,
        created_at: datetime = ..., updated_at: datetime = ..., progress: list[UserProgress] = ...,
        daily_plans: list[DailyPlan] = ..., pronunciation_attempts: list[PronunciationAttempt] = ...,
        scores: list[AggregateScore] = ...,
    ) -> None: ...  # fmt: skip

class Level(SQLModel, table=True):
    id: Mapped[int]
    slug: Mapped[str]
    name: Mapped[str]
    position: Mapped[int]
    stories: Mapped[list[Story]]
    def __init__(
        self, *, id: int | None = ..., slug: str, name: str, position: int = ..., stories: list[Story] = ...,
    ) -> None: ...  # fmt: skip

class Story(SQLModel, table=True):
    id: Mapped[int]
    level_id: Mapped[int]
    slug: Mapped[str]
    title: Mapped[str]
    description: Mapped[str | None]
    position: Mapped[int]
    level: Mapped[Level]
    units: Mapped[list[Unit]]
    def __init__(
        self, *, id: int | None = ..., level_id: int = ..., slug: str, title: str, description: str | None = ...,
        position: int = ..., level: Level = ..., units: list[Unit] = ...,
    ) -> None: ...  # fmt: skip

class Unit(SQLModel, table=True):
    id: Mapped[int]
    story_id: Mapped[int]
    slug: Mapped[str]
    title: Mapped[str]
    description: Mapped[str | None]
    position: Mapped[int]
    story: Mapped[Story]
    assets: Mapped[list[UnitAsset]]
    progress: Mapped[list[UserProgress]]
    plan_entries: Mapped[list[DailyPlanEntry]]
    pronunciation_attempts: Mapped[list[PronunciationAttempt]]
    def __init__(
        self, *, id: int | None = ..., story_id: int = ..., slug: str, title: str, description: str | None = ...,
        position: int = ..., story: Story = ..., assets: list[UnitAsset] = ..., progress: list[UserProgress] = ...,
        plan_entries: list[DailyPlanEntry] = ..., pronunciation_attempts: list[PronunciationAttempt] = ...,
    ) -> None: ...  # fmt: skip

class UnitAsset(SQLModel, table=True):
    id: Mapped[int]
    unit_id: Mapped[int]
    kind: Mapped[AssetKind]
    object_key: Mapped[str]
    media_type: Mapped[str]
    language: Mapped[str | None]
    size_bytes: Mapped[int | None]
    unit: Mapped[Unit]
    def __init__(
        self, *, id: int | None = ..., unit_id: int = ..., kind: AssetKind, object_key: str, media_type: str,
        language: str | None = ..., size_bytes: int | None = ..., unit: Unit = ...,
    ) -> None: ...  # fmt: skip

class UserProgress(SQLModel, table=True):
    id: Mapped[int]
    user_id: Mapped[int]
    unit_id: Mapped[int]
    status: Mapped[ProgressStatus]
    score: Mapped[float | None]
    attempts: Mapped[int]
    completed_at: Mapped[datetime | None]
    user: Mapped[User]
    unit: Mapped[Unit]
    def __init__(
        self, *, id: int | None = ..., user_id: int = ..., unit_id: int = ..., status: ProgressStatus = ...,
        score: float | None = ..., attempts: int = ..., completed_at: datetime | None = ..., user: User = ...,
        unit: Unit = ...,
    ) -> None: ...  # fmt: skip

class DailyPlan(SQLModel, table=True):
    id: Mapped[int]
    user_id: Mapped[int]
    day: Mapped[date]
    user: Mapped[User]
    entries: Mapped[list[DailyPlanEntry]]
    def __init__(
        self, *, id: int | None = ..., user_id: int = ..., day: date, user: User = ...,
        entries: list[DailyPlanEntry] = ...,
    ) -> None: ...  # fmt: skip

class DailyPlanEntry(SQLModel, table=True):
    id: Mapped[int]
    plan_id: Mapped[int]
    unit_id: Mapped[int]
    position: Mapped[int]
    is_done: Mapped[bool]
    plan: Mapped[DailyPlan]
    unit: Mapped[Unit]
    def __init__(
        self, *, id: int | None = ..., plan_id: int = ..., unit_id: int = ..., position: int, is_done: bool = ...,
        plan: DailyPlan = ..., unit: Unit = ...,
    ) -> None: ...  # fmt: skip

class PronunciationAttempt(SQLModel, table=True):
    id: Mapped[int]
    user_id: Mapped[int]
    unit_id: Mapped[int]
    object_key: Mapped[str]
    score: Mapped[float | None]
    feedback: Mapped[str | None]
    recorded_at: Mapped[datetime]
    user: Mapped[User]
    unit: Mapped[Unit]
    def __init__(
        self, *, id: int | None = ..., user_id: int = ..., unit_id: int = ..., object_key: str,
        score: float | None = ..., feedback: str | None = ..., recorded_at: datetime = ..., user: User = ...,
        unit: Unit = ...,
    ) -> None: ...  # fmt: skip

class AggregateScore(SQLModel, table=True):
    id: Mapped[int]
    user_id: Mapped[int]
    period: Mapped[ScorePeriod]
    period_start: Mapped[date]
    score: Mapped[float]
    units_done: Mapped[int]
    user: Mapped[User]
    def __init__(
        self, *, id: int | None = ..., user_id: int = ..., period: ScorePeriod, period_start: date, score: float,
        units_done: int = ..., user: User = ...,
    ) -> None: ...  # fmt: skip
