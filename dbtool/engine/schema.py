"""The wanted schema: the user's models as a SQLAlchemy MetaData. The only module that imports them."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dbtool.config import Config
from dbtool.engine import foreign
from dbtool.errors import ModelsError
from dbtool.tables import MODEL, SEED_KEY, model_of

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData, Table


def load(config: Config) -> MetaData:
    """Import the models and return their MetaData, with each table's model and comments filled in.

    `models` names a module, or `module:attribute` for a MetaData or a class that has one. Docstrings become
    comments of tables, field descriptions comments of columns, unless the models set comments themselves. Where no
    models are configured, an env.py of the project's own may say what it compares with. Raises EnvPyError, and
    ModelsError when they are missing, fail to import, define no table, or leave out the type of a column.
    """
    if config.models is None:
        if (told := foreign.models(config)) is not None:
            return _ready(told, config)
        raise ModelsError("no models are configured", hint='models = "app.models" in [tool.dbtool] of pyproject.toml')
    module_name, _, attribute = config.models.partition(":")
    metadata = _metadata(_import(config, module_name), config.models, attribute)
    if not metadata.tables:
        raise ModelsError(
            f"`{config.models}` defines no table", hint="a table is a class like: class User(SQLModel, table=True)"
        )
    return _ready(metadata, config)


def _ready(metadata: MetaData, config: Config) -> MetaData:
    _require_types(metadata)
    describe(metadata, config)
    metadata.info[foreign.MODELS] = True
    return metadata


def _require_types(metadata: MetaData) -> None:
    """Refuse a column of which nobody can say what it holds; one that points at another has that one's type."""
    from sqlalchemy.types import NullType

    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, NullType) and not column.foreign_keys:
                where = f"{table.name}.{column.name}"
                raise ModelsError(f"{where} has no type", hint=f'give it one: Column("{column.name}", String(100))')


def find_modules(config: Config) -> None:
    """Let the project's own modules be imported, from its root and from `src`, wherever dbtool was called."""
    for folder in (str(config.root), str(config.root / "src")):
        if folder not in sys.path:
            sys.path.insert(0, folder)


def describe(metadata: MetaData, config: Config | None = None) -> None:
    """Fill in what dbtool knows of each table: its model, its seed key, and comments from docstrings."""
    keys = config.seed.keys if config else {}
    for model, table in _models(metadata):
        table.info.setdefault(MODEL, model)
        table.comment = table.comment or _docstring(model)
        _describe_columns(model, table)
    for table in metadata.tables.values():
        owner: Any = model_of(table)
        declared = (
            getattr(owner, "__seed_key__", None) or keys.get(getattr(owner, "__name__", "")) or keys.get(table.name)
        )
        if declared:
            table.info[SEED_KEY] = _known_columns(table, tuple([declared] if isinstance(declared, str) else declared))


def reflect(connection: Connection, config: Config, own_tables: tuple[str, ...] = ()) -> MetaData:
    """Return the schema that the database has, for a project without models."""
    from sqlalchemy import MetaData

    metadata, default = MetaData(), connection.dialect.default_schema_name
    for schema in config.schemas or (None,):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of expressions in indexes, and of types that it does not know
            own = None if schema == default else schema  # which models do not name either
            metadata.reflect(connection, schema=own, only=lambda name, _: name not in own_tables)
    describe(metadata, config)
    return metadata


def _import(config: Config, name: str) -> Any:
    root = str(config.root)
    find_modules(config)
    try:
        with _uncollected():
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise ModelsError(
                f"the models module `{name}` was not found from {root}",
                hint='correct models = "..." in [tool.dbtool] of pyproject.toml',
            ) from error
        raise _broken(config, name, error) from error
    except Exception as error:
        raise _broken(config, name, error) from error


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let the garbage collector rest while models are made: they stay, and looking at them takes a fifth of it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def _broken(config: Config, name: str, error: Exception) -> ModelsError:
    """Say where in the user's own code the import failed: the innermost frame outside installed packages."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "importlib" not in frame.filename and frame.filename != __file__ and "site-packages" not in frame.filename
    ]
    where = f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
    words = str(error)
    if isinstance(error, SyntaxError):
        where, words = f"{error.filename}:{error.lineno}: ", error.msg
    return ModelsError(
        f"the models module `{name}` failed to import: {where}{type(error).__name__}: {words}",
        hint=_way_out(config, name, error),
    )


def _way_out(config: Config, name: str, error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and config.virtual_environment is not None:
        return f"{config.virtual_environment / 'bin' / 'python'} -m pip install sqlmodel-dbtool"
    return f"python -c 'import {name}' shows the whole traceback"


def _metadata(module: Any, configured: str, attribute: str) -> MetaData:
    from sqlalchemy import MetaData
    from sqlmodel import SQLModel

    target: Any = SQLModel
    if attribute:
        target = getattr(module, attribute, None)
        if target is None:
            raise ModelsError(
                f"`{configured}`: the module has no `{attribute}`", hint="name a MetaData or a base class"
            )
    metadata = target if isinstance(target, MetaData) else getattr(target, "metadata", None)
    if not isinstance(metadata, MetaData):
        raise ModelsError(f"`{configured}` is neither a MetaData nor a class that has one", hint="models = 'module'")
    return metadata


def _models(metadata: MetaData) -> Iterator[tuple[type[Any], Table]]:
    """Yield every mapped class of this MetaData with its table, parents before children."""
    from sqlmodel import SQLModel

    registries = {SQLModel._sa_registry}
    for registry in registries:
        for mapper in sorted(registry.mappers, key=lambda mapper: len(list(mapper.iterate_to_root()))):
            table = mapper.local_table
            if getattr(table, "metadata", None) is metadata:
                yield mapper.class_, table  # type: ignore[misc]


def _docstring(model: type[Any]) -> str | None:
    """Return the first paragraph of a class's own docstring, folded into one line."""
    text = model.__dict__.get("__doc__") or ""
    first = str(text).strip().split("\n\n")[0]
    return " ".join(first.split()) or None


def _describe_columns(model: type[Any], table: Table) -> None:
    for name, field in getattr(model, "model_fields", {}).items():
        column = table.columns.get(name)
        if column is not None and not column.comment and field.description:
            column.comment = field.description


def _known_columns(table: Table, names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in table.columns:
            raise ModelsError(
                f"the seed key of `{table.name}` names `{name}`, which is no column of it",
                hint=f"columns: {', '.join(column.name for column in table.columns)}",
            )
    return names
