"""What follows from the models: generated code, and the diagram."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dbtool import database as databases
from dbtool.codegen import record
from dbtool.codegen.header import MARK
from dbtool.codegen.outputs import Generated, outputs, sources
from dbtool.config import Config
from dbtool.engine import schema
from dbtool.errors import AccessError, DbtoolError, ForeignFileError, UsageError
from dbtool.reports import ErdFormat, ErdReport, GenerateReport, Output
from dbtool.tables import model_name
from dbtool.texts import normalised, write_whole

if TYPE_CHECKING:
    from sqlalchemy import MetaData, Table

LOOKED_AT = 500  # bytes of a file in which the mark stands


def generate(config: Config, *, check: bool = False) -> GenerateReport:
    """Write every output that is on, where it differs from what is there; `check` only says what differs.

    Needs the models only: no database, no migrations, no .env. `ok` is False when `check` found something missing
    or stale. Raises ModelsError, DataError, AccessError, and ForeignFileError where a file is there that dbtool did
    not write, before the first one is written.
    """
    metadata = schema.load(config)
    wanted = list(outputs(config, metadata))
    found = [_found(each) for each in wanted]
    _refuse_foreign(config, wanted, found)
    if not check:
        for each, state in zip(wanted, found, strict=True):
            if state != "fresh":
                _write(each)
        _remember(config, metadata, wanted)
    listed = tuple(
        Output(config.relative(each.path), each.kind, state, written=not check and state != "fresh")
        for each, state in zip(wanted, found, strict=True)
    )
    return GenerateReport(listed, ok=not check or all(each.found == "fresh" for each in listed))


def watch(config: Config, *, pause: float = 0.4) -> Iterator[GenerateReport | DbtoolError]:
    """Generate now, and again whenever a file of Python near the models changes; yield what came of each.

    Each time in a process of its own, since models are imported once. Looks every `pause` seconds. Does not end.
    """
    from dbtool.operations.watching import changes

    for _ in changes(config, pause):
        yield _apart(config)


def erd(
    config: Config, *, format: ErdFormat | None = None, names: Iterable[str] = (), output: Path | None = None
) -> ErdReport:
    """Draw the models, or the database where no models are configured, as SVG, Mermaid or DBML.

    `names` are tables or models, by default all. `format` follows from how `output` ends where it is not given,
    and is Mermaid without a file. Raises TableNotFoundError, ModelsError, ConnectError, UsageError and AccessError.
    """
    from dbtool.codegen import erd as drawings

    chosen = format or _format(output)
    draw = {"svg": drawings.picture, "mermaid": drawings.mermaid, "dbml": drawings.dbml}[chosen]
    tables = _chosen(_schema(config), tuple(names))
    text = draw(tables)
    if output is not None:
        _write(Generated(output.absolute(), "diagram", text))
    return ErdReport(chosen, tuple(table.key for table in tables), text, str(output) if output else None)


# generate, step by step


def _refuse_foreign(config: Config, wanted: Iterable[Generated], found: Iterable[str]) -> None:
    """Raise ForeignFileError where something would be written over what dbtool did not write."""
    for each, state in zip(wanted, found, strict=True):
        if state == "stale" and each.path.suffix != ".md":
            text = each.path.read_bytes()
            if text.strip() and MARK.encode() not in text[:LOOKED_AT]:
                name = config.relative(each.path)
                raise ForeignFileError(
                    f"{name} is not dbtool's: it would be written over",
                    hint=f"mv {name} elsewhere, or turn the {each.kind} off in [tool.dbtool.generate]",
                )


def _found(wanted: Generated) -> Literal["missing", "stale", "fresh"]:
    try:
        return "fresh" if normalised(wanted.path.read_bytes()) == normalised(wanted.text.encode()) else "stale"
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        raise AccessError(f"{wanted.path} cannot be read: {error.strerror}", hint=f"ls -ld {wanted.path}") from error


def _write(wanted: Generated) -> None:
    try:
        write_whole(wanted.path, wanted.text)
    except OSError as error:
        folder = wanted.path.parent
        raise AccessError(f"{wanted.path} cannot be written: {error.strerror}", hint=f"ls -ld {folder}") from error


def _remember(config: Config, metadata: MetaData, wanted: Iterable[Generated]) -> None:
    """Note what was written from what, where anything but the seed schema was."""
    place = record.folder(config)
    written = [each.path for each in wanted if each.kind != "diagram" or each.path.parent == place]
    if place is None or not place.is_dir():
        return
    text = record.text(config, sources(config, metadata), written)
    noted = Generated(place / record.NAME, "record", text)
    if _found(noted) != "fresh":
        _write(noted)


def _apart(config: Config) -> GenerateReport | DbtoolError:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(generate, config).result()
        except DbtoolError as error:
            return error


# erd, step by step


def _schema(config: Config) -> MetaData:
    if config.models is not None:
        return schema.load(config)
    database = databases.of(config)
    with database.connect("read") as connection:
        return schema.reflect(connection, config, database.own_tables)


def _format(output: Path | None) -> ErdFormat:
    if output is None:
        return "mermaid"
    formats: dict[str, ErdFormat] = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid", ".dbml": "dbml"}
    if output.suffix.lower() not in formats:
        raise UsageError(f"{output.name} does not say what it is", hint="erd.svg, erd.mmd, erd.dbml, or --format")
    return formats[output.suffix.lower()]


def _chosen(metadata: MetaData, names: tuple[str, ...]) -> list[Table]:
    from dbtool.rows.find import find_name

    if not names:
        return list(metadata.tables.values())
    known = {key: [each for each in (table.name, model_name(table)) if each] for key, table in metadata.tables.items()}
    return [metadata.tables[key] for key in dict.fromkeys(find_name(name, known) for name in names)]
