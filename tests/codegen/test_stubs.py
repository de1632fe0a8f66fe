"""The stub of a module of models: what it says, and that three type checkers understand statements by it."""

import ast
import importlib
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import checkers
import pytest
from projects import REPOSITORY
from sqlalchemy import MetaData

import dbtool
from dbtool.codegen import stubs
from dbtool.engine import schema

HERE = Path(__file__).parent
KINDS = sorted(path.stem for path in (HERE / "kinds").glob("[!_]*"))


def written(module: ModuleType, metadata: MetaData) -> str:
    assert module.__file__
    return stubs.stub(Path(module.__file__).read_text(encoding="utf-8"), module, metadata)


@cache
def sample_files() -> dict[str, str]:
    """The sample as `app.models`, its stub, and statements on it."""
    metadata = schema.load(dbtool.load_config(project=REPOSITORY, url="sqlite://"))
    (module,) = stubs.modules(metadata)
    statements = {f"{name}.py": (HERE / "statements" / f"{name}.py").read_text("utf-8") for name in ("right", "wrong")}
    source = (REPOSITORY / "dbtool" / "models.py").read_text("utf-8")
    return {"app/__init__.py": "", "app/models.py": source, "app/models.pyi": written(module, metadata), **statements}


@cache
def kinds_files() -> dict[str, str]:
    """Models of every kind with their stubs, and statements on them."""
    files = checkers.texts(HERE / "kinds", "*.py", at="kinds/")
    for name in KINDS:
        kind = importlib.import_module(f"codegen.kinds.{name}")
        for module in stubs.modules(kind.Base.metadata):
            path = module.__name__.removeprefix("codegen.").replace(".", "/")
            files[f"{path}.pyi"] = written(module, kind.Base.metadata)
    for name in ("right", "wrong"):
        files[f"{name}.py"] = (HERE / "statements" / f"kinds_{name}.py").read_text("utf-8")
    return files


def in_folder(files: dict[str, str], folder: Path) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def marked(name: str) -> int:
    text = (HERE / "statements" / name).read_text("utf-8")
    return sum(bool(checkers.MARK.search(line)) for line in text.splitlines())


def uses(name: str) -> int:
    """How many statements of a file say something of a model."""
    tree = ast.parse((HERE / "statements" / name).read_text("utf-8"))
    bodies = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and not getattr(node, "body", None)]
    return sum(not isinstance(node, (ast.Import, ast.ImportFrom)) for node in bodies)


@pytest.mark.parametrize("checker", checkers.CHECKERS)
def test_right_statements_on_the_sample_are_accepted_and_wrong_ones_refused(checker: str) -> None:
    found = checkers.mistakes(checker, sample_files())

    assert found == []
    assert uses("right.py") >= 60
    assert marked("wrong.py") >= 30


@pytest.mark.parametrize("checker", checkers.CHECKERS)
def test_right_statements_on_models_of_every_kind_are_accepted_and_wrong_ones_refused(checker: str) -> None:
    found = checkers.mistakes(checker, kinds_files())

    assert found == []


def test_without_the_stub_most_of_it_is_refused() -> None:
    """So that the statements are known to need it."""
    files = {path: text for path, text in sample_files().items() if path != "app/models.pyi"}

    found = checkers.check("ty", files)

    assert len(found["right.py"]) > 30


@pytest.mark.parametrize("files", [sample_files, kinds_files], ids=["sample", "kinds"])
def test_the_right_statements_run(files: object, tmp_path: Path) -> None:
    assert callable(files)
    in_folder(files(), tmp_path)

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "right.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("files", [sample_files, kinds_files], ids=["sample", "kinds"])
def test_a_stub_is_formatted_and_clean_as_ruff_sees_it(files: object, tmp_path: Path) -> None:
    assert callable(files)
    stubs_only = {path: text for path, text in files().items() if path.endswith(".pyi")}
    in_folder(stubs_only, tmp_path)
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)

    unformatted = ruff("format", "--diff", ".", folder=tmp_path)
    complaints = ruff("check", "--output-format", "concise", "--ignore", "N801", ".", folder=tmp_path)

    assert (unformatted, complaints) == ("", "All checks passed!\n")


def ruff(*arguments: str, folder: Path) -> str:
    command = [checkers.program("ruff"), *arguments, "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_a_model_of_the_sample_takes_no_more_than_fifteen_lines() -> None:
    text = sample_files()["app/models.pyi"]
    models = text[text.index("class User(") :]

    assert len(models.splitlines()) <= 15 * 10


def test_the_same_module_gives_the_same_stub() -> None:
    metadata = schema.load(dbtool.load_config(project=REPOSITORY, url="sqlite://"))
    (module,) = stubs.modules(metadata)

    assert written(module, metadata) == sample_files()["app/models.pyi"]


def test_the_modules_of_a_package_are_those_that_define_tables() -> None:
    from codegen.kinds import library

    names = [module.__name__ for module in stubs.modules(library.Base.metadata)]

    assert names == ["codegen.kinds.library.authors", "codegen.kinds.library.books"]


@pytest.mark.parametrize("name", ["heroes", "scalars", "behaviour", "library.books"])
def test_every_public_name_of_a_module_is_in_its_stub(name: str) -> None:
    module = importlib.import_module(f"codegen.kinds.{name}")

    text = kinds_files()[f"kinds/{name.replace('.', '/')}.pyi"]
    used_only = {"TYPE_CHECKING", "Optional", "asyncio", "secrets", "select", "uuid", "EnumType"}
    public = {each for each in vars(module) if not each.startswith("_")} - used_only
    if hasattr(module, "__all__"):
        public = set(module.__all__)

    assert public - set(bound(text)) == set()


def bound(text: str) -> Iterator[str]:
    """Yield what a stub binds at its top."""
    for node in ast.parse(text).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            yield from (each.id for each in ast.walk(node) if isinstance(each, ast.Name))


def stub_of(source: str, folder: Path, name: str) -> str:
    """The stub of a module written for one test, without its first lines."""
    path = folder / f"{name}.py"
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    text = written(module, MetaData())
    return text[text.index("\n\n") + 2 :]


ODDITIES = {
    "an async generator is no coroutine": (
        "from collections.abc import AsyncIterator\n\n\nasync def each(n=3) -> AsyncIterator[int]:\n    yield n\n",
        "def each(n: int = 3) -> AsyncIterator[int]: ...\n",
    ),
    "what is unknown is Any": (
        "def some(x, *y, z=None):\n    return x\n",
        "def some(x: Any, *y: Any, z: Any = None) -> Any: ...\n",
    ),
    "names that a compound statement binds": (
        'for letter in "ab":\n    LAST = letter\nif (n := 3) > 2:\n    BIG = True\nelse:\n    BIG = False\n',
        "letter: str\n",
    ),
    "an attribute set in a constructor": (
        "class Plain:\n    def __init__(self, name: str) -> None:\n        self.name = name\n        self.size = 3\n",
        "    name: str\n    size: int\n",
    ),
    "no main program": ('X = 1\nif __name__ == "__main__":\n    Y = 2\nZ = 3\n', "X: int\nZ: int\n"),
    "a type alias": (
        'from typing import Dict, Optional\n\nNames = Dict[str, Optional["int"]]\n',
        "Names = dict[str, int | None]\n",
    ),
    "an unpacked assignment": ("A, (B, *C) = 1, ('x', 2.0)\n", "A: int\nB: str\nC: list[float]\n"),
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_odd_syntax_is_kept(oddity: str, tmp_path: Path) -> None:
    source, expected = ODDITIES[oddity]

    text = stub_of(source, tmp_path, oddity.replace(" ", "_"))

    assert expected in text
