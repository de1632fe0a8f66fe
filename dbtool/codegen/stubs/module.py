"""The stub of a module of models, by which ordinary SQLModel statements are understood by type checkers.

A stub hides its module, so everything that the module has stands in it. The classes of tables get SQLAlchemy's
descriptors and an exact constructor; all else is the source without bodies. What only the running module knows (a
field's default, an inherited column, a constant's type) comes from the live objects.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dbtool import tables
from dbtool.codegen.annotations import Names
from dbtool.codegen.fields import columns_of, is_required, mapper_of
from dbtool.codegen.header import header
from dbtool.codegen.imports import Import
from dbtool.codegen.stubs.syntax import (
    WIDTH,
    Block,
    Function,
    Syntax,
    class_block,
    expression,
    layout,
    type_parameters,
)
from dbtool.mapped import models

if TYPE_CHECKING:
    from sqlalchemy import MetaData
    from sqlalchemy.orm import Mapper

# A table's column stands where its base class has a plain field; what overrides what is as its author left it.
DIRECTIVES = """\
# pyright: reportIncompatibleVariableOverride=false, reportIncompatibleMethodOverride=false
# mypy: disable-error-code="assignment, misc, override"
"""
# A word of a stub that is the name of something: no attribute, no keyword, and not what a colon declares.
USED = re.compile(r"(?<![\w.])[^\W\d]\w*+(?!=|:(?! \.\.\.))")
NOT_KEPT = {"model_config", "__tablename__", "__table_args__", "__mapper_args__", "__seed_key__", "__allow_unmapped__"}


def modules(metadata: MetaData) -> tuple[ModuleType, ...]:
    """Return the modules that define the models of a MetaData, each once, in the order of their tables."""
    names = dict.fromkeys(model.__module__ for model in models(metadata))
    return tuple(sys.modules[name] for name in names if name in sys.modules)


def stub(source: str, module: ModuleType, metadata: MetaData) -> str:
    """Return the text of a module's `.pyi`; `source` is the text of the module, which is imported.

    Nothing is imported or run for it, and the same module always gives the same text.
    """
    return _Module(module, _statements(ast.parse(source).body)).text(header(metadata) + DIRECTIVES)


@dataclass
class _Module:
    """A module on its way to a stub."""

    live: ModuleType
    statements: list[ast.stmt]
    names: Names = field(init=False)
    syntax: Syntax = field(init=False)

    def __post_init__(self) -> None:
        namespace = vars(self.live)
        self.names = Names(self.live.__name__, {name: namespace.get(name) for name in _bound(self.statements)})
        self.syntax = Syntax(namespace, self.names)

    def text(self, head: str) -> str:
        """Return the whole stub below its first lines."""
        blocks = [*_Body(self, vars(self.live)).blocks(self.statements)]
        aliases = [Block("plain", (f"{alias} = {name}",)) for name, alias in sorted(self.syntax.aliases.items())]
        exported = [*self._all()]
        lines = layout([*exported, *aliases, *blocks], top=True)
        body = "\n".join(lines) + "\n"
        imports = self.names.imports(self._imports(body))
        return f"{head}{imports}\n{body}" if imports else f"{head}\n{body}"

    def _all(self) -> Iterator[Block]:
        names = getattr(self.live, "__all__", None)
        if names is None:
            return
        for name in names:
            if name not in self.names.bound:
                self.names.use(getattr(getattr(self.live, name), "__module__", ""), name)
        quoted = [f'"{name}"' for name in names]
        line = f"__all__ = [{', '.join(quoted)}]"
        wrapped = ("__all__ = [", *(f"    {each}," for each in quoted), "]")
        yield Block("plain", (line,) if len(line) <= WIDTH else wrapped)

    def _imports(self, body: str) -> Iterator[Import]:
        """Yield the module's own imports: all that another module could import from here, and what the stub uses."""
        used = set(USED.findall(body))
        for node in self.statements:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    given = Import(alias.name, "", alias.asname or "")
                    if given.bound in used:
                        yield given
            elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
                yield from self._from(node, used)

    def _from(self, node: ast.ImportFrom, used: set[str]) -> Iterator[Import]:
        module = "." * node.level + (node.module or "")
        exported = getattr(self.live, "__all__", None)
        for alias in node.names:
            bound = alias.asname or alias.name
            if alias.name == "*":
                yield from self._starred(module, used)
            elif (
                exported is None
                and module not in ("typing", "typing_extensions")
                and alias.asname in (None, alias.name)
            ):
                yield Import(module, alias.name, alias.name)
            elif bound in used or (exported is not None and bound in exported):
                yield Import(module, alias.name, alias.asname or "")

    def _starred(self, module: str, used: set[str]) -> Iterator[Import]:
        """Yield what the stub uses of what a star brought, by name."""
        namespace = vars(self.live)
        source = vars(sys.modules.get(_absolute(module, self.live), sys))
        for name in sorted(used & namespace.keys() & source.keys() - self.names.bound.keys()):
            if namespace[name] is source[name] and not name.startswith("__"):
                yield Import(module, name)


@dataclass
class _Body:
    """The statements of a module or a class; `live` holds what they made."""

    module: _Module
    live: Mapping[str, Any]
    hidden: frozenset[str] = frozenset()
    owner: type[Any] | None = None
    skipped: set[str] = field(default_factory=set)

    def blocks(self, statements: list[ast.stmt]) -> Iterator[Block]:
        """Yield each statement that the stub keeps."""
        overloaded = {
            node.name for node in statements if isinstance(node, _FUNCTIONS) and _has(node.decorator_list, "overload")
        }
        for node in statements:
            if isinstance(node, _FUNCTIONS):
                implements = node.name in overloaded and not _has(node.decorator_list, "overload")
                if node.name not in NOT_KEPT and not implements and not self._is_part_of_hybrid(node):
                    yield self.module.syntax.function(node, self.hidden, method=self.owner is not None)
            elif isinstance(node, ast.ClassDef):
                yield self._class(node)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                yield from self._annotated(node, node.target.id)
            elif isinstance(node, (ast.Assign, ast.AugAssign)) or type(node).__name__ == "TypeAlias":
                yield from self._assigned(node)

    def _is_part_of_hybrid(self, node: Function) -> bool:
        """Whether a function only adds to a hybrid property, whose type its first function tells."""
        for each in node.decorator_list:
            root = each
            while isinstance(root, (ast.Attribute, ast.Call)):
                root = root.value if isinstance(root, ast.Attribute) else root.func
            found = self.live.get(root.id) if isinstance(root, ast.Name) and isinstance(each, ast.Attribute) else None
            if type(found).__name__ == "hybrid_property":
                return True
        return False

    # Classes

    def _class(self, node: ast.ClassDef) -> Block:
        live = self.live.get(node.name)
        kind = live if isinstance(live, type) else None
        inner = _statements(node.body)
        body = _Body(self.module, vars(kind) if kind else {}, _hidden(inner), kind or object)
        arguments = [expression(self.module.syntax.annotation(base, self.hidden)) for base in node.bases]
        arguments += [f"{each.arg}={expression(each.value)}" if each.arg else "" for each in node.keywords]
        listed = f"({', '.join(each for each in arguments if each)})" if any(arguments) else ""
        head = f"class {node.name}{type_parameters(node)}{listed}"
        if kind is not None and "__mapper__" in vars(kind):
            return class_block(head, [*_Table(body, inner, kind).blocks()])
        decorators = [f"@{expression(each)}" for each in node.decorator_list]
        return class_block(head, [*body.blocks(inner), *body.set_by_methods(inner)], decorators)

    def set_by_methods(self, statements: list[ast.stmt]) -> Iterator[Block]:
        """Yield the attributes that a plain class gives to its instances in its methods."""
        if self.owner is None or hasattr(self.owner, "model_fields"):
            return
        known = set(_bound(statements))
        for function in (each for each in statements if isinstance(each, _FUNCTIONS)):
            given = {each.arg: each.annotation for each in (*function.args.args, *function.args.kwonlyargs)}
            for name, annotation in _given_to_self(function, given):
                if name not in known:
                    known.add(name)
                    yield Block("plain", (f"{name}: {self.written(annotation) if annotation else self.any()}",))

    # Attributes and constants

    def _annotated(self, node: ast.AnnAssign, name: str) -> Iterator[Block]:
        if name in NOT_KEPT:
            return
        if node.value is not None and _names(node.annotation) & {"Final", "TypeAlias"}:
            yield Block("plain", (f"{name}: {expression(node.annotation)} = {self.value(node.value)}",))
        else:
            yield Block("plain", (f"{name}: {self.written(node.annotation)}{self._default(node, name)}",))

    def _default(self, node: ast.AnnAssign, name: str) -> str:
        """Return ` = ...` where a field has a default; a checker makes constructors of that."""
        fields = getattr(self.owner, "model_fields", None)
        if self.owner is None or node.value is None or (fields is not None and name not in fields):
            return ""
        if fields is None:
            told = isinstance(node.value, ast.Call) and {each.arg for each in node.value.keywords} & {"init", "kw_only"}
            return f" = {expression(node.value)}" if told else " = ..."
        alias = fields[name].validation_alias or fields[name].alias
        if isinstance(alias, str) and isinstance(node.value, ast.Call):
            default = "" if fields[name].is_required() else "default=..., "
            return f' = {expression(node.value.func)}({default}alias="{alias}")'
        return "" if fields[name].is_required() else " = ..."

    def _assigned(self, node: ast.stmt) -> Iterator[Block]:
        if type(node).__name__ == "TypeAlias":
            yield Block("plain", (expression(node),))
            return
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        for name in [each for target in targets for each in _stored(target)]:
            if name in NOT_KEPT or name == "__all__" or name in self.skipped:
                continue
            if name in self.live or self.owner is object:
                self.skipped.add(name)
                yield Block("plain", (self._constant(name, value, simple=isinstance(targets[0], ast.Name)),))

    def _constant(self, name: str, value: ast.expr | None, *, simple: bool) -> str:
        live = self.live.get(name)
        is_member = isinstance(self.owner, type) and issubclass(self.owner, Enum)
        if value is not None and simple and (is_member or _is_alias(value, live)):
            return f"{name} = {self.value(value)}"
        kind = self.module.names.value(live) if live is not None else self.any()
        if self.owner is not None and hasattr(self.owner, "model_fields"):
            kind = f"{self.module.names.use('typing', 'ClassVar')}[{kind}]"
        return f"{name}: {kind}"

    def written(self, annotation: ast.expr) -> str:
        """Return an annotation of this body as the stub has it."""
        return expression(self.module.syntax.annotation(annotation, self.hidden))

    def value(self, node: ast.expr) -> str:
        """Return the value of an assignment that a checker must read; a type as the stub writes types."""
        return self.written(node) if isinstance(node, (ast.Subscript, ast.BinOp)) else expression(node)

    def any(self) -> str:
        """Return what `typing.Any` is called here."""
        return self.module.names.any()


@dataclass
class _Table:
    """The class of a table: descriptors, a constructor, and then the rest of it as it stands."""

    body: _Body
    statements: list[ast.stmt]
    model: Any
    declared: dict[str, ast.expr] = field(default_factory=dict)

    def blocks(self) -> Iterator[Block]:
        """Yield the attributes that this class adds to those of its mapped bases, and the rest."""
        mapper = mapper_of(self.model)
        rest = []
        for node in self.statements:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id in mapper.attrs:
                self.declared[node.target.id] = node.annotation
            else:
                rest.append(node)
        types = {name: self._type(mapper, name) for name in self._order(mapper)}
        mapped = self.body.module.names.use("sqlalchemy.orm", "Mapped")
        for name, kind in types.items():
            if name in self.declared or not self._is_inherited(mapper, name):
                kept = kind if self._is_nullable(name) else _present(kind)
                yield Block("plain", (f"{name}: {mapped}[{kept}]{self._default(name)}",))
        yield from self._proxies(mapper)
        if not any(isinstance(node, ast.FunctionDef) and node.name == "__init__" for node in rest):
            yield Block("def", self._constructor(mapper, types))
        yield from self.body.blocks(rest)

    def _default(self, name: str) -> str:
        """Return ` = ...` where the field overrides one with a default: then pyright wants one too."""
        plain = [base for base in self.model.__mro__[1:] if "__mapper__" not in vars(base)]
        over = any(name in getattr(base, "model_fields", {}) for base in plain)
        return " = ..." if over and not is_required(self.model, name) else ""

    def _order(self, mapper: Mapper[Any]) -> list[str]:
        """Return the attributes: columns as the fields stand, relationships, and what was attached later."""
        fields = [name for name in self.model.model_fields if name in mapper.attrs]
        relations = [name for name in self.declared if name not in fields]
        return list(dict.fromkeys([*fields, *relations, *sorted(mapper.attrs.keys())]))

    def _is_inherited(self, mapper: Mapper[Any], name: str) -> bool:
        return mapper.inherits is not None and name in mapper.inherits.attrs

    def _type(self, mapper: Mapper[Any], name: str) -> str:
        """Return the type of an attribute: as this class declares it, as a base does, or as the mapper knows it."""
        if name in self.declared:
            return _unmapped(self.body.written(self.declared[name]))
        names = self.body.module.names
        attribute: Any = mapper.attrs[name]
        if name in self.model.model_fields:
            text = names.type(self.model.model_fields[name].annotation)
        elif name in mapper.relationships:
            target = names.of(attribute.mapper.class_)
            text = f"list[{target}]" if attribute.uselist else f"{target} | None"
        else:
            text = names.type(_python_type(attribute))
        return self.body.written(ast.parse(text, mode="eval").body)

    def _is_nullable(self, name: str) -> bool:
        """Whether a stored row may have no value there; a relationship is as it is declared."""
        return all(column.nullable for column in columns_of(self.model, name))

    def _proxies(self, mapper: Mapper[Any]) -> Iterator[Block]:
        for name, found in mapper.all_orm_descriptors.items():
            if type(found).__name__ == "AssociationProxy" and name not in self.declared:
                names = self.body.module.names
                kind = names.use("sqlalchemy.ext.associationproxy", "AssociationProxy")
                yield Block("plain", (f"{name}: {names.use('typing', 'ClassVar')}[{kind}[{names.any()}]]",))

    def _constructor(self, mapper: Mapper[Any], types: Mapping[str, str]) -> tuple[str, ...]:
        """Return `__init__`, on as few lines as hold it: a table's takes many names."""
        given = {key for relation in mapper.relationships for key in _keys_of(mapper, relation)}
        fields = self.model.model_fields
        parameters = []
        for name, kind in types.items():
            if (name in fields and self._can_be_given(name)) or name in mapper.relationships:
                optional = name not in fields or name in given or self._is_generated(name)
                optional = optional or not is_required(self.model, name)
                parameters.append(f"{name}: {kind}{' = ...' if optional else ''}")
        return _filled("self" if "self" not in types else "_self", parameters)

    def _can_be_given(self, name: str) -> bool:
        return all(tables.is_given(column) for column in columns_of(self.model, name))

    def _is_generated(self, name: str) -> bool:
        return any(column is column.table.autoincrement_column for column in columns_of(self.model, name))


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return statements without those around them: of `if`, `try` and `with` both branches; the first name stays."""
    found: list[ast.stmt] = []
    for node in body:
        if isinstance(node, (ast.If, ast.Try, ast.With, ast.For, ast.While)):
            branches = [node.body, getattr(node, "orelse", []), *(each.body for each in getattr(node, "handlers", []))]
            known = set(_bound(found))
            for branch in branches if not _is_main(node) else ():
                inner = [each for each in _statements(branch) if not known & {*_bound([each])}]
                found += inner
                known |= {*_bound(inner)}
            found += _walrus(node)
        else:
            found.append(node)
    return found


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in _names(node.test)


def _walrus(node: ast.stmt) -> Iterator[ast.stmt]:
    """Yield an assignment for each name that a compound statement binds by the way."""
    heads = [getattr(node, name, None) for name in ("test", "target")]
    heads += [part for item in getattr(node, "items", ()) for part in (item.optional_vars,)]
    for head in heads:
        for each in ast.walk(head) if isinstance(head, ast.AST) else ():
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                yield ast.Assign([each], ast.Constant(None))


def _bound(statements: list[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements bind."""
    for node in statements:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            yield node.name
        else:
            targets: list[Any] = [*getattr(node, "targets", ()), getattr(node, "target", None)]
            targets.append(getattr(node, "name", None))  # `type X = ...`
            yield from (name for target in targets for name in _stored(target))


def _stored(target: object) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Starred):
        yield from _stored(target.value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for each in target.elts:
            yield from _stored(each)


def _hidden(statements: list[ast.stmt]) -> frozenset[str]:
    """Return the names that mean something else within a class: its attributes and methods, not its classes."""
    return frozenset(_bound([node for node in statements if not isinstance(node, ast.ClassDef)]))


def _has(decorators: list[ast.expr], name: str) -> bool:
    return any(name in _names(each) for each in decorators)


def _names(node: ast.AST) -> set[str]:
    found = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return found | {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}


def _is_alias(value: ast.expr, live: Any) -> bool:
    """Whether an assignment names a type, which a checker must read itself."""
    if isinstance(value, ast.Call):
        makers = {"TypeVar", "ParamSpec", "TypeVarTuple", "NewType", "namedtuple", "NamedTuple", "TypedDict", "Enum"}
        return bool(makers & _names(value.func))
    if not isinstance(value, (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp)):
        return False
    return isinstance(live, type) or hasattr(live, "__origin__") or type(live).__name__ in ("UnionType", "Union")


def _given_to_self(function: Function, given: Mapping[str, ast.expr | None]) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield what a method sets on its instance, with the annotation if one is to be had."""
    for node in ast.walk(function):
        annotation = node.annotation if isinstance(node, ast.AnnAssign) else None
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets if isinstance(node, (ast.Assign, ast.AnnAssign)) else ():
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
                source = getattr(node, "value", None)
                constant = type(source.value).__name__ if isinstance(source, ast.Constant) and source.value else ""
                parameter = given.get(source.id) if isinstance(source, ast.Name) else None
                yield target.attr, annotation or parameter or (ast.Name(constant) if constant else None)


def _present(kind: str) -> str:
    return kind.removesuffix(" | None").removeprefix("None | ")


def _unmapped(kind: str) -> str:
    """Return the type within `Mapped[...]`, where the model itself has written that."""
    found = re.fullmatch(r"(?:\w+\.)*Mapped\[(.*)\]", kind)
    return found[1] if found else kind


def _python_type(attribute: Any) -> Any:
    try:
        return attribute.columns[0].type.python_type
    except (AttributeError, IndexError, NotImplementedError):
        return Any


def _keys_of(mapper: Mapper[Any], relation: Any) -> Iterator[str]:
    """Yield the attributes of the foreign key that a to-one relationship fills."""
    if relation.direction.name == "MANYTOONE":
        for column in relation.local_columns:
            if column in mapper.columns.values():
                yield mapper.get_property_by_column(column).key


def _filled(first: str, parameters: list[str]) -> tuple[str, ...]:
    """Return a constructor in lines as full as they can be, which ruff is told to leave."""
    note = "  # noqa: N805" if first != "self" else ""
    head = f"def __init__({first}, *, {', '.join(parameters)}) -> None: ..."
    if len(head + note) <= WIDTH - 4 or not parameters:
        return ((head if parameters else f"def __init__({first}) -> None: ...") + note,)
    lines = [f"    {first}, *,"] if first == "self" else [f"    {first}, {note.strip()}", "    *,"]
    for each in parameters:
        if len(lines[-1]) + len(each) + 2 > WIDTH - 4:
            lines.append("   ")
        lines[-1] += f" {each},"
    return ("def __init__(", *lines, ") -> None: ...  # fmt: skip")


def _absolute(module: str, live: ModuleType) -> str:
    from importlib.util import resolve_name

    return resolve_name(module, live.__package__ or live.__name__)
