# Written by `dbtool generate` from the models; do not edit.
# schema: 3c0e7d8c8d44d665
# ruff: noqa: UP013
"""A client of the models; its types are for type checkers and editors only, and are Any at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dbtool.client import AsyncClientBase, AsyncTable, ClientBase, Table
from dbtool.models import (
    AggregateScore,
    DailyPlan,
    DailyPlanEntry,
    Level,
    PronunciationAttempt,
    Story,
    Unit,
    UnitAsset,
    User,
    UserProgress,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from typing import Literal, NotRequired, TypeAlias, TypedDict

    from dbtool.client import filters
    from dbtool.client.parameters import Direction
    from dbtool.models import AssetKind, ProgressStatus, ScorePeriod

    AssetKindValue: TypeAlias = AssetKind | Literal["video", "audio", "subtitle", "screenshot", "metadata"]
    AssetKindIn = TypedDict("AssetKindIn", {"in": "Sequence[AssetKindValue]", "not": "AssetKindValue"}, total=False)

    class AssetKindFilter(AssetKindIn, filters.Listed[AssetKindValue, AssetKindValue]): ...

    ProgressStatusValue: TypeAlias = ProgressStatus | Literal["not_started", "in_progress", "done"]

    ProgressStatusIn = TypedDict(
        "ProgressStatusIn", {"in": "Sequence[ProgressStatusValue]", "not": "ProgressStatusValue"}, total=False
    )

    class ProgressStatusFilter(ProgressStatusIn, filters.Listed[ProgressStatusValue, ProgressStatusValue]): ...

    ScorePeriodValue: TypeAlias = ScorePeriod | Literal["daily", "weekly", "monthly", "overall"]

    ScorePeriodIn = TypedDict(
        "ScorePeriodIn", {"in": "Sequence[ScorePeriodValue]", "not": "ScorePeriodValue"}, total=False
    )

    class ScorePeriodFilter(ScorePeriodIn, filters.Listed[ScorePeriodValue, ScorePeriodValue]): ...

    UserField: TypeAlias = Literal["id", "email", "username", "password_hash", "is_active", "created_at", "updated_at"]
    UserNumber: TypeAlias = Literal["id"]
    UserUnique = TypedDict("UserUnique", {"id": "int", "email": "str", "username": "str"}, total=False)

    class UserWhere(TypedDict, total=False):
        AND: Sequence[UserWhere]
        OR: Sequence[UserWhere]
        NOT: UserWhere
        id: int | filters.IntFilter
        email: str | filters.StrFilter
        username: str | filters.StrFilter
        password_hash: str | filters.StrFilter
        is_active: bool | filters.BoolFilter
        created_at: datetime | filters.DateTimeFilter
        updated_at: datetime | filters.DateTimeFilter
        progress: UserProgressListFilter
        daily_plans: DailyPlanListFilter
        pronunciation_attempts: PronunciationAttemptListFilter
        scores: AggregateScoreListFilter

    UserIs = TypedDict("UserIs", {"is": "UserWhere | None", "is_not": "UserWhere | None"}, total=False)

    class UserFilter(UserWhere, UserIs): ...

    class UserOrder(TypedDict, total=False):
        id: Direction
        email: Direction
        username: Direction
        password_hash: Direction
        is_active: Direction
        created_at: Direction
        updated_at: Direction

    class UserInclude(TypedDict, total=False):
        progress: bool | UserProgressManyArgs
        daily_plans: bool | DailyPlanManyArgs
        pronunciation_attempts: bool | PronunciationAttemptManyArgs
        scores: bool | AggregateScoreManyArgs

    class UserOneArgs(filters.OneArgs[UserInclude]): ...

    class UserRow(TypedDict):
        id: NotRequired[int]
        email: str
        username: str
        password_hash: str
        is_active: NotRequired[bool]
        created_at: NotRequired[datetime]
        updated_at: NotRequired[datetime]

    class UserCreate(UserRow, total=False):
        progress: UserProgressInUserMany
        daily_plans: DailyPlanInUserMany
        pronunciation_attempts: PronunciationAttemptInUserMany
        scores: AggregateScoreInUserMany

    class UserSet(TypedDict, total=False):
        id: int | filters.IntChange
        email: str | filters.SetTo[str]
        username: str | filters.SetTo[str]
        password_hash: str | filters.SetTo[str]
        is_active: bool | filters.SetTo[bool]
        created_at: datetime | filters.SetTo[datetime]
        updated_at: datetime | filters.SetTo[datetime]

    class UserUpdate(UserSet, total=False):
        progress: UserProgressInUserManyUpdate
        daily_plans: DailyPlanInUserManyUpdate
        pronunciation_attempts: PronunciationAttemptInUserManyUpdate
        scores: AggregateScoreInUserManyUpdate

    class UserOne(filters.CreateOne[UserCreate, UserUnique]): ...

    class UserOneUpdate(UserOne):
        update: NotRequired[UserUpdate]  # ty: ignore[incompatible-attribute-override]

    LevelField: TypeAlias = Literal["id", "slug", "name", "position"]
    LevelNumber: TypeAlias = Literal["id", "position"]
    LevelUnique = TypedDict("LevelUnique", {"id": "int", "slug": "str"}, total=False)

    class LevelWhere(TypedDict, total=False):
        AND: Sequence[LevelWhere]
        OR: Sequence[LevelWhere]
        NOT: LevelWhere
        id: int | filters.IntFilter
        slug: str | filters.StrFilter
        name: str | filters.StrFilter
        position: int | filters.IntFilter
        stories: StoryListFilter

    LevelIs = TypedDict("LevelIs", {"is": "LevelWhere | None", "is_not": "LevelWhere | None"}, total=False)

    class LevelFilter(LevelWhere, LevelIs): ...

    class LevelOrder(TypedDict, total=False):
        id: Direction
        slug: Direction
        name: Direction
        position: Direction

    class LevelInclude(TypedDict, total=False):
        stories: bool | StoryManyArgs

    class LevelOneArgs(filters.OneArgs[LevelInclude]): ...

    class LevelRow(TypedDict):
        id: NotRequired[int]
        slug: str
        name: str
        position: NotRequired[int]

    class LevelCreate(LevelRow, total=False):
        stories: StoryInLevelMany

    class LevelSet(TypedDict, total=False):
        id: int | filters.IntChange
        slug: str | filters.SetTo[str]
        name: str | filters.SetTo[str]
        position: int | filters.IntChange

    class LevelUpdate(LevelSet, total=False):
        stories: StoryInLevelManyUpdate

    class LevelOne(filters.CreateOne[LevelCreate, LevelUnique]): ...

    class LevelOneUpdate(LevelOne):
        update: NotRequired[LevelUpdate]  # ty: ignore[incompatible-attribute-override]

    StoryField: TypeAlias = Literal["id", "level_id", "slug", "title", "description", "position"]
    StoryNumber: TypeAlias = Literal["id", "level_id", "position"]
    StoryUnique = TypedDict("StoryUnique", {"id": "int", "slug": "str"}, total=False)

    class StoryWhere(TypedDict, total=False):
        AND: Sequence[StoryWhere]
        OR: Sequence[StoryWhere]
        NOT: StoryWhere
        id: int | filters.IntFilter
        level_id: int | filters.IntFilter
        slug: str | filters.StrFilter
        title: str | filters.StrFilter
        description: str | filters.OptionalStrFilter | None
        position: int | filters.IntFilter
        level: LevelFilter
        units: UnitListFilter

    class StoryListFilter(filters.ListFilter[StoryWhere]): ...

    StoryIs = TypedDict("StoryIs", {"is": "StoryWhere | None", "is_not": "StoryWhere | None"}, total=False)

    class StoryFilter(StoryWhere, StoryIs): ...

    class StoryOrder(TypedDict, total=False):
        id: Direction
        level_id: Direction
        slug: Direction
        title: Direction
        description: Direction
        position: Direction
        level: LevelOrder

    class StoryInclude(TypedDict, total=False):
        level: bool | LevelOneArgs
        units: bool | UnitManyArgs

    class StoryOneArgs(filters.OneArgs[StoryInclude]): ...

    class StoryManyArgs(filters.ManyArgs[StoryWhere, StoryOrder, StoryInclude]): ...

    class StoryColumns(TypedDict):
        id: NotRequired[int]
        slug: str
        title: str
        description: NotRequired[str | None]
        position: NotRequired[int]

    class StoryRow(StoryColumns):
        level_id: int

    class StoryInLevel(StoryColumns, total=False):
        units: UnitInStoryMany

    class StoryWithLevelId(StoryInLevel):
        level_id: int

    class StoryWithLevel(StoryInLevel):
        level: LevelOne

    StoryCreate: TypeAlias = StoryWithLevelId | StoryWithLevel

    class StorySet(TypedDict, total=False):
        id: int | filters.IntChange
        level_id: int | filters.IntChange
        slug: str | filters.SetTo[str]
        title: str | filters.SetTo[str]
        description: str | filters.SetTo[str | None] | None
        position: int | filters.IntChange

    class StoryUpdate(StorySet, total=False):
        level: LevelOneUpdate
        units: UnitInStoryManyUpdate

    class StoryChange(filters.Changing[StoryUnique, StoryUpdate]): ...

    class StoryInLevelMany(filters.CreateMany[StoryInLevel, StoryUnique]): ...

    class StoryInLevelManyUpdate(filters.ChangeOwned[StoryInLevel, StoryUnique, StoryUpdate]):
        update: NotRequired[Sequence[StoryChange]]  # ty: ignore[incompatible-attribute-override]

    class StoryOne(filters.CreateOne[StoryCreate, StoryUnique]): ...

    class StoryOneUpdate(StoryOne):
        update: NotRequired[StoryUpdate]  # ty: ignore[incompatible-attribute-override]

    UnitField: TypeAlias = Literal["id", "story_id", "slug", "title", "description", "position"]
    UnitNumber: TypeAlias = Literal["id", "story_id", "position"]
    UnitUnique = TypedDict("UnitUnique", {"id": "int", "slug": "str"}, total=False)

    class UnitWhere(TypedDict, total=False):
        AND: Sequence[UnitWhere]
        OR: Sequence[UnitWhere]
        NOT: UnitWhere
        id: int | filters.IntFilter
        story_id: int | filters.IntFilter
        slug: str | filters.StrFilter
        title: str | filters.StrFilter
        description: str | filters.OptionalStrFilter | None
        position: int | filters.IntFilter
        story: StoryFilter
        assets: UnitAssetListFilter
        progress: UserProgressListFilter
        plan_entries: DailyPlanEntryListFilter
        pronunciation_attempts: PronunciationAttemptListFilter

    class UnitListFilter(filters.ListFilter[UnitWhere]): ...

    UnitIs = TypedDict("UnitIs", {"is": "UnitWhere | None", "is_not": "UnitWhere | None"}, total=False)

    class UnitFilter(UnitWhere, UnitIs): ...

    class UnitOrder(TypedDict, total=False):
        id: Direction
        story_id: Direction
        slug: Direction
        title: Direction
        description: Direction
        position: Direction
        story: StoryOrder

    class UnitInclude(TypedDict, total=False):
        story: bool | StoryOneArgs
        assets: bool | UnitAssetManyArgs
        progress: bool | UserProgressManyArgs
        plan_entries: bool | DailyPlanEntryManyArgs
        pronunciation_attempts: bool | PronunciationAttemptManyArgs

    class UnitOneArgs(filters.OneArgs[UnitInclude]): ...

    class UnitManyArgs(filters.ManyArgs[UnitWhere, UnitOrder, UnitInclude]): ...

    class UnitColumns(TypedDict):
        id: NotRequired[int]
        slug: str
        title: str
        description: NotRequired[str | None]
        position: NotRequired[int]

    class UnitRow(UnitColumns):
        story_id: int

    class UnitInStory(UnitColumns, total=False):
        assets: UnitAssetInUnitMany
        progress: UserProgressInUnitMany
        plan_entries: DailyPlanEntryInUnitMany
        pronunciation_attempts: PronunciationAttemptInUnitMany

    class UnitWithStoryId(UnitInStory):
        story_id: int

    class UnitWithStory(UnitInStory):
        story: StoryOne

    UnitCreate: TypeAlias = UnitWithStoryId | UnitWithStory

    class UnitSet(TypedDict, total=False):
        id: int | filters.IntChange
        story_id: int | filters.IntChange
        slug: str | filters.SetTo[str]
        title: str | filters.SetTo[str]
        description: str | filters.SetTo[str | None] | None
        position: int | filters.IntChange

    class UnitUpdate(UnitSet, total=False):
        story: StoryOneUpdate
        assets: UnitAssetInUnitManyUpdate
        progress: UserProgressInUnitManyUpdate
        plan_entries: DailyPlanEntryInUnitManyUpdate
        pronunciation_attempts: PronunciationAttemptInUnitManyUpdate

    class UnitChange(filters.Changing[UnitUnique, UnitUpdate]): ...

    class UnitInStoryMany(filters.CreateMany[UnitInStory, UnitUnique]): ...

    class UnitInStoryManyUpdate(filters.ChangeOwned[UnitInStory, UnitUnique, UnitUpdate]):
        update: NotRequired[Sequence[UnitChange]]  # ty: ignore[incompatible-attribute-override]

    class UnitOne(filters.CreateOne[UnitCreate, UnitUnique]): ...

    class UnitOneUpdate(UnitOne):
        update: NotRequired[UnitUpdate]  # ty: ignore[incompatible-attribute-override]

    UnitAssetField: TypeAlias = Literal["id", "unit_id", "kind", "object_key", "media_type", "language", "size_bytes"]
    UnitAssetNumber: TypeAlias = Literal["id", "unit_id", "size_bytes"]
    UnitAssetUnique = TypedDict("UnitAssetUnique", {"id": "int", "object_key": "str"}, total=False)

    class UnitAssetWhere(TypedDict, total=False):
        AND: Sequence[UnitAssetWhere]
        OR: Sequence[UnitAssetWhere]
        NOT: UnitAssetWhere
        id: int | filters.IntFilter
        unit_id: int | filters.IntFilter
        kind: AssetKindValue | AssetKindFilter
        object_key: str | filters.StrFilter
        media_type: str | filters.StrFilter
        language: str | filters.OptionalStrFilter | None
        size_bytes: int | filters.OptionalIntFilter | None
        unit: UnitFilter

    class UnitAssetListFilter(filters.ListFilter[UnitAssetWhere]): ...

    class UnitAssetOrder(TypedDict, total=False):
        id: Direction
        unit_id: Direction
        kind: Direction
        object_key: Direction
        media_type: Direction
        language: Direction
        size_bytes: Direction
        unit: UnitOrder

    class UnitAssetInclude(TypedDict, total=False):
        unit: bool | UnitOneArgs

    class UnitAssetManyArgs(filters.ManyArgs[UnitAssetWhere, UnitAssetOrder, UnitAssetInclude]): ...

    class UnitAssetInUnit(TypedDict):
        id: NotRequired[int]
        kind: AssetKindValue
        object_key: str
        media_type: str
        language: NotRequired[str | None]
        size_bytes: NotRequired[int | None]

    class UnitAssetRow(UnitAssetInUnit):
        unit_id: int

    class UnitAssetWithUnit(UnitAssetInUnit):
        unit: UnitOne

    UnitAssetCreate: TypeAlias = UnitAssetRow | UnitAssetWithUnit

    class UnitAssetSet(TypedDict, total=False):
        id: int | filters.IntChange
        unit_id: int | filters.IntChange
        kind: AssetKindValue | filters.SetTo[AssetKindValue]
        object_key: str | filters.SetTo[str]
        media_type: str | filters.SetTo[str]
        language: str | filters.SetTo[str | None] | None
        size_bytes: int | filters.OptionalIntChange | None

    class UnitAssetUpdate(UnitAssetSet, total=False):
        unit: UnitOneUpdate

    class UnitAssetChange(filters.Changing[UnitAssetUnique, UnitAssetUpdate]): ...

    class UnitAssetInUnitMany(filters.CreateMany[UnitAssetInUnit, UnitAssetUnique]): ...

    class UnitAssetInUnitManyUpdate(filters.ChangeOwned[UnitAssetInUnit, UnitAssetUnique, UnitAssetUpdate]):
        update: NotRequired[Sequence[UnitAssetChange]]  # ty: ignore[incompatible-attribute-override]

    UserProgressField: TypeAlias = Literal["id", "user_id", "unit_id", "status", "score", "attempts", "completed_at"]
    UserProgressNumber: TypeAlias = Literal["id", "user_id", "unit_id", "score", "attempts"]
    UserProgressUnique = TypedDict("UserProgressUnique", {"id": "int", "user_id": "int", "unit_id": "int"}, total=False)

    class UserProgressWhere(TypedDict, total=False):
        AND: Sequence[UserProgressWhere]
        OR: Sequence[UserProgressWhere]
        NOT: UserProgressWhere
        id: int | filters.IntFilter
        user_id: int | filters.IntFilter
        unit_id: int | filters.IntFilter
        status: ProgressStatusValue | ProgressStatusFilter
        score: float | filters.OptionalFloatFilter | None
        attempts: int | filters.IntFilter
        completed_at: datetime | filters.OptionalDateTimeFilter | None
        user: UserFilter
        unit: UnitFilter

    class UserProgressListFilter(filters.ListFilter[UserProgressWhere]): ...

    class UserProgressOrder(TypedDict, total=False):
        id: Direction
        user_id: Direction
        unit_id: Direction
        status: Direction
        score: Direction
        attempts: Direction
        completed_at: Direction
        user: UserOrder
        unit: UnitOrder

    class UserProgressInclude(TypedDict, total=False):
        user: bool | UserOneArgs
        unit: bool | UnitOneArgs

    class UserProgressManyArgs(filters.ManyArgs[UserProgressWhere, UserProgressOrder, UserProgressInclude]): ...

    class UserProgressColumns(TypedDict):
        id: NotRequired[int]
        status: NotRequired[ProgressStatusValue]
        score: NotRequired[float | None]
        attempts: NotRequired[int]
        completed_at: NotRequired[datetime | None]

    class UserProgressWithUserId(UserProgressColumns):
        user_id: int

    class UserProgressRow(UserProgressWithUserId):
        unit_id: int

    class UserProgressWithUserIdAndUnit(UserProgressWithUserId):
        unit: UnitOne

    class UserProgressWithUser(UserProgressColumns):
        user: UserOne

    class UserProgressWithUserAndUnitId(UserProgressWithUser):
        unit_id: int

    class UserProgressWithUserAndUnit(UserProgressWithUser):
        unit: UnitOne

    UserProgressCreate: TypeAlias = (
        UserProgressRow | UserProgressWithUserIdAndUnit | UserProgressWithUserAndUnitId | UserProgressWithUserAndUnit
    )

    class UserProgressWithUnitId(UserProgressColumns):
        unit_id: int

    class UserProgressWithUnit(UserProgressColumns):
        unit: UnitOne

    UserProgressInUser: TypeAlias = UserProgressWithUnitId | UserProgressWithUnit
    UserProgressInUnit: TypeAlias = UserProgressWithUserId | UserProgressWithUser

    class UserProgressSet(TypedDict, total=False):
        id: int | filters.IntChange
        user_id: int | filters.IntChange
        unit_id: int | filters.IntChange
        status: ProgressStatusValue | filters.SetTo[ProgressStatusValue]
        score: float | filters.OptionalFloatChange | None
        attempts: int | filters.IntChange
        completed_at: datetime | filters.SetTo[datetime | None] | None

    class UserProgressUpdate(UserProgressSet, total=False):
        user: UserOneUpdate
        unit: UnitOneUpdate

    class UserProgressChange(filters.Changing[UserProgressUnique, UserProgressUpdate]): ...

    class UserProgressInUserMany(filters.CreateMany[UserProgressInUser, UserProgressUnique]): ...

    class UserProgressInUserManyUpdate(filters.ChangeOwned[UserProgressInUser, UserProgressUnique, UserProgressUpdate]):
        update: NotRequired[Sequence[UserProgressChange]]  # ty: ignore[incompatible-attribute-override]

    class UserProgressInUnitMany(filters.CreateMany[UserProgressInUnit, UserProgressUnique]): ...

    class UserProgressInUnitManyUpdate(filters.ChangeOwned[UserProgressInUnit, UserProgressUnique, UserProgressUpdate]):
        update: NotRequired[Sequence[UserProgressChange]]  # ty: ignore[incompatible-attribute-override]

    DailyPlanField: TypeAlias = Literal["id", "user_id", "day"]
    DailyPlanNumber: TypeAlias = Literal["id", "user_id"]
    DailyPlanUnique = TypedDict("DailyPlanUnique", {"id": "int", "user_id": "int", "day": "date"}, total=False)

    class DailyPlanWhere(TypedDict, total=False):
        AND: Sequence[DailyPlanWhere]
        OR: Sequence[DailyPlanWhere]
        NOT: DailyPlanWhere
        id: int | filters.IntFilter
        user_id: int | filters.IntFilter
        day: date | filters.DateFilter
        user: UserFilter
        entries: DailyPlanEntryListFilter

    class DailyPlanListFilter(filters.ListFilter[DailyPlanWhere]): ...

    DailyPlanIs = TypedDict(
        "DailyPlanIs", {"is": "DailyPlanWhere | None", "is_not": "DailyPlanWhere | None"}, total=False
    )

    class DailyPlanFilter(DailyPlanWhere, DailyPlanIs): ...

    class DailyPlanOrder(TypedDict, total=False):
        id: Direction
        user_id: Direction
        day: Direction
        user: UserOrder

    class DailyPlanInclude(TypedDict, total=False):
        user: bool | UserOneArgs
        entries: bool | DailyPlanEntryManyArgs

    class DailyPlanOneArgs(filters.OneArgs[DailyPlanInclude]): ...

    class DailyPlanManyArgs(filters.ManyArgs[DailyPlanWhere, DailyPlanOrder, DailyPlanInclude]): ...

    DailyPlanColumns = TypedDict("DailyPlanColumns", {"id": "NotRequired[int]", "day": "date"})

    class DailyPlanRow(DailyPlanColumns):
        user_id: int

    class DailyPlanInUser(DailyPlanColumns, total=False):
        entries: DailyPlanEntryInPlanMany

    class DailyPlanWithUserId(DailyPlanInUser):
        user_id: int

    class DailyPlanWithUser(DailyPlanInUser):
        user: UserOne

    DailyPlanCreate: TypeAlias = DailyPlanWithUserId | DailyPlanWithUser

    class DailyPlanSet(TypedDict, total=False):
        id: int | filters.IntChange
        user_id: int | filters.IntChange
        day: date | filters.SetTo[date]

    class DailyPlanUpdate(DailyPlanSet, total=False):
        user: UserOneUpdate
        entries: DailyPlanEntryInPlanManyUpdate

    class DailyPlanChange(filters.Changing[DailyPlanUnique, DailyPlanUpdate]): ...

    class DailyPlanInUserMany(filters.CreateMany[DailyPlanInUser, DailyPlanUnique]): ...

    class DailyPlanInUserManyUpdate(filters.ChangeOwned[DailyPlanInUser, DailyPlanUnique, DailyPlanUpdate]):
        update: NotRequired[Sequence[DailyPlanChange]]  # ty: ignore[incompatible-attribute-override]

    class DailyPlanOne(filters.CreateOne[DailyPlanCreate, DailyPlanUnique]): ...

    class DailyPlanOneUpdate(DailyPlanOne):
        update: NotRequired[DailyPlanUpdate]  # ty: ignore[incompatible-attribute-override]

    DailyPlanEntryField: TypeAlias = Literal["id", "plan_id", "unit_id", "position", "is_done"]
    DailyPlanEntryNumber: TypeAlias = Literal["id", "plan_id", "unit_id", "position"]

    class DailyPlanEntryUnique(TypedDict, total=False):
        id: int
        plan_id: int
        position: int

    class DailyPlanEntryWhere(TypedDict, total=False):
        AND: Sequence[DailyPlanEntryWhere]
        OR: Sequence[DailyPlanEntryWhere]
        NOT: DailyPlanEntryWhere
        id: int | filters.IntFilter
        plan_id: int | filters.IntFilter
        unit_id: int | filters.IntFilter
        position: int | filters.IntFilter
        is_done: bool | filters.BoolFilter
        plan: DailyPlanFilter
        unit: UnitFilter

    class DailyPlanEntryListFilter(filters.ListFilter[DailyPlanEntryWhere]): ...

    class DailyPlanEntryOrder(TypedDict, total=False):
        id: Direction
        plan_id: Direction
        unit_id: Direction
        position: Direction
        is_done: Direction
        plan: DailyPlanOrder
        unit: UnitOrder

    class DailyPlanEntryInclude(TypedDict, total=False):
        plan: bool | DailyPlanOneArgs
        unit: bool | UnitOneArgs

    class DailyPlanEntryManyArgs(filters.ManyArgs[DailyPlanEntryWhere, DailyPlanEntryOrder, DailyPlanEntryInclude]): ...

    class DailyPlanEntryColumns(TypedDict):
        id: NotRequired[int]
        position: int
        is_done: NotRequired[bool]

    class DailyPlanEntryWithPlanId(DailyPlanEntryColumns):
        plan_id: int

    class DailyPlanEntryRow(DailyPlanEntryWithPlanId):
        unit_id: int

    class DailyPlanEntryWithPlanIdAndUnit(DailyPlanEntryWithPlanId):
        unit: UnitOne

    class DailyPlanEntryWithPlan(DailyPlanEntryColumns):
        plan: DailyPlanOne

    class DailyPlanEntryWithPlanAndUnitId(DailyPlanEntryWithPlan):
        unit_id: int

    class DailyPlanEntryWithPlanAndUnit(DailyPlanEntryWithPlan):
        unit: UnitOne

    DailyPlanEntryCreate: TypeAlias = (
        DailyPlanEntryRow
        | DailyPlanEntryWithPlanIdAndUnit
        | DailyPlanEntryWithPlanAndUnitId
        | DailyPlanEntryWithPlanAndUnit
    )

    class DailyPlanEntryWithUnitId(DailyPlanEntryColumns):
        unit_id: int

    class DailyPlanEntryWithUnit(DailyPlanEntryColumns):
        unit: UnitOne

    DailyPlanEntryInPlan: TypeAlias = DailyPlanEntryWithUnitId | DailyPlanEntryWithUnit
    DailyPlanEntryInUnit: TypeAlias = DailyPlanEntryWithPlanId | DailyPlanEntryWithPlan

    class DailyPlanEntrySet(TypedDict, total=False):
        id: int | filters.IntChange
        plan_id: int | filters.IntChange
        unit_id: int | filters.IntChange
        position: int | filters.IntChange
        is_done: bool | filters.SetTo[bool]

    class DailyPlanEntryUpdate(DailyPlanEntrySet, total=False):
        plan: DailyPlanOneUpdate
        unit: UnitOneUpdate

    class DailyPlanEntryChange(filters.Changing[DailyPlanEntryUnique, DailyPlanEntryUpdate]): ...

    class DailyPlanEntryInUnitMany(filters.CreateMany[DailyPlanEntryInUnit, DailyPlanEntryUnique]): ...

    class DailyPlanEntryInUnitManyUpdate(
        filters.ChangeOwned[DailyPlanEntryInUnit, DailyPlanEntryUnique, DailyPlanEntryUpdate]
    ):
        update: NotRequired[Sequence[DailyPlanEntryChange]]  # ty: ignore[incompatible-attribute-override]

    class DailyPlanEntryInPlanMany(filters.CreateMany[DailyPlanEntryInPlan, DailyPlanEntryUnique]): ...

    class DailyPlanEntryInPlanManyUpdate(
        filters.ChangeOwned[DailyPlanEntryInPlan, DailyPlanEntryUnique, DailyPlanEntryUpdate]
    ):
        update: NotRequired[Sequence[DailyPlanEntryChange]]  # ty: ignore[incompatible-attribute-override]

    PronunciationAttemptField: TypeAlias = Literal[
        "id", "user_id", "unit_id", "object_key", "score", "feedback", "recorded_at"
    ]

    PronunciationAttemptNumber: TypeAlias = Literal["id", "user_id", "unit_id", "score"]

    class PronunciationAttemptUnique(TypedDict, total=False):
        id: int
        user_id: int
        unit_id: int
        recorded_at: datetime

    class PronunciationAttemptWhere(TypedDict, total=False):
        AND: Sequence[PronunciationAttemptWhere]
        OR: Sequence[PronunciationAttemptWhere]
        NOT: PronunciationAttemptWhere
        id: int | filters.IntFilter
        user_id: int | filters.IntFilter
        unit_id: int | filters.IntFilter
        object_key: str | filters.StrFilter
        score: float | filters.OptionalFloatFilter | None
        feedback: str | filters.OptionalStrFilter | None
        recorded_at: datetime | filters.DateTimeFilter
        user: UserFilter
        unit: UnitFilter

    class PronunciationAttemptListFilter(filters.ListFilter[PronunciationAttemptWhere]): ...

    class PronunciationAttemptOrder(TypedDict, total=False):
        id: Direction
        user_id: Direction
        unit_id: Direction
        object_key: Direction
        score: Direction
        feedback: Direction
        recorded_at: Direction
        user: UserOrder
        unit: UnitOrder

    class PronunciationAttemptInclude(TypedDict, total=False):
        user: bool | UserOneArgs
        unit: bool | UnitOneArgs

    class PronunciationAttemptManyArgs(
        filters.ManyArgs[PronunciationAttemptWhere, PronunciationAttemptOrder, PronunciationAttemptInclude]
    ): ...

    class PronunciationAttemptColumns(TypedDict):
        id: NotRequired[int]
        object_key: str
        score: NotRequired[float | None]
        feedback: NotRequired[str | None]
        recorded_at: NotRequired[datetime]

    class PronunciationAttemptWithUserId(PronunciationAttemptColumns):
        user_id: int

    class PronunciationAttemptRow(PronunciationAttemptWithUserId):
        unit_id: int

    class PronunciationAttemptWithUserIdAndUnit(PronunciationAttemptWithUserId):
        unit: UnitOne

    class PronunciationAttemptWithUser(PronunciationAttemptColumns):
        user: UserOne

    class PronunciationAttemptWithUserAndUnitId(PronunciationAttemptWithUser):
        unit_id: int

    class PronunciationAttemptWithUserAndUnit(PronunciationAttemptWithUser):
        unit: UnitOne

    PronunciationAttemptCreate: TypeAlias = (
        PronunciationAttemptRow
        | PronunciationAttemptWithUserIdAndUnit
        | PronunciationAttemptWithUserAndUnitId
        | PronunciationAttemptWithUserAndUnit
    )

    class PronunciationAttemptWithUnitId(PronunciationAttemptColumns):
        unit_id: int

    class PronunciationAttemptWithUnit(PronunciationAttemptColumns):
        unit: UnitOne

    PronunciationAttemptInUser: TypeAlias = PronunciationAttemptWithUnitId | PronunciationAttemptWithUnit
    PronunciationAttemptInUnit: TypeAlias = PronunciationAttemptWithUserId | PronunciationAttemptWithUser

    class PronunciationAttemptSet(TypedDict, total=False):
        id: int | filters.IntChange
        user_id: int | filters.IntChange
        unit_id: int | filters.IntChange
        object_key: str | filters.SetTo[str]
        score: float | filters.OptionalFloatChange | None
        feedback: str | filters.SetTo[str | None] | None
        recorded_at: datetime | filters.SetTo[datetime]

    class PronunciationAttemptUpdate(PronunciationAttemptSet, total=False):
        user: UserOneUpdate
        unit: UnitOneUpdate

    class PronunciationAttemptChange(filters.Changing[PronunciationAttemptUnique, PronunciationAttemptUpdate]): ...

    class PronunciationAttemptInUserMany(
        filters.CreateMany[PronunciationAttemptInUser, PronunciationAttemptUnique]
    ): ...

    class PronunciationAttemptInUserManyUpdate(
        filters.ChangeOwned[PronunciationAttemptInUser, PronunciationAttemptUnique, PronunciationAttemptUpdate]
    ):
        update: NotRequired[Sequence[PronunciationAttemptChange]]  # ty: ignore[incompatible-attribute-override]

    class PronunciationAttemptInUnitMany(
        filters.CreateMany[PronunciationAttemptInUnit, PronunciationAttemptUnique]
    ): ...

    class PronunciationAttemptInUnitManyUpdate(
        filters.ChangeOwned[PronunciationAttemptInUnit, PronunciationAttemptUnique, PronunciationAttemptUpdate]
    ):
        update: NotRequired[Sequence[PronunciationAttemptChange]]  # ty: ignore[incompatible-attribute-override]

    AggregateScoreField: TypeAlias = Literal["id", "user_id", "period", "period_start", "score", "units_done"]
    AggregateScoreNumber: TypeAlias = Literal["id", "user_id", "score", "units_done"]

    class AggregateScoreUnique(TypedDict, total=False):
        id: int
        user_id: int
        period: ScorePeriodValue
        period_start: date

    class AggregateScoreWhere(TypedDict, total=False):
        AND: Sequence[AggregateScoreWhere]
        OR: Sequence[AggregateScoreWhere]
        NOT: AggregateScoreWhere
        id: int | filters.IntFilter
        user_id: int | filters.IntFilter
        period: ScorePeriodValue | ScorePeriodFilter
        period_start: date | filters.DateFilter
        score: float | filters.FloatFilter
        units_done: int | filters.IntFilter
        user: UserFilter

    class AggregateScoreListFilter(filters.ListFilter[AggregateScoreWhere]): ...

    class AggregateScoreOrder(TypedDict, total=False):
        id: Direction
        user_id: Direction
        period: Direction
        period_start: Direction
        score: Direction
        units_done: Direction
        user: UserOrder

    class AggregateScoreInclude(TypedDict, total=False):
        user: bool | UserOneArgs

    class AggregateScoreManyArgs(filters.ManyArgs[AggregateScoreWhere, AggregateScoreOrder, AggregateScoreInclude]): ...

    class AggregateScoreInUser(TypedDict):
        id: NotRequired[int]
        period: ScorePeriodValue
        period_start: date
        score: float
        units_done: NotRequired[int]

    class AggregateScoreRow(AggregateScoreInUser):
        user_id: int

    class AggregateScoreWithUser(AggregateScoreInUser):
        user: UserOne

    AggregateScoreCreate: TypeAlias = AggregateScoreRow | AggregateScoreWithUser

    class AggregateScoreSet(TypedDict, total=False):
        id: int | filters.IntChange
        user_id: int | filters.IntChange
        period: ScorePeriodValue | filters.SetTo[ScorePeriodValue]
        period_start: date | filters.SetTo[date]
        score: float | filters.FloatChange
        units_done: int | filters.IntChange

    class AggregateScoreUpdate(AggregateScoreSet, total=False):
        user: UserOneUpdate

    class AggregateScoreChange(filters.Changing[AggregateScoreUnique, AggregateScoreUpdate]): ...

    class AggregateScoreInUserMany(filters.CreateMany[AggregateScoreInUser, AggregateScoreUnique]): ...

    class AggregateScoreInUserManyUpdate(
        filters.ChangeOwned[AggregateScoreInUser, AggregateScoreUnique, AggregateScoreUpdate]
    ):
        update: NotRequired[Sequence[AggregateScoreChange]]  # ty: ignore[incompatible-attribute-override]

    class Tables:
        user = filters.TableOf[
            filters.Reading[UserWhere, UserUnique, UserInclude, UserOrder],
            filters.Writing[UserCreate, UserRow, UserUpdate, UserSet],
            filters.Naming[User, UserField, UserNumber],
        ]()
        level = filters.TableOf[
            filters.Reading[LevelWhere, LevelUnique, LevelInclude, LevelOrder],
            filters.Writing[LevelCreate, LevelRow, LevelUpdate, LevelSet],
            filters.Naming[Level, LevelField, LevelNumber],
        ]()
        story = filters.TableOf[
            filters.Reading[StoryWhere, StoryUnique, StoryInclude, StoryOrder],
            filters.Writing[StoryCreate, StoryRow, StoryUpdate, StorySet],
            filters.Naming[Story, StoryField, StoryNumber],
        ]()
        unit = filters.TableOf[
            filters.Reading[UnitWhere, UnitUnique, UnitInclude, UnitOrder],
            filters.Writing[UnitCreate, UnitRow, UnitUpdate, UnitSet],
            filters.Naming[Unit, UnitField, UnitNumber],
        ]()
        unit_asset = filters.TableOf[
            filters.Reading[UnitAssetWhere, UnitAssetUnique, UnitAssetInclude, UnitAssetOrder],
            filters.Writing[UnitAssetCreate, UnitAssetRow, UnitAssetUpdate, UnitAssetSet],
            filters.Naming[UnitAsset, UnitAssetField, UnitAssetNumber],
        ]()
        user_progress = filters.TableOf[
            filters.Reading[UserProgressWhere, UserProgressUnique, UserProgressInclude, UserProgressOrder],
            filters.Writing[UserProgressCreate, UserProgressRow, UserProgressUpdate, UserProgressSet],
            filters.Naming[UserProgress, UserProgressField, UserProgressNumber],
        ]()
        daily_plan = filters.TableOf[
            filters.Reading[DailyPlanWhere, DailyPlanUnique, DailyPlanInclude, DailyPlanOrder],
            filters.Writing[DailyPlanCreate, DailyPlanRow, DailyPlanUpdate, DailyPlanSet],
            filters.Naming[DailyPlan, DailyPlanField, DailyPlanNumber],
        ]()
        daily_plan_entry = filters.TableOf[
            filters.Reading[DailyPlanEntryWhere, DailyPlanEntryUnique, DailyPlanEntryInclude, DailyPlanEntryOrder],
            filters.Writing[DailyPlanEntryCreate, DailyPlanEntryRow, DailyPlanEntryUpdate, DailyPlanEntrySet],
            filters.Naming[DailyPlanEntry, DailyPlanEntryField, DailyPlanEntryNumber],
        ]()
        pronunciation_attempt = filters.TableOf[
            filters.Reading[
                PronunciationAttemptWhere,
                PronunciationAttemptUnique,
                PronunciationAttemptInclude,
                PronunciationAttemptOrder,
            ],
            filters.Writing[
                PronunciationAttemptCreate, PronunciationAttemptRow, PronunciationAttemptUpdate, PronunciationAttemptSet
            ],
            filters.Naming[PronunciationAttempt, PronunciationAttemptField, PronunciationAttemptNumber],
        ]()
        aggregate_score = filters.TableOf[
            filters.Reading[AggregateScoreWhere, AggregateScoreUnique, AggregateScoreInclude, AggregateScoreOrder],
            filters.Writing[AggregateScoreCreate, AggregateScoreRow, AggregateScoreUpdate, AggregateScoreSet],
            filters.Naming[AggregateScore, AggregateScoreField, AggregateScoreNumber],
        ]()

else:

    class Tables: ...

    def __getattr__(name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return Any


MODELS: dict[str, type[Any]] = {
    "user": User,
    "level": Level,
    "story": Story,
    "unit": Unit,
    "unit_asset": UnitAsset,
    "user_progress": UserProgress,
    "daily_plan": DailyPlan,
    "daily_plan_entry": DailyPlanEntry,
    "pronunciation_attempt": PronunciationAttempt,
    "aggregate_score": AggregateScore,
}


class Client(ClientBase, Tables):
    """A database with a table for each model."""

    SCHEMA_HASH = "3c0e7d8c8d44d665"

    def _open(self) -> None:
        vars(self).update({name: Table(self, model) for name, model in MODELS.items()})


class AsyncClient(AsyncClientBase, Tables):
    """A database with a table for each model, to be awaited."""

    SCHEMA_HASH = "3c0e7d8c8d44d665"

    def _open(self) -> None:
        vars(self).update({name: AsyncTable(self, model) for name, model in MODELS.items()})
