"""Rows, customers and contacts for the tests of the pure core, and a play in which a row lives through time.

Everything has a plain default, the procedure's own example on an allowed date, and takes what the test is about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from deploylog import deployment_log as log
from deploylog.cells import Cell, Layout, Names, Row, serial_of
from deploylog.lifecycle import (
    PENDING,
    Decision,
    EffectSeen,
    EffectState,
    EventWish,
    Memory,
    Policy,
    Surroundings,
    Timing,
    decide,
    first_memory,
    remember,
)
from deploylog.model import (
    CHECKLIST,
    Component,
    Contact,
    Customer,
    CustomerValidation,
    Deployment,
    Environment,
    Kind,
    Party,
    Restart,
    Status,
    ValidatedIn,
    Window,
)
from deploylog.rules import Circumstances, Place

MADRID = ZoneInfo("Europe/Madrid")
START = datetime(2026, 12, 9, 8, 0, tzinfo=UTC)
"""Wednesday at 9 in Madrid: the day after a public holiday, and an ordinary Thursday follows."""
END = START + timedelta(minutes=15)
THE_DAY_BEFORE = START - timedelta(days=1)
DOMAINS = ("soffid.example",)
STAFF = "ana@soffid.example"
MANAGER = "manager@customer.example"
TEAM = "projects@soffid.example"
REQUIRED = frozenset({"Deployed", "System validated", "Monitoring checked"})

# Cells -----------------------------------------------------------------------------------------------------------


def serial(text: str) -> float:
    """`2026-12-09 09:00`, Madrid's time, as the number Sheets gives for it."""
    return serial_of(datetime.fromisoformat(text).replace(tzinfo=MADRID), MADRID)


def cells_of() -> dict[str, Cell]:
    """A row as staff write it, by column: complete, planned, nothing ticked."""
    return {
        log.STATUS: "Planned",
        log.ENVIRONMENT: "Production",
        log.START: serial("2026-12-09 09:00"),
        log.DURATION: 15,
        log.TICKETS: "ES-7412280 Tractar els ORGANISMES com si fós un ORGÀNIC",
        log.COMPONENTS: "addon-diba 3.2.11 (3.2.10)\nbiblioteques programari 3.2.1",
        log.RESTART: "Consoles and syncservers",
        log.RESPONSIBLE: STAFF,
        log.AGREED_WITH: "their manager, by phone",
        log.VALIDATED_IN: "TEST",
        log.CUSTOMER_VALIDATION: "Validated",
        log.ROLLBACK_GUIDE: "https://docs.example/rollback",
        **dict.fromkeys(CHECKLIST, False),
    }


def table(*rows: Mapping[str, Cell], header: Sequence[str] = log.COLUMNS, names: Names | None = None) -> list[Row]:
    """A tab: the header in row 1, then the rows with their cells in its order."""
    shown = names or Names()
    return [tuple(map(shown.shown, header)), *(tuple(row.get(column, "") for column in header) for row in rows)]


def read_all(rows: Sequence[Row], names: Names | None = None, zone: ZoneInfo = MADRID) -> list[Deployment]:
    """A tab as the daemon reads it; fails where no header row can be told."""
    shown = names or Names()
    layout = log.find_columns(rows, shown)
    assert layout is not None
    return [log.read_deployment(row, layout, shown, zone, DOMAINS) for row in log.rows_of(rows, layout)]


def read_row(changes: Mapping[str, Cell] | None = None, names: Names | None = None) -> Deployment:
    """The complete row with some cells changed, read."""
    [row] = read_all(table({**cells_of(), **(changes or {})}, names=names), names)
    return row


def layout_of(header: Sequence[str] = log.COLUMNS) -> Layout:
    found = log.find_columns([tuple(header)], Names())
    assert found is not None
    return found


# Values ----------------------------------------------------------------------------------------------------------


def deployment(**changes: Any) -> Deployment:
    """A row that is read, ready and allowed. Its fingerprint follows its fields as the real one follows its cells."""
    row = Deployment(
        row=2,
        id="DIBA-0001",
        status=Status.PLANNED,
        environment=Environment.PRODUCTION,
        window=Window(START, END),
        tickets=("ES-7412280 Tractar els ORGANISMES com si fós un ORGÀNIC",),
        components=(Component("addon-diba", "3.2.11", "3.2.10"),),
        restart=Restart.BOTH,
        responsible=STAFF,
        agreed_with="their manager, by phone",
        validated_in=ValidatedIn.TEST,
        customer_validation=CustomerValidation.VALIDATED,
        rollback_guide="https://docs.example/rollback",
    )
    return fingerprinted(replace(row, **changes))


def fingerprinted(row: Deployment) -> Deployment:
    """Sees every staff field but the checkboxes, as the design says, and neither the row's place nor its ID."""
    return replace(row, fingerprint=repr(replace(row, row=0, id="", checked=frozenset(), same_as="", fingerprint="")))


def window_at(start: datetime, minutes: int = 15) -> Window:
    return Window(start, start + timedelta(minutes=minutes))


def customer(**changes: Any) -> Customer:
    return replace(Customer(row=2, name="DIBA", language="es", time_zone=MADRID), **changes)


def contact(address: str, party: Party = Party.CUSTOMER_MANAGER, **changes: Any) -> Contact:
    return replace(Contact("DIBA", party, "", address), **changes)


CONTACTS = (contact(MANAGER), contact(TEAM, Party.PROJECT_TEAM))
"""A manager and our team: one mail of a kind, in the customer's language."""


def surroundings(
    timing: Timing | None = None, contacts: Sequence[Contact] = CONTACTS, paused: bool = False, **of_customer: Any
) -> Surroundings:
    return Surroundings(
        policy=Policy(timing=timing or Timing()),
        customer=customer(**of_customer),
        contacts=tuple(contacts),
        dates=Circumstances(places=(Place(MADRID, ("ES-IB",)),)),
        paused=paused,
    )


def effect(kind: Kind, state: EffectState = EffectState.SENT, **changes: Any) -> EffectSeen:
    return replace(EffectSeen(1, kind, 1, 0, "es", state, THE_DAY_BEFORE), **changes)


# A row through time ----------------------------------------------------------------------------------------------


Key = tuple[Kind, int, int, str]


@dataclass
class Play:
    """One row, what is remembered of it, and a clock; a pass remembers, decides, and carries out."""

    row: Deployment = field(default_factory=deployment)
    around: Surroundings = field(default_factory=surroundings)
    now: datetime = THE_DAY_BEFORE
    memory: Memory | None = None
    decision: Decision = field(default_factory=lambda: Decision(None))
    mail_works: bool = True
    sent: list[tuple[datetime, Kind, str]] = field(default_factory=list)
    """When, which kind, and in which language or to whom."""

    def look(self) -> Decision:
        """Remember and decide, and do nothing."""
        before = self.memory
        self.memory = first_memory(self.row, self.now) if before is None else remember(self.row, before, self.now)
        self.decision = decide(self.row, self.memory, self.around, self.now)
        return self.decision

    def run(self) -> Decision:
        """A pass: what is pending and not wanted any more dies, what is wanted goes out; then decide again."""
        self.look()
        wanted = {(one.kind, one.generation, one.round, one.target) for one in self.decision.wanted}
        for key, one in self._effects().items():
            if one.state in PENDING and one.kind is not Kind.EVENT and key not in wanted:
                self._put(key, EffectState.DEAD)
        for key in sorted(wanted):
            known = self._effects().get(key)
            if known is None or known.state in PENDING or known.state is EffectState.DEAD:
                self._send(key)
        event: Key = (Kind.EVENT, 0, 0, "")
        if self.decision.event in (EventWish.INVITE, EventWish.RECORD):
            self._put(event, EffectState.SENT)
        if self.decision.event is EventWish.CANCEL:
            self._put(event, EffectState.DEAD)
        return self.look()

    def edit(self, **changes: Any) -> Decision:
        """Staff change cells; a pass sees it at once."""
        self.row = fingerprinted(replace(self.row, **changes))
        return self.run()

    def edit_and_leave(self, **changes: Any) -> Decision:
        """Staff change cells and leave the row alone until it is taken as meant."""
        self.edit(**changes)
        return self.wait(timedelta(seconds=31))

    def wait(self, span: timedelta) -> Decision:
        return self.wait_until(self.now + span)

    def wait_until(self, moment: datetime) -> Decision:
        """Let time go by with passes only when the decision itself asked for one, and one at the end."""
        while self.decision.due and self.decision.due <= moment:
            self.now = max(self.decision.due, self.now + timedelta(seconds=1))
            self.run()
        return self.wake_at(moment)

    def wake_at(self, moment: datetime) -> Decision:
        """Nobody looks until this moment, as in an outage."""
        self.now = max(self.now, moment)
        return self.run()

    def mails(self, kind: Kind | None = None) -> list[tuple[Kind, str]]:
        return [(one, target) for _, one, target in self.sent if kind is None or one is kind]

    def turn(self, kind: Kind, state: EffectState, target: str | None = None) -> None:
        """What became of the effects of a kind, as delivery would write it down."""
        for key, one in self._effects().items():
            if one.kind is kind and target in (None, one.target):
                self._put(key, state)

    def _effects(self) -> dict[Key, EffectSeen]:
        assert self.memory is not None
        return {(one.kind, one.generation, one.round, one.target): one for one in self.memory.effects}

    def _send(self, key: Key) -> None:
        self._put(key, EffectState.SENT if self.mail_works else EffectState.COMMITTED)
        if self.mail_works:
            self.sent.append((self.now, key[0], key[3]))

    def _put(self, key: Key, state: EffectState) -> None:
        assert self.memory is not None
        known = self._effects()
        number = known[key].number if key in known else len(known) + 1
        at = self.now if state is EffectState.SENT else None
        known[key] = EffectSeen(number, *key, state, at)
        self.memory = replace(self.memory, effects=tuple(known.values()))


def scheduled(**changes: Any) -> Play:
    """A play at the point where the row was planned the day before and is scheduled."""
    play = Play(**changes)
    play.run()
    play.wait(timedelta(seconds=31))
    return play


def started(**changes: Any) -> Play:
    """A play a moment after the start mail went out at its time."""
    play = scheduled(**changes)
    play.wait_until(START)
    return play
