"""`python -m dbtool`, and the `dbtool` command."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from dbtool.cli.app import run

    run()


if __name__ == "__main__":
    main()
