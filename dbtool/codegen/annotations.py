"""Types as a generated module writes them, and the imports that this takes.

A `Names` belongs to one generated module. It gives every object that the module speaks of a name there, and in the
end writes the imports, sorted as ruff sorts them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import EllipsisType, NoneType, UnionType
from typing import Annotated, Any, ForwardRef, Literal, NewType, TypeVar, Union, get_args, get_origin

from dbtool.codegen.imports import Import, import_block

# What strict checkers do not accept without arguments.
ARGUMENTS: Mapping[type, str] = {
    list: "[{0}]",
    set: "[{0}]",
    frozenset: "[{0}]",
    dict: "[{0}, {0}]",
    tuple: "[{0}, ...]",
    type: "[{0}]",
}


@dataclass
class Names:
    """The names of one generated module.

    `module` is the module that it speaks for, if any: its own classes need no import. `bound` are the names that it
    binds itself, with what they mean; an object that has another name there already is called by that.
    `home` is the package that is the project's own, where `module` does not say.
    """

    module: str = ""
    bound: dict[str, object] = field(default_factory=dict)
    home: str = ""
    added: dict[Import, None] = field(default_factory=dict)

    def use(self, module: str, name: str) -> str:
        """Return what a module's object is called here, and import it unless it is known."""
        value = getattr(sys.modules.get(module), name, Import(module, name))
        called = name
        while called in self.bound and self.bound[called] is not value and self.bound[called] != Import(module, name):
            called = f"_{called}"
        if called not in self.bound:
            self.bound[called] = value
            self.added[Import(module, name, "" if called == name else called)] = None
        return called

    def any(self) -> str:
        """Return what `typing.Any` is called here."""
        return self.use("typing", "Any")

    def of(self, kind: Any) -> str:
        """Return what a class is called here; one that nothing can import is `Any`."""
        qualified = getattr(kind, "__qualname__", None) or getattr(kind, "__name__", "")
        module = kind.__module__
        if not qualified or "<" in qualified:
            return self.any()
        if module == self.module:
            return str(qualified)
        outer, dot, inner = str(qualified).partition(".")
        if module == "builtins" and outer not in self.bound:
            return str(qualified)
        return self.use(_public(module, outer), outer) + dot + inner

    def type(self, annotation: Any) -> str:
        """Return a type as it is written here."""
        if annotation is None or annotation is NoneType:
            return "None"
        if annotation is Any:
            return self.any()
        if isinstance(annotation, (str, ForwardRef)):
            return annotation if isinstance(annotation, str) else annotation.__forward_arg__
        if isinstance(annotation, (TypeVar, NewType)):
            return self.use(annotation.__module__, annotation.__name__)
        if get_origin(annotation) is not None:
            return self._generic(get_origin(annotation), get_args(annotation))
        if isinstance(annotation, type):
            return self.of(annotation) + self.arguments(annotation)
        return self.any()

    def arguments(self, kind: Any) -> str:
        """Return the arguments that a bare generic class needs: `[Any]` of list; nothing for other classes."""
        found = ARGUMENTS.get(kind) if isinstance(kind, type) else None
        return found.format(self.any()) if found else ""

    def value(self, value: Any) -> str:
        """Return the type of a value, such as a constant's."""
        if isinstance(value, type):
            return f"type[{self.of(value)}]"
        if isinstance(value, (tuple, list, set, frozenset, dict)) and type(value) in ARGUMENTS:
            return self._container(value)
        if callable(value) and not hasattr(type(value), "__orig_bases__") and _is_function(value):
            return f"{self.use('collections.abc', 'Callable')}[..., {self.any()}]"
        return self.type(type(value)) if _is_importable(type(value)) else self.any()

    def imports(self, given: Iterable[Import] = ()) -> str:
        """Return the lines that import what is used here, and what is given, as ruff sorts them."""
        return import_block([*given, *self.added], home=self.home or self.module.partition(".")[0])

    def _generic(self, origin: Any, arguments: tuple[Any, ...]) -> str:
        if origin is Annotated:
            return self.type(arguments[0])
        if origin in (Union, UnionType):
            return " | ".join(dict.fromkeys(self.type(each) for each in arguments))
        if origin is Literal:
            return f"{self.use('typing', 'Literal')}[{', '.join(self._literal(each) for each in arguments)}]"
        if origin is Callable:
            *taken, returned = arguments
            listed = "..." if taken == [...] else f"[{', '.join(map(self.type, taken))}]"
            return f"{self.use('collections.abc', 'Callable')}[{listed}, {self.type(returned)}]"
        inner = ["..." if isinstance(each, EllipsisType) else self.type(each) for each in arguments]
        return f"{self.of(origin)}[{', '.join(inner) or '()'}]"

    def _literal(self, value: Any) -> str:
        return f"{self.of(type(value))}.{value.name}" if isinstance(value, Enum) else literal(value)

    def _container(self, value: Any) -> str:
        if isinstance(value, dict):
            keys, values = self._union(value), self._union(value.values())
            return f"{self.of(dict)}[{keys}, {values}]"
        inner = self._union(value)
        return f"{self.of(type(value))}[{inner}{', ...' if isinstance(value, tuple) else ''}]"

    def _union(self, values: Iterable[Any]) -> str:
        """Return the type of some values: of at most three kinds, else `Any`."""
        found = sorted({self.value(each) for each in list(values)[:50]})
        return " | ".join(found) if 0 < len(found) <= 3 else self.any()


def literal(value: Any) -> str:
    """Return a constant as ruff formats it: texts in double quotes where that takes no more escapes."""
    text = repr(value)
    if isinstance(value, (str, bytes)) and '"' not in text:
        prefix, _, rest = text.partition("'")
        return f'{prefix}"{rest[:-1]}"'.replace("\\'", "'")
    return text


def _public(module: str, name: str) -> str:
    """Return the outermost package that has the object: `sqlalchemy`, not `sqlalchemy.sql.schema`."""
    parts = module.split(".")
    known = getattr(sys.modules.get(module), name, None)
    open_name = module.lstrip("_")
    if module.startswith("_") and known is not None and getattr(sys.modules.get(open_name), name, None) is known:
        return open_name  # `io`, not `_io`
    for length in range(1, len(parts)):
        outer = ".".join(parts[:length])
        if known is not None and vars(sys.modules.get(outer, sys)).get(name) is known:
            return outer
    return module


def _is_importable(kind: type) -> bool:
    found: Any = sys.modules.get(kind.__module__)
    for part in kind.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is kind


def _is_function(value: Any) -> bool:
    return hasattr(value, "__code__") or type(value).__module__ in ("functools", "builtins")
