"""Renders `templates/`: the mails, the sentences, and the texts of the sheets, in every language.

Mails are Jinja templates, one file per language, kind and part (`es/start.txt`); sentences are lines of
`sentences.es.yaml`. `templates/README.md` lists the names a template may use. What stands in a cell is shown as it is
written, on its own line, whatever it contains. No clock: every instant comes with the facts.
"""

from __future__ import annotations

import string
import traceback
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_day_names, get_timezone_name
from babel.lists import format_list
from babel.units import format_unit
from jinja2 import FunctionLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode

from deploylog.errors import ConfigurationError
from deploylog.model import (
    CHECKLIST,
    LANGUAGES,
    MAIL_KINDS,
    Component,
    Environment,
    Kind,
    Restart,
    Sentence,
    Value,
    Window,
)

SUBJECT_LENGTH = 200
"""The longest subject, in characters; the rest of a longer one is cut."""


@dataclass(frozen=True, slots=True)
class MailFacts:
    """What one mail in one language tells. Instants are UTC; cell texts stand as they were read."""

    kind: Kind
    """One of `MAIL_KINDS`, `NOTICE`, or `OVERRUN`, which has the words of the nudge."""
    language: str
    customer: str
    partner: str
    """For whom we operate; empty unless the customer is operated by us for a partner."""
    deployment_id: str
    environment: Environment
    window: Window
    end: datetime
    """The end that holds now: `New end` where given, else the window's."""
    now: datetime
    """When the mail goes; the greeting follows its local hour."""
    zone: ZoneInfo
    """The reader's; every time in the mail is local to it."""
    tickets: tuple[str, ...]
    components: tuple[Component, ...]
    restart: Restart
    comment: str
    responsible: str
    log_link: str
    unticked: tuple[str, ...]
    """The checkboxes of the checklist that are not ticked, as their columns are called (for the nudge)."""
    overrun: bool
    """The planned end passed once more (for the nudge)."""
    support_portal: str
    support_phone: str
    organization: str
    progress: str = ""
    """The first word of the row's `Progress`, as it stands in the sheet (for the notice)."""
    told: tuple[str, ...] = ()
    """The sentences of a notice."""
    stressed: tuple[str, ...] = ()
    """Those of the customer's products that are validated with particular attention."""


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A mail's subject (one line) and its two parts, which say the same."""

    subject: str
    text: str
    html: str


# ------------------------------------------------------------------------------------------------------ words of time

_LOCALES = MappingProxyType({"es": "es_ES", "ca": "ca_ES", "en": "en_GB"})

_GREETINGS = MappingProxyType(
    {
        "es": ("Buenos días", "Buenas tardes", "Buenas noches"),
        "ca": ("Bon dia", "Bona tarda", "Bona nit"),
        "en": ("Good morning", "Good afternoon", "Good evening"),
    }
)

# In Catalan, CLDR's month carries its own preposition: "de desembre", "d'abril".
_LONG_DAYS = MappingProxyType({"es": "EEEE d 'de' MMMM", "ca": "EEEE d MMMM", "en": "EEEE d MMMM"})
_YEARS = MappingProxyType({"es": " 'de' y", "ca": " 'del' y", "en": " y"})

# Babel 2.18 has no pattern for days in Catalan.
_CATALAN_DAYS = ("dia", "dies")


def greeting(language: str, local_hour: int) -> str:
    """`Buenas tardes`: morning from 6, afternoon from 14, evening from 21 to 6; `local_hour` is 0 to 23."""
    morning, afternoon, evening = _GREETINGS[language]
    if 6 <= local_hour < 14:
        return morning
    return afternoon if 14 <= local_hour < 21 else evening


def duration_words(duration: timedelta, language: str) -> str:
    """`2 horas y 30 minutos`. Whole minutes, the rest of a minute left out; seconds only when there is no minute."""
    seconds = int(duration.total_seconds())
    minutes, hours, days = seconds // 60 % 60, seconds // 3600 % 24, seconds // 86400
    counts = [("day", days), ("hour", hours), ("minute", minutes)]
    if seconds < 60:
        counts = [("second", seconds)]
    parts = [_unit_words(count, unit, language) for unit, count in counts if count or unit == "second"]
    return format_list(parts, locale=_LOCALES[language])


def _unit_words(count: int, unit: str, language: str) -> str:
    if (language, unit) == ("ca", "day"):
        return f"{count} {_CATALAN_DAYS[count != 1]}"
    return format_unit(count, f"duration-{unit}", locale=_LOCALES[language])


def day_words(day: date, language: str, *, with_year: bool = False) -> str:
    """`mié 9 dic`: the short day of the sheets."""
    words = format_date(day, "EEE d LLL y" if with_year else "EEE d LLL", locale=_LOCALES[language])
    return words.replace(".", "")


def moment_words(local: datetime, language: str, *, with_year: bool = False) -> str:
    """`mié 9 dic 09:00`: a short local moment, as in the sheets; `local` is shown as it stands."""
    return f"{day_words(local, language, with_year=with_year)} {local:%H:%M}"


def month_words(day: date, language: str) -> str:
    """`December 2026`, as a heading."""
    words = format_date(day, "LLLL y", locale=_LOCALES[language])
    return words[:1].upper() + words[1:]


def weekday_words(language: str) -> list[str]:
    """The short names of the weekdays, Monday first."""
    names = get_day_names("abbreviated", locale=_LOCALES[language])
    return [str(names[number]).replace(".", "") for number in range(7)]


def long_day_words(day: date, language: str, *, with_year: bool = False) -> str:
    """`miércoles 9 de diciembre`: the day as a mail says it."""
    pattern = _LONG_DAYS[language] + (_YEARS[language] if with_year else "")
    return format_date(day, pattern, locale=_LOCALES[language]).replace("’", "'")


def zone_words(local: datetime, language: str) -> str:
    """`hora de Europa central`: the name of an aware local time's zone, for a line that says it in brackets."""
    name = get_timezone_name(local, width="long", zone_variant="generic", locale=_LOCALES[language])
    if name.startswith("GMT"):  # some zones (London, UTC) have a name of their own only as standard or summer time
        name = get_timezone_name(local, width="long", locale=_LOCALES[language])
    if language == "ca" and not name.startswith("GMT"):
        name = name[:1].lower() + name[1:]
    return name.replace("’", "'")


# --------------------------------------------------------------------------------------------------------- cell texts

_UNSEEN = frozenset({"Cc", "Cf", "Cs"})
# Joiners shape letters and emoji; every other invisible format character can only hide or turn text around.
_JOINERS = frozenset("\u200c\u200d")


def one_line(text: str) -> str:
    """The text with every run of white space and line breaks as one space, and without control characters.

    Bidirectional overrides and lone surrogates go too: they would show, or encode, something else than was written.
    """
    kept = (one for one in " ".join(text.split()) if one in _JOINERS or unicodedata.category(one) not in _UNSEEN)
    return " ".join("".join(kept).split())


def _lines(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(line for line in map(one_line, texts) if line)


def _tidy(text: str) -> str:
    """Text as a person would leave it: no space at the end of a line, one blank line at most, none around."""
    kept: list[str] = []
    for line in text.strip().splitlines():
        if line.strip() or (kept and kept[-1]):
            kept.append(line.rstrip())
    return "\n".join(kept) + "\n"


def _subject_line(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH - 1].rstrip() + "…"


# ---------------------------------------------------------------------------------------------------------- templates


class _Source(NamedTuple):
    """A file of the templates, read."""

    path: Path
    text: str


class _Worded(NamedTuple):
    """A sentence of a catalogue: its words with `{names}`, and the line of the file it stands on."""

    text: str
    line: int


class Messages:
    """The templates, read once. Raises `ConfigurationError` for an overriding file that is in any way wrong."""

    def __init__(self, overrides: Path | None, zone: ZoneInfo) -> None:
        """`overrides`: the folder of config `templates`, whose files win. `zone`: where sentences are read."""
        self._zone = zone
        self._shipped = _read_folder(_shipped_folder())
        self._overriding = _read_overrides(overrides) if overrides else {}
        self._sources = self._shipped | self._overriding
        self._text = self._environment(autoescape=False)
        self._html = self._environment(autoescape=True)
        self._sentences = {language: self._catalogue("sentences", language) for language in LANGUAGES}
        self._sheets = {language: self._catalogue("sheets", language) for language in LANGUAGES}
        self._pages = {language: self._catalogue("pages", language) for language in LANGUAGES}
        if self._overriding:
            self._check_names()
            self._check_by_trial()

    def mail(self, facts: MailFacts) -> RenderedMail:
        """The mail these facts give. Raises `ConfigurationError` where a template of the operator's own fails."""
        kind = Kind.NUDGE if facts.kind is Kind.OVERRUN else facts.kind
        stem = f"{facts.language}/{kind.value}"
        names = _template_names(facts)
        subject = _subject_line(self._render(self._text, f"{stem}.subject.txt", names))
        text = _tidy(self._render(self._text, f"{stem}.txt", names))
        body = Markup(self._body(stem, names, text).strip())  # noqa: S704  (rendered with autoescape)
        html = self._render(self._html, "layout.html", {**names, "subject": subject, "body": body})
        return RenderedMail(subject, text, html)

    def note(self, facts: MailFacts) -> str:
        """The note on a ticket, plain text; `facts.kind` is what it tells of, `facts.window` when that was. Raises as
        `mail` does.
        """
        return _tidy(self._render(self._text, f"{facts.language}/ticket-note.txt", _template_names(facts)))

    def event(self, facts: MailFacts) -> tuple[str, str]:
        """Title and description of the calendar event, plain text. Raises as `mail` does."""
        names = _template_names(facts)
        title = _subject_line(self._render(self._text, f"{facts.language}/event.subject.txt", names))
        return title, _tidy(self._render(self._text, f"{facts.language}/event.txt", names))

    def sentence(self, sentence: Sentence, language: str, zone: ZoneInfo | None = None) -> str:
        """The sentence in words; its instants are shown in `zone` (the organization's where none is given)."""
        values = {name: self._value(value, language, zone or self._zone) for name, value in sentence.values}
        return self._sentences[language][sentence.code].text.format(**values)

    def sheet_text(self, code: str, language: str) -> str:
        """A text of `sheets.es.yaml`, which stands in TEMPLATE or the registry; [brackets] hold names of ours."""
        return self._sheets[language][code].text

    def page_text(self, code: str, language: str) -> str:
        """A text of `pages.es.yaml`, which the dashboard says, with its `{names}` still to be filled in."""
        return self._pages[language][code].text

    def sheet_codes(self, language: str) -> tuple[str, ...]:
        """The codes of that file, in its order."""
        return tuple(self._sheets[language])

    def _value(self, value: Value | object, language: str, zone: ZoneInfo) -> str:
        match value:
            case Sentence():
                return self.sentence(value, language, zone)
            case tuple():
                return ", ".join(self._value(one, language, zone) for one in value)
            case datetime():
                return moment_words(value.astimezone(zone), language)
            case date():
                return day_words(value, language)
            case timedelta():
                return duration_words(value, language)
            case _:
                return one_line(str(value))

    def unused(self) -> tuple[Path, ...]:
        """The operator's files that take no shipped file's place and that no template includes: misnamed ones."""
        named: set[str | None] = set()
        for name, source in self._sources.items():
            if name.endswith((".txt", ".html")):
                with suppress(TemplateSyntaxError):  # in one that is used it was told already
                    named.update(meta.find_referenced_templates(self._text.parse(source.text)))
        own = self._overriding.keys() - self._shipped.keys()
        return tuple(self._overriding[name].path for name in sorted(own) if name not in named)

    # -- rendering

    def _environment(self, *, autoescape: bool) -> SandboxedEnvironment:
        # Two environments rather than one that decides by file name: the words both parts share escape cells in HTML.
        environment = SandboxedEnvironment(
            loader=FunctionLoader(self._source),
            undefined=StrictUndefined,
            autoescape=autoescape,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        environment.filters["link"] = _html_link if autoescape else _text_link
        return environment

    def _source(self, name: str) -> tuple[str, str, None] | None:
        source = self._sources.get(name)
        return (source.text, str(source.path), None) if source else None

    def _body(self, stem: str, names: Mapping[str, Any], text: str) -> str:
        # Who overrides the text part alone must not send two parts that differ: the HTML part then shows that text.
        if f"{stem}.txt" in self._overriding and f"{stem}.html" not in self._overriding:
            return self._render(self._html, "plain.html", {"paragraphs": text.strip().split("\n\n")})
        return self._render(self._html, f"{stem}.html", names)

    def _render(self, environment: SandboxedEnvironment, name: str, names: Mapping[str, Any]) -> str:
        try:
            return environment.get_template(name).render(names)
        except Exception as error:  # a template can fail in every way a program can
            raise self._fault(name, error) from error

    def _fault(self, name: str, error: Exception) -> ConfigurationError:
        """What to tell of a template that failed: the file and line it failed on, which may be one it includes."""
        source = self._sources[name]
        if isinstance(error, TemplateSyntaxError):
            source = self._sources.get(error.name or name, source)
            return _wrong(source.path, error.lineno, error.message or "it is not a template")
        path, line = str(source.path), 1
        ours = {str(one.path) for one in self._sources.values()}
        for frame in traceback.extract_tb(error.__traceback__):  # the last one within a template is where it failed
            if frame.filename in ours:
                path, line = frame.filename, frame.lineno or 1
        problem = f"there is no template {error.name}" if isinstance(error, TemplateNotFound) else str(error)
        return _wrong(path, line, problem)

    # -- what an operator wrote is checked at start, not when the first mail is due

    def _check_names(self) -> None:
        """Every branch of an overriding template knows the names it uses (a trial may not come through all of them)."""
        known = _template_names(_trial_facts(Kind.START, LANGUAGES[0], full=True)).keys() | self._text.globals.keys()
        for name in sorted(self._overriding.keys() & self._shipped.keys()):
            if name in _OWN_NAMES or not name.endswith((".txt", ".html")):
                continue
            source = self._overriding[name]
            try:
                tree = self._text.parse(source.text, name, str(source.path))
                unknown = meta.find_undeclared_variables(tree) - known
            except TemplateSyntaxError as error:
                raise self._fault(name, error) from error
            for used in tree.find_all(nodes.Name):
                if used.name in unknown:
                    raise _wrong(source.path, used.lineno, f"“{used.name}” is not a name that templates know")

    def _check_by_trial(self) -> None:
        for language in LANGUAGES:
            for kind in (*MAIL_KINDS, Kind.NOTICE):
                for full in (True, False):
                    self.mail(_trial_facts(kind, language, full=full))

    def _catalogue(self, stem: str, language: str) -> dict[str, _Worded]:
        """The shipped sentences, and over them those of the operator's file, which need not have all."""
        name = f"{stem}.{language}.yaml"
        shipped = _read_sentences(self._shipped[name])
        if name not in self._overriding:
            return shipped
        path = self._overriding[name].path
        own = _read_sentences(self._overriding[name])
        for code, worded in own.items():
            if code not in shipped:
                raise _wrong(path, worded.line, f"there is no sentence “{code}”")
            unknown = sentence_names(worded.text) - sentence_names(shipped[code].text)
            if unknown:
                raise _wrong(path, worded.line, f"the sentence “{code}” has no value {{{min(unknown)}}}")
        return shipped | own


# The names that only the pages around a mail know: what `layout.html` and `plain.html` are given.
_OWN_NAMES = frozenset({"layout.html", "plain.html", "bullets.html"})


def _template_names(facts: MailFacts) -> dict[str, Any]:
    """What a template may use (`templates/README.md`); cell texts are one line each, times are words of the zone."""
    language = facts.language
    now, start, planned_end, end = (
        one.astimezone(facts.zone) for one in (facts.now, facts.window.start, facts.window.end, facts.end)
    )

    def long_day(local: datetime) -> str:
        return long_day_words(local, language, with_year=local.year != now.year)

    return {
        "language": language,
        "kind": facts.kind.value,
        "greeting": greeting(language, now.hour),
        "customer": one_line(facts.customer),
        "partner": one_line(facts.partner),
        "organization": one_line(facts.organization),
        "deployment_id": one_line(facts.deployment_id),
        "environment": facts.environment.value,
        "start_day": long_day(start),
        "start_time": f"{start:%H:%M}",
        "end_day": long_day(planned_end),
        "end_time": f"{planned_end:%H:%M}",
        "end_now": moment_words(end, language, with_year=end.year != now.year),
        "duration": duration_words(facts.window.duration, language),
        "time_zone": zone_words(start, language),
        "tickets": _lines(facts.tickets),
        "components": _lines([str(one) for one in facts.components]),
        "former_components": _lines(
            [f"{one.name} {one.previous}" for one in facts.components if one_line(one.previous)]
        ),
        "restart": facts.restart.value,
        "comment_lines": _lines(facts.comment.splitlines()),
        "responsible": one_line(facts.responsible),
        "log_link": one_line(facts.log_link),
        "unticked": _lines(facts.unticked),
        "overrun": facts.overrun or facts.kind is Kind.OVERRUN,
        "progress": one_line(facts.progress),
        "told": _lines(facts.told),
        "stressed": format_list(facts.stressed, locale=_LOCALES[language]) if facts.stressed else "",
        "support_portal": one_line(facts.support_portal),
        "support_phone": one_line(facts.support_phone),
    }


def _text_link(address: str) -> str:
    return f"<{address}>"


def _html_link(address: str) -> Markup:
    if not address.startswith(("https://", "http://")):  # a link can carry a script
        return Markup("&lt;{}&gt;").format(address)
    return Markup('&lt;<a href="{0}">{0}</a>&gt;').format(address)


def _trial_facts(kind: Kind, language: str, *, full: bool) -> MailFacts:
    """Facts to try the templates of an operator with: everything there is to say, or as little as can be."""
    start = datetime(2026, 12, 9, 8, tzinfo=UTC)
    window = Window(start, start + timedelta(minutes=15))
    texts = ("one", "two") if full else ()
    word = "word" if full else ""
    return MailFacts(
        kind=kind,
        language=language,
        customer="CUSTOMER",
        partner=word,
        deployment_id="CUSTOMER-0001",
        environment=Environment.PRODUCTION if full else Environment.CLOUD_TEST,
        window=window,
        end=window.end,
        now=start,
        zone=ZoneInfo("UTC"),
        tickets=texts,
        components=tuple(Component(text, "2", "1") for text in texts),
        restart=Restart.BOTH if full else Restart.NONE,
        comment=word,
        responsible=word,
        log_link=word,
        unticked=CHECKLIST if full else (),
        overrun=full,
        support_portal=word,
        support_phone=word,
        organization="Organization",
        progress=word,
        told=texts,
        stressed=("AM", "PAM") if full else (),
    )


# -------------------------------------------------------------------------------------------------------------- files


def _shipped_folder() -> Path:
    """`deploylog/templates` of the installed package, or `templates/` of the checkout."""
    installed = Path(__file__).with_name("templates")
    return installed if installed.is_dir() else Path(__file__).parents[2] / "templates"


def _read_folder(folder: Path) -> dict[str, _Source]:
    """The templates of a folder by their name below it, `es/start.txt`; other files are none of them."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".txt", ".html", ".yaml") and path.is_file():
            found[path.relative_to(folder).as_posix()] = _Source(path, _read(path))
    return found


def _read_overrides(folder: Path) -> dict[str, _Source]:
    if not folder.is_dir():
        raise ConfigurationError(
            f"the folder {folder} of the key templates is not there; create it or leave the key out"
        )
    return _read_folder(folder)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(path, 1, f"it cannot be read as a text in UTF-8 ({error})") from error


def _read_sentences(source: _Source) -> dict[str, _Worded]:
    """A catalogue: code, text and line. Composed rather than loaded, for the lines, and because all values are text."""
    try:
        root = YAML(typ="safe", pure=True).compose(source.text)
    except YAMLError as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        raise _wrong(source.path, mark.line + 1 if mark else 1, "it is not YAML") from error
    if root is None:
        return {}
    if not isinstance(root, MappingNode):
        raise _wrong(source.path, 1, "it is not a list of lines “code: sentence”")
    sentences: dict[str, _Worded] = {}
    for key, value in root.value:
        line = key.start_mark.line + 1
        if not isinstance(value, ScalarNode) or key.value in sentences:
            raise _wrong(source.path, line, f"“{key.value}” has no text, or stands there twice")
        try:
            sentence_names(value.value)
        except ValueError as error:
            raise _wrong(source.path, line, f"the braces of “{key.value}” are not names in {{}}") from error
        sentences[key.value] = _Worded(value.value, line)
    return sentences


def sentence_names(text: str) -> frozenset[str]:
    """The names in braces of a sentence's text. Raises `ValueError` for braces that hold anything but a name."""
    names = set()
    for _, name, spec, conversion in string.Formatter().parse(text):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError(name)
        names.add(name)
    return frozenset(names)


def _wrong(path: Path | str, line: int, problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path}:{line}: {one_line(problem)}; correct the file, or remove it to have the shipped one"
    )
