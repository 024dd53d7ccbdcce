"""What the mails and the event of a row are written from: the facts, the letter with its recipients, the content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parseaddr

from deploylog.audience import guests
from deploylog.checklist import left_to_tick, stressed_products
from deploylog.config import Config
from deploylog.delivery import EventContent
from deploylog.lifecycle import EventWish, Policy, Wanted
from deploylog.messages import MailFacts, Messages
from deploylog.mime import Letter
from deploylog.model import INTERNAL_KINDS, Environment, Kind, OperatedBy, Registry, Window
from deploylog.observe import LogView, RowView
from deploylog.tickets.mail_threads import MailThread


def own_addresses(config: Config) -> tuple[str, ...]:
    """The addresses that are ourselves: an answer to everybody in a thread leaves them out."""
    return (config.google.act_as, parseaddr(config.mail.from_)[1], *filter(None, [config.mail.reply_to]))


class Composer:
    """Writes letters and events; sends nothing."""

    def __init__(self, config: Config, policy: Policy, messages: Messages, real_guests: bool = False) -> None:
        """`real_guests`: events name them also while all mail is redirected, because nobody is invited."""
        self._real_guests = real_guests
        self._config = config
        self._policy = policy
        self._messages = messages

    def letter(self, view: LogView, row: RowView, wanted: Wanted, now: datetime) -> Callable[[], Letter]:
        def compose() -> Letter:
            facts = self._facts(view, row, wanted.kind, wanted.circle.language, now)
            if wanted.kind is Kind.NOTICE:
                facts = self._with_notice(facts, row, wanted)
            mail = self._messages.mail(facts)
            reply_to = self._config.mail.reply_to or row.deployment.responsible
            to, cc = wanted.circle.to, wanted.circle.cc
            if self._config.mail.redirect_to:
                to, cc = (self._config.mail.redirect_to,), ()
            return Letter(self._config.mail.from_, to, cc, reply_to, mail.subject, mail.text, mail.html)

        return compose

    def answer(self, view: LogView, row: RowView, thread: MailThread, occasion: Kind, now: datetime) -> Letter:
        """The end or rollback mail's words, as an answer to everybody in a thread, from the mailbox it lies in."""
        assert view.customer is not None
        mail = self._messages.mail(self._facts(view, row, occasion, view.customer.language, now))
        own = thread.mailbox == self._config.google.act_as
        to, cc = thread.to, thread.cc
        if self._config.mail.redirect_to:
            to, cc = (self._config.mail.redirect_to,), ()
        reply_to = (self._config.mail.reply_to or row.deployment.responsible) if own else ""
        sender = self._config.mail.from_ if own else thread.mailbox
        return Letter(sender, to, cc, reply_to, thread.subject, mail.text, mail.html)

    def note(self, view: LogView, row: RowView, occasion: Kind, now: datetime) -> str:
        """What a ticket is told: what was deployed, when, by whom, the result and the comment."""
        assert view.customer is not None
        facts = self._facts(view, row, occasion, view.customer.language, now)
        start, end = self._actual_times(row)
        return self._messages.note(replace(facts, window=Window(start, end)))

    @staticmethod
    def _actual_times(row: RowView) -> tuple[datetime, datetime]:
        """When it was announced that it begins, and when it was closed; as planned, where that is not known.

        In whole seconds, as the row's cells have them: a new ledger that reads them there finds the event as it is.
        """
        assert row.deployment.window is not None
        started = [one.at for one in row.memory.out(Kind.START) if one.at]
        start = _whole_seconds(min(started, default=row.deployment.window.start))
        end = _whole_seconds(row.memory.closed_at or row.deployment.window.end)
        return start, max(end, start + timedelta(minutes=1))

    def _with_notice(self, facts: MailFacts, row: RowView, wanted: Wanted) -> MailFacts:
        """In the words of the row's `Progress`, and with its times."""
        zone = self._config.organization.time_zone
        told = (self._messages.sentence(one, wanted.circle.language, zone) for one in wanted.told)
        progress = row.decision.progress
        return replace(
            facts,
            progress=self._policy.names.shown(progress.value) if progress else "",
            told=tuple(f"{words[:1].upper()}{words[1:]}{'' if words.endswith('?') else '.'}" for words in told),
        )

    def _facts(self, view: LogView, row: RowView, kind: Kind, language: str, now: datetime) -> MailFacts:
        """What a mail of this kind about this row is written from."""
        customer, deployment = view.customer, row.deployment
        assert customer is not None
        window = deployment.window or Window(now, now + timedelta(minutes=1))
        if kind is Kind.CANCELLED and row.memory.started and row.memory.start and row.memory.ends:
            # What is cancelled is what was announced, whatever `Start` says by now.
            window = Window(row.memory.start, row.memory.ends[0])
        organization = self._config.organization
        return MailFacts(
            kind=Kind.NUDGE if kind is Kind.OVERRUN else kind,
            language=language,
            customer=customer.name,
            partner=customer.partner if customer.operated_by is OperatedBy.US_FOR_PARTNER else "",
            deployment_id=deployment.id,
            environment=deployment.environment or Environment.PRODUCTION,
            window=window,
            end=deployment.end or window.end,
            now=now,
            # A mail to the responsible sends staff to their sheet, where times are the spreadsheet's.
            zone=view.zone if kind in INTERNAL_KINDS else customer.time_zone,
            tickets=deployment.tickets,
            components=deployment.components,
            restart=deployment.restart,
            comment=deployment.comment,
            responsible=deployment.responsible,
            log_link=view.file.link,
            unticked=tuple(map(self._policy.names.shown, left_to_tick(deployment))),
            stressed=stressed_products(customer.products),
            overrun=kind is Kind.OVERRUN,
            support_portal=organization.support_portal,
            support_phone=organization.support_phone,
            organization=organization.name,
        )

    def event(self, view: LogView, row: RowView, current: Registry) -> EventContent:
        customer, deployment = view.customer, row.deployment
        assert customer is not None
        assert deployment.window is not None
        start, end = deployment.window.start, deployment.window.end
        if row.decision.event is EventWish.RECORD:
            start, end = self._actual_times(row)
        facts = self._facts(view, row, Kind.EVENT, customer.language, start)
        title, description = self._messages.event(facts)
        invited = guests(deployment, customer, current.contacts_of(customer))
        if self._config.mail.redirect_to and invited and not self._real_guests:
            # Trying things out must not reach anybody: Calendar mails every guest.
            invited = (self._config.mail.redirect_to.lower(),)
        return EventContent(title, description, start, end, customer.time_zone.key, invited)


def _whole_seconds(moment: datetime) -> datetime:
    return (moment + timedelta(milliseconds=500)).replace(microsecond=0)
