"""The description of all endpoints, OpenAPI 3.1, made of the messages that they read."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

import dbtool
from dbtool.studio.messages import MESSAGES, Message


def description() -> dict[str, Any]:
    """Return the description of all endpoints."""
    chosen = [(message, "validation") for message in dict.fromkeys(MESSAGES.values())]
    _, schema = models_json_schema(chosen, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    return {
        "openapi": "3.1.0",
        "info": {"title": "dbtool studio", "version": dbtool.__version__},
        "paths": {
            "/api/hello": {"get": _operation("hello", "Tell whose studio this is; without a token.", security=[])},
            **{f"/api/{path}": {"post": _post(path, message)} for path, message in MESSAGES.items()},
        },
        "components": {
            "schemas": {**schema.get("$defs", {}), "Error": _ERROR},
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "X-Dbtool-Token"}},
        },
        "security": [{"token": []}],
    }


_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "hint"],
            "properties": {
                **{name: {"type": "string"} for name in ("code", "message", "hint")},
                "problems": {"type": "array", "items": {"type": "string"}},
            },
        }
    },
}


def _post(path: str, message: type[Message]) -> dict[str, Any]:
    words = (message.__doc__ or "").strip().partition("\n")[0]
    reference = {"$ref": f"#/components/schemas/{message.__name__}"}
    body = {"required": True, "content": {"application/json": {"schema": reference}}}
    return {**_operation(path.replace("/", "_"), words), "requestBody": body}


def _operation(name: str, words: str, **more: Any) -> dict[str, Any]:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    done = {"application/json": {"schema": {"type": "object"}}}
    responses = {
        "200": {"description": "The answer.", "content": done},
        "4XX": {"description": "A refusal.", "content": error},
    }
    return {"operationId": name, "summary": words, "responses": responses, **more}
