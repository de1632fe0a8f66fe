"""The names of a generated module: what it defines and what it imports, none of them twice."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field


def snake(name: str) -> str:
    """Return the name of a class as an attribute: `UnitAsset` is `unit_asset`, `HTTPLog` is `http_log`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def camel(name: str) -> str:
    """Return the name of an attribute or class as a class: `plan_entries` is `PlanEntries`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a module. `keys` are the fields that its classes have: within a class they hide other names."""

    keys: frozenset[str]
    taken: set[str] = field(default_factory=set)

    def take(self, name: str) -> str:
        """Return a name that nothing else has, and keep it: this one, or with underscores behind it."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name


@dataclass(frozen=True, slots=True)
class Imports:
    """What one part of a module imports; `home` is the package that is not another's.

    What is imported `above` is not imported again.
    """

    names: Names
    home: str
    above: Imports | None = None
    _used: dict[tuple[str, str], str] = field(default_factory=dict)

    def use(self, module: str, name: str, *, otherwise: str | None = None) -> str:
        """Import a name and return what it is called here: `otherwise` where it would be taken for something else."""
        if self.above and (module, name) in self.above._used:
            return self.above._used[module, name]
        known = self._used.get((module, name))
        if known is None:
            hidden = name in self.names.keys or name in self.names.taken
            known = self._used[module, name] = self.names.take((otherwise or _typed(name)) if hidden else name)
        return known

    def builtin(self, name: str) -> str:
        """Return what a builtin is called here."""
        return self.use("builtins", name) if name in self.names.keys else name

    def text(self, indent: str = "") -> str:
        """Return the statements, sorted as ruff sorts them."""
        found: dict[int, list[str]] = {}
        for module in sorted({module for module, _ in self._used}, key=lambda name: (name.lower(), name)):
            found.setdefault(self._section(module), []).extend(self._statements(module, indent))
        return "\n\n".join("\n".join(found[section]) for section in sorted(found))

    def _section(self, module: str) -> int:
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names:
            return 0
        return 1 if top == "dbtool" != self.home else 2

    def _statements(self, module: str, indent: str) -> Iterator[str]:
        names = sorted((name for of, name in self._used if of == module), key=_rank)
        plain = [name for name in names if self._used[module, name] == name]
        for name in names:
            called = self._used[module, name]
            if called != name:
                yield f"{indent}from {module} import {name} as {called}"
            elif name == plain[0]:
                line = f"from {module} import "
                if len(indent + line + ", ".join(plain)) <= 120:
                    yield indent + line + ", ".join(plain)
                else:
                    yield _broken(line, plain, indent)


def _typed(name: str) -> str:
    return f"{name}Type" if name[:1].isupper() else f"{name}_type"


def _broken(line: str, names: list[str], indent: str) -> str:
    """Return an import with each name in a line of its own."""
    return "\n".join([f"{indent}{line}(", *(f"{indent}    {name}," for name in names), f"{indent})"])


def _rank(name: str) -> tuple[int, list[tuple[int, int, str]], str]:
    """Return a name's place in an import: constants, classes, the rest; numbers by their value."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    parts = [
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name.lower()) if part
    ]
    return kind, parts, name
