"""dbtool: Prisma's developer experience for SQLModel.

Every command of the command line is a function here, with the same name: `dbtool.migrate(dbtool.load_config())`.
Names are imported on first use (PEP 562), so that `import dbtool` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbtool.config import Config
    from dbtool.conversation import REFUSE, Answers, Ask, Event, Tell, silent
    from dbtool.engine.environment import run_environment
    from dbtool.engine.foreign import load_config
    from dbtool.errors import DbtoolError
    from dbtool.operations.baseline import baseline
    from dbtool.operations.beginning import init
    from dbtool.operations.branches import rebase
    from dbtool.operations.check import check
    from dbtool.operations.compare import diff
    from dbtool.operations.copies import backup, restore
    from dbtool.operations.data import export_csv, show_record, show_rows, show_schema, show_tables, table_names
    from dbtool.operations.deploy import deploy, history, require_current, status
    from dbtool.operations.export import export
    from dbtool.operations.fleet import deploy_fleet
    from dbtool.operations.lint import lint
    from dbtool.operations.migrate import migrate
    from dbtool.operations.pull import pull
    from dbtool.operations.push import push
    from dbtool.operations.query import query, query_csv
    from dbtool.operations.repair import repair
    from dbtool.operations.reset import reset
    from dbtool.operations.review import doctor
    from dbtool.operations.rollback import rollback
    from dbtool.operations.seed import seed
    from dbtool.operations.source import erd, generate, watch
    from dbtool.operations.sql import sql
    from dbtool.operations.squash import squash
    from dbtool.operations.transfer import copy
    from dbtool.studio.server import open_studio

__version__ = "0.1.0"

_HOMES = {
    "dbtool.config": ("Config",),
    "dbtool.conversation": ("REFUSE", "Answers", "Ask", "Event", "Tell", "silent"),
    "dbtool.engine.environment": ("run_environment",),
    "dbtool.engine.foreign": ("load_config",),
    "dbtool.errors": ("DbtoolError",),
    "dbtool.operations.data": (
        "export_csv",
        "show_record",
        "show_rows",
        "show_schema",
        "show_tables",
        "table_names",
    ),
    "dbtool.operations.deploy": ("deploy", "history", "require_current", "status"),
    "dbtool.operations.export": ("export",),
    "dbtool.operations.fleet": ("deploy_fleet",),
    "dbtool.operations.migrate": ("migrate",),
    "dbtool.operations.pull": ("pull",),
    "dbtool.operations.push": ("push",),
    "dbtool.operations.query": ("query", "query_csv"),
    "dbtool.operations.repair": ("repair",),
    "dbtool.operations.reset": ("reset",),
    "dbtool.operations.seed": ("seed",),
    "dbtool.operations.baseline": ("baseline",),
    "dbtool.operations.beginning": ("init",),
    "dbtool.operations.branches": ("rebase",),
    "dbtool.operations.rollback": ("rollback",),
    "dbtool.operations.review": ("doctor",),
    "dbtool.operations.check": ("check",),
    "dbtool.operations.compare": ("diff",),
    "dbtool.operations.copies": ("backup", "restore"),
    "dbtool.operations.lint": ("lint",),
    "dbtool.operations.sql": ("sql",),
    "dbtool.operations.squash": ("squash",),
    "dbtool.operations.transfer": ("copy",),
    "dbtool.operations.source": ("erd", "generate", "watch"),
    "dbtool.studio.server": ("open_studio",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Answers",
    "Ask",
    "Config",
    "DbtoolError",
    "Event",
    "REFUSE",
    "Tell",
    "backup",
    "baseline",
    "check",
    "copy",
    "deploy",
    "deploy_fleet",
    "diff",
    "doctor",
    "erd",
    "export",
    "export_csv",
    "generate",
    "history",
    "init",
    "lint",
    "load_config",
    "migrate",
    "open_studio",
    "pull",
    "push",
    "query",
    "query_csv",
    "rebase",
    "repair",
    "require_current",
    "reset",
    "restore",
    "rollback",
    "run_environment",
    "seed",
    "show_record",
    "show_rows",
    "show_schema",
    "show_tables",
    "silent",
    "sql",
    "squash",
    "status",
    "table_names",
    "watch",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
