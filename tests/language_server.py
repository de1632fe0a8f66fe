"""A language server, asked as an editor asks it: what can be written at a place in a file.

with LanguageServer(["ty", "server"], folder) as server:
    server.open(path, text)
    labels = server.completions(path, line, character)       # both count from 0
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self


class LanguageServer:
    """A server over its standard streams: JSON-RPC in frames that say how long they are."""

    def __init__(self, command: Sequence[str], folder: Path, settings: dict[str, Any] | None = None) -> None:
        self._settings = settings or {}
        self._folder = folder
        self._number = 0
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def __enter__(self) -> Self:
        folders = [{"uri": self._folder.as_uri(), "name": "project"}]
        abilities = {
            "workspace": {"configuration": True, "workspaceFolders": True},
            "textDocument": {"completion": {"completionItem": {"snippetSupport": False}}},
        }
        self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": self._folder.as_uri(),
                "workspaceFolders": folders,
                "capabilities": abilities,
                "initializationOptions": self._settings,
            },
        )
        self.notify("initialized", {})
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self.request("shutdown", None)
            self.notify("exit", None)
            self._process.wait(timeout=10)
        finally:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()

    def open(self, path: Path, text: str, language: str = "python") -> None:
        """Open a file with this text, which need not be what is on disk."""
        document = {"uri": path.as_uri(), "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def completions(self, path: Path, line: int, character: int) -> list[str]:
        """Return what can be written at a place, as the editor lists it; quotes around keys are left out."""
        answer = self.request(
            "textDocument/completion",
            {
                "textDocument": {"uri": path.as_uri()},
                "position": {"line": line, "character": character},
                "context": {"triggerKind": 1},
            },
        )
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return [item["label"].strip("\"'") for item in items]

    def request(self, method: str, parameters: Any) -> Any:
        """Send a request and return its result, answering what the server asks meanwhile."""
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": parameters})
        while True:
            message = self._receive()
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": self._answer(message)})
            elif message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                return message.get("result")

    def notify(self, method: str, parameters: Any) -> None:
        """Tell the server something."""
        self._send({"method": method, "params": parameters})

    def _answer(self, message: dict[str, Any]) -> Any:
        if message["method"] == "workspace/configuration":
            return [self._settings.get(item.get("section", ""), {}) for item in message["params"]["items"]]
        return None

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        stream = self._process.stdout
        assert stream is not None
        length = 0
        while line := stream.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise AssertionError("the language server has ended")
        message: dict[str, Any] = json.loads(stream.read(length))
        return message
