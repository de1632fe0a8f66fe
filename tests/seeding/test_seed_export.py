"""Export is the way back: what is exported, seeded into an empty database and exported again is the same file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import existing
import pytest
import shop
from shop_seeds import Seeds
from sqlalchemy import MetaData

import dbtool
from dbtool.database import Database
from dbtool.errors import ColumnNotFoundError, UsageError
from dbtool.operations import export as operation
from dbtool.seeding.load import load

EVERYTHING = """\
Category:
  - slug: tools
    children: [{slug: saws}, {slug: "no"}]
Tag: [{word: red}, {word: "1.10"}, {word: "ends: ", }, {word: $x}]
Product:
  - sku: full
    name: "true"
    email: me@here.org
    price: 12.50
    weight: 0.1
    count: 0
    sold: yes
    kind: book
    released: 2025-01-02
    opens: 12:30
    lasts: P1DT2H
    seen_at: 2025-01-02T03:04:05Z
    local_at: 2025-01-02 03:04:05
    code: 6f9619ff-8b86-d011-b42d-00c04fc964ff
    details: {a: [1, "1", null, true], "b: c": {d: "no"}}
    words: [one, two]
    picture: !!binary AAECAwT/
    category: "no"
    tags: [red, "1.10", "ends: "]
    manual: {pages: 3}
    reviews:
      - {author: "null", stars: 5, photos: [{path: a/b.png}]}
      - {author: "# no comment", stars: 1}
  - sku: lines
    name: "first\\nsecond\\n"
    email: "@ at\\tthe start"
  - sku: blank
    name: ""
    email: " @"
  - sku: odd
    name: "ends \\n with spaces \\n"
    email: "\\u2028@\\x07é日本\\"'"
Note:
  - {id: 3, text: "- dash"}
  - {id: 9, text: "a: b"}
Hen: [{name: h, egg: e}]
Egg: [{name: e, hen: h}]
Stop: [{line: U1, number: 2, place: Park}]
Ride: [{rider: ann, stop: {line: U1, number: 2}}]
"""


@pytest.fixture
def exported(everywhere: Seeds, url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Exports the shop."""
    return exporter(url, shop.METADATA, everywhere.root, monkeypatch)


def exporter(url: str, metadata: MetaData, root: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return what exports a database whose models are these."""
    config = replace(dbtool.load_config(project=root, url=url), models="given")
    monkeypatch.setattr("dbtool.engine.schema.load", lambda config: metadata)

    def export(*tables: str, **options: object) -> str:
        parts: list[str] = []
        operation.export(config, tables, write=parts.append, **options)  # type: ignore[arg-type]
        return "".join(parts)

    return export


def empty(database: Database, metadata: MetaData) -> None:
    """Delete all rows."""
    with database.connect("write") as connection:
        if "hen" in metadata.tables:
            connection.execute(metadata.tables["hen"].update().values(egg_id=None))
            connection.execute(metadata.tables["egg"].update().values(hen_id=None))
        for table in reversed(metadata.sorted_tables):
            own = {
                key.parent.name: None for key in table.foreign_keys if key.column.table is table and key.parent.nullable
            }
            if own:
                connection.execute(table.update().values(own))
            connection.execute(table.delete())
        connection.commit()


def test_everything_comes_back_the_same(everywhere: Seeds, exported: Callable[..., str]) -> None:
    everywhere.load_text(EVERYTHING)
    rows = {table: everywhere.rows(table) for table in ("product", "review", "tag")}
    first = exported()

    empty(everywhere.database, shop.METADATA)
    everywhere.load_text(first)
    again = everywhere.load()

    assert exported() == first
    assert again.changed == 0
    for table, before in rows.items():
        assert sorted(map(repr, _without_ids(everywhere.rows(table)))) == sorted(map(repr, _without_ids(before)))


def _without_ids(rows: list[tuple[object, ...]]) -> list[list[object]]:
    return [[value for value in row if type(value) is not int] for row in rows]


@pytest.mark.parametrize("format", ["json", "ndjson", "csv"])
def test_every_other_format_comes_back_too(
    everywhere: Seeds, exported: Callable[..., str], tmp_path: Path, format: str
) -> None:
    everywhere.load_text(EVERYTHING)
    first = exported()
    out = tmp_path / ("out.json" if format == "json" else "out")
    exported(format=format, out=out)

    empty(everywhere.database, shop.METADATA)
    (everywhere.config.seed_data / "a.yaml").unlink()
    files = [out] if out.is_file() else sorted(out.iterdir())
    load(everywhere.config, everywhere.database, shop.METADATA, files=files, zone=everywhere.config.zone)

    assert exported() == first


def test_an_export_is_written_as_people_write(everywhere: Seeds, exported: Callable[..., str]) -> None:
    everywhere.load_text(EVERYTHING)

    text = exported("product", "tag", where=())

    assert text.startswith('Tag:\n  - word: $x\n  - word: 1.10\n  - word: "ends: "\n  - word: red\n\nProduct:\n')
    assert "    name: |\n      first\n      second\n" in text
    assert '    tags: [1.10, "ends: ", red]\n' in text
    assert "    category: no\n" in text
    assert "    seen_at: 2025-01-02T03:04:05Z\n" in text
    assert "sold: true" in text and "count: 0" in text
    assert "reviews" not in text


def test_a_part_comes_with_what_it_needs(everywhere: Seeds, exported: Callable[..., str]) -> None:
    everywhere.load_text(EVERYTHING)

    alone = exported("review", where=("stars>3",))
    whole = exported("Photo", related=True)
    empty(everywhere.database, shop.METADATA)
    everywhere.load_text(whole)

    assert alone.startswith('Review:\n  - product: full\n    author: "null"\n    stars: 5\n')
    assert [author for (author,) in everywhere.rows("review", "author")] == ["null"]
    assert [slug for (slug,) in everywhere.rows("category", "slug")] in (["tools", "no"], ["no", "tools"])


def test_masked_values_are_stable_and_fit(everywhere: Seeds, exported: Callable[..., str]) -> None:
    everywhere.load_text(
        "Product:\n" + "".join(f"  - {{sku: s{n}, name: N{n % 2}, email: me{n}@x.y}}\n" for n in range(4))
    )

    first, again = (exported("product", mask=("email,product.name",)) for _ in range(2))

    assert first == again and "me1@x.y" not in first and "N1" not in first
    emails = [line.split(": ")[1] for line in first.splitlines() if "email" in line]
    names = [line.split(": ")[1] for line in first.splitlines() if "name" in line]
    assert len(set(emails)) == 4 and len(set(names)) == 2
    assert all(email.endswith("@example.com") for email in emails)
    empty(everywhere.database, shop.METADATA)
    everywhere.load_text(first)
    assert (everywhere.root / ".dbtool" / "mask.key").stat().st_mode & 0o077 == 0


def test_a_key_or_an_unknown_column_cannot_be_masked(seeds: Seeds, monkeypatch: pytest.MonkeyPatch) -> None:
    export = exporter(f"sqlite:///{seeds.root / 'shop.db'}", shop.METADATA, seeds.root, monkeypatch)

    with pytest.raises(ColumnNotFoundError, match="no column is called `emial`; did you mean `email`"):
        export(mask=("emial",))
    with pytest.raises(ColumnNotFoundError, match="product_id` is a key"):
        export(mask=("product_id",))
    with pytest.raises(UsageError, match="--where is about one table"):
        export("product", "tag", where=("name=a",))
    with pytest.raises(UsageError, match="csv holds one table"):
        seeds.load_text("Tag: [{word: a}]\nProduct: [{sku: a, name: A}]")
        export(format="csv")


ROWS = {
    "media-store": """\
Artist: [{ArtistId: 1, Name: AC/DC}, {ArtistId: 2, Name: "null"}]
Album: [{AlbumId: 4, Title: "Let There Be Rock", ArtistId: 1}, {AlbumId: 1, Title: "no", ArtistId: 2}]
Employee:
  - {EmployeeId: 1, LastName: Adams, BirthDate: 1962-02-18T00:00:00}
  - {EmployeeId: 2, LastName: Edwards, ReportsTo: 1}
Customer: [{CustomerId: 1, Email: luis@x.br, SupportRepId: 2}]
Track:
  - {TrackId: 1, Name: "For Those About To Rock (We Salute You)", AlbumId: 1, Milliseconds: 343719, UnitPrice: 0.99}
Playlist: [{PlaylistId: 1, Name: Music}]
PlaylistTrack: [{PlaylistId: 1, TrackId: 1}]
""",
    "shop": """\
customers:
  - {email: ann@x.org, name: Ann, vip: yes, preferences: {mail: [1, "no"]}, created_at: 2025-01-02 03:04:05}
  - {email: bob@x.org, name: "Bob: the builder", notes: "two\\nlines", created_at: 2025-01-02 03:04:05}
addresses: [{id: 7, customer: ann@x.org, city: Köln}, {id: 9, customer: bob@x.org, city: Lyon}]
products:
  - {sku: chai, title: Chai, price: 18, weight: 0.25, stock: 39, photo: !!binary AAEC}
  - {sku: box, title: Box, price: 21.35, kind: bundle}
orders:
  - {id: 1, customer: ann@x.org, billing_address: 7, shipping_address: 9, placed_at: 2025-02-03 04:05:06, total: 18}
order_lines: [{order: 1, line_no: 1, product: chai, quantity: 1}, {order: 1, line_no: 2, product: box, quantity: 3}]
tags: [{name: new}, {name: 2nd}]
product_tags: [{product: chai, tag: new}, {product: box, tag: 2nd}]
profiles: [{customer: ann@x.org, bio: ""}]
""",
}


@pytest.mark.parametrize("name", ROWS)
def test_tables_without_models_come_back_the_same(
    database: Database, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    metadata = MetaData()
    with database.connect("write") as connection:
        for statement in existing.statements(name, database.kind):
            connection.exec_driver_sql(statement)
        connection.commit()
        metadata.reflect(connection)
    seeds = Seeds(tmp_path, database)
    export = exporter(url, metadata, tmp_path, monkeypatch)

    def again(text: str) -> None:
        seeds.write(text)
        load(seeds.config, database, metadata, files=[seeds.config.seed_data / "a.yaml"], zone=seeds.config.zone)

    text = ROWS[name]
    if database.kind == "mysql":  # whose truth is a small number, and whose JSON is text
        text = text.replace("vip: yes", "vip: 1").replace('{mail: [1, "no"]}', '\'{"mail": [1, "no"]}\'')
    again(text)
    first = export()
    empty(database, metadata)
    again(first)

    assert export() == first and first.count("\n") > 20
