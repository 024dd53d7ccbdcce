"""What a failed call means: one of `deploylog.errors`, with a sentence for the person who can act on it.

The question each translation answers is whether the call was carried out (see `deploylog.errors`): no connection, or
a refusal, says no; a time-out after sending, a cut connection and a 5xx answer leave it open.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from googleapiclient.errors import HttpError

from deploylog import errors, sending

T = TypeVar("T")

RATE_REASONS = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"})
"""403 with one of these asks to slow down (Drive and Gmail, "Resolve errors"; `status` and ErrorInfo of newer APIs)."""

LIMIT_REASONS = frozenset(
    {
        "dailyLimitExceeded",
        "quotaExceeded",
        "sharingRateLimitExceeded",
        "storageQuotaExceeded",
        "teamDriveFileLimitExceeded",
    }
)
"""403 with one of these is a limit that does not pass within minutes, and no question of rights."""

DISABLED_REASONS = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
SCOPE_REASONS = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
PRECONDITION_REASONS = frozenset({"failedPrecondition", "FAILED_PRECONDITION"})

calling: ContextVar[str] = ContextVar("calling", default="")
"""The method of the call that is being made in this thread, for whoever counts calls; empty: none of Google's."""

_SERVICES = {"drive": "Drive", "sheets": "Sheets", "calendar": "Calendar", "gmail": "Gmail", "oauth2": "Google"}
_BY_STATUS: Mapping[int, type[errors.Refused]] = {
    401: errors.AccessDenied,
    403: errors.AccessDenied,
    404: errors.NotFound,
    409: errors.Conflict,
    410: errors.Gone,
    412: errors.Changed,
}
_LONGEST_QUOTE = 300
"""Characters of a vendor's message that are quoted; Google's can run to a page."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; header names in lower case."""

    status: int
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""


class Unsuccessful(Exception):  # noqa: N818
    """An answer other than 2xx, on its way from the gspread client to `outside`."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@contextmanager
def outside(method: str) -> Iterator[None]:
    """Turn every failure of the one call made in this block into an error of `deploylog.errors`.

    `method` is the id in the discovery documents, such as `drive.files.list`.
    """
    before = calling.set(method)
    try:
        yield
    except HttpError as error:
        raise refusal(method, _of_http_error(error)) from error
    except Unsuccessful as error:
        raise refusal(method, error.answer) from error
    except requests.exceptions.JSONDecodeError as error:
        raise unreadable(method) from error
    except requests.RequestException as error:
        raise unanswered(method, error) from error
    finally:
        calling.reset(before)


def understood(method: str, answer: Any, read: Callable[[Any], T]) -> T:
    """What `read` makes of a successful answer; InDoubt where it is not what Google's answer would be."""
    try:
        return read(answer)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise unreadable(method) from error


def service(method: str) -> str:
    """The name people know the service of a method by: `Drive` for `drive.files.list`."""
    return _SERVICES.get(method.split(".")[0], method)


def refusal(method: str, answer: Answer) -> errors.OutsideError:
    """The error that an answer other than 2xx means."""
    message, reasons = _said(answer)
    text = f"{service(method)} answered {answer.status} to {method}: {message}"
    if answer.status == 429 or (answer.status == 403 and reasons & RATE_REASONS):
        return errors.Busy(
            f"{text}; it asks to slow down.",
            method=method,
            status=answer.status,
            retry_after=_retry_after(answer, message),
        )
    if answer.status >= 500 or answer.status == 408:
        return errors.InDoubt(f"{text}{_doubt(method)}.", method=method, status=answer.status)
    remedy = _remedy(method, answer.status, reasons)
    kind = _kind(method, answer.status, reasons)
    return kind(f"{text}; {remedy}." if remedy else f"{text}.", method=method, status=answer.status)


def unreadable(method: str) -> errors.InDoubt:
    """The error that a successful answer without the content it should have means."""
    return errors.InDoubt(
        f"{service(method)}'s answer to {method} cannot be read; something between here and Google answered instead, "
        "or the answer was cut.",
        method=method,
    )


def unanswered(method: str, error: requests.RequestException) -> errors.OutsideError:
    """The error that a call without a (whole) answer means."""
    where = _origin(error)
    if sending.never_sent(error):
        return errors.NotCarriedOut(
            f"{service(method)} cannot be reached{where} for {method}: {_plain_cause(error)}; check the network.",
            method=method,
        )
    if isinstance(error, requests.Timeout) or sending.caused_by(error, urllib3.exceptions.ReadTimeoutError):
        happened = "did not answer in time"
    else:
        happened = "hung up before the whole answer"
    return errors.InDoubt(f"{service(method)}{where} {happened} to {method}{_doubt(method)}.", method=method)


def _doubt(method: str) -> str:
    """For a read it does not matter whether it was carried out, so nothing is said of it."""
    is_read = method.rsplit(".", 1)[-1].startswith(("get", "list", "batchGet"))
    return "" if is_read else "; it may have been carried out"


def _kind(method: str, status: int, reasons: frozenset[str]) -> type[errors.Refused]:
    if status == 403 and reasons & LIMIT_REASONS:
        return errors.Refused
    if status == 400 and method.startswith("gmail.") and reasons & PRECONDITION_REASONS:
        return errors.AccessDenied
    return _BY_STATUS.get(status, errors.Refused)


def _remedy(method: str, status: int, reasons: frozenset[str]) -> str:
    """What to do about a refusal, without a full stop; empty where the answer says all there is to say."""
    name = service(method)
    if 300 <= status < 400:
        return "the address leads elsewhere: check google.endpoint"
    if status == 403 and reasons & LIMIT_REASONS:
        return "a limit is reached that does not pass within minutes"
    if reasons & DISABLED_REASONS:
        library = "calendar-json" if name == "Calendar" else name.lower()
        return (
            f"enable the {name} API in the Google Cloud project of google.credentials, at "
            f"console.cloud.google.com/apis/library/{library}.googleapis.com"
        )
    if reasons & SCOPE_REASONS:
        return f"allow the scopes for {name} that `deploylog doctor` lists"
    if "forbiddenForServiceAccounts" in reasons:
        return "set google.act_as and allow the service account domain-wide delegation"
    if status == 401:
        return "check google.credentials"
    if _kind(method, status, reasons) is not errors.AccessDenied:
        return ""
    return {
        "Gmail": "google.act_as must be a user with a mailbox, for whom the service account has domain-wide delegation",
        "Calendar": "give the user of google.act_as the right to change the events of this calendar",
    }.get(name, "make the service account a member of the shared drive")


def _said(answer: Answer) -> tuple[str, frozenset[str]]:
    """Google's message in one line, and every word of the answer that clients branch on.

    Three shapes: `errors[].reason` (Drive, Calendar, Gmail), `status` and `details[].reason` (Sheets and newer), and a
    bare word (OAuth).
    """
    try:
        document: Any = json.loads(answer.content)
    except ValueError:
        document = None
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, str):
        return _one_line(document.get("error_description") or error), frozenset({error})
    if not isinstance(error, dict):
        return answer.reason or "no explanation", frozenset()
    listed = [*_dictionaries(error.get("errors")), *_dictionaries(error.get("details"))]
    words = [error.get("status"), *(one.get("reason") for one in listed)]
    message = _one_line(str(error.get("message") or answer.reason or "no explanation"))
    return message, frozenset(word for word in words if isinstance(word, str))


def _dictionaries(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _one_line(text: str) -> str:
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}…"


def _retry_after(answer: Answer, message: str) -> float:
    """Seconds to wait, 0 where none are named: the header (RFC 9110), or the instant Gmail writes into its message.

    Instants are measured from the answer's own `Date`, so that this machine's clock does not matter.
    """
    header = answer.headers.get("retry-after", "")
    if header.strip().isdigit():
        return float(header)
    instant = _http_date(header)
    if instant is None and (found := re.search(r"Retry after (\S+Z)", message, re.IGNORECASE)):
        instant = _iso_date(found.group(1))
    sent = _http_date(answer.headers.get("date", ""))
    if instant is None or sent is None:
        return 0.0
    return max(0.0, (instant - sent).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _iso_date(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _of_http_error(error: HttpError) -> Answer:
    headers = {str(name).lower(): str(value) for name, value in error.resp.items()}
    return Answer(int(error.resp.status), str(error.resp.reason or ""), headers, error.content)


def _plain_cause(error: requests.RequestException) -> str:
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    for one in [each for cause in sending.causes(error) for each in (cause, cause.__cause__)]:
        if isinstance(one, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({one.verify_message})"
        if isinstance(one, urllib3.exceptions.NameResolutionError):
            return "its name is not known"
        if isinstance(one, OSError) and one.strerror and not isinstance(one, requests.RequestException):
            return one.strerror
    return type(error).__name__


def _origin(error: requests.RequestException) -> str:
    if error.request is None or not error.request.url:
        return ""
    parts = urlsplit(error.request.url)
    return f" at {parts.scheme}://{parts.netloc}"
