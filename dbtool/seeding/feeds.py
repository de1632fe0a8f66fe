"""Large tables as files beside the YAML: CSV, NDJSON and Parquet, read in batches that never fill the memory.

The name of a file is that of its table: `Review.csv`, `review.ndjson`, `review.2024.parquet`. A row gives columns, and
names other rows as a YAML row does; rows within rows are for YAML.
"""

from __future__ import annotations

import csv
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from dbtool.errors import DriverMissingError
from dbtool.seeding.problems import Place, Problems
from dbtool.seeding.sources import Source

BATCH = 2_000  # rows that are held at once
LONGEST = 64 * 1024 * 1024  # bytes of one line
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows with the lines on which they begin, from 1; of Parquet, which has none, their numbers.

    Once they are values of their columns, `written` are the rows of before, where they name others.
    """

    lines: Sequence[int]
    rows: list[Row]
    written: Sequence[Row] = ()


@dataclass(eq=False)
class FlatSource(Source):
    """A file of one row after the other."""

    def place(self, mark: int, path: Sequence[str | int] = (), *, key: bool = False) -> Place:
        """Return the line, and the column in it where that can be found."""
        return Place(self.file, mark, self._column(mark, path) if path else 1)

    def _column(self, line: int, path: Sequence[str | int]) -> int:
        return 1

    @abstractmethod
    def batches(self, nullable: Callable[[str], bool], problems: Problems) -> Iterator[Batch]:
        """Yield all rows; what cannot be read becomes a problem. `nullable` tells of a column."""

    def _line(self, number: int) -> bytes:
        with self.path.open("rb") as file:
            return next(islice(file, number - 1, number), b"")


@dataclass(eq=False)
class NdjsonSource(FlatSource):
    """One JSON object on each line."""

    def _column(self, line: int, path: Sequence[str | int]) -> int:
        text = self._line(line).decode(errors="replace")
        found = text.find(f'"{path[0]}"')
        return found + 1 if found >= 0 else 1

    def batches(self, nullable: Callable[[str], bool], problems: Problems) -> Iterator[Batch]:
        """Parse a batch of lines at once; only where that fails, one by one."""
        number = 0
        with self.path.open("rb") as file:
            while lines := list(islice(file, BATCH)):
                first, number = number + 1, number + len(lines)
                if first == 1:
                    lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
                full = [line for line in lines if not line.isspace()]
                try:
                    rows = from_json(b"[" + b",".join(full) + b"]", allow_inf_nan=False)
                    fits = len(rows) == len(lines) and all(type(row) is dict for row in rows)
                except ValueError:
                    fits = False
                if fits:
                    yield Batch(range(first, number + 1), rows)
                else:
                    yield self._one_by_one(first, lines, problems)

    def _one_by_one(self, first: int, lines: Sequence[bytes], problems: Problems) -> Batch:
        numbers, rows = [], []
        for number, line in enumerate(lines, first):
            if line.isspace():
                continue
            try:
                row = from_json(line, allow_inf_nan=False)
            except ValueError as error:
                words = str(error).partition(" at line")[0]
                problems.incomplete = True
                problems.add(Place(self.file, number, 1), f"this line is no JSON: {words}")
                continue
            if isinstance(row, dict):
                numbers.append(number)
                rows.append(row)
            else:
                problems.add(Place(self.file, number, 1), "a line is one JSON object, the fields of a row")
        return Batch(numbers, rows)


@dataclass(eq=False)
class CsvSource(FlatSource):
    """A header with the names of columns, then a record for each row; an empty cell is null where null may be."""

    def _column(self, line: int, path: Sequence[str | int]) -> int:
        with self.path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
            header = next(csv.reader(file), [])
        text = self._line(line).decode("utf-8-sig" if line == 1 else "utf-8", errors="replace")
        position = header.index(str(path[0])) if path[0] in header else 0
        cells = next(csv.reader([text]), [])[:position]
        return len(",".join(cells)) + (2 if position else 1)

    def batches(self, nullable: Callable[[str], bool], problems: Problems) -> Iterator[Batch]:
        """Read records as the csv module knows them; one that is longer or shorter than the header is a problem."""
        csv.field_size_limit(LONGEST)
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, strict=True)
                header = next(reader, [])
                if len(set(header)) < len(header):
                    twice = next(name for name in header if header.count(name) > 1)
                    problems.add(Place(self.file, 1, 1), f"the column `{twice}` is given twice")
                    return
                yield from self._records(reader, header, nullable, problems)
        except UnicodeDecodeError:
            problems.incomplete = True
            problems.add(Place(self.file, 1, 1), "this is not UTF-8; save the file as UTF-8")

    def _records(
        self, reader: Any, header: Sequence[str], nullable: Callable[[str], bool], problems: Problems
    ) -> Iterator[Batch]:
        empty = [name for name in header if nullable(name)]
        while True:
            before = reader.line_num
            try:
                records = list(islice(reader, BATCH))
            except csv.Error as error:
                problems.incomplete = True
                problems.add(Place(self.file, reader.line_num, 1), f"this is no CSV: {error}")
                return
            if not records:
                return
            lines: Sequence[int] = range(before + 1, reader.line_num + 1)
            if len(lines) != len(records):  # a cell holds lines
                lines = _lines_of(records, before)
            if any(len(record) != len(header) for record in records):
                lines, records = self._whole(lines, records, len(header), problems)
            rows = [dict(zip(header, record, strict=True)) for record in records]
            for name in empty:
                for row in rows:
                    if not row[name]:
                        row[name] = None
            if rows:
                yield Batch(lines, rows)

    def _whole(
        self, lines: Sequence[int], records: Sequence[list[str]], width: int, problems: Problems
    ) -> tuple[list[int], list[list[str]]]:
        """Return the records that have a cell for each column, with their lines; empty lines are no records."""
        for line, record in zip(lines, records, strict=True):
            if record and len(record) != width:
                words = f"this record has {len(record)} cells, and the header names {width}"
                problems.add(Place(self.file, line, 1), words)
        fitting = [(line, record) for line, record in zip(lines, records, strict=True) if len(record) == width]
        return [line for line, _ in fitting], [record for _, record in fitting]


def _lines_of(records: Sequence[Sequence[str]], before: int) -> list[int]:
    """Return the lines on which records begin, the first after the line `before`."""
    lines, line = [], before + 1
    for record in records:
        lines.append(line)
        line += 1 + sum(cell.count("\n") for cell in record)
    return lines


@dataclass(eq=False)
class ParquetSource(FlatSource):
    """A Parquet file; its rows are numbered from 1, since they have no lines."""

    def batches(self, nullable: Callable[[str], bool], problems: Problems) -> Iterator[Batch]:
        """Read a few row groups at a time, with pyarrow."""
        try:
            from pyarrow import ArrowException, parquet
        except ImportError as error:
            hint = "pip install 'sqlmodel-dbtool[parquet]'"
            raise DriverMissingError("Parquet needs the package pyarrow", hint=hint) from error
        number = 0
        try:
            with parquet.ParquetFile(self.path) as file:
                for part in file.iter_batches(batch_size=BATCH):
                    rows = part.to_pylist()
                    yield Batch(range(number + 1, number + len(rows) + 1), rows)
                    number += len(rows)
        except (ArrowException, OSError) as error:
            problems.incomplete = True
            problems.add(Place(self.file, 1, 1), f"this is no Parquet: {str(error).splitlines()[0]}")


FORMATS: Mapping[str, type[FlatSource]] = {
    ".csv": CsvSource,
    ".ndjson": NdjsonSource,
    ".jsonl": NdjsonSource,
    ".parquet": ParquetSource,
}


def table_of(path: Path) -> str:
    """Return the name that a file gives its table: up to the first dot."""
    return path.name.partition(".")[0]
