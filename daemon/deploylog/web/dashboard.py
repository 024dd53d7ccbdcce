"""The dashboard: pages for people, drawn from the last looks of the passes and from the ledger.

Nothing here calls Google, and nothing waits for a pass. Two things can be done: settling a parked effect, and asking
for a pass now.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from deploylog import settling
from deploylog.bootstrap import Parts, organization_of
from deploylog.errors import DeploylogError
from deploylog.ledger import Effect
from deploylog.lifecycle import PARKED
from deploylog.looks import Looks
from deploylog.model import LANGUAGES, MAIL_KINDS, Customer, Kind, Progress
from deploylog.web import board, feeds
from deploylog.web.charts import Bar, bars
from deploylog.web.guarding import MAIL_POLICY
from deploylog.web.previews import example
from deploylog.web.sign_in import who
from deploylog.web.words import Words

MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
AHEAD = timedelta(days=60)
"""How far the agenda looks."""
BEFORE = timedelta(days=14)
"""How far it looks back."""

log = structlog.get_logger(__name__)


class Dashboard:
    """What the pages are made from."""

    def __init__(self, parts: Parts, clock: Callable[[], datetime], check_now: Callable[[], None]) -> None:
        self.parts = parts
        self.clock = clock
        self.check_now = check_now
        self.organization = organization_of(parts.config)
        self.words = Words(
            parts.messages, parts.config.organization.language, self.organization.zone, parts.policy.names
        )
        self.secret = parts.ledger.secret("feeds")

    @property
    def looks(self) -> Looks:
        return self.parts.reconciler.last_looks.current

    @property
    def today(self) -> date:
        return self.clock().astimezone(self.organization.zone).date()

    def feed_path(self, customer: str = feeds.EVERYTHING) -> str:
        return url_for("feeds.calendar", token=feeds.token(self.secret, customer))

    def customer(self, name: str) -> Customer:
        found = self.looks.registry.customer(name)
        if found is None:
            abort(404)
        return found

    def effect(self, number: int) -> Effect:
        found = self.parts.ledger.effect(number)
        if found is None:
            abort(404)
        return found


def blueprint(dashboard: Dashboard) -> Blueprint:
    pages = Blueprint("dashboard", __name__)
    words = dashboard.words
    for add in (_planning, _deployments, _customers, _previews):
        add(pages, dashboard)

    @pages.context_processor
    def everywhere() -> dict[str, Any]:
        return {
            "t": words.text,
            "w": words,
            "language": words.language,
            "organization": dashboard.parts.config.organization.name,
            "passed_at": dashboard.looks.passed_at,
            "who": who(),
            "rehearsal": dashboard.parts.config.mail.redirect_to,
        }

    return pages


def _planning(pages: Blueprint, dashboard: Dashboard) -> None:
    """What is to come, and what wants somebody."""
    ledger, zone = dashboard.parts.ledger, dashboard.organization.zone

    @pages.get("/")
    def today() -> str:
        looks, now = dashboard.looks, dashboard.clock()
        among = board.entries(looks)
        in_need, parked = board.in_state(among, Progress.NEEDS_ATTENTION), ledger.parked()
        about = {(one.key.log_id, one.key.deployment_id) for one in parked}
        near = [one for one in among if one.start and now - timedelta(hours=12) <= one.start <= now + timedelta(days=7)]
        return render_template(
            "today.html",
            # What a parked effect says of its row is not said twice.
            attention=[one for one in in_need if (one.log.file_id, one.id) not in about],
            parked=[(one, board.entry(looks, one.key.log_id, one.key.deployment_id)) for one in parked],
            troubled=board.troubled(looks),
            running=board.in_state(among, *board.RUNNING),
            waiting=board.in_state(among, *board.WAITING),
            coming=board.by_day(board.in_state(near, Progress.SCHEDULED), zone),
        )

    @pages.get("/month")
    def month() -> str:
        looks, today = dashboard.looks, dashboard.today
        chosen = MONTH.fullmatch(request.args.get("month", "")) or MONTH.fullmatch(f"{today:%Y-%m}")
        assert chosen is not None
        year, number = int(chosen[1]), int(chosen[2])
        name = request.args.get("customer", "")
        customer = dashboard.customer(name) if name else None
        around = board.circumstances_of(looks, customer, dashboard.organization.place, dashboard.organization.rules)
        among = board.entries(looks, customer.name if customer else "")
        first = date(year, number, 1)
        return render_template(
            "month.html",
            weeks=board.month(among, year, number, around, today, zone),
            first=first,
            before=f"{first - timedelta(days=1):%Y-%m}",
            after=f"{first + timedelta(days=31):%Y-%m}",
            customer=customer.name if customer else "",
            customers=[one.name for one in looks.registry.customers],
        )

    @pages.get("/agenda")
    def agenda() -> str:
        now = dashboard.clock()
        among = [one for one in board.entries(dashboard.looks) if one.start and now - BEFORE < one.start < now + AHEAD]
        return render_template("agenda.html", days=board.by_day(among, zone), today=dashboard.today)


def _deployments(pages: Blueprint, dashboard: Dashboard) -> None:
    """One deployment, and the two things that can be done."""
    words, ledger = dashboard.words, dashboard.parts.ledger

    @pages.get("/deployments/<log_id>/<deployment_id>")
    def deployment(log_id: str, deployment_id: str) -> str:
        found = board.entry(dashboard.looks, log_id, deployment_id)
        effects = ledger.effects_of(log_id, deployment_id)
        if found is None and not effects:
            abort(404)
        effects.sort(key=lambda one: (one.at or one.committed_at, one.number))
        return render_template("deployment.html", entry=found, id=deployment_id, effects=effects, parked=PARKED)

    @pages.get("/mails/<int:number>")
    def mail(number: int) -> Response:
        """The HTML part as it was sent, for its frame: no script runs, nothing is loaded, nothing is linked to here."""
        return _framed(str(dashboard.effect(number).payload.get("html", "")))

    @pages.post("/effects/<int:number>")
    def settle(number: int) -> AnyResponse:
        try:
            effect = settling.settle(ledger, number, request.form.get("verdict", ""), dashboard.clock(), who())
        except DeploylogError as problem:
            flash(str(problem))
            return redirect(url_for("dashboard.today"))
        log.info("settled", effect=number, verdict=request.form["verdict"], who=who())
        dashboard.check_now()
        flash(words.text(f"settled_{request.form['verdict']}", effect=number))
        key = effect.key
        return redirect(url_for("dashboard.deployment", log_id=key.log_id, deployment_id=key.deployment_id))

    @pages.post("/check")
    def check() -> AnyResponse:
        dashboard.check_now()
        flash(words.text("checking"))
        return redirect(url_for("dashboard.today"))


def _customers(pages: Blueprint, dashboard: Dashboard) -> None:
    """Customers, and how their deployments went."""
    words, zone = dashboard.words, dashboard.organization.zone

    @pages.get("/customers")
    def customers() -> str:
        looks, now = dashboard.looks, dashboard.clock()
        rows = []
        for one in looks.registry.customers:
            among = board.entries(looks, one.name)
            open_ = [each for each in among if each.start and each.start > now and each.look.progress in board.UPCOMING]
            rows.append((one, looks.of(one), next(iter(open_), None), len(among)))
        return render_template("customers.html", rows=rows, feed=dashboard.feed_path())

    @pages.get("/customers/<path:name>")
    def customer(name: str) -> str:
        looks, one = dashboard.looks, dashboard.customer(name)
        return render_template(
            "customer.html",
            customer=one,
            log=looks.of(one),
            contacts=looks.registry.contacts_of(one),
            freezes=looks.registry.freezes_of(one),
            entries=list(reversed(board.entries(looks, one.name))),
            feed=dashboard.feed_path(one.name),
        )

    @pages.get("/figures")
    def figures() -> str:
        among = board.entries(dashboard.looks)
        months = board.figures_by_month(among, zone, dashboard.today)
        return render_template("figures.html", groups=_groups(words, months, board.figures_by_customer(among)))


def _previews(pages: Blueprint, dashboard: Dashboard) -> None:
    """Every mail in every language."""
    messages, config = dashboard.parts.messages, dashboard.parts.config

    @pages.get("/mails")
    @pages.get("/mails/<kind>")
    def previews(kind: str = "start") -> str:
        if kind not in MAIL_KINDS:
            abort(404)
        mails = [(one, messages.mail(example(config, Kind(kind), one))) for one in LANGUAGES]
        return render_template("previews.html", kind=kind, kinds=MAIL_KINDS, mails=mails)

    @pages.get("/mails/<kind>/<lang>")
    def preview(kind: str, lang: str) -> Response:
        if kind not in MAIL_KINDS or lang not in LANGUAGES:
            abort(404)
        return _framed(messages.mail(example(config, Kind(kind), lang)).html)


def feed_blueprint(dashboard: Dashboard) -> Blueprint:
    """The feeds: whoever has the address may read."""
    pages = Blueprint("feeds", __name__)

    @pages.get("/feeds/<token>.ics")
    def calendar(token: str) -> Response:
        looks, config = dashboard.looks, dashboard.parts.config
        name = feeds.whose(token, dashboard.secret, (one.name for one in looks.registry.customers))
        if name is None:
            abort(404)
        among = board.announced(board.entries(looks, name), to_customer=name != feeds.EVERYTHING)
        title = f"{config.organization.name}: {name or 'deployments'}"
        content = feeds.feed(among, title, config.organization.name, config.google.act_as)
        return Response(content, content_type="text/calendar; charset=utf-8")

    return pages


def _framed(html: str) -> Response:
    return Response(html, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": MAIL_POLICY})


def _groups(words: Words, months: list[board.Figures], customers: list[board.Figures]) -> list[dict[str, Any]]:
    """By month and by customer: the same three charts and the same table."""
    groups = []
    for code, rows, name in (
        ("by_month", months, words.month_name),
        ("by_customer", customers[:12], lambda name: name if len(name) < 10 else f"{name[:8]}…"),
    ):
        counts = [
            Bar(name(one.name), (("done", one.done), ("rolled-back", one.rolled_back), ("cancelled", one.cancelled)))
            for one in rows
        ]
        punctual = [Bar(name(one.name), (("done", one.punctuality or 0),)) for one in rows]
        late = [Bar(name(one.name), (("late", one.mean_delay or 0),)) for one in rows]
        charts = [
            ("deployments", bars(f"{words.text('deployments')}, {words.text(code)}", counts)),
            ("punctuality", bars(f"{words.text('punctuality')}, {words.text(code)}", punctual, highest=100)),
            ("delay", bars(f"{words.text('delay')}, {words.text(code)}", late)),
        ]
        groups.append({"code": code, "charts": charts, "rows": rows if code == "by_customer" else list(reversed(rows))})
    return groups
