"""The whole seed: read, check everything, then write it in one transaction, which a second run leaves unchanged."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from sqlalchemy import MetaData
from sqlalchemy.exc import StatementError

from dbtool.config import Config
from dbtool.conversation import Tell, silent
from dbtool.database import Database
from dbtool.errors import UsageError
from dbtool.reports import Seeded, SeedReport
from dbtool.seeding.documents import GenerateNode
from dbtool.seeding.feeds import FORMATS, table_of
from dbtool.seeding.fields import Rules
from dbtool.seeding.gather import Rows, gather
from dbtool.seeding.made import Block, MadeFeed, MadeSource, block_of
from dbtool.seeding.plan import Plan, needed, plan
from dbtool.seeding.problems import Problems, did_you_mean
from dbtool.seeding.prune import Doomed, delete_all, doomed
from dbtool.seeding.references import Directory
from dbtool.seeding.shapes import Shape, by_name, shapes
from dbtool.seeding.sources import YamlSource
from dbtool.seeding.stored import Store
from dbtool.seeding.stream import Feed, FileFeed, Streamer
from dbtool.seeding.tags import Tags
from dbtool.seeding.validate import validate
from dbtool.seeding.write import Writer, refused
from dbtool.seeding.yaml_reader import read

ROOM = 200_000  # rows of flat files that are kept in memory from their check to their writing


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to become of the seeds.

    `only` names the tables that are written, empty for all. `dry_run` does all of it and rolls it back; `check` does
    not even that. `consent` is asked before rows that the files do not have are deleted, by how many of each table;
    None deletes nothing. `scale` multiplies the counts of `!generate` blocks; `fake` are tables with how many rows to
    make up beside the files.
    """

    only: Sequence[str] = ()
    dry_run: bool = False
    check: bool = False
    consent: Callable[[Mapping[str, int]], object] | None = None
    scale: int = 1
    fake: Sequence[tuple[str, int]] = ()


def load(
    config: Config,
    database: Database,
    metadata: MetaData,
    *,
    files: Sequence[Path],
    zone: tzinfo,
    wanted: Wanted = Wanted(),
    tell: Tell = silent,
) -> SeedReport:
    """Load seed files into a database, whole or not at all.

    `zone` is where times without an offset are. A row is matched with the database's by its natural key; of a row
    that is there, only the columns that the seed gives are written, and only where they differ. No seed files: an
    empty report, and the database is not touched. Raises SeedError with every problem, RefusedRowError, UsageError
    for a table in `only` that is none, and DataError where tables are missing.
    """
    if not files and not wanted.fake:
        return SeedReport(database.url.safe, (), (), wanted.dry_run)
    problems = Problems(config.root)
    known = shapes(metadata, Rules(zone, database.rounding))
    with _without_collector(), database.connect("read" if wanted.check else "write") as connection:
        seed = _Seed(config, known, Store(database, connection), problems, tell)
        seed.read(files, zone, wanted)
        seed.limit_to(wanted.only)
        gone = seed.doomed() if wanted.consent is not None else []
        problems.refuse(config.relative(config.seed_data))
        names = tuple(config.relative(path) for path in files)
        if wanted.check:
            return SeedReport(database.url.safe, names, (), checked=seed.rows)
        if wanted.consent is not None and gone:
            wanted.consent({each.shape.table.key: len(each.keys) for each in gone})
        tables = seed.write(gone)
        problems.refuse(config.relative(config.seed_data))
        _finish(seed.store, keep=not wanted.dry_run and any(each.changed for each in tables))
    return SeedReport(database.url.safe, names, tables, wanted.dry_run)


class _Seed:
    """One run of a seed, inside its own transaction."""

    def __init__(
        self, config: Config, known: Mapping[str, Shape], store: Store, problems: Problems, tell: Tell
    ) -> None:
        self.config = config
        self.known = known
        self.store = store
        self.problems = problems
        self.tell = tell
        self.directory = Directory(known, store, problems)
        self.feeds: dict[str, list[Feed]] = defaultdict(list)
        self.plan: Plan = ()

    @property
    def rows(self) -> int:
        """How many rows the files give."""
        return sum(step.count + sum(feed.count for feed in self.feeds[step.shape.table.key]) for step in self.plan)

    def read(self, files: Sequence[Path], zone: tzinfo, wanted: Wanted) -> None:
        """Read all files, and match their rows with those of the database. Whatever is wrong becomes a problem."""
        tags = Tags.of(self.config.root, zone, self.config.variable)
        whole = [path for path in files if path.suffix not in FORMATS]
        sources = (YamlSource(path, self.config.relative(path)) for path in whole)
        rows, blocks = gather((read(source, tags, self.problems) for source in sources), self.known, self.problems)
        for table, found in rows.items():
            validate(self.known[table], found, self.problems)
        room = ROOM
        for feed in self._file_feeds([path for path in files if path.suffix in FORMATS]):
            rows.setdefault(feed.shape.table.key, [])
            room -= feed.check(self.problems, self.tell, room)
            self.feeds[feed.shape.table.key].append(feed)
        self._open_blocks(blocks, wanted, rows)
        self.store.check_tables(needed(rows, self.known))
        self.plan = plan(rows, self.known, self.store, self.directory, self.problems)

    def _file_feeds(self, files: Sequence[Path]) -> Iterator[FileFeed]:
        """Yield what each flat file gives, by the table that its name says."""
        names = by_name(self.known)
        for path in files:
            source = FORMATS[path.suffix](path, self.config.relative(path))
            shape = names.get(table_of(path))
            if shape is None:
                near = did_you_mean(table_of(path), names)
                self.problems.incomplete = True
                self.problems.add(source.place(1), f"there is no model or table `{table_of(path)}`{near}")
                continue
            keys = self.directory.coming.setdefault(shape.table.key, set())
            yield FileFeed(self.known, shape, source, keys=keys)

    def _open_blocks(self, blocks: Iterable[tuple[Shape, GenerateNode]], wanted: Wanted, rows: Rows) -> None:
        """Let made-up rows come after those that are written out."""
        found = [block_of(shape, node, wanted.scale, self.problems) for shape, node in blocks]
        found += [Block(self._called(name), count, upto=False) for name, count in wanted.fake]
        for block in (each for each in found if each is not None):
            table = block.shape.table.key
            written = len(rows.setdefault(table, [])) + sum(feed.count for feed in self.feeds[table])
            source = MadeSource(Path(), "", block)
            feed = MadeFeed(self.known, block.shape, source, block=block, store=self.store, written_out=written)
            feed.check(self.problems)
            self.feeds[table].append(feed)

    def _called(self, name: str) -> Shape:
        """Return the table that somebody named. Raises UsageError."""
        names = by_name(self.known)
        if name not in names:
            raise UsageError(f"there is no model or table `{name}`{did_you_mean(name, names)}", hint="dbtool show")
        return names[name]

    def limit_to(self, only: Sequence[str]) -> None:
        """Leave out the rows of other tables; one that is needed and not in the database yet is a problem."""
        if not only:
            return
        chosen = {self._called(name).table.key for name in only}
        self.plan = tuple(step for step in self.plan if step.shape.table.key in chosen)
        for row in (row for step in self.plan for row in step.rows):
            for target, _ in (*row.links.values(), *row.later.values()):
                if target.stored is None and target.shape.table.key not in chosen:
                    words = f"this row needs {target.place} of `{target.shape.name}`, which is not in the database yet"
                    self.problems.add(row.place, f"{words}: --only {target.shape.name} too")

    def doomed(self) -> list[Doomed]:
        """Return the rows that the files no longer have, of each table that has some."""
        found = []
        for step in self.plan:
            feeds = self.feeds[step.shape.table.key]
            if any(isinstance(feed, MadeFeed) for feed in feeds):
                continue  # which of its rows were made up, nobody knows
            if feeds and not feeds[0].plain_key:
                words = f"which rows of `{step.shape.name}` are gone cannot be told: its natural key names other rows"
                self.problems.add(feeds[0].source.place(1), words)
                continue
            coming = self.directory.coming.get(step.shape.table.key, set())
            found.append(doomed(self.store, step, coming))
        return [each for each in found if each.keys]

    def write(self, gone: Sequence[Doomed]) -> tuple[Seeded, ...]:
        """Write everything, table by table, delete what is to go, and say what was done to each. Commits nothing.

        Rows that the database already holds as they are given cost nothing. Raises RefusedRowError and DataError.
        """
        writer = Writer(self.store, self.tell, sum(step.count for step in self.plan))
        streamer = Streamer(self.store, self.directory, self.problems, self.tell)
        done: dict[str, Seeded] = {}
        for step in self.plan:
            table = step.shape.table.key
            feeds = self.feeds[table]
            was_empty = bool(feeds) and self.store.is_empty(step.shape)
            done[table] = writer.write_table(step)
            for feed in feeds:
                done[table] += streamer.write(feed, was_empty=was_empty or isinstance(feed, MadeFeed))
            self.directory.meet(step.shape)
        streamer.finish()
        for step in self.plan:
            writer.write_later(step)
        for table, count in delete_all(self.store, gone).items():
            done[table] += Seeded(table, 0, 0, 0, count)
        return tuple(each for each in done.values() if each.rows)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Let Python's collector rest: it would look through all rows again and again, and none of them is garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _finish(store: Store, *, keep: bool) -> None:
    """Commit, or roll back what is not to be kept; a constraint that is checked late can refuse here."""
    if not keep:
        store.connection.rollback()
        return
    try:
        store.connection.commit()
    except StatementError as error:
        raise store.connection_error(error) or refused(error) from error
