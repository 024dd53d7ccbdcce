"""Stories through the sandbox: staff type into the sheet, customers read their mailboxes, time goes by.

Real clients over real HTTP; only the clock is ours.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from world import HELPDESK, MADRID, MANAGER, STAFF, TEAM, TICKS, WEDNESDAY, World

from deploylog import deployment_log as log
from deploylog.cells import serial_of
from deploylog.demo import DAEMON

START_MAIL = """\
Buenos días.

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
"""
DELAY_MAIL = """\
Buenos días.

La actualización se va a demorar más de lo esperado. Cuando termine el proceso enviaremos correo de notificación.

Saludos cordiales.
"""
END_MAIL = """\
Buenos días.

La actualización se ha completado satisfactoriamente.

Para cualquier duda o nuevo comportamiento que pueda aparecer, abra un nuevo ticket en el Portal de soporte \
<https://zammad.soffid.com/> o contacte por teléfono al 871 96 29 12.

Saludos cordiales.
"""


def text(mail) -> str:
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def test_the_procedures_example_from_a_planned_row_to_the_end_mail(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    assert diba.row(2)[log.ID] == "DIBA-0001"
    assert diba.progress() == "Scheduled"
    assert diba.row(2)[log.NEXT_ACTION] == "Wed 9 Dec 09:00: start mail (es) to 3"
    [event] = world.person(MANAGER).call("GET", "/calendar/v3/calendars/primary/events")["items"]
    assert event["summary"] == "Despliegue DIBA-0001: DIBA"
    assert "addon-diba 3.2.11" in event["description"]
    assert {
        guest["email"]
        for guest in world.person(DAEMON).call("GET", f"/calendar/v3/calendars/primary/events/{event['id']}")[
            "attendees"
        ]
    } >= {MANAGER, HELPDESK, TEAM, STAFF}

    world.at(WEDNESDAY)
    [start] = world.notices()
    assert text(start) == START_MAIL
    assert start["To"] == f"{MANAGER}, {HELPDESK}"
    assert start["Cc"] == TEAM
    assert start["Reply-To"] == STAFF
    assert start["Auto-Submitted"] == "auto-generated"
    assert diba.progress().startswith("In progress: end expected Wed 9 Dec 09:15")

    world.after(minutes=2)
    diba.write(2, {log.STATUS: "Delayed"})
    world.run()
    world.after(seconds=31)
    _, delay = world.notices()
    assert text(delay) == DELAY_MAIL
    assert diba.progress().startswith("Running late")

    diba.write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(seconds=31)
    *_, end = world.notices()
    assert text(end) == END_MAIL
    assert diba.progress().startswith("Done")
    assert diba.row(2)[log.START_NOTIFIED] == pytest.approx(serial_of(WEDNESDAY, MADRID), abs=1e-5)

    mails = world.notices()
    assert len(mails) == 3
    assert len({mail["Subject"] for mail in mails}) == 1
    assert all(mails[0]["Message-ID"] in mail["References"] for mail in mails[1:])
    assert [line["What happened"] for line in diba.history()] == [
        "Invitación enviada",
        "Enviado: correo de inicio (es)",
        "Enviado: correo de demora (es)",
        "Casilla Deployed marcada",
        "Casilla System validated marcada",
        "Casilla Monitoring checked marcada",
        "Enviado: correo de fin (es)",
        "Horas reales anotadas en el calendario",
    ]
    assert not world.person(DAEMON).call("GET", "/gmail/v1/users/me/drafts").get("drafts")


def test_when_everything_is_done_further_passes_do_nothing(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.at(WEDNESDAY)
    diba.write(2, {log.STATUS: "Done", **TICKS})
    world.run()
    world.after(minutes=1)
    world.after(minutes=1)
    row, before = diba.row(2), world.calls()
    for _ in range(3):
        world.after(minutes=30)
    after = world.calls()
    changed = {name for name in after if after[name] != before.get(name, 0)}
    reading = {"drive.changes.list", "drive.changes.getStartPageToken", "drive.files.list", "calendar.events.list"}
    reading |= {"sheets.spreadsheets.values.batchGet"}
    assert changed <= reading | {"sheets.spreadsheets.get", "gmail.users.messages.list"}
    assert diba.row(2) == row


def test_left_to_itself_the_row_nudges_and_sends_the_delay_mail_once(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY + timedelta(minutes=5))
    [nudge] = world.notices(STAFF)
    assert nudge["To"] == STAFF
    assert len(world.notices()) == 1
    world.at(WEDNESDAY + timedelta(minutes=25))
    assert len(world.notices()) == 2
    world.at(WEDNESDAY + timedelta(hours=3))
    assert len(world.notices()) == 2
    assert diba.progress().startswith("Running late")

    new_end = WEDNESDAY + timedelta(hours=4)
    diba.write(2, {log.NEW_END: serial_of(new_end, MADRID)})
    world.run()
    world.at(new_end + timedelta(minutes=11))
    # The second overrun is told to the responsible alone: before the end, and after it.
    assert len(world.notices()) == 2
    assert len(world.notices(STAFF)) == 3


def test_started_sends_the_start_mail_before_its_time_and_only_once(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY - timedelta(hours=1))
    diba.write(2, {log.STATUS: "Started"})
    world.run()
    world.after(seconds=31)
    assert len(world.notices()) == 1
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert len(world.notices()) == 1


def test_a_half_typed_row_does_nothing_until_it_was_left_alone(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    for _ in range(4):
        world.after(seconds=20)
        diba.write(2, {log.COMMENT: f"typing {world.now}"})
        world.run()
    assert diba.progress() == ""
    assert not world.person(MANAGER).mails()
    world.after(seconds=31)
    assert diba.progress() == "Scheduled"


def test_a_rehearsal_reaches_the_tester_alone_and_what_stands_then_goes_to_the_real_guests(world: World) -> None:
    tester = "tester@soffid.example"

    def redirect_to(address: str | None) -> None:
        mail = world.config.mail.model_copy(update={"redirect_to": address})
        world.config = world.config.model_copy(update={"mail": mail})
        world.restart()

    redirect_to(tester)
    later = WEDNESDAY + timedelta(days=6)
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    diba.plan(3, later, **{log.COMPONENTS: "another 2"})
    world.run()
    world.at(WEDNESDAY)
    diba.write(2, {log.STATUS: "Done", **TICKS})
    world.after(seconds=1)
    world.after(seconds=31)
    assert world.notices(MANAGER) == []
    assert len(world.notices(tester)) == 2
    assert guests(world, later) == {tester}
    redirect_to(None)
    world.run()
    assert guests(world, later) >= {MANAGER, HELPDESK, STAFF}
    assert tester not in guests(world, later)
    world.after(minutes=30)
    assert world.notices(MANAGER) == []
    world.at(later)
    assert len(world.notices(MANAGER)) == 1


def guests(world: World, start: datetime) -> set[str]:
    events = world.person(DAEMON).call("GET", "/calendar/v3/calendars/primary/events")["items"]
    [event] = [one for one in events if datetime.fromisoformat(one["start"]["dateTime"]) == start]
    return {one["email"] for one in event["attendees"]}


def test_an_outage_over_the_start_sends_nothing_late_and_says_so(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.jump(WEDNESDAY + timedelta(minutes=11))
    assert world.notices() == []
    assert diba.progress().startswith("Needs attention: the start mail was not sent")
    diba.write(2, {log.STATUS: "Started"})
    world.run()
    world.after(seconds=31)
    assert len(world.notices()) == 1


def test_who_is_responsible_is_told_once_by_mail_that_a_row_needs_somebody(world: World) -> None:
    world.log().plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.jump(WEDNESDAY + timedelta(minutes=11))
    world.after(minutes=30)
    world.restart()
    world.after(hours=5)
    [mail] = world.notices(STAFF)
    assert mail["Subject"] == "DIBA-0001 (DIBA): something for you to look at"
    body = mail.get_body(("plain",))
    assert body is not None
    words = body.get_content()
    assert "its row says “Needs attention”" in words
    assert "- The start mail was not sent, because Wed 9 Dec 09:00 2026 is more than 10 minutes ago;" in words
    assert world.notices() == []
    assert not any("note" in str(line["What happened"]) for line in world.log().history())
    assert world.log().progress().startswith("Needs attention: the start mail was not sent")


def test_a_short_outage_over_the_start_sends_it_when_it_is_over(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.restart()
    world.jump(WEDNESDAY + timedelta(minutes=9))
    assert len(world.notices()) == 1


def test_a_new_start_moves_the_same_event_and_the_mail(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    [before] = world.person(MANAGER).call("GET", "/calendar/v3/calendars/primary/events")["items"]
    later = WEDNESDAY + timedelta(days=1)
    diba.write(2, {log.START: serial_of(later, MADRID)})
    world.run()
    world.after(seconds=31)
    [after] = world.person(MANAGER).call("GET", "/calendar/v3/calendars/primary/events")["items"]
    assert (after["id"], after["start"]) != (before["id"], before["start"])
    assert after["id"] == before["id"]
    world.at(WEDNESDAY + timedelta(hours=1))
    assert world.notices() == []
    world.at(later)
    assert len(world.notices()) == 1


def test_a_start_changed_after_the_start_mail_sends_nothing_and_asks(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY)
    diba.write(2, {log.START: serial_of(WEDNESDAY + timedelta(days=1), MADRID)})
    world.run()
    world.at(WEDNESDAY + timedelta(days=1, minutes=1))
    assert len(world.notices()) == 1
    assert diba.progress().startswith("Needs attention: Start was changed after the start mail")


def test_cancelled_before_anything_was_mailed_withdraws_the_event_silently(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    diba.write(2, {log.STATUS: "Cancelled"})
    world.run()
    assert diba.progress() == "Cancelled"
    world.after(seconds=31)
    assert world.person(MANAGER).call("GET", "/calendar/v3/calendars/primary/events").get("items", []) == []
    world.at(WEDNESDAY + timedelta(hours=1))
    assert world.notices() == []


def test_cancelled_after_the_start_mail_tells_the_customer_once(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY)
    diba.write(2, {log.STATUS: "Cancelled"})
    world.run()
    world.after(seconds=31)
    assert len(world.notices()) == 2
    world.after(hours=1)
    assert len(world.notices()) == 2


def test_rolled_back_has_a_mail_of_its_own(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY)
    diba.write(2, {log.STATUS: "Rolled back", log.COMMENT: "La consola no arrancó."})
    world.run()
    world.after(seconds=31)
    _, mail = world.notices()
    assert "La consola no arrancó." in text(mail)
    assert "satisfactoriamente" not in text(mail)
    assert diba.progress().startswith("Rolled back")


def test_done_waits_for_the_required_boxes(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY)
    diba.write(2, {log.STATUS: "Done", "Deployed": True})
    world.run()
    world.after(minutes=30)
    assert len(world.notices()) == 1
    assert diba.progress() == ("Needs attention: tick System validated, Monitoring checked before the end mail can go.")
    diba.write(2, TICKS)
    world.run()
    assert len(world.notices()) == 2


def test_a_friday_is_refused_with_free_dates_and_override_lets_it_pass(world: World) -> None:
    diba = world.log()
    friday = WEDNESDAY + timedelta(days=2)
    diba.plan(2, friday)
    world.run()
    world.after(seconds=31)
    assert diba.progress() == (
        "Date not allowed: Fri 11 Dec is a Friday. Free: Mon 14 Dec 09:00, Tue 15 Dec 09:00, Wed 16 Dec 09:00."
    )
    assert not world.person(MANAGER).mails()
    diba.write(2, {log.OVERRIDE: "Ana: agreed with the customer, secret reason"})
    world.run()
    world.after(seconds=31)
    assert diba.progress().startswith("Scheduled")
    told = " ".join(str(line["What happened"]) for line in diba.history())
    assert "no se cumplía una regla" in told
    assert "secret reason" not in told


def test_the_day_before_a_public_holiday_is_refused_by_its_name(world: World) -> None:
    diba = world.log()
    world.now = WEDNESDAY - timedelta(days=9)
    diba.plan(2, WEDNESDAY - timedelta(days=2))
    world.run()
    world.after(seconds=31)
    assert diba.progress() == (
        "Date not allowed: Mon 7 Dec is the day before a public holiday (Inmaculada Concepción). "
        "Free: Wed 9 Dec 09:00, Thu 10 Dec 09:00, Mon 14 Dec 09:00."
    )


def test_a_row_without_rollback_guide_is_not_ready(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY, **{log.ROLLBACK_GUIDE: ""})
    world.run()
    world.at(WEDNESDAY + timedelta(minutes=5))
    assert diba.progress() == "Not ready: Rollback guide is empty: where is the guide to go back?"
    assert not world.person(MANAGER).mails()


@pytest.mark.parametrize(
    ("column", "typed"),
    [
        (log.START, "mañana"),
        (log.START, "25:99"),
        (log.START, "31/02/2027 10:00"),
        (log.DURATION, "-5"),
        (log.DURATION, "quince"),
        (log.RESPONSIBLE, "ana"),
        (log.RESPONSIBLE, "ana@elsewhere.example"),
        (log.STATUS, "Planed"),
        (log.ENVIRONMENT, "Prod?"),
        (log.NEW_END, "tarde"),
    ],
)
def test_a_cell_that_cannot_be_read_makes_its_row_not_ready_and_no_other(world: World, column: str, typed: str) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    diba.plan(3, WEDNESDAY + timedelta(hours=2), **{log.COMPONENTS: "other 1.0"})
    diba.write(2, {column: typed})
    world.run()
    world.at(WEDNESDAY + timedelta(minutes=5))
    assert diba.progress(2).startswith("Not ready: ")
    assert column in diba.progress(2)
    assert diba.row(2)[column] == (int(typed) if typed == "-5" else typed)
    assert diba.progress(3).startswith("Scheduled")
    assert world.notices() == []


def test_a_local_time_that_does_not_exist_is_said_to_be_so(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY, **{log.START: "28/03/2027 2:30"})
    world.run()
    world.after(seconds=31)
    assert diba.progress().startswith("Not ready: Start: 28/03/2027 02:30 does not exist on that day")


def test_cell_text_never_becomes_a_formula_a_header_or_markup(world: World) -> None:
    diba = world.log()
    hostile = '\'=HYPERLINK("http://evil.example")\nBcc: victim@evil.example\n<script>alert(1)</script>\n{{ 7*7 }}'
    diba.plan(2, WEDNESDAY, **{log.TICKETS: hostile})
    world.run()
    world.at(WEDNESDAY)
    [mail] = world.notices()
    assert mail["Bcc"] is None
    assert "Bcc: victim@evil.example" in text(mail)
    assert "{{ 7*7 }}" in text(mail)
    assert "<script>" not in mail.get_body(("html",)).get_content()


def test_pause_stops_what_is_pending_and_unpausing_lets_it_go_on(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    world.customer(2, Pause=True)
    world.at(WEDNESDAY + timedelta(minutes=2))
    assert world.notices() == []
    assert diba.progress().startswith("Paused")
    world.customer(2, Pause=False)
    world.after(minutes=1)
    assert len(world.notices()) == 1


def test_contacts_of_two_languages_get_one_mail_each_language(world: World) -> None:
    staff = world.person(STAFF)
    contact = {"Customer": "DIBA", "Party": "Customer manager", "E-mail": "boss@diba.example", "Language": "en"}
    header = ("Customer", "Party", "Name", "E-mail", "Gets", "Language")
    staff.type(world.registry_id, "Contacts", header, 6, contact)
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY)
    [spanish], [english] = world.notices(), world.notices("boss@diba.example")
    assert "Saludos cordiales." in text(spanish)
    assert english["To"] == "boss@diba.example"
    assert "Saludos" not in text(english)
    assert len(world.notices(TEAM)) == 1


def test_notify_nobody_has_an_event_without_guests_and_no_mails(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY, **{log.NOTIFY: "Nobody"})
    world.run()
    world.at(WEDNESDAY + timedelta(hours=1))
    for address in (MANAGER, HELPDESK, TEAM):
        assert not world.person(address).mails()
    assert world.person(DAEMON).call("GET", "/calendar/v3/calendars/primary/events")["items"]


def test_an_answer_to_the_invitation_comes_back_into_the_row(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    manager = world.person(MANAGER)
    [event] = manager.call("GET", "/calendar/v3/calendars/primary/events")["items"]
    for guest in event["attendees"]:
        if guest["email"] == MANAGER:
            guest |= {"responseStatus": "declined", "comment": "after 17:00"}
    path = f"/calendar/v3/calendars/primary/events/{event['id']}"
    manager.call("PATCH", path, {"attendees": event["attendees"]}, sendUpdates="all")
    world.after(minutes=6)
    assert diba.row(2)[log.REPLIES] == f'1 no: {MANAGER} "after 17:00"'


def test_an_event_moved_by_hand_is_reported_and_not_followed(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.run()
    world.after(seconds=31)
    daemon = world.person(DAEMON)
    [event] = daemon.call("GET", "/calendar/v3/calendars/primary/events")["items"]
    moved = {
        "start": {"dateTime": "2026-12-09T11:00:00+01:00"},
        "end": {"dateTime": "2026-12-09T11:15:00+01:00"},
    }
    daemon.call("PATCH", f"/calendar/v3/calendars/primary/events/{event['id']}", moved)
    world.after(minutes=6)
    assert "moved the calendar event to Wed 9 Dec 11:00; this row holds" in diba.progress()
    world.at(WEDNESDAY)
    assert len(world.notices()) == 1


def test_a_past_log_seen_for_the_first_time_is_a_record_and_mails_nobody(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY - timedelta(days=30), **{log.STATUS: "Done", **TICKS})
    diba.plan(3, WEDNESDAY - timedelta(days=20), **{log.COMPONENTS: "b 1"})
    diba.plan(4, WEDNESDAY - timedelta(days=20), **{log.STATUS: "Started", log.COMPONENTS: "c 1"})
    world.run()
    world.after(minutes=1)
    world.after(hours=1)
    assert diba.progress(2) == "Done: recorded; nothing was announced."
    assert diba.progress(3).startswith("Needs attention")
    assert diba.progress(4).startswith("Needs attention")
    for address in (MANAGER, HELPDESK, TEAM):
        assert not world.person(address).mails()


def test_a_customer_operated_by_its_partner_alone_gets_nothing(world: World) -> None:
    diba = world.log()
    world.customer(2, **{"Operated by": "Partner"})
    diba.plan(2, WEDNESDAY)
    world.run()
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert not world.person(MANAGER).mails()
    assert diba.progress() == "Paused: operated by the partner; nothing is done from here."
    state = world.person(STAFF).rows(world.registry_id, "Customers")[0]["State"]
    assert state == "Operated by the partner; nothing is done from here"


def test_a_log_nobody_registered_gets_no_event_and_no_mail(world: World) -> None:
    diba = world.log()
    diba.plan(2, WEDNESDAY)
    world.customer(2, Customer="SOMEBODY ELSE", Log="")
    world.run()
    world.at(WEDNESDAY + timedelta(minutes=1))
    assert not world.person(MANAGER).mails()
