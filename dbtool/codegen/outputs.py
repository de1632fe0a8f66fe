"""What is generated from a project's models: every file that its settings ask for, with its whole text."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, get_args

from dbtool.codegen import record
from dbtool.codegen.header import MARK, header
from dbtool.config import Config
from dbtool.mapped import models

if TYPE_CHECKING:
    from sqlalchemy import MetaData

BEGIN, END = "<!-- dbtool:erd -->", "<!-- /dbtool:erd -->"


@dataclass(frozen=True, slots=True)
class Generated:
    """A file as it should be. `kind` is what a person calls it."""

    path: Path
    kind: str
    text: str


def outputs(config: Config, metadata: MetaData) -> Iterator[Generated]:
    """Yield every file that is on in `[tool.dbtool.generate]`: stubs first. Raises DataError.

    Without a place, because the models lie outside the project and `output` is not set, what needs one is left out.
    """
    settings = config.generate
    place = record.folder(config)
    if settings.stubs:
        yield from _stubs(config, metadata)
    if place is not None:
        yield from _code(config, metadata, place)
    if settings.seed_schema:
        from dbtool.codegen.seed_schema import seed_schema

        yield Generated(config.seed_data / "schema.json", "seed schema", seed_schema(metadata))
    if settings.erd and place is not None:
        yield from _diagrams(config, metadata, place)


def sources(config: Config, metadata: MetaData) -> tuple[Path, ...]:
    """Return the project's own files that the models are written in: of them, their bases and their enums."""
    found = {path for model in models(metadata) for kind in _kinds(model) if (path := _file(config, kind.__module__))}
    return tuple(sorted(found))


def with_block(document: str, diagram: str) -> str | None:
    """Return a document with this diagram between its marks, or None where it has no marks.

    The marks are lines of their own; what stands between them is replaced.
    """
    pattern = re.compile(f"(?m)^{re.escape(BEGIN)}[ \\t]*\\r?\\n(.*?)^{re.escape(END)}", re.DOTALL)
    if not pattern.search(document):
        return None
    end = "\r\n" if "\r\n" in document else "\n"
    block = f"{BEGIN}\n```mermaid\n{diagram}```\n{END}".replace("\n", end)
    return pattern.sub(lambda _: block, document)


def _stubs(config: Config, metadata: MetaData) -> Iterator[Generated]:
    from dbtool.codegen.stubs import modules, stub

    for module in modules(metadata):
        path = _file(config, module.__name__)
        if path is not None:
            source = path.read_text(encoding="utf-8-sig")
            yield Generated(path.with_suffix(".pyi"), "stub", stub(source, module, metadata))


def _code(config: Config, metadata: MetaData, place: Path) -> Iterator[Generated]:
    settings = config.generate
    if settings.schemas or settings.client:
        text = f'{header(metadata)}"""Code that follows from the models."""\n'
        yield Generated(place / "__init__.py", "package", text)
    if settings.schemas:
        from dbtool.codegen.schemas import schemas

        yield Generated(place / "schemas.py", "schemas", schemas(metadata))
    if settings.client:
        from dbtool.codegen.client import client

        yield Generated(place / "client.py", "client", client(metadata))


def _diagrams(config: Config, metadata: MetaData, place: Path) -> Iterator[Generated]:
    from dbtool.codegen import erd

    tables = list(metadata.tables.values())
    yield Generated(place / "erd.svg", "diagram", f"<!-- {MARK} -->\n{erd.picture(tables)}")
    yield Generated(place / "erd.mmd", "diagram", f"%% {MARK}\n{erd.mermaid(tables)}")
    yield Generated(place / "erd.dbml", "diagram", f"// {MARK}\n{erd.dbml(tables)}")
    readme = config.root / "README.md"
    if readme.is_file():
        with readme.open(encoding="utf-8", newline="") as file:
            document = with_block(file.read(), erd.mermaid(tables))
        if document is not None:
            yield Generated(readme, "diagram", document)


def _kinds(model: type[Any]) -> Iterator[type[Any]]:
    """Yield the classes that a model is made of: itself, its bases, and those its annotations name."""
    yield from model.__mro__
    waiting = [field.annotation for field in getattr(model, "model_fields", {}).values()]
    while waiting:
        annotation = waiting.pop()
        waiting += get_args(annotation)
        if inspect.isclass(annotation):
            yield annotation


def _file(config: Config, name: str) -> Path | None:
    """Return the file of a module, where it is the project's own."""
    module: ModuleType | None = sys.modules.get(name)
    text = getattr(module, "__file__", None)
    path = Path(text).resolve() if text else None
    if path is None or path.suffix != ".py" or not path.is_relative_to(config.root.resolve()):
        return None
    return None if "site-packages" in path.parts else path
