"""Refusals as Google writes them: the same error in the shape of each API."""

from __future__ import annotations

from workspace_sandbox.calls import ApiError, Json

_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_REASONS = {
    400: "badRequest",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    409: "duplicate",
    410: "deleted",
    412: "conditionNotMet",
    429: "rateLimitExceeded",
    501: "notImplemented",
}


def usual_reason(status: int) -> str:
    """The word that most often comes with an HTTP status."""
    return _REASONS.get(status, "backendError" if status >= 500 else "invalid")


def error_body(api: str, error: ApiError) -> Json:
    """The JSON of a refusal by `api` (`drive`, `sheets`, `calendar`, `gmail`, or any other word).

    Drive and Calendar list `errors` with a reason; Sheets names a `status` instead; Gmail does both. Reasons in
    capitals are those of `google.rpc.ErrorInfo`.
    """
    inner: Json = {"code": error.status, "message": error.message}
    if api != "sheets":
        inner["errors"] = [{"message": error.message, "domain": error.domain, "reason": error.reason}]
    if api not in ("drive", "calendar"):
        inner["status"] = _status_name(error)
    if error.reason.isupper():
        info = "type.googleapis.com/google.rpc.ErrorInfo"
        inner["details"] = [{"@type": info, "reason": error.reason, "domain": "googleapis.com"}]
    return {"error": inner}


def _status_name(error: ApiError) -> str:
    if error.reason in ("failedPrecondition", "aborted"):
        return {"failedPrecondition": "FAILED_PRECONDITION", "aborted": "ABORTED"}[error.reason]
    return _STATUS_NAMES.get(error.status, "INTERNAL" if error.status >= 500 else "INVALID_ARGUMENT")
