"""What stands in the place of a relation that a query did not include.

SQLAlchemy asks an object's `callables` for an attribute that it does not hold. All objects of a class share one
mapping, so that this costs one assignment an object; a loader option would cost a call for each relation of it.
Once the user adds the object to a session, its relations load as the model says.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import LoaderCallableStatus, PassiveFlag

from dbtool.errors import NotIncludedError

_ASKS = PassiveFlag.SQL_OK
_NEVER_RAISES = PassiveFlag.NO_RAISE


class Unread(dict[str, Any]):
    """The relations of a class by name; SQLAlchemy takes none of them out."""

    def __init__(self, model: type[Any]) -> None:
        names = [relationship.key for relationship in inspect(model).relationships]
        super().__init__((name, UnreadRelation(name)) for name in names)
        self._model = model

    def __delitem__(self, key: str) -> None:
        """Keep what other objects share."""

    def pop(self, key: str, default: Any = None) -> Any:
        """Keep what other objects share."""
        return default

    def copy(self) -> Unread:
        """Return itself: nothing changes it."""
        return self

    def __reduce__(self) -> tuple[type[Unread], tuple[type[Any]]]:
        return Unread, (self._model,)


class UnreadRelation:
    """A relation that raises where nothing can load it."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, state: Any, passive: PassiveFlag) -> Any:
        """Load the relation in the object's session, or raise NotIncludedError where it has none."""
        if state.session is None and passive & _ASKS and not passive & _NEVER_RAISES:
            name = state.class_.__name__
            raise NotIncludedError(f"`{name}.{self._name}` was not included", hint=f'include={{"{self._name}": True}}')
        loader = state.manager[self._name].impl.callable_
        return loader(state, passive) if loader else LoaderCallableStatus.ATTR_EMPTY
