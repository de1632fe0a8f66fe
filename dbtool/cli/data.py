"""Data: show, and the commands of the modules beside it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

import dbtool
from dbtool.cli import copying, output, querying, seeding
from dbtool.cli.options import command
from dbtool.cli.session import Session
from dbtool.errors import UsageError
from dbtool.reports import RecordReport, RelatedRows, RowsReport, SchemaReport, TablesReport

if TYPE_CHECKING:
    from rich.console import RenderableType

PANEL = "Data"
LIMIT = 20
PATIENCE = 2.0  # seconds that a person waits for a completion; a server may take minutes to say that it is not there
_SAMPLES = {"--where": " id=1", "--sort": " id", "--columns": " id", "--limit": " 5"}


def complete_table(context: typer.Context, incomplete: str) -> list[str]:
    """Return the tables that a half-typed name may become; none when anything is wrong, and never a word of it."""
    before = context.parent.params if context.parent else {}
    options = {"url": "url", "project": "project", "env_file": "env_file", "env": "environment"}
    given: dict[str, Any] = {word: context.params.get(name) or before.get(name) for name, word in options.items()}
    found: list[str] = []

    def look() -> None:
        with suppress(Exception):
            found.extend(dbtool.table_names(dbtool.load_config(**given)))

    looking = Thread(target=look, daemon=True)
    looking.start()
    looking.join(PATIENCE)
    return [name for name in found if name.startswith(incomplete)]


def register(app: typer.Typer) -> None:
    """Add the commands of this panel."""
    seeding.register(app, PANEL)

    @command(app, "show", panel=PANEL)
    def show(
        session: Session,
        table: Annotated[
            str | None,
            typer.Argument(metavar="TABLE", help="units, unit or Unit.", autocompletion=complete_table),
        ] = None,
        key: Annotated[
            str | None, typer.Argument(metavar="KEY", help="One row: its natural key, or any other unique key.")
        ] = None,
        where: Annotated[
            list[str] | None,
            typer.Option("--where", "-w", metavar="CONDITION", help="status=done; also != < <= > >= and ~ (contains)."),
        ] = None,
        sort: Annotated[
            list[str] | None, typer.Option("--sort", "-s", metavar="COLUMN", help="Order; -score is descending.")
        ] = None,
        limit: Annotated[
            int | None,
            typer.Option("--limit", metavar="N", min=0, help=f"Rows; 0 is all. Default: {LIMIT}, with --csv all."),
        ] = None,
        columns: Annotated[
            list[str] | None, typer.Option("--columns", "-c", metavar="A,B", help="Only these columns.")
        ] = None,
        schema: Annotated[bool, typer.Option("--schema", help="Columns, keys and comments instead of rows.")] = False,
        csv: Annotated[bool, typer.Option("--csv", help="Write CSV.")] = False,
    ) -> None:
        """Show all tables, the rows of one, or one row with its relations.

        Foreign keys show the natural key of the row they point at, and take it: --where user=johndoe. Conditions
        can be repeated and must all hold; --where score=null finds what is empty.

        Example: dbtool show user_progress --where status=done --sort -score
        """
        chosen = _Chosen(where or (), sort or (), limit, columns or ())
        _check(table, key, chosen, schema=schema, csv=csv, as_json=session.json)
        if table is None:
            session.show(dbtool.show_tables(session.config), _tables)
        elif key is not None:
            session.show(dbtool.show_record(session.config, table, key), _record)
        elif schema:
            session.show(dbtool.show_schema(session.config, table), _schema)
        elif csv:
            _write_csv(session, table, chosen)
        else:
            session.show(_read_rows(session, table, chosen), _rows)

    querying.register(app, PANEL)
    copying.register(app, PANEL)


class _Chosen:
    """Which rows were asked for."""

    def __init__(self, where: Sequence[str], sort: Sequence[str], limit: int | None, columns: Sequence[str]) -> None:
        self.where, self.sort, self.limit, self.columns = where, sort, limit, columns

    @property
    def given(self) -> list[str]:
        """The flags that were used."""
        flags = {"--where": self.where, "--sort": self.sort, "--columns": self.columns}
        return [flag for flag, value in flags.items() if value] + (["--limit"] if self.limit is not None else [])


def _check(table: str | None, key: str | None, chosen: _Chosen, *, schema: bool, csv: bool, as_json: bool) -> None:
    """Raise UsageError for what does not go together."""
    used = [*chosen.given, *(["--schema"] if schema else []), *(["--csv"] if csv else [])]
    example = f"dbtool show {shlex.quote(table or 'TABLE')}"
    if table is None and used:
        raise UsageError(f"{used[0]} needs a table", hint=f"{example} {used[0]}{_SAMPLES.get(used[0], '')}")
    if key is not None and used:
        raise UsageError(f"a single row takes no {used[0]}", hint=f"{example} {used[0]}{_SAMPLES.get(used[0], '')}")
    if schema and len(used) > 1:
        others = " and ".join(flag for flag in used if flag != "--schema")
        raise UsageError(f"--schema takes no {others}", hint=f"{example} --schema")
    if csv and as_json:
        raise UsageError("--csv and --json exclude each other", hint=f"{example} --csv")


def _read_rows(session: Session, table: str, chosen: _Chosen) -> RowsReport:
    limit = LIMIT if chosen.limit is None else chosen.limit
    return dbtool.show_rows(
        session.config, table, where=chosen.where, sort=chosen.sort, limit=limit, columns=chosen.columns
    )


def _write_csv(session: Session, table: str, chosen: _Chosen) -> None:
    dbtool.export_csv(
        session.config,
        table,
        write=output.stdout().file.write,
        where=chosen.where,
        sort=chosen.sort,
        limit=chosen.limit,
        columns=chosen.columns,
    )


# What show prints


def _tables(report: TablesReport) -> Iterator[RenderableType]:
    from dbtool.cli import grid

    if report.tables:
        yield grid.sizes_table(report.tables, output.stdout().width)
        yield ""
    views = sum(each.kind == "view" for each in report.tables)
    counted = [output.counted(len(report.tables) - views, "table")] + ([output.counted(views, "view")] if views else [])
    rows = output.counted(sum(each.rows or 0 for each in report.tables), "row")
    yield output.line((f"{', '.join([*counted, rows])} in {report.database}", "dim"))
    if report.missing:
        yield output.line(("not in the database yet: ", "yellow"), (", ".join(report.missing), ""))
        yield output.line(("  hint: ", "cyan"), ("dbtool migrate", ""))


def _rows(report: RowsReport) -> Iterator[RenderableType]:
    yield from _grid(report.columns, report.rows, report.labels)
    yield ""
    shown, total = len(report.rows), output.counted(report.total, "row")
    yield output.line((f"{shown:,} of {total}; --limit 0 shows all" if shown < report.total else total, "dim"))


def _grid(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], labels: Sequence[Mapping[str, str]]
) -> Iterator[RenderableType]:
    """Yield rows as a table as wide as the terminal, and what had to be left out."""
    from dbtool.cli import grid

    made = grid.rows_table(columns, rows, labels, output.stdout().width)
    yield made.table
    if made.left_out:
        yield ""
        names = ", ".join(made.left_out)
        yield output.line(("no room for ", "yellow"), (f"{names}; --columns picks, --csv has all", ""))


def _record(report: RecordReport) -> Iterator[RenderableType]:
    from dbtool.cli import cells, grid

    yield output.line((f"{report.table} ", "dim"), (cells.visible(report.label), "bold"))
    yield ""
    yield grid.record_table(report.values, report.labels)
    for relation in report.relations:
        if relation.rows and not _is_told(relation, report):
            yield from _relation(relation)
    empty = [relation.name for relation in report.relations if not relation.rows and relation.many]
    if empty:
        yield ""
        yield output.line((f"no {', '.join(empty)}", "dim"))


def _relation(relation: RelatedRows) -> Iterator[RenderableType]:
    shown, total = len(relation.rows), output.counted(relation.total, "row")
    yield ""
    yield output.line((relation.name, "bold"), (f"  {total} of {relation.table}", "dim"))
    yield ""
    yield from _grid(relation.columns, relation.rows, relation.labels)
    if shown < relation.total and relation.condition:
        rest = f"dbtool show {shlex.quote(relation.table)} --where {shlex.quote(relation.condition)}"
        yield ""
        yield output.line((f"{shown} of {total}; {rest}", "dim"))


def _is_told(relation: RelatedRows, report: RecordReport) -> bool:
    """Whether the record's own fields already show the label of the row that it points at."""
    return len(relation.key) == 1 and relation.key[0] in report.labels


def _schema(report: SchemaReport) -> Iterator[RenderableType]:
    from dbtool.cli import grid

    model = f"  {report.kind}" + (f", model {report.model}" if report.model else "")
    yield output.line((report.table, "bold"), (model, "dim"))
    if report.comment:
        yield output.line((report.comment, ""))
    yield ""
    yield grid.schema_table(report, output.stdout().width)
    yield ""
    if report.natural_key and report.natural_key != report.primary_key:
        yield output.line(("natural key  ", "dim"), (", ".join(report.natural_key), ""))
    for constraint in report.constraints:
        yield output.line(("constraint   ", "dim"), (constraint, ""))
    for link in report.relations:
        many = "many " if link.many else ""
        yield output.line(("relation     ", "dim"), (f"{link.name} → {many}{link.table}", ""))
