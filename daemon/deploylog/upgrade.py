"""What an existing spreadsheet lacks, and the requests that add it: missing tabs, and missing columns at the right.

Pure. `init` adopts an owner's TEMPLATE and registry with it, `upgrade` brings older logs to the present TEMPLATE. What
stands there is never moved, renamed or overwritten; only a note on a header, and the choices of a dropdown, follow
TEMPLATE. Each plan is one atomic batch, made from what was just read: a plan that was carried out leaves an empty one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from deploylog import deployment_log as log
from deploylog import registry
from deploylog import sheet_requests as ask
from deploylog.cells import Layout, Names, column_letters, find_layout, folded
from deploylog.errors import ConfigurationError
from deploylog.google.sheets import TabInfo, TabSurvey
from deploylog.model import CHECKLIST
from deploylog.sheet_requests import Place, Request
from deploylog.summary import GUIDE, SUMMARY, Say, guide_requests, summary_requests
from deploylog.template import history_column, history_requests, log_column, registry_column, registry_tab

USUAL_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "estado": log.STATUS,
        "estat": log.STATUS,
        "entorno": log.ENVIRONMENT,
        "entorn": log.ENVIRONMENT,
        "fecha": log.START,
        "fecha y hora": log.START,
        "inicio": log.START,
        "data": log.START,
        "inici": log.START,
        "duración": log.DURATION,
        "duración (min)": log.DURATION,
        "minutos": log.DURATION,
        "durada": log.DURATION,
        "minuts": log.DURATION,
        "tickets": log.TICKETS,
        "tickets y correos": log.TICKETS,
        "tiquets": log.TICKETS,
        "componentes": log.COMPONENTS,
        "components": log.COMPONENTS,
        "reinicio": log.RESTART,
        "reinici": log.RESTART,
        "responsable": log.RESPONSIBLE,
        "acordado con": log.AGREED_WITH,
        "acordat amb": log.AGREED_WITH,
        "validado en": log.VALIDATED_IN,
        "validat a": log.VALIDATED_IN,
        "comentario": log.COMMENT,
        "comentarios": log.COMMENT,
        "comentari": log.COMMENT,
    }
)
"""What such columns are often called in Spanish and Catalan. Never acted on: only the owner knows, so `init` asks."""

Column = Callable[[Place, str], list[Request]]
"""Lays out the column of a name at a place."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done to a spreadsheet, in words for people and as one batch."""

    words: tuple[str, ...] = ()
    requests: tuple[Request, ...] = ()

    def __add__(self, other: Plan) -> Plan:
        return Plan(self.words + other.words, self.requests + other.requests)

    def __bool__(self) -> bool:
        return bool(self.requests)


def template_plan(tabs: Sequence[TabSurvey], names: Names, say: Say) -> Plan:
    """What an owner's TEMPLATE, or a log, lacks of what ours has.

    Raises `ConfigurationError` where the rows of deployments stand in a tab of another name, or under a header that
    cannot be told.
    """
    by_title = {one.info.title: one for one in tabs}
    title = names.shown(log.DEPLOYMENTS)
    if title not in by_title:
        raise ConfigurationError(_no_deployments(tabs, title, names))
    deployments, ids = by_title[title], _FreeIds(tabs)
    plan, places = _with_columns(deployments, log.COLUMNS, names, lambda at, one: log_column(at, one, names, say))
    plan += _grouped(deployments, places)
    history = by_title.get(names.shown(log.HISTORY))
    if history is None:
        plan += Plan((_tab_words(names.shown(log.HISTORY)),), tuple(history_requests(ids.next(), names, say)))
    else:
        columns = _with_columns(
            history, log.HISTORY_COLUMNS, names, lambda at, one: history_column(at, one, names, say)
        )
        plan += columns[0]
    if names.shown(SUMMARY) not in by_title:
        letters = {column: column_letters(number) for column, number in places.items()}
        plan += Plan((_tab_words(names.shown(SUMMARY)),), tuple(summary_requests(ids.next(), letters, names, say)))
    if names.shown(GUIDE) not in by_title:
        plan += Plan((_tab_words(names.shown(GUIDE)),), tuple(guide_requests(ids.next(), names, say)))
    return plan


def registry_plan(tabs: Sequence[TabSurvey], names: Names, say: Say) -> Plan:
    """What an owner's registry lacks. Raises `ConfigurationError` for a tab whose header cannot be told."""
    by_title = {one.info.title: one for one in tabs}
    plan, ids = Plan(), _FreeIds(tabs)
    if names.shown(registry.CUSTOMERS) not in by_title:
        raise ConfigurationError(
            f"it has no tab {names.shown(registry.CUSTOMERS)}; name the tab that holds the customers so, or map its "
            f"name in columns"
        )
    for tab, columns in registry.TABS.items():
        there = by_title.get(names.shown(tab))
        if there is None:
            requests = registry_tab(ids.next(), tab, names, say, make=True)
            plan += Plan((_tab_words(names.shown(tab)),), tuple(requests))
        else:
            plan += _with_columns(there, columns, names, _registry_column(tab, names, say))[0]
    return plan


def upgrade_plan(template: Sequence[TabSurvey], tabs: Sequence[TabSurvey], names: Names, say: Say) -> Plan:
    """What a log lacks of the present TEMPLATE: ours first, then the owner's own columns, notes and choices.

    Raises as `template_plan` does.
    """
    plan = template_plan(tabs, names, say)
    model, there = _tab_named(template, names), _tab_named(tabs, names)
    model_layout, layout = _layout(model, log.COLUMNS, names), _layout(there, log.COLUMNS, names)
    titles = {folded(text) for text in _header_texts(there, layout)}
    lacking = layout.missing(log.COLUMNS)
    first_free = there.used_columns + len(lacking)
    words, requests = [], []
    own = [
        position
        for position, text in enumerate(_header_texts(model, model_layout))
        if text and folded(text) not in titles and position + 1 not in model_layout.columns.values()
    ]
    for number, position in enumerate(own):
        place = Place(there.info.sheet_id, layout.header_row, first_free + number)
        requests += _copied_column(model, model_layout, position, place)
    if own:
        # The plan of our columns made room for those alone.
        grown = replace(there.info, columns=max(there.info.columns, first_free))
        requests = [*_room(grown, first_free + len(own)), *requests]
        shown = [_header_texts(model, model_layout)[position] for position in own]
        words.append(_column_words(shown, there.info.title))
    refreshed = _refreshed(model, model_layout, there, layout)
    if refreshed:
        words.append(f"bring notes and choices of the tab {there.info.title} up to date")
    return plan + Plan(tuple(words), (*requests, *refreshed))


# Columns ---------------------------------------------------------------------------------------------------------


def _with_columns(tab: TabSurvey, wanted: Sequence[str], names: Names, column: Column) -> tuple[Plan, dict[str, int]]:
    """The plan that adds what is missing of `wanted`, and where each column stands then (counts from 1).

    Raises `ConfigurationError` where a column still has our name although `columns` gives it another.
    """
    layout = _layout(tab, wanted, names)
    missing = layout.missing(wanted)
    _check_renamed(tab.info.title, _header_texts(tab, layout), wanted, missing, names)
    places = dict(layout.columns)
    requests = _room(tab.info, tab.used_columns + len(missing)) if missing else []
    for number, name in enumerate(missing, start=tab.used_columns):
        requests += column(Place(tab.info.sheet_id, layout.header_row, number), name)
        places[name] = number + 1
    words = (_column_words([names.shown(one) for one in missing], tab.info.title),) if missing else ()
    return Plan(words + _likely(_header_texts(tab, layout), missing), tuple(requests)), places


def _check_renamed(
    tab: str, header: Sequence[str], wanted: Sequence[str], missing: Sequence[str], names: Names
) -> None:
    """A header that was forgotten when columns were renamed: an empty column beside it would make every row a draft."""
    there = {folded(text) for text in header} - {folded(names.shown(one)) for one in wanted}
    if forgotten := [one for one in missing if folded(one) in there]:
        renamings = ", ".join(f"{one} to {names.shown(one)}" for one in forgotten)
        raise ConfigurationError(
            f"its tab {tab} still has headers that columns gives other names; rename {renamings}, or, where that is "
            "another column, add the new name to the header row yourself"
        )


def _likely(header: Sequence[str], missing: Sequence[str]) -> tuple[str, ...]:
    """A remark per column that would be added although one of the owner's looks like it."""
    found = [(text, USUAL_WORDS[folded(text)]) for text in header if folded(text) in USUAL_WORDS]
    return tuple(
        f"(is {text} your {ours}? then write {ours}: {text} under columns first)"
        for text, ours in found
        if ours in missing
    )


def _layout(tab: TabSurvey, wanted: Sequence[str], names: Names) -> Layout:
    """Where the columns stand; in a tab with nothing in it, nowhere yet, under a header in row 1."""
    found = find_layout(tab.top_values, wanted, names)
    if found is not None:
        return found
    if not tab.used_columns:
        return Layout(1, {})
    for row in tab.top_values:
        guesses = [f"{USUAL_WORDS[folded(one)]}: {one}" for one in row if folded(one) in USUAL_WORDS]
        if len(guesses) > 1:
            raise ConfigurationError(
                f"the columns of its tab {tab.info.title} have names of your own; write what they are under columns, "
                f"such as {', '.join(guesses)}"
            )
    shown = ", ".join(names.shown(one) for one in wanted[:4])
    raise ConfigurationError(
        f"no header can be told in the first rows of its tab {tab.info.title}, where columns such as {shown} were "
        "looked for; map the names it has in columns"
    )


def _header_texts(tab: TabSurvey, layout: Layout) -> list[str]:
    rows = tab.top_values
    return rows[layout.header_row - 1] if len(rows) >= layout.header_row else []


def _room(tab: TabInfo, columns: int) -> list[Request]:
    """Columns are appended, never set: setting a number could cut off one that staff just added."""
    lacking = columns - tab.columns
    if lacking <= 0:
        return []
    return [{"appendDimension": {"sheetId": tab.sheet_id, "dimension": "COLUMNS", "length": lacking}}]


def _grouped(tab: TabSurvey, places: Mapping[str, int]) -> Plan:
    """The checklist as a group that folds, where all its columns were just added side by side."""
    first = places[CHECKLIST[0]]
    together = [places[one] for one in CHECKLIST] == list(range(first, first + len(CHECKLIST)))
    if first <= tab.used_columns or not together:
        return Plan()
    return Plan((), (ask.group(tab.info.sheet_id, first - 1, first - 1 + len(CHECKLIST)),))


def _copied_column(model: TabSurvey, layout: Layout, position: int, place: Place) -> list[Request]:
    """A column of the owner's own as it stands in TEMPLATE: header, format, data validation, width."""
    head = _cell(model, layout.header_row, position)
    cell = {
        "userEnteredValue": {"stringValue": head.get("formattedValue", "")},
        "userEnteredFormat": head.get("userEnteredFormat", {}),
        "note": head.get("note", ""),
    }
    below = _cell(model, layout.header_row + 1, position)
    requests: list[Request] = [
        {"updateCells": {"range": place.header, "rows": [{"values": [cell]}], "fields": ",".join(cell)}},
        {
            "repeatCell": {
                "range": place.below,
                "cell": {"userEnteredFormat": below.get("userEnteredFormat", {})},
                "fields": "userEnteredFormat",
            }
        },
    ]
    if "dataValidation" in below:
        requests.append({"setDataValidation": {"range": place.below, "rule": below["dataValidation"]}})
    if position < len(model.widths):
        requests.append(ask.width(place.sheet_id, place.position, model.widths[position]))
    return requests


def _refreshed(model: TabSurvey, model_layout: Layout, there: TabSurvey, layout: Layout) -> list[Request]:
    """Notes and dropdowns of columns both have, where TEMPLATE says something else."""
    requests = []
    for name, number in layout.columns.items():
        if name not in model_layout.columns:
            continue
        place = Place(there.info.sheet_id, layout.header_row, number - 1)
        wanted = _cell(model, model_layout.header_row, model_layout.columns[name] - 1).get("note", "")
        if wanted and wanted != _cell(there, layout.header_row, number - 1).get("note", ""):
            requests.append(ask.note(place, wanted))
        rule = _choices(_cell(model, model_layout.header_row + 1, model_layout.columns[name] - 1))
        if rule and rule != _choices(_cell(there, layout.header_row + 1, number - 1)):
            requests.append(ask.dropdown(place, rule))
    return requests


def _choices(cell: Mapping[str, object]) -> tuple[str, ...]:
    rule = cell.get("dataValidation")
    condition = rule.get("condition", {}) if isinstance(rule, Mapping) else {}
    if condition.get("type") != "ONE_OF_LIST":
        return ()
    return tuple(one.get("userEnteredValue", "") for one in condition.get("values", []))


def _cell(tab: TabSurvey, row: int, position: int) -> dict[str, Any]:
    """A cell of the first rows, as surveyed; row counts from 1, position from 0."""
    cells = tab.top[row - 1] if row <= len(tab.top) else []
    return cells[position] if position < len(cells) else {}


# Tabs ------------------------------------------------------------------------------------------------------------


class _FreeIds:
    """Ids for new tabs that no tab of the spreadsheet has."""

    def __init__(self, tabs: Sequence[TabSurvey]) -> None:
        self._taken = {one.info.sheet_id for one in tabs}

    def next(self) -> int:
        free = next(number for number in range(1, len(self._taken) + 2) if number not in self._taken)
        self._taken.add(free)
        return free


def _registry_column(tab: str, names: Names, say: Say) -> Column:
    return lambda place, column: registry_column(place, tab, column, names, say)


def _tab_named(tabs: Sequence[TabSurvey], names: Names) -> TabSurvey:
    return next(one for one in tabs if one.info.title == names.shown(log.DEPLOYMENTS))


def _no_deployments(tabs: Sequence[TabSurvey], title: str, names: Names) -> str:
    for one in tabs:
        if find_layout(one.top_values, log.COLUMNS, names) is not None:
            return (
                f"it has no tab {title}, but its tab {one.info.title} has such columns; write "
                f"{log.DEPLOYMENTS}: {one.info.title} under columns, or name the tab {title}"
            )
    return f"it has no tab {title}; name the tab that holds the deployments so, or map its name in columns"


def _tab_words(title: str) -> str:
    return f"add the tab {title}"


def _column_words(columns: Sequence[str], tab: str) -> str:
    return f"add to the tab {tab}, at the right: {', '.join(columns)}"
