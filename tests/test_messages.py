"""Mails and sentences: golden mails beside their facts, the words of times, and what an overriding folder may do.

`python tests/test_messages.py` writes the golden mails anew; read the difference before you keep it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from deploylog import messages, template
from deploylog.errors import ConfigurationError
from deploylog.messages import MailFacts, Messages, RenderedMail
from deploylog.model import LANGUAGES, Component, Environment, Kind, Restart, Sentence, Window

GOLDEN = Path(__file__).with_name("golden") / "mails"
SHIPPED = Path(__file__).parents[1] / "templates"
MADRID = ZoneInfo("Europe/Madrid")
TABLE: dict[str, Any] = YAML(typ="safe", pure=True).load((GOLDEN / "facts.yaml").read_text(encoding="utf-8"))
MAILS = [
    (case, kind, language)
    for case, entry in TABLE["cases"].items()
    for kind in entry["mails"]
    for language in entry["languages"]
]


def facts_of(case: str, kind: str, language: str) -> MailFacts:
    told = TABLE["base"] | TABLE["cases"][case].get("changes", {})
    instants = {name: told[name] and told[name].astimezone(UTC) for name in ("start", "end", "new_end", "now")}
    return MailFacts(
        kind=Kind(kind),
        language=language,
        customer=told["customer"],
        partner=told["partner"],
        deployment_id=told["deployment_id"],
        environment=Environment(told["environment"]),
        window=Window(instants["start"], instants["end"]),
        end=instants["new_end"] or instants["end"],
        now=instants["now"],
        zone=ZoneInfo(told["zone"]),
        tickets=tuple(told["tickets"]),
        components=tuple(Component(*parts) for parts in told["components"]),
        restart=Restart(told["restart"]),
        comment=told["comment"],
        responsible=told["responsible"],
        log_link=told["log_link"],
        unticked=tuple(told["unticked"]),
        overrun=told["overrun"],
        support_portal=told["support_portal"],
        support_phone=told["support_phone"],
        organization=told["organization"],
    )


def diba(kind: str = "start", language: str = "es", **changes: Any) -> MailFacts:
    return replace(facts_of("diba", kind, language), **changes)


def golden_texts(mail: RenderedMail) -> dict[str, str]:
    return {"txt": f"{mail.subject}\n\n{mail.text}", "html": mail.html}


@pytest.fixture(scope="module")
def shipped() -> Messages:
    return Messages(None, MADRID)


# -------------------------------------------------------------------------------------------------------------- mails


@pytest.mark.parametrize(("case", "kind", "language"), MAILS)
def test_a_mail_is_as_its_golden_files_show_it(shipped: Messages, case: str, kind: str, language: str) -> None:
    mail = shipped.mail(facts_of(case, kind, language))
    for part, text in golden_texts(mail).items():
        assert text == (GOLDEN / f"{case}.{kind}.{language}.{part}").read_text(encoding="utf-8")


def test_every_golden_file_has_its_facts() -> None:
    there = {path.name for path in GOLDEN.iterdir()} - {"facts.yaml"}
    assert there == {f"{case}.{kind}.{language}.{part}" for case, kind, language in MAILS for part in ("txt", "html")}


PROCEDURE = {
    "start": """\
Buenas tardes.

Vamos a realizar el despliegue a producción de los siguientes tickets/correos:

- ES-7412280 Tractar els ORGANISMES com si fós un ORGÀNIC
- ES-7412104 PRODUCTES: No fa enviaments a les notificacions
- ES-7412224 roldanfm al fer baixa li apareix missatge de conservar

Los componentes a desplegar son los siguientes:

- addon-diba 3.2.11
- biblioteques programari 3.2.1
- diputació aplicacions 3.21
- diputació programari 3.2.1

Se requiere reiniciar las consolas y los syncservers.

Se estima una duración de 15 minutos.

Saludos cordiales.
""",
    "delay": """\
Buenas tardes.

La actualización se va a demorar más de lo esperado. Cuando termine el proceso enviaremos correo de notificación.

Saludos cordiales.
""",
    "end": """\
Buenas tardes.

La actualización se ha completado satisfactoriamente.

Para cualquier duda o nuevo comportamiento que pueda aparecer, abra un nuevo ticket en el Portal de soporte \
<https://zammad.soffid.com/> o contacte por teléfono al 871 96 29 12.

Saludos cordiales.
""",
}


@pytest.mark.parametrize("kind", PROCEDURE)
def test_the_spanish_mails_are_the_procedures_word_for_word(shipped: Messages, kind: str) -> None:
    assert shipped.mail(diba(kind)).text == PROCEDURE[kind]


class _Words(HTMLParser):
    """The words of an HTML part as a text part would give them: one line a block, "- " before an item."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.skipping = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.skipping = tag == "head" or (self.skipping and tag != "body")
        self.words += {"li": "\n- ", "p": "\n", "br": "\n"}.get(tag, "")

    def handle_data(self, data: str) -> None:
        self.words += "" if self.skipping else data


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(("case", "kind", "language"), MAILS)
def test_both_parts_say_the_same(shipped: Messages, case: str, kind: str, language: str) -> None:
    mail = shipped.mail(facts_of(case, kind, language))
    html = _Words()
    html.feed(mail.html)
    assert lines(html.words) == lines(mail.text)


@pytest.mark.parametrize(("case", "kind", "language"), MAILS)
def test_the_html_part_names_its_language_and_loads_nothing(
    shipped: Messages, case: str, kind: str, language: str
) -> None:
    html = shipped.mail(facts_of(case, kind, language)).html
    assert f'<html lang="{language}">' in html
    assert not any(mark in html for mark in ("<img", "src=", "<link", "url(", "<script", 'href="javascript'))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_all_its_words_and_borrows_none_of_anothers(language: str) -> None:
    """What a new language needs besides its files; a copied file still includes those of the language it came from."""
    words = (messages._LOCALES, messages._GREETINGS, messages._LONG_DAYS, messages._YEARS, template.LOCALES)
    assert all(language in one for one in words)
    folder = SHIPPED / language
    assert {one.name for one in folder.iterdir()} == {one.name for one in (SHIPPED / "en").iterdir()}
    borrowed = {
        f"{file.name}: {other}/"
        for file in folder.iterdir()
        for other in LANGUAGES
        if other != language and f'"{other}/' in file.read_text("utf-8")
    }
    assert borrowed == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_mails_to_the_customer_have_one_subject_and_the_nudge_its_own(shipped: Messages, language: str) -> None:
    subjects = {kind: shipped.mail(diba(kind, language)).subject for kind in TABLE["cases"]["diba"]["mails"]}
    nudge = subjects.pop("nudge")
    assert len(set(subjects.values())) == 1
    assert nudge not in subjects.values()
    assert "DIBA-0014" in nudge


def test_an_overrun_has_the_words_of_the_nudge_after_the_end_passed_again(shipped: Messages) -> None:
    assert shipped.mail(diba("overrun")) == shipped.mail(diba("nudge", overrun=True))
    assert shipped.mail(diba("overrun")) != shipped.mail(diba("nudge"))


def test_a_subject_is_one_line_of_at_most_200_characters(shipped: Messages) -> None:
    subject = shipped.mail(diba(customer="DI\n\r\nBA\u2029" + " long" * 100)).subject
    assert subject.startswith("Despliegue a producción DIBA-0014 (DI BA long long")
    assert len(subject) == messages.SUBJECT_LENGTH
    assert len(subject.splitlines()) == 1


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


def structure(mail: RenderedMail) -> tuple[int, int, list[str]]:
    """How many lines the subject and the text part have, and the tags of the HTML part."""
    html = _Tags()
    html.feed(mail.html)
    return len(mail.subject.splitlines()), len(mail.text.splitlines()), html.tags


@given(ticket=st.text(), component=st.text(), customer=st.text(), comment=st.text())
def test_whatever_a_cell_holds_the_mail_keeps_its_structure(
    shipped: Messages, ticket: str, component: str, customer: str, comment: str
) -> None:
    def harmless(text: str) -> str:
        return "x" if messages.one_line(text) else ""

    def facts(ticket: str, component: str, customer: str, comment: str) -> MailFacts:
        components = (Component("addon", component, component),)
        return diba("rolled-back", tickets=(ticket,), components=components, customer=customer, comment=comment)

    expected = facts(
        harmless(ticket), harmless(component), harmless(customer), "\n".join(map(harmless, comment.splitlines()))
    )
    for kind in (Kind.START, Kind.ROLLED_BACK):
        hostile = replace(facts(ticket, component, customer, comment), kind=kind)
        assert structure(shipped.mail(hostile)) == structure(shipped.mail(replace(expected, kind=kind)))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb\tc\u2028d\u00a0 e", "a b c d e"),
        ("\u202eabc\u202c\u2066d\u2069", "abcd"),
        ("a\x00\x1b[31mb", "a[31mb"),
        ("lone \ud800 half", "lone half"),
        ("👩\u200d💻 é שלום", "👩\u200d💻 é שלום"),
        ("\u200b \u200e", ""),
    ],
)
def test_a_cell_text_is_one_line_without_what_hides_or_turns_it(text: str, shown: str) -> None:
    assert messages.one_line(text) == shown


# -------------------------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("hour", "es", "ca", "en"),
    [
        (5, "Buenas noches", "Bona nit", "Good evening"),
        (6, "Buenos días", "Bon dia", "Good morning"),
        (13, "Buenos días", "Bon dia", "Good morning"),
        (14, "Buenas tardes", "Bona tarda", "Good afternoon"),
        (20, "Buenas tardes", "Bona tarda", "Good afternoon"),
        (21, "Buenas noches", "Bona nit", "Good evening"),
        (0, "Buenas noches", "Bona nit", "Good evening"),
    ],
)
def test_the_greeting_follows_the_local_hour(hour: int, es: str, ca: str, en: str) -> None:
    assert [messages.greeting(language, hour) for language in LANGUAGES] == [es, ca, en]


def test_the_greeting_is_that_of_the_readers_hour_not_of_utc(shipped: Messages) -> None:
    noon_in_utc = datetime(2026, 7, 9, 12, 30, tzinfo=UTC)
    assert shipped.mail(diba(now=noon_in_utc)).text.startswith("Buenas tardes.")
    assert shipped.mail(diba(now=noon_in_utc, zone=ZoneInfo("America/Bogota"))).text.startswith("Buenos días.")


@pytest.mark.parametrize(
    ("duration", "es", "ca", "en"),
    [
        (timedelta(0), "0 segundos", "0 segons", "0 seconds"),
        (timedelta(seconds=30), "30 segundos", "30 segons", "30 seconds"),
        (timedelta(minutes=1), "1 minuto", "1 minut", "1 minute"),
        (timedelta(seconds=119), "1 minuto", "1 minut", "1 minute"),
        (timedelta(minutes=15), "15 minutos", "15 minuts", "15 minutes"),
        (timedelta(hours=1), "1 hora", "1 hora", "1 hour"),
        (timedelta(minutes=150), "2 horas y 30 minutos", "2 hores i 30 minuts", "2 hours and 30 minutes"),
        (
            timedelta(days=1, hours=2, minutes=3),
            "1 día, 2 horas y 3 minutos",
            "1 dia, 2 hores i 3 minuts",
            "1 day, 2 hours and 3 minutes",
        ),
        (timedelta(days=2), "2 días", "2 dies", "2 days"),
    ],
)
def test_a_duration_is_said_as_a_person_says_it(duration: timedelta, es: str, ca: str, en: str) -> None:
    assert [messages.duration_words(duration, language) for language in LANGUAGES] == [es, ca, en]


def test_days_and_moments_are_short_and_without_dots() -> None:
    moment = datetime(2026, 12, 9, 9, 0, tzinfo=MADRID)
    said = [messages.moment_words(moment, language) for language in LANGUAGES]
    assert said == ["mié 9 dic 09:00", "dc 9 des 09:00", "Wed 9 Dec 09:00"]
    assert [messages.day_words(date(2026, 12, 7), one) for one in LANGUAGES] == ["lun 7 dic", "dl 7 des", "Mon 7 Dec"]


def test_the_year_is_said_when_asked_for() -> None:
    moment = datetime(2027, 1, 4, 9, 0, tzinfo=MADRID)
    said = [messages.moment_words(moment, language, with_year=True) for language in LANGUAGES]
    assert said == ["lun 4 ene 2027 09:00", "dl 4 gen 2027 09:00", "Mon 4 Jan 2027 09:00"]
    assert messages.day_words(moment.date(), "en", with_year=True) == "Mon 4 Jan 2027"


def test_a_mail_says_long_days_and_the_zone_in_words() -> None:
    day = date(2027, 4, 8)
    assert [messages.long_day_words(day, one) for one in LANGUAGES] == [
        "jueves 8 de abril",
        "dijous 8 d'abril",
        "Thursday 8 April",
    ]
    assert [messages.long_day_words(day, one, with_year=True) for one in LANGUAGES] == [
        "jueves 8 de abril de 2027",
        "dijous 8 d'abril del 2027",
        "Thursday 8 April 2027",
    ]
    moment = datetime(2026, 12, 9, 9, 0, tzinfo=UTC)
    assert [messages.zone_words(moment.astimezone(MADRID), one) for one in LANGUAGES] == [
        "hora de Europa central",
        "hora d'Europa central",
        "Central European Time",
    ]
    assert messages.zone_words(moment.astimezone(ZoneInfo("UTC")), "en") == "Coordinated Universal Time"
    # As Babel up to 2.18 says it, and since.
    london = messages.zone_words(moment.astimezone(ZoneInfo("Europe/London")), "en")
    assert london in ("Greenwich Mean Time", "British Time")


# ---------------------------------------------------------------------------------------------------------- sentences


def catalogue(language: str) -> dict[str, str]:
    text = (SHIPPED / f"sentences.{language}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, str] = YAML(typ="safe", pure=True).load(text)
    return loaded


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogues_have_the_same_codes_in_the_same_order_with_the_same_names(language: str) -> None:
    english = {code: messages.sentence_names(text) for code, text in catalogue("en").items()}
    own = {code: messages.sentence_names(text) for code, text in catalogue(language).items()}
    assert list(own.items()) == list(english.items())


def test_a_sentence_shows_each_value_by_its_type(shipped: Messages) -> None:
    code = "eve_of_non_working_day"
    day, instant = date(2026, 12, 7), datetime(2026, 12, 8, 23, 30, tzinfo=UTC)

    def shown(value: Any, language: str = "en", zone: ZoneInfo | None = None) -> str:
        said = shipped.sentence(Sentence.of(code, day=day, next_day=value), language, zone)
        return said.rpartition("(")[2].removesuffix(")")

    assert shown(date(2026, 12, 8)) == "Tue 8 Dec"
    assert shown(instant) == "Wed 9 Dec 00:30"
    assert shown(instant, "es", ZoneInfo("Atlantic/Canary")) == "mar 8 dic 23:30"
    assert shown(timedelta(minutes=90), "ca") == "1 hora i 30 minuts"
    assert shown(("TEST", "DES", "Local")) == "TEST, DES, Local"
    assert shown((instant, instant)) == "Wed 9 Dec 00:30, Wed 9 Dec 00:30"
    assert shown(7) == "7"
    assert shown("{day}\n{0.__class__}") == "{day} {0.__class__}"
    assert shown(Sentence.of("overlap", other=day), "es") == "se solapa con lun 7 dic"


def test_the_design_s_example_is_said_word_for_word(shipped: Messages) -> None:
    holiday = Sentence.of("eve_of_holiday", day=date(2026, 12, 7), holiday="Inmaculada Concepción")
    slots: Any = tuple(datetime(2026, 12, day, 8, tzinfo=UTC) for day in (9, 10))
    assert shipped.sentence(holiday, "en") == "Mon 7 Dec is the day before a public holiday (Inmaculada Concepción)"
    assert shipped.sentence(Sentence.of("free", slots=slots), "en") == "Free: Wed 9 Dec 09:00, Thu 10 Dec 09:00."


# ---------------------------------------------------------------------------------------------------- your own folder


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_an_overriding_file_wins_and_the_others_stay(shipped: Messages, tmp_path: Path) -> None:
    written(tmp_path, "es/_subject.txt", "Cambio {{ deployment_id }}")
    own = Messages(tmp_path, MADRID)
    assert own.mail(diba("end")).subject == "Cambio DIBA-0014"
    assert own.mail(diba("end")).text == shipped.mail(diba("end")).text
    assert own.mail(diba("end", "ca")) == shipped.mail(diba("end", "ca"))


def test_an_overriding_file_that_nothing_uses_is_told(tmp_path: Path) -> None:
    written(tmp_path, "es/end.txt", '{% include "es/_mine.txt" %}')
    written(tmp_path, "es/_mine.txt", "Hecho.")
    misnamed = [written(tmp_path, name, "{% if %}") for name in ("es/strat.txt", "sentence.es.yaml", "start.txt")]
    assert set(Messages(tmp_path, MADRID).unused()) == set(misnamed)


def test_an_overridden_text_part_is_what_the_html_part_shows_too(tmp_path: Path) -> None:
    written(tmp_path, "es/end.txt", "Hecho <ya>: {{ tickets | join(', ') }}.\nDos líneas.\n\n\n\nAdiós.")
    mail = Messages(tmp_path, MADRID).mail(diba("end", tickets=("<b>", "{{ 7*7 }}")))
    assert mail.text == "Hecho <ya>: <b>, {{ 7*7 }}.\nDos líneas.\n\nAdiós.\n"
    assert "<p>Hecho &lt;ya&gt;: &lt;b&gt;, {{ 7*7 }}.<br>Dos líneas.</p>\n<p>Adiós.</p>" in mail.html
    assert '<html lang="es">' in mail.html


def test_words_of_an_overriding_catalogue_win_one_by_one(shipped: Messages, tmp_path: Path) -> None:
    written(tmp_path, "sentences.en.yaml", 'friday: "{day}: no, a Friday"')
    own, day = Messages(tmp_path, MADRID), date(2026, 12, 11)
    assert own.sentence(Sentence.of("friday", day=day), "en") == "Fri 11 Dec: no, a Friday"
    assert own.sentence(Sentence.of("no_free", days=60), "en") == "No free date in the next 60 days."


def test_the_shipped_files_copied_as_they_are_change_nothing(shipped: Messages, tmp_path: Path) -> None:
    for path in SHIPPED.rglob("*.*"):
        written(tmp_path, path.relative_to(SHIPPED).as_posix(), path.read_text(encoding="utf-8"))
    own = Messages(tmp_path, MADRID)
    assert all(own.mail(facts_of(*one)) == shipped.mail(facts_of(*one)) for one in MAILS)


@pytest.mark.parametrize(
    ("name", "text", "line", "problem"),
    [
        ("es/start.txt", "{{ greeting }}\n{{ greting }}", 2, "“greting” is not a name that templates know"),
        ("es/start.html", "{% if 0 %}\n\n{{ greting }}{% endif %}", 3, "“greting” is not a name"),
        ("es/end.txt", "one\n\n{% if tickets %}", 3, "Unexpected end of template"),
        ("es/end.txt", "one\n{{ customer | shout }}", 2, "shout"),
        ("en/end.txt", "{% for one in components %}\n{{ one.vresion }}\n{% endfor %}", 2, "vresion"),
        ("ca/_subject.txt", "{{ 1 / 0 }}", 1, "division by zero"),
        ("ca/nudge.txt", "\n{% include 'ca/nowhere.txt' %}", 2, "there is no template ca/nowhere.txt"),
        ("es/delay.txt", "{{ greeting.__class__.__mro__ }}", 1, "unsafe"),
        ("layout.html", "<html>\n{{ bodi }}", 2, "bodi"),
        ("sentences.es.yaml", 'friday: "x"\nfrday: "y"', 2, "there is no sentence “frday”"),
        ("sentences.es.yaml", 'friday: "el {dia}"', 1, "has no value {dia}"),
        ("sentences.es.yaml", '\nfriday: "{day.__class__}"', 2, "the braces of “friday”"),
        ("sentences.es.yaml", 'friday: "{day"', 1, "the braces of “friday”"),
        ("sentences.es.yaml", 'friday: "a"\nfriday: "b"', 2, "stands there twice"),
        ("sentences.es.yaml", "friday: [a]", 1, "has no text"),
        ("sentences.es.yaml", "- friday", 1, "code: sentence"),
        ("sentences.es.yaml", 'a: "b\nc: d', 2, "not YAML"),
    ],
)
def test_a_mistake_in_an_overriding_file_is_told_at_start_with_file_and_line(
    tmp_path: Path, name: str, text: str, line: int, problem: str
) -> None:
    path = written(tmp_path, name, text)
    with pytest.raises(ConfigurationError) as told:
        Messages(tmp_path, MADRID)
    assert str(told.value).startswith(f"{path}:{line}: ")
    assert problem in str(told.value)
    assert len(str(told.value).splitlines()) == 1


def test_what_fails_only_in_one_mail_is_told_with_file_and_line(tmp_path: Path) -> None:
    path = written(tmp_path, "es/start.txt", "one\n{% if customer == 'DIBA' %}{{ tickets[7].x }}{% endif %}")
    own = Messages(tmp_path, MADRID)
    with pytest.raises(ConfigurationError) as told:
        own.mail(diba())
    assert str(told.value).startswith(f"{path}:2: ")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="gone of the key templates is not there"):
        Messages(tmp_path / "gone", MADRID)


def test_a_file_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "es/end.txt", "")
    path.write_bytes("Atención".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="cannot be read as a text in UTF-8"):
        Messages(tmp_path, MADRID)


def write_golden_mails() -> None:
    shipped = Messages(None, MADRID)
    for path in GOLDEN.glob("*.*.*.*"):
        path.unlink()
    for case, kind, language in MAILS:
        for part, text in golden_texts(shipped.mail(facts_of(case, kind, language))).items():
            (GOLDEN / f"{case}.{kind}.{language}.{part}").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_golden_mails()
