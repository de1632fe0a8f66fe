"""Texts: files written whole or not at all, and known by a hash that no editor changes; SQL within Python."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a crash leaves either the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    with unfinished.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def normalised(content: bytes) -> bytes:
    """Return a file's text, still encoded, without BOM and with `\\n` at the end of lines."""
    return content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")


def text_hash(content: bytes) -> str:
    """Return the hash of a normalised text, 32 hex digits."""
    return hashlib.sha256(content).hexdigest()[:32]


def as_text(sql: str) -> str:
    """Write SQL as `sqlalchemy.text` wants it: a colon before a word would be a parameter."""
    return re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", sql)
