"""An env.py that is not dbtool's: what only it knows, asked by running it as far as its `context.configure()`."""

from __future__ import annotations

import contextlib
import re
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbtool import config as configs
from dbtool.config import Config, Location
from dbtool.engine import history as histories
from dbtool.errors import DbtoolError, EnvPyError

if TYPE_CHECKING:
    from sqlalchemy import MetaData

MODELS = "dbtool.models"  # marks what models say, among all that is compared
_NAMES_TABLE = re.compile(r"\bversion_table\b")


@dataclass(frozen=True, slots=True)
class Told:
    """What an env.py said: its database's URL, the arguments of `context.configure()`, and how it connects."""

    url: str
    options: Mapping[str, Any]
    is_async: bool = False


def load_config(**given: Any) -> Config:
    """Find the project and decide every setting, as `dbtool.config.load_config` does.

    Where nothing but an env.py of the project's own says which database it is, or in which table Alembic keeps its
    revisions, that env.py is asked. Raises EnvPyError where it cannot answer and nothing else does.
    """
    config = configs.load_config(**given)
    if not _asks(config):
        return config
    text = (config.migrations / "env.py").read_text(encoding="utf-8")
    unknown = config.sources["url"] == "default"
    if not unknown and not _NAMES_TABLE.search(text):
        return config
    try:
        told = ask(config)
    except EnvPyError:
        if unknown and not _knows_dbtool(config):  # else it knows dbtool's default
            raise
        return config
    config = replace(
        config,
        version_table=told.options.get("version_table") or config.version_table,
        version_table_schema=told.options.get("version_table_schema"),
    )
    if unknown:
        sources = {**config.sources, "url": "env.py"}
        config = replace(config, url=Location(told.url, "env.py", config.root), sources=sources)
    return config


def _asks(config: Config) -> bool:
    """Whether there is an env.py of the project's own that may be run."""
    return config.env_py and histories.host_of(config) == "alembic"


def _knows_dbtool(config: Config) -> bool:
    return config.pyproject is not None and "dbtool" in configs.read_toml(config.pyproject).get("tool", {})


def ask(config: Config) -> Told:
    """Run the project's env.py until it has said how it would migrate; nothing is migrated. Raises EnvPyError."""
    return _ask(_Asked(config))


def models(config: Config) -> MetaData | None:
    """Return the schema that env.py compares with; None where there is no such env.py, or it compares nothing."""
    from sqlalchemy import MetaData

    if not _asks(config):
        return None
    found = ask(config).options.get("target_metadata")
    several = [each for each in (found if isinstance(found, (list, tuple)) else [found]) if each is not None]
    if len(several) < 2:
        return several[0] if several else None
    joined = MetaData()
    for each in several:
        for table in each.tables.values():
            table.to_metadata(joined)
    return joined


def hooks(config: Config) -> Mapping[str, Any]:
    """Return what env.py says of a comparison, as arguments of `context.configure()`; empty where it says nothing."""
    if not _asks(config):
        return {}
    try:
        options = ask(config).options
    except EnvPyError:
        return {}
    return {name: options[name] for name in _HOOKS if options.get(name) is not None}


def runs_files(config: Config) -> bool:
    """Whether migrations run on the connection that env.py opens: not on one that only an event loop can use."""
    if not _asks(config):
        return False
    text = (config.migrations / "env.py").read_text(encoding="utf-8")
    return not ("run_sync" in text and ask(config).is_async)


_HOOKS = (
    "include_object",
    "include_name",
    "include_schemas",
    "compare_type",
    "compare_server_default",
    "render_item",
    "process_revision_directives",
    "user_module_prefix",
)


def failed(config: Config, error: BaseException) -> EnvPyError:
    """Say that an env.py cannot be run here, where in it, and how to do without it."""
    path = config.migrations / "env.py"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    where = f"{config.relative(path)}{f':{lines[-1]}' if lines else ''}"
    return EnvPyError(
        f"{where} cannot run outside its application: {type(error).__name__}: {error}".rstrip(": "),
        hint='in [tool.dbtool] of pyproject.toml: env_py = false, url = "...", models = "app.models"',
    )


class _Enough(BaseException):
    """Leaves env.py once it has said all: no `except Exception` of its own may stop that."""


class _Asked:
    """A configuration that is the same question as another one where env.py would answer the same."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._key = (config.root, config.alembic_ini, config.migrations, config.url.text, config.x)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@cache
def _ask(asked: _Asked) -> Told:
    from dbtool import database as databases
    from dbtool.engine import runner

    config, found = asked.config, []

    def hear(connection: Any = None, url: Any = None, **options: Any) -> None:
        place = connection.engine.url.render_as_string(hide_password=False) if connection is not None else str(url)
        found.append(Told(place, options, connection is not None and connection.dialect.is_async))
        raise _Enough

    began = time.time()
    listening: Any = runner.environment(config, databases.of(config), lambda heads, context: ())
    listening.configure = hear
    try:
        with contextlib.chdir(config.root), contextlib.redirect_stdout(sys.stderr), listening as context:
            context.script.run_env()
    except _Enough:
        pass
    except DbtoolError:
        raise
    except (Exception, SystemExit) as error:
        raise failed(config, error) from error
    if not found:
        raise failed(config, RuntimeError("it ends without context.configure()"))
    _take_away(found[0].url, began)
    return found[0]


def _take_away(url: str, began: float) -> None:
    """Delete the empty file that SQLite made when env.py connected: looking at a project makes no database."""
    file = Path(url.partition(":///")[2].partition("?")[0])
    if file.is_file():
        state = file.stat()
        if state.st_size == 0 and state.st_ctime >= began - 1:
            file.unlink()
