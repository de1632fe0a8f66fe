"""Look before anything happens: what dbtool sees, and what is wrong with it."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import dbtool
from dbtool import database as databases
from dbtool.codegen import record
from dbtool.config import Config
from dbtool.database import Database
from dbtool.engine import history as histories
from dbtool.engine import protection, schema
from dbtool.engine.state import observe
from dbtool.errors import ConnectError, DatabaseMissingError, DbtoolError, ModelsError
from dbtool.reports import DoctorReport, Fact, Finding
from dbtool.seeding import files

PACKAGES = ("sqlmodel", "sqlalchemy", "alembic", "pydantic", "typer", "psycopg", "pymysql")


def doctor(config: Config) -> DoctorReport:
    """Gather every setting and where it came from, the versions, and what is wrong. Changes nothing."""
    findings: list[Finding] = []
    facts = [*_versions(), *_project(config), *_models(config, findings)]
    facts += [
        *_database(config, findings),
        *_migrations(config, findings),
        *_seeds(config),
        *_generated(config, findings),
    ]
    return DoctorReport(tuple(facts), tuple(findings), ok=not any(each.severity == "error" for each in findings))


def _versions() -> Iterator[Fact]:
    yield Fact("versions", "dbtool", dbtool.__version__)
    yield Fact("versions", "python", f"{platform.python_version()} ({sys.executable})")
    for package in PACKAGES:
        try:
            yield Fact("versions", package, version(package))
        except PackageNotFoundError:
            yield Fact("versions", package, "not installed")


def _project(config: Config) -> Iterator[Fact]:
    yield Fact("project", "root", str(config.root))
    yield Fact("project", "env file", str(config.env_file) if config.env_file else "none")
    if config.environment:
        yield Fact("project", "environment", config.environment)
    yield Fact("project", "models", config.models or "none", config.sources["models"])
    yield Fact("project", "migrations", config.relative(config.migrations), config.sources["migrations"])
    yield Fact("project", "seed_data", config.relative(config.seed_data), config.sources["seed_data"])
    yield Fact("project", "timezone", config.timezone, config.sources["timezone"])


def _models(config: Config, findings: list[Finding]) -> Iterator[Fact]:
    if config.models is None:
        findings.append(
            _finding("models", "no models are configured", 'models = "app.models" in [tool.dbtool]', "note")
        )
        return
    try:
        yield Fact("models", "tables", str(len(schema.load(config).tables)), config.models)
    except DbtoolError as error:
        findings.append(_failed("models", error))


def _database(config: Config, findings: list[Finding]) -> Iterator[Fact]:
    try:
        database = databases.of(config)
    except DbtoolError as error:
        findings.append(_failed("database", error))
        return
    yield Fact("database", "url", database.url.safe, config.url.source)
    protected = protection.reason(config, database)
    if protected:
        yield Fact("database", "protected", protected)
    try:
        yield from _server(database)
    except DatabaseMissingError as error:
        findings.append(_finding("database", error.message, error.hint, "warning"))
    except DbtoolError as error:
        findings.append(_failed("database", error))


def _server(database: Database) -> Iterator[Fact]:
    with database.reading() as connection, database.translated():
        yield Fact("database", "server", database.version(connection))
        yield Fact("database", "tables", str(len(database.table_names(connection) - set(database.own_tables))))


def _migrations(config: Config, findings: list[Finding]) -> Iterator[Fact]:
    try:
        known = histories.read(config)
        yield Fact("migrations", "files", str(len(known.revisions)))
        yield Fact("migrations", "env.py", "dbtool's" if known.host == "dbtool" else "foreign: executed by deploy")
        standing = observe(config, databases.of(config)).standing
    except ConnectError:
        return  # said above
    except DbtoolError as error:
        findings.append(_failed("migrations", error))
        return
    yield Fact("migrations", "applied", str(len(standing.applied)))
    yield Fact("migrations", "pending", str(len(standing.pending)))
    if standing.pending or not standing.intact:
        findings.append(_finding("migrations", "the database is not where the files are", "dbtool status", "warning"))


def _seeds(config: Config) -> Iterator[Fact]:
    found = ", ".join(path.name for path in files.chosen(config, ()))
    yield Fact("seeds", "files", found or "none")
    sets = files.known_sets(config)
    if sets:
        yield Fact("seeds", "sets", ", ".join(sets))


def _generated(config: Config, findings: list[Finding]) -> Iterator[Fact]:
    """Generate without writing: what is missing or stale is known for certain."""
    if config.models is None:
        return
    try:
        report = dbtool.generate(config, check=True)
    except ModelsError:
        return  # said above
    except DbtoolError as error:
        findings.append(_failed("generated", error))
        return
    yield Fact("generated", "files", str(len(report.outputs)), config.relative(record.folder(config) or config.root))
    wrong = [f"{each.path} is {each.found}" for each in report.outputs if each.found != "fresh"]
    if wrong and all(each.found == "missing" for each in report.outputs):
        wrong = ["nothing is generated yet"]
    findings += [_finding("generated", each, "dbtool generate", "warning") for each in wrong]


def _failed(topic: str, error: DbtoolError) -> Finding:
    return Finding(f"{topic}: {error.code}", error.message, error.hint)


def _finding(code: str, message: str, hint: str, severity: str) -> Finding:
    return Finding(code, message, hint, severity="warning" if severity == "warning" else "note")
