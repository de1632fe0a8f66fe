"""200,000 rows in three tables, from YAML, NDJSON and CSV, against Django's loaddata, sqlite-utils and bare sqlite3.

Every tool loads the same rows with their keys into the same tables. The limit is orjson and one `executemany` for each
table, which validates nothing and knows no lines.
"""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import Command, Subject, measure
from benchmarks.migrations import DBTOOL

MODELS = """\
from pydantic import NaiveDatetime
from sqlalchemy import DateTime
from sqlmodel import Field, Relationship, SQLModel


class Maker(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=60, unique=True)
    country: str = Field(max_length=2)
    founded: int


class Product(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    sku: str = Field(max_length=20, unique=True)
    title: str = Field(max_length=100, index=True)
    price: float
    maker_id: int = Field(foreign_key="maker.id", index=True)
    maker: Maker = Relationship()


class Review(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    stars: int = Field(ge=1, le=5)
    words: str = Field(max_length=200)
    written_at: NaiveDatetime = Field(sa_type=DateTime)
    product_id: int = Field(foreign_key="product.id", index=True)
    product: Product = Relationship()
"""
DJANGO = """\
from django.db import models


class Maker(models.Model):
    name = models.CharField(max_length=60, unique=True)
    country = models.CharField(max_length=2)
    founded = models.IntegerField()


class Product(models.Model):
    sku = models.CharField(max_length=20, unique=True)
    title = models.CharField(max_length=100, db_index=True)
    price = models.FloatField()
    maker = models.ForeignKey(Maker, models.CASCADE)


class Review(models.Model):
    stars = models.IntegerField()
    words = models.CharField(max_length=200)
    written_at = models.DateTimeField()
    product = models.ForeignKey(Product, models.CASCADE)
"""
SETTINGS = """\
SECRET_KEY = "bench"
INSTALLED_APPS = ["shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "peer.db"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False
"""
LIMIT = """\
import sqlite3
import orjson

connection = sqlite3.connect("limit.db")
connection.execute("PRAGMA foreign_keys = ON")
for name in ("maker", "product", "review"):
    with open(f"{name}.ndjson", "rb") as file:
        rows = [tuple(orjson.loads(line).values()) for line in file]
    marks = ", ".join("?" * len(rows[0]))
    connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
connection.commit()
"""
ROWS = {"maker": 2_000, "product": 48_000, "review": 150_000}


def main() -> None:
    """Measure, against what this machine can install."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        packages = root / "packages"
        _install(packages, "orjson", "sqlite-utils", "django")
        tables = _rows()
        ours = {form: _dbtool(root / form, tables, form) for form in ("yaml", "ndjson", "csv")}
        limit = _limit(root / "limit", tables, packages)
        for form, goal in (("yaml", 6.0), ("ndjson", 2.0), ("csv", 2.0)):
            title = f"200,000 rows of {form} against the limit, which reads JSON"
            measure(Subject(title, ours[form], limit, runs=5, cpu_goal=goal, peak_goal=None))
        title = "200,000 rows of ndjson, against sqlite-utils"
        measure(Subject(title, ours["ndjson"], _sqlite_utils(root / "utils", tables, packages), runs=3, peak_goal=None))
        title = "200,000 rows, yaml here and JSON there, against Django"
        measure(Subject(title, ours["yaml"], _django(root / "django", tables, packages), runs=1, peak_goal=None))


def _rows() -> Mapping[str, Sequence[dict[str, Any]]]:
    chance = random.Random(1)
    return {
        "maker": [
            {"id": n + 1, "name": f"Maker {n + 1}", "country": "de", "founded": chance.randint(1800, 2020)}
            for n in range(ROWS["maker"])
        ],
        "product": [
            {
                "id": n + 1,
                "sku": f"sku-{n + 1:06}",
                "title": f"Product number {n + 1} of many",
                "price": round(chance.random() * 100, 2),
                "maker_id": chance.randint(1, ROWS["maker"]),
            }
            for n in range(ROWS["product"])
        ],
        "review": [
            {
                "id": n + 1,
                "stars": chance.randint(1, 5),
                "words": f"These are the words of review {n + 1}, neither long nor short",
                "written_at": f"2025-{chance.randint(1, 12):02}-{chance.randint(1, 28):02} 12:30:00",
                "product_id": chance.randint(1, ROWS["product"]),
            }
            for n in range(ROWS["review"])
        ],
    }


def _dbtool(folder: Path, tables: Mapping[str, Sequence[dict[str, Any]]], form: str) -> Command:
    seeds = folder / "seed_data"
    seeds.mkdir(parents=True)
    (folder / "shop.py").write_text(MODELS)
    (folder / "pyproject.toml").write_text('[tool.dbtool]\nmodels = "shop"\nurl = "sqlite:///app.db"\n')
    subprocess.run([*DBTOOL, "migrate", "--name", "init", "--no-generate"], cwd=folder, check=True, capture_output=True)
    (folder / "app.db").rename(folder / "empty.db")
    if form == "yaml":
        _write_yaml(seeds / "all.yaml", tables)
    else:
        _write_flat(seeds, tables, form)

    def prepare() -> None:
        (folder / "app.db").write_bytes((folder / "empty.db").read_bytes())

    return Command(f"dbtool seed ({form})", [*DBTOOL, "seed"], folder, prepare)


def _write_yaml(path: Path, tables: Mapping[str, Sequence[dict[str, Any]]]) -> None:
    with path.open("w") as file:
        for name, rows in tables.items():
            file.write(f"{name}:\n")
            for row in rows:
                file.write("  - " + "\n    ".join(f"{key}: {value}" for key, value in row.items()) + "\n")


def _write_flat(folder: Path, tables: Mapping[str, Sequence[dict[str, Any]]], form: str) -> None:
    for name, rows in tables.items():
        with (folder / f"{name}.{form}").open("w", newline="") as file:
            if form == "csv":
                writer = csv.DictWriter(file, rows[0])
                writer.writeheader()
                writer.writerows(rows)
            else:
                file.writelines(json.dumps(row) + "\n" for row in rows)


def _limit(folder: Path, tables: Mapping[str, Sequence[dict[str, Any]]], packages: Path) -> Command:
    folder.mkdir()
    _write_flat(folder, tables, "ndjson")
    (folder / "limit.py").write_text(LIMIT)
    empty = (folder.parent / "ndjson" / "empty.db").read_bytes()
    return Command(
        "orjson, executemany",
        [sys.executable, "limit.py"],
        folder,
        lambda: _copy(empty, folder / "limit.db"),
        {"PYTHONPATH": str(packages)},
    )


def _copy(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _sqlite_utils(folder: Path, tables: Mapping[str, Sequence[dict[str, Any]]], packages: Path) -> Command:
    folder.mkdir()
    _write_flat(folder, tables, "ndjson")
    insert = f"{sys.executable} -m sqlite_utils insert u.db"
    parts = " && ".join(f"{insert} {name} {name}.ndjson --nl" for name in tables)
    forget = (folder / "u.db").unlink
    return Command(
        "sqlite-utils insert",
        ["sh", "-c", parts],
        folder,
        lambda: forget(missing_ok=True),
        {"PYTHONPATH": str(packages)},
    )


def _django(folder: Path, tables: Mapping[str, Sequence[dict[str, Any]]], packages: Path) -> Command:
    app = folder / "shop"
    app.mkdir(parents=True)
    (app / "__init__.py").write_text("")
    (app / "models.py").write_text(DJANGO)
    (folder / "settings.py").write_text(SETTINGS)
    manage = [sys.executable, "-m", "django"]
    environment = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": f"{folder}:{packages}"}
    for step in (["makemigrations", "shop"], ["migrate"]):
        subprocess.run([*manage, *step], cwd=folder, env=environment, check=True, capture_output=True)
    (folder / "peer.db").rename(folder / "empty.db")
    found = [
        {
            "model": f"shop.{name}",
            "pk": row["id"],
            "fields": {key.removesuffix("_id"): row[key] for key in row if key != "id"},
        }
        for name, rows in tables.items()
        for row in rows
    ]
    (folder / "all.json").write_text(json.dumps(found))

    def prepare() -> None:
        (folder / "peer.db").write_bytes((folder / "empty.db").read_bytes())

    return Command("django loaddata (json)", [*manage, "loaddata", "all.json"], folder, prepare, environment)


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as Django's fixtures have it: foreign keys by the name of their relation."""
    return {name.removesuffix("_id"): value for name, value in row.items() if name != "id"}


def _install(folder: Path, *packages: str) -> None:
    """Install peers into a folder of their own."""
    install = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), *packages]
    subprocess.run(install, check=True, capture_output=True)
