"""Which seed files are meant: those of the base, and those of the sets that were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dbtool.config import Config
from dbtool.errors import UsageError
from dbtool.seeding.feeds import FORMATS

PATTERNS = ("*.yaml", "*.yml", *(f"*{suffix}" for suffix in FORMATS))


def chosen(config: Config, sets: Sequence[str]) -> tuple[Path, ...]:
    """Return the files of the seed folder, then those of each set, by name; raises UsageError for an unknown set."""
    known = known_sets(config)
    for name in sets:
        if name not in known:
            folder = config.relative(config.seed_data)
            hint = f"one of {', '.join(known)}" if known else f"mkdir {folder}/{name}, and write YAML files into it"
            raise UsageError(f"there is no set `{name}` of seeds: no folder {folder}/{name}", hint=hint)
    folders = (config.seed_data, *(config.seed_data / name for name in dict.fromkeys(sets)))
    return tuple(path for folder in folders for path in _in(folder))


def is_seed(path: Path) -> bool:
    """Whether a file can be one of seeds, by its name; JSON only where it is named: it may be there for `!file`."""
    return any(path.match(pattern) for pattern in (*PATTERNS, "*.json"))


def known_sets(config: Config) -> tuple[str, ...]:
    """Return the names of the folders that hold seed files."""
    if not config.seed_data.is_dir():
        return ()
    return tuple(sorted(each.name for each in config.seed_data.iterdir() if each.is_dir() and _in(each)))


def _in(folder: Path) -> list[Path]:
    return sorted(path for pattern in PATTERNS for path in folder.glob(pattern) if path.is_file())
