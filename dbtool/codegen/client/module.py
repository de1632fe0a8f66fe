"""The typed client of a project's models, as the text of a Python module.

What a client does lies in `dbtool.client`; what is written here are types, which exist for type checkers and editors
only and cost nothing when the module is imported: a TypedDict class takes a third of a millisecond to make.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from dbtool.codegen.client.layout import apart, bracketed, quoted
from dbtool.codegen.client.models import Model, described
from dbtool.codegen.client.names import Imports, Names, snake
from dbtool.codegen.client.types import INDENT, SUFFIXES, Types
from dbtool.codegen.client.values import Values
from dbtool.codegen.header import header
from dbtool.mapped import schema_hash

if TYPE_CHECKING:
    from sqlalchemy import MetaData

RESERVED = frozenset({"close", "engine", "execute_raw", "query_raw", "query_raw_as", "session", "tx"})
"""What a client has beside its tables; a table with such a name gets an underscore behind it."""

_LINT = "# ruff: noqa: UP013\n"  # a dictionary of columns that fits in a line is a call, not a class

_DOCSTRING = '''\
"""A client of the models; its types are for type checkers and editors only, and are Any at run time."""
'''

_CLIENT = '''\
class {name}({name}Base, Tables):
    """A database with a table for each model{way}."""

    SCHEMA_HASH = "{hash}"

    def _open(self) -> None:
        vars(self).update({{name: {table}(self, model) for name, model in MODELS.items()}})
'''

_AT_RUN_TIME = """\
    def __getattr__(name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return Any

"""


def client(metadata: MetaData) -> str:
    """Return the text of `client.py` for these models. The same models always give the same text."""
    models = described(metadata)
    names = _names(models)
    runtime = _runtime(models, names)
    typing = Imports(names, runtime.home, above=runtime)
    typing.use("typing", "TypedDict")
    values = Values(names, typing, INDENT)
    known: dict[type[Any], Types] = {}
    known.update({model.cls: Types(model, known, values, typing) for model in models})
    sections = [types.text() for types in known.values()]
    classes = {_attribute(model): _class(runtime, model) for model in models}
    tables = {_attribute(model): known[model.cls].parameters(classes[_attribute(model)]) for model in models}
    parts = [_types(typing, values, sections, tables), _runtime_part(classes, schema_hash(metadata))]
    head = (
        f"{header(metadata)}# ruff: noqa: UP013\n{_DOCSTRING}\nfrom __future__ import annotations\n\n{runtime.text()}\n"
    )
    return "\n".join([head, *parts])


def _names(models: Sequence[Model]) -> Names:
    """Return the names of the module, with those that it defines itself."""
    fields = {field.key for model in models for field in model.fields}
    names = Names(frozenset(fields | {relation.key for model in models for relation in model.relations}))
    names.taken.update({"AsyncClient", "Client", "MODELS", "Tables"}, dir(builtins))
    names.taken.update(f"{model.name}{suffix}" for model in models for suffix in SUFFIXES)
    return names


def _runtime(models: Sequence[Model], names: Names) -> Imports:
    """Return what the module imports when it runs; of the models' names, what is taken gives way."""
    imports = Imports(names, models[0].cls.__module__.partition(".")[0] if models else "")
    for name in ("TYPE_CHECKING", "Any"):
        imports.use("typing", name)
    for name in ("AsyncClientBase", "AsyncTable", "ClientBase", "Table"):
        imports.use("dbtool.client", name)
    for model in models:
        _class(imports, model)
    return imports


def _class(imports: Imports, model: Model) -> str:
    """Import a model's class, and return what it is called."""
    outer, dot, inner = model.cls.__qualname__.rpartition("<locals>.")[2].partition(".")
    otherwise = f"{model.name}Model" if outer[:1].isupper() else f"{outer}_model"
    return f"{imports.use(model.cls.__module__, outer, otherwise=otherwise)}{dot}{inner}"


def _attribute(model: Model) -> str:
    """Return the name of a model's table in the client."""
    name = snake(model.name)
    return f"{name}_" if name in RESERVED or iskeyword(name) else name


def _types(typing: Imports, values: Values, sections: Sequence[str], tables: Mapping[str, Sequence[str]]) -> str:
    """Return what only type checkers read."""
    generic = values.filters("TableOf")
    attributes = [bracketed(f"{name} = {generic}[", each, "]()", INDENT * 2) for name, each in tables.items()]
    body = "\n".join([f"{INDENT}class Tables:", *(attributes or [f"{INDENT * 2}pass"])])
    definitions = [apart(list(values.definitions.values()))] if values.definitions else []
    return "if TYPE_CHECKING:\n" + "\n\n".join([typing.text(INDENT), *definitions, *sections, body]) + "\n"


def _runtime_part(classes: Mapping[str, str], digest: str) -> str:
    """Return what runs."""
    entries = [f"{quoted(name)}: {cls}" for name, cls in classes.items()]
    models = "\n".join([f"{INDENT}{entry}," for entry in entries])
    table = f"MODELS: dict[str, type[Any]] = {{\n{models}\n}}\n" if entries else "MODELS: dict[str, type[Any]] = {}\n"
    return "\n\n".join(
        [
            f"else:\n\n    class Tables: ...\n\n{_AT_RUN_TIME}\n{table}",
            _CLIENT.format(name="Client", table="Table", hash=digest, way=""),
            _CLIENT.format(name="AsyncClient", table="AsyncTable", hash=digest, way=", to be awaited"),
        ]
    )
