"""Which function answers which path. Each takes a call and its message, and knows nothing of HTTP.

They are imported when first asked: the first page need not wait for what only saving uses.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from dbtool.studio.calls import Call

Endpoint = Callable[[Call, Any], dict[str, Any]]
PLACES = {
    "schema": ("looking", "schema"),
    "table": ("looking", "table"),
    "rows": ("looking", "rows"),
    "counts": ("looking", "counts"),
    "count": ("looking", "count"),
    "cell": ("looking", "cell"),
    "diagram": ("looking", "diagram"),
    "record": ("relations", "record"),
    "lookup": ("relations", "find"),
    "changes": ("saving", "save"),
    "export": ("files", "download"),
    "blob": ("files", "blob"),
    "import": ("files", "stage"),
    "sql": ("console", "run"),
    "sql/history": ("console", "entries"),
    "migrations": ("history", "migrations"),
    "object": ("media", "find"),
}


def endpoint(path: str) -> Endpoint:
    """Return what answers a path, by its name without `/api/`."""
    module, name = PLACES[path]
    found: Endpoint = getattr(import_module(f"dbtool.studio.{module}"), name)
    return found
