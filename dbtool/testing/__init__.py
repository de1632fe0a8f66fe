"""Tests that every project with migrations wants, for one line of a test file: `from dbtool.testing import *`.

They run on databases of their own, of the kind that `--dbtool-url` or `dbtool_url` in pytest's configuration names.
"""

from __future__ import annotations

__all__ = [
    "test_migrations_are_one_line_and_unchanged",
    "test_migrations_can_be_taken_back_with_rows",
    "test_migrations_run_from_nothing",
    "test_models_match_migrations",
]


def test_migrations_are_one_line_and_unchanged(dbtool_findings: dict[str, list[str]]) -> None:
    """One head, every file listed, none changed since."""
    assert dbtool_findings.get("history", []) == []


def test_migrations_run_from_nothing(dbtool_findings: dict[str, list[str]]) -> None:
    """All files run on an empty database."""
    assert dbtool_findings.get("replay", []) == []


def test_migrations_can_be_taken_back_with_rows(dbtool_findings: dict[str, list[str]]) -> None:
    """Each file goes up, down and up again among made-up rows."""
    assert dbtool_findings.get("back", []) == []


def test_models_match_migrations(dbtool_findings: dict[str, list[str]]) -> None:
    """The files make what the models say."""
    assert dbtool_findings.get("models", []) == []
