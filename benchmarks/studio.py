"""Studio beside sqlite-web, datasette, sqladmin and starlette-admin: pages of 5,000,000 rows in SQLite, and start-up.

Every server is a process of its own, asked over HTTP by one client, in turn, so that noise falls on all alike. Each
shows 100 rows the way its own page asks for them; what only loads more slowly in a browser is not counted.
"""

from __future__ import annotations

import json
import os
import random
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROWS = int(os.environ.get("BENCH_ROWS", "5000000"))
RUNS = 5
PAGE = 100  # rows that every browser is asked for
CHUNK = 200  # rows that studio itself asks for at once
PATIENCE = 120.0  # seconds for one answer; what takes longer is told as that
CACHE = Path(".bench")
MODELS = '''\
"""One large table."""

from sqlmodel import Field, SQLModel


class Attempt(SQLModel, table=True):
    """Somebody's attempt."""

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(index=True)
    score: float | None = Field(default=None, index=True)
    status: str = Field(max_length=20)
    feedback: str | None = Field(default=None, max_length=200)
    recorded_at: str = Field(max_length=30)
'''
PYPROJECT = '[tool.dbtool]\nmodels = "bench_models"\nurl = "sqlite:///bench.db"\n'
BARE = """\
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("hello"))])
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""
ADMIN = """\
import sys, uvicorn
from starlette.applications import Starlette
from sqlalchemy import create_engine
from bench_models import Attempt
engine = create_engine("sqlite:///bench.db")
app = Starlette()
{body}
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""
SQLADMIN_BODY = """\
from sqladmin import Admin, ModelView
from sqladmin.filters import OperationColumnFilter
class AttemptAdmin(ModelView, model=Attempt):
    column_list = "__all__"
    column_sortable_list = [Attempt.id, Attempt.score]
    column_filters = [OperationColumnFilter(Attempt.user_id)]
    page_size = 100
    page_size_options = [100]
Admin(app, engine).add_view(AttemptAdmin)
"""
STARLETTE_ADMIN_BODY = """\
from starlette_admin import FloatField
from starlette_admin.contrib.sqla import Admin, ModelView
class AttemptView(ModelView):
    fields = ["id", "user_id", FloatField("score"), "status", "feedback", "recorded_at"]
    page_size = 100
    page_size_options = [100]
admin = Admin(engine)
admin.add_view(AttemptView(Attempt))
admin.mount_to(app)
"""


@dataclass(frozen=True)
class Peer:
    """A server to compare with: how it starts, and the requests that each task takes."""

    name: str
    command: Callable[[Path, int], list[str]]
    tasks: Mapping[str, tuple[str, dict[str, object] | None]]
    ready: str = "/"


TASKS = ("first page", "last page", "indexed sort", "filter", "count")


def main() -> None:
    """Make the data, time start-up, then time the pages."""
    CACHE.mkdir(exist_ok=True)
    python = peers_python()
    data = made(CACHE.resolve())
    with TemporaryDirectory() as folder:
        place = Path(folder)
        for name, text in {"bench_models.py": MODELS, "pyproject.toml": PYPROJECT, "bare.py": BARE}.items():
            (place / name).write_text(text)
        (place / "sqladmin_app.py").write_text(ADMIN.format(body=SQLADMIN_BODY))
        (place / "starlette_admin_app.py").write_text(ADMIN.format(body=STARLETTE_ADMIN_BODY))
        (place / "bench.db").symlink_to(data)
        start_up(place)
        depth(place)
        pages(place, python)


def peers_python() -> str:
    """Return the Python of an environment that holds the other browsers; made once."""
    python = CACHE / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", CACHE / "venv"], check=True)
        packages = ["sqlite-web", "datasette", "sqladmin", "starlette-admin", "sqlmodel", "uvicorn", "greenlet"]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return str(python.absolute())


def made(folder: Path) -> Path:
    """Return a database of so many rows; made once."""
    path = folder / f"attempts-{ROWS}.db"
    if path.exists():
        return path
    print(f"making {ROWS:,} rows once, in {path}")
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    chance = random.Random(1)
    connection = sqlite3.connect(unfinished)
    connection.executescript(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
        "CREATE TABLE attempt (id INTEGER NOT NULL PRIMARY KEY, user_id INTEGER NOT NULL, score FLOAT,"
        " status VARCHAR(20) NOT NULL, feedback VARCHAR(200), recorded_at VARCHAR(30) NOT NULL);"
    )
    connection.executemany("INSERT INTO attempt VALUES (?, ?, ?, ?, ?, ?)", (row(chance, id) for id in range(ROWS)))
    connection.executescript(
        "CREATE INDEX ix_attempt_user_id ON attempt (user_id);"
        "CREATE INDEX ix_attempt_score ON attempt (score); ANALYZE;"
    )
    connection.commit()
    connection.close()
    unfinished.rename(path)
    return path


def row(chance: random.Random, id: int) -> tuple[object, ...]:
    """Return a row as an application would write it."""
    score = round(chance.uniform(0, 100), 1) if chance.random() < 0.9 else None
    status = chance.choice(("not_started", "in_progress", "done"))
    day = f"2025-{id % 12 + 1:02}-{id % 28 + 1:02}T{id % 24:02}:{id % 60:02}:00Z"
    return id + 1, chance.randrange(50_000), score, status, f"feedback number {id}" if id % 3 else None, day


# Pages


def peers(python: str) -> Iterator[Peer]:
    """Yield the servers. The filter is `user_id = 7`; some count with every page."""
    last = ROWS // PAGE
    yield Peer(
        "sqlite-web",
        lambda _, port: [
            str(Path(python).with_name("sqlite_web")),
            "-p",
            str(port),
            "-x",
            "-r",
            "-R",
            str(PAGE),
            "bench.db",
        ],
        {
            "first page": ("/attempt/content/", None),
            "last page": (f"/attempt/content/?page={last}", None),
            "indexed sort": ("/attempt/content/?ordering=3", None),
            "filter": ("/attempt/query/?sql=select+*+from+attempt+where+user_id%3D7+limit+100", None),
            "count": ("/attempt/query/?sql=select+count(*)+from+attempt", None),
        },
    )
    yield Peer(
        "datasette",
        lambda _, port: [
            python, "-m", "datasette", "bench.db", "-p", str(port), "--setting", "sql_time_limit_ms", "60000",
            "--setting", "facet_time_limit_ms", "60000", "--setting", "default_page_size", str(PAGE),
        ],
        {
            "first page": ("/bench/attempt.json?_nofacet=1", None),
            "last page": (f"/bench/attempt.json?_nofacet=1&_next={ROWS - PAGE}", None),
            "indexed sort": ("/bench/attempt.json?_nofacet=1&_sort=score", None),
            "filter": ("/bench/attempt.json?_nofacet=1&user_id=7", None),
            "count": ("/bench.json?sql=select+count(*)+from+attempt", None),
        },
    )  # fmt: skip
    yield Peer(
        "sqladmin",
        lambda _, port: [python, "sqladmin_app.py", str(port)],
        {
            "first page": (f"/admin/attempt/list?pageSize={PAGE}", None),
            "last page": (f"/admin/attempt/list?pageSize={PAGE}&page={last}", None),
            "indexed sort": (f"/admin/attempt/list?pageSize={PAGE}&sortBy=score&sort=asc", None),
            "filter": (f"/admin/attempt/list?pageSize={PAGE}&user_id=7&user_id_op=equals", None),
            "count": (f"/admin/attempt/list?pageSize={PAGE}", None),
        },
    )
    yield Peer(
        "starlette-admin",
        lambda _, port: [python, "starlette_admin_app.py", str(port)],
        {
            "first page": ("/admin/attempt/list", None),
            "last page": (f"/admin/attempt/list?page={last}", None),
            "indexed sort": ("/admin/attempt/list?sort=score__asc", None),
            "filter": ("/admin/attempt/list?filter=user_id__eq%3D7", None),
            "count": ("/admin/attempt/list", None),
        },
        "/admin/",
    )


def rows_request(**more: object) -> tuple[str, dict[str, object]]:
    """Return a request for a page of studio."""
    return "/api/rows", {"table": "attempt", "limit": PAGE, "at": {"start": True}, **more}


STUDIO = {
    "first page": rows_request(),
    "last page": rows_request(at={"end": True}),
    "indexed sort": rows_request(sort=[{"column": "score", "descending": False}]),
    "filter": rows_request(filters=[{"column": "user_id", "operator": "eq", "values": ["7"]}]),
    "count": ("/api/count", {"table": "attempt", "filters": [], "search": ""}),
}


def pages(place: Path, python: str) -> None:
    """Ask everybody for everything, in turn, and print medians in milliseconds."""
    print(f"\npages of {PAGE} rows of {ROWS:,}, milliseconds over HTTP, median of {RUNS} in turn")
    columns: dict[str, dict[str, str]] = {}
    with studio(place) as (base, token):
        columns["studio"] = {task: told(lambda task=task: ask(base, *STUDIO[task], token)) for task in TASKS}  # type: ignore[misc]
    for peer in peers(python):
        with server(peer.command, place, peer.ready) as base:
            columns[peer.name] = {task: told(lambda: ask(base, *peer.tasks[task])) for task in TASKS}  # noqa: B023
    print(f"{'':<16}" + "".join(f"{task:>16}" for task in TASKS))
    for name, figures in columns.items():
        print(f"{name:<16}" + "".join(f"{figures[task]:>16}" for task in TASKS))


def told(act: Callable[[], float]) -> str:
    """Time a request some times after one to warm up; once is enough for what is very slow."""
    try:
        first = act()
        return f"{statistics.median([act() for _ in range(RUNS)] if first < 5 else [first]) * 1000:,.1f}"
    except (TimeoutError, urllib.error.URLError) as error:
        return f"({getattr(error, 'code', 'time-out')})"


def depth(place: Path) -> None:
    """Compare pages at all depths with the bare keyset query: the page itself, and a whole request without HTTP."""
    import dbtool
    from dbtool.rows import keyset
    from dbtool.studio import looking, messages
    from dbtool.studio.asked import criteria_of, place_of, sheet_of
    from dbtool.studio.library import Library

    library = Library(dbtool.load_config(project=place), read_only=True)
    library.prepare()
    call = library.call()
    print(f"\n{f'{CHUNK} rows at a depth of':<28}{'bare query':>12}{'page':>12}{'ratio':>8}{'whole request':>16}")
    for sort, column in (([], "id"), ([{"column": "score", "descending": False}], "score")):
        for part in (0, 0.25, 0.5, 0.75, 0.9, 0.999):
            row = messages.Rows.model_validate(asked(sort, {"key": json.dumps([str(int(ROWS * part) + 1)])}))
            first = looking.rows(call, row)
            wanted = messages.Rows.model_validate(asked(sort, {"after": first["after"]}))
            sheet, zone = sheet_of(call, wanted), library.config.zone
            with call.connect() as connection:
                driver = connection.connection.driver_connection
                last = first["rows"][-1]["cells"]
                sql, values = bare_query(column, last[0], last[2])
                criteria, at = criteria_of(wanted), place_of(wanted.at)
                floor, page = alternately(
                    lambda: driver.execute(sql, values).fetchall(),  # type: ignore[union-attr] # noqa: B023
                    lambda: keyset.page(connection, sheet, criteria, at, zone=zone, limit=CHUNK),  # noqa: B023
                )
            (whole,) = alternately(lambda: looking.rows(call, wanted))  # noqa: B023
            print(
                f"{f'{part:.1%} by {column}':<28}{floor:>9.2f} ms{page:>9.2f} ms{page / floor:>8.2f}{whole:>13.2f} ms"
            )
    library.close()


def asked(sort: list[dict[str, object]], at: dict[str, object]) -> dict[str, object]:
    """Return the body of a request for the rows that the page itself asks for at once."""
    return {"table": "attempt", "filters": [], "search": "", "sort": sort, "limit": CHUNK, "at": at}


def bare_query(column: str, id: str, score: str | None) -> tuple[str, tuple[object, ...]]:
    """Return the fastest query for the rows behind one: what any browser could reach at best."""
    if column == "id":
        return f"SELECT * FROM attempt WHERE id > ? ORDER BY id LIMIT {CHUNK}", (int(id),)
    if score is None:
        return f"SELECT * FROM attempt WHERE score IS NULL AND id > ? ORDER BY id LIMIT {CHUNK}", (int(id),)
    sql = f"SELECT * FROM attempt WHERE (score, id) > (?, ?) ORDER BY score, id LIMIT {CHUNK}"
    return sql, (float(score), int(id))


def alternately(*acts: Callable[[], object]) -> list[float]:
    """Return the median milliseconds of some acts, done in turn."""
    times: list[list[float]] = [[] for _ in acts]
    for _ in range(100):
        for act, taken in zip(acts, times, strict=True):
            started = time.perf_counter()
            act()
            taken.append(time.perf_counter() - started)
    return [statistics.median(taken) * 1000 for taken in times]


# Start-up


def start_up(place: Path) -> None:
    """Time a fresh process to its first answer, and to the first rows, against a bare Starlette application."""
    firsts, rows, bares = [], [], []
    for _ in range(RUNS):
        bares.append(until_answer([sys.executable, "bare.py"], place)[0])
        first, then = until_answer([sys.executable, "-m", "dbtool", "studio", "--no-open", "--port"], place, rows=True)
        firsts.append(first)
        rows.append(then)
    bare, first, then = (statistics.median(figures) for figures in (bares, firsts, rows))
    print(f"start-up, median of {RUNS}: a bare Starlette application answers after {bare * 1000:.0f} ms")
    for name, figures, median, goal in (("first response", firsts, first, 2.5), ("first rows", rows, then, 6.0)):
        times = statistics.median(ours / theirs for ours, theirs in zip(figures, bares, strict=True))
        print(f"  studio, {name:<16}{median * 1000:>8.0f} ms   {times:.2f} times (goal {goal})")


def until_answer(command: list[str], place: Path, *, rows: bool = False) -> tuple[float, float]:
    """Return the seconds from the start of a process to its first answer, and to its first rows."""
    port = free_port()
    started = time.perf_counter()
    process = subprocess.Popen([*command, str(port)], cwd=place, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        wait_for(f"http://127.0.0.1:{port}/")
        first = time.perf_counter() - started
        if rows:
            assert process.stdout is not None
            ask(f"http://127.0.0.1:{port}", *STUDIO["first page"], read_token(process.stdout.readline))
        return first, time.perf_counter() - started
    finally:
        process.terminate()
        process.wait()


def read_token(line: Callable[[], str]) -> str:
    """Read what studio prints until the address with its token."""
    while text := line():
        _, found, token = text.partition("#t=")
        if found:
            return token.split()[0].strip('",')
    sys.exit("studio printed no address")


# Servers and requests


@contextmanager
def studio(place: Path) -> Iterator[tuple[str, str]]:
    """Run studio; yield its address and token."""
    port = free_port()
    command = [sys.executable, "-m", "dbtool", "studio", "--no-open", "--port", str(port)]
    process = subprocess.Popen(command, cwd=place, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{port}", read_token(process.stdout.readline)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def server(command: Callable[[Path, int], list[str]], place: Path, ready: str) -> Iterator[str]:
    """Run another server until it answers; yield its address."""
    port = free_port()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command(place, port), cwd=place, env=environment(), stdout=quiet, stderr=quiet)
    try:
        wait_for(f"http://127.0.0.1:{port}{ready}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def environment() -> dict[str, str]:
    """Return the environment of a user: byte code is kept, and no setting leads elsewhere."""
    hidden = ("PYTHONDONTWRITE", "DBTOOL_", "DATABASE_")
    return {key: value for key, value in os.environ.items() if not key.startswith(hidden)}


def wait_for(url: str) -> None:
    """Ask until something answers, whatever it says."""
    for _ in range(6000):
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.005)
    sys.exit(f"{url} never answered")


def ask(base: str, path: str, body: dict[str, object] | None = None, token: str = "") -> float:
    """Return the seconds until the whole answer was read."""
    started = time.perf_counter()
    send(base, path, body, token)
    return time.perf_counter() - started


def send(base: str, path: str, body: dict[str, object] | None, token: str) -> bytes:
    """Send a request as a browser would."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "X-Dbtool-Token": token} if data else {}
    with urllib.request.urlopen(urllib.request.Request(base + path, data, headers), timeout=PATIENCE) as reply:
        found: bytes = reply.read()
        return found


def free_port() -> int:
    """Return a port that nobody holds."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return int(holder.getsockname()[1])
