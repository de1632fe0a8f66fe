"""The files of the page, as they are sent: scripts and styles without comments and spaces that only authors read."""

from __future__ import annotations

from importlib import resources

import rcssmin
import rjsmin
from starlette.responses import Response

_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}


class Files:
    """The files by name, read once; no path of a request is ever opened."""

    def __init__(self) -> None:
        folder = resources.files("dbtool.studio") / "static"
        self._texts = {each.name: each.read_text(encoding="utf-8") for each in folder.iterdir() if each.is_file()}
        self._sent: dict[str, Response] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """What there is, by name."""
        return tuple(sorted(self._texts))

    def get(self, name: str) -> Response | None:
        """Return the answer to a request for a file; None where there is no such file."""
        if name not in self._sent and name in self._texts:
            self._sent[name] = _response(name, self._texts[name])
        return self._sent.get(name)


def _response(name: str, text: str) -> Response:
    suffix = name[name.rfind(".") :]
    if suffix == ".js":
        text = rjsmin.jsmin(text)
    elif suffix == ".css":
        text = rcssmin.cssmin(text)
    return Response(text, media_type=_TYPES[suffix])
