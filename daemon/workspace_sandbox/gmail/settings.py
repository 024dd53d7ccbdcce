"""The addresses a person may send as: https://developers.google.com/workspace/gmail/api/guides/alias_and_signature_settings.

Aliases are kept in the collection `send_as`: user -> `sendAs` (a list of resources), and `primary` (what was set of the
person's own address).
"""

from __future__ import annotations

from email.message import EmailMessage

from workspace_sandbox.calls import Answer, ApiError, Call, Json, method
from workspace_sandbox.founding import DOMAIN
from workspace_sandbox.gmail.common import mailbox_of, not_found
from workspace_sandbox.gmail.delivery import deliver
from workspace_sandbox.gmail.mime import is_address

_FIELDS = ("displayName", "replyToAddress", "signature", "treatAsAlias")
_SENDER = "gmail-noreply@google.com"


@method("gmail.users.settings.sendAs.list")
def send_as_list(call: Call) -> Json:
    mailbox_of(call)
    return {"sendAs": _send_as(call)}


@method("gmail.users.settings.sendAs.get")
def send_as_get(call: Call) -> Json:
    mailbox_of(call)
    return _one(call)


@method("gmail.users.settings.sendAs.create")
def send_as_create(call: Call) -> Json:
    """An address outside the organization waits for its owner to confirm it: nothing is sent as it before."""
    mailbox_of(call)
    _require_delegation(call)
    address = str(call.body.get("sendAsEmail", "")).strip().lower()
    if not is_address(address):
        raise ApiError(400, "invalidArgument", "Invalid sendAsEmail")
    if call.body.get("smtpMsa"):
        raise ApiError(501, "notImplemented", "The sandbox sends through no other server.")
    if any(one["sendAsEmail"] == address for one in _send_as(call)):
        raise ApiError(409, "alreadyExists", "Requested entity already exists")
    own = address.endswith(f"@{DOMAIN}")
    alias = {"sendAsEmail": address, **_given(call), "verificationStatus": "accepted" if own else "pending"}
    _keep(call, [*_aliases(call), alias])
    if not own:
        _ask_to_confirm(call, address)
    return _found(call, address)


@method("gmail.users.settings.sendAs.update")
@method("gmail.users.settings.sendAs.patch")
def send_as_change(call: Call) -> Json:
    mailbox_of(call)
    old = _one(call)
    if call.body.get("isDefault") and not old.get("isDefault"):
        raise ApiError(501, "notImplemented", "The sandbox does not change the default address.")
    if call.body.get("smtpMsa"):
        raise ApiError(501, "notImplemented", "The sandbox sends through no other server.")
    kept = _given(call)
    if old.get("isPrimary"):
        document = call.workspace.collection("send_as").get(call.user) or {}
        before = document.get("primary", {}) if call.method_id.endswith("patch") else {}
        call.workspace.collection("send_as").put(call.user, {**document, "primary": {**before, **kept}})
    else:
        before = old if call.method_id.endswith("patch") else {"verificationStatus": old.get("verificationStatus")}
        alias = {**before, "sendAsEmail": old["sendAsEmail"], **kept}
        others = [one for one in _aliases(call) if one["sendAsEmail"].lower() != old["sendAsEmail"]]
        _keep(call, [*others, {key: value for key, value in alias.items() if value is not None}])
    return _one(call)


@method("gmail.users.settings.sendAs.delete")
def send_as_delete(call: Call) -> Answer:
    mailbox_of(call)
    _require_delegation(call)
    old = _one(call)
    if old.get("isPrimary"):
        raise ApiError(400, "invalidArgument", "The primary address cannot be deleted.")
    _keep(call, [one for one in _aliases(call) if one["sendAsEmail"].lower() != old["sendAsEmail"]])
    return Answer(None, 204)


def own_addresses(call: Call) -> list[str]:
    """The addresses the user may put into From."""
    return [one["sendAsEmail"] for one in _send_as(call) if one.get("verificationStatus") != "pending"]


def _send_as(call: Call) -> list[Json]:
    """The addresses of the user, the primary one first."""
    document = call.workspace.collection("send_as").get(call.user) or {}
    own = {"sendAsEmail": call.user, "displayName": "", "isPrimary": True, "isDefault": True}
    aliases = [{**one, "sendAsEmail": one["sendAsEmail"].lower()} for one in _aliases(call)]
    return [{**own, **document.get("primary", {})}, *aliases]


def _aliases(call: Call) -> list[Json]:
    return list((call.workspace.collection("send_as").get(call.user) or {}).get("sendAs", []))


def _keep(call: Call, aliases: list[Json]) -> None:
    document = call.workspace.collection("send_as").get(call.user) or {}
    call.workspace.collection("send_as").put(call.user, {**document, "sendAs": aliases})


def _found(call: Call, address: str) -> Json:
    for one in _send_as(call):
        if one["sendAsEmail"] == address:
            return one
    raise not_found()


def _one(call: Call) -> Json:
    return _found(call, call.params["sendAsEmail"].lower())


def _given(call: Call) -> Json:
    return {key: call.body[key] for key in _FIELDS if call.body.get(key) is not None}


def _require_delegation(call: Call) -> None:
    """Reference of `settings.sendAs.create`: only for service accounts that act for the user."""
    if call.app != "people" and not call.app.endswith(".gserviceaccount.com"):
        message = "Access restricted to service accounts that have been delegated domain-wide authority"
        raise ApiError(403, "forbidden", message)


def _ask_to_confirm(call: Call, address: str) -> None:
    message = EmailMessage()
    message["From"] = f"Gmail Team <{_SENDER}>"
    message["To"] = address
    message["Subject"] = f"Gmail Confirmation - Send Mail as {address}"
    message.set_content(f"{call.user} asks to send mail as {address}.\n")
    deliver(call.workspace, _SENDER, [address], message.as_bytes(), call.now)
