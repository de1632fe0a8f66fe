"""Which database a client opens, and what it says when it cannot."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from clients import AsyncClient, Client
from sqlalchemy import create_engine, make_url

from dbtool.client import AsyncClientBase, AsyncSelection, AsyncTable, ClientBase, Selection, Table
from dbtool.errors import ConnectError, DatabaseMissingError, DataError, StaleClientError, UrlError
from dbtool.mapped import schema_hash
from dbtool.models import Level

PAIRS = [(Table, AsyncTable), (ClientBase, AsyncClientBase), (Selection, AsyncSelection)]


@pytest.mark.parametrize(("waiting", "awaited"), PAIRS, ids=lambda each: each.__name__)
def test_what_is_awaited_has_the_same_signatures_and_words(waiting: type[Any], awaited: type[Any]) -> None:
    def told(kind: type[Any]) -> dict[str, tuple[str, str | None]]:
        found = {name: each for name, each in vars(kind).items() if inspect.isfunction(each) and name[0] != "_"}
        return {name: (str(inspect.signature(each)), each.__doc__) for name, each in found.items()}

    def plain(kind: type[Any]) -> dict[str, tuple[str, str | None]]:
        return {
            name: (text.replace("Async", "").replace("async_", ""), words) for name, (text, words) in told(kind).items()
        }

    assert plain(awaited) == {
        **told(waiting),
        **{name: plain(waiting)[name] for name in ("tx", "session") if name in told(waiting)},
    }


def test_the_projects_own_database_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.dbtool]\nurl = "sqlite:///own.db"\n')
    (tmp_path / "own.db").touch()
    for name in ("DATABASE_URL", "DBTOOL_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    with Client() as db:
        Level.metadata.create_all(db.engine)

        assert db.query_raw("PRAGMA foreign_keys") == [{"foreign_keys": 1}]
    assert (tmp_path / "own.db").stat().st_size > 0


def test_a_client_takes_an_engine_and_leaves_it_open(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    Level.metadata.create_all(engine)

    with Client(engine=engine) as db:
        made: Any = db
        made.level.create({"slug": "a", "name": "A"})
        with pytest.raises(ZeroDivisionError), made.tx() as tx:
            tx.level.create({"slug": "b", "name": "B"})
            1 / 0  # noqa: B018

    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT slug FROM level").all() == [("a",)]


def test_a_database_in_memory_lives_as_long_as_its_client() -> None:
    with Client("sqlite://") as db:
        made: Any = db
        Level.metadata.create_all(db.engine)
        made.level.create({"slug": "a", "name": "A"})

        assert made.level.count() == 1


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    made: Any = Client(f"sqlite:///{tmp_path / 'none.db'}")

    with pytest.raises(DatabaseMissingError):
        made.level.count()

    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("scheme", ["postgresql", "mariadb"])
def test_a_server_that_does_not_answer_is_named_without_the_password(scheme: str) -> None:
    made: Any = Client(f"{scheme}://me:secret@127.0.0.1:1/none")

    with pytest.raises(ConnectError) as error:
        made.level.count()

    assert "secret" not in f"{error.value.message} {error.value.hint} {made.engine!r}"


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(UrlError):
        Client("nothing://x/y")


def test_a_client_written_for_other_models_is_refused(tmp_path: Path) -> None:
    class Fresh(ClientBase):
        SCHEMA_HASH = schema_hash(Level.metadata)

        def _open(self) -> None:
            self.level: Table[Any, Any, Any, Any, Any, Any, Any, Any, Any, Any, Any] = Table(self, Level)

    class Stale(Fresh):
        SCHEMA_HASH = "0" * 16

    assert Fresh(f"sqlite:///{tmp_path / 'x.db'}").level
    with pytest.raises(StaleClientError) as error:
        Stale(f"sqlite:///{tmp_path / 'x.db'}")
    assert (isinstance(error.value, DataError), error.value.hint) == (True, "dbtool generate")


def test_importing_the_runtime_imports_no_command_line_and_no_asyncio_engine() -> None:
    heavy = ("typer", "rich", "alembic", "yaml", "starlette", "aiosqlite", "sqlalchemy.ext.asyncio", "dbtool.models")
    program = f"import sys, dbtool.client; print([name for name in {heavy!r} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_an_awaited_client_names_the_driver_that_is_missing(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['aiosqlite'] = None\n"
        "from dbtool.client import AsyncClientBase\n"
        "from dbtool.errors import DriverMissingError\n"
        "try: AsyncClientBase('sqlite:///x.db')\n"
        "except DriverMissingError as error: print(error.message, '|', error.hint)\n"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert (
        done.stdout.strip()
        == "this client needs `aiosqlite`, which is not installed | pip install 'sqlmodel-dbtool[async]'"
    )


def test_an_engine_of_a_kind_that_dbtool_does_not_know_is_refused() -> None:
    class Engine:
        url = make_url("oracle://me:secret@127.0.0.1/none")

    engine: Any = Engine()

    with pytest.raises(UrlError) as error:
        Client(engine=engine)

    assert error.value.message == "the engine leads to `oracle`, which dbtool does not know"


def test_a_client_that_is_awaited_opens_the_same_way(tmp_path: Path) -> None:
    assert str(AsyncClient(f"sqlite:///{tmp_path / 'x.db'}").engine.url).startswith("sqlite+aiosqlite")
