"""`pull`: a database as the models that a person would have written, or the changes that it brought to them."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbtool import config as configs
from dbtool import database as databases
from dbtool.codegen import models, starter
from dbtool.codegen.models import Module
from dbtool.config import Config
from dbtool.conversation import Note, Tell, silent
from dbtool.database import Database, definitions, reflection
from dbtool.engine import drift, proof, pulled
from dbtool.engine import history as histories
from dbtool.errors import TableNotFoundError, UsageError
from dbtool.operations import modelled
from dbtool.operations.modelled import Modelled
from dbtool.reports import PullReport
from dbtool.texts import write_whole

if TYPE_CHECKING:
    from sqlalchemy import Dialect, MetaData, Table

_ALWAYS_SAID = re.compile(r"(gone|left over): (view|trigger|function|procedure|materialized view|routine|event|rule)\b")


def pull(
    config: Config,
    *,
    tables: Sequence[str] = (),
    schemas: Sequence[str] = (),
    out: Path | None = None,
    dry_run: bool = False,
    tell: Tell = silent,
) -> PullReport:
    """Write the models that a database is, and prove it: they are imported, compared, and made on a scratch database.

    Where models are configured and there, only what the database changed is changed in them: names, comments, methods
    and relationships of people stay, and the files as they were are kept under `.dbtool/pulled/`. `tables` are patterns
    such as `order*`; what these refer to comes too. `schemas` are read instead of the configured ones. `out` is the
    file, by default that of the configured models, else app/models.py, which the configuration then names. The
    database is only read. Raises TableNotFoundError, ModelsError, UsageError for a file that is there and is no model
    of this project, and DatabaseMissingError.
    """
    config = replace(config, schemas=tuple(schemas)) if schemas else config
    work = _Pull(config, databases.of(config), tuple(tables), dry_run, tell)
    tell(Note(f"reading {work.database.name}"))
    found = work.read(work.database)
    if not found.metadata.tables:
        raise TableNotFoundError(f"{work.database.name} holds no tables", hint="dbtool init, to begin with models")
    target = modelled.target_of(config, out)
    known = modelled.of(config) if out is None or target == modelled.target_of(config, None) else None
    work.merge(found, known, target) if known is not None else work.begin(found, target)
    return PullReport(
        database=work.database.url.safe,
        created=known is None,
        files=tuple(config.relative(path) for path in work.texts),
        tables=tuple(sorted(found.metadata.tables)),
        changes=tuple(work.changes),
        unsaid=work.unsaid,
        differences=work.differences,
        notes=tuple(work.notes),
        texts=tuple(work.texts.values()) if dry_run else (),
        kept=config.relative(work.kept) if work.kept else None,
        next=tuple(_next(config)),
        dry_run=dry_run,
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """A schema as it was read: `unsaid` is what stands beside tables, or no table can say."""

    metadata: MetaData
    dialect: Dialect
    unsaid: tuple[str, ...]

    def written(self, **options: Any) -> Module:
        return models.written(self.metadata, self.dialect, **options)


@dataclass(slots=True)
class _Pull:
    """One pull while it goes on."""

    config: Config
    database: Database
    patterns: tuple[str, ...]
    dry_run: bool
    tell: Tell
    texts: dict[Path, str] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    unsaid: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    kept: Path | None = None

    def read(self, database: Database) -> _Read:
        """Read the tables that are meant. Raises TableNotFoundError for a pattern that none fits."""
        with database.connect("read") as connection:
            metadata = drift.reflected(self.config, database, connection)
            lost = reflection.complete(database, connection, metadata)
            dialect = connection.dialect
        chosen = self._chosen(metadata)
        for table in [table for table in metadata.tables.values() if table.key not in chosen]:
            metadata.remove(table)
        beside = (
            f"{each.kind} {each.name}" for each in definitions.of(database) if each.kind not in ("type", "domain")
        )
        return _Read(metadata, dialect, tuple(dict.fromkeys([*beside, *lost])) if not self.patterns else lost)

    def _chosen(self, metadata: MetaData) -> set[str]:
        """Return the keys of the tables that are meant, and of those that these refer to."""
        known = metadata.tables
        wanted = {key for key in known if not self._is_called(known[key], self.config.exclude)}
        for pattern in self.patterns:
            if not any(self._is_called(known[key], [pattern]) for key in wanted):
                raise TableNotFoundError(f"no table is called {pattern}", hint="dbtool show   (lists all)")
        if self.patterns:
            wanted = {key for key in wanted if self._is_called(known[key], self.patterns)}
        waiting = list(wanted)
        while waiting:
            referred = {key.referred_table.key for key in known[waiting.pop()].foreign_key_constraints}
            waiting += referred - wanted
            wanted |= referred
        return wanted

    def _is_called(self, table: Table, patterns: Sequence[str]) -> bool:
        return any(fnmatch(name, pattern) for name in {table.key, table.name} for pattern in patterns)

    def begin(self, found: _Read, target: Path) -> None:
        """Write models where there are none."""
        if target.exists() and target.read_text(encoding="utf-8").strip():
            raise UsageError(
                f"{self.config.relative(target)} is there already, and is not what [tool.dbtool] calls the models",
                hint=f'dbtool pull --out {target.stem}_pulled.py, or models = "..." in [tool.dbtool]',
            )
        self.tell(Note("proving the models"))
        module = found.written(notes=found.unsaid)
        with tempfile.TemporaryDirectory(dir=self.config.make_private()) as folder:
            (Path(folder) / "pulled_models.py").write_text(module.text, encoding="utf-8")
            apart = replace(self.config, root=Path(folder), models="pulled_models")
            likeness = pulled.compared(apart, self._looked_at(found))
        self._judge(found, likeness)
        self.texts = {target: replace(module, notes=self.unsaid).text}
        if not self.dry_run:
            self._write()
            self._configure(target)

    def merge(self, found: _Read, known: Modelled, target: Path) -> None:
        """Change the models that are there, as far as the database did."""
        with proof.scratch(self.config, self.database) as scratch:
            pulled.make(scratch, known.metadata)
            made = self.read_made(scratch, found, known)
        for table in found.metadata.tables.values():
            _keep_words(table, known.metadata.tables.get(table.key))
            _keep_words(made.metadata.tables.get(table.key), known.metadata.tables.get(table.key))
        before = made.written(known=known.names)
        after = found.written(known=known.names, conventions=before.conventions)
        merged = models.merge(before, after, replace(known.homes, new=target) if target.exists() else known.homes)
        self.texts, self.changes, self.notes = merged.texts, merged.changes, merged.notes
        if self.dry_run:
            self.unsaid = found.unsaid
            return
        with self._kept_if_it_fails():
            self._write()
            self.tell(Note("proving the models"))
            likeness = pulled.compared(self.config, self._looked_at(found))
        self._judge(found, likeness)

    def read_made(self, scratch: Database, found: _Read, known: Modelled) -> _Read:
        """Read what the models make: of tables that are pulled, and of those that the database has no more."""
        with scratch.connect("read") as connection:
            metadata = drift.reflected(self.config, scratch, connection)
            reflection.complete(scratch, connection, metadata)
        if self.patterns:
            for table in [each for each in metadata.tables.values() if each.key not in found.metadata.tables]:
                metadata.remove(table)
        return _Read(metadata, found.dialect, ())

    def _looked_at(self, found: _Read) -> tuple[str, ...] | None:
        return tuple(table.name for table in found.metadata.tables.values()) if self.patterns else None

    def _judge(self, found: _Read, likeness: pulled.Likeness) -> None:
        """Tell what is lost: what stands beside tables, and how tables that the models make differ."""
        views = {words.partition(" ")[2] for words in found.unsaid}
        lost = [each for each in likeness.differences if each.startswith("gone: ") and not _ALWAYS_SAID.match(each)]
        told = [line.removeprefix("gone: ") for line in lost if not _is_of(line, views)]
        self.unsaid = tuple(dict.fromkeys([*found.unsaid, *told]))
        self.differences = likeness.changes
        self.notes += [*likeness.warnings]

    def _write(self) -> None:
        for path, text in self.texts.items():
            if path.exists():
                self._keep(path)
            for folder in _packages(self.config.root, path):
                if not (folder / "__init__.py").exists():
                    write_whole(folder / "__init__.py", "")
            write_whole(path, text)

    def _keep(self, path: Path) -> None:
        if self.kept is None:
            stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
            self.kept = self.config.make_private() / "pulled" / stamp
        copy = self.kept / self.config.relative(path).lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)

    @contextmanager
    def _kept_if_it_fails(self) -> Iterator[None]:
        """Put the files back as they were when the new ones cannot be imported."""
        old = {path: path.read_text(encoding="utf-8") for path in self.texts if path.exists()}
        try:
            yield
        except BaseException:
            for path, text in old.items():
                write_whole(path, text)
            raise

    def _configure(self, target: Path) -> None:
        """Name the models in pyproject.toml, unless it names some."""
        if self.config.models is not None or not target.is_relative_to(self.config.root):
            return
        module = ".".join(target.relative_to(self.config.root).with_suffix("").parts).removeprefix("src.")
        path = self.config.root / "pyproject.toml"
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        line = f'models = "{module}"\n'
        if "dbtool" in configs.read_toml(path).get("tool", {}):
            after = re.sub(
                r"^\[tool\.dbtool\][^\n]*\n?", lambda found: f"[tool.dbtool]\n{line}", before, count=1, flags=re.M
            )
        else:
            after = f"{before.rstrip()}\n\n{starter.table(module)}".lstrip()
        write_whole(path, after)
        self.changes.append(f"pyproject.toml names the models: {module}")


def _keep_words(table: Table | None, known: Table | None) -> None:
    """Let what people say of tables and columns stand, where the database says nothing."""
    if table is None or known is None:
        return
    table.comment = table.comment or known.comment
    for column in table.columns:
        said = known.columns.get(column.name)
        column.comment = column.comment or (said.comment if said is not None else None)


def _packages(root: Path, path: Path) -> Iterator[Path]:
    if path.is_relative_to(root):
        inside = path.relative_to(root).parent
        yield from (root / each for each in [inside, *inside.parents] if each.parts and each.parts != ("src",))


def _is_of(line: str, views: set[str]) -> bool:
    """Whether a difference is of a column or table that is really a view, or a part of another table."""
    words = re.split(r"[ .:]", line)
    return any(word in views for word in words[2:4]) or any(view.split(" of ")[0] in words for view in views)


def _next(config: Config) -> Iterator[tuple[str, str]]:
    if not histories.read(config).revisions:
        yield "dbtool baseline", "the first migration is what the database is"
        yield "dbtool studio", "browse and edit it in a browser"
    else:
        yield "dbtool status", "whether migrations, database and models are one"
    yield "dbtool generate", "a typed client and schemas of these models"
