"""Schemathesis makes requests from the description of the endpoints; whatever it sends, none is a mistake of studio."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from asking import TOKEN, Studio
from hypothesis import HealthCheck, Phase, given, settings
from projects import Project

EXAMPLES = 25  # of each endpoint


@pytest.fixture(scope="module")
def studio(migrated_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio whose tables may change, as they do."""
    root = tmp_path_factory.mktemp("openapi")
    shutil.copytree(migrated_template, root, dirs_exist_ok=True)
    made = Studio(Project(root))
    yield made
    made.library.close()


def operations(studio: Studio) -> dict[str, Any]:
    """Return the endpoints as they describe themselves, by path."""
    headers = {"X-Dbtool-Token": TOKEN}
    described = studio.client.get("/api/openapi.json", headers=headers).json()
    for table in ("OfTable", "Count", "Rows", "Cell", "Record", "Lookup", "Export", "Import"):
        described["components"]["schemas"][table]["properties"]["table"]["enum"] = ["author", "book", "nothing"]
    schema = schemathesis.openapi.from_dict(described)
    return {found.ok().path: found.ok() for found in schema.get_all_operations()}


PATHS = [
    "schema", "table", "counts", "count", "rows", "cell", "record", "lookup", "changes", "sql", "sql/history",
    "diagram", "migrations", "export", "blob", "import", "object",
]  # fmt: skip


def test_these_are_all_endpoints(studio: Studio) -> None:
    assert set(operations(studio)) == {"/api/hello", *(f"/api/{path}" for path in PATHS)}


@pytest.mark.parametrize("path", PATHS)
def test_no_request_that_fits_the_description_is_a_mistake_of_studio(studio: Studio, path: str) -> None:
    operation = operations(studio)[f"/api/{path}"]
    statuses: list[int] = []

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        answer = asked(studio, path, case.body)
        statuses.append(answer.status_code)
        assert answer.status_code < 500, (case.body, answer.text)
        if answer.status_code != 200:
            assert answer.json()["error"].keys() >= {"code", "message", "hint"}

    ask()

    assert len(statuses) >= 1


@pytest.mark.parametrize("path", PATHS)
def test_no_request_that_breaks_the_description_is_one_either(studio: Studio, path: str) -> None:
    operation = operations(studio)[f"/api/{path}"]

    @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        answer = asked(studio, path, case.body)
        assert answer.status_code < 500, (case.body, answer.text)

    ask()


def asked(studio: Studio, path: str, body: Any) -> httpx.Response:
    """Send a body that was made up, as JSON where it is any."""
    headers = {"X-Dbtool-Token": TOKEN, "Content-Type": "application/json"}
    if isinstance(body, bytes):
        return studio.client.post(f"/api/{path}", content=body, headers=headers)
    import json

    try:
        content = json.dumps(body).encode()
    except (TypeError, ValueError):
        content = str(body).encode("utf-8", "replace")
    return studio.client.post(f"/api/{path}", content=content, headers=headers)
