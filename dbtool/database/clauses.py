"""The parts of a statement as a person sees them: what stands between brackets and commas, outside quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator

NAME = r"(?:\"(?P<quoted>(?:[^\"]|\"\")+)\"|(?P<bare>[^\s(\"]+))"
_COLLATE = re.compile(r"\bCOLLATE\s+[\w\"]+", re.IGNORECASE)


def definitions(sql: str) -> Iterator[tuple[str, str]]:
    """Split the body of a CREATE TABLE at its outer commas: (column name, or empty for a constraint; text)."""
    for part in parts(sql[body(sql)]):
        match = re.match(rf"\s*(?:{NAME}|\[(?P<bracket>[^\]]+)\]|`(?P<tick>[^`]+)`)", part)
        if match is None:
            continue
        bare = match["bare"] or ""
        if bare.upper() in ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"):
            yield "", part
        else:
            yield match["bracket"] or match["tick"] or unquoted(match).strip("`[]"), part


def body(sql: str) -> slice:
    """Return where the text between a CREATE TABLE's outer brackets stands."""
    brackets = [position for position, token in tokens(sql) if token != ","]
    return slice(brackets[0] + 1, brackets[-1])


def parts(body: str) -> Iterator[str]:
    """Split a list at its outer commas; nothing is stripped."""
    depth, start = 0, 0
    for position, token in tokens(body):
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
        elif token == "," and depth == 0:
            yield body[start:position]
            start = position + 1
    yield body[start:]


def tokens(text: str) -> Iterator[tuple[int, str]]:
    """Yield each bracket and comma outside quotes and comments, with its position."""
    pattern = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/|(?P<token>[(),])"
    for match in re.finditer(pattern, text, re.S):
        if match["token"]:
            yield match.start(), match["token"]


def without_strings(text: str) -> str:
    """Return a statement without its texts and comments."""
    return re.sub(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", " ", text, flags=re.S)


def collated(text: str) -> re.Match[str] | None:
    """Find the collation of a column itself, not one within the brackets or quotes of a check or a default."""
    depth, start, outside = 0, 0, []
    for position, token in tokens(text):
        if token == "(" and depth == 0:
            outside.append(text[start:position])
        depth += {"(": 1, ")": -1}.get(token, 0)
        start = position + 1
    return _COLLATE.search(without_strings(" ".join([*outside, text[start:]])))


def computed(text: str) -> str:
    """Return the expression of a computed column; empty where the definition has none."""
    depth, start = 0, 0
    for position, token in tokens(text):
        if token == "(" and depth == 0:
            start = position
        depth += {"(": 1, ")": -1}.get(token, 0)
        if token == ")" and depth == 0 and re.search(r"\bAS\s*$", text[:start], re.IGNORECASE):
            return text[start + 1 : position].strip()
    return ""


def unquoted(match: re.Match[str]) -> str:
    """Return the name that `NAME` found."""
    quoted = match["quoted"]
    return quoted.replace('""', '"') if quoted else match["bare"]
