"""The configuration: every key, its meaning and its default, and the file read into them.

`load` reads YAML 1.2, where only `true` and `false` are booleans, so that `off` and `NO` stay words. It reports every
problem at once, each with file, line and key, and never shows a value that may be a secret. docs/configuration.md
says the same for operators; a test holds this file, that page and the example against each other.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
import re
import warnings
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from email.headerregistry import Address
from email.utils import getaddresses
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    StrictInt,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError, PydanticKnownError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from deploylog.errors import ConfigurationError
from deploylog.model import CHECKLIST, LANGUAGES, REGION, Check, Level, Progress, Rule

_LONGEST = timedelta(days=366)
_DURATION = re.compile(r"(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*")
_ADDRESS = re.compile(r"[!-?A-~]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9-]*[A-Za-z][A-Za-z0-9-]*")
_LISTEN = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})")


# Values. A validator's ValueError continues the value ("ten" …), which only `_shown` may decide to show.


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise PydanticKnownError("string_type")
    return value


def _duration(value: object) -> timedelta:
    """`1h30m` as a timedelta; days, hours, minutes and seconds, each at most once and in this order."""
    if (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, str) and value.isdecimal()):
        raise ValueError(f"has no unit; write {value}s, {value}m or {value}h")
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not match or not match.group():
        raise ValueError("is not a duration; write 30s, 10m or 1h")
    days, hours, minutes, seconds = (int(number or 0) for number in match.groups())
    if days + hours / 24 + minutes / 1440 + seconds / 86400 > _LONGEST.days:
        raise ValueError("is more than a year; write a shorter duration")
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _positive_duration(value: object) -> timedelta:
    duration = _duration(value)
    if not duration:
        raise ValueError("is too short; write at least 1s")
    return duration


def _parsed_address(value: str) -> Address:
    """One address with or without a name; getaddresses tells a second one, which parseaddr would drop in silence."""
    found = getaddresses([value])
    if len(found) == 1 and _ADDRESS.fullmatch(found[0][1]) and value.isprintable():
        try:
            return Address(display_name=found[0][0], addr_spec=found[0][1])
        except ValueError:  # two dots in a row, and other forms the pattern lets pass
            pass
    raise ValueError('is not one e-mail address; write Name <name@host.example> (a name with a comma: "A, B" <…>)')


def _named_address(value: str) -> str:
    """In the form parseaddr reads back, the name in quotes where it needs them."""
    return str(_parsed_address(value))


def _bare_address(value: str) -> str:
    address = _parsed_address(value)
    if address.display_name:
        raise ValueError("has a name beside the address; write the address alone")
    return address.addr_spec


def _domain(value: str) -> str:
    if not _DOMAIN.fullmatch(value.lower()):
        raise ValueError("is not a domain; write what stands behind the @ of your addresses, such as host.example")
    return value.lower()


def _host(value: str) -> str:
    if not _DOMAIN.fullmatch(value.lower()):
        raise ValueError("is not a host's name; write it alone, such as wiki.host.example")
    return value.lower()


def _not_empty(values: tuple[str, ...]) -> tuple[str, ...]:
    """Runs only once every item is good, so that a bad single item is not called empty as well."""
    if not values:
        raise ValueError("is empty; write at least one")
    return values


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bad port or IPv6 address
        good = False
    if not good or not value.isprintable() or " " in value:
        raise ValueError("is not a web address; write https://host.example/")
    return value


def _origin(value: str) -> str:
    """Without a slash at the end, and without a password, which errors would show."""
    if urlsplit(value).username is not None:
        raise ValueError("has a user name in it; write the address without")
    return value.rstrip("/")


def _listen(value: str) -> str:
    match = _LISTEN.fullmatch(value)
    if not match or int(match[1]) > 65535:
        raise ValueError("is not an address to listen on; write HOST:PORT, such as 127.0.0.1:8080")
    return value


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that host name or address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _pages_origin(value: str | None, info: ValidationInfo) -> str | None:
    """What browsers call the pages: only this machine without sign-in, and only encrypted beyond it."""
    if "oidc" not in info.data:  # it has a problem of its own
        return value
    if value is None:
        if info.data["oidc"]:
            raise PydanticCustomError("needed", "is missing, which web.oidc needs; write what browsers call the pages")
        return None
    parts = urlsplit(value)
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("has more than scheme, host and port; write https://host.example")
    if not is_loopback(parts.hostname or ""):
        if parts.scheme != "https":
            raise ValueError("is not encrypted; write https://, and let a proxy in front hold the certificate")
        if info.data["oidc"] is None:
            raise ValueError("lets others in without signing in; set web.oidc as well")
    return value


def _guarded_listen(value: str, info: ValidationInfo) -> str:
    if "oidc" in info.data and info.data["oidc"] is None and not is_loopback(value.rpartition(":")[0]):
        raise ValueError("lets other machines in without signing in; set web.oidc and web.url, or listen on 127.0.0.1")
    return value


def _time_zone(value: object) -> zoneinfo.ZoneInfo:
    name = _text(value)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(name, zoneinfo.available_timezones(), n=1)
        raise ValueError(f"is not a time zone; did you mean {near[0] if near else 'Europe/Madrid'}?") from None


def _language(value: str) -> str:
    if value not in LANGUAGES:
        raise ValueError(f"is not a language of the mails; write one of {', '.join(LANGUAGES)}")
    return value


def _region(value: str) -> str:
    import holidays  # slow to import; needed only where a file sets regions

    country, _, subdivision = value.partition("-")
    try:
        if REGION.fullmatch(value):
            holidays.country_holidays(country, subdiv=subdivision or None)
            return value
    except NotImplementedError:
        pass
    raise ValueError("is not a region whose public holidays are known; write an ISO 3166-2 code such as ES-CT")


def _day(value: object) -> date:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", _text(value)):
            return date.fromisoformat(_text(value))
    except ValueError:  # 31 June
        pass
    raise ValueError("is not a day; write YEAR-MONTH-DAY, such as 2026-08-28")


def _expression(value: object) -> re.Pattern[str]:
    try:
        expression = re.compile(_text(value))
    except (re.error, OverflowError, RecursionError):
        raise ValueError("is not a regular expression; see the syntax of Python's module re") from None
    if not expression.groups:
        raise ValueError(r"has no group; put round brackets around the ticket's number, such as ^#(\d{5,})")
    return expression


def _checkbox(value: str) -> str:
    if value not in CHECKLIST:
        raise ValueError(f"is not a checkbox of the log; write some of {', '.join(CHECKLIST)}")
    return value


def _folder_of_file(info: ValidationInfo) -> Path:
    """The folder where relative paths start; the current one for a Config that no file stands behind."""
    return info.context["folder"] if info.context else Path()


def _credentials(value: object, info: ValidationInfo) -> Path | Literal["adc"]:
    name = _text(value)
    if name == "adc":
        return "adc"
    if not name.strip() or "{" in name or not name.isprintable():
        raise ValueError("is not the name of a file; write the path of a key or token file, or adc")
    return _folder_of_file(info) / name


def _templates(value: object, info: ValidationInfo) -> Path:
    folder = _folder_of_file(info) / _text(value)
    try:
        is_folder = folder.is_dir()
    except (OSError, ValueError):  # a name too long, a null byte
        is_folder = False
    if not is_folder:
        raise ValueError("is not a folder; write the path of a folder with templates, or null")
    return folder


def _store(value: str, info: ValidationInfo) -> str:
    """A database URL as SQLAlchemy takes it, a SQLite file's path made absolute."""
    from sqlalchemy.engine import make_url  # slow to import; the message of a bad file does not need to wait for it
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(value)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError):
        backend = ""
    if backend not in ("sqlite", "postgresql"):
        raise ValueError("is not a store; write sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE")
    # What stands elsewhere than in the password's place is shown in errors.
    if "@" in (url.host or ""):
        raise ValueError("has an @ in its password; write it as %40, also in the environment variable")
    if {"password", "sslpassword"} & set(url.query):
        raise ValueError("has a password behind the ?; write postgresql+psycopg://USER:PASSWORD@HOST/DATABASE")
    is_file = backend == "sqlite" and url.database and not url.database.startswith((":memory:", "file:"))
    if not is_file:
        return value
    return url.set(database=str(_folder_of_file(info) / str(url.database))).render_as_string(hide_password=False)


def _empty_where_null(value: object) -> object:
    return "" if value is None else value


def _web_address_or_empty(value: str) -> str:
    return _web_address(value) if value else ""


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Duration = Annotated[timedelta, PlainValidator(_duration)]
PositiveDuration = Annotated[timedelta, PlainValidator(_positive_duration)]
BareAddress = Annotated[str, AfterValidator(_bare_address)]
Origin = Annotated[str, AfterValidator(_web_address), AfterValidator(_origin)]
Secret = Annotated[SecretStr, Field(min_length=1)]
Count = Annotated[StrictInt, Field(gt=0)]


# Sections. The order is the design's, the example's and the page's.


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _all_commented_out(cls, data: object) -> object:
        """A section whose keys are all commented out reads as null: it is there, and everything in it is left out."""
        return {} if data is None else data


def _required_section() -> Any:
    """A section whose own keys are reported as missing, one by one, where it is missing itself."""
    return Field(default_factory=dict, validate_default=True)


class OrganizationConfig(_Section):
    """Who deploys."""

    name: Text
    """The organization's name, as mails and events show it."""
    domains: Annotated[tuple[Annotated[str, AfterValidator(_domain)], ...], AfterValidator(_not_empty)]
    """The domains of staff's addresses, lower case; everybody else is outside."""
    time_zone: Annotated[zoneinfo.ZoneInfo, PlainValidator(_time_zone)] = zoneinfo.ZoneInfo("Europe/Madrid")
    """The zone of the organization's working days, and of customers that name none."""
    language: Annotated[str, AfterValidator(_language)] = "es"
    """The language of sentences in `Progress` and `Next action`, and of customers that name none: es, ca or en."""
    holidays: tuple[Annotated[str, AfterValidator(_region)], ...] = ("ES-IB",)
    """ISO 3166-2 codes whose public holidays are the organization's, and those of customers that name none."""
    extra_holidays: frozenset[Annotated[date, PlainValidator(_day)]] = frozenset()
    """Local days off that no region has, such as a city's feast."""
    support_portal: Annotated[str, BeforeValidator(_empty_where_null), AfterValidator(_web_address_or_empty)] = (
        "https://zammad.soffid.com/"
    )
    """The web address closing mails name for questions; empty: none."""
    support_phone: Annotated[str, BeforeValidator(_empty_where_null)] = "871 96 29 12"
    """The telephone number closing mails name, as it shall read; empty: none."""


class GoogleConfig(_Section):
    """How Google is reached, and as whom."""

    credentials: Annotated[Path | Literal["adc"], PlainValidator(_credentials)]
    """A service account's key file or an authorised user's token file, absolute; or `adc`, the machine's own."""
    act_as: BareAddress
    """The address that owns mailbox and calendar (domain-wide delegation)."""
    endpoint: Origin | None = None
    """The sandbox's origin, without a slash at the end; None: Google."""
    sheets_reads: Annotated[StrictInt, Field(ge=10)] | None = None
    """Reads of Sheets a minute that one user may make; None: Google's published limit, and none at an endpoint."""


class DriveConfig(_Section):
    """Where the spreadsheets are; names are compared exactly."""

    shared_drive: Text = "Soffid"
    """The shared drive."""
    folder: Text = "DEPLOYMENTS"
    """The folder in it that holds logs, TEMPLATE and registry."""
    template: Text = "TEMPLATE - Deployment log"
    """The spreadsheet a new customer's log is copied from."""
    registry: Text = "REGISTRY - Customers"
    """The spreadsheet of customers, contacts and freezes."""


class CalendarConfig(_Section):
    """The calendars."""

    id: Text = "primary"
    """The calendar events are written to; `primary` is the one of `google.act_as`."""
    vacations: tuple[Text, ...] = ()
    """Ids of calendars whose events are vacations of staff."""


class MailConfig(_Section):
    """Whom mails come from, and where answers go."""

    from_: Annotated[str, AfterValidator(_named_address)] = Field(alias="from")
    """The sender as `Name <address>` or an address alone; one `google.act_as` may send as."""
    reply_to: BareAddress | None = None
    """The address where answers go; None: to the deployment's responsible."""
    redirect_to: BareAddress | None = None
    """The address every mail goes to instead of its recipients, for a rehearsal; None: to its recipients."""


class RulesConfig(_Section):
    """How much each rule for dates weighs: block, warn or off (procedure, "Prerequisites")."""

    friday: Level = Level.BLOCK
    """The day is a Friday."""
    eve_of_non_working_day: Level = Level.BLOCK
    """The day after is not worked."""
    eve_of_holiday: Level = Level.BLOCK
    """The day after is a public holiday."""
    eve_of_vacation: Level = Level.BLOCK
    """A vacation starts the day after."""
    freeze: Level = Level.BLOCK
    """The day is in a period of the registry's tab Freezes."""
    non_working_day: Level = Level.WARN
    """The day itself is not worked."""
    outside_preferred_hours: Level = Level.WARN
    """The window leaves the customer's preferred hours."""
    overlap: Level = Level.WARN
    """The window overlaps another of the same customer or responsible."""

    @property
    def levels(self) -> Mapping[Rule, Level]:
        """The level of every rule."""
        return {rule: getattr(self, rule) for rule in Rule}


class ReadinessConfig(_Section):
    """How much each prerequisite weighs: block, warn or off (procedure, "Prerequisites")."""

    contacts: Level = Level.BLOCK
    """Somebody is there to notify."""
    agreed_with: Level = Level.BLOCK
    """`Agreed with` is filled in."""
    validated_in: Level = Level.BLOCK
    """`Validated in` is filled in."""
    customer_validation: Level = Level.BLOCK
    """`Customer validation` is filled in."""
    rollback_guide: Level = Level.BLOCK
    """`Rollback guide` is filled in."""
    released_components: Level = Level.WARN
    """The components are released artefacts."""
    link_hosts: tuple[Annotated[str, AfterValidator(_host)], ...] = ()
    """The hosts whose pages are looked up where `Rollback guide` links to one; Drive's are looked up anyway."""

    @property
    def levels(self) -> Mapping[Check, Level]:
        """The level of every check."""
        return {check: getattr(self, check) for check in Check}


class ChecklistConfig(_Section):
    """The checkboxes of a deployment (procedure, step 3)."""

    required: tuple[Annotated[str, AfterValidator(_checkbox)], ...] = (
        "Deployed",
        "System validated",
        "Monitoring checked",
    )
    """The checkboxes, by our names, without which Status Done sends no end mail."""


class NotifyConfig(_Section):
    """When mails go out. All durations are timedeltas; files write them as 30s, 10m, 2h, 1d or 1h30m."""

    settle: Duration = timedelta(seconds=30)
    """How long a row has to be left alone before what it announces is done."""
    reminders: tuple[PositiveDuration, ...] = ()
    """How long before the start reminders go out."""
    start: Literal["auto", "ask"] = "auto"
    """auto: the start mail goes out at its time; ask: on Status Started only."""
    start_lead: Duration = timedelta(0)
    """How long before the start the start mail goes out."""
    late_after: PositiveDuration = timedelta(minutes=10)
    """How late a start mail may go out; later it is not sent and the row needs attention."""
    nudge: Duration = timedelta(minutes=10)
    """How long before the planned end the responsible is reminded to close; 0: never."""
    delay: Literal["auto", "ask"] = "auto"
    """auto: the delay mail goes out at its time; ask: on Status Delayed only."""
    delay_after: Duration = timedelta(minutes=10)
    """How long after the planned end the delay mail goes out."""


class SharingConfig(_Section):
    """Who may edit the logs."""

    outside_writers: Level = Level.BLOCK
    """What a log weighs that people outside `organization.domains` may edit: block, warn or off."""


class PollConfig(_Section):
    """How often the daemon looks. All are timedeltas."""

    every: PositiveDuration = timedelta(seconds=15)
    """The time between two looks."""
    hot_within: Duration = timedelta(minutes=30)
    """How near something due makes a log hot, so that it is read at every look."""
    replies: PositiveDuration = timedelta(minutes=5)
    """The time between two looks at guests' replies."""


class ZammadConfig(_Section):
    """The ticket system whose tickets get comments."""

    url: Origin
    """Its web address, without a slash at the end."""
    token: Secret
    """A personal access token that may read and comment tickets."""
    match: Annotated[re.Pattern[str], PlainValidator(_expression)] = re.compile(r"^(?:#|ES-)(\d{5,})")
    """Tells a ticket in a line of `Tickets and e-mails`; the first group is its number."""
    visibility: Literal["internal", "public"] = "internal"
    """Who reads the notes: internal, agents alone; public, the ticket's customer too."""
    note_at_start: bool = False
    """Whether a ticket gets a note when its deployment starts, beside the one at the end."""
    tag: str = ""
    """A tag for tickets whose deployment is done; empty: none."""
    state: str = ""
    """The state tickets get whose deployment is done, by its name in Zammad; empty: it stays."""


class ThreadsConfig(_Section):
    """Where mail threads are looked for that a row names."""

    mailboxes: tuple[BareAddress, ...] = ()
    """Addresses whose mailboxes are looked through besides the one of `google.act_as`, and answered from."""


class TicketsConfig(_Section):
    """The ticket systems, and the mailboxes with threads."""

    zammad: ZammadConfig | None = None
    """Zammad; None: no comments."""
    mail: ThreadsConfig = ThreadsConfig()


class GitlabConfig(_Section):
    """Where released artefacts are looked up."""

    url: Origin
    """GitLab's web address, without a slash at the end."""
    token: Secret
    """An access token that may read the projects' releases."""
    projects: dict[str, Text] = Field(default_factory=dict)
    """A component's name: the path of its project."""


class OidcConfig(_Section):
    """Signing in to the pages (OpenID Connect); only addresses of `organization.domains` are let in."""

    client_id: Text
    """The OAuth client's id."""
    client_secret: Secret
    """The OAuth client's secret."""
    issuer: Origin = "https://accounts.google.com"
    """Who vouches for people; its answers have to carry Google's claim `hd`."""


class WebConfig(_Section):
    """The daemon's own pages."""

    oidc: OidcConfig | None = None
    """Signing in with Google; None: nobody signs in, and only this machine reaches the pages."""
    url: Annotated[Origin | None, AfterValidator(_pages_origin)] = Field(default=None, validate_default=True)
    """The origin browsers reach the pages at, without a slash at the end; None: where they are listened for."""
    listen: Annotated[str, AfterValidator(_listen), AfterValidator(_guarded_listen)] = "127.0.0.1:8080"
    """HOST:PORT the pages are served on."""
    heartbeat: Annotated[str, AfterValidator(_web_address)] | None = Field(default=None, repr=False)
    """An address called (GET) after every whole pass, whose silence tells somebody; may hold a secret; None: none."""


class LimitsConfig(_Section):
    """How many mails an hour are usual; a log for which more would go is stopped, and says so."""

    mails_per_hour: Count = 200
    """Mails an hour of the whole installation."""
    mails_per_log_per_hour: Count = 20
    """Mails an hour of one log."""


class Config(_Section):
    """The whole configuration. `load` makes it from a file."""

    organization: OrganizationConfig = _required_section()
    google: GoogleConfig = _required_section()
    drive: DriveConfig = DriveConfig()
    columns: dict[str, Text] = Field(default_factory=dict)
    """Our name of a tab, column, dropdown value or word of `Progress`: the name in the organization's sheets."""
    calendar: CalendarConfig = CalendarConfig()
    mail: MailConfig = _required_section()
    rules: RulesConfig = RulesConfig()
    readiness: ReadinessConfig = ReadinessConfig()
    checklist: ChecklistConfig = ChecklistConfig()
    notify: NotifyConfig = NotifyConfig()
    sharing: SharingConfig = SharingConfig()
    poll: PollConfig = PollConfig()
    store: Annotated[str, AfterValidator(_store)] = Field(
        default="sqlite:///deploylog.db", validate_default=True, repr=False
    )
    """The ledger's database as SQLAlchemy takes it; a SQLite file's path is absolute. May hold a password."""
    tickets: TicketsConfig = TicketsConfig()
    gitlab: GitlabConfig | None = None
    """GitLab; None: released artefacts are not looked up."""
    web: WebConfig = WebConfig()
    limits: LimitsConfig = LimitsConfig()
    templates: Annotated[Path, PlainValidator(_templates)] | None = None
    """A folder, absolute, whose files override the shipped templates, file by file; None: none."""

    @property
    def given(self) -> frozenset[str]:
        """The dotted keys the file sets, and their sections: `notify.settle`, `notify`. What is null is not set."""
        return frozenset(_given(self, ""))


def _given(section: _Section, prefix: str) -> Iterator[str]:
    for name in section.model_fields_set:
        value = getattr(section, name)
        key = f"{prefix}{type(section).model_fields[name].alias or name}"
        below = list(_given(value, f"{key}.")) if isinstance(value, _Section) else []
        yield from below
        if below or not (value is None or isinstance(value, _Section)):
            yield key


def keys() -> tuple[str, ...]:
    """Every key a file may set, dotted, in order; `columns` and `gitlab.projects` hold names of the operator's own."""
    return tuple(_keys(Config, ""))


def _keys(section: type[_Section], prefix: str) -> Iterator[str]:
    for name, details in section.model_fields.items():
        key = f"{prefix}{details.alias or name}"
        types = (details.annotation, *get_args(details.annotation))
        below = next((one for one in types if isinstance(one, type) and issubclass(one, _Section)), None)
        if below:
            yield from _keys(below, f"{key}.")
        else:
            yield key


def known_columns() -> frozenset[str]:
    """Every name of ours that `columns` may map: tabs, columns, dropdown values, first words of `Progress`."""
    # Imported here so that what reads only the configuration does not load the sheets' modules.
    from deploylog import deployment_log, registry

    dropdowns = [*deployment_log.DROPDOWNS.values(), *registry.DROPDOWNS.values()]
    return frozenset(
        [
            deployment_log.DEPLOYMENTS,
            deployment_log.HISTORY,
            *deployment_log.COLUMNS,
            *deployment_log.HISTORY_COLUMNS,
            *registry.TABS,
            *(column for columns in registry.TABS.values() for column in columns),
            *(value for values in dropdowns for value in values),
            *Progress,
        ]
    )


def unknown_columns(columns: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """The keys of `columns` that are no names of ours, compared as the sheets' names are: without regard to case."""
    folded = {" ".join(name.split()).casefold() for name in known}
    return tuple(name for name in columns if " ".join(name.split()).casefold() not in folded)


# Reading.


Place = tuple[int | str, ...]
"""Where a value stands: its keys and list positions, outermost first."""

_NEVER_SHOWN = frozenset(
    {
        "google.credentials",
        "store",
        "tickets.zammad.url",
        "tickets.zammad.token",
        "gitlab.url",
        "gitlab.token",
        "web.oidc.client_id",
        "web.oidc.client_secret",
        "web.heartbeat",
    }
)
"""Keys whose value is a secret, may carry one, or is easily taken for its neighbour that is one."""
_TAG = "tag:yaml.org,2002:"
_TAGS = frozenset(
    _TAG + word for word in ("map", "seq", "str", "null", "bool", "int", "float", "timestamp", "merge", "value")
)
_REFERENCE = re.compile(r"\$\{(?:([A-Za-z_][A-Za-z0-9_]*)\})?")
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "tuple_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
}
"""What pydantic's kinds of errors about types expect."""


def load(path: Path, environment: Mapping[str, str]) -> Config:
    """Reads a file, with the secrets it names as `${NAME}` taken from `environment`.

    Relative paths in it start at its folder. Raises ConfigurationError with a line for every problem.
    """
    source = _Source(path, environment)
    root = _compose(path)
    data = {} if root is None else source.value(root, (), ())
    config = None
    try:
        config = Config.model_validate(data, context={"folder": path.absolute().parent})
    except ValidationError as error:
        for details in error.errors(include_url=False):
            source.add_invalid(details)
    if isinstance(data, dict) and isinstance(data.get("columns"), dict):
        source.add_unknown_columns(data["columns"])
    if source.problems or config is None:
        raise ConfigurationError(source.report())
    return config


def _compose(path: Path) -> Node | None:
    """The file's YAML as nodes, which know their lines; None for an empty file."""
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, ValueError) as error:
        why = "it is not UTF-8 text" if isinstance(error, UnicodeError) else getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"{path}: the configuration cannot be read ({why}); name another file with -c or DEPLOYLOG_CONFIG"
        ) from None
    try:
        with warnings.catch_warnings():
            # Using an anchor's name again is good YAML, and the warning would quote the file on standard error.
            warnings.simplefilter("ignore", ReusedAnchorWarning)
            node: Node | None = YAML(typ="rt", pure=True).compose(text)
            return node
    except (YAMLError, RecursionError) as error:
        raise ConfigurationError(_yaml_problem(path, text, error)) from None


def _yaml_problem(path: Path, text: str, error: Exception) -> str:
    """What ruamel says, without what it quotes from the file: that may be a secret."""
    if isinstance(error, ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f"{path}:{line}: a character stands here that YAML does not allow; take it out"
    if isinstance(error, MarkedYAMLError) and error.problem_mark:
        said = " ".join(str(part) for part in (error.context, error.problem) if part)
        said = re.sub(r"""'(?![<\\])[^']{2,}'|"[^"]{2,}\"""", "…", said)
        return f"{path}:{error.problem_mark.line + 1}: this is not YAML: {said}; set brackets, quotes and indents right"
    return f"{path}:1: brackets or indents are nested too deeply; take some out"


@dataclass(frozen=True, slots=True, order=True)
class _Problem:
    line: int
    key: str
    sentence: str


@dataclass(slots=True)
class _Source:
    """The file while it is read: where everything stands, and what is wrong with it."""

    path: Path
    environment: Mapping[str, str]
    problems: list[_Problem] = field(default_factory=list)
    lines: dict[Place, int] = field(default_factory=dict)
    hidden: set[Place] = field(default_factory=set)
    """Values that came from the environment."""
    settled: set[Place] = field(default_factory=set)
    """Values whose problem is told already, so that no second one is told of them."""

    def value(self, node: Node, place: Place, above: tuple[Node, ...]) -> Any:
        """The node as plain Python: dict, list, str, int, float, bool or None."""
        if any(node is one for one in above):
            return self._unusable(place, "an alias (*name) stands inside of what it names; write the value out")
        if str(node.tag) not in _TAGS:
            return self._unusable(place, "a YAML tag (!word) stands here; put the value in quotes, or take the tag out")
        if isinstance(node, MappingNode):
            return self._mapping(node, place, (*above, node))
        if isinstance(node, SequenceNode):
            return self._list(node, place, (*above, node))
        return self._scalar(node, place)

    def _list(self, node: SequenceNode, place: Place, above: tuple[Node, ...]) -> list[Any]:
        items = []
        for position, item in enumerate(node.value):
            inside = (*place, position)
            self.lines[inside] = item.start_mark.line + 1
            items.append(self.value(item, inside, above))
        return items

    def _mapping(self, node: MappingNode, place: Place, above: tuple[Node, ...]) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                self._add(place, "a list or mapping stands where a key is expected; write a word", line)
                continue
            inside = (*place, str(key.value))
            if inside in self.lines and key.value in mapping:
                self._add(inside, f"stands a second time; the first is in line {self.lines[inside]}; keep one", line)
                continue
            self.lines[inside] = line
            mapping[key.value] = self.value(value, inside, above)
        return mapping

    def _scalar(self, node: Node, place: Place) -> str | int | float | bool | None:
        text = str(node.value)
        kind = str(node.tag).removeprefix(_TAG)
        # A %YAML 1.1 line would make booleans of `off` and `no`: they stay words even then.
        if kind == "bool" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if kind == "null":
            return None
        if kind in ("int", "float"):
            try:
                return int(text) if kind == "int" else float(text)
            except ValueError:
                return text
        return self._expanded(text, place)

    def _expanded(self, text: str, place: Place) -> str:
        """The text with every `${NAME}` replaced; a `$` without a brace stays as it is."""
        for reference in _REFERENCE.finditer(text):
            name = reference[1]
            if name is None:
                self._unusable(place, "${ is not followed by the name of an environment variable and }; write ${NAME}")
            elif name not in self.environment:
                self._unusable(place, f"the environment variable {name} is not set; set it for the daemon")
            self.hidden.add(place)
        return _REFERENCE.sub(lambda match: self.environment.get(match[1] or "", ""), text)

    def _unusable(self, place: Place, sentence: str) -> None:
        self.settled.add(place)
        self._add(place, sentence)

    def _add(self, place: Place, sentence: str, line: int | None = None) -> None:
        self.problems.append(_Problem(line or self._line(place), _key(place), sentence))

    def _line(self, place: Place) -> int:
        """The line of the value, or of the nearest thing around it that stands in the file."""
        around = (place[:length] for length in range(len(place), 0, -1))
        return next((self.lines[one] for one in around if one in self.lines), 1)

    def add_invalid(self, details: ErrorDetails) -> None:
        place = details["loc"]
        if any(place[:length] in self.settled for length in range(len(place) + 1)):
            return
        if details["type"] == "extra_forbidden":
            self._add(place, _unknown_key(place))
        else:
            self._add(place, _sentence(details, self._shown(place, details["input"])))

    def add_unknown_columns(self, columns: Mapping[str, object]) -> None:
        known = sorted(known_columns())
        for name in unknown_columns(columns, known):
            self._add(("columns", name), _no_such("name of ours", name, known))

    def _shown(self, place: Place, value: object) -> str:
        """The value as a problem may quote it."""
        if isinstance(value, dict | list):
            return _kind(value)
        url_with_password = isinstance(value, str) and "://" in value and "@" in value
        if place in self.hidden or _key(place) in _NEVER_SHOWN or url_with_password:
            return "the value"
        shown = json.dumps(value, ensure_ascii=False)
        return shown if len(shown) <= 80 else f"{shown[:78]}…"

    def report(self) -> str:
        lines = (
            f"{self.path}:{one.line}: {f'{one.key}: ' if one.key else ''}{one.sentence}"
            for one in sorted(set(self.problems))
        )
        # A key may hold a line break: each problem still is one line.
        return "\n".join(re.sub(r"\s+", " ", line) for line in lines)


def _key(place: Place) -> str:
    """The dotted key; an item of a list is told by its line and its value."""
    return ".".join(part for part in place if isinstance(part, str))


def _sentence(details: ErrorDetails, shown: str) -> str:
    """What pydantic found wrong, as a sentence."""
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "missing":
        return "is missing and has no default; write it here"
    if kind == "needed":
        return details["msg"]
    if value is None or kind in ("string_too_short", "too_short"):
        return "is empty; write a value"
    if kind == "value_error":
        return f"{shown} {context['error']}"
    if kind in ("enum", "literal_error"):
        return f"{shown} is not one of {str(context['expected']).replace(chr(39), '')}"
    if kind == "greater_than":
        return f"{shown} is too small; write a whole number above {context['gt']}"
    hint = "; put it in quotes" if kind == "string_type" and isinstance(value, bool | int | float) else ""
    return f"{_kind(value)} stands where {_EXPECTED.get(kind, 'something else')} is expected{hint}"


def _kind(value: object) -> str:
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "true or false"),
        (int, "a number"),
        (float, "a number"),
        (str, "text"),
        (list, "a list"),
        (dict, "a mapping"),
    )
    return next((words for kind, words in kinds if isinstance(value, kind)), "nothing")


def _unknown_key(place: Place) -> str:
    around = "".join(f"{part}." for part in place[:-1])
    known = dict.fromkeys(key.removeprefix(around).split(".")[0] for key in keys() if key.startswith(around))
    return _no_such("key", str(place[-1]), known)


def _no_such(what: str, word: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1)
    all_of_them = f"write one of {', '.join(names)}" if len(names) <= 20 else "docs/configuration.md has all of them"
    hint = f"did you mean {near[0]}?" if near else all_of_them
    return f"there is no such {what}; {hint}"
