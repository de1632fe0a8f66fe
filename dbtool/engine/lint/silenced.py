"""Comments that silence a rule: `# dbtool: allow RULE -- reason`, above an operation or at the end of its line."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

_COMMENT = re.compile(r"#\s*dbtool:\s*allow\s+(?P<rules>[\w-]+(?:\s*,\s*[\w-]+)*)\s*(?:--\s*(?P<reason>.*\S))?\s*$")


@dataclass(frozen=True, slots=True)
class Allowance:
    """One comment; `lines` are those whose findings it silences. `reason` is empty where none is given."""

    rules: tuple[str, ...]
    reason: str
    line: int
    lines: frozenset[int]


def allowances(text: str) -> tuple[Allowance, ...]:
    """Read the comments of a file, from top to bottom."""
    comments = dict(_comments(text))
    statements = _statements(ast.parse(text))
    found = []
    for line, comment in comments.items():
        match = _COMMENT.search(comment)
        if match:
            rules = tuple(each.strip() for each in match["rules"].split(","))
            found.append(Allowance(rules, match["reason"] or "", line, _covered(line, set(comments), statements, text)))
    return tuple(found)


def _comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _statements(tree: ast.Module) -> list[range]:
    """Return the lines of each statement that a comment may stand at; of one with a body, those of all of it."""
    whole = (ast.stmt,)
    return [
        range(node.lineno, (node.end_lineno or node.lineno) + 1) for node in ast.walk(tree) if isinstance(node, whole)
    ]


def _covered(line: int, comments: set[int], statements: list[range], text: str) -> frozenset[int]:
    """Return the lines of the statement that a comment stands in, or of the next one below its block of comments."""
    lines = text.splitlines()
    if lines[line - 1].lstrip().startswith("#"):
        below = line + 1
        while below in comments and lines[below - 1].lstrip().startswith("#"):
            below += 1
        starting = [each for each in statements if each.start == below]
        if starting:
            return frozenset(sorted(starting, key=len)[-1])
    inside = [each for each in statements if line in each]
    return frozenset(sorted(inside, key=len)[0]) if inside else frozenset({line})
