"""Python's syntax as a stub has it: annotations without quotes, functions without bodies, laid out as ruff does."""

from __future__ import annotations

import ast
import builtins
import io
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Optional, Union, get_origin

from dbtool.codegen.annotations import Names, literal

WIDTH = 120
Kind = Literal["plain", "def", "empty", "class"]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Block:
    """A statement of the stub, by the kind that decides about blank lines around it."""

    kind: Kind
    lines: tuple[str, ...]


@dataclass
class Syntax:
    """What the syntax of one module means: its live names, and those of the stub.

    `aliases` are the names that a class hides from its own annotations, with what the stub calls them instead.
    """

    namespace: Mapping[str, Any]
    names: Names
    aliases: dict[str, str] = field(default_factory=dict)

    def annotation(self, node: ast.expr, hidden: frozenset[str] = frozenset()) -> ast.expr:
        """Return an annotation as a stub has it; `hidden` are the names that the class around it gives to its own."""
        changed = _Annotation(self, hidden).visit(node)
        assert isinstance(changed, ast.expr)
        return changed

    def meaning(self, node: ast.expr) -> Any:
        """Return the live object that a dotted name means, or None."""
        if isinstance(node, ast.Name):
            return self.namespace.get(node.id, getattr(builtins, node.id, None))
        return getattr(self.meaning(node.value), node.attr, None) if isinstance(node, ast.Attribute) else None

    def function(self, node: Function, hidden: frozenset[str], *, method: bool) -> Block:
        """Return a function without its body; what has no annotation gets one."""
        returned = expression(self.annotation(node.returns, hidden)) if node.returns else self._returned(node)
        parameters = tuple(self._parameters(node, hidden, method))
        keyword = "async def" if isinstance(node, ast.AsyncFunctionDef) and not _yields(node) else "def"
        start = f"{keyword} {node.name}{type_parameters(node)}("
        decorators = tuple(f"@{expression(each)}" for each in self._decorators(node))
        room = WIDTH - 4 * method
        return Block("def", (*decorators, *signature(start, parameters, f") -> {returned}: ...", room)))

    def _decorators(self, node: Function) -> list[ast.expr]:
        """Return the decorators that a checker must see: of a property nothing but the property itself."""
        found = [each for each in node.decorator_list if _last_name(each) != "computed_field"]
        properties = [each for each in found if is_property(each)]
        return properties or found

    def _returned(self, node: Function) -> str:
        gives = any(isinstance(each, ast.Return) and each.value is not None for each in _body(node))
        abstract = isinstance(node.body[-1], ast.Raise)
        return "None" if not gives and not abstract and not _yields(node) else self.names.any()

    def _parameters(self, node: Function, hidden: frozenset[str], method: bool) -> Iterator[str]:
        given = node.args
        positional = [*given.posonlyargs, *given.args]
        defaults = [None] * (len(positional) - len(given.defaults)) + list(given.defaults)
        static = any(_last_name(each) == "staticmethod" for each in node.decorator_list)
        for place, (each, default) in enumerate(zip(positional, defaults, strict=True)):
            bare = method and not static and place == 0
            yield self._parameter(each, default, hidden, bare=bare)
            if place + 1 == len(given.posonlyargs):
                yield "/"
        if given.vararg:
            yield "*" + self._parameter(given.vararg, None, hidden)
        elif given.kwonlyargs:
            yield "*"
        for each, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
            yield self._parameter(each, default, hidden)
        if given.kwarg:
            yield "**" + self._parameter(given.kwarg, None, hidden)

    def _parameter(self, node: ast.arg, default: ast.expr | None, hidden: frozenset[str], *, bare: bool = False) -> str:
        if bare and node.annotation is None:
            return node.arg
        kind = expression(self.annotation(node.annotation, hidden)) if node.annotation else self._guessed(default)
        return f"{node.arg}: {kind}" + (f" = {_default(default)}" if default is not None else "")

    def _guessed(self, default: ast.expr | None) -> str:
        inner = default.operand if isinstance(default, ast.UnaryOp) else default
        constant = inner.value if isinstance(inner, ast.Constant) else None
        return type(constant).__name__ if isinstance(constant, (int, float, str, bytes)) else self.names.any()


class _Annotation(ast.NodeTransformer):
    """Unquotes what is quoted, and writes the old words of typing in the new way."""

    def __init__(self, syntax: Syntax, hidden: frozenset[str]) -> None:
        self.syntax = syntax
        self.hidden = hidden

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if not isinstance(node.value, str):
            return node
        try:
            return self._visited(ast.parse(node.value.strip(), mode="eval").body)
        except SyntaxError:
            return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._bare(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return self._bare(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        meaning = self.syntax.meaning(node.value)
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if meaning is Literal:
            return node
        if meaning is Annotated:
            return self._visited(inner[0])
        if meaning is Optional:
            return _either([self._visited(inner[0]), ast.Constant(None)])
        if meaning is Union:
            return _either([self._visited(each) for each in inner])
        node.value = self._head(node.value, meaning)
        node.slice = self._visited(node.slice)
        return node

    def _visited(self, node: ast.expr) -> ast.expr:
        changed = self.visit(node)
        assert isinstance(changed, ast.expr)
        return changed

    def _bare(self, node: ast.expr) -> ast.expr:
        meaning = self.syntax.meaning(node)
        origin = getattr(meaning, "__origin__", None)
        is_old = type(meaning).__module__ == "typing" and not hasattr(meaning, "__args__")
        arguments = self.syntax.names.arguments(origin if is_old else meaning)
        head = self._head(node, meaning)
        return _parsed(expression(head) + arguments) if arguments else head

    def _head(self, node: ast.expr, meaning: Any) -> ast.expr:
        """Return the name of a class: of `typing.List` the class that it stands for."""
        origin = getattr(meaning, "__origin__", None)
        if isinstance(origin, type) and type(meaning).__module__ == "typing" and get_origin(meaning) is origin:
            named = hasattr(meaning, "_name") and not hasattr(meaning, "__args__")
            node = _parsed(self.syntax.names.of(origin)) if named else node
        if isinstance(node, ast.Name) and node.id in self.hidden:
            return ast.Name(self.syntax.aliases.setdefault(node.id, f"_{node.id}"))
        return node


def expression(node: ast.AST) -> str:
    """Return an expression as ruff formats it, on one line."""
    text = ast.unparse(node)
    if "'" not in text:
        return text
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    for token in reversed(tokens):
        if token.type == tokenize.STRING and "'" in token.string[:3] and '"' not in token.string:
            quoted = literal(ast.literal_eval(token.string))
            text = text[: token.start[1]] + quoted + text[token.end[1] :] if "\n" not in text else text
    return text


def signature(start: str, parameters: Sequence[str], end: str, room: int = WIDTH) -> tuple[str, ...]:
    """Return the lines of a function's head: one where `room` columns hold it, else as ruff breaks them."""
    inner = ", ".join(parameters)
    if len(f"{start}{inner}{end}") <= room:
        return (f"{start}{inner}{end}",)
    if len(inner) + 4 <= room:
        return (start, f"    {inner}", end)
    return (start, *(f"    {each}," for each in parameters), end)


def layout(blocks: Iterable[Block], *, top: bool = False) -> list[str]:
    """Return the lines of some statements, with the blank lines that ruff wants between them."""
    lines: list[str] = []
    before: Kind | None = None
    for block in blocks:
        apart = top or bool({"class", "empty"} & {before, block.kind})
        if before is not None and (block.kind == "class" or (apart and before != block.kind)):
            lines.append("")
        lines += block.lines
        before = block.kind
    return lines


def class_block(head: str, blocks: Sequence[Block], decorators: Iterable[str] = ()) -> Block:
    """Return a class with its statements; without any it is a line."""
    body = layout(blocks)
    if not body:
        return Block("empty", (*decorators, f"{head}: ..."))
    return Block("class", (*decorators, f"{head}:", *(f"    {line}" if line else "" for line in body)))


def type_parameters(node: ast.AST) -> str:
    """Return the parameters of a generic class or function in the syntax of Python 3.12."""
    found = [expression(each) for each in getattr(node, "type_params", ())]
    return f"[{', '.join(found)}]" if found else ""


def is_property(node: ast.expr) -> bool:
    """Whether a decorator makes a property, or a part of one."""
    return _last_name(node) in ("property", "cached_property", "setter", "deleter", "getter")


def _last_name(node: ast.expr) -> str:
    while isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _either(nodes: Sequence[ast.expr]) -> ast.expr:
    found = nodes[0]
    for node in nodes[1:]:
        found = ast.BinOp(found, ast.BitOr(), node)
    return found


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _default(node: ast.expr) -> str:
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    text = expression(node) if isinstance(inner, ast.Constant) else "..."
    return text if len(text) <= 40 else "..."


def _yields(node: Function) -> bool:
    return any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in _body(node))


def _body(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what a function runs itself, without the functions within it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield child
            yield from _body(child)
