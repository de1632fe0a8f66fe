"""The models that a project has: what they make, what they are called, and where they stand."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbtool.codegen.models import Home, Homes, Known
from dbtool.config import Config
from dbtool.engine import schema
from dbtool.errors import ModelsError
from dbtool.tables import model_of

if TYPE_CHECKING:
    from sqlalchemy import MetaData, Table

_USUAL = "app.models"


@dataclass(frozen=True, slots=True)
class Modelled:
    """Models that are there: what they make, their names, and where they stand."""

    metadata: MetaData
    names: Known
    homes: Homes


def of(config: Config) -> Modelled | None:
    """Return the configured models; None where there are none yet. Raises ModelsError where they cannot be imported."""
    if config.models is None or not file_of(config, config.models.partition(":")[0]).exists():
        return None
    try:
        metadata = schema.load(config)
    except ModelsError as error:
        if "defines no table" in error.message:
            return None
        raise
    classes, enums, names = {}, {}, _Names()
    for table in metadata.tables.values():
        model = model_of(table)
        if model is None:
            continue
        classes[table.key] = Home(_source(model), model.__name__)
        names.take(table, model)
        for column in table.columns:
            if (kind := getattr(column.type, "enum_class", None)) is not None:
                enums[kind.__name__] = Home(_source(kind), kind.__name__)
    target = file_of(config, config.models.partition(":")[0])
    paths = {target, *(home.path for home in (*classes.values(), *enums.values()))}
    own = {path: path.read_text(encoding="utf-8") for path in paths if path.is_relative_to(config.root)}
    homes = Homes(
        {key: home for key, home in classes.items() if home.path in own},
        {key: home for key, home in enums.items() if home.path in own},
        own,
        target,
    )
    return Modelled(metadata, names.known, homes)


@dataclass(slots=True)
class _Names:
    """The names that models have, collected."""

    known: Known = field(default_factory=lambda: Known({}, {}, {}, {}))

    def take(self, table: Table, model: type[Any]) -> None:
        from sqlalchemy import inspect

        mapper: Any = inspect(model)
        known: Any = self.known
        known.classes[table.key] = model.__name__
        for attribute in mapper.column_attrs:
            for column in attribute.columns:
                if getattr(column, "table", None) is table:
                    known.fields[table.key, column.name] = attribute.key
                    if (kind := getattr(column.type, "enum_class", None)) is not None:
                        known.enums[table.key, column.name] = kind.__name__
        for relationship in mapper.relationships:
            known.relations[_place(table, relationship)] = relationship.key


def _place(table: Table, relationship: Any) -> tuple[str, ...]:
    """Return what tells a relationship from all others, as `Way.place` does."""
    pairs = relationship.synchronize_pairs
    if relationship.secondary is not None:
        return (table.key, "through", relationship.secondary.key, *sorted(near.name for _, near in pairs))
    own = relationship.direction.name == "MANYTOONE"
    held = [column for _, column in pairs]
    return (table.key, "to" if own else "back", held[0].table.key, *sorted(column.name for column in held))


def target_of(config: Config, out: Path | None) -> Path:
    """Return the file that models go to: the one that is said, below the project, that of the models, or the usual."""
    if out is not None:
        path = out if out.suffix == ".py" else out / "models.py"
        return path if path.is_absolute() else config.root / path
    return file_of(config, (config.models or _USUAL).partition(":")[0])


def file_of(config: Config, module: str) -> Path:
    """Return the file of a module of the project, which need not be there yet."""
    parts = module.split(".")
    for root in (config.root, config.root / "src"):
        found = root.joinpath(*parts)
        for path in (found.with_suffix(".py"), found / "__init__.py"):
            if path.exists():
                return path
    return config.root.joinpath(*parts).with_suffix(".py")


def _source(kind: type[Any]) -> Path:
    return Path(getattr(sys.modules[kind.__module__], "__file__", "") or "")
