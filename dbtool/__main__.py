"""`python -m dbtool`, and the `dbtool` command."""

from __future__ import annotations

import io
import signal
import sys


def main() -> None:
    """Run the command line; what SIGTERM ends is taken back as with Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character shows `?`
    from dbtool.cli import elsewhere, fast

    elsewhere.hand_over(sys.argv[1:])
    if not fast.answer(sys.argv[1:]):
        from dbtool.cli.app import run

        run()


if __name__ == "__main__":
    main()
