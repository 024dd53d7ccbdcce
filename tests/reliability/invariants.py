"""What must hold at the end of every life, whatever happened in it: nothing lost, nothing twice, nobody else told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from simulation import BOSS, Life
from world import DAEMON, HELPDESK, MANAGER, STAFF, TEAM

from deploylog import deployment_log as log
from deploylog.demo import ACME_MANAGER
from deploylog.ledger import Effect
from deploylog.lifecycle import PARKED, PENDING, EffectState
from deploylog.mime import MARKER, deployment_digest, marker_for, read_marker
from deploylog.model import Kind

CUSTOMERS = {"DIBA": {MANAGER, HELPDESK, BOSS}, "ACME": {ACME_MANAGER}}
"""By customer, its own people."""
PEOPLE = {*CUSTOMERS["DIBA"], *CUSTOMERS["ACME"], TEAM, STAFF}
"""Everybody who may hear of anything: contacts and the responsible."""
ASKS = ("Needs attention", "Not ready", "Date not allowed", "Paused")
"""First words of `Progress` that tell a person to act: what is not sent is not silent."""


@dataclass(frozen=True)
class Verdict:
    """How a life ended."""

    wrong: tuple[str, ...]
    """One sentence per thing that must not be."""
    mails: int
    lost: int
    twice: int
    parked: tuple[str, ...]
    """Reasons of the effects that wait for a person."""
    nobodys_drafts: int = 0
    """Drafts, never sent, of deployments of which neither log nor ledger knows any more."""


@dataclass(frozen=True)
class Received:
    """A mail as somebody has it; `marker` is empty for an invitation."""

    marker: str
    subject: str
    text: str


def judge(life: Life) -> Verdict:
    """Look at everything there is, from outside and in the ledger."""
    everybody = {address: list(received(life, address)) for address in _mailboxes(life)}
    effects = [one for customer in CUSTOMERS for one in life.ledger.effects_of(life.log(customer).file_id)]
    lost, twice = list(_lost(everybody, effects)), list(_twice(everybody, effects))
    lost += _notes_lost(life, effects)
    twice += _notes_twice(life, effects)
    wrong = [*lost, *twice, *_strangers(everybody), *_left_behind(life, effects), *_events(life), *_rows(life)]
    wrong += [problem for report in life.reports for problem in report.problems if "fault in the program" in problem]
    parked = tuple(one.reason for one in effects if one.state in PARKED)
    mails = sum(1 for mails in everybody.values() for mail in mails if mail.marker)
    nobodys = sum(_is_of_a_lost_ledger(life, draft) for draft in _drafts(life))
    return Verdict(tuple(dict.fromkeys(wrong)), mails, len(lost), len(twice), parked, nobodys)


def count(figures: Counter[str], what: str, life: Life, verdict: Verdict) -> None:
    """Add a life to the figures of the run."""
    killed = sum(times for name, times in life.trouble.met.items() if name.startswith("killed"))
    figures[what] += 1
    figures[f"{what}: deaths of the daemon"] += killed
    figures[f"{what}: calls that failed"] += sum(life.trouble.met.values()) - killed
    figures[f"{what}: mails that arrived"] += verdict.mails
    figures[f"{what}: lost"] += verdict.lost
    figures[f"{what}: twice"] += verdict.twice
    figures[f"{what}: parked"] += len(verdict.parked)
    figures[f"{what}: drafts nobody knows of any more"] += verdict.nobodys_drafts
    for reason in verdict.parked:
        figures[f"{what}: parked because {reason}"] += 1


def _lost(everybody: Mapping[str, list[Received]], effects: list[Effect]) -> Iterator[str]:
    """What the ledger says is out is in every recipient's inbox."""
    has = {address: {mail.marker for mail in mails} for address, mails in everybody.items()}
    for effect in effects:
        if effect.key.kind is Kind.EVENT or effect.state is not EffectState.SENT:
            continue
        for address in (*effect.payload.get("to", ()), *effect.payload.get("cc", ())):
            if marker_for(effect.key) not in has.get(address, ()):
                yield f"lost: {effect.key} never reached {address}"


def _twice(everybody: Mapping[str, list[Received]], effects: list[Effect]) -> Iterator[str]:
    """No key reaches anybody twice; nothing is out that the ledger calls unsent; no two mails in a row say the same."""
    unsent = {marker_for(one.key): one for one in effects if one.state in PENDING or one.state is EffectState.DEAD}
    for address, mails in everybody.items():
        ours = [mail for mail in mails if mail.marker]
        for marker, count in Counter(mail.marker for mail in ours).items():
            if count > 1:
                yield f"twice: {address} has {count} mails {marker}"
            if marker in unsent:
                yield f"out, though {unsent[marker].state}: {unsent[marker].key}"
        by_subject: dict[str, list[Received]] = {}
        for mail in ours:
            by_subject.setdefault(mail.subject, []).append(mail)
        for subject, thread in by_subject.items():
            for one, next_one in pairwise(thread):
                # A second delay is told in the words of the first; two deployments may be answered in one thread.
                if one.text == next_one.text and not re.search(r"\.(delay|thread-answer)\.", one.marker):
                    yield f"twice in words: {address} reads “{subject}” twice: {one.marker} {next_one.marker}"


def notes(life: Life) -> Counter[str]:
    """The markers of the notes on the ticket."""
    return Counter(str(one["body"]).rstrip().splitlines()[-1].strip("[]") for one in life.machine.ticket.articles)


def _notes_lost(life: Life, effects: list[Effect]) -> Iterator[str]:
    there = notes(life)
    for effect in effects:
        if (
            effect.key.kind is Kind.TICKET_NOTE
            and effect.state is EffectState.SENT
            and not there[marker_for(effect.key)]
        ):
            yield f"lost: {effect.key} is not on the ticket"


def _notes_twice(life: Life, effects: list[Effect]) -> Iterator[str]:
    there = notes(life)
    unsent = {marker_for(one.key): one for one in effects if one.state in PENDING or one.state is EffectState.DEAD}
    for marker, count in there.items():
        if count > 1:
            yield f"twice: {count} notes {marker} on the ticket"
        if marker in unsent:
            yield f"on the ticket, though {unsent[marker].state}: {unsent[marker].key}"


def _strangers(everybody: Mapping[str, list[Received]]) -> Iterator[str]:
    """Only contacts and the responsible hear; a customer's people read of no other customer."""
    for address, mails in everybody.items():
        if mails and address not in PEOPLE:
            yield f"{address} is no contact and has {len(mails)} mails"
        for customer, own in CUSTOMERS.items():
            others = {name for name in CUSTOMERS if name != customer}
            for mail in mails if address in own else ():
                if any(name in mail.subject + mail.text for name in others):
                    yield f"{address} of {customer} reads of another customer: {mail.subject}"


def _left_behind(life: Life, effects: list[Effect]) -> Iterator[str]:
    for effect in effects:
        if (effect.state in PENDING and effect.key.kind is not Kind.EVENT) or effect.state is EffectState.SENDING:
            yield f"still {effect.state} long after: {effect.key} ({effect.reason})"
    known = {one.draft_id for one in effects if one.state in PARKED}
    for draft in _drafts(life):
        if draft.id not in known and not _is_of_a_lost_ledger(life, draft):
            yield f"a draft is left behind: {draft.id}"
    for customer in CUSTOMERS:
        name = f"{customer} - Deployment log"
        found = life.person(STAFF).call(
            "GET", "/drive/v3/files", q=f"name = '{name}'", supportsAllDrives="true", includeItemsFromAllDrives="true"
        )["files"]
        if len(found) != 1:
            yield f"{len(found)} files are named {name}"


@dataclass(frozen=True)
class _Draft:
    id: str
    marker: str


def _drafts(life: Life) -> Iterator[_Draft]:
    daemon = life.person(DAEMON)
    for one in daemon.call("GET", "/gmail/v1/users/me/drafts").get("drafts", []):
        headers = daemon.call("GET", f"/gmail/v1/users/me/drafts/{one['id']}")["message"]["payload"]["headers"]
        yield _Draft(one["id"], next((each["value"] for each in headers if each["name"] == MARKER), ""))


def _is_of_a_lost_ledger(life: Life, draft: _Draft) -> bool:
    """What docs/reliability.md does not promise: its ledger was lost, and its row deleted before the next look."""
    marked = read_marker(draft.marker)
    files = [life.log(customer).file_id for customer in CUSTOMERS]
    there = {deployment_digest(one, identity) for one in files for identity in life.ledger.known(one)}
    return marked is not None and marked.deployment not in there


def _events(life: Life) -> Iterator[str]:
    """One event per deployment, in the organizer's calendar and in every guest's."""
    for address in (DAEMON, *PEOPLE):
        listed = life.person(address).call("GET", "/calendar/v3/calendars/primary/events", maxResults=2500)
        standing = Counter(one["iCalUID"] for one in listed.get("items", []) if one["status"] != "cancelled")
        titles = Counter(one["summary"] for one in listed.get("items", []) if one["status"] != "cancelled")
        for what, count in (*standing.items(), *titles.items()):
            if count > 1:
                yield f"{address} has {count} events {what}"


def _rows(life: Life) -> Iterator[str]:
    """What each row says is so: the words of `Progress`, the times of the mails, the lines of History."""
    for customer in CUSTOMERS:
        diba = life.log(customer)
        effects = life.ledger.effects_of(diba.file_id)
        out = {(one.key.deployment_id, one.key.kind) for one in effects if one.state is EffectState.SENT}
        rows = diba.rows()
        for identity, count in Counter(row.get(log.ID) for row in rows).items():
            if count > 1 or not identity:
                yield f"{customer}: {count} rows have the ID {identity!r}"
        for row in rows:
            yield from (f"{customer}: {problem}" for problem in _row(row, out))
        said = Counter((line["Deployment"], line["What happened"], line["Time"]) for line in diba.history())
        for line, count in said.items():
            if count > 1:
                yield f"{customer}: History says {line} {count} times"


def _row(row: Mapping[str, Any], out: set[tuple[str, Kind]]) -> Iterator[str]:
    identity, progress = row.get(log.ID), str(row.get(log.PROGRESS, ""))
    if not progress:
        yield f"{identity} says nothing"
    if progress.startswith(ASKS):
        return
    started, ended = (identity, Kind.START) in out, {(identity, Kind.END), (identity, Kind.ROLLED_BACK)} & out
    must: dict[str, tuple[bool, bool]] = {
        # first word: (what has to be out is out, the column says so)
        "In progress": (started, bool(row.get(log.START_NOTIFIED))),
        "Done": (bool(ended) or not started, bool(row.get(log.END_NOTIFIED)) or not started),
        "Rolled back": (bool(ended) or not started, bool(row.get(log.END_NOTIFIED)) or not started),
        "Cancelled": ((identity, Kind.CANCELLED) in out or not started, True),
    }
    word = next((one for one in must if progress.startswith(one)), None)
    if word is None:
        return
    is_out, is_told = must[word]
    if not is_out:
        yield f"{identity} says “{progress}” and the mail is not out"
    if not is_told:
        yield f"{identity} says “{progress}” and its columns do not say when the mail went"


def _mailboxes(life: Life) -> list[str]:
    people = life.machine.sandbox.workspace.collection("mailboxes")
    return [address for address, _ in people.items() if address != DAEMON]


def received(life: Life, address: str) -> Iterator[Received]:
    for mail in life.person(address).mails("in:anywhere"):
        body = mail.get_body(("plain",))
        yield Received(str(mail[MARKER] or ""), str(mail["Subject"]), body.get_content() if body else "")
