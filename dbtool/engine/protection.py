"""Which databases are protected, why, and the name by which somebody says that this one is meant all the same."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from fnmatch import fnmatchcase

from dbtool.config import Config
from dbtool.database import Database, Url
from dbtool.errors import ProtectedError

_OF_THIS_MACHINE = re.compile(r"localhost|.+\.localhost|127(\.[0-9]{1,3}){3}|::1")
_BARE = re.compile(r"[a-z_][a-z0-9_-]*")  # as in a compose file; a number alone may be any address


def reason(config: Config, database: Database) -> str | None:
    """Return why a database is protected, as a clause; None where it is not, and for one in memory.

    A pattern of `protected` is held against its name, its hosts, and the whole URL without password, or the path of a
    file within the project.
    """
    url, said = database.url, config.protection
    if url.file is None and not url.hosts and url.name == ":memory:":
        return None
    if said.said:
        return said.said
    for pattern in said.patterns:
        if any(fnmatchcase(text.lower(), pattern.lower()) for text in _texts(config, url)):
            return f"`{pattern}` in `protected` of [tool.dbtool] fits it"
    return None if said.lifted else _by_place(config, url)


def _texts(config: Config, url: Url) -> tuple[str, ...]:
    """Return what a pattern may fit."""
    whole = url.safe if url.file is None else config.relative(url.file)
    return url.name, whole, *url.hosts


def _by_place(config: Config, url: Url) -> str | None:
    if url.file is not None and not url.file.is_relative_to(config.root.resolve()):
        return f"its file lies outside the project, {config.root}"
    for host in url.hosts:
        if not (_OF_THIS_MACHINE.fullmatch(host) or _BARE.fullmatch(host)):
            return f"its host {host} is neither this machine nor a bare name"
    return None


def called(config: Config, database: Database) -> str:
    """Return what people call a database: `production (shop on db.example.com)`, or without the environment."""
    return f"{config.environment} ({database.name})" if config.environment else database.name


def place(config: Config, database: Database) -> str:
    """Return the same, and without an environment the whole URL."""
    return called(config, database) if config.environment else database.url.safe


def is_confirmed(config: Config, database: Database) -> bool:
    """Whether the caller has typed the name. Raises ProtectedError where it is that of another database."""
    if config.confirm is None:
        return False
    if config.confirm not in _names(config, database):
        raise ProtectedError(
            f"`{config.confirm}` was to be confirmed, and this is {place(config, database)}",
            hint=f"{option(config, database)} if that is meant",
        )
    return True


def require_confirmed(config: Config, database: Database, command: str) -> None:
    """Return where a database may be changed by a command. Raises ProtectedError."""
    if is_confirmed(config, database):
        return
    why = reason(config, database)
    if why is not None:
        raise ProtectedError(
            f"{place(config, database)} is protected, and `{command}` would change it: {why}",
            hint=f"add {option(config, database)} if that is meant",
        )


def refuse_samples(config: Config, database: Database, sets: Sequence[str]) -> None:
    """Raise ProtectedError where made-up rows would go into a protected database, whatever was confirmed."""
    made_up = [name for name in sets if name in config.seed.samples and name not in config.seed.promised]
    if made_up and reason(config, database) is not None:
        where = f"[tool.dbtool.env.{config.environment or 'NAME'}]"
        raise ProtectedError(
            f"{place(config, database)} is protected, and the seeds of `{made_up[0]}` are samples",
            hint=f'leave out --set {made_up[0]}; where they belong there: sets = ["{made_up[0]}"] in {where}',
        )


def refuse_made_up(config: Config, database: Database) -> None:
    """Raise ProtectedError where rows would be invented in a protected database, whatever was confirmed."""
    if reason(config, database) is not None:
        raise ProtectedError(
            f"{place(config, database)} is protected, and made-up rows are not for it", hint="dbtool seed --dry-run"
        )


def option(config: Config, database: Database) -> str:
    """Return what is typed to change a database although it is protected."""
    return f"--confirm {shlex.quote(_names(config, database)[0])}"


def _names(config: Config, database: Database) -> tuple[str, ...]:
    """Return what may be typed, the best first; an environment stands for no database but the one that it names."""
    own = (config.environment,) if config.environment and config.names_url else ()
    return *own, database.url.name
