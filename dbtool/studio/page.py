"""The files of the page, as they are sent: read once, and without what only their authors read."""

from __future__ import annotations

import re
from importlib import resources

from starlette.responses import Response

_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
_COMMENT = re.compile(rb"^[ \t]*/\*.*?\*/", re.DOTALL | re.MULTILINE)
_INDENTATION = re.compile(rb"^[ \t]+", re.MULTILINE)


def files() -> dict[str, Response]:
    """Return the files by name; no path of a request is ever opened."""
    folder = resources.files("dbtool.studio") / "static"
    return {each.name: _response(each.name, each.read_bytes()) for each in folder.iterdir() if each.is_file()}


def lean(text: bytes) -> bytes:
    """Return a script or a style without comments of their own lines and without indentation.

    What a browser says of a line is true of the line in the source: every line is still there.
    """
    kept = _COMMENT.sub(lambda comment: b"\n" * comment[0].count(b"\n"), text)
    return _INDENTATION.sub(b"", kept)


def _response(name: str, text: bytes) -> Response:
    suffix = name[name.rfind(".") :]
    return Response(lean(text) if suffix in (".js", ".css") else text, media_type=_TYPES[suffix])
