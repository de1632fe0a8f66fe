"""The imports of a generated module, as ruff sorts and wraps them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Import:
    """A name that comes from a module; `name` is empty for the module itself, dots before it are relative."""

    module: str
    name: str = ""
    alias: str = ""

    @property
    def bound(self) -> str:
        """Return the name that it has from then on."""
        return self.alias or self.name or self.module.partition(".")[0]


def import_block(imports: Iterable[Import], *, home: str = "", indent: str = "") -> str:
    """Return the lines of some imports, sorted and grouped as ruff does by default; each ends with a newline.

    `home` is a package that is the project's own, whatever is known of where it lies.
    """
    sections: dict[int, list[tuple[Any, str]]] = {}
    together: dict[str, list[str]] = {}
    for each in dict.fromkeys(imports):
        if each.name and not each.alias:
            together.setdefault(each.module, []).append(each.name)
        else:
            sections.setdefault(_section(each.module, home), []).append((_order(each), indent + _line(each)))
    for module, names in together.items():
        names.sort(key=_member)
        text = _wrapped(f"{indent}from {module} import ", names, indent)
        sections.setdefault(_section(module, home), []).append((_order(Import(module, names[0])), text))
    return "\n".join("".join(line for _, line in sorted(sections[section])) for section in sorted(sections))


def _line(each: Import) -> str:
    alias = f" as {each.alias}" if each.alias else ""
    return f"from {each.module} import {each.name}{alias}\n" if each.name else f"import {each.module}{alias}\n"


def _wrapped(start: str, names: list[str], indent: str) -> str:
    line = start + ", ".join(names)
    return (
        f"{line}\n"
        if len(line) <= 120
        else f"{start}(\n" + "".join(f"{indent}    {name},\n" for name in names) + f"{indent})\n"
    )


def _section(module: str, home: str) -> int:
    """Return the place of a module's section: standard library, third party, the project's own, relative."""
    if module.startswith("."):
        return 4
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return 1
    if top in (home, "dbtool"):
        return 3 if top == home else 2
    places = [*getattr(sys.modules.get(top), "__path__", ()), getattr(sys.modules.get(top), "__file__", None) or ""]
    return 2 if "site-packages" in str(places[0]) or top not in sys.modules else 3


def _order(each: Import) -> Any:
    dots = len(each.module) - len(each.module.lstrip("."))
    return bool(each.name), -dots, _natural(each.module.lstrip(".")), _member(each.name), each.alias


def _member(name: str) -> Any:
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, _natural(name.lower()), name


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text) if part]
