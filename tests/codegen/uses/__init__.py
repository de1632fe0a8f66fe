"""Uses of the sample's generated client, as text: what is right, and what is wrong."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import dbtool
from dbtool.codegen.client import client
from dbtool.engine import schema

FOLDER = Path(__file__).parent
REPOSITORY = FOLDER.parents[2]
AWAITED = frozenset(
    {
        *("find_unique", "find_unique_or_raise", "find_first", "find_first_or_raise", "find_many"),
        *("count", "aggregate", "group_by", "create", "create_many", "update", "update_many", "upsert"),
        *("delete", "delete_many", "query_raw", "query_raw_as", "execute_raw"),
    }
)


@cache
def sample_client() -> str:
    """Return the generated client of the sample."""
    return client(schema.load(dbtool.load_config(project=REPOSITORY, url="sqlite://")))


def text(name: str) -> str:
    """Return one of the files here."""
    return (FOLDER / name).read_text(encoding="utf-8")


def awaited(source: str) -> str:
    """Return the same uses of the client that is awaited: functions, `with` and calls become asynchronous."""
    return ast.unparse(_Awaiting().visit(ast.parse(source.replace("Client", "AsyncClient")))) + "\n"


class _Awaiting(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        fields = {field: getattr(node, field, None) for field in node._fields}
        return ast.copy_location(ast.AsyncFunctionDef(**{**fields, "type_params": []}), node)

    def visit_With(self, node: ast.With) -> ast.AST:
        self.generic_visit(node)
        return ast.copy_location(ast.AsyncWith(items=node.items, body=node.body), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in AWAITED:
            return ast.copy_location(ast.Await(value=node), node)
        return node
