"""Lay out written code the way the usual formatters would, so that a formatter changes nothing of note."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Sequence

WIDTH = 84  # 88 with the indent of a function
INDENT = "    "


def formatted(code: str, width: int = WIDTH) -> str:
    """Return statements, broken where they are too long; comments stay before what they stood before."""
    found: list[str] = []
    for comments, chunk in _chunks(code):
        if comments and found and found[-1]:
            found.append("")
        found += comments
        for node in ast.parse(chunk).body:
            if found and isinstance(node, ast.With | ast.FunctionDef) and found[-1:] != comments[-1:]:
                found.append("")
            found += _statement(node, "", width)
            if isinstance(node, ast.With | ast.FunctionDef):
                found.append("")
    return "\n".join(found).replace("\n\n\n", "\n\n").strip()


def _chunks(code: str) -> Iterator[tuple[list[str], str]]:
    """Split code at its outermost comments: each with the statements after it."""
    comments: list[str] = []
    lines: list[str] = []
    for line in code.splitlines():
        if line.startswith("#"):
            if lines:
                yield comments, "\n".join(lines)
                comments, lines = [], []
            comments.append(line)
        else:
            lines.append(line)
    yield comments, "\n".join(lines)


def _statement(node: ast.stmt, indent: str, width: int) -> list[str]:
    match node:
        case ast.Expr(value=value):
            return _broken(value, indent, "", "", width)
        case ast.Assign(targets=[target], value=value):
            return _broken(value, indent, f"{_flat(target)} = ", "", width)
        case ast.AnnAssign(target=target, annotation=annotation, value=ast.expr() as value):
            return _broken(value, indent, f"{_flat(target)}: {_flat(annotation)} = ", "", width)
        case ast.With(items=[item], body=body):
            name = f" as {_flat(item.optional_vars)}" if item.optional_vars else ""
            head = _broken(item.context_expr, indent, "with ", f"{name}:", width)
            return [*head, *(line for each in body for line in _statement(each, indent + INDENT, width))]
    return [f"{indent}{line}" for line in _doubled(ast.unparse(node)).splitlines()]


def _broken(node: ast.expr, indent: str, before: str, after: str, width: int) -> list[str]:
    """Return an expression on one line, or its parts on a line together, or each on a line of its own."""
    flat = f"{indent}{before}{_flat(node)}{after}"
    parts = _parts(node)
    if (len(flat) <= width and not _has_long_text(node)) or parts is None:
        return [flat]
    opening, inner, closing = parts
    together = (
        f"{indent}{INDENT}{', '.join(_flat(each) if key is None else f'{key}{_flat(each)}' for key, each in inner)}"
    )
    texts = [_text_lines(each) for _, each in inner]
    if len(inner) == 1 and inner[0][0] is None and len(texts[0]) > 1:
        lines = [f"{indent}{INDENT}{line}" for line in texts[0]]
    elif len(together) <= width and isinstance(node, ast.Call):  # a list or dict has a line for each
        lines = [together]
    else:
        lines = [line for key, each in inner for line in _broken(each, indent + INDENT, key or "", ",", width)]
    return [f"{indent}{before}{opening}", *lines, f"{indent}{closing}{after}"]


def _has_long_text(node: ast.expr) -> bool:
    """Whether an expression is a call with a text of several lines alone."""
    return isinstance(node, ast.Call) and len(node.args) == 1 and len(_text_lines(node.args[0])) > 1


def _text_lines(node: ast.expr) -> list[str]:
    """Return a text of several lines as Python joins it, each line for itself; any other expression as it is."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return [_flat(node)]
    return [_flat(ast.Constant(line)) for line in node.value.splitlines(keepends=True)] or [_flat(node)]


def _parts(node: ast.expr) -> tuple[str, Sequence[tuple[str | None, ast.expr]], str] | None:
    """Return how an expression opens, what it holds, each with what stands before it, and how it closes."""
    match node:
        case ast.Call(func=func, args=arguments, keywords=keywords) if arguments or keywords:
            named = [(f"{each.arg}=" if each.arg else "**", each.value) for each in keywords]
            return f"{_flat(func)}(", [*((None, each) for each in arguments), *named], ")"
        case ast.List(elts=elements) if elements:
            return "[", [(None, each) for each in elements], "]"
        case ast.Tuple(elts=elements) if elements:
            return "(", [(None, each) for each in elements], ")"
        case ast.Dict(keys=keys, values=values) if keys:
            pairs = zip(keys, values, strict=True)
            return "{", [(f"{_flat(key)}: " if key else "**", value) for key, value in pairs], "}"
    return None


def _flat(node: ast.AST) -> str:
    return _doubled(ast.unparse(node))


def _doubled(code: str) -> str:
    """Quote texts with double quotes, where they hold none."""
    result, row, column = [], 1, 0
    lines = code.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.STRING and token.string.startswith("'") and '"' not in token.string:
            result.append(_between(lines, (row, column), token.start))
            body = token.string[1:-1].replace("\\'", "'")
            result.append(f'"{body}"')
            row, column = token.end
    result.append(_between(lines, (row, column), (len(lines) + 1, 0)))
    return "".join(result)


def _between(lines: Sequence[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    first = lines[start[0] - 1][start[1] :] if start[0] <= len(lines) else ""
    last = lines[end[0] - 1][: end[1]] if end[0] <= len(lines) else ""
    return first + "".join(lines[start[0] : end[0] - 1]) + last
