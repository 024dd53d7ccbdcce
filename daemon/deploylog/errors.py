"""The one hierarchy of errors. Every message is one plain sentence for the person who can act on it.

Calls to the outside are told apart by the only question that matters for exactly-once effects: was it carried out?
`NotCarriedOut` says certainly not; `InDoubt` says nobody knows, so the effect's protocol has to look before it acts.
"""

from __future__ import annotations


class DeploylogError(Exception):
    """Base of all errors this project raises on purpose; `str()` is the sentence to show."""


class ConfigurationError(DeploylogError):
    """Something an operator has to set right before the daemon can work; ends a start with exit status 2."""


class OutsideError(DeploylogError):
    """A call to an outside service failed. `method` is its name in the vendor's documents, `status` HTTP's, or 0."""

    def __init__(self, message: str, *, method: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.method = method
        self.status = status


class InDoubt(OutsideError):  # noqa: N818  (the word says more than an -Error would)
    """It may or may not have been carried out: a time-out after sending, a cut connection, a 5xx answer."""


class NotCarriedOut(OutsideError):  # noqa: N818
    """It was certainly not carried out; base of all refusals. Raised itself where the service was never reached."""


class Busy(NotCarriedOut):
    """Refused for now: 429, or 403 with a rate reason. `retry_after` in seconds, 0 where the service names none."""

    def __init__(self, message: str, *, method: str = "", status: int = 0, retry_after: float = 0) -> None:
        super().__init__(message, method=method, status=status)
        self.retry_after = retry_after


class Refused(NotCarriedOut):
    """Refused, and asking again does not help: 400, 403, a quota for the whole day."""


class AccessDenied(Refused):
    """401 or 403: credentials, delegation, scopes or membership are missing."""

    def __init__(self, message: str, *, method: str = "", status: int = 0, lacks_scope: bool = False) -> None:
        super().__init__(message, method=method, status=status)
        self.lacks_scope = lacks_scope
        """A token was refused because delegation for one of the scopes asked for is missing."""


class NotFound(Refused):
    """404: the thing is not there, or not for this identity."""


class Gone(Refused):
    """410: the event is deleted, or the sync token is too old."""


class Conflict(Refused):
    """409: the id is taken, also by a deleted thing."""


class Changed(Refused):
    """412: somebody changed it since it was read."""
