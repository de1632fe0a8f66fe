"""Views, triggers and functions that a project keeps as files of SQL, and what its migrations made of them so far.

A file under `migrations/sql/` holds one object as one CREATE statement. Which text the last migration gave an object is
read from the calls of `op.execute` in the migration files, so that nothing has to be noted twice, and a statement that
was written by hand before there was a file counts as well.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dbtool.config import Config
from dbtool.engine.history import History
from dbtool.errors import SqlFileError
from dbtool.texts import normalised

FOLDER = "sql"
KINDS = ("view", "materialized view", "trigger", "function", "procedure", "event", "policy", "index")
Key = tuple[str, str]

_PART = r'(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`|\[[^\]]+\]|[\w$]+)'
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"
_KIND = r"(?:MATERIALIZED\s+)?VIEW|TRIGGER|FUNCTION|PROCEDURE|EVENT|POLICY|(?:UNIQUE\s+)?INDEX"
_OWNER = r"(?:ALGORITHM\s*=\s*\w+\s+)?(?:DEFINER\s*=\s*\S+\s+)?(?:SQL\s+SECURITY\s+\w+\s+)?"
_CREATE = re.compile(
    rf"CREATE\s+(?P<replace>OR\s+REPLACE\s+)?{_OWNER}(?:RECURSIVE\s+|CONSTRAINT\s+)?(?P<kind>{_KIND})\s+"
    rf"(?:CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>{_NAME})",
    re.IGNORECASE,
)
_DROP = re.compile(rf"DROP\s+(?P<kind>{_KIND})\s+(?:IF\s+EXISTS\s+)?(?P<name>{_NAME})", re.IGNORECASE)
_ON = re.compile(rf"\sON\s+(?P<table>{_NAME})", re.IGNORECASE)
_CALLS = re.compile(r"\bEXECUTE\s+(?:FUNCTION|PROCEDURE)\s", re.IGNORECASE)
_REMARKS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
_DEPENDS = re.compile(r"^--\s*depends:(.*)$", re.IGNORECASE | re.MULTILINE)
_MARK = re.compile(r"#\s.*?(?P<file>[^/\\\s]+\.sql)")
_MAKES = re.compile(rb"\b(?:CREATE|DROP)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SqlObject:
    """One object: its kind, its name as it is written, and the statement that makes it.

    `table` is what it stands on where dropping it must say so. `file` is the name of its file, empty for one that was
    only ever written by hand. `depends` are names of other files.
    """

    kind: str
    name: str
    text: str
    file: str = ""
    table: str = ""
    depends: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """By what it is known as the same: its kind, and its name without quotes."""
        return self.kind, _plain(self.name)

    @property
    def drop(self) -> str:
        """The statement that drops it."""
        return f"DROP {self.kind.upper()} {self.name}{f' ON {self.table}' if self.table else ''}"

    @property
    def head(self) -> str:
        """What calls it see of a function: all before its body, in one case and spacing."""
        before = re.split(r"\b(?:AS|BEGIN|RETURN)\b", self.text, maxsplit=1, flags=re.IGNORECASE)[0]
        return " ".join(before.split()).lower()

    @property
    def replaces(self) -> bool:
        """Whether the statement takes the place of an earlier one by itself."""
        created = _begin(_CREATE, self.text)
        return created is not None and created["replace"] is not None and self.kind in ("function", "procedure")

    def mentions(self, name: str) -> bool:
        """Whether its statement holds a name as a word."""
        words = re.escape(_plain(name).rpartition(".")[2])
        return re.search(rf"(?<![\w$]){words}(?![\w$])", self.text, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class Declared:
    """The objects as the migrations made them last, and as the files want them; each after what it needs."""

    made: tuple[SqlObject, ...] = ()
    wanted: tuple[SqlObject, ...] = ()

    @property
    def new(self) -> Sequence[SqlObject]:
        """Wanted, and not there."""
        there = {each.key for each in self.made}
        return [each for each in self.wanted if each.key not in there]

    @property
    def changed(self) -> Sequence[tuple[SqlObject, SqlObject]]:
        """There with another text: the old one and the new one."""
        there = {each.key: each for each in self.made}
        pairs = ((there[each.key], each) for each in self.wanted if each.key in there)
        return [(old, new) for old, new in pairs if old.text != new.text]

    @property
    def gone(self) -> Sequence[SqlObject]:
        """There from a file that is no more."""
        wanted = {each.key for each in self.wanted}
        return [each for each in self.made if each.file and each.key not in wanted]

    @property
    def words(self) -> tuple[str, ...]:
        """What is different, as a person would say it: `create view x`."""
        return (
            *(f"drop {each.kind} {each.name}" for each in self.gone),
            *(f"change {new.kind} {new.name}" for _, new in self.changed),
            *(f"create {each.kind} {each.name}" for each in self.new),
        )

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone)


def declared(config: Config, history: History) -> Declared:
    """Compare the files with what the migrations made. Raises SqlFileError for a file that cannot be understood."""
    wanted = read(config)
    if not wanted and not any(_MARKED in Path(each.path).read_bytes() for each in history.revisions):
        return Declared()
    made = of_history(history)
    keys = {each.key for each in wanted}
    return Declared(tuple(each for each in made.values() if each.file or each.key in keys), wanted)


_MARKED = b".sql\n"


def read(config: Config) -> tuple[SqlObject, ...]:
    """Read the files, each object after what it needs: what its statement names, or its file says by `-- depends:`.

    Raises SqlFileError.
    """
    folder = config.migrations / FOLDER
    found: dict[Key, SqlObject] = {}
    for path in sorted(folder.glob("*.sql")):
        one = _read_file(path, config.relative(path))
        if one.key in found:
            raise SqlFileError(
                f"{config.relative(path)} and {found[one.key].file} both make {one.kind} {one.name}",
                hint="delete one of them",
            )
        found[one.key] = one
    return _in_order(config, list(found.values()))


def of_history(history: History) -> dict[Key, SqlObject]:
    """Return the objects that the migrations leave behind, as their own calls of `op.execute` say, oldest first."""
    found: dict[Key, SqlObject] = {}
    for revision in history.revisions:
        content = Path(revision.path).read_bytes()
        if _MAKES.search(content):
            for text, file in _executed(normalised(content).decode("utf-8", errors="replace")):
                _follow(found, text, file)
    return found


def made_by(text: str, file: str = "") -> SqlObject | None:
    """Return what a CREATE statement makes; None for any other one."""
    created = _begin(_CREATE, text)
    if created is None:
        return None
    kind = " ".join(created["kind"].lower().split()).removeprefix("unique ")
    on = _ON.search(text, created.end()) if kind == "policy" or (kind == "trigger" and _CALLS.search(text)) else None
    depends = tuple(name for each in _DEPENDS.findall(text) for name in re.split(r"[,\s]+", each.strip()) if name)
    return SqlObject(kind, created["name"], text, file, on["table"] if on else "", depends)


def _follow(found: dict[Key, SqlObject], text: str, file: str) -> None:
    one = made_by(text, file)
    if one is not None:
        earlier = found.pop(one.key, None)
        found[one.key] = one if one.file or earlier is None else replace(one, file=earlier.file)
        return
    dropped = _begin(_DROP, text)
    if dropped is not None:
        found.pop((" ".join(dropped["kind"].lower().split()), _plain(dropped["name"])), None)


def _begin(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Match a statement after its comments."""
    remarks = _REMARKS.match(text)
    return pattern.match(text, remarks.end() if remarks else 0)


def _executed(source: str) -> Iterator[tuple[str, str]]:
    """Yield the texts that `upgrade()` runs, in order, each with the file that the comment before it names."""
    lines = source.splitlines()
    tree = ast.parse(source)
    upgrades = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"]
    calls = [node for each in upgrades for node in ast.walk(each) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        named = isinstance(call.func, ast.Attribute) and call.func.attr == "execute"
        first = call.args[0] if named and call.args else None
        if isinstance(first, ast.Call) and first.args:  # op.execute(sa.text("..."))
            first = first.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            mark = _MARK.fullmatch(lines[call.lineno - 2].strip()) if call.lineno > 1 else None
            yield settled(unescaped(first.value)), mark["file"] if mark else ""


def written(sql: str, file: str = "") -> list[str]:
    """Return the lines of a migration that run a text as it is; a comment says which file it is from.

    A colon before a word would be a parameter to SQLAlchemy.
    """
    escaped = re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", sql)
    return [*([f"# {FOLDER}/{file}"] if file else []), f"op.execute({escaped!r})"]


def unescaped(sql: str) -> str:
    """Return what `op.execute` runs."""
    return sql.replace("\\:", ":")


def settled(text: str) -> str:
    """Return a statement without what does not matter: blanks at the ends of lines and the last semicolon."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines()).rstrip(";").rstrip()


def _plain(name: str) -> str:
    parts = re.findall(_PART, name)
    bare = (part[1:-1].replace('""', '"').replace("``", "`") if part[0] in '"`[' else part for part in parts)
    return ".".join(bare).lower()


def _read_file(path: Path, shown: str) -> SqlObject:
    try:
        text = settled(normalised(path.read_bytes()).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise SqlFileError(f"{shown} is not UTF-8: {error.reason}", hint="save it as UTF-8") from error
    delimiter = re.search(r"^\s*DELIMITER\b", text, re.IGNORECASE | re.MULTILINE)
    if delimiter:
        line = text.count("\n", 0, delimiter.start()) + 1
        raise SqlFileError(
            f"{shown}:{line}: DELIMITER is a command of a client, not SQL", hint="leave it out: a file is one statement"
        )
    found = made_by(text, path.name)
    if found is None:
        raise SqlFileError(
            f"{shown} does not begin with a CREATE that dbtool knows",
            hint=f"one object a file: CREATE {', '.join(kind.upper() for kind in KINDS)}",
        )
    again = list(re.finditer(rf"^{_CREATE.pattern}", text, re.IGNORECASE | re.MULTILINE))[1:]
    if again:
        line = text.count("\n", 0, again[0].start()) + 1
        raise SqlFileError(f"{shown}:{line}: a second object", hint="give it a file of its own")
    return found


def _in_order(config: Config, found: list[SqlObject]) -> tuple[SqlObject, ...]:
    files = {each.file for each in found}
    for each in found:
        for name in each.depends:
            if name not in files:
                raise SqlFileError(
                    f"{config.relative(config.migrations / FOLDER / each.file)} depends on {name}, which is not there",
                    hint=f"-- depends: names files of {config.relative(config.migrations / FOLDER)}",
                )
    return sorted_by_need(found)


def sorted_by_need(found: Iterable[SqlObject]) -> tuple[SqlObject, ...]:
    """Put each object after those that it needs; in a circle, the one whose file says less comes first."""
    waiting = list(found)
    placed: list[SqlObject] = []
    while waiting:
        ready = [each for each in waiting if not needs(each, waiting)]
        ready = ready or [each for each in waiting if not needs(each, waiting, said=True)] or waiting[:1]
        placed += ready
        waiting = [each for each in waiting if each not in ready]
    return tuple(placed)


def needs(one: SqlObject, others: Collection[SqlObject], *, said: bool = False) -> list[SqlObject]:
    """Return those of the others that one needs: its file says so, or (not for `said`) its statement names them."""
    return [
        each
        for each in others
        if each.key != one.key and (each.file in one.depends if said or each.file in one.depends else _uses(one, each))
    ]


def _uses(one: SqlObject, other: SqlObject) -> bool:
    """Whether a statement names another object; of two that name each other, a body that is read late goes first."""
    if not one.mentions(other.name):
        return False
    late = ("function", "procedure")
    return not (other.mentions(one.name) and one.kind in late and other.kind not in late)
