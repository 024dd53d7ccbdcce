"""Multipart content (RFC 2046): the two parts of an upload, the calls of a batch and their answers."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from email.message import Message
from email.parser import HeaderParser

from workspace_sandbox.calls import ApiError, Json


def parts(content_type: str, body: bytes) -> Iterator[tuple[Mapping[str, str], bytes]]:
    """Headers (names in lower case) and content of each part. Raises ApiError 400 where there is no boundary."""
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise ApiError(400, "badContent", "The multipart content names no boundary in its Content-Type.")
    delimiter = b"--" + boundary.encode()
    for chunk in (b"\r\n" + body.lstrip(b"\r\n")).split(b"\n" + delimiter)[1:]:
        if chunk.startswith(b"--"):
            return
        line, _, content = chunk.partition(b"\n")
        # Google's client ends its lines with LF alone: only where they end with CRLF is the CR not content.
        yield split_head(content.removesuffix(b"\r") if line.endswith(b"\r") else content)


def split_head(content: bytes) -> tuple[Mapping[str, str], bytes]:
    """Header fields (names in lower case) and what follows the empty line."""
    for gap in (b"\r\n\r\n", b"\n\n"):
        head, found, rest = content.partition(gap)
        if found and b"\n\n" not in head:
            break
    else:
        head, rest = content, b""
    if content.startswith((b"\r\n", b"\n")):
        return {}, content.lstrip(b"\r\n")
    headers = HeaderParser().parsestr(head.decode("latin-1"))
    return {name.lower(): str(value) for name, value in headers.items()}, rest


def upload(content_type: str, body: bytes) -> tuple[Json, bytes, str]:
    """Metadata, content and the content's type of a `multipart/related` upload."""
    found = list(parts(content_type, body))
    if len(found) != 2:
        raise ApiError(400, "badContent", f"A multipart upload has two parts, this one has {len(found)}.")
    (_, metadata), (headers, content) = found
    if headers.get("content-transfer-encoding", "").lower() == "base64":
        try:
            content = base64.b64decode(content)
        except binascii.Error:
            raise ApiError(400, "badContent", "The content of the upload is not base64.") from None
    return json_object(metadata), content, headers.get("content-type", "application/octet-stream")


def json_object(text: bytes) -> Json:
    """The JSON object in `text`, empty for no text. Raises ApiError 400 where it is none."""
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ApiError(400, "parseError", f"Invalid JSON payload received. {error}.") from None
    if not isinstance(value, dict):
        raise ApiError(400, "parseError", "Invalid JSON payload received. Root element must be a message.")
    return value
