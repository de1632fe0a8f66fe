"""Ask a studio without a socket, as the page does: with a token, from its own origin."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
from projects import Project

import dbtool
from dbtool.studio.app import create_app
from dbtool.studio.guard import Rules
from dbtool.studio.library import Library

TOKEN = "a-token-for-tests"
PAGE = {"X-Dbtool-Token": TOKEN, "Origin": "http://localhost:5555", "Sec-Fetch-Site": "same-origin"}


class Client:
    """Sends requests to an application, one after the other."""

    def __init__(self, app: Any) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://localhost:5555", timeout=60)
        self._runner = asyncio.Runner()

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Return the response, whole."""

        async def send() -> httpx.Response:
            return await self._client.request(method, url, **options)

        return self._runner.run(send())

    def get(self, url: str, **options: Any) -> httpx.Response:
        """Return the response to a GET."""
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> httpx.Response:
        """Return the response to a POST."""
        return self.request("POST", url, **options)


class Studio:
    """The application of a project, asked in this process."""

    def __init__(
        self, project: Project, *, read_only: bool = False, environment: str | None = None, confirm: str | None = None
    ) -> None:
        self.project = project
        give_models_a_base(project)
        config = dbtool.load_config(project=project.root, url=project.url, environment=environment, confirm=confirm)
        self.library = Library(config, read_only=read_only)
        self.app = create_app(self.library, Rules(TOKEN))
        self.client = Client(self.app)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Return the response to a request of the page."""
        return self.client.post(f"/api/{path}", json=body or {}, headers={**PAGE, **headers})

    def ask(self, path: str, body: Mapping[str, Any] | None = None, status: int = 200) -> Any:
        """Return the answer, which has this status."""
        response = self.post(path, body)
        assert response.status_code == status, (response.status_code, response.text[:2000])
        return response.json()

    def fetch(self, ticket: str) -> httpx.Response:
        """Return the response to a download."""
        return self.client.get(f"/api/download/{ticket}")


def give_models_a_base(project: Project) -> None:
    """Let a project's models have a MetaData of their own: SQLModel's is the whole process's, other tests' too."""
    path = project.root / "app" / "models.py"
    if not path.exists() or "class Base" in path.read_text():
        return
    base = "from sqlalchemy import MetaData\nfrom sqlmodel import Field, Relationship, SQLModel\n\n\n"
    base += "class Base(SQLModel):\n    metadata = MetaData()\n"
    project.edit("app/models.py", "from sqlmodel import Field, Relationship, SQLModel\n", base)
    text = path.read_text(encoding="utf-8").replace("(SQLModel, table=True)", "(Base, table=True)")
    project.write("app/models.py", text)
    project.edit("pyproject.toml", 'models = "app.models"', 'models = "app.models:Base"')
