"""Rules about the file itself: whether it can be taken back, read and run, and about types chosen for new columns."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from typing import Any

from alembic.operations import ops
from sqlalchemy import types
from sqlalchemy.dialects import postgresql

from dbtool.database.conversions import family
from dbtool.engine.lint.locks import changes_schema
from dbtool.engine.lint.rules import Deed, Facts, File, Rule
from dbtool.engine.lint.text import is_data, is_harmless

MANY = 10


def _columns(deed: Deed) -> Iterator[Any]:
    if isinstance(deed.operation, ops.AddColumnOp):
        yield deed.operation.column
    elif isinstance(deed.operation, ops.CreateTableOp):
        yield from (each for each in deed.operation.columns if hasattr(each, "type"))


def _type(column: Any) -> Any:
    return getattr(column.type, "impl_instance", column.type)


def _json(deed: Deed, facts: Facts) -> str | None:
    found = [each.name for each in _columns(deed) if _is_json(_type(each))]
    return f"{deed.table}.{found[0]} is json, which has no index and no equality" if found else None


def _is_json(type_: Any) -> bool:
    return isinstance(type_, types.JSON) and not isinstance(type_, postgresql.JSONB)


def _no_zone(deed: Deed, facts: Facts) -> str | None:
    found = [each.name for each in _columns(deed) if family(each.type) == "moment" and not _type(each).timezone]
    return f"{deed.table}.{found[0]} has no time zone, so nobody knows which one is meant" if found else None


def _char(deed: Deed, facts: Facts) -> str | None:
    found = [each.name for each in _columns(deed) if isinstance(_type(each), types.CHAR)]
    return f"{deed.table}.{found[0]} is filled with blanks" if found else None


def _integer_key(deed: Deed, facts: Facts) -> str | None:
    if not isinstance(deed.operation, ops.CreateTableOp):
        return None
    keys = [each for each in deed.operation.to_table().primary_key.columns if not each.foreign_keys]
    small = len(keys) == 1 and family(keys[0].type) == "integer" and not isinstance(_type(keys[0]), types.BigInteger)
    return f"{deed.table}.{keys[0].name} ends at 2,147,483,647" if small else None


def _serial(deed: Deed, facts: Facts) -> str | None:
    found = [each.name for each in _columns(deed) if "SERIAL" in str(each.type).upper()]
    return f"{deed.table}.{found[0]} is serial, whose sequence has rights of its own" if found else None


def _raw(deed: Deed, facts: Facts) -> str | None:
    is_text = isinstance(deed.operation, ops.ExecuteSQLOp) and deed.text
    if not is_text or is_data(deed.text) or is_harmless(deed.text):
        return None
    return f"nobody but the database knows what this does: {deed.text[:60]}"


def _irreversible(file: File, facts: Facts) -> Iterator[tuple[int, str]]:
    if not file.up or file.refusal:
        return
    if file.refusal is not None:
        yield file.line_of("downgrade"), "downgrade() says that it cannot, and not why"
    elif file.down is not None and not file.down:
        yield file.line_of("downgrade"), "downgrade() does nothing, so the version goes back and the schema does not"


def _loses_on_the_way_back(file: File, facts: Facts) -> Iterator[tuple[int, str]]:
    made = {deed.table for deed in file.up if isinstance(deed.operation, ops.CreateTableOp)}
    made |= {deed.operation.new_table_name for deed in file.up if isinstance(deed.operation, ops.RenameTableOp)}
    added = {(deed.table, each.name) for deed in file.up for each in _columns(deed)}
    added |= {(deed.table, getattr(deed.operation, "modify_name", None)) for deed in file.up}
    for deed in file.down or ():
        if isinstance(deed.operation, ops.DropTableOp) and deed.table not in made:
            yield deed.line, f"downgrade() drops table {deed.table}, which upgrade() did not make"
        column = deed.operation.column_name if isinstance(deed.operation, ops.DropColumnOp) else None
        if column is not None and deed.table not in made and (deed.table, column) not in added:
            yield deed.line, f"downgrade() drops column {deed.table}.{column}, which upgrade() did not add"


def _imports_models(file: File, facts: Facts) -> Iterator[tuple[int, str]]:
    for node in ast.walk(file.tree):
        found: list[str] = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found = [node.module]
        for name in found:
            if name.partition(".")[0] in facts.packages:
                yield node.lineno, f"imports {name}, which will be another when this file runs again"  # type: ignore[attr-defined]


def _unknown_names(file: File, facts: Facts) -> Iterator[tuple[int, str]]:
    nodes = list(ast.walk(file.tree))
    known = set(dir(builtins)) | {"__file__", "__name__"}
    for node in nodes:
        known |= set(_bound(node))
    seen: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in known | seen:
            seen.add(node.id)
            yield node.lineno, f"`{node.id}` is not imported"


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node binds."""
    match node:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in names)
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
            yield name
        case ast.ExceptHandler(name=str(name)):
            yield name


def _empty(file: File, facts: Facts) -> Iterator[tuple[int, str]]:
    if not file.up and len(file.revision.parents) < 2:
        yield file.line_of("upgrade"), "upgrade() does nothing"


def _many(file: File, facts: Facts) -> Iterator[tuple[int, str]]:
    count = sum(1 for deed in file.up if changes_schema(deed) and not deed.new)
    if count > MANY:
        yield file.line_of("upgrade"), f"{count} changes in one file: when one fails, none can be deployed"


RULES = (
    Rule("json-not-jsonb", "N--", "json where jsonb is meant", "postgresql.JSONB()", _json, on_new=True),
    Rule("timestamp-no-tz", "N--", "a time without a zone", "sa.DateTime(timezone=True)", _no_zone, on_new=True),
    Rule("char-type", "N--", "CHAR, filled with blanks", "sa.String(length=...)", _char, on_new=True),
    Rule("int-pk", "N--", "a key that ends at 2 billion", "sa.BigInteger()", _integer_key, on_new=True),
    Rule("serial", "N--", "serial where an identity is meant", "sa.Integer(), sa.Identity()", _serial, on_new=True),
    Rule(
        "irreversible",
        "WWW",
        "a way back that does nothing, or gives no reason",
        'raise NotImplementedError("why this cannot be taken back")',
        judge_file=_irreversible,
    ),
    Rule(
        "downgrade-loses-data",
        "WWW",
        "the way back drops what the way there did not make",
        "take back only what upgrade() did",
        judge_file=_loses_on_the_way_back,
    ),
    Rule(
        "model-import",
        "EEE",
        "a file that imports the application's models",
        'sa.table("<table>", sa.column("..."))  # say in the file what the table is at that time',
        judge_file=_imports_models,
    ),
    Rule("missing-import", "EEE", "a name that is not imported", "import it at the top", judge_file=_unknown_names),
    Rule("empty-revision", "NNN", "a file that does nothing", "delete it, or fill it", judge_file=_empty),
    Rule(
        "many-changes",
        "NNN",
        f"more than {MANY} changes of tables in use in one file",
        "one file for each thing that belongs together: they are deployed and taken back one by one",
        judge_file=_many,
    ),
    Rule(
        "raw-sql",
        "NNN",
        "SQL that rules cannot judge",
        "read it with care; `dbtool lint --trace` asks PostgreSQL",
        _raw,
    ),
)
