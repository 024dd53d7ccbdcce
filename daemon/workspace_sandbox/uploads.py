"""Resumable uploads: a first request opens a session with the metadata, later ones bring the content in pieces.

https://developers.google.com/workspace/drive/api/guides/manage-uploads#resumable
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.workspace import Workspace

_LIFE = timedelta(weeks=1)
"""How long a session stays open."""
_GRAIN = 256 * 1024
"""Every piece but the last has a multiple of so many bytes."""
_PIECE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclass(frozen=True)
class Finished:
    """A session with all its content: the call it was opened for."""

    verb: str
    raw_path: str
    query: list[tuple[str, str]]
    authorization: str
    metadata: Json
    content: bytes
    content_type: str


def opened(
    workspace: Workspace,
    verb: str,
    raw_path: str,
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    metadata: Json,
) -> str:
    """Open a session for a call that was found right, and give the address to send the content to."""
    upload_id = secrets.token_urlsafe(24)
    workspace.collection("uploads").put(
        upload_id,
        {
            "verb": verb,
            "path": raw_path,
            "query": [list(one) for one in query],
            "authorization": headers.get("authorization", ""),
            "type": headers.get("x-upload-content-type") or "application/octet-stream",
            "metadata": metadata,
            "data": "",
            "expires": (workspace.clock() + _LIFE).timestamp(),
        },
    )
    address = urlencode([*query, ("upload_id", upload_id)])
    return f"http://{headers.get('host', 'localhost')}{raw_path}?{address}"


def continued(workspace: Workspace, upload_id: str, headers: Mapping[str, str], piece: bytes) -> Finished | int:
    """Take a piece; the call once there is all of it, else how many bytes there are.

    Raises ApiError 404 for a session that is unknown, ended or too old, and 400 for a piece that does not fit.
    """
    sessions = workspace.collection("uploads")
    session = sessions.get(upload_id)
    if session is None or session["expires"] <= workspace.clock().timestamp():
        raise ApiError(404, "notFound", "There is no upload session of that id; begin the upload again.")
    content = base64.b64decode(session["data"])
    whole = f"bytes 0-{len(piece) - 1}/{len(piece)}" if piece else "bytes */0"
    content, total = _joined(content, piece, headers.get("content-range", whole))
    if total is None or len(content) < total:
        sessions.put(upload_id, {**session, "data": base64.b64encode(content).decode()})
        return len(content)
    sessions.delete(upload_id)
    query = [(name, value) for name, value in session["query"]]
    return Finished(
        session["verb"],
        session["path"],
        query,
        session["authorization"],
        session["metadata"],
        content,
        session["type"],
    )


def _joined(content: bytes, piece: bytes, said: str) -> tuple[bytes, int | None]:
    """The content with the piece that `Content-Range` places in it, and how long the whole is, where that is said."""
    found = _PIECE.fullmatch(said)
    if found is None:
        raise ApiError(400, "badRequest", f"Invalid Content-Range: {said}")
    total = None if found[3] == "*" else int(found[3])
    if found[1] is None:
        return content, total
    start, end = int(found[1]), int(found[2])
    last = total is not None and end + 1 == total
    if end - start + 1 != len(piece) or start > len(content) or (not last and len(piece) % _GRAIN):
        raise ApiError(400, "badRequest", f"The piece {said} does not fit: {len(content)} bytes are there.")
    return content[:start] + piece, total
