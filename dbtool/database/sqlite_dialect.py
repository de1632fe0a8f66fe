"""SQLAlchemy's dialect of SQLite, which reads what stands beside a column in CREATE TABLE.

SQLAlchemy finds unique constraints, the actions of foreign keys and the expressions of computed columns by patterns
that many texts do not fit.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import reflection

from dbtool.database import clauses

NAME = "sqlite+dbtool"


class Pysqlite(SQLiteDialect_pysqlite):
    """The dialect for the sqlite3 module, which asks SQLite itself where SQLAlchemy looks for words in a text."""

    supports_statement_cache = True

    @reflection.cache
    def get_unique_constraints(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Return also those without a name that stand beside their column."""
        found = [*super().get_unique_constraints(connection, table_name, schema, **kw)]  # type: ignore[no-untyped-call]
        known = [set(each["column_names"]) for each in found]
        for (index,) in _asked(connection, "SELECT name FROM pragma_index_list(?) WHERE origin = 'u'", table_name):
            listed = _asked(connection, "SELECT name FROM pragma_index_info(?) ORDER BY seqno", index)
            columns = [name for (name,) in listed]
            if set(columns) not in known:
                found.append({"name": None, "column_names": columns})
        return found

    @reflection.cache
    def get_foreign_keys(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Return each with what happens on delete and on update."""
        found = super().get_foreign_keys(connection, table_name, schema, **kw)  # type: ignore[no-untyped-call]
        listed = _asked(connection, "SELECT * FROM pragma_foreign_key_list(?) ORDER BY id, seq", table_name)
        for number in {row[0] for row in listed}:
            parts = [row for row in listed if row[0] == number]
            columns = [row[3].lower() for row in parts]
            for key in found:
                mine = [name.lower() for name in key["constrained_columns"]]
                if (mine, key["referred_table"].lower()) == (columns, parts[0][2].lower()):
                    actions = {"onupdate": parts[0][5], "ondelete": parts[0][6]}
                    said = {name: word for name, word in actions.items() if word != "NO ACTION"}
                    key["options"] = {**said, **key.get("options", {})}
        return found

    @reflection.cache
    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Return a computed one with its own expression and no more, and a number of rows as what it is: never null."""
        found = super().get_columns(connection, table_name, schema, **kw)  # type: ignore[no-untyped-call]
        if any(each["primary_key"] and each["nullable"] for each in found):
            keys = _asked(connection, "SELECT name, upper(type) FROM pragma_table_info(?) WHERE pk > 0", table_name)
            if [kind for _, kind in keys] == ["INTEGER"]:  # another name of the row's own number, never null
                next(each for each in found if each["name"] == keys[0][0])["nullable"] = False
        if any(each.get("computed") for each in found):
            ((sql,),) = _asked(
                connection, "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE", table_name
            )
            texts = {name.lower(): text for name, text in clauses.definitions(sql)}
            for each in found:
                if each.get("computed") and (text := clauses.computed(texts.get(each["name"].lower(), ""))):
                    each["computed"]["sqltext"] = text
        return found


def _asked(connection: Any, sql: str, name: str) -> list[Any]:
    return list(connection.exec_driver_sql(sql, (name,)).all())


registry.register(NAME.replace("+", "."), __name__, Pysqlite.__name__)
