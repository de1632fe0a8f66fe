"""Where a project is and what it wants: flags, environment, .env, pyproject.toml, defaults, in that order.

A named environment goes between: `.env.NAME` before `.env`, `[tool.dbtool.env.NAME]` before both `.env` and the rest.
The only module that reads the environment and the working directory. `load_config` is called once per command;
the Config it returns travels as the first argument of every operation.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from dbtool.errors import EnvFileError, ProjectNotFoundError, SettingError

DEFAULT_URL = "sqlite:///dev.db"
PASTE = """[tool.dbtool]
models = "app.models"        # the module that holds your SQLModel classes
url = "sqlite:///dev.db"     # or set DATABASE_URL"""


@dataclass(frozen=True, slots=True)
class Location:
    """A database URL as it was written, where it was written, and what a relative path in it is relative to."""

    text: str = field(repr=False)  # a password may stand in it
    source: str
    base: Path


@dataclass(frozen=True, slots=True)
class Protection:
    """What a project says of protecting its databases.

    `patterns` are held against the name, the host and the whole URL of a database. `said` is where somebody says that
    this one is protected, `lifted` where the environment that names it says that it is not; empty where nobody does.
    """

    patterns: tuple[str, ...] = ()
    said: str = ""
    lifted: str = ""


@dataclass(frozen=True, slots=True)
class GenerateConfig:
    """`[tool.dbtool.generate]`: which outputs are on, and where they are written.

    `output` is the folder of all but stubs and seed schema; None means `generated/` beside the models.
    """

    stubs: bool = True
    schemas: bool = True
    client: bool = True
    seed_schema: bool = True
    erd: bool = True
    output: Path | None = None


@dataclass(frozen=True, slots=True)
class SeedConfig:
    """`[tool.dbtool.seed]`: natural keys by table or model name where the models do not say, and sets of files.

    `sets` are loaded beside the base when nobody names others. `samples` are the sets of made-up rows, which no
    protected database gets unless its environment's own `sets` name them: those are `promised`.
    """

    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    samples: tuple[str, ...] = ("dev", "test", "demo")
    promised: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StudioConfig:
    """`[tool.dbtool.studio]`: where studio listens, how long a statement may take, and where media lie.

    `limit` is in seconds. `media` names the columns, as `table.column`, that hold keys of objects in `bucket`; `*`
    stands for any letters. An object whose key begins with `placeholder` does not exist.
    """

    port: int = 5555
    limit: int = 30
    media: tuple[str, ...] = ()
    bucket: str = ""
    endpoint: str = ""
    region: str = "us-east-1"
    placeholder: str = "placeholder/"
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Config:
    """One project, wholly decided. Paths are absolute.

    `environment` is the name of the environment that was asked for, such as production, `names_url` whether that
    environment is what names the database, and `confirm` the name that the caller typed to change a protected one.
    `models` is None where no models are configured, `alembic_ini` the alembic.ini where there is one,
    `virtual_environment` the application's where that is another than the one dbtool runs in, and `sources` says
    where each setting came from. `dialects` are the kinds of database, by the schemes of their URLs, that migrations
    must run on, `scratch` where databases of other kinds than the project's may be made to try that. `turn`
    is lock or lease: whether deployers take turns by a lock of the server, where it has one, or by a row. `recursive`
    is whether migrations lie in folders below those of `versions` too, `env_py` whether an env.py that is not dbtool's
    is run, and `x` what such an env.py gets as Alembic's `-x`. `variables` are those of the environment and of its
    files, which seeds may ask for.
    """

    root: Path
    url: Location
    models: str | None
    migrations: Path
    seed_data: Path
    version_locations: tuple[Path, ...] = ()
    version_table: str = "alembic_version"
    version_table_schema: str | None = None
    scratch_url: Location | None = None
    dialects: tuple[str, ...] = ()
    scratch: Mapping[str, Location] = field(default_factory=dict)
    schemas: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    timezone: str = "UTC"
    turn: str = "lock"
    recursive: bool = False
    env_py: bool = True
    x: tuple[str, ...] = ()
    generate: GenerateConfig = GenerateConfig()
    seed: SeedConfig = SeedConfig()
    studio: StudioConfig = StudioConfig()
    alembic_ini: Path | None = None
    pyproject: Path | None = None
    env_file: Path | None = None
    virtual_environment: Path | None = None
    variables: tuple[Mapping[str, str], ...] = field(default=(), repr=False, compare=False)
    environment: str | None = None
    names_url: bool = False
    protection: Protection = Protection()
    confirm: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict)

    def variable(self, name: str) -> str | None:
        """Return a variable of the environment, of `.env.NAME` or of `.env`, in that order."""
        return next((place[name] for place in self.variables if name in place), None)

    @property
    def private(self) -> Path:
        """The folder of things that are not committed: backups and the like."""
        return self.root / ".dbtool"

    def make_private(self) -> Path:
        """Make that folder, which tells git by itself that it is not committed, and return it."""
        self.private.mkdir(parents=True, exist_ok=True)
        ignored = self.private / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n", encoding="utf-8")
        return self.private

    @property
    def versions(self) -> tuple[Path, ...]:
        """The folders that hold migration files."""
        return self.version_locations or (self.migrations / "versions",)

    @property
    def lock(self) -> Path:
        """The file that lists every migration."""
        return self.migrations / "dbtool.lock"

    @property
    def zone(self) -> tzinfo:
        """The time zone of times typed without one. Raises SettingError when there is none of that name."""
        if self.timezone == "UTC":
            return UTC  # also where no time zone data is installed
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SettingError(f"`{self.timezone}` is no time zone", hint='timezone = "Europe/Berlin"') from error

    def relative(self, path: Path) -> str:
        """Return a path as people in this project would write it."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)


def load_config(
    *,
    url: str | None = None,
    project: Path | str | None = None,
    env_file: Path | str | None = None,
    environment: str | None = None,
    confirm: str | None = None,
    direct: bool = True,
) -> Config:
    """Find the project and decide every setting.

    `project` is a folder in or below which to look upwards from (default: the working directory). `environment` names
    a `.env.NAME`, a `[tool.dbtool.env.NAME]` or both (default: `DBTOOL_ENV`). `confirm` is the name of the protected
    database, or of its environment, that is meant to be changed. Without `direct`, `DIRECT_URL` is not looked at: an
    application's own connections go through the pooler. Raises ProjectNotFoundError, SettingError and EnvFileError.
    """
    start = _start(project)
    found = _find_project(start)
    if found is None and url is None and not _names_database(start, env_file):
        raise ProjectNotFoundError(f"no project in {start} or above it", hint=_paste_hint())
    root = found or start
    named = environment if environment is not None else os.environ.get("DBTOOL_ENV") or None
    reader = _Reader(root, url, _env_file(root, env_file), named, direct=direct)
    return replace(reader.config(), confirm=confirm)


def folder_named(name: Path | str | None) -> Path:
    """Return a folder, absolute; None is the working directory. It need not be there."""
    return Path.cwd() if name is None else Path(name).absolute()


def tests_location(config: Config, said: str, folder: Path) -> Location:
    """Return beside which database those of a project's tests are made.

    That is what pytest's configuration has `said`, `DBTOOL_TESTS_URL` of the environment, or a file in a folder.
    """
    variable = os.environ.get("DBTOOL_TESTS_URL")
    if said or variable:
        return Location(said or str(variable), "dbtool_url" if said else "DBTOOL_TESTS_URL", config.root)
    return Location(f"sqlite:///{folder / 'any.db'}", "the tests", config.root)


def virtual_environments(project: str | None) -> tuple[Path, ...]:
    """Return where an application's packages may be: the active environment, else `.venv` here or above."""
    active = os.environ.get("VIRTUAL_ENV")
    if active:
        return (Path(active),)
    start = Path(project).absolute() if project else Path.cwd()
    folders = (folder / ".venv" for folder in (start, *start.parents))
    return tuple(folder for folder in folders if folder.is_dir())


SETTINGS = (
    "models",
    "migrations",
    "seed_data",
    "url",
    "scratch_url",
    "dialects",
    "schemas",
    "exclude",
    "protected",
    "timezone",
    "turn",
    "env_py",
    "x",
)
_NO_URL = "driver://"  # as `alembic init` writes it
TABLES = ("scratch", "generate", "seed", "studio", "env")
URL_VARIABLES = ("DBTOOL_URL", "DIRECT_URL", "DATABASE_URL")  # DIRECT_URL is the server behind a pooler
ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class _Place:
    """Variables that stand together: those of the process, or of one file, which a path in them is relative to."""

    name: str
    base: Path
    variables: Mapping[str, str] = field(repr=False)


class _Reader:
    """Holds the places where a setting can stand while a Config is put together."""

    def __init__(
        self, root: Path, url: str | None, env_file: Path | None, environment: str | None, *, direct: bool
    ) -> None:
        self.root = root
        self.flag_url = url
        self.env_file = env_file
        self.environment = environment
        self.url_variables = tuple(name for name in URL_VARIABLES if direct or name != "DIRECT_URL")
        self.pyproject = root / "pyproject.toml"
        self.document = read_toml(self.pyproject)
        tool = self.document.get("tool", {})
        self.table: Mapping[str, Any] = tool.get("dbtool", {})
        self.alembic = _alembic_options(root, tool.get("alembic"))
        self.sources: dict[str, str] = {}
        _check_keys(self.table, (*SETTINGS, *TABLES), "[tool.dbtool]")
        self.tables = _environment_tables(self.table.get("env", {}))
        self.process = _Place("environment", root, os.environ)
        self.named = _place(self._environment_file())
        self.usual = _place(env_file)
        self.places = tuple(place for place in (self.process, self.named, self.usual) if place is not None)

    def config(self) -> Config:
        location, names_url = self._url()
        migrations = self._path("migrations", self.alembic.script_location or self.root / "migrations")
        if self.alembic.script_location and self.sources["migrations"] == "default":
            self.sources["migrations"] = self.alembic.source
        return Config(
            root=self.root,
            url=location,
            models=self._text("models", None),
            migrations=migrations,
            seed_data=self._path("seed_data", self.root / "seed_data"),
            version_locations=self.alembic.version_locations,
            version_table=self.alembic.version_table,
            scratch_url=self._scratch_url(),
            dialects=self._list("dialects"),
            scratch=dict(self._scratch()),
            schemas=self._list("schemas"),
            exclude=self._list("exclude"),
            timezone=self._text("timezone", "UTC") or "UTC",
            turn=self._turn(),
            recursive=self.alembic.recursive,
            env_py=_expect(self.table.get("env_py", True), bool, "env_py"),
            x=self._list("x"),
            generate=_generate_part(self.table.get("generate", {}), self.root),
            seed=self._seed(),
            studio=self._studio(),
            alembic_ini=self.alembic.ini,
            pyproject=self.pyproject if self.pyproject.exists() else None,
            env_file=self.env_file,
            virtual_environment=_other_environment(self.root),
            variables=tuple(dict(place.variables) for place in self.places),
            environment=self.environment,
            names_url=names_url,
            protection=self._protection(names_url=names_url),
            sources=self.sources,
        )

    def _seed(self) -> SeedConfig:
        part = _seed_part(self.table.get("seed", {}))
        if "sets" not in self._own:
            return part
        promised = _names(self._own["sets"], f"env.{self.environment}.sets")
        return replace(part, sets=promised, promised=promised)

    def _turn(self) -> str:
        turn = self._text("turn", "lock") or "lock"
        if turn not in ("lock", "lease"):
            raise SettingError(f"`turn` is `{turn}`", hint='turn = "lock", or turn = "lease"')
        return turn

    def _url(self) -> tuple[Location, bool]:
        """Return where the database is, and whether it is the named environment that says so."""
        own = self._environment_url()
        found = self._flag_or_process() or own or self._usual_url()
        self.sources["url"] = found.source
        return found, found is own

    def _flag_or_process(self) -> Location | None:
        if self.flag_url is not None:
            return Location(self.flag_url, "--url", self.root)
        return _variable(self.url_variables, [self.process])

    def _environment_url(self) -> Location | None:
        """Return what the named environment says. Raises SettingError where nobody says which database it is."""
        if self.environment is None:
            return None
        found = _variable(self.url_variables, [self.named] if self.named else [])
        table = f"[tool.dbtool.env.{self.environment}]"
        if found is None and "url" in self._own:
            found = Location(self._own["url"], f"pyproject.toml {table}", self.root)
        if found is None and self._flag_or_process() is None:
            raise SettingError(
                f"environment `{self.environment}` names no database",
                hint=f'url = "..." in {table}, or DATABASE_URL in .env.{self.environment}',
            )
        return found

    def _usual_url(self) -> Location:
        found = _variable(self.url_variables, [self.usual] if self.usual else [])
        if found is not None:
            return found
        if "url" in self.table:
            return Location(_expect(self.table["url"], str, "url"), "pyproject.toml [tool.dbtool]", self.root)
        if self.alembic.url:
            return Location(self.alembic.url, self.alembic.source, self.root)
        return Location(DEFAULT_URL, "default", self.root)

    @property
    def _own(self) -> Mapping[str, Any]:
        """What `[tool.dbtool.env.NAME]` says of the named environment."""
        return self.tables.get(self.environment or "", {})

    def _environment_file(self) -> Path | None:
        """Return the `.env.NAME` of the named environment. Raises SettingError where there is no such environment."""
        name = self.environment
        if name is None:
            return None
        path = self.root / f".env.{name}"
        is_name = ENVIRONMENT.fullmatch(name) is not None
        if is_name and path.is_file():
            return path
        if is_name and name in self.tables:
            return None
        files = (each.name.removeprefix(".env.") for each in self.root.glob(".env.*") if each.is_file())
        known = sorted({*self.tables, *(each for each in files if ENVIRONMENT.fullmatch(each))} - {"example"})
        raise SettingError(
            f"there is no environment `{name}`: neither .env.{name} nor [tool.dbtool.env.{name}] in pyproject.toml"
            if is_name
            else f"`{name}` cannot be the name of an environment",
            hint=f"one of {', '.join(known)}" if known else "--env production, with DATABASE_URL in .env.production",
        )

    def _protection(self, *, names_url: bool) -> Protection:
        """Read who says that a database is protected; only the environment that names one can say that it is not."""
        patterns = _names(self.table.get("protected", []), "protected")
        where = f"[tool.dbtool.env.{self.environment}]"
        variable = _variable(["DBTOOL_PROTECTED"], self.places)
        said = ""
        if variable is not None and _is_on(variable):
            said = f"{variable.source} says so"
        elif self._own.get("protected") is True:
            said = f"{where} says so"
        lifted = where if names_url and self._own.get("protected") is False else ""
        return Protection(patterns, said, lifted)

    def _scratch_url(self) -> Location | None:
        text, source, base = self._find("scratch_url")
        return Location(_expect(text, str, "scratch_url"), source, base) if text is not None else None

    def _scratch(self) -> Iterator[tuple[str, Location]]:
        """Yield where databases of other kinds may be made: by environment, `.env`, or `[tool.dbtool.scratch]`."""
        table = _expect(self.table.get("scratch", {}), dict, "scratch")
        for name in dict.fromkeys((*table, *self._list("dialects"))):
            found = _variable([f"DBTOOL_SCRATCH_{name.upper()}_URL"], self.places)
            if found is not None:
                yield name, found
            elif name in table:
                text = _expect(table[name], str, f"scratch.{name}")
                yield name, Location(text, "pyproject.toml [tool.dbtool.scratch]", self.root)

    def _studio(self) -> StudioConfig:
        """Read `[tool.dbtool.studio]`; the keys of the object store come from the environment, never from the file."""
        part = _studio_part(self.table.get("studio", {}))
        return replace(part, access_key=self._secret("ACCESS_KEY"), secret_key=self._secret("SECRET_KEY"))

    def _secret(self, name: str) -> str:
        places = (f"MINIO_{name}", {"ACCESS_KEY": "AWS_ACCESS_KEY_ID", "SECRET_KEY": "AWS_SECRET_ACCESS_KEY"}[name])
        found = (where.variables.get(place) for place in places for where in self.places)
        return next(filter(None, found), "")

    def _text(self, name: str, default: str | None) -> str | None:
        value, _, _ = self._find(name)
        return default if value is None else _expect(value, str, name)

    def _path(self, name: str, default: Path) -> Path:
        value, _, base = self._find(name)
        return default if value is None else (base / _expect(value, str, name)).resolve()

    def _list(self, name: str) -> tuple[str, ...]:
        value, _, _ = self._find(name)
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return () if value is None else _names(value, name)

    def _find(self, name: str) -> tuple[Any, str, Path]:
        """Return a setting's value, where it stands, and the folder that a path in it is relative to."""
        value, source, base = None, "default", self.root
        found = _variable([f"DBTOOL_{name.upper()}"], self.places)
        if found is not None:
            value, source, base = found.text, found.source, found.base
        elif name in self.table:
            value, source = self.table[name], "pyproject.toml [tool.dbtool]"
        self.sources[name] = source
        return value, source, base


def _place(file: Path | None) -> _Place | None:
    return _Place(file.name, file.parent, _read_env_file(file)) if file else None


def _variable(names: Iterable[str], places: Iterable[_Place]) -> Location | None:
    """Return what the first place says that says anything, under the first of these names that it has."""
    for place in places:
        for name in names:
            if name in place.variables:
                return Location(place.variables[name], f"{place.name} {name}", place.base)
    return None


def _is_on(variable: Location) -> bool:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}
    text = variable.text.strip().lower()
    if text not in words:
        raise SettingError(f"{variable.source} is neither 1 nor 0: {variable.text}", hint="DBTOOL_PROTECTED=1")
    return words[text]


def _environment_tables(tables: Any) -> Mapping[str, Mapping[str, Any]]:
    """Read `[tool.dbtool.env]`: for each environment by name, its `url`, seed `sets`, and whether it is `protected`."""
    for name, table in _expect(tables, dict, "env").items():
        if not ENVIRONMENT.fullmatch(name):
            raise SettingError(f"`{name}` cannot be the name of an environment", hint="[tool.dbtool.env.production]")
        where = f"env.{name}"
        _check_keys(_expect(table, dict, where), ("url", "protected", "sets"), f"[tool.dbtool.{where}]")
        _expect(table.get("url", ""), str, f"{where}.url")
        _expect(table.get("protected", False), bool, f"{where}.protected")
        _names(table.get("sets", []), f"{where}.sets")
    found: Mapping[str, Mapping[str, Any]] = tables
    return found


@dataclass(frozen=True, slots=True)
class _Alembic:
    """What an Alembic configuration says, from alembic.ini or `[tool.alembic]`."""

    script_location: Path | None = None
    version_locations: tuple[Path, ...] = ()
    version_table: str = "alembic_version"
    recursive: bool = False
    url: str | None = None
    ini: Path | None = None
    source: str = ""


def _alembic_options(root: Path, table: Mapping[str, Any] | None) -> _Alembic:
    ini = root / "alembic.ini"
    if ini.exists():
        return _from_options(root, _read_ini(ini), ini, "alembic.ini")
    if table:
        here = root.as_posix()
        texts = {key: _unescape(value, here) for key, value in table.items()}
        return _from_options(root, texts, None, "pyproject.toml [tool.alembic]")
    return _Alembic()


def _from_options(root: Path, options: Mapping[str, Any], ini: Path | None, source: str) -> _Alembic:
    script, url = options.get("script_location"), options.get("sqlalchemy.url") or ""
    return _Alembic(
        script_location=(root / script).resolve() if script else None,
        version_locations=tuple((root / path).resolve() for path in _locations(options)),
        version_table=options.get("version_table") or "alembic_version",
        recursive=str(options.get("recursive_version_locations", "")).lower() in ("true", "yes", "on", "1"),
        url=None if url.startswith(_NO_URL) else url or None,
        ini=ini,
        source=source,
    )


def _locations(options: Mapping[str, Any]) -> list[str]:
    """Split `version_locations` the way Alembic does: by `path_separator`, else by spaces and commas."""
    value = options.get("version_locations") or ()
    if not isinstance(value, str):
        return list(value)
    word = options.get("path_separator") or options.get("version_path_separator")
    separators = {"os": os.pathsep, "space": " ", "newline": "\n", ":": ":", ";": ";"}
    if word in separators:
        return [part.strip() for part in value.split(separators[word]) if part.strip()]
    return value.replace(",", " ").split()


def _read_ini(path: Path) -> dict[str, str]:
    import configparser

    parser = configparser.ConfigParser({"here": path.parent.as_posix()})
    try:
        parser.read(path, encoding="utf-8")
        if not parser.has_section("alembic"):
            return {}
        return dict(parser.items("alembic"))
    except (configparser.Error, UnicodeDecodeError) as error:
        raise SettingError(f"{path.name} cannot be read: {error}", hint=f"correct {path}") from error


def _unescape(value: Any, here: str) -> Any:
    if isinstance(value, list):
        return [_unescape(item, here) for item in value]
    return value.replace("%(here)s", here).replace("%%", "%") if isinstance(value, str) else value


def _other_environment(root: Path) -> Path | None:
    found = virtual_environments(str(root))[:1]
    return next((folder for folder in found if folder != Path(sys.prefix)), None)


def _start(project: Path | str | None) -> Path:
    folder = folder_named(project)
    if project is not None and not folder.is_dir():
        raise ProjectNotFoundError(f"{folder} is not a folder", hint="dbtool --project DIR names a folder")
    return folder


def _find_project(start: Path) -> Path | None:
    for folder in (start, *start.parents):
        if (folder / "alembic.ini").exists():
            return folder
        tool = read_toml(folder / "pyproject.toml").get("tool", {})
        if "dbtool" in tool or "alembic" in tool:
            return folder
    return None


def _names_database(folder: Path, env_file: Path | str | None) -> bool:
    """Whether the environment or a .env file names a database: whoever has only that has no project yet."""
    if any(name in os.environ for name in URL_VARIABLES):
        return True
    path = _env_file(folder, env_file)
    return path is not None and any(name in _read_env_file(path) for name in URL_VARIABLES)


def _paste_hint() -> str:
    return f"go into your project, or paste this into its pyproject.toml:\n\n{PASTE}\n"


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a file of TOML says, nothing where there is none. Raises SettingError."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except NotADirectoryError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{path} is not TOML: {error}", hint=f"correct {path.name}") from error
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {error.strerror}", hint=f"chmod u+r {path}") from error


def _env_file(root: Path, named: Path | str | None) -> Path | None:
    if named is None:
        path = root / ".env"
        return path if path.exists() else None
    path = Path(named).absolute()
    if not path.exists():
        raise EnvFileError(f"{path} does not exist", hint="cp .env.example .env")
    return path


def _read_env_file(path: Path) -> dict[str, str]:
    """Read a .env file; `$(command)` and `${NAME}` stay the text they are."""
    from dotenv.parser import (
        parse_stream,
    )  # 9 ms of CPU, and most commands of a fresh project need none of it

    try:
        with path.open(encoding="utf-8-sig") as stream:
            bindings = list(parse_stream(stream))
    except UnicodeDecodeError as error:
        raise EnvFileError(f"{path} is not UTF-8 text", hint=f"save {path.name} as UTF-8") from error
    except OSError as error:
        raise EnvFileError(f"{path} cannot be read: {error.strerror}", hint=f"chmod u+r {path}") from error
    for binding in bindings:
        if binding.error:
            raise EnvFileError(
                f"{path}:{binding.original.line}: this line is not NAME=value",
                hint=f"correct line {binding.original.line} of {path.name}",
            )
    return {binding.key: binding.value or "" for binding in bindings if binding.key}


def _check_keys(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            raise SettingError(f"unknown setting `{key}` in {where} of pyproject.toml", hint=_nearest(key, known))


def _nearest(key: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key, known, n=1)
    return f"did you mean `{near[0]}`?" if near else f"known settings: {', '.join(known)}"


def _expect(value: Any, kind: type, name: str) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        words = {str: "a text", list: "a list of texts", bool: "true or false", dict: "a table", int: "a whole number"}
        raise SettingError(f"setting `{name}` must be {words[kind]}, not {value!r}", hint=f"correct `{name}`")
    return value


def _generate_part(table: Mapping[str, Any], root: Path) -> GenerateConfig:
    known = tuple(each.name for each in fields(GenerateConfig))
    _check_keys(_expect(table, dict, "generate"), known, "[tool.dbtool.generate]")
    given: dict[str, Any] = {
        key: _expect(value, str if key == "output" else bool, f"generate.{key}") for key, value in table.items()
    }
    return GenerateConfig(**given | ({"output": (root / given["output"]).resolve()} if "output" in given else {}))


_ENDPOINT = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?")
_STUDIO: Mapping[str, type] = {
    **dict.fromkeys(("port", "limit"), int),
    "media": list,
    **dict.fromkeys(("bucket", "endpoint", "region", "placeholder"), str),
}


def _studio_part(table: Mapping[str, Any]) -> StudioConfig:
    _check_keys(_expect(table, dict, "studio"), tuple(_STUDIO), "[tool.dbtool.studio]")
    given: dict[str, Any] = {key: _expect(value, _STUDIO[key], f"studio.{key}") for key, value in table.items()}
    if "media" in given:
        given["media"] = tuple(_expect(each, str, "studio.media") for each in given["media"])
    part = StudioConfig(**given)
    if not 0 < part.port < 65536 or not 0 < part.limit <= 3600:
        raise SettingError(
            "`port` goes from 1 to 65535, `limit` from 1 to 3600 seconds", hint="correct [tool.dbtool.studio]"
        )
    if part.endpoint and not _ENDPOINT.fullmatch(part.endpoint):  # it becomes a part of the page's policy
        raise SettingError(f"`endpoint` is no address: {part.endpoint}", hint='endpoint = "http://localhost:9000"')
    return part


def _seed_part(table: Mapping[str, Any]) -> SeedConfig:
    _check_keys(_expect(table, dict, "seed"), ("keys", "sets", "samples"), "[tool.dbtool.seed]")
    keys = _expect(table.get("keys", {}), dict, "seed.keys")
    usual = SeedConfig()
    return SeedConfig(
        {name: tuple(_expect(columns, list, f"seed.keys.{name}")) for name, columns in keys.items()},
        _names(table.get("sets", list(usual.sets)), "seed.sets"),
        _names(table.get("samples", list(usual.samples)), "seed.samples"),
    )


def _names(value: Any, name: str) -> tuple[str, ...]:
    return tuple(_expect(each, str, name) for each in _expect(value, list, name))
