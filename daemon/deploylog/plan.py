"""`deploylog plan`: what the next pass would do, log by log, and the mails of the coming days. As data and as words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.markup import escape
from rich.table import Table

from deploylog import telling
from deploylog.bootstrap import Parts
from deploylog.lifecycle import Wanted
from deploylog.logs import harmless
from deploylog.messages import moment_words
from deploylog.model import Progress
from deploylog.observe import LogView, RowView

AHEAD = timedelta(days=7)
"""How far the mails of the coming days reach."""
STANDINGS = ("needs attention", "due", "refused", "waiting", "draft", "closed")
"""How a row stands, in the order they are told."""
_STANDING = {
    Progress.NEEDS_ATTENTION: "needs attention",
    Progress.IN_PROGRESS: "due",
    Progress.RUNNING_LATE: "due",
    Progress.NOT_READY: "refused",
    Progress.DATE_NOT_ALLOWED: "refused",
    Progress.DRAFT: "draft",
    Progress.DONE: "closed",
    Progress.ROLLED_BACK: "closed",
    Progress.CANCELLED: "closed",
}
Json = dict[str, Any]


def as_data(parts: Parts, now: datetime) -> Json:
    """The whole plan: `deployments`, `coming` mails, `problems`. Instants in ISO 8601; reads, and does nothing."""
    views, problems = parts.reconciler.look_at_all(now)
    rows, coming = [], []
    for view in views:
        for row in view.rows:
            rows.append(_row(parts, view, row))
            for one in parts.reconciler.coming(view, row, now, now + AHEAD):
                mail = _mail(one.mail) | {"at": one.at.isoformat(), "id": row.deployment.id, "log": view.file.name}
                coming.append(mail | {"at_local": _local(parts, one.at)})
    coming.sort(key=lambda one: str(one["at"]))
    return {"deployments": rows, "coming": coming, "problems": problems}


def _row(parts: Parts, view: LogView, row: RowView) -> Json:
    zone, language = parts.config.organization.time_zone, parts.config.organization.language
    decision, window = row.decision, row.deployment.window
    text = telling.progress_text(decision, parts.messages, language, zone, parts.policy.names)
    event = parts.reconciler.event_now(view, row)
    acts_now = bool(decision.wanted) or bool(event)
    standing = "waiting" if decision.progress is None else _STANDING.get(decision.progress, "waiting")
    return {
        "log": view.file.name,
        "customer": view.customer.name if view.customer else "",
        "id": row.deployment.id,
        "standing": "due" if acts_now and standing in ("waiting", "closed") else standing,
        "start": window.start.isoformat() if window else None,
        "start_local": _local(parts, window.start) if window else "",
        "progress": text or "(waiting until the row was left alone)",
        "next_action": parts.messages.sentence(decision.next_action, language, zone) if decision.next_action else "",
        "event": decision.event.value,
        "event_now": event,
        "mails_now": [_mail(one) for one in decision.wanted],
        "due": decision.due.isoformat() if decision.due else None,
    }


def _mail(one: Wanted) -> Json:
    return {"kind": one.kind.value, "language": one.circle.language, "to": one.circle.to, "cc": one.circle.cc}


def _local(parts: Parts, at: datetime) -> str:
    return moment_words(at.astimezone(parts.config.organization.time_zone), parts.config.organization.language)


# As tables -------------------------------------------------------------------------------------------------------


def tables(plan: Json) -> Iterable[Table]:
    """One table per log, with how many rows stand how; then one of the mails of the coming days."""
    logs: dict[str, list[Json]] = {}
    for row in plan["deployments"]:
        logs.setdefault(row["log"], []).append(row)
    for name, rows in logs.items():
        yield _of_log(name, rows)
    if plan["coming"]:
        yield _of_mails(plan["coming"])


def _of_log(name: str, rows: Sequence[Json]) -> Table:
    counted = Counter(row["standing"] for row in rows)
    summary = ", ".join(f"{counted[one]} {one}" for one in STANDINGS if counted[one])
    table = _table(f"{name}: {summary}", "ID", "Start", "Stands", "Progress", "Next action", "Would be done now")
    for row in sorted(rows, key=lambda one: (STANDINGS.index(one["standing"]), one["start"] or "")):
        if row["standing"] == "closed":
            continue
        now = [_mail_words(mail) for mail in row["mails_now"]]
        now += [f"{row['event_now']} event"] if row["event_now"] else []
        cells = (row["id"], row["start_local"], row["standing"], row["progress"], row["next_action"], "\n".join(now))
        table.add_row(*map(plain, cells))
    return table


def _of_mails(coming: Sequence[Json]) -> Table:
    table = _table(f"Mails of the next {AHEAD.days} days, if the rows stay as they are", "When", "ID", "Mail", "To")
    for one in coming:
        words = (one["at_local"], one["id"], f"{one['kind']} ({one['language']})", ", ".join((*one["to"], *one["cc"])))
        table.add_row(*map(plain, words))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=plain(title), title_justify="left", show_lines=True)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _mail_words(mail: Json) -> str:
    return f"{mail['kind']} ({mail['language']}) to {len(mail['to']) + len(mail['cc'])}"


def plain(text: str) -> str:
    """Text for a table cell: Rich must not read brackets in it as markup, nor a terminal its control characters."""
    return escape(harmless(text).replace("\t", " "))
