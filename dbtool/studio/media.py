"""Links to objects in a bucket: signed here, without asking the store, and good for a few minutes."""

from __future__ import annotations

import mimetypes
from datetime import timedelta
from urllib.parse import urlsplit

from dbtool.config import StudioConfig
from dbtool.errors import ExtraMissingError, RecordNotFoundError, RequestError
from dbtool.rows import detail
from dbtool.studio import describe, messages
from dbtool.studio.asked import Told, column_of, sheet_of
from dbtool.studio.calls import Call

SECONDS = 300


def find(call: Call, wanted: messages.Cell) -> Told:
    """Give a link to the object that a cell names."""
    sheet = sheet_of(call, wanted)
    column = column_of(sheet, wanted.column)
    if not describe.is_media(call.library.config, column):
        raise RequestError(f"`{column.name}` holds no keys of objects", hint="[tool.dbtool.studio] media says which do")
    with call.connect() as connection:
        found = detail.whole_cell(connection, sheet, wanted.key, column.name, zone=call.library.config.zone)
    if not found or not found.text:
        raise RecordNotFoundError("this cell names no object", hint="type the key of an object into it")
    return link(call.library.config.studio, found.text)


def link(config: StudioConfig, key: str) -> Told:
    """Return a link to an object. Raises RequestError and ExtraMissingError.

    The region is always given, since the client would otherwise ask the store for it.
    """
    media_type = mimetypes.guess_type(key)[0] or "application/octet-stream"
    if config.placeholder and key.startswith(config.placeholder):
        return {"url": None, "media_type": media_type, "expires": None, "placeholder": True}
    _check(config)
    try:
        from minio import Minio
    except ImportError as error:
        raise ExtraMissingError(
            "links to objects need minio, which is not installed", hint="pip install 'sqlmodel-dbtool[s3]'"
        ) from error
    parts = urlsplit(config.endpoint)
    try:
        client = Minio(
            endpoint=parts.netloc,
            access_key=config.access_key,
            secret_key=config.secret_key,
            secure=parts.scheme == "https",
            region=config.region,
        )
        expires = timedelta(seconds=SECONDS)
        url = client.presigned_get_object(bucket_name=config.bucket, object_name=key, expires=expires)
    except ValueError as error:
        raise RequestError(f"no link to this object: {error}", hint="correct [tool.dbtool.studio]") from error
    return {"url": url, "media_type": media_type, "expires": SECONDS, "placeholder": False}


def _check(config: StudioConfig) -> None:
    parts = urlsplit(config.endpoint)
    if not config.bucket or parts.scheme not in ("http", "https") or not parts.netloc:
        raise RequestError(
            "no bucket is configured",
            hint='bucket = "media" and endpoint = "http://localhost:9000" in [tool.dbtool.studio]',
        )
    if not config.access_key or not config.secret_key:
        raise RequestError("the bucket's keys are not set", hint="set MINIO_ACCESS_KEY and MINIO_SECRET_KEY in .env")
