"""Database URLs: every form that people write, the one that each becomes, and what is said of a malformed one."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtool.config import Location
from dbtool.database.url import ACCEPTED, Url, parse
from dbtool.errors import UrlError

BASE = Path("/srv/app")
SECRET = "s3cr3t/@:?#% päss"
QUOTED = "s3cr3t%2F%40%3A%3F%23%25%20p%C3%A4ss"
LIKE = f"write it like {ACCEPTED}"
KINDS = f"one of file, mariadb, mysql, postgres, postgresql, sqlite; for example {ACCEPTED}"


def at(text: str) -> Location:
    return Location(text, "test", BASE)


def postgres(**parts: object) -> Url:
    return Url("postgres", "shop", **{"user": "ann", "password": "pw", "host": "db", **parts})  # type: ignore[arg-type]


SQLITE = {
    "relative": ("sqlite:///dev.db", "/srv/app/dev.db"),
    "relative in a folder": ("sqlite:///data/dev.db", "/srv/app/data/dev.db"),
    "relative upwards": ("sqlite:///../dev.db", "/srv/app/../dev.db"),
    "absolute": ("sqlite:////var/lib/dev.db", "/var/lib/dev.db"),
    "async driver": ("sqlite+aiosqlite:///dev.db", "/srv/app/dev.db"),
    "named driver": ("sqlite+pysqlite:////var/dev.db", "/var/dev.db"),
    "upper case scheme": ("SQLITE:///dev.db", "/srv/app/dev.db"),
    "surrounding spaces": ("  sqlite:///dev.db\n", "/srv/app/dev.db"),
    "percent-encoded": ("sqlite:///my%20data/100%25.db", "/srv/app/my data/100%.db"),
    "file relative": ("file:./x.db", "/srv/app/x.db"),
    "file bare": ("file:x.db", "/srv/app/x.db"),
    "file absolute": ("file:/var/x.db", "/var/x.db"),
    "file absolute with an empty host": ("file:///var/x.db", "/var/x.db"),
    "memory": ("sqlite:///:memory:", ":memory:"),
    "memory by no name": ("sqlite://", ":memory:"),
}


@pytest.mark.parametrize(("text", "path"), SQLITE.values(), ids=SQLITE)
def test_a_sqlite_url_names_a_file_relative_to_where_it_was_written(text: str, path: str) -> None:
    assert parse(at(text)) == Url("sqlite", path)


SERVERS = {
    "postgres": ("postgres://ann:pw@db/shop", postgres()),
    "postgresql": ("postgresql://ann:pw@db/shop", postgres()),
    "psycopg": ("postgresql+psycopg://ann:pw@db/shop", postgres()),
    "asyncpg": ("postgresql+asyncpg://ann:pw@db/shop", postgres()),
    "port": ("postgres://ann:pw@db:6543/shop", postgres(port=6543)),
    "query": (
        "postgres://ann:pw@db/shop?sslmode=require&schema=a%20b&empty=",
        postgres(query={"sslmode": "require", "schema": "a b", "empty": ""}),
    ),
    "socket": ("postgres:///shop?host=/run/pg", Url("postgres", "shop", query={"host": "/run/pg"})),
    "IPv6": ("postgres://ann:pw@[::1]:5432/shop", postgres(host="::1", port=5432)),
    "encoded password": (f"postgres://ann:{QUOTED}@db/shop", postgres(password=SECRET)),
    "encoded user": ("postgres://a%40b:pw@db/shop", postgres(user="a@b")),
    "encoded database": ("postgres://ann:pw@db/my%20shop%25", Url("postgres", "my shop%", "ann", "pw", "db")),
    "empty password": ("postgres://ann:@db/shop", postgres(password="")),
    "no password": ("postgres://ann@db/shop", postgres(password=None)),
    "no user": ("postgres://db/shop", postgres(user=None, password=None)),
    "mysql": ("mysql://ann:pw@db/shop", Url("mysql", "shop", "ann", "pw", "db")),
    "mariadb": ("mariadb://ann:pw@db:3307/shop", Url("mysql", "shop", "ann", "pw", "db", 3307)),
    "aiomysql": ("mariadb+aiomysql://ann:pw@db/shop", Url("mysql", "shop", "ann", "pw", "db")),
    "asyncmy": ("mysql+asyncmy://ann:pw@db/shop", Url("mysql", "shop", "ann", "pw", "db")),
}


@pytest.mark.parametrize(("text", "url"), SERVERS.values(), ids=SERVERS)
def test_a_server_url_is_taken_apart_and_unquoted(text: str, url: Url) -> None:
    assert parse(at(text)) == url


SAFE = {
    "file": ("sqlite:///dev.db", "sqlite:////srv/app/dev.db"),
    "memory": ("sqlite://", "sqlite:///:memory:"),
    "password": (f"postgresql+asyncpg://ann:{QUOTED}@db:6543/shop", "postgresql://ann:***@db:6543/shop"),
    "empty password": ("postgres://ann:@db/shop", "postgresql://ann:***@db/shop"),
    "no password": ("mysql://ann@db/shop", "mariadb://ann@db/shop"),
    "no user": ("mysql://db/shop", "mariadb://db/shop"),
    "password alone": (f"mysql://:{QUOTED}@db/shop", "mariadb://:***@db/shop"),
    "IPv6": ("postgres://ann:pw@[::1]:5432/shop", "postgresql://ann:***@[::1]:5432/shop"),
    "query": (
        f"postgres://db/shop?password={QUOTED}&sslpassword={QUOTED}&passwd={QUOTED}&sslmode=require",
        "postgresql://db/shop?password=***&sslpassword=***&passwd=***&sslmode=require",
    ),
    "quoted again": ("postgres://a%40b@db/my%20shop%25", "postgresql://a%40b@db/my%20shop%25"),
}


@pytest.mark.parametrize(("text", "safe"), SAFE.values(), ids=SAFE)
def test_the_url_that_is_shown_has_no_password_and_names_the_same_database(text: str, safe: str) -> None:
    url = parse(at(text))

    assert url.safe == safe
    assert parse(at(safe)).database == url.database


@pytest.mark.parametrize(
    "text",
    [f"postgres://ann:{QUOTED}@db/shop", f"mysql://db/shop?password={QUOTED}", f"postgres://db/x?sslpassword={QUOTED}"],
    ids=["password", "in the query", "of a key"],
)
def test_the_representation_of_a_url_shows_no_password(text: str) -> None:
    shown = repr(parse(at(text)))

    assert "s3cr3t" not in shown


MALFORMED = {
    "empty": ("", "the database URL is malformed: it has no scheme such as sqlite: (test)", LIKE),
    "a path": ("dev.db", "the database URL is malformed: it has no scheme such as sqlite: (test)", LIKE),
    "a scheme alone": ("postgres:", "the database URL is malformed: it has no scheme such as sqlite: (test)", LIKE),
    "two slashes": (
        "sqlite://dev.db",
        "the database URL is malformed: SQLite takes three slashes, or four before an absolute path (test)",
        LIKE,
    ),
    "file with a host": (
        "file://dev.db",
        "the database URL is malformed: a file: URL names no host, as in file:./dev.db (test)",
        LIKE,
    ),
    "unknown kind": ("oracle://ann:pw@db/shop", "`oracle` is no kind of database that dbtool knows (test)", KINDS),
    "no host": ("postgres:shop", "the database URL is malformed: it names no host (test)", LIKE),
    "no database": ("postgres://ann:pw@db", "the database URL is malformed: it names no database (test)", LIKE),
    "no database but a slash": ("mysql://db/", "the database URL is malformed: it names no database (test)", LIKE),
    "port is no number": (
        "postgres://ann:pw@db:54x2/shop",
        "the database URL is malformed: its port is no number from 0 to 65535,"
        " or its password holds one of / ? # that is not percent-encoded (test)",
        LIKE,
    ),
    "port too large": (
        "postgres://ann:pw@db:99999/shop",
        "the database URL is malformed: its port is no number from 0 to 65535,"
        " or its password holds one of / ? # that is not percent-encoded (test)",
        LIKE,
    ),
    "broken IPv6": ("postgres://ann@[::1/shop", "the database URL is malformed: its host cannot be read (test)", LIKE),
}


@pytest.mark.parametrize(("text", "message", "hint"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_url_is_refused_with_what_is_wrong_and_an_example(text: str, message: str, hint: str) -> None:
    with pytest.raises(UrlError) as error:
        parse(at(text))

    assert (error.value.message, error.value.hint) == (message, hint)


@pytest.mark.parametrize(
    "text",
    [
        "postgres://ann:s3cr3t/x@db/shop",
        "postgres://ann:12345/s3cr3t@db/shop",
        "postgres://ann:s3cr3t?x@db/shop",
        "postgres://ann:s3cr3t#x@db/shop",
        "postgres://ann:s3cr3t@[db/shop",
        "postgres://ann:s3cr3t@db:port/shop",
        "postgres://ann:s3cr3t@db",
        "postgers://ann:s3cr3t@db/shop",
        "ann-s3cr3t:s3cr3t@db/shop",
        "s3cr3t@db:5432/shop",
    ],
)
def test_no_error_shows_the_password(text: str) -> None:
    with pytest.raises(UrlError) as error:
        parse(at(text))

    assert "s3cr3t" not in f"{error.value.message} {error.value.hint} {error.value.problems}"
