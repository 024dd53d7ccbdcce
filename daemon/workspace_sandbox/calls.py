"""What one call of a Google method is, how a module answers it, and how it refuses.

A module of an API registers one function per method id of Google's discovery documents::

    @method("drive.files.get")
    def files_get(call: Call) -> Json: ...

The server finds the method by verb and path, checks parameters and body against the discovery document, calls the
function, checks its answer and applies `fields`. A method nobody registered is answered with 501 and a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workspace_sandbox.workspace import Workspace

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One authenticated call, its parameters already checked and typed by the discovery document."""

    method_id: str
    """The id in the discovery document, such as `drive.files.list`."""
    params: Mapping[str, Any]
    """Path and query parameters by their documented names: str, int, bool, or a list where they may repeat."""
    body: Json
    """The JSON body, empty where there is none."""
    user: str
    """The address of the acting user, in lower case (the `sub` of a delegated token, or the service account)."""
    workspace: Workspace
    now: datetime
    """The workspace's clock at the call, in UTC."""
    media: bytes | None = None
    """The uploaded content (`/upload/…`), raw."""
    media_type: str = ""
    """The content type of `media`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The request's headers, names in lower case (`if-match`)."""
    app: str = ""
    """The application the token was issued to (`tokens.app_of`): what is private to one is hidden from others."""


@dataclass(frozen=True)
class Answer:
    """An answer that is more than a JSON object with status 200: another status, raw content, headers (ETag)."""

    body: Json | bytes | None
    status: int = 200
    content_type: str = "application/json; charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    remember: Callable[[bytes], None] | None = None
    """Is handed the answer as it is sent, so that the same may be answered again without working it out."""


class ApiError(Exception):
    """A refusal in Google's shape: `{"error": {"code", "message", "errors": [{"reason", …}], "status"}}`.

    `reason` is the word clients branch on (`notFound`, `duplicate`, `rateLimitExceeded`, `failedPrecondition`);
    `status` the HTTP status.
    """

    def __init__(self, status: int, reason: str, message: str, *, domain: str = "global") -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.domain = domain


Handler = Callable[[Call], "Json | Answer"]
HANDLERS: dict[str, Handler] = {}
"""Method id -> the function that answers it."""


def method(method_id: str) -> Callable[[Handler], Handler]:
    """Register the function that answers a method of the discovery documents."""

    def register(handler: Handler) -> Handler:
        if method_id in HANDLERS:
            raise ValueError(f"two functions for {method_id}")
        HANDLERS[method_id] = handler
        return handler

    return register
