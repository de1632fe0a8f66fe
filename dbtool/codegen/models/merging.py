"""Bring models that people have worked on to what a database became: only what changed there is touched.

Two modules say what changed: one written of what the models make, one of the database. A statement that is the same in
both stays as it is in the file, whatever it looks like there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dbtool.codegen.layout import INDENT
from dbtool.codegen.models.module import ModelClass, Module, Statement, indented
from dbtool.codegen.models.types import Choice


@dataclass(frozen=True, slots=True)
class Home:
    """Where a class stands: the file, and its name there."""

    path: Path
    name: str


@dataclass(slots=True)
class Merged:
    """New texts of files, and in words what changed and what could not be done."""

    texts: dict[Path, str] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Homes:
    """Where models stand: classes by table, enums by name, the texts of all their files, and the file for new ones."""

    classes: Mapping[str, Home]
    enums: Mapping[str, Home]
    texts: Mapping[Path, str]
    new: Path


def merge(before: Module, after: Module, homes: Homes) -> Merged:
    """Return the files of models as they should be: `before` is what they make, `after` what the database is."""
    merged = Merged()
    files = {path: _File(text, merged) for path, text in homes.texts.items()}
    old = {each.table: each for each in before.classes}
    now = {each.table: each for each in after.classes}
    for table, home in homes.classes.items():
        if table in old and table in now:
            files[home.path].change_class(home.name, old[table], now[table], after)
        elif table in old:
            files[home.path].remove_class(home.name)
            for file in files.values():
                file.forget(home.name)
    told = {each.name: each for each in before.choices}
    for choice in after.choices:
        if choice.name in homes.enums and choice.name in told:
            files[homes.enums[choice.name].path].change_enum(told[choice.name], choice)
        elif choice.name not in homes.enums:
            files[homes.new].append(choice.text, f"added the enum {choice.name}", after)
    for each in after.classes:
        if each.table not in homes.classes:
            files[homes.new].append(each.text, f"added the class {each.name}", after)
    merged.texts = {path: file.text for path, file in files.items() if file.text != homes.texts[path]}
    return merged


@dataclass(slots=True)
class _File:
    """One file while it is changed; positions are looked up anew for each change."""

    text: str
    merged: Merged

    def change_class(self, name: str, old: ModelClass, new: ModelClass, module: Module) -> None:
        """Bring one class to what its table became."""
        if old.plain or new.plain:
            if old.plain != new.plain:
                self.merged.notes.append(f"{name} is a table without a class, which changed: see to it by hand")
            return
        if new.doc and new.doc != old.doc:
            self._replace_doc(name, new.doc)
        for mine, theirs in ((old.head, new.head), (old.fields, new.fields), (old.relations, new.relations)):
            self._change_statements(name, mine, theirs, module)

    def _change_statements(self, name: str, old: Sequence[Statement], new: Sequence[Statement], module: Module) -> None:
        before = {each.place: each for each in old}
        wanted = {each.place: each for each in new}
        for place, each in before.items():
            if place not in wanted:
                self._remove_statement(name, each)
        previous: Statement | None = None
        for place, each in wanted.items():
            if place not in before:
                self._insert_statement(name, each, previous, module)
            elif before[place].code != each.code:
                self._replace_statement(name, before[place], each, module)
            previous = each

    def _remove_statement(self, name: str, statement: Statement) -> None:
        node = self._statement(name, _target(statement.code))
        if node is None:
            if statement.place[0] == "field":
                said = (
                    f"{name}.{_target(statement.code)} is gone from the database, and is inherited: see to it by hand"
                )
                self.merged.notes.append(said)
            return
        owner = self._class(name)
        lines = [f"{INDENT}pass"] if owner is not None and len(owner.body) == 1 else []
        self._put(node.lineno, node.end_lineno or node.lineno, lines)
        self.merged.changes.append(f"removed {name}.{_target(statement.code)}")

    def _replace_statement(self, name: str, old: Statement, new: Statement, module: Module) -> None:
        node = self._statement(name, _target(old.code))
        if node is None:
            if new.place[0] in ("field", "arguments"):
                self._insert_statement(name, new, None, module)
            return
        self._put(node.lineno, node.end_lineno or node.lineno, indented(new.code).splitlines())
        self._import(new.code, module)
        self.merged.changes.append(f"changed {name}.{_target(new.code)}")

    def _insert_statement(self, name: str, new: Statement, previous: Statement | None, module: Module) -> None:
        owner = self._class(name)
        if owner is None or self._statement(name, _target(new.code)) is not None:
            return
        self._put(self._place(owner, name, new, previous) + 1, None, indented(new.code).splitlines())
        self._import(new.code, module)
        self.merged.changes.append(f"added {name}.{_target(new.code)}")

    def _place(self, owner: ast.ClassDef, name: str, new: Statement, previous: Statement | None) -> int:
        """Return the line after which a statement belongs: what stood before it, or what is like it."""
        beside = self._statement(name, _target(previous.code)) if previous is not None else None
        if beside is not None:
            return beside.end_lineno or beside.lineno
        assigned = [each for each in owner.body if isinstance(each, ast.AnnAssign)]
        if new.place[0] == "arguments" or not assigned:
            first = owner.body[0]
            has_doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            named = [each for each in owner.body if _assigned(each) == "__tablename__"]
            after = named[0] if named else first if has_doc else None
            return (after.end_lineno or after.lineno) if after is not None else owner.body[0].lineno - 1
        last = assigned[-1]
        return last.end_lineno or last.lineno

    def _replace_doc(self, name: str, doc: str) -> None:
        owner = self._class(name)
        if owner is None:
            return
        first = owner.body[0]
        lines = indented(f'"""{doc}"""').splitlines()
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            self._put(first.lineno, first.end_lineno or first.lineno, lines)
        else:
            self._put(first.lineno, None, [*lines, ""])
        self.merged.changes.append(f"changed what {name} says of itself")

    def remove_class(self, name: str) -> None:
        """Take out a class whose table is gone."""
        owner = self._class(name)
        if owner is None:
            return
        start = min([owner.lineno, *(each.lineno for each in owner.decorator_list)])
        lines = self.text.splitlines()
        while start > 1 and not lines[start - 2].strip():
            start -= 1
        self._put(start, owner.end_lineno or owner.lineno, [])
        self.merged.changes.append(f"removed the class {name}")

    def forget(self, name: str) -> None:
        """Import a class no more."""
        for node in ast.parse(self.text).body:
            if isinstance(node, ast.ImportFrom) and any(each.name == name and not each.asname for each in node.names):
                stay = [each for each in node.names if each.name != name]
                lines = [ast.unparse(ast.ImportFrom(node.module, stay, node.level))] if stay else []
                self._put(node.lineno, node.end_lineno or node.lineno, lines)
                return

    def change_enum(self, old: Choice, new: Choice) -> None:
        """Bring the members of an enum to those of the database; members that stay keep their names."""
        owner = self._class(new.name)
        if owner is None or [value for _, value in old.members] == [value for _, value in new.members]:
            return
        stay = {value for _, value in new.members}
        for name in [name for name, value in old.members if value not in stay]:
            node = self._statement(new.name, name)
            if node is not None:
                self._put(node.lineno, node.end_lineno or node.lineno, [])
        known = {value for _, value in old.members}
        lines = [f"{INDENT}{name} = {value!r}".replace("'", '"') for name, value in new.members if value not in known]
        owner = self._class(new.name)
        assert owner is not None
        last = [each for each in owner.body if isinstance(each, ast.Assign)][-1:]
        if lines and last:
            self._put((last[0].end_lineno or last[0].lineno) + 1, None, lines)
        self.merged.changes.append(f"changed the members of {new.name}")

    def append(self, text: str, change: str, module: Module) -> None:
        """Put a class at the end."""
        self.text = f"{self.text.rstrip()}\n\n\n{text}" if self.text.strip() else text
        self._import(text, module)
        self.merged.changes.append(change)

    def _import(self, code: str, module: Module) -> None:
        """Add the imports that a code needs and the file does not have."""
        used = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
        tree = ast.parse(self.text)
        bound = set(_bound(tree))
        wanted = [each for each in module.names.added if each.bound in used and each.bound not in bound]
        lines = [f"from {each.module} import {each.name}{f' as {each.alias}' if each.alias else ''}" for each in wanted]
        if lines:
            last = [each for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)][-1:]
            first_doc = [each for each in tree.body[:1] if isinstance(each, ast.Expr)]
            after = (last or first_doc)[0].end_lineno or 0 if (last or first_doc) else 0
            self._put(after + 1, None, sorted(lines))

    def _class(self, name: str) -> ast.ClassDef | None:
        tree = ast.parse(self.text)
        return next((each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == name), None)

    def _statement(self, name: str, target: str) -> ast.stmt | None:
        owner = self._class(name)
        return next((each for each in owner.body if _assigned(each) == target), None) if owner is not None else None

    def _put(self, start: int, end: int | None, lines: Sequence[str]) -> None:
        """Put lines in the place of those from `start` to `end`, counted from 1; before `start` without an end."""
        there = self.text.splitlines()
        there[start - 1 : start - 1 if end is None else end] = lines
        self.text = "\n".join(there) + "\n"


def _bound(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (each.asname or each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name


def _target(code: str) -> str:
    """Return the name that a statement assigns."""
    return _assigned(ast.parse(code).body[0]) or ""


def _assigned(node: ast.stmt) -> str | None:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return None
