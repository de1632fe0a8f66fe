"""Every expected failure: a code, a message, a hint that can be typed, an exit code.

    DbtoolError
    ├── InterruptedCommandError  DB001  exit 130
    ├── ConfigError      DB1xx  exit 2   what was asked for cannot be understood
    ├── ConnectError     DB2xx  exit 1   the database cannot be reached or used
    ├── HistoryError     DB3xx  exit 1   the migration files, or running them
    │   └── MigrationError
    ├── DriftError       DB4xx  exit 1   the schema is not what migrations left behind
    ├── AnswerError      DB5xx  exit 1   a question had no answer
    ├── DataError        DB6xx  exit 1   rows: wanted, given or refused
    └── StudioError      DB7xx  exit 1   the browser's side

A foreign exception is translated where that library is called. Anything else is a bug and stays a traceback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar


class DbtoolError(Exception):
    """A failure that dbtool expects; `problems` holds further lines when there is more than one thing wrong."""

    code: ClassVar[str] = "DB000"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.problems = tuple(problems)


class InterruptedCommandError(DbtoolError):
    """Ctrl-C ended the command."""

    code = "DB001"
    exit_code = 130

    def __init__(self) -> None:
        super().__init__("interrupted; what was not finished was rolled back")


class ConfigError(DbtoolError):
    """What was asked for cannot be understood."""

    code = "DB100"
    exit_code = 2


class ProjectNotFoundError(ConfigError):
    """There is no project here: no `[tool.dbtool]`, no Alembic configuration, no `--url`."""

    code = "DB101"


class SettingError(ConfigError):
    """A setting is unknown, or its value cannot be used."""

    code = "DB102"


class EnvFileError(ConfigError):
    """The .env file cannot be read."""

    code = "DB103"


class UrlError(ConfigError):
    """A database URL is malformed or names an unknown kind of database."""

    code = "DB104"


class DriverMissingError(ConfigError):
    """The Python driver of this kind of database is not installed."""

    code = "DB105"


class ModelsError(ConfigError):
    """The models cannot be found, fail to import, or define no table."""

    code = "DB106"


class ProgramMissingError(ConfigError):
    """A program of the database (`pg_dump`, `mariadb-dump`) is not installed."""

    code = "DB107"


class UsageError(ConfigError):
    """The command line says something that no command understands."""

    code = "DB108"


class ExtraMissingError(ConfigError):
    """What this command needs is an extra that is not installed."""

    code = "DB109"


class ForeignFileError(ConfigError):
    """A file that would be written is somebody else's."""

    code = "DB110"


class EnvPyError(ConfigError):
    """An env.py of the project's own cannot be run here."""

    code = "DB111"


class UnmodelledError(ConfigError):
    """So few tables have models that those of the others are probably not imported."""

    code = "DB112"


class ConnectError(DbtoolError):
    """The database cannot be reached or used."""

    code = "DB200"


class DatabaseMissingError(ConnectError):
    """There is no such database yet."""

    code = "DB201"


class AccessError(ConnectError):
    """The database is there, but reading or writing it is not permitted."""

    code = "DB202"


class NotADatabaseError(ConnectError):
    """The file is there, but it is no database."""

    code = "DB203"


class LockedError(ConnectError):
    """Somebody else holds the database."""

    code = "DB204"


class DiskFullError(ConnectError):
    """There is no room left to write."""

    code = "DB205"


class ReadOnlyError(AccessError):
    """The database, or this session, takes no changes: a standby, a server that is switched to reading, a read."""

    code = "DB206"


class HistoryError(DbtoolError):
    """The migration files, their lock and the ledger do not fit together."""

    code = "DB300"


class EditedError(HistoryError):
    """A migration was changed after it was applied, or its lock line is stale."""

    code = "DB301"


class MissingFileError(HistoryError):
    """The database ran a migration whose file is gone, or the lock lists one."""

    code = "DB302"


class DuplicateError(HistoryError):
    """Two files claim the same revision."""

    code = "DB303"


class ForkedError(HistoryError):
    """Two migrations follow the same one."""

    code = "DB304"


class ConflictError(HistoryError):
    """The lock holds the markers of an unfinished merge."""

    code = "DB305"


class RevisionError(HistoryError):
    """No revision, or more than one, has that name."""

    code = "DB306"


class UnreadableFileError(HistoryError):
    """A migration file cannot be read as one."""

    code = "DB307"


class SharedError(HistoryError):
    """A migration that others may have run already was to be written anew."""

    code = "DB308"


class SquashedError(HistoryError):
    """A database stopped in the middle of migrations that were squashed into one file since."""

    code = "DB309"


class MigrationError(HistoryError):
    """A migration failed while it ran; `applied` names the revisions that stay applied, oldest first."""

    code = "DB310"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        problems: Sequence[str] = (),
        failed: str = "",
        applied: Sequence[str] = (),
    ) -> None:
        super().__init__(message, hint=hint, problems=problems)
        self.failed = failed
        self.applied = tuple(applied)


class BehindError(HistoryError):
    """The code is ahead of its database: migrations are pending."""

    code = "DB314"


class SqlFileError(HistoryError):
    """A file under `migrations/sql/` cannot be understood as one view, trigger or function."""

    code = "DB315"


class StoppedHalfwayError(HistoryError):
    """A migration stopped halfway on a database that commits every DDL statement, and cannot simply go on."""

    code = "DB313"


class ProofError(HistoryError):
    """A new migration did not do what it must on the scratch database; it was not kept."""

    code = "DB311"


class RebuildLossError(HistoryError):
    """Rebuilding a table on SQLite would lose what cannot be put back; nothing was changed."""

    code = "DB312"


class DriftError(DbtoolError):
    """The schema is not what migrations left behind, and cannot be brought there or written down."""

    code = "DB400"


class AnswerError(DbtoolError):
    """A question had no answer: there is no terminal, and no flag gave one."""

    code = "DB501"


class DeclinedError(AnswerError):
    """The question was answered with no; nothing was changed."""

    code = "DB502"


class ProtectedError(AnswerError):
    """The database is protected, and nobody has typed its name; nothing was changed."""

    code = "DB504"


class FillError(AnswerError):
    """What rows that exist should get is no value of the column."""

    code = "DB503"


class DataError(DbtoolError):
    """Rows: wanted, given or refused."""

    code = "DB600"


class SeedError(DataError):
    """The seed files cannot be loaded; every problem is listed, nothing was written.

    `quotes` are the lines of the files where the problems stand, one for each, empty where there is none to show.
    """

    code = "DB601"

    def __init__(
        self, message: str, *, hint: str = "", problems: Sequence[str] = (), quotes: Sequence[str] = ()
    ) -> None:
        super().__init__(message, hint=hint, problems=problems)
        self.quotes = tuple(quotes)


class TableNotFoundError(DataError):
    """No table has that name."""

    code = "DB602"


class ColumnNotFoundError(DataError):
    """No column has that name."""

    code = "DB603"


class RecordNotFoundError(DataError):
    """No row has that key."""

    code = "DB604"


class ConditionError(DataError):
    """A filter cannot be read, or its value does not fit the column."""

    code = "DB605"


class RefusedRowError(DataError):
    """The database refused a row; the transaction was rolled back."""

    code = "DB606"


class TimeLimitError(DataError):
    """A statement took longer than it may; the database stopped it."""

    code = "DB607"


class StoppedError(DataError):
    """A statement was stopped from outside before it had ended."""

    code = "DB608"


class RowsInTheWayError(DataError):
    """Rows that exist would be refused by what a migration adds; nothing was changed."""

    code = "DB609"


class UnknownKeyError(DataError):
    """The generated client was given a key that a dictionary of it cannot hold."""

    code = "DB610"


class InvalidDataError(DataError):
    """Values do not fit the model; nothing was written."""

    code = "DB611"


class NotIncludedError(DataError):
    """A relation was read that the query did not include."""

    code = "DB612"


class EmptyWhereError(DataError):
    """A statement would change all rows, and nobody said that it should."""

    code = "DB613"


class StaleClientError(DataError):
    """The generated client was written for other models than there are."""

    code = "DB614"


class ViewError(DataError):
    """A view asks for what its model does not have."""

    code = "DB615"


class BackupError(DataError):
    """A file is no backup of this kind of database, or is not what was written."""

    code = "DB616"


class StatementError(DataError):
    """A statement that was typed is refused, by the database or before it is asked; nothing of it stays."""

    code = "DB617"


class OccupiedError(DataError):
    """Rows are where a copy should go; nothing was changed."""

    code = "DB618"


class UnequalError(DataError):
    """What arrived in another database is not what was sent; nothing of it was kept."""

    code = "DB619"


class StudioError(DbtoolError):
    """Studio cannot do what was asked for."""

    code = "DB700"


class PortInUseError(StudioError):
    """Another program listens where studio should."""

    code = "DB701"


class RequestError(StudioError):
    """A request to studio that it does not understand or does not permit.

    `status` is HTTP's; `details` are further parts of the answer, by name.
    """

    code = "DB702"

    def __init__(
        self,
        message: str,
        *,
        status: int = 422,
        hint: str = "",
        problems: Sequence[str] = (),
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, hint=hint, problems=problems)
        self.status = status
        self.details = dict(details or {})
