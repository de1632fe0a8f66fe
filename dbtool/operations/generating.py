"""Generate code at the end of a command that has changed the schema: a failure undoes nothing."""

from __future__ import annotations

from dbtool.config import Config
from dbtool.errors import DbtoolError
from dbtool.reports import GenerateReport


def generated(config: Config) -> tuple[GenerateReport | None, str | None]:
    """Generate code; return what was written, or why nothing was."""
    from dbtool.operations.source import generate

    try:
        return generate(config), None
    except (DbtoolError, OSError) as error:
        return None, str(error)
