"""Print the corpus as a table, change x database, beside what plain Alembic makes of the same changes.

python tests/corpus/report.py [--failures FILE] [--no-alembic] [--only sqlite,postgres,mysql] [WORDS...]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from corpus.case import KINDS, Case  # noqa: E402
from corpus.every import CASES  # noqa: E402
from corpus.trial import Bench, Failed, run, run_alembic  # noqa: E402

Tried = dict[tuple[str, str], str]  # by title and kind: empty where it worked, else the reason


def main() -> int:
    """Run what was asked for; 1 when a case fails."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("--failures", type=Path)
    parser.add_argument("--no-alembic", action="store_true")
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("words", nargs="*")
    given = parser.parse_args()
    kinds = [kind for kind in KINDS if kind in given.only.split(",")]
    cases = [case for case in CASES if all(word in case.title for word in given.words)]
    started = time.perf_counter()
    ours = tried(cases, kinds, run)
    seconds = time.perf_counter() - started
    theirs = {} if given.no_alembic else tried(cases, kinds, run_alembic)
    show(cases, kinds, ours, theirs)
    print(f"dbtool: {counted(ours)}, {seconds / max(len(ours), 1):.2f} s each; alembic: {counted(theirs)}")
    if given.failures:
        given.failures.write_text(
            "".join(f"{title}  [{kind}]\n    {why}\n" for (title, kind), why in ours.items() if why)
        )
    return 1 if any(ours.values()) else 0


def tried(cases: Sequence[Case], kinds: Sequence[str], how: Callable[[Case, Bench], None]) -> Tried:
    """Try each case on each database."""
    found: Tried = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            (Path(folder) / kind).mkdir()
            bench = Bench(kind, Path(folder) / kind)
            try:
                for case in cases:
                    if kind in case.only:
                        found[case.title, kind] = why = reason(case, bench, how)
                        if why:
                            print(f"{kind}: {case.title}: {why[:200]}", file=sys.stderr, flush=True)
            finally:
                bench.close()
    return found


def reason(case: Case, bench: Bench, how: Callable[[Case, Bench], None]) -> str:
    try:
        how(case, bench)
    except Failed as error:
        return str(error)
    except Exception as error:  # a case that cannot even be judged is one that fails
        return f"crash: {type(error).__name__}: {' '.join(str(error).split())}"
    return ""


def show(cases: Sequence[Case], kinds: Sequence[str], ours: Tried, theirs: Tried) -> None:
    """Print a line for each case: its databases, then Alembic's; and each reason below."""
    width = max((len(case.title) for case in cases), default=0)
    print(f"{'change':{width}}", *(f"{kind:9}" for kind in kinds), *(f"alembic/{kind:9}" for kind in kinds if theirs))
    for case in cases:
        marks = [mark(ours.get((case.title, kind))) for kind in kinds]
        others = [mark(theirs.get((case.title, kind))) for kind in kinds if theirs]
        print(f"{case.title:{width}}", *(f"{each:9}" for each in marks), *(f"{each:17}" for each in others))
        for name, found in (("", ours), ("alembic, ", theirs)):
            for kind in kinds:
                why = found.get((case.title, kind))
                if why:
                    print(f"    {name}{kind}: {why[:300]}")


def mark(why: str | None) -> str:
    return "-" if why is None else "fails" if why else "ok"


def counted(found: Tried) -> str:
    good = sum(1 for why in found.values() if not why)
    return f"{good} of {len(found)}"


if __name__ == "__main__":
    sys.exit(main())
