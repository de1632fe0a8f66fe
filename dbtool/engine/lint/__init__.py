"""Judge migrations: rules over the operations that files carry out, each with what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from alembic.operations import ops

from dbtool.engine.lint import compatibility, constraints, enums, histories, locks, loss, silenced, style, text
from dbtool.engine.lint.rules import KINDS, Deed, Facts, File, Registry, Rule
from dbtool.engine.recording import Recorded, Step
from dbtool.reports import Finding, Revision

of_error, of_standing = histories.of_error, histories.of_standing

__all__ = [
    "KINDS", "RULES", "Facts", "File", "Rule", "added", "created", "deeds", "file_of", "finding", "judge", "of_error",
    "of_standing", "unknown_names",
]  # fmt: skip

RULES = Registry(
    (
        *loss.RULES,
        *compatibility.RULES,
        *locks.RULES,
        *constraints.RULES,
        *enums.RULES,
        *style.RULES,
        *histories.RULES,
    )
)


def file_of(up: Recorded, down: Recorded | None, source: str, new_tables: Iterable[str] = ()) -> File:
    """Return a file as rules see it; `new_tables` are made by files before it in the same run."""
    made = {*new_tables, *created(up)}
    backwards = tuple(deeds(_steps(down), set())) if down is not None else None
    return File(up.revision, tuple(deeds(_steps(up), made)), backwards, down.refusal if down else None, source)


def _steps(recorded: Recorded) -> list[Step]:
    """Return all that a file does, with what it runs by itself as SQL."""
    own = (each for each in recorded.statements if not each.by_operation)
    extra = [Step(ops.ExecuteSQLOp(each.sql), each.line, each.alone) for each in own]
    return [*recorded.steps, *extra]


def created(recorded: Recorded) -> frozenset[str]:
    """Return the tables that a file makes."""
    found = (deed.table for deed in deeds(recorded.steps, set()) if isinstance(deed.operation, ops.CreateTableOp))
    return frozenset(found)


def added(recorded: Recorded) -> frozenset[tuple[str, str]]:
    """Return the (table, column) pairs that a file adds to tables."""
    return frozenset(
        (deed.table, deed.operation.column.name)
        for deed in deeds(recorded.steps, set())
        if isinstance(deed.operation, ops.AddColumnOp)
    )


def deeds(steps: Iterable[Step], new_tables: set[str]) -> Iterator[Deed]:
    """Yield operations as rules see them: SQL that was said as text becomes the operation that it is."""
    for step in steps:
        for operation, said in _operations(step.operation):
            deed = Deed(operation, step.line, step.alone, step.batch, step.before, step.referred, said)
            yield replace(deed, new=_touched(deed) in new_tables)


def judge(file: File, facts: Facts, path: str) -> Iterator[Finding]:
    """Yield what rules find in a file, by line; what a comment in it silences is left out."""
    allowed = silenced.allowances(file.text)
    found = [*_of_operations(file, facts), *_of_file(file, facts)]
    for rule, line, message, advice in sorted(found, key=lambda each: each[1]):
        if not any(rule.name in each.rules and each.reason and line in each.lines for each in allowed):
            yield finding(rule, facts.kind, message, f"{path}:{line}", advice)
    yield from _of_comments(allowed, facts, path)


def finding(rule: Rule, kind: str, message: str, where: str, advice: str = "") -> Finding:
    """Return a finding of a rule that applies to this kind of database."""
    return Finding(rule.name, message, advice or rule.advice(kind), where, rule.severity(kind) or "note")


def unknown_names(source: str, revision: Revision, kind: str, path: str) -> Iterator[Finding]:
    """Yield the names that a file uses and does not import, where it cannot run for that."""
    rule = RULES["missing-import"]
    assert rule.judge_file is not None
    for line, message in rule.judge_file(File(revision, (), None, text=source), Facts(kind)):
        yield finding(rule, kind, message, f"{path}:{line}")


def _of_operations(file: File, facts: Facts) -> Iterator[tuple[Rule, int, str, str]]:
    for deed in file.up:
        for rule in RULES:
            if rule.judge is None or rule.severity(facts.kind) is None or (deed.new and not rule.on_new):
                continue
            message = rule.judge(deed, facts)
            if message is not None:
                yield rule, deed.line, message, rule.advice(facts.kind, deed)


def _of_file(file: File, facts: Facts) -> Iterator[tuple[Rule, int, str, str]]:
    for rule in RULES:
        if rule.judge_file is not None and rule.severity(facts.kind) is not None:
            for line, message in rule.judge_file(file, facts):
                deed = next((each for each in file.up if each.line == line), None)
                yield rule, line, message, rule.advice(facts.kind, deed)


def _of_comments(allowed: Iterable[silenced.Allowance], facts: Facts, path: str) -> Iterator[Finding]:
    known = {rule.name for rule in RULES}
    for each in allowed:
        where, names = f"{path}:{each.line}", ", ".join(each.rules)
        if not each.reason:
            rule = RULES["allow-without-reason"]
            advice = rule.rewrite.replace("<rule>", names)
            yield finding(rule, facts.kind, f"{names} is silenced without a reason", where, advice)
        for name in each.rules:
            if name not in known:
                yield finding(RULES["allow-unknown"], facts.kind, f"there is no rule `{name}`", where)


def _operations(operation: Any) -> Iterator[tuple[Any, str]]:
    if not isinstance(operation, ops.ExecuteSQLOp):
        yield operation, ""
        return
    statement = operation.sqltext
    if not isinstance(statement, str) and not hasattr(statement, "text"):
        yield operation, text.bare(str(statement))
        return
    for said in text.statements(str(getattr(statement, "text", statement))):
        yield text.understood(said) or operation, said


def _touched(deed: Deed) -> str:
    """Return the table that an operation is about, also of one that writes rows."""
    statement = getattr(deed.operation, "sqltext", None)
    found = getattr(getattr(statement, "table", None), "name", None) or getattr(
        getattr(deed.operation, "table", None), "name", None
    )
    return deed.table or found or text.table_of(deed.text)
