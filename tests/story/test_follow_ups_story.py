"""Step 5 of the procedure: tickets are commented and mail threads answered, each once, after everybody was told."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs
from world import DAEMON, MANAGER, STAFF, TICKS, WEDNESDAY, World, served_world

from deploylog import deployment_log as log
from deploylog import registry
from deploylog.config import ZammadConfig
from deploylog.delivery import LONGEST_CALL
from deploylog.lifecycle import EffectState
from deploylog.mime import MARKER
from deploylog.model import Kind
from deploylog.rest import Rest
from deploylog.shadow import SHADOW
from deploylog.tickets.interface import Services
from deploylog.tickets.zammad import Zammad
from stores import NewStore, PostgreSQL
from vendor_stand_ins.serving import served
from vendor_stand_ins.zammad import StandInTicket
from vendor_stand_ins.zammad import Zammad as StandIn

TOKEN = "a-token"
SUBJECT = "roldanfm al fer baixa li apareix missatge de conservar"
COLLEAGUE = "colleague@diba.example"
TESTER = "tester@soffid.example"


@dataclass
class Office:
    """A world with a ticket system, and a log whose first row is planned."""

    world: World
    zammad: StandIn
    origin: str

    def connect(self, at_start: bool = False, **settings: object) -> None:
        """What `bootstrap.services_of` makes of a configuration with Zammad."""
        config = ZammadConfig(url=self.origin, token=SecretStr(TOKEN), note_at_start=at_start, **settings)
        rest = Rest("Zammad", self.origin, {"Authorization": f"Token token={TOKEN}"}, timeout=(1.0, 0.5))
        names = frozenset({"Zammad"} if at_start else ())
        self.world.services = Services((Zammad(config, rest),), names)
        self.world.restart()

    def deploy(self, lines: str, close: bool = True, **more: object) -> None:
        """A row with these lines from planned to Done."""
        diba = self.world.log()
        diba.plan(2, WEDNESDAY, **{log.TICKETS: lines, **more})
        self.world.run()
        self.world.after(seconds=31)
        self.world.at(WEDNESDAY)
        if close:
            self.close()

    def close(self, status: str = "Done") -> None:
        self.world.log().write(2, {log.STATUS: status, **TICKS, log.COMMENT: "all <b>well</b>"})
        self.world.after(seconds=1)
        self.world.after(seconds=31)

    def row(self) -> str:
        return self.world.log().progress()

    def asks(self, subject: str = SUBJECT, sender: str = MANAGER) -> str:
        """The customer asks for something by mail; gives the Message-ID."""
        mail = EmailMessage()
        mail["To"], mail["Cc"], mail["Subject"] = DAEMON, COLLEAGUE, subject
        mail.set_content("Could you deploy this?")
        raw = base64.urlsafe_b64encode(mail.as_bytes()).decode()
        self.world.person(sender).call("POST", "/gmail/v1/users/me/messages/send", {"raw": raw})
        found = self.world.person(DAEMON).mails(f'subject:"{subject}"')
        return str(found[0]["Message-ID"])

    def answers(self, address: str = MANAGER, subject: str = SUBJECT) -> list[EmailMessage]:
        return [one for one in self.world.person(address).mails("in:anywhere") if is_answer(one, subject)]


def is_answer(mail: EmailMessage, subject: str) -> bool:
    return str(mail["Subject"]) == subject and f".{Kind.THREAD_ANSWER}." in str(mail[MARKER] or "")


@pytest.fixture
def office(tmp_path: Path, new_store: NewStore) -> Iterator[Office]:
    zammad = StandIn(TOKEN)
    with served(zammad) as origin, served_world(tmp_path, store=new_store(tmp_path)) as world:
        world.init()
        made = Office(world, zammad, origin)
        made.connect()
        yield made


# Tickets -------------------------------------------------------------------------------------------------------------


def test_a_ticket_gets_one_internal_note_once_the_end_mail_is_out(office: Office) -> None:
    ticket = office.zammad.add("7412280", "Tractar els ORGANISMES")
    other = office.zammad.add("74122801", "Another, whose number begins like it")
    office.deploy("ES-7412280 Tractar els ORGANISMES\n20261123 notes", close=False)
    assert ticket.articles == []
    office.close()
    office.world.restart()
    office.world.after(hours=3)
    [note] = ticket.articles
    assert note["internal"] is True
    assert note["type"] == "note"
    body = note["body"]
    assert body.startswith("Este ticket se ha desplegado a producción (DIBA-0001).")
    assert "Responsable: ana@soffid.example" in body
    assert "all <b>well</b>" in body
    assert other.articles == []
    assert office.row().startswith("Done")
    assert [line for line in office.world.log().history() if "Zammad 7412280" in str(line["What happened"])]


def test_a_number_a_hash_and_a_link_name_the_same_ticket_which_gets_one_note(office: Office) -> None:
    ticket = office.zammad.add("7412280", "one")
    office.deploy(f"7412280\n#7412280 once more\n{office.origin}/#ticket/zoom/{ticket.id}")
    assert len(ticket.articles) == 1


def test_notes_at_the_start_and_at_a_rollback_have_their_own_words(office: Office) -> None:
    office.connect(at_start=True)
    ticket = office.zammad.add("7412280", "one")
    office.deploy("ES-7412280", close=False)
    office.close("Rolled back")
    assert [one["body"].splitlines()[0] for one in ticket.articles] == [
        "Ha empezado el despliegue a producción de este ticket (DIBA-0001).",
        "Se ha dado marcha atrás en el despliegue a producción de este ticket (DIBA-0001).",
    ]


def test_tag_state_and_visibility_follow_the_configuration(office: Office) -> None:
    office.connect(visibility="public", tag="deployed", state="closed")
    ticket = office.zammad.add("7412280", "one")
    office.deploy("ES-7412280")
    assert [one["internal"] for one in ticket.articles] == [False]
    assert (ticket.tags, ticket.state) == (["deployed"], "closed")


def test_what_is_told_already_has_the_registry_read_no_more(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.connect()
    ticket, world = office.zammad.add("7412280", "one"), office.world
    office.deploy("ES-7412280")
    world.after(minutes=30)
    read, asked = world.google.sheets.read, list[str]()

    def reading(file_id: str, tabs: Sequence[str]) -> object:
        asked.append(file_id)
        return read(file_id, tabs)

    monkeypatch.setattr(world.google.sheets, "read", reading)
    world.log().write(3, {log.COMMENT: "another row"})
    world.now += timedelta(minutes=12)
    assert world.run().logs_read == 1
    assert len(ticket.articles) == 1
    assert world.registry_id not in asked


def test_a_ticket_whose_deployment_was_rolled_back_stays_open(office: Office) -> None:
    office.connect(tag="deployed", state="closed", at_start=True)
    ticket = office.zammad.add("7412280", "one")
    office.deploy("ES-7412280", close=False)
    office.close("Rolled back")
    assert len(ticket.articles) == 2
    assert (ticket.tags, ticket.state) == ([], "open")


def test_what_is_told_to_our_own_alone_is_no_public_note(office: Office) -> None:
    office.connect(visibility="public")
    ticket = office.zammad.add("7412280", "one")
    office.asks()
    office.deploy(f"ES-7412280\nmail: {SUBJECT}", **{log.NOTIFY: "Internal only"})
    assert [one["internal"] for one in ticket.articles] == [True]
    assert office.answers() == []


def test_a_number_nobody_knows_is_asked_about_while_there_is_time_and_once_it_is_over(office: Office) -> None:
    office.deploy("ES-7412280", close=False)
    office.world.run()
    scheduled = [report for report in office.world.reports if report.problems]
    assert scheduled == []
    office.close()
    assert office.row().startswith("Needs attention: Zammad has no ticket 7412280; correct the line")
    ticket = office.zammad.add("7412281", "the right one")
    office.world.log().write(2, {log.TICKETS: "ES-7412281"})
    office.world.after(seconds=31)
    office.world.after(seconds=31)
    assert len(ticket.articles) == 1
    assert office.row().startswith("Done")


def test_a_scheduled_row_says_already_that_a_line_names_no_ticket(office: Office) -> None:
    office.world.log().plan(2, WEDNESDAY, **{log.TICKETS: "ES-7412280"})
    office.world.run()
    office.world.after(seconds=31)
    assert office.row().startswith("Scheduled: Zammad has no ticket 7412280")


def test_another_organizations_ticket_is_refused_and_reported_without_its_name(office: Office) -> None:
    world, staff = office.world, office.world.person(STAFF)
    header = (*registry.CUSTOMER_COLUMNS, registry.TICKET_ORGANIZATION)
    tabs = staff.call("GET", f"/v4/spreadsheets/{world.registry_id}", fields="sheets(properties)")["sheets"]
    [tab] = [one["properties"]["sheetId"] for one in tabs if one["properties"]["title"] == registry.CUSTOMERS]
    wider = {"appendDimension": {"sheetId": tab, "dimension": "COLUMNS", "length": 1}}
    staff.call("POST", f"/v4/spreadsheets/{world.registry_id}:batchUpdate", {"requests": [wider]})
    titles = {registry.TICKET_ORGANIZATION: registry.TICKET_ORGANIZATION}
    staff.type(world.registry_id, registry.CUSTOMERS, header, 1, titles)
    staff.type(world.registry_id, registry.CUSTOMERS, header, 2, {registry.TICKET_ORGANIZATION: "Diputació"})
    world.after(minutes=1)
    theirs = office.zammad.add("7412280", "theirs", organization="Ajuntament")
    ours = office.zammad.add("7412281", "ours", organization="diputació")
    office.deploy("ES-7412280\nES-7412281")
    assert (len(theirs.articles), len(ours.articles)) == (0, 1)
    assert "Zammad's ticket 7412280 belongs to another organization" in office.row()
    assert "Ajuntament" not in office.row()


def test_a_lost_ledger_writes_no_note_again(office: Office) -> None:
    ticket = office.zammad.add("7412280", "one")
    office.asks()
    office.deploy(f"ES-7412280\nmail: {SUBJECT}")
    assert (len(ticket.articles), len(office.answers())) == (1, 1)
    world = office.world
    world.lose_ledger()
    world.run()
    world.after(minutes=5)
    assert (len(ticket.articles), len(office.answers())) == (1, 1)
    assert office.row().startswith("Done")


def test_a_lost_ledger_tells_nobody_again_of_a_row_that_was_moved_and_is_done(office: Office) -> None:
    """What was told is marked with the generation, of which the row itself says nothing."""
    ticket = office.zammad.add("7412280", "one")
    office.asks()
    world = office.world
    lines = f"ES-7412280\nmail: {SUBJECT}"
    world.log().plan(2, WEDNESDAY + timedelta(hours=5), **{log.TICKETS: lines})
    world.run()
    world.after(seconds=31)
    office.deploy(lines)
    [answered] = office.answers()
    assert ".thread-answer.2." in str(answered[MARKER])
    world.after(hours=3)
    world.lose_ledger()
    world.run()
    world.after(minutes=5)
    assert (len(ticket.articles), len(office.answers())) == (1, 1)
    assert office.row().startswith("Done")


def test_a_lost_ledger_knows_an_answer_of_a_row_opened_again_by_its_thread(office: Office) -> None:
    """The mail's marker holds a digest of the thread; what is adopted has the key the answer had."""
    office.asks()
    office.deploy(f"mail: {SUBJECT}")
    world = office.world
    before = [one.key for one in world.ledger.effects_of(world.log().file_id) if one.key.kind is Kind.THREAD_ANSWER]
    assert len(before) == 1
    world.log().write(2, {log.STATUS: "Started"})
    world.lose_ledger()
    world.run()
    after = [one.key for one in world.ledger.effects_of(world.log().file_id) if one.key.kind is Kind.THREAD_ANSWER]
    assert after == before


def test_zammad_that_is_away_keeps_no_mail_and_is_told_when_it_is_back(office: Office) -> None:
    ticket = office.zammad.add("7412280", "one")
    office.zammad.token = "another"
    office.deploy("ES-7412280")
    assert len(office.world.notices()) == 2, "start and end mail"
    assert "Zammad answered 401" in office.row()
    assert ticket.articles == []
    office.zammad.token = TOKEN
    office.world.after(minutes=2)
    assert len(ticket.articles) == 1
    assert office.row().startswith("Done")
    assert "Zammad" not in office.row()


# Threads -------------------------------------------------------------------------------------------------------------


def test_a_thread_is_answered_to_everybody_in_it_in_its_own_conversation(office: Office) -> None:
    message_id = office.asks()
    office.deploy(f"mail: {SUBJECT}")
    office.world.restart()
    office.world.after(hours=3)
    [answer] = office.answers()
    assert answer["In-Reply-To"] == message_id
    assert message_id in str(answer["References"])
    assert (str(answer["To"]), str(answer["Cc"])) == (MANAGER, COLLEAGUE)
    assert len(office.answers(COLLEAGUE)) == 1
    body = answer.get_body(("plain",))
    assert body is not None
    assert "se ha completado satisfactoriamente" in body.get_content()
    thread = {one["threadId"] for one in messages(office.world, SUBJECT)}
    assert len(thread) == 1


def test_a_second_deployment_answers_whoever_asked_as_the_first_did(office: Office) -> None:
    office.asks()
    office.deploy(f"mail: {SUBJECT}")
    diba, later = office.world.log(), WEDNESDAY + timedelta(hours=5)
    diba.plan(3, later, **{log.TICKETS: f"mail: {SUBJECT}", log.COMPONENTS: "another 2"})
    office.world.after(seconds=31)
    office.world.at(later)
    diba.write(3, {log.STATUS: "Done", **TICKS})
    office.world.after(seconds=1)
    office.world.after(seconds=31)
    first, second = sorted(office.answers(), key=lambda one: len(str(one["References"])))
    assert (str(second["To"]), str(second["Cc"])) == (str(first["To"]), str(first["Cc"])) == (MANAGER, COLLEAGUE)
    assert second["In-Reply-To"] == first["Message-ID"]


def messages(world: World, subject: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = world.person(DAEMON).call(
        "GET", "/gmail/v1/users/me/messages", q=f'subject:"{subject}" in:anywhere'
    )["messages"]
    return found


def test_a_message_id_and_a_link_name_a_thread(office: Office) -> None:
    message_id = office.asks()
    [message] = messages(office.world, SUBJECT)
    office.deploy(f"Message-ID: {message_id}\nhttps://mail.google.com/mail/u/0/#inbox/{message['threadId']}")
    assert len(office.answers()) == 1


def test_of_two_threads_with_the_words_none_is_answered_and_the_row_asks(office: Office) -> None:
    office.asks("PRODUCTES: No fa enviaments")
    office.asks("PRODUCTES: No fa enviaments a les notificacions")
    office.deploy("mail: No fa enviaments")
    assert office.row().startswith("Needs attention: 2 threads have “No fa enviaments” in their subject")
    assert office.answers(subject="PRODUCTES: No fa enviaments") == []


def test_the_whole_subject_tells_apart_what_only_begins_alike(office: Office) -> None:
    office.asks("No fa enviaments")
    office.asks("No fa enviaments a les notificacions")
    office.deploy("mail: no fa enviaments")
    assert len(office.answers(subject="No fa enviaments")) == 1
    assert office.answers(subject="No fa enviaments a les notificacions") == []


@pytest.mark.parametrize(
    "line",
    [
        "mail: something nobody ever wrote",
        "<nobody@nowhere.example>",
        "https://mail.google.com/mail/u/0/#inbox/FMfcgzQbfLXXmGqNVhkkcDqpVlLXtdzL",
    ],
)
def test_a_thread_that_is_not_in_the_mailbox_is_asked_about_and_nobody_is_written_to(office: Office, line: str) -> None:
    office.deploy(line)
    assert office.row().startswith("Needs attention: ")
    assert all(".thread-answer." not in str(one[MARKER]) for one in office.world.person(MANAGER).mails("in:anywhere"))


def test_a_thread_with_somebody_who_is_neither_ours_nor_the_customers_is_not_answered(office: Office) -> None:
    office.asks(sender="manager@acme.example")
    office.deploy(f"mail: {SUBJECT}")
    assert office.row().startswith(f"Needs attention: somebody in the thread “{SUBJECT}” is neither ours")
    assert office.answers("manager@acme.example") == []
    assert office.answers(COLLEAGUE) == []


def test_a_row_never_quotes_the_subject_of_a_thread_that_is_not_answered(office: Office) -> None:
    """The customer reads the row, and the thread that a line names by a slip may be another customer's."""
    office.asks("ACME: no fa enviaments", sender="manager@acme.example")
    office.deploy("mail: no fa enviaments")
    assert office.row().startswith("Needs attention: somebody in the thread “no fa enviaments” is neither ours")
    assert "ACME" not in office.row()


def test_an_address_that_only_ends_like_a_contacts_is_a_strangers(office: Office) -> None:
    """Python reads this `To` as one address of diba.example, and writing it anew as one of evil.example."""
    mail = f'To: "eve@evil.example>ana@diba.example\r\nSubject: {SUBJECT}\r\n\r\nhello\r\n'
    raw = base64.urlsafe_b64encode(f"From: {MANAGER}\r\n{mail}".encode()).decode()
    path = "/gmail/v1/users/me/messages"
    office.world.person(DAEMON).call("POST", path, {"raw": raw, "labelIds": ["INBOX"]})
    office.deploy(f"mail: {SUBJECT}")
    assert office.row().startswith(f"Needs attention: somebody in the thread “{SUBJECT}” is neither ours")
    assert office.answers("eve@evil.example") == []


@pytest.mark.parametrize("mode", ["drop", "error"])
@pytest.mark.parametrize("method", ["gmail.users.drafts.send", "gmail.users.drafts.create", "gmail.users.threads.get"])
def test_whatever_fails_a_thread_is_answered_once(office: Office, method: str, mode: str) -> None:
    office.asks()
    office.deploy(f"mail: {SUBJECT}", close=False)
    world = office.world
    world.log().write(2, {log.STATUS: "Done", **TICKS})
    world.after(seconds=1)
    if method == "gmail.users.drafts.send":
        world.fault(method, "delay", seconds=0)  # the end mail's own
        world.fault(method, mode, **({"status": 503} if mode == "error" else {}))
    else:
        world.fault(method, mode, **({"status": 503} if mode == "error" else {}))
    world.after(seconds=31)
    world.after(minutes=5)
    world.after(minutes=5)
    assert len(office.answers()) == 1
    assert office.row().startswith("Done")
    assert world.person(DAEMON).call("GET", "/gmail/v1/users/me/drafts").get("drafts", []) == []


def test_an_answer_not_sent_yet_is_taken_back_when_the_row_is_no_longer_closed(office: Office) -> None:
    office.asks()
    office.deploy(f"mail: {SUBJECT}", close=False)
    world = office.world
    world.log().write(2, {log.STATUS: "Done", **TICKS})
    world.after(seconds=1)
    for _ in range(8):
        world.fault("gmail.users.threads.get", "error", status=503)
    world.after(seconds=31)
    world.log().write(2, {log.TICKETS: ""})
    world.after(seconds=31)
    world.after(minutes=5)
    assert office.answers() == []
    assert world.person(DAEMON).call("GET", "/gmail/v1/users/me/drafts").get("drafts", []) == []
    assert timedelta(0) < world.now - WEDNESDAY


# Two daemons ---------------------------------------------------------------------------------------------------------


class CutOff(BaseException):
    """The end of a daemon, from the inside."""


@dataclass
class Half:
    """An office on PostgreSQL whose daemon was cut off as it wrote a note; its call may still arrive."""

    office: Office
    ticket: StandInTicket
    arrives: Callable[[], object]
    """Lets the call arrive."""


@pytest.fixture
def half(tmp_path: Path, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> Iterator[Half]:
    zammad = StandIn(TOKEN)
    late: list[Callable[[], object]] = []

    def cut_off(tracker: Zammad, ticket: Any, text: str, internal: bool) -> str:
        late.append(lambda: add_note(tracker, ticket, text, internal))
        raise CutOff

    with served(zammad) as origin, served_world(tmp_path, store=postgresql.new_store(tmp_path)) as world:
        world.init()
        office = Office(world, zammad, origin)
        office.connect()
        ticket = zammad.add("7412280", "Tractar els ORGANISMES")
        add_note = Zammad.add_note
        with monkeypatch.context() as patched:
            patched.setattr(Zammad, "add_note", cut_off)
            with pytest.raises(CutOff):
                office.deploy("ES-7412280")
        world.restart()
        yield Half(office, ticket, late[0])


def test_a_note_another_daemon_may_still_write_is_not_written_before_its_call_is_over(half: Half) -> None:
    half.office.world.after(seconds=LONGEST_CALL.total_seconds() - 1)
    assert half.ticket.articles == []
    half.office.world.after(minutes=1)
    assert len(half.ticket.articles) == 1


def test_a_note_that_arrives_late_is_found_and_not_written_again(half: Half) -> None:
    half.office.world.after(seconds=60)
    half.arrives()
    half.office.world.after(seconds=LONGEST_CALL.total_seconds())
    half.office.world.after(minutes=5)
    assert len(half.ticket.articles) == 1
    assert half.office.row().startswith("Done")


def test_a_note_no_longer_wanted_is_given_up_only_once_it_cannot_arrive_any_more(half: Half) -> None:
    world = half.office.world
    world.log().write(2, {log.TICKETS: ""})
    world.after(seconds=LONGEST_CALL.total_seconds() - 1)
    half.arrives()
    world.after(minutes=1)
    assert len(half.ticket.articles) == 1
    assert [one.state for one in world.ledger.effects_of(world.log().file_id) if one.key.kind is Kind.TICKET_NOTE] == [
        EffectState.SENT
    ]


# A shadow run ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["Done", "Rolled back"])
def test_a_shadow_run_tells_no_ticket_no_thread_and_nobody_but_the_tester(office: Office, status: str) -> None:
    world, ticket = office.world, office.zammad.add("7412280", "Tractar els ORGANISMES")
    mail = world.config.mail.model_copy(update={"redirect_to": TESTER})
    world.config, world.carrying = world.config.model_copy(update={"mail": mail}), SHADOW
    office.connect()
    asked = office.asks()
    world.customer(2, **{"Share log with": "eva@diba.example"})
    before = len(world.person(MANAGER).mails("in:anywhere"))
    calls = world.calls()
    with capture_logs() as lines:
        office.deploy(f"ES-7412280 Tractar els ORGANISMES\n{asked}", close=False)
        office.close(status)
        world.after(minutes=5)
    assert office.row().startswith(status)
    assert ticket.articles == []
    assert office.answers() == []
    assert len(world.person(MANAGER).mails("in:anywhere")) == before
    assert len(world.notices(TESTER)) == 2
    made = {name for name, count in world.calls().items() if count != calls.get(name, 0)}
    assert not made & {"drive.permissions.create", "calendar.events.insert", "calendar.events.update"}
    told = [(one["what"], one.get("where", one["whom"])) for one in lines if one["event"] == "withheld"]
    assert [what for what, _ in told if what == "note or answer"] == ["note or answer"] * 2
    assert {where.split()[0] for what, where in told if what == "note or answer"} == {"Zammad", "mail"}
