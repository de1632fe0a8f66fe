"""First deploy, empty deploy and status against Django's migrate, dbmate and Prisma, where they can be installed.

All of them make the schema of the sample on SQLite: the same statements, in one migration of each tool's own form.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dbtool
from benchmarks.harness import Command, Subject, measure
from benchmarks.migrations import DBTOOL, REPOSITORY

SETTINGS = """\
SECRET_KEY = "bench"
INSTALLED_APPS = ["app"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "peer.db"}}
"""
PRISMA = """\
import {{ defineConfig }} from "prisma/config"
export default defineConfig({{ schema: "schema.prisma", datasource: {{ url: "file:{file}" }} }})
"""


@dataclass(frozen=True)
class Peer:
    """Another tool in a folder of its own: how it deploys, how it tells where it stands, and its database."""

    name: str
    folder: Path
    deploy: list[str]
    status: list[str]
    environment: dict[str, str]

    def command(self, arguments: list[str], prepare: Callable[[], None] = lambda: None) -> Command:
        """Return one of its commands."""
        named = " ".join(each for each in arguments[1:] if not each.startswith("-"))
        return Command(f"{self.name} {named}", arguments, self.folder, prepare, self.environment)

    def forget(self) -> None:
        """Remove its database."""
        (self.folder / "peer.db").unlink(missing_ok=True)


def main() -> None:
    """Measure against each tool that this machine can install."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        ours = root / "dbtool"
        shutil.copytree(REPOSITORY / "migrations", ours / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
        (ours / "pyproject.toml").write_text('[tool.dbtool]\nmodels = "dbtool.models"\n')
        statements = tuple(_statements(ours))
        for make in (_django, _dbmate, _prisma):
            try:
                peer = make(root, statements)
                subprocess.run(
                    peer.deploy,
                    cwd=peer.folder,
                    env={**os.environ, **peer.environment},
                    check=True,
                    capture_output=True,
                )
            except (OSError, subprocess.CalledProcessError) as error:
                words = getattr(error, "stderr", b"") or str(error).encode()
                print(f"\n{make.__name__[1:]} cannot be measured here: {words.decode().strip().splitlines()[-1]}")
                continue
            _compare(ours, peer)


def _compare(ours: Path, peer: Peer) -> None:
    def mine(name: str, prepare: Callable[[], None] = lambda: None) -> Command:
        return Command(f"dbtool {name}", [*DBTOOL, name], ours, prepare, {"DATABASE_URL": "sqlite:///dev.db"})

    first = mine("deploy", lambda: (ours / "dev.db").unlink(missing_ok=True))
    measure(Subject(f"first deploy, {peer.name}", first, peer.command(peer.deploy, peer.forget)))
    measure(Subject(f"empty deploy, {peer.name}", mine("deploy"), peer.command(peer.deploy)))
    measure(Subject(f"status, {peer.name}", mine("status"), peer.command(peer.status)))


def _statements(project: Path) -> Iterator[str]:
    config = dbtool.load_config(project=project, url="sqlite:///dev.db")
    for step in dbtool.sql(config).steps:
        yield from (each for each in step.statements if "alembic_version" not in each and "dbtool_" not in each)


def _django(root: Path, statements: tuple[str, ...]) -> Peer:
    folder = root / "django"
    versions = folder / "app" / "migrations"
    versions.mkdir(parents=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder / "packages"), "django"]
    subprocess.run(pip, check=True, capture_output=True)
    for package in (folder / "app", versions):
        (package / "__init__.py").touch()
    (folder / "settings.py").write_text(SETTINGS)
    (versions / "0001_initial.py").write_text(
        "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
        f"    initial = True\n    operations = [migrations.RunSQL({list(statements)!r})]\n"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": f"{folder / 'packages'}{os.pathsep}{folder}"}
    django = [sys.executable, "-m", "django"]
    return Peer("django", folder, [*django, "migrate"], [*django, "showmigrations"], environment)


def _dbmate(root: Path, statements: tuple[str, ...]) -> Peer:
    folder = root / "dbmate"
    versions = folder / "db" / "migrations"
    versions.mkdir(parents=True)
    program = _from_npm(folder, "dbmate") / "dbmate"
    text = ";\n".join(each.rstrip(" ;\n") for each in statements)
    (versions / "20250101000000_init.sql").write_text(f"-- migrate:up\n{text};\n\n-- migrate:down\n")
    command = [str(program), "--no-dump-schema"]
    environment = {"DATABASE_URL": "sqlite:peer.db"}
    return Peer("dbmate", folder, [*command, "up"], [*command, "status"], environment)


def _prisma(root: Path, statements: tuple[str, ...]) -> Peer:
    folder = root / "prisma"
    versions = folder / "migrations" / "20250101000000_init"
    versions.mkdir(parents=True)
    program = str(_from_npm(folder, "prisma") / "prisma")
    (versions / "migration.sql").write_text(";\n".join(each.rstrip(" ;\n") for each in statements) + ";\n")
    (folder / "migrations" / "migration_lock.toml").write_text('provider = "sqlite"\n')
    (folder / "schema.prisma").write_text('datasource db {\n  provider = "sqlite"\n}\n')
    (folder / "prisma.config.ts").write_text(PRISMA.format(file=folder / "peer.db"))
    return Peer("prisma", folder, [program, "migrate", "deploy"], [program, "migrate", "status"], {})


def _from_npm(folder: Path, package: str) -> Path:
    """Install a package; return where its programs are."""
    (folder / "package.json").write_text("{}")
    subprocess.run(["npm", "install", "--silent", package], cwd=folder, check=True, capture_output=True)
    return folder / "node_modules" / ".bin"


if __name__ == "__main__":
    main()
