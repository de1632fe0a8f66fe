"""Write what is recorded: a new migration file, and a migrations folder where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from textwrap import dedent, indent

from dbtool.codegen import project
from dbtool.codegen.layout import INDENT, formatted
from dbtool.config import Config
from dbtool.engine import history as histories
from dbtool.engine.diff import Draft
from dbtool.engine.history import History
from dbtool.errors import AccessError, ModelsError
from dbtool.reports import Revision
from dbtool.texts import write_whole


def create_folder(config: Config, *, without_models: bool = False) -> tuple[str, ...]:
    """Write env.py, script.py.mako, versions/, the lock and `[tool.alembic]` where they are missing.

    Returns the paths that were written, relative to the project. A foreign Alembic project is left alone.
    Raises ModelsError where no models are configured, unless it may be `without_models`.
    """
    if histories.host_of(config) == "alembic":
        return ()
    if config.models is None and not without_models:
        raise ModelsError("no models are configured", hint='models = "app.models" in [tool.dbtool] of pyproject.toml')
    depth = (
        len(config.migrations.relative_to(config.root).parts) if config.migrations.is_relative_to(config.root) else 1
    )
    wanted = {
        config.migrations / "env.py": project.environment(config.models, depth),
        config.migrations / "script.py.mako": project.SCRIPT,
        config.lock: histories.LOCK_HEADER,
    }
    written = [config.relative(path) for path, text in wanted.items() if _write_missing(path, text)]
    for folder in config.versions:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            written.append(f"{config.relative(folder)}/")
    return (*written, *_write_alembic_table(config))


def write_draft(
    config: Config,
    draft: Draft,
    *,
    name: str,
    folder: Path,
    after: History,
    now: datetime,
    id: str | None = None,
    remark: str = "",
    by_hand: bool = False,
) -> tuple[Revision, Path]:
    """Write a new migration into a folder that is not yet the project's; return it and its path.

    Its id is the time, unless it takes the place of another one. `remark` ends its docstring. A text that is written
    `by_hand` is left as it is, comments too.
    """
    from mako.template import Template

    id = id or histories.next_id(after, now)
    parents = after.heads
    template = config.migrations / "script.py.mako"
    text = Template(template.read_text(encoding="utf-8") if template.exists() else project.SCRIPT).render(
        message=_message(name, draft, remark),
        up_revision=id,
        down_revision=parents[0] if len(parents) == 1 else (parents or None),
        branch_labels=None,
        depends_on=None,
        create_date=now.replace(microsecond=0),
        comma=lambda value: ", ".join([value] if isinstance(value, str) else value or ["base"]),
        imports="".join(f"{each}\n" for each in draft.imports),
        upgrades=indent(draft.upgrade, INDENT).strip() if by_hand else _body(draft.upgrade),
        downgrades=indent(draft.downgrade, INDENT).strip() if by_hand else _body(draft.downgrade),
    )
    path = folder / f"{id}_{name}.py"
    write_whole(path, text)
    return histories.describe(path), path


def keep(config: Config, revision: Revision, path: Path, history: History) -> Revision:
    """Move a proven file into the project and list it."""
    target = config.versions[0] / path.name
    path.replace(target)
    kept = replace(revision, path=str(target), listed=True)
    if history.host == "dbtool":
        histories.write_lock(config, [*history.revisions, kept])
    return kept


def replace_file(config: Config, old: Revision, new: Revision | None, before: History) -> Revision | None:
    """Put a proven file into the place of the last one, or take that away; list what is there.

    At every moment there is one file with that id.
    """
    path = Path(old.path)
    if new is None:
        path.unlink()
        left = before.revisions
    else:
        target = path.with_name(Path(new.path).name)
        Path(new.path).replace(path)
        if target != path:
            path.rename(target)
        new = replace(new, path=str(target), listed=True)
        left = (*before.revisions, new)
    if before.host == "dbtool":
        histories.write_lock(config, left)
    return new


def relist(config: Config, history: History) -> None:
    """List files as they are now; called once they have been proven or cannot matter."""
    histories.write_lock(config, history.revisions)


def _message(name: str, draft: Draft, remark: str) -> str:
    """Return what a file says of itself: its name, what changes in words, and a remark."""
    words = "\n".join(f"- {change.text}" for change in draft.changes)
    text = "\n\n".join(part for part in (name.replace("_", " "), words, remark) if part)
    return text.replace("\\", "\\\\").replace('"', "'")


def _body(text: str) -> str:
    """Return the statements of a function, indented, without what Alembic says in comments."""
    lines = [line for line in text.splitlines() if not line.strip().startswith("# ###")]
    return indent(formatted(dedent("    " + "\n".join(lines).strip())), INDENT).strip()


def _write_missing(path: Path, text: str) -> bool:
    if path.exists():
        return False
    try:
        write_whole(path, text)
    except OSError as error:
        raise AccessError(f"{path} cannot be written: {error.strerror}", hint=f"ls -ld {path.parent}") from error
    return True


def _write_alembic_table(config: Config) -> Sequence[str]:
    """Add `[tool.alembic]` at the end of pyproject.toml, unless an Alembic configuration is there."""
    import tomllib

    path = config.pyproject
    if path is None or config.alembic_ini is not None:
        return ()
    text = path.read_text(encoding="utf-8")
    if "alembic" in tomllib.loads(text).get("tool", {}):
        return ()
    write_whole(path, text.rstrip("\n") + "\n" + project.alembic_table(config.relative(config.migrations)))
    return ("pyproject.toml [tool.alembic]",)
