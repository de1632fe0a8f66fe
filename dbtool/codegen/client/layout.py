"""Python text that `ruff format` leaves as it is: what fits in a line stays in it, the rest is broken as ruff does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from keyword import iskeyword

WIDTH = 120

# Fields that a class of dictionary cannot declare: ty takes them for dict's own methods where the class inherits.
_METHODS = frozenset(name for name in dir(dict) if not name.startswith("_"))


def apart(definitions: Sequence[str]) -> str:
    """Return definitions with an empty line between them, but between those of one line each that are no classes."""
    text = ""
    for before, after in zip(["", *definitions], definitions, strict=False):
        together = not any("\n" in each or each.lstrip().startswith("class ") for each in (before, after))
        text += ("" if not before else "\n" if together else "\n\n") + after
    return text


def bracketed(head: str, items: Sequence[str], tail: str, indent: str) -> str:
    """Return `head items tail`, with the items in one line where they fit, else each in its own.

    `head` ends with the opening bracket, `tail` begins with the closing one. Items too long for a line are broken too.
    """
    line = indent + head + ", ".join(items) + tail
    if len(line) <= WIDTH:
        return line
    inner = f"{indent}    {', '.join(items)}"
    if len(inner) > WIDTH:
        inner = "\n".join(_item(item, f"{indent}    ") for item in items)
    return f"{indent}{head}\n{inner}\n{indent}{tail}"


def _item(item: str, indent: str) -> str:
    if len(f"{indent}{item},") <= WIDTH or not item.endswith("]"):
        return f"{indent}{item},"
    head, _, inner = item[:-1].partition("[")
    return bracketed(f"{head}[", inner.split(", "), "],", indent)


def union(name: str, members: Sequence[str], indent: str) -> str:
    """Return a type alias of one or several types."""
    head = f"{indent}{name}: TypeAlias = "
    line = head + " | ".join(members)
    if len(line) <= WIDTH:
        return line
    inner = f"{indent}    {' | '.join(members)}"
    if len(inner) > WIDTH:
        first, *others = members
        inner = "\n".join([f"{indent}    {first}", *(f"{indent}    | {other}" for other in others)])
    return f"{head}(\n{inner}\n{indent})"


def quoted(text: str) -> str:
    """Return a text in double quotes where it has none itself, as ruff writes it."""
    plain = repr(text)
    return f'"{plain[1:-1]}"' if plain.startswith("'") and '"' not in text else plain


def dictionary(name: str, fields: Mapping[str, str], indent: str, *, bases: Sequence[str] = (), total: bool) -> str:
    """Return a TypedDict as a class; keys that no class can have stand in a base of their own."""
    ending = [] if total else ["total=False"]
    odd = {key: kind for key, kind in fields.items() if not _is_declarable(key, bases)}
    if not odd:
        return _class(name, [*(bases or ["TypedDict"]), *(ending if fields else [])], fields, indent)
    rest = {key: kind for key, kind in fields.items() if key not in odd}
    keys = call(f"{name}Keys", odd, indent, total=total)
    return f"{keys}\n\n{_class(name, [*bases, f'{name}Keys', *(ending if rest else [])], rest, indent)}"


def extension(name: str, fields: Mapping[str, str], indent: str, base: str) -> str:
    """Return a class of dictionary that has more fields than its base, whatever they are called."""
    return _class(name, [base], fields, indent)


def shortest(name: str, fields: Mapping[str, str], indent: str, *, total: bool = False) -> str:
    """Return a TypedDict of columns: as a call where it fits in a line, else as a class."""
    line = call(name, fields, indent, total=total)
    return line if "\n" not in line else dictionary(name, fields, indent, total=total)


def call(name: str, fields: Mapping[str, str], indent: str, *, total: bool = False) -> str:
    """Return a TypedDict as a call, which can hold every key; its types are texts, for they may come later."""
    ending = [] if total else ["total=False"]
    items = [f"{quoted(key)}: {quoted(kind)}" for key, kind in fields.items()]
    line = f"{indent}{name} = TypedDict({', '.join([quoted(name), '{' + ', '.join(items) + '}', *ending])})"
    if len(line) <= WIDTH:
        return line
    inside = indent + "    "
    arguments = f"{inside}{', '.join([quoted(name), '{' + ', '.join(items) + '}', *ending])}"
    if len(arguments) > WIDTH:
        broken = bracketed("{", items, "},", inside)
        arguments = "\n".join([f"{inside}{quoted(name)},", broken, *(f"{inside}{each}," for each in ending)])
    return f"{indent}{name} = TypedDict(\n{arguments}\n{indent})"


def _is_declarable(key: str, bases: Sequence[str]) -> bool:
    return key.isidentifier() and not iskeyword(key) and not (bases and key in _METHODS)


def _class(name: str, arguments: Sequence[str], fields: Mapping[str, str], indent: str) -> str:
    ending = "" if fields else " ..."
    head = bracketed(f"class {name}(", arguments, f"):{ending}", indent)
    return "\n".join([head, *(f"{indent}    {key}: {kind}" for key, kind in fields.items())])
