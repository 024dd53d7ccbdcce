"""The pages' words, in the organization's language: `pages.es.yaml`, days, times and states as people say them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, get_day_names

from deploylog.cells import Names
from deploylog.looks import DeploymentLook
from deploylog.messages import Messages, long_day_words
from deploylog.model import Finding, Progress, Sentence
from deploylog.telling import told_text


class Words:
    """Everything a page says of itself. Times are the organization's."""

    def __init__(self, messages: Messages, language: str, zone: ZoneInfo, names: Names) -> None:
        self.language = language
        self._messages = messages
        self._zone = zone
        self._names = names

    def text(self, code: str, **values: object) -> str:
        return self._messages.page_text(code, self.language).format(**values)

    def sentence(self, sentence: Sentence) -> str:
        words = self._messages.sentence(sentence, self.language, self._zone)
        return f"{words[:1].upper()}{words[1:]}"

    def findings(self, findings: tuple[Finding, ...]) -> list[str]:
        return [self.sentence(one.sentence) for one in findings]

    def state(self, look: DeploymentLook) -> str:
        """The first word of `Progress`, as the sheet says it."""
        return self._names.shown(look.progress.value) if look.progress else self.text("being_edited")

    def tone(self, look: DeploymentLook) -> str:
        """The class that colours it."""
        return (look.progress or Progress.DRAFT).value.lower().replace(" ", "-")

    def told(self, look: DeploymentLook) -> str:
        """What `Progress` says after that word."""
        told = told_text(look.progress, look.sentences, look.slots, self._messages, self.language, self._zone)
        return f"{told[:1].upper()}{told[1:]}"

    def shown(self, name: str) -> str:
        return self._names.shown(name)

    def at(self, moment: datetime | None) -> str:
        """Day and time, with the year."""
        if moment is None:
            return ""
        return format_datetime(moment.astimezone(self._zone), "EEE d MMM y, HH:mm", locale=self.language)

    def time(self, moment: datetime | None) -> str:
        return f"{moment.astimezone(self._zone):%H:%M}" if moment else ""

    def seconds(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._zone):%H:%M:%S}"

    def day(self, day: date) -> str:
        words = long_day_words(day, self.language, with_year=True)
        return f"{words[:1].upper()}{words[1:]}"

    def month(self, day: date) -> str:
        words = format_date(day, "LLLL y", locale=self.language)
        return f"{words[:1].upper()}{words[1:]}"

    def month_name(self, month: str) -> str:
        """`2026-11` in three letters."""
        return format_date(date.fromisoformat(f"{month}-01"), "LLL", locale=self.language).rstrip(".")

    def weekdays(self) -> list[tuple[str, str]]:
        """Monday first, short and long."""
        short, long = (get_day_names(width, locale=self.language) for width in ("abbreviated", "wide"))
        return [(short[number], long[number]) for number in range(7)]
