"""The words of the project as values: what a deployment, a customer, a contact, a freeze is.

Pure: no I/O, no clock, no Google. Instants are aware datetimes in UTC; local times appear only where a person reads or
writes them, together with their zone. Durations are timedeltas. Enumerations carry the English words that stand in
the sheets (design, "The spreadsheets").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Union
from zoneinfo import ZoneInfo

NEVER = datetime.max.replace(tzinfo=UTC)
"""After every instant: of what is not foreseen."""
LANGUAGES = ("es", "ca", "en")
"""The languages mails and sentences exist in; the first is the procedure's."""
REGION = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
"""A country or one of its regions: ISO 3166-2 `ES-CT`, ISO 3166-1 `PT`."""


class Status(StrEnum):
    """What staff say of a deployment. An empty cell counts as Draft."""

    DRAFT = "Draft"
    PLANNED = "Planned"
    STARTED = "Started"
    DELAYED = "Delayed"
    DONE = "Done"
    ROLLED_BACK = "Rolled back"
    CANCELLED = "Cancelled"


OPEN = frozenset({Status.PLANNED, Status.STARTED, Status.DELAYED})
"""The words of a row whose window is, or may still be, somebody's time."""


class Progress(StrEnum):
    """What the daemon says of a deployment: the first word of the column `Progress`."""

    DRAFT = "Draft"
    NOT_READY = "Not ready"
    DATE_NOT_ALLOWED = "Date not allowed"
    SCHEDULED = "Scheduled"
    IN_PROGRESS = "In progress"
    RUNNING_LATE = "Running late"
    DONE = "Done"
    ROLLED_BACK = "Rolled back"
    CANCELLED = "Cancelled"
    NEEDS_ATTENTION = "Needs attention"
    PAUSED = "Paused"


class Environment(StrEnum):
    """Where it is deployed; all three count as production (procedure, "Description")."""

    PRODUCTION = "Production"
    TEST_PRODUCTIVE = "TEST/PRE productive"
    CLOUD_TEST = "Cloud TEST with production data"


class Restart(StrEnum):
    """What has to be restarted; announced in the start mail."""

    NONE = "None"
    CONSOLES = "Consoles"
    SYNCSERVERS = "Syncservers"
    BOTH = "Consoles and syncservers"


class ValidatedIn(StrEnum):
    """Where the changes were implemented and validated first (procedure, "Prerequisites")."""

    TEST = "TEST"
    DES = "DES"
    LOCAL = "Local"


class CustomerValidation(StrEnum):
    """Whether the customer validated the changes, or accepts the risk of not having done so."""

    VALIDATED = "Validated"
    RISK_ACCEPTED = "Risk accepted"


class Notify(StrEnum):
    """Who hears of this deployment. An empty cell counts as Everyone."""

    EVERYONE = "Everyone"
    INTERNAL_ONLY = "Internal only"
    NOBODY = "Nobody"


class Party(StrEnum):
    """The side a contact stands on (procedure: "Identify the relevant parties")."""

    PROJECT_TEAM = "Project team"
    SUPPORT_TEAM = "Support team"
    PARTNER = "Partner"
    CUSTOMER_MANAGER = "Customer manager"
    HELPDESK = "Helpdesk"


INTERNAL_PARTIES = frozenset({Party.PROJECT_TEAM, Party.SUPPORT_TEAM})
ADDRESSED_PARTIES = frozenset({Party.CUSTOMER_MANAGER, Party.HELPDESK})
"""Who stands in To; everyone else stands in Cc."""


class Gets(StrEnum):
    """What a contact receives. An empty cell counts as Invite and mail."""

    INVITE_AND_MAIL = "Invite and mail"
    INVITE = "Invite"
    MAIL = "Mail"
    NOTHING = "Nothing"

    @property
    def mail(self) -> bool:
        return self in (Gets.INVITE_AND_MAIL, Gets.MAIL)

    @property
    def invite(self) -> bool:
        return self in (Gets.INVITE_AND_MAIL, Gets.INVITE)


class OperatedBy(StrEnum):
    """Who carries the customer's deployments out; a `Partner` alone follows its own procedure and gets nothing."""

    US = "Us"
    US_FOR_PARTNER = "Us for partner"
    PARTNER = "Partner"


class Level(StrEnum):
    """How much a rule or a readiness check weighs."""

    BLOCK = "block"
    WARN = "warn"
    OFF = "off"


class Rule(StrEnum):
    """Why a date is not allowed (procedure, "Prerequisites"; config `rules`)."""

    FRIDAY = "friday"
    EVE_OF_NON_WORKING_DAY = "eve_of_non_working_day"
    EVE_OF_HOLIDAY = "eve_of_holiday"
    EVE_OF_VACATION = "eve_of_vacation"
    FREEZE = "freeze"
    NON_WORKING_DAY = "non_working_day"
    OUTSIDE_PREFERRED_HOURS = "outside_preferred_hours"
    OVERLAP = "overlap"


class Check(StrEnum):
    """A prerequisite of the procedure (config `readiness`)."""

    CONTACTS = "contacts"
    AGREED_WITH = "agreed_with"
    VALIDATED_IN = "validated_in"
    CUSTOMER_VALIDATION = "customer_validation"
    ROLLBACK_GUIDE = "rollback_guide"
    RELEASED_COMPONENTS = "released_components"


class Kind(StrEnum):
    """The kinds of effects. Those that can be previewed as mails are in `MAIL_KINDS`."""

    EVENT = "event"
    REMINDER = "reminder"
    START = "start"
    NUDGE = "nudge"
    OVERRUN = "overrun"
    """A second overrun, told to the responsible alone, in the words of the nudge."""
    DELAY = "delay"
    END = "end"
    ROLLED_BACK = "rolled-back"
    CANCELLED = "cancelled"
    NOTICE = "notice"
    """Something the responsible has to know or decide, told once (`notices.py`)."""
    TICKET_NOTE = "ticket-note"
    """A note on a ticket the deployment was asked for in."""
    THREAD_ANSWER = "thread-answer"
    """An answer in a mail thread the deployment was asked for in."""


FOLLOW_UP_KINDS = frozenset({Kind.TICKET_NOTE, Kind.THREAD_ANSWER})
"""What `follow_ups.py` brings about, beside the mails to contacts."""
INTERNAL_KINDS = frozenset({Kind.NUDGE, Kind.OVERRUN, Kind.NOTICE})
"""Mails to the responsible alone; History, which customers read, does not tell of them."""
MAIL_KINDS = (
    Kind.REMINDER,
    Kind.START,
    Kind.NUDGE,
    Kind.DELAY,
    Kind.END,
    Kind.ROLLED_BACK,
    Kind.CANCELLED,
)


@dataclass(frozen=True, slots=True)
class Key:
    """What makes an effect one and the same; unique in the ledger (design, "Effects")."""

    log_id: str
    """The file id of the log."""
    deployment_id: str
    kind: Kind
    generation: int
    round: int
    """Which end a nudge or delay mail is about; the minutes ahead of a reminder; the number of a notice; what a note or
    an answer tells of (`lifecycle.OCCASIONS`); else 0."""
    target: str
    """A language; the address of a mail to the responsible; a ticket (`Zammad 7412280`); Gmail's id of a thread."""

    def __str__(self) -> str:
        return f"{self.log_id}/{self.deployment_id}/{self.kind}/{self.generation}.{self.round}/{self.target}"


Value = Union[str, int, date, datetime, timedelta, tuple[str, ...], "Sentence"]
"""What a sentence can carry: shown in the reader's language, a datetime in the reader's zone."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Something to tell a person, not yet in a language: a code of the catalogue and its values.

    `messages.py` turns it into words. A datetime value is an instant (aware); a `date` is a local day; a `timedelta`
    a duration; a tuple a list; a sentence within is put into the same words.
    """

    code: str
    values: tuple[tuple[str, Value], ...] = ()

    @classmethod
    def of(cls, code: str, **values: Value) -> Sentence:
        return cls(code, tuple(sorted(values.items())))


@dataclass(frozen=True, slots=True)
class Window:
    """The planned start and end of a deployment, UTC; `end` is after `start`."""

    start: datetime
    end: datetime

    @property
    def duration(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Component:
    """One line of `Components`: `addon-diba 3.2.11 (3.2.10)`; `previous` is the version a rollback returns to."""

    name: str
    version: str = ""
    previous: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


CHECKLIST = (
    "Maintenance on",
    "Deployed",
    "Restarted",
    "System validated",
    "Changes validated",
    "Monitoring checked",
    "Maintenance off",
)
"""The checkbox columns, in the order of the procedure's step 3."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One row of a log, read. What could not be read is in `problems`, and its field holds the empty value."""

    row: int
    """The sheet's row number, 1 for the first; where the row stood when it was read, never its identity."""
    id: str
    """`DIBA-0014`; empty while the row has none."""
    status: Status
    environment: Environment | None = None
    window: Window | None = None
    half_window: str = ""
    """Our name of the column, `Start` or `Duration (min)`, that is there where the other one is missing."""
    tickets: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    restart: Restart = Restart.NONE
    responsible: str = ""
    agreed_with: str = ""
    validated_in: ValidatedIn | None = None
    customer_validation: CustomerValidation | None = None
    rollback_guide: str = ""
    notify: Notify = Notify.EVERYONE
    new_end: datetime | None = None
    checked: frozenset[str] = frozenset()
    """The names of the ticked checkboxes (`CHECKLIST`)."""
    comment: str = ""
    override: str = ""
    problems: tuple[Sentence, ...] = ()
    """One sentence per cell that cannot be read."""
    fingerprint: str = ""
    """A digest of all staff cells but the checkboxes, as they stand; tells whether the row was left alone."""
    same_as: str = ""
    """The ID of the earlier deployment of which this row is a pasted copy, with the same start and components."""
    status_unknown: bool = False
    """The cell `Status` says something that is none of the statuses; `status` is Draft then."""

    @property
    def end(self) -> datetime | None:
        """The end that holds now: `New end` where given, else the window's."""
        if self.window is None:
            return None
        return self.new_end or self.window.end

    @property
    def taken(self) -> Window | None:
        """When nobody else should deploy: its window, and longer where it is to take longer."""
        if self.window is None or self.new_end is None:
            return self.window
        return Window(self.window.start, max(self.window.end, self.new_end))


@dataclass(frozen=True, slots=True)
class Contact:
    """A person or group address of the registry. `language` is empty where the customer's holds."""

    customer: str
    """A customer's name, or `*` for all."""
    party: Party
    name: str
    address: str
    gets: Gets = Gets.INVITE_AND_MAIL
    language: str = ""


@dataclass(frozen=True, slots=True)
class Freeze:
    """A period without deployments, of one customer or (`*`) of all; both days belong to it."""

    customer: str
    first: date
    last: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Vacation:
    """A period in which somebody of staff is away; both days, the organization's, belong to it."""

    first: date
    last: date
    origin: str = field(default="", compare=False)
    """Whose it is and where it is written, for the operator alone: it never goes into a log."""


@dataclass(frozen=True, slots=True)
class PreferredHours:
    """`Mon-Thu 15:00-20:00`: ISO weekdays (Monday is 1) and a span of local time."""

    weekdays: frozenset[int]
    begin: time
    end: time


@dataclass(frozen=True, slots=True)
class Customer:
    """One row of the registry's tab Customers, read."""

    row: int
    name: str
    operated_by: OperatedBy = OperatedBy.US
    partner: str = ""
    language: str = "es"
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Madrid"))
    holidays: tuple[str, ...] = ()
    """ISO 3166-2 codes, such as `ES-CT`; the organization's where the cell is empty."""
    extra_holidays: frozenset[date] = frozenset()
    preferred_hours: tuple[PreferredHours, ...] = ()
    products: tuple[str, ...] = ()
    rules: tuple[tuple[Rule, Level], ...] = ()
    share_with: tuple[str, ...] = ()
    paused: bool = False
    log_link: str = ""
    """What stands in the column `Log`: empty until the daemon made the log."""
    problems: tuple[Sentence, ...] = ()
    fingerprint: str = ""
    """A digest of the staff cells of the row; tells whether it was left alone."""
    ticket_organization: str = ""
    """Of whom its tickets must be in the ticket system; empty: of anybody."""
    operator_said: bool = True
    """The cell `Operated by` says something; it does not where the daemon listed the customer by its log."""


@dataclass(frozen=True, slots=True)
class Registry:
    """The registry, read: customers by name, all contacts and freezes, and whether everything is paused."""

    customers: tuple[Customer, ...] = ()
    contacts: tuple[Contact, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    pause_all: bool = False
    problems: tuple[Sentence, ...] = ()
    """Rows of Contacts and Freezes that cannot be read; each sentence names tab and row."""

    freezes_of_nobody: tuple[Freeze, ...] = field(init=False, repr=False, compare=False)
    """Those that name a customer there is none of: a slip of the pen, or a customer that went."""
    _by_name: Mapping[str, _Named] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Everything is asked for by customer, for every customer: a search each time would cost their square.
        found: dict[str, _Named] = {}
        for customer in self.customers:
            found.setdefault(same_name(customer.name), _Named()).customers.append(customer)
        for contact in self.contacts:
            found.setdefault(same_name(contact.customer), _Named()).contacts.append(contact)
        for freeze in self.freezes:
            found.setdefault(same_name(freeze.customer), _Named()).freezes.append(freeze)
        object.__setattr__(self, "_by_name", found)
        of_nobody = (one for one in self.freezes if one.customer != "*" and self.customer(one.customer) is None)
        object.__setattr__(self, "freezes_of_nobody", tuple(of_nobody))

    def customer(self, name: str) -> Customer | None:
        """The customer of that name, compared as `same_name` does; None where there is none."""
        return next(iter(self._named(name).customers), None)

    def contacts_of(self, customer: Customer) -> tuple[Contact, ...]:
        """The customer's contacts and those of every customer (`*`), each address once, the customer's own first."""
        by_address: dict[str, Contact] = {}
        for contact in (*self._named(customer.name).contacts, *self._named("*").contacts):
            by_address.setdefault(contact.address, contact)
        return tuple(by_address.values())

    def own_contacts_of(self, customer: Customer) -> tuple[Contact, ...]:
        """The customer's contacts without those of every customer."""
        return tuple(one for one in self.contacts_of(customer) if one.customer != "*")

    def freezes_of(self, customer: Customer) -> tuple[Freeze, ...]:
        """The customer's freezes and those of every customer, the customer's own first."""
        return (*self._named(customer.name).freezes, *self._named("*").freezes)

    def _named(self, name: str) -> _Named:
        return self._by_name.get(same_name(name), _Named())


@dataclass(frozen=True, slots=True)
class _Named:
    """What the registry holds under one name."""

    customers: list[Customer] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    freezes: list[Freeze] = field(default_factory=list)


def same_name(name: str) -> str:
    """Equal for names that differ in case, in the amount of white space and in how accents are kept alone.

    A Mac names files with each accent behind its letter, as a character of its own; the two look the same.
    """
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule or a readiness check that a row does not meet, how much it weighs, and the sentence that says so."""

    subject: Rule | Check
    level: Level
    sentence: Sentence
    origin: str = field(default="", compare=False)
    """Where it comes from, such as a region or the row of a freeze: for the operator alone, never for a log."""
