"""The shape of the house: imports point down, start-up is light, and only some rooms may do some things."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dbtool
from dbtool import errors

PACKAGE = Path(dbtool.__file__).parent
SAMPLE = ("models.py", "generated")  # what belongs to the sample, and not to the house
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in SAMPLE)

# What each package may import of dbtool; everything may import the vocabulary.
VOCABULARY = {"errors", "reports", "conversation", "config", "tables", "mapped", "values", "texts", "person"}
MAY_IMPORT = {
    "errors": set(),
    "config": {"errors"},
    "reports": set(),
    "conversation": {"errors", "reports"},
    "tables": {"errors"},
    "mapped": {"tables"},
    "values": set(),
    "texts": set(),
    "person": set(),
    "database": VOCABULARY,
    "rows": VOCABULARY | {"database"},
    "seeding": VOCABULARY | {"database", "rows"},
    "codegen": {"errors", "reports", "config", "tables", "mapped", "texts"},
    "client": {"errors", "config", "tables", "mapped", "values", "database"},
    "engine": VOCABULARY | {"database", "codegen"},
    "operations": VOCABULARY | {"database", "engine", "rows", "seeding", "codegen"},
    "studio": VOCABULARY | {"database", "rows", "codegen", "engine"},  # operations only as `dbtool.<name>`
    "testing": VOCABULARY | {"database"},  # operations only as `dbtool.<name>`
    "cli": {"errors", "reports", "conversation", "config", "values"},
    "__main__": {"cli"},
}

# What only some modules may import, by the name of the library.
ONLY = {
    "alembic": {"engine"},
    "mako": {"engine"},
    "typer": {"cli"},
    "rich": {"cli"},
    "psycopg": {"database"},
    "pymysql": {"database"},
    "sqlite3": {"database"},
    "subprocess": {"database", "engine"},
    "yaml": {"seeding"},
    "dotenv": {"config"},
    "starlette": {"studio"},
    "uvicorn": {"studio"},
    "rcssmin": {"studio"},
    "rjsmin": {"studio"},
    "h11": {"studio"},
    "minio": {"studio"},
    "pytest": {"testing"},
}


def imports(path: Path) -> Iterator[str]:
    """Yield every module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "dbtool":
                yield from (f"dbtool.{alias.name}" for alias in node.names if (PACKAGE / alias.name).exists())


def room(path: Path) -> str:
    """Return the package or module of dbtool that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.parent != PACKAGE or path.stem != "__init__"], ids=lambda path: path.stem
)
def test_imports_point_down(path: Path) -> None:
    found = {name.split(".")[1] for name in imports(path) if name.startswith("dbtool.")}

    assert found - MAY_IMPORT[room(path)] - {room(path)} == set()


@pytest.mark.parametrize("library", ONLY)
def test_a_library_is_used_by_its_own_layer_only(library: str) -> None:
    users = {room(path) for path in FILES if any(name.split(".")[0] == library for name in imports(path))}

    assert users <= ONLY[library]


NAMES = ("postgresql", "mysql", "mariadb", "sqlite", "psycopg", "pymysql", "aiomysql", "aiosqlite")
MAY_NAME = {
    "config.py",  # the database of a project that names none, and the same to paste
    "tables.py",  # SQLAlchemy's names of what makes an index partial: it must not load a database
    "codegen/starter.py",  # the .env.example of a new project names each
    "codegen/project.py",  # the env.py of a new project also runs where dbtool is not installed
    "engine/diff/types.py",  # Alembic's name of an option
    "engine/lint/constraints.py",  # what to write instead is for one database, too
    "engine/lint/locks.py",
    "engine/lint/loss.py",
    "engine/lint/rules.py",
    "engine/lint/style.py",
    "engine/lint/text.py",
    "operations/lint.py",  # a rule by its name
    "operations/review.py",  # doctor tells the versions of the drivers
}


def test_only_the_layer_of_databases_names_one() -> None:
    naming = {
        path.relative_to(PACKAGE).as_posix()
        for path in FILES
        if room(path) != "database" and any(name in text for text in constants(path) for name in NAMES)
    }

    assert naming == MAY_NAME


def constants(path: Path) -> Iterator[str]:
    """Yield every text of a file that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


def test_no_module_imports_the_sample_models() -> None:
    users = [path.name for path in FILES if "dbtool.models" in set(imports(path))]

    assert users == []


def test_only_the_command_line_prints_and_only_config_reads_the_environment() -> None:
    printing, environment = set(), set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "input"):
                printing.add(room(path))
            if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "getcwd", "cwd"):
                environment.add(room(path))

    assert (printing, environment) == ({"cli"}, {"config", "database"})


def test_every_function_is_short_enough_to_be_read_at_a_glance() -> None:
    long = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name != "register":
                lines = (node.end_lineno or node.lineno) - node.lineno - signature_and_docstring(node)
                if lines > 40:
                    long.append(f"{path.relative_to(PACKAGE)}:{node.name} {lines}")

    assert long == []


def signature_and_docstring(node: ast.FunctionDef) -> int:
    """Return how many lines of a function say what it is, and not what it does."""
    first = node.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    body = node.body[1] if documented and len(node.body) > 1 else first
    return body.lineno - node.lineno


def test_every_public_name_is_documented_and_found() -> None:
    missing = [name for name in dbtool.__all__ if name not in ("REFUSE", "Tell") and not getattr(dbtool, name).__doc__]

    assert missing == []
    assert set(dbtool.__all__) <= set(dir(dbtool))


def test_the_public_names_are_these() -> None:
    """A snapshot: a name here is a promise."""
    assert sorted(dbtool.__all__) == [
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


def test_every_error_has_a_code_of_its_own() -> None:
    classes = list(subclasses(errors.DbtoolError))
    codes = [each.code for each in classes]

    assert len(codes) == len(set(codes)), sorted(codes)
    for each in classes:
        assert each.exit_code in (1, 2, 130)


def subclasses(base: type[errors.DbtoolError]) -> Iterator[type[errors.DbtoolError]]:
    """Yield every kind of error, wherever it is defined."""
    import dbtool.database.sqlite_rebuild  # noqa: F401  (defines one)

    for each in base.__subclasses__():
        yield each
        yield from subclasses(each)


HEAVY = ("sqlalchemy", "sqlmodel", "alembic", "pydantic", "starlette", "uvicorn", "dbtool.models")


def loaded_by(*arguments: str, folder: Path) -> list[str]:
    """Return the heavy modules that a command imports, as its process ends."""
    program = (
        "import sys, atexit\n"
        f"heavy = {HEAVY!r}\n"
        "atexit.register(lambda: print('LOADED', [name for name in heavy if name in sys.modules], file=sys.stderr))\n"
        f"sys.argv = ['dbtool', *{list(arguments)!r}]\n"
        "from dbtool.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded: list[str] = ast.literal_eval(done.stderr.rpartition("LOADED ")[2].strip())
    return loaded


def test_importing_dbtool_imports_nothing_heavy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, dbtool; print([n for n in sys.modules if n.startswith('dbtool')])"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "['dbtool']"


def test_help_imports_no_sqlalchemy(tmp_path: Path) -> None:
    loaded = loaded_by("--help", folder=tmp_path)

    assert set(loaded) <= {"pydantic"}  # Typer's own


@pytest.mark.parametrize("command", ["status", "deploy"])
def test_status_and_an_empty_deploy_import_nothing_heavy(command: str, sample: object) -> None:
    from projects import Project

    assert isinstance(sample, Project)
    assert sample.run("deploy").code == 0

    loaded = loaded_by(command, folder=sample.root)

    assert loaded == []
