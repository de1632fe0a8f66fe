"""`init`: a new project that works, or the settings of one that is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dbtool
from dbtool import config as configs
from dbtool import database as databases
from dbtool.codegen import starter
from dbtool.config import Config
from dbtool.conversation import Note, Tell, silent
from dbtool.errors import DbtoolError, UsageError
from dbtool.reports import InitReport, Revision
from dbtool.texts import write_whole

_NOT_OURS = {"node_modules", "site-packages", "venv", "env", "build", "dist", "tests", "test", "migrations", "alembic"}
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*)?")
_DEEPEST = 6  # folders below the project in which models are looked for


def init(
    folder: Path | str | None = None, *, models: str | None = None, sample: bool = False, tell: Tell = silent
) -> InitReport:
    """Let dbtool know a project; `folder` is made where it is missing, and is the working directory by default.

    An empty folder becomes a project that works: models, a first migration, seeds, and a database where the environment
    names none. `sample` takes the language-learning backend instead. Where an application is, only its configuration is
    written, and nothing that is there is changed but for lines at the end of pyproject.toml and .gitignore. `models` is
    the module that defines the tables; without it the one that does is found. Raises UsageError where dbtool knows the
    project already, or where the models are not to be found, or in more than one module, and SettingError.
    """
    root = configs.folder_named(folder)
    work = _Init(root, tell)
    work.refuse_known()
    existing = work.holds_an_application()
    if sample and existing:
        raise UsageError(
            f"{root} is not empty, and the sample is a whole project", hint="dbtool init --sample learning"
        )
    root.mkdir(parents=True, exist_ok=True)
    module = work.found_models(models) if existing else models or "app.models"
    if not existing and module is not None:
        work.write_application(module, sample=sample)
    work.write_settings(module)
    config = configs.load_config(project=root)
    begun = not existing and config.sources["url"] == "default"  # else somebody's database is named already
    if begun:
        work.begin(config)
    return InitReport(
        root=str(root),
        existing=existing,
        models=module,
        written=tuple(work.written),
        revision=work.revision,
        seeded=work.seeded,
        next=tuple(_next(config, begun=begun)),
    )


@dataclass(slots=True)
class _Init:
    """One project on its way."""

    root: Path
    tell: Tell
    written: list[str] = field(default_factory=list)
    revision: Revision | None = None
    seeded: int = 0

    def refuse_known(self) -> None:
        """Raise UsageError where `[tool.dbtool]` is there."""
        if "dbtool" in self._pyproject().get("tool", {}):
            raise UsageError(f"dbtool knows {self.root} already, by its pyproject.toml", hint="dbtool status")

    def holds_an_application(self) -> bool:
        """Whether there is anything that somebody works on."""
        if not self.root.is_dir():
            return False
        named = ("pyproject.toml", "setup.py", "requirements.txt", "alembic.ini")
        return any((self.root / name).exists() for name in named) or next(_sources(self.root), None) is not None

    def found_models(self, said: str | None) -> str | None:
        """Return the module that defines tables. Raises UsageError."""
        if said is not None:
            if not _MODULE.fullmatch(said):
                raise UsageError(f"`{said}` is no name of a module", hint="--models app.models")
            return said
        found = sorted({module for path in _sources(self.root) if (module := _module_of(self.root, path))})
        if len(found) > 1:
            shared = [name for name in found if all(each == name or each.startswith(f"{name}.") for each in found)]
            found = shared or found
        if not found and ((self.root / "alembic.ini").exists() or "alembic" in self._pyproject().get("tool", {})):
            return None  # env.py knows them
        if len(found) != 1:
            what = "no module with SQLModel tables was" if not found else f"{len(found)} modules with tables were"
            raise UsageError(
                f"{what} found in {self.root}",
                hint=f"dbtool init --models {found[0] if found else 'app.models'}   (a module that imports them all)",
                problems=found[:10],
            )
        return found[0]

    def write_application(self, module: str, *, sample: bool) -> None:
        """Write models, seeds and pyproject.toml of a new project."""
        self._write("pyproject.toml", starter.PYPROJECT.format(name=_project_name(self.root)))
        *packages, name = module.partition(":")[0].split(".")
        folder = Path(*packages)
        for depth in range(1, len(packages) + 1):
            self._write(str(Path(*packages[:depth]) / "__init__.py"), "")
        text = (Path(dbtool.__file__).parent / "models.py").read_text(encoding="utf-8") if sample else starter.MODELS
        self._write(str(folder / f"{name}.py"), text)
        seeds = _sample_seeds() if sample else {"blog.yaml": starter.SEEDS}
        for file, content in seeds.items():
            self._write(f"seed_data/{file}", content)

    def write_settings(self, module: str | None) -> None:
        """Write what dbtool needs to know, at the end of what is there."""
        self._append("pyproject.toml", starter.table(module), apart=True)
        if not (self.root / ".env.example").exists():
            self._write(".env.example", starter.ENVIRONMENT)
        path = self.root / ".gitignore"
        there = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        missing = [line for line in starter.IGNORED if line not in there]
        if missing:
            self._append(".gitignore", "\n".join(missing) + "\n", apart=False)

    def begin(self, config: Config) -> None:
        """Write the first migration, make the database, and seed it."""
        self.tell(Note(f"making {databases.of(config).name}"))
        migrated = dbtool.migrate(config, name="init", tell=self.tell)
        self.revision = migrated.revision
        self.written += [*migrated.created, *([config.relative(Path(self.revision.path))] if self.revision else [])]
        self.seeded = sum(each.inserted for each in dbtool.seed(config, tell=self.tell).tables)

    def _pyproject(self) -> dict[str, Any]:
        return configs.read_toml(self.root / "pyproject.toml")

    def _write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
        self.written.append(name)

    def _append(self, name: str, text: str, *, apart: bool) -> None:
        path = self.root / name
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        gap = "\n" if apart and before else ""
        write_whole(path, f"{before.rstrip(chr(10))}{chr(10) if before else ''}{gap}{text}")
        if name not in self.written:
            self.written.append(name)


def _sources(root: Path) -> Iterator[Path]:
    """Yield the Python files of an application, without tests, migrations and what is installed."""
    stack = [(root, 0)]
    while stack:
        folder, depth = stack.pop()
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.is_symlink():
                continue
            if path.is_dir() and depth < _DEEPEST and path.name not in _NOT_OURS and not (path / "pyvenv.cfg").exists():
                stack.append((path, depth + 1))
            elif path.suffix == ".py" and path.name not in ("conftest.py", "setup.py"):
                yield path


def _module_of(root: Path, path: Path) -> str | None:
    """Return the module of a file that defines a table of SQLModel; None where it defines none."""
    with suppress(SyntaxError, ValueError, OSError):
        tree = ast.parse(path.read_bytes())
        tables = (
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            and any(each.arg == "table" and getattr(each.value, "value", None) is True for each in node.keywords)
        )
        if next(tables, None) is not None:
            parts = path.relative_to(root).with_suffix("").parts
            parts = parts[1:] if parts[0] == "src" else parts
            return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return None


def _project_name(root: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-") or "app"


def _sample_seeds() -> dict[str, str]:
    """Return the seeds of the sample: the wheel carries them, a checkout has them beside the package."""
    beside = Path(dbtool.__file__).parent.parent
    for folder in (beside / "dbtool_sample", beside / "seed_data"):
        found = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}
        if found:
            return found
    raise UsageError(
        "the sample is not part of this installation", hint="pip install --force-reinstall sqlmodel-dbtool"
    )


def _next(config: Config, *, begun: bool) -> Iterator[tuple[str, str]]:
    """Yield what to type now, by what there is."""
    if begun:
        yield "dbtool show", "what the database holds"
        yield "dbtool studio", "browse and edit it in a browser"
        yield "dbtool migrate --name what_changed", "after a change of the models"
        return
    with suppress(DbtoolError):
        database = databases.of(config)
        with database.reading() as connection:
            tables = database.table_names(connection)
        if config.version_table in tables:
            yield "dbtool status", "where the database stands"
            yield "dbtool check", "whether models, files and database fit"
            yield "dbtool baseline", "begin to keep when each migration ran"
            return
        if tables:
            yield "dbtool baseline", "the first migration is what the database is"
            yield "dbtool migrate --name what_changed", "what the models have beyond it"
            yield "dbtool studio", "browse and edit it in a browser"
            return
    yield "cp .env.example .env", "and name your database in it"
    yield "dbtool migrate --name init", "the first migration, proven and applied"
    yield "dbtool studio", "browse and edit it in a browser"
