"""The server behind YAML in editors completes seed files by their schema, and knows the tags."""

from __future__ import annotations

import shutil
from pathlib import Path

import npm
import pytest
from language_server import LanguageServer

REPOSITORY = Path(__file__).resolve().parents[2]
TAGS = [f"!{name} scalar" for name in ("now", "today", "ago", "in", "env", "file", "uuid", "ref")]
SETTINGS = {"yaml": {"customTags": [*TAGS, "!generate mapping"], "schemaStore": {"enable": False}}}
HEAD = "# yaml-language-server: $schema=./schema.json\n"


@pytest.fixture(scope="module")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the server, and a seed folder of the sample in it."""
    folder = tmp_path_factory.mktemp("editor")
    npm.program("yaml-language-server", folder)
    (folder / "seed_data").mkdir()
    shutil.copy(REPOSITORY / "seed_data" / "schema.json", folder / "seed_data" / "schema.json")
    return folder


@pytest.mark.parametrize(
    ("text", "wanted"),
    {
        "a table": ("Us", {"User", "UserProgress"}),
        "a field": ("Level:\n  - slug: a\n    ", {"name", "position", "stories", "$label"}),
        "a field two rows deep": ("Level:\n  - slug: a\n    stories:\n      - units:\n          - ", {"slug", "title"}),
        "a member of an enum": ("UserProgress:\n  - status: ", {"done", "in_progress", "not_started"}),
        "a part of a key": ("DailyPlanEntry:\n  - plan:\n      ", {"user", "day"}),
        "a field after a tag": ("UserProgress:\n  - completed_at: !ago 2 days\n    ", {"score", "user"}),
    }.values(),
)
def test_an_editor_completes(server_folder: Path, text: str, wanted: set[str]) -> None:
    path = server_folder / "seed_data" / "new.yaml"
    whole = HEAD + text
    command = [str(server_folder / "node_modules" / ".bin" / "yaml-language-server"), "--stdio"]

    with LanguageServer(command, server_folder, SETTINGS) as server:
        server.open(path, whole, "yaml")
        found = set(server.completions(path, whole.count("\n"), len(whole.rpartition("\n")[2])))

    assert wanted <= found
