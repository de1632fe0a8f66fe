"""Which schemas `push` left behind, by their fingerprints: they are no drift, and the next `migrate` records them.

The fingerprints lie under `.dbtool/`; whoever deletes them loses nothing but this knowledge.
"""

from __future__ import annotations

from contextlib import suppress

from dbtool.config import Config
from dbtool.texts import write_whole

_KEPT = 20


def known(config: Config) -> tuple[str, ...]:
    """Return the fingerprints of what was pushed, oldest first."""
    try:
        return tuple((config.private / "pushed").read_text(encoding="ascii").split())
    except (OSError, UnicodeDecodeError):
        return ()


def forget(config: Config) -> None:
    """Forget what was pushed: a migration says it now."""
    with suppress(OSError):
        (config.private / "pushed").unlink(missing_ok=True)


def note(config: Config, fingerprint: str) -> None:
    """Remember what was pushed; where nothing can be written, the drift is named as any other."""
    kept = [each for each in known(config) if each != fingerprint][1 - _KEPT :]
    with suppress(OSError):
        write_whole(config.make_private() / "pushed", "".join(f"{each}\n" for each in (*kept, fingerprint)))
