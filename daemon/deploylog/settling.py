"""Closing a parked effect: a person says what became of it, at the command line or on the dashboard."""

from __future__ import annotations

from datetime import datetime

from deploylog.errors import ConfigurationError
from deploylog.ledger import Effect, Ledger
from deploylog.lifecycle import PARKED, EffectState
from deploylog.model import INTERNAL_KINDS, Kind

VERDICTS = ("sent", "unsent")


def settle(ledger: Ledger, number: int, verdict: str, now: datetime, by: str = "") -> Effect:
    """`sent`: it did go out, and History says so; `unsent`: it did not, and goes out if it is still wanted. `by`: who
    says so.

    Raises `ConfigurationError` where there is nothing to settle, `DeploylogError` where somebody else came first.
    """
    if verdict not in VERDICTS:
        raise ConfigurationError(f"{verdict} is neither sent nor unsent")
    one = ledger.effect(number)
    if one is None:
        raise ConfigurationError(f"there is no effect {number}; deploylog history CUSTOMER lists them")
    if one.state not in PARKED:
        raise ConfigurationError(f"effect {number} is {one.state}, not parked; there is nothing to settle")
    reason = f"settled by hand ({by})" if by else "settled by hand"
    if verdict == "sent":
        # What of an event arrived (the invitation, a change) nobody was asked; the calendar shows it.
        to_tell = "" if one.key.kind in INTERNAL_KINDS | {Kind.EVENT} else "sent"
        settled = ledger.advance(number, one.state, EffectState.SENT, at=one.at or now, reason=reason, to_tell=to_tell)
    else:
        settled = ledger.advance(number, one.state, EffectState.DEAD, reason=reason, draft_id="", content_hash="")
    ledger.wake(one.key.log_id, one.key.deployment_id, now)
    return settled
