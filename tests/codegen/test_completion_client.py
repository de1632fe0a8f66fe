"""What editors offer while a client is used: asked of the language servers of pyright and ty."""

from __future__ import annotations

import sys
from pathlib import Path

import checkers
from codegen import uses
from language_server import LanguageServer

HEAD = "from sample_client import AsyncClient, Client, UnitWhere\n\ndb = Client()\n"

# A statement with the cursor at `|`, and some of what must be offered there.
PLACES = [
    ("db.|  # its tables", "unit unit_asset user_progress tx session query_raw"),
    (
        "db.unit.|  # its methods",
        "find_many find_unique create create_many update upsert delete aggregate group_by select",
    ),
    ('db.unit.find_many({"|"})', "title story assets AND OR NOT"),
    ('db.unit.find_many(where={"|"})', "title story assets AND OR NOT"),
    ('db.unit.find_many(where={"title": "x", "|"})', "position story"),
    ('db.unit.find_many(where={"title": {"|"}})', "contains starts_with in not equals mode"),
    ('db.unit.find_many(where={"position": {"|"}})', "lt lte gt gte in not_in"),
    ('db.unit.find_many(where={"story": {"|"}})', "title level is is_not"),
    ('db.unit.find_many(where={"story": {"level": {"|"}}})', "name slug stories"),
    ('db.unit.find_many(where={"assets": {"|"}})', "some every none"),
    ('db.unit.find_many(where={"assets": {"some": {"|"}}})', "kind object_key unit"),
    ('db.unit.find_many(where={"assets": {"some": {"kind": "|"}}})', "video audio subtitle"),
    ('db.unit_asset.find_many(where={"kind": {"|"}})', "in not equals not_in"),
    ('db.unit_asset.find_many(where={"kind": {"in": ["|"]}})', "video audio subtitle"),
    ('db.unit.find_many(where={"OR": [{"|"}]})', "title story assets"),
    ('db.unit.find_many(where={"NOT": {"|"}})', "title story assets"),
    ('db.unit.find_many(include={"|"})', "story assets progress"),
    ('db.unit.find_many(include={"assets": {"|"}})', "where order_by take skip include"),
    ('db.unit.find_many(include={"assets": {"where": {"|"}}})', "kind object_key"),
    ('db.unit.find_many(include={"story": {"include": {"|"}}})', "level units"),
    ('db.unit.find_many(order_by={"|"})', "title story position"),
    ('db.unit.find_many(order_by={"title": "|"})', "asc desc"),
    ('db.unit.find_many(order_by={"story": {"level": {"|"}}})', "name position"),
    ('db.unit.find_many(distinct=["|"])', "title story_id"),
    ('db.unit.find_unique({"|"})', "id slug"),
    ('db.unit.create({"|"})', "slug title story story_id assets"),
    ('db.unit.create({"slug": "x", "title": "x", "story": {"|"}})', "create connect connect_or_create"),
    ('db.level.create({"slug": "x", "name": "x", "stories": {"create": [{"|"}]}})', "slug title units"),
    ('db.unit.update({"id": 1}, {"position": {"|"}})', "increment decrement set"),
    ('db.unit.update({"id": 1}, {"assets": {"|"}})', "create connect update delete"),
    ('db.unit.update({"id": 1}, {"assets": {"update": [{"where": {"id": 1}, "data": {"|"}}]}})', "kind size_bytes"),
    ('db.unit.aggregate(sum=["|"])', "position id"),
    ('db.unit.group_by(["|"])', "title position"),
    ('where: UnitWhere = {"|"}', "title story AND"),
    ("for unit in db.unit.find_many(): unit.|", "title story assets"),
    ('async def use(db: AsyncClient) -> None: await db.unit.find_first({"|"})', "title story assets"),
]
QUIET = {"autoImportCompletions": False, "diagnosticMode": "openFilesOnly", "typeCheckingMode": "off"}
SERVERS = {
    "pyright": (
        ["pyright-langserver", "--stdio"],
        {"python": {"pythonPath": sys.executable, "analysis": QUIET}, "python.analysis": QUIET},
    ),
    "ty": (["ty", "server"], {}),
}


def lacking(server: str, folder: Path) -> list[tuple[str, list[str]]]:
    """Return, for each place, what is not offered there although it is expected."""
    (program, *arguments), settings = SERVERS[server]
    (folder / "sample_client.py").write_text(uses.sample_client(), encoding="utf-8")
    text = HEAD + "".join(f"{statement.replace('|', '')}\n" for statement, _ in PLACES)
    found = []
    with LanguageServer([checkers.program(program), *arguments], folder, settings) as language_server:
        path = folder / "use.py"
        language_server.open(path, text)
        for line, (statement, expected) in enumerate(PLACES, start=HEAD.count("\n")):
            labels = set(language_server.completions(path, line, statement.index("|")))
            found.append((statement, [word for word in expected.split() if word not in labels]))
    return found


def test_pyright_offers_everything(tmp_path: Path) -> None:
    missing = [(statement, words) for statement, words in lacking("pyright", tmp_path) if words]

    assert missing == []


def test_ty_offers_nearly_everything(tmp_path: Path) -> None:
    with_environment(tmp_path)

    missing = [(statement, words) for statement, words in lacking("ty", tmp_path) if words]

    assert len(missing) <= len(PLACES) * 0.05, missing


def with_environment(folder: Path) -> None:
    text = (
        f'[project]\nname = "uses"\nversion = "1"\n\n[tool.ty.environment]\npython = "{Path(sys.prefix).as_posix()}"\n'
    )
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
