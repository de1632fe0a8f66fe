"""What `dbtool generate` wrote, and from what: a list of hashes beside the outputs, by which `status` knows them.

It is read without models and without SQLAlchemy. Only `dbtool generate --check` knows for certain that everything is
fresh; the record tells that a file is gone, was edited, or that the models' text is another than it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from dbtool.config import Config
from dbtool.texts import normalised, text_hash

NAME = "dbtool.lock"
HEADER = (
    "# What `dbtool generate` wrote, and from what, by the hashes of their texts.\n"
    "# dbtool writes this file and git should hold it.\n"
)


def folder(config: Config) -> Path | None:
    """Return the folder of what is generated, without importing the models; None where it cannot be told.

    It is `generated/` beside the module of the models, unless `output` names another.
    """
    if config.generate.output is not None or config.models is None:
        return config.generate.output
    parts = config.models.partition(":")[0].split(".")
    for base in (config.root, config.root / "src"):
        path = base.joinpath(*parts)
        if path.with_suffix(".py").is_file() or path.is_dir():
            return path.parent / "generated"
    return None


def text(config: Config, sources: Iterable[Path], outputs: Iterable[Path]) -> str:
    """Return the record of these files, which exist."""
    lines = [f"from {_hash(path)} {config.relative(path)}\n" for path in sorted(sources)]
    lines += [f"to {_hash(path)} {config.relative(path)}\n" for path in sorted(outputs)]
    return HEADER + "".join(lines)


def problems(config: Config) -> Iterator[str]:
    """Yield what of the generated files is missing or stale, as far as can be told without the models."""
    settings = config.generate
    place = folder(config)
    if place is None or not (settings.stubs or settings.schemas or settings.client or settings.erd):
        return
    try:
        record = normalised((place / NAME).read_bytes()).decode("utf-8", errors="replace")
    except OSError:
        yield f"nothing is generated yet into {config.relative(place)}"
        return
    for line in record.splitlines():
        word, _, rest = line.partition(" ")
        known, _, name = rest.partition(" ")
        if word in ("from", "to"):
            yield from _problem(word, known, name, config.root / name)


def _problem(word: str, known: str, name: str, path: Path) -> Iterator[str]:
    try:
        found = _hash(path)
    except OSError:
        yield f"{name} is missing" if word == "to" else f"{name} is gone, from which code was generated"
        return
    if found != known:
        yield f"{name} was edited" if word == "to" else f"{name} changed since code was generated from it"


def _hash(path: Path) -> str:
    return text_hash(normalised(path.read_bytes()))
