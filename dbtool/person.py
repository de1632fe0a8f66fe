"""Who runs this."""

from __future__ import annotations

import contextlib
import getpass
import platform
from functools import cache


@cache
def who() -> str:
    """Return who runs this, and where: `user@host`."""
    with contextlib.suppress(Exception):
        return f"{getpass.getuser()}@{platform.node()}"
    return platform.node()
