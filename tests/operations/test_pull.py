"""Databases as models: read, imported, compared and made again; and changed models that keep what people wrote."""

from __future__ import annotations

from pathlib import Path

import existing
import pytest
from checkers import check
from projects import Project, at, drop, new_url

import dbtool
from dbtool.database import Database
from dbtool.engine import portrait
from dbtool.errors import TableNotFoundError, UsageError

NOTHING = "[tool.dbtool]\n"
# What each database has beyond tables, which a baseline keeps.
BESIDE = {
    ("shop", "sqlite"): ["view big_orders"],
    ("shop", "postgres"): ["view big_orders"],
    ("shop", "mysql"): ["view big_orders"],
    ("odd", "sqlite"): ["trigger loud", "view rich"],
    ("odd", "postgres"): [
        "column person.no INTEGER() nullable=False default=nextval('person_no_seq'::regclass) comment=None",
        "column person.no: integer NOT NULL DEFAULT nextval('person_no_seq'::regclass)",
        "function twice",
        "materialized view moods",
        "partition event_2025 of event",
        "sequence person_no_seq: integer 1 1",
        "view happy",
    ],
    ("odd", "mysql"): ["trigger loud", "view happy"],
}
on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
on_postgres = pytest.mark.parametrize("url", ["postgres"], indirect=True)
MAKE = """
import sys, dbtool, warnings
from sqlalchemy.orm import configure_mappers
from dbtool import database as databases
from dbtool.engine import schema
warnings.simplefilter("error")
config = dbtool.load_config(url=sys.argv[1])
metadata = schema.load(config)
configure_mappers()
with databases.of(config).connect("migrate") as connection:
    metadata.create_all(connection)
    connection.commit()
"""


def make(database: Database, statements: list[str]) -> None:
    """Run statements as they are."""
    with database.connect("migrate") as connection:
        for statement in statements:
            text = statement if database.kind == "sqlite" else statement.replace("%", "%%")
            connection.exec_driver_sql(text)
        connection.commit()


@pytest.fixture
def project(database: Database, tmp_path: Path, url: str) -> Project:
    """A folder that only knows its database, which is empty."""
    found = Project(tmp_path / "home", url)
    found.write("pyproject.toml", NOTHING)
    return found


@pytest.fixture
def shop(project: Project, database: Database) -> Project:
    """A shop whose models were pulled."""
    make(database, existing.statements("shop", database.kind))
    dbtool.pull(project.config)
    return project


def facts(database: Database) -> set[str]:
    """Return what can be compared of tables."""
    return {fact for fact in portrait.of(database).facts if not fact.startswith("view ")}


@pytest.mark.parametrize("name", existing.EXISTING)
def test_a_database_becomes_models_that_make_the_same(
    name: str, project: Project, database: Database, tmp_path: Path
) -> None:
    make(database, existing.statements(name, database.kind))

    report = project.run("pull", "--json").json["report"]

    assert (report["ok"], report["differences"], report["notes"]) == (True, [], [])
    assert sorted(report["unsaid"]) == BESIDE.get((name, database.kind), [])
    assert project.run("diff", "--from", "database", "--json").json["report"]["changes"] == []
    url = new_url(database.kind, tmp_path)
    other = at(url, tmp_path)
    other.create()
    try:
        shown = project.python("-c", MAKE, url)
        assert shown.code == 0, shown.stderr
        lost = facts(database) - facts(other)
    finally:
        drop(url, tmp_path)
    assert {fact for fact in lost if not _is_told(fact, report["unsaid"])} == set()


def _is_told(fact: str, unsaid: list[str]) -> bool:
    return fact in unsaid or " event_2025" in fact


@on_sqlite
def test_the_models_read_as_a_person_would_have_written_them(shop: Project) -> None:
    written = (shop.root / "app/models.py").read_text()

    assert (
        """class Order(SQLModel, table=True):
    __tablename__ = "orders"

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id")
    billing_address_id: int | None = Field(default=None, foreign_key="addresses.id", ondelete="SET NULL")
    shipping_address_id: int | None = Field(default=None, foreign_key="addresses.id", ondelete="SET NULL")
    placed_at: datetime | None = Field(default=None, nullable=False, sa_column_kwargs={"server_default": func.now()})
    total: Decimal = Field(
        default=Decimal("0.00"), max_digits=10, decimal_places=2, sa_column_kwargs={"server_default": text("0.00")}
    )

    customer: Customer = Relationship(back_populates="orders")
    billing_address: Address | None = Relationship(
        back_populates="billing_orders", sa_relationship_kwargs={"foreign_keys": "Order.billing_address_id"}
    )
    shipping_address: Address | None = Relationship(
        back_populates="shipping_orders", sa_relationship_kwargs={"foreign_keys": "Order.shipping_address_id"}
    )
    order_lines: list["OrderLine"] = Relationship(back_populates="order", cascade_delete=True)
"""
        in written
    )
    assert '    tags: list["Tag"] = Relationship(back_populates="products", link_model=ProductTag)\n' in written
    assert "view big_orders" in written.partition('"""\n\nfrom')[0]


@on_sqlite
def test_the_models_please_type_checkers_and_formatters(shop: Project) -> None:
    models = shop.root / "app/models.py"

    for arguments in (("format", "--check"), ("check", "--select", "E,F,I,UP,B,RUF")):
        shown = shop.python("-m", "ruff", *arguments, "--isolated", "--line-length", "120", str(models))
        assert shown.code == 0, shown.stdout
    assert check("mypy", {"models.py": models.read_text()}) == {}


@on_sqlite
def test_a_project_that_knew_nothing_knows_its_models_and_goes_on(shop: Project) -> None:
    assert (shop.root / "pyproject.toml").read_text() == '[tool.dbtool]\nmodels = "app.models"\n'

    assert shop.run("baseline").code == 0
    checked = {each["name"]: each["ok"] for each in shop.run("check", "--json").json["report"]["checked"]}
    assert (checked["models"], checked["database"]) == (True, True)


def test_a_second_pull_changes_nothing_where_nothing_changed(shop: Project) -> None:
    before = (shop.root / "app/models.py").read_bytes()

    report = shop.run("pull", "--json").json["report"]

    assert (report["files"], report["changes"], report["kept"]) == ([], [], None)
    assert (shop.root / "app/models.py").read_bytes() == before


def test_a_second_pull_keeps_what_people_wrote(shop: Project, database: Database) -> None:
    models = shop.root / "app/models.py"
    written = models.read_text()
    for old, new in (
        ("    sku: str", "    # what the shelf says\n    sku: str"),
        ('    orders: list["Order"]', '    purchases: list["Order"]'),
        (
            'customer: Customer = Relationship(back_populates="orders")',
            'customer: Customer = Relationship(back_populates="purchases")',
        ),
        ('    __tablename__ = "products"\n', '    """What we sell."""\n\n    __tablename__ = "products"\n'),
        (
            '    order_lines: list["OrderLine"] = Relationship(back_populates="product")\n',
            '    order_lines: list["OrderLine"] = Relationship(back_populates="product")\n\n'
            "    @property\n    def label(self) -> str:\n        return self.title\n\n",
        ),
        ("class Tag(", "class Label("),
        ('list["Tag"]', 'list["Label"]'),
    ):
        assert old in written
        written = written.replace(old, new)
    models.write_text(written)
    make(
        database,
        [
            "ALTER TABLE products ADD COLUMN color VARCHAR(20) DEFAULT 'red'",
            "ALTER TABLE customers DROP COLUMN notes",
            "CREATE INDEX ix_orders_customer_id ON orders (customer_id)",
            *existing.statements("unnamed", database.kind)[1:2],
            f"CREATE TABLE reviews (id {existing.WORDS[database.kind]['pk']}, product_id INTEGER NOT NULL,"
            " stars INTEGER NOT NULL, FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE CASCADE)",
        ],
    )

    report = shop.run("pull", "--json").json["report"]

    said = [] if database.kind == "sqlite" else ["change the comment of products"]  # which the database does not have
    assert (report["differences"], report["notes"]) == (said, [])
    assert report["changes"] == [
        "removed Customer.notes",
        "added Product.color",
        "added Product.reviews",
        "changed Order.customer_id",
        "added the class Part",
        "added the class Review",
    ]
    after = models.read_text()
    for kept in (
        "    # what the shelf says\n    sku: str",
        'purchases: list["Order"]',
        '    """What we sell."""',
        "    def label(self) -> str:\n        return self.title\n",
        "class Label(SQLModel, table=True):",
    ):
        assert kept in after
    assert 'customer_id: int = Field(foreign_key="customers.id", index=True)' in after
    assert "notes:" not in after
    assert (shop.root / report["kept"] / "app/models.py").read_text() == written
    assert shop.run("pull", "--json").json["report"]["changes"] == []


@pytest.mark.parametrize("url", ["postgres", "mysql"], indirect=True)
def test_a_member_that_an_enum_gets_comes_to_its_class(project: Project, database: Database) -> None:
    make(database, existing.statements("film-rental", database.kind))
    project.run("pull")
    add = {
        "postgres": "ALTER TYPE rating ADD VALUE 'NC 17'",
        "mysql": "ALTER TABLE film MODIFY rating ENUM('G', 'PG', 'PG13', 'NC 17') DEFAULT 'G'",
    }
    make(database, [add[database.kind]])

    report = project.run("pull", "--json").json["report"]

    assert (report["ok"], report["differences"]) == (True, [])
    assert '    PG13 = "PG13"\n    NC_17 = "NC 17"\n' in (project.root / "app/models.py").read_text()


@on_sqlite
def test_models_in_several_files_change_where_they_stand(project: Project, database: Database) -> None:
    project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
    project.write("app/__init__.py", "")
    project.write("app/models/__init__.py", "from app.models.book import Book\nfrom app.models.pen import Pen\n")
    project.write(
        "app/models/book.py",
        "from sqlmodel import Field, SQLModel\n\n\nclass Book(SQLModel, table=True):\n"
        "    id: int | None = Field(default=None, primary_key=True)\n    title: str\n",
    )
    project.write(
        "app/models/pen.py",
        "from sqlmodel import Field, SQLModel\n\n\nclass Pen(SQLModel, table=True):\n"
        "    id: int | None = Field(default=None, primary_key=True)\n    color: str\n",
    )
    make(
        database,
        [
            "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR NOT NULL, printed DATE)",
            "CREATE TABLE ink (id INTEGER PRIMARY KEY, pages INTEGER)",
        ],
    )

    report = project.run("pull", "--json").json["report"]

    assert report["changes"] == ["added Book.printed", "removed the class Pen", "added the class Ink"]
    assert sorted(report["files"]) == ["app/models/__init__.py", "app/models/book.py", "app/models/pen.py"]
    assert (project.root / "app/models/book.py").read_text() == (
        "from sqlmodel import Field, SQLModel\nfrom datetime import date\n\n\nclass Book(SQLModel, table=True):\n"
        "    id: int | None = Field(default=None, primary_key=True)\n    title: str\n    printed: date | None = None\n"
    )


@on_sqlite
def test_models_that_would_not_be_imported_any_more_stay_as_they_were(shop: Project, database: Database) -> None:
    models = shop.root / "app/models.py"
    models.write_text(models.read_text() + "\n\nassert not hasattr(Tag, 'color'), 'no colors here'\n")
    before = models.read_text()
    make(database, ["ALTER TABLE tags ADD COLUMN color INTEGER"])

    shown = shop.run("pull")

    assert (shown.code, "no colors here" in shown.stderr) == (2, True)
    assert models.read_text() == before


def test_some_tables_come_with_what_they_refer_to(project: Project, database: Database) -> None:
    make(database, existing.statements("shop", database.kind))

    report = project.run("pull", "--tables", "profiles, order*", "--json").json["report"]

    assert report["tables"] == ["addresses", "customers", "order_lines", "orders", "products", "profiles"]
    assert (report["ok"], report["unsaid"]) == (True, [])


@on_postgres
def test_several_schemas(project: Project, database: Database) -> None:
    make(
        database,
        [
            "CREATE SCHEMA crm",
            "CREATE SCHEMA other",
            "CREATE TABLE other.hidden (id SERIAL PRIMARY KEY)",
            "CREATE TABLE address (id SERIAL PRIMARY KEY, city TEXT NOT NULL)",
            "CREATE TABLE crm.address (id SERIAL PRIMARY KEY, city VARCHAR(20) UNIQUE)",
            "CREATE INDEX ix_crm_address_city ON crm.address (city)",
            "CREATE TABLE crm.lead (id SERIAL PRIMARY KEY, own_id INTEGER REFERENCES crm.address (id),"
            " home_id INTEGER REFERENCES public.address (id) ON DELETE CASCADE)",
        ],
    )
    project.write("pyproject.toml", '[tool.dbtool]\nschemas = ["public", "crm"]\n')

    report = project.run("pull", "--json").json["report"]

    assert (report["ok"], report["differences"], report["unsaid"]) == (True, [], [])
    assert report["tables"] == ["address", "crm.address", "crm.lead"]
    written = (project.root / "app/models.py").read_text()
    assert 'class CrmAddress(SQLModel, table=True):\n    __tablename__ = "address"\n' in written
    assert 'foreign_key="crm.address.id"' in written
    assert project.run("diff", "--from", "database", "--json").json["report"]["changes"] == []


@on_sqlite
def test_a_dry_run_prints_and_writes_nothing(project: Project, database: Database) -> None:
    make(database, ["CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(9) NOT NULL)"])

    shown = project.run("pull", "--dry-run")

    assert "class Book(SQLModel, table=True):" in shown.stdout
    assert "nothing was written" in shown.stdout
    assert not (project.root / "app").exists()
    assert (project.root / "pyproject.toml").read_text() == NOTHING


@on_sqlite
def test_a_file_that_is_no_model_of_the_project_is_never_written_over(project: Project, database: Database) -> None:
    make(database, ["CREATE TABLE book (id INTEGER PRIMARY KEY)"])
    project.write("app/models.py", "SECRET = 1\n")

    with pytest.raises(UsageError, match="is there already"):
        dbtool.pull(project.config)

    assert (project.root / "app/models.py").read_text() == "SECRET = 1\n"
    assert dbtool.pull(project.config, out=project.root / "other.py").files == ("other.py",)


@on_sqlite
def test_what_cannot_be_pulled_says_what_to_do(project: Project, database: Database) -> None:
    with pytest.raises(TableNotFoundError, match="holds no tables"):
        dbtool.pull(project.config)
    make(database, ["CREATE TABLE book (id INTEGER PRIMARY KEY)"])
    with pytest.raises(TableNotFoundError, match="no table is called pen"):
        dbtool.pull(project.config, tables=["pen"])
    project.write("app/models.py", "import nothing_like_that\n")
    project.write("pyproject.toml", '[tool.dbtool]\nmodels = "app.models"\n')
    shown = project.run("pull")
    assert (shown.code, "failed to import" in shown.stderr) == (2, True)


@pytest.mark.parametrize("url", ["sqlite", "postgres"], indirect=True)
def test_names_and_comments_never_become_code(project: Project, database: Database, tmp_path: Path) -> None:
    broken, mark = tmp_path / "broken", "'''" if database.kind == "sqlite" else '"""'
    evil = f"x{mark}\nopen({str(broken)!r}, 'w')\n{mark}"[:60]
    quoted, literal = evil.replace('"', '""'), "'" + evil.replace("'", "''") + "'"
    comments = [f'COMMENT ON TABLE "{quoted}" IS {literal}', f'COMMENT ON COLUMN "{quoted}".id IS {literal}']
    make(
        database,
        [
            f'CREATE TABLE "{quoted}" (id INTEGER PRIMARY KEY, "{quoted}" TEXT DEFAULT {literal})',
            f'CREATE VIEW "v{quoted}" AS SELECT 1 AS n',
            f'CREATE TABLE child (id INTEGER PRIMARY KEY, "\\{quoted}" INTEGER)',
            *(comments if database.kind == "postgres" else []),
        ],
    )

    shown = project.run("pull", "--json")

    assert shown.code == 0, shown.stdout + shown.stderr
    assert not broken.exists()
    assert sorted(shown.json["report"]["tables"]) == sorted([evil, "child"])


@on_sqlite
def test_a_key_to_a_name_that_sqlalchemy_cannot_say_is_told(project: Project, database: Database) -> None:
    make(database, ['CREATE TABLE "a.b" (id INTEGER PRIMARY KEY)', 'CREATE TABLE c (id INTEGER REFERENCES "a.b" (id))'])

    report = project.run("pull", "--json").json["report"]

    assert "foreign key of c to a.b, a name with a dot" in report["unsaid"]
