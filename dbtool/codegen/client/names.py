"""The names of a generated module: what it defines and what it imports, none of them twice."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dbtool.codegen.imports import Import, import_block


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
        used = [Import(module, name, called if called != name else "") for (module, name), called in self._used.items()]
        return import_block(used, home=self.home, indent=indent).rstrip("\n")


def _typed(name: str) -> str:
    return f"{name}Type" if name[:1].isupper() else f"{name}_type"
