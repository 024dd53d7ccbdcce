"""Trouble that lasts until it is taken back, asked for by `POST /sandbox/…`; one call's trouble is in `faults.py`.

- `/sandbox/delegation` {"revoked": true}: the service account (`service_account`, else the founding one) gets no token
  for anybody but itself: `unauthorized_client`. Tokens it holds stay good, as with Google, until they expire.
- `/sandbox/tokens/expire` {}: every issued access token is answered with 401 from now on.
- `/sandbox/accounts` {"address": …, "google_account": false}: the address has no Google account; sharing with it
  without a mail is refused with `invalidSharingRequest`.
- `/sandbox/mailboxes` {"address": …, "exists": false}: the person has no mailbox; Gmail's answer to the person is
  `failedPrecondition`, and mail to the address comes back to its sender.

`POST /sandbox/reset` ends all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workspace_sandbox import tokens
from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.founding import SERVICE_ACCOUNT
from workspace_sandbox.gmail.mailbox import NO_MAILBOX
from workspace_sandbox.gmail.mime import is_address
from workspace_sandbox.workspace import Workspace


def _delegation(asked: Json, workspace: Workspace) -> None:
    account = str(asked.get("service_account", SERVICE_ACCOUNT))
    _mark(workspace, "revoked_delegations", account, _flag(asked, "revoked"))


def _expire(asked: Json, workspace: Workspace) -> None:
    tokens.expire_all(workspace)


def _account(asked: Json, workspace: Workspace) -> None:
    _mark(workspace, "no_google_account", _address(asked), not _flag(asked, "google_account"))


def _mailbox(asked: Json, workspace: Workspace) -> None:
    _mark(workspace, NO_MAILBOX, _address(asked), not _flag(asked, "exists"))


_MAKERS: Mapping[str, tuple[Callable[[Json, Workspace], None], frozenset[str]]] = {
    "/sandbox/delegation": (_delegation, frozenset({"revoked", "service_account"})),
    "/sandbox/tokens/expire": (_expire, frozenset()),
    "/sandbox/accounts": (_account, frozenset({"address", "google_account"})),
    "/sandbox/mailboxes": (_mailbox, frozenset({"address", "exists"})),
}


def make(path: str, asked: Json, workspace: Workspace) -> bool:
    """Make or end the trouble of this path; False where the path is none. Raises ApiError 400 for what is not clear."""
    if path not in _MAKERS:
        return False
    maker, known = _MAKERS[path]
    unknown = set(asked) - known
    if unknown:
        raise ApiError(400, "invalid", f"{path} takes no {', '.join(sorted(unknown))}.")
    maker(asked, workspace)
    return True


def _flag(asked: Json, name: str) -> bool:
    value = asked.get(name)
    if not isinstance(value, bool):
        raise ApiError(400, "invalid", f"{name} must be given as true or false.")
    return value


def _address(asked: Json) -> str:
    address = str(asked.get("address", "")).lower()
    if not is_address(address):
        raise ApiError(400, "invalid", "address must be an e-mail address.")
    return address


def _mark(workspace: Workspace, collection: str, key: str, marked: bool) -> None:
    if marked:
        workspace.collection(collection).put(key, {})
    else:
        workspace.collection(collection).delete(key)
