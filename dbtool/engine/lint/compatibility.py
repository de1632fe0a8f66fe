"""Rules about code that runs while the migration does, and after it until it is replaced."""

from __future__ import annotations

import re

from alembic.operations import ops

from dbtool.engine.lint.rules import Deed, Facts, Rule


def _rename_column(deed: Deed, facts: Facts) -> str | None:
    operation = deed.operation
    if not isinstance(operation, ops.AlterColumnOp) or operation.modify_name is None:
        return None
    return f"code that runs still reads {deed.table}.{operation.column_name}, which is {operation.modify_name} now"


def _rename_table(deed: Deed, facts: Facts) -> str | None:
    if not isinstance(deed.operation, ops.RenameTableOp):
        return None
    return f"code that runs still reads {deed.table}, which is {deed.operation.new_table_name} now"


def _rename_schema(deed: Deed, facts: Facts) -> str | None:
    return (
        "code that runs still reads the old schema" if re.match(r"alter schema \S+ rename\b", deed.text, re.I) else None
    )


def _add_required(deed: Deed, facts: Facts) -> str | None:
    if not isinstance(deed.operation, ops.AddColumnOp):
        return None
    column = deed.operation.column
    if column.nullable or column.server_default is not None or column.computed or column.identity:
        return None
    return f"rows that exist have no value for {deed.table}.{column.name}, which requires one"


def _set_not_null(deed: Deed, facts: Facts) -> str | None:
    operation = deed.operation
    if not isinstance(operation, ops.AlterColumnOp) or operation.modify_nullable is not False:
        return None
    known = deed.before.columns.get(operation.column_name) if deed.before is not None else None
    if known is not None and not known.nullable:
        return None
    return f"every row is looked through for an empty {deed.table}.{operation.column_name}, and one fails it"


def _drop_not_null(deed: Deed, facts: Facts) -> str | None:
    operation = deed.operation
    if not isinstance(operation, ops.AlterColumnOp) or operation.modify_nullable is not True:
        return None
    known = deed.before.columns.get(operation.column_name) if deed.before is not None else None
    if known is not None and known.nullable:
        return None
    return f"code that runs may not expect {deed.table}.{operation.column_name} to be empty"


def _drop_default(deed: Deed, facts: Facts) -> str | None:
    operation = deed.operation
    if not isinstance(operation, ops.AlterColumnOp) or operation.modify_server_default is not None:
        return None
    return f"code that runs may leave {deed.table}.{operation.column_name} to the database, which has no value now"


RULES = (
    Rule(
        "rename-column",
        "EEW",
        "a column is renamed under the code that reads it",
        'op.add_column("<table>", sa.Column("<new>", ...))'
        '  # fill it, write both, read "<new>", and drop "<column>" one release later',
        _rename_column,
    ),
    Rule(
        "rename-table",
        "EEW",
        "a table is renamed under the code that reads it",
        'op.execute(\'CREATE VIEW "<table>" AS SELECT * FROM "<new>"\')  # drop the view one release later',
        _rename_table,
    ),
    Rule(
        "rename-schema",
        "E--",
        "a schema is renamed under the code that reads it",
        "make a new schema, with views in the old one",
        _rename_schema,
    ),
    Rule(
        "add-required-column",
        "EEE",
        "a new column requires a value that rows do not have",
        'sa.Column("<column>", ..., server_default="..."), or nullable=True, then a backfill, then nullable=False',
        _add_required,
    ),
    Rule(
        "set-not-null",
        "EWW",
        "a column becomes required: a scan under an exclusive lock",
        'op.execute(\'ALTER TABLE "<table>" ADD CONSTRAINT "<table>_<column>_set" CHECK ("<column>" IS NOT NULL)'
        " NOT VALID')  # in a later revision VALIDATE CONSTRAINT, SET NOT NULL, and drop the check",
        _set_not_null,
        elsewhere='op.execute(sa.table("<table>", sa.column("<column>")).update()'
        '.where(sa.column("<column>").is_(None)).values({"<column>": ...}))  # in a revision before',
    ),
    Rule(
        "drop-not-null",
        "WWN",
        "a column may be empty from now on",
        "check every reader of it; silence this with the reason why they can do without",
        _drop_not_null,
    ),
    Rule(
        "drop-server-default",
        "WWW",
        "a default of the database is dropped",
        "let the code set the value, deploy it, and drop the default one release later",
        _drop_default,
    ),
)
