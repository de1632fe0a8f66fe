"""Write what follows from the models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dbtool.config import Config
from dbtool.engine import schema
from dbtool.engine.history import normalised, write_whole
from dbtool.errors import AccessError
from dbtool.reports import GenerateReport, Output

if TYPE_CHECKING:
    from sqlalchemy import MetaData


def generate(config: Config) -> GenerateReport:
    """Write every output that is on, where it differs from what is there.

    Needs the models only: no database, no migrations, no .env. Raises ModelsError.
    """
    metadata = schema.load(config)
    outputs = []
    if config.generate.seed_schema:
        outputs.append(_write(config, config.seed_data / "schema.json", "seed schema", _seed_schema(metadata)))
    return GenerateReport(tuple(outputs))


def _seed_schema(metadata: MetaData) -> str:
    from dbtool.codegen.seed_schema import seed_schema

    return seed_schema(metadata)


def _write(config: Config, path: Path, kind: str, text: str) -> Output:
    if path.exists() and normalised(path.read_bytes()) == text.encode():
        return Output(config.relative(path), kind, written=False)
    try:
        write_whole(path, text)
    except OSError as error:
        raise AccessError(f"{path} cannot be written: {error.strerror}", hint=f"ls -ld {path.parent}") from error
    return Output(config.relative(path), kind, written=True)
