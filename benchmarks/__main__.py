"""`python -m benchmarks [SUBJECT ...]`: one file for each subject; without a name, all of them."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks


def main() -> None:
    """Run the named subjects."""
    known = [
        each.name for each in pkgutil.iter_modules(benchmarks.__path__) if each.name not in ("__main__", "harness")
    ]
    for name in sys.argv[1:] or known:
        if name not in known:
            sys.exit(f"no benchmark is called {name}; known: {', '.join(known)}")
        importlib.import_module(f"benchmarks.{name}").main()


main()
