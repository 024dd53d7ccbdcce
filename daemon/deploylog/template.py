"""How TEMPLATE and the registry are laid out: tabs, columns and formats as requests of `spreadsheets.batchUpdate`.

Pure. One atomic batch per spreadsheet, so that a spreadsheet is either bare or whole. Each column is laid out by one
function, which `upgrade.py` uses too to add a column that an existing spreadsheet lacks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from deploylog import deployment_log as log
from deploylog import registry
from deploylog import sheet_requests as ask
from deploylog.cells import Names, bracketed, column_letters
from deploylog.model import CHECKLIST, Progress
from deploylog.sheet_requests import Place, Request
from deploylog.summary import Say, guide_requests, summary_requests

ROWS = 300
"""Rows of a new tab; Sheets adds more as people write."""
DAEMON_COLOUR = {"red": 0.93, "green": 0.94, "blue": 0.96}
"""The shade of the daemon's columns."""
WIDE = {log.TICKETS: 320, log.COMPONENTS: 240, log.PROGRESS: 420, log.NEXT_ACTION: 260, log.COMMENT: 240}
WIDTH = 130
NARROW = 124
REGISTRY_WIDE = {registry.STATE: 320, "Share log with": 260, "E-mail": 240, "Reason": 240}
LOCALES = MappingProxyType({"es": "es_ES", "ca": "es_ES", "en": "en_GB"})
"""Of a new spreadsheet: in each, 9/12 is the ninth of December, as the notes say."""

CLOSING = {log.COMMENT}
INVITATION = {log.RESPONSIBLE}
EVERYWHERE = {log.ENVIRONMENT, log.START, log.DURATION, log.TICKETS, log.COMPONENTS, log.RESTART}
"""Columns whose cells reach the customer in mails and invitation; what is in none of the three is read in the log."""

COLOURS: Mapping[Progress, tuple[str, Mapping[str, bool]]] = MappingProxyType(
    {
        Progress.DRAFT: ("F1F3F4", {"italic": True}),
        Progress.NOT_READY: ("FFF3CD", {}),
        Progress.DATE_NOT_ALLOWED: ("FFE0B2", {}),
        Progress.SCHEDULED: ("D6EAF8", {}),
        Progress.IN_PROGRESS: ("9CCBF0", {"bold": True}),
        Progress.RUNNING_LATE: ("F9B25E", {"bold": True}),
        Progress.DONE: ("C8E6DF", {}),
        Progress.ROLLED_BACK: ("E3D5F0", {}),
        Progress.CANCELLED: ("E0E0E0", {"strikethrough": True}),
        Progress.NEEDS_ATTENTION: ("F7B7B2", {"bold": True}),
        Progress.PAUSED: ("F7F0C6", {"italic": True}),
    }
)
"""Background and letters of each word. The word itself is always there: colour only helps to find it."""


def template_requests(first_tab: int, names: Names, say: Say, language: str, time_zone: str) -> list[Request]:
    """Lay a bare spreadsheet out as TEMPLATE; `first_tab` is the sheet id of the tab it has."""
    requests = [ask.settings(LOCALES[language], time_zone)]
    requests.append(ask.tab(first_tab, names.shown(log.DEPLOYMENTS), ROWS, len(log.COLUMNS), (1, 1), make=False))
    for position, column in enumerate(log.COLUMNS):
        requests += log_column(Place(first_tab, 1, position), column, names, say)
    first = log.COLUMNS.index(CHECKLIST[0])
    requests.append(ask.group(first_tab, first, first + len(CHECKLIST)))
    letters = {column: column_letters(position) for position, column in enumerate(log.COLUMNS, start=1)}
    return [
        *requests,
        *history_requests(first_tab + 1, names, say),
        *summary_requests(first_tab + 2, letters, names, say),
        *guide_requests(first_tab + 3, names, say),
    ]


def log_column(place: Place, column: str, names: Names, say: Say) -> list[Request]:
    """Everything one column of the tab Deployments has."""
    requests = [
        ask.header(place, names.shown(column), log_note(column, names, say)),
        ask.look(place, **_body(column)),
        ask.width(place.sheet_id, place.position, WIDE.get(column, NARROW if column in CHECKLIST else WIDTH)),
    ]
    if column in log.DROPDOWNS:
        requests.append(ask.dropdown(place, tuple(map(names.shown, log.DROPDOWNS[column]))))
    if column in CHECKLIST:
        requests.append(ask.checkbox(place))
    if column in (log.START, log.NEW_END):
        requests.append(ask.date_picker(place))
    if column == log.DURATION:
        requests.append(ask.positive_number(place))
    if column in log.DAEMON_COLUMNS:
        requests.append(ask.warning(place.below, f"{names.shown(column)}: written by deploylog"))
    if column == log.PROGRESS:
        requests += colours(place, names)
    return requests


def _body(column: str) -> dict[str, object]:
    """The format of a column's cells. Links stay on one line: wrapped they would make every row six lines high."""
    clipped = column in (log.CALENDAR_EVENT, log.ROLLBACK_GUIDE)
    style: dict[str, object] = {"wrapStrategy": "CLIP" if clipped else "WRAP", "verticalAlignment": "TOP"}
    if column in log.DATE_TIMES:
        style["numberFormat"] = {"type": "DATE_TIME", "pattern": "ddd dd/mm/yyyy hh:mm"}
    if column in log.DAEMON_COLUMNS:
        style["backgroundColor"] = DAEMON_COLOUR
    return style


def log_note(column: str, names: Names, say: Say) -> str:
    """What to write into a column, and whether the customer reads it."""
    told = [bracketed(say(f"{log.DEPLOYMENTS}/{column}"), names)]
    if column in log.DAEMON_COLUMNS:
        told.append(say("written_by_daemon"))
    told.append(say(f"who_{_read_in(column)}"))
    return "\n\n".join(told)


def _read_in(column: str) -> str:
    for where, columns in (("everywhere", EVERYWHERE), ("closing_mail", CLOSING), ("invitation", INVITATION)):
        if column in columns:
            return where
    return "log"


def colours(place: Place, names: Names) -> list[Request]:
    """A colour for each first word of `Progress`, longer words first: one may begin with another."""
    words = sorted(COLOURS, key=lambda one: -len(names.shown(one.value)))
    requests = []
    for at, word in enumerate(words):
        background, letters = COLOURS[word]
        requests.append(ask.coloured_word(place, names.shown(word.value), ask.colour(background), letters, at))
    return requests


def history_requests(sheet_id: int, names: Names, say: Say) -> list[Request]:
    """Make the tab History, which people only read."""
    title = names.shown(log.HISTORY)
    requests = [ask.tab(sheet_id, title, ROWS, len(log.HISTORY_COLUMNS), (1, 0), make=True)]
    for position, column in enumerate(log.HISTORY_COLUMNS):
        requests += history_column(Place(sheet_id, 1, position), column, names, say)
    return [*requests, ask.warning({"sheetId": sheet_id}, f"{title}: written by deploylog")]


def history_column(place: Place, column: str, names: Names, say: Say) -> list[Request]:
    style: dict[str, object] = {"wrapStrategy": "WRAP", "verticalAlignment": "TOP"}
    if column == log.HISTORY_COLUMNS[0]:
        style["numberFormat"] = {"type": "DATE_TIME", "pattern": "ddd dd/mm/yyyy hh:mm"}
    pixels = dict(zip(log.HISTORY_COLUMNS, (150, 110, 420, 420), strict=True))[column]
    told = f"{bracketed(say(f'{log.HISTORY}/{column}'), names)}\n\n{say('written_by_daemon')}\n\n{say('who_log')}"
    return [
        ask.header(place, names.shown(column), told),
        ask.look(place, **style),
        ask.width(place.sheet_id, place.position, pixels),
    ]


def registry_requests(first_tab: int, names: Names, say: Say, language: str, time_zone: str) -> list[Request]:
    """Lay a bare spreadsheet out as the registry."""
    requests = [ask.settings(LOCALES[language], time_zone)]
    for number, tab in enumerate(registry.TABS):
        requests += registry_tab(first_tab + number, tab, names, say, make=number > 0)
    return requests


def registry_tab(sheet_id: int, tab: str, names: Names, say: Say, make: bool) -> list[Request]:
    columns: Sequence[str] = registry.TABS[tab]
    requests = [ask.tab(sheet_id, names.shown(tab), ROWS, len(columns), (1, 1), make)]
    for position, column in enumerate(columns):
        requests += registry_column(Place(sheet_id, 1, position), tab, column, names, say)
    return requests


def registry_column(place: Place, tab: str, column: str, names: Names, say: Say) -> list[Request]:
    """Everything one column of the registry has."""
    ours = column in (registry.LOG, registry.STATE)
    wrap = "CLIP" if column == registry.LOG else "WRAP"
    style: dict[str, object] = {"wrapStrategy": wrap, "verticalAlignment": "TOP"}
    if column in ("From", "To"):
        style["numberFormat"] = {"type": "DATE", "pattern": "dd/mm/yyyy"}
    if ours:
        style["backgroundColor"] = DAEMON_COLOUR
    told = [bracketed(say(f"{tab}/{column}"), names), *([say("written_by_daemon")] if ours else []), say("internal")]
    requests = [
        ask.header(place, names.shown(column), "\n\n".join(told)),
        ask.look(place, **style),
        ask.width(place.sheet_id, place.position, REGISTRY_WIDE.get(column, WIDTH)),
    ]
    if column in registry.DROPDOWNS:
        requests.append(ask.dropdown(place, tuple(map(names.shown, registry.DROPDOWNS[column]))))
    if column == registry.PAUSE:
        requests.append(ask.checkbox(place))
    if column in ("From", "To"):
        requests.append(ask.date_picker(place))
    if ours:
        requests.append(ask.warning(place.below, f"{names.shown(column)}: written by deploylog"))
    return requests
