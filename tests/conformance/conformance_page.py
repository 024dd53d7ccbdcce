"""The tables of docs/sandbox.md: which methods of the discovery documents answer, which only partly, and which not.

Method ids and whether they answer come from the code; what is missing of one that answers is said here. To write the
tables into the page anew::

    .venv/bin/python tests/conformance/conformance_page.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from googleapiclient.discovery_cache import get_static_doc

import workspace_sandbox.server  # noqa: F401  # the modules of the APIs register their methods
from workspace_sandbox.calls import HANDLERS
from workspace_sandbox.discovery import routes
from workspace_sandbox.sheets import formula_functions, requests

PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"
APIS = {"drive": "Drive v3", "sheets": "Sheets v4", "calendar": "Calendar v3", "gmail": "Gmail v1"}
_ADMIN = "no `useDomainAdminAccess`"
_SERIES = "single instances of a series cannot be changed"
_EVENT = (
    "no conferences, attachments, labels of events, working locations, focus time; no guests of a series with times"
)
_ONE_PAGE = "all on one page, no sync token"
_SPREADSHEET = (
    "no tables, banding, slicers, pivot tables, data sources, theme; of the usual format only background, padding, "
    "alignment and wrapping"
)
PARTIAL: dict[str, str] = {
    "drive.about.get": "the user, and fixed limits",
    "drive.changes.list": "the space `drive` only",
    "drive.drives.create": "a name only: no theme, no restrictions",
    "drive.drives.delete": _ADMIN,
    "drive.drives.get": _ADMIN,
    "drive.drives.list": f"{_ADMIN}; `q` compares names",
    "drive.drives.update": "the name only",
    "drive.files.create": "no conversion of uploads, no shortcuts; content restrictions, thumbnails, sharing flags",
    "drive.files.export": "`text/csv` only",
    "drive.files.generateIds": "the space `drive`, for files",
    "drive.files.list": (
        "`q` without visibility, viewedByMeTime, shortcutDetails, labels; no orderBy modifiedByMeTime, "
        "sharedWithMeTime, viewedByMeTime; the space `drive` only; corpora `domain` is missing"
    ),
    "drive.files.update": "as `files.create`; no move between drives",
    "drive.permissions.create": f"no transfer of ownership, expiration or views; {_ADMIN}",
    "drive.permissions.list": _ADMIN,
    "drive.permissions.update": f"the role only; {_ADMIN}",
    "sheets.spreadsheets.batchUpdate": "the requests of the next table",
    "sheets.spreadsheets.create": "title, locale, time zone; sheets with their properties and cells",
    "sheets.spreadsheets.get": _SPREADSHEET,
    "sheets.spreadsheets.getByDataFilter": _SPREADSHEET,
    "sheets.spreadsheets.values.batchUpdate": (
        "USER_ENTERED reads names of months only with a year, in English and in the locale's Spanish or Catalan; "
        "no currency but the locale's"
    ),
    "sheets.spreadsheets.values.update": "as `values.batchUpdate`",
    "calendar.acl.list": _ONE_PAGE,
    "calendar.calendarList.insert": "the id only: no colours, reminders or names of one's own",
    "calendar.calendarList.list": _ONE_PAGE,
    "calendar.calendars.insert": "the time zone Europe/Madrid only",
    "calendar.calendars.patch": "secondary calendars only, in Europe/Madrid",
    "calendar.calendars.update": "secondary calendars only, in Europe/Madrid",
    "calendar.events.delete": _SERIES,
    "calendar.events.import": _EVENT,
    "calendar.events.insert": (f"{_EVENT}; recurrence by one RRULE of days, weeks, months or years, and EXDATE"),
    "calendar.events.list": "who sees free/busy only gets 501",
    "calendar.events.patch": f"as `events.insert`; {_SERIES}",
    "calendar.events.update": f"as `events.insert`; {_SERIES}",
    "calendar.settings.list": _ONE_PAGE,
    "gmail.users.drafts.send": "only drafts that are there, by their id",
    "gmail.users.messages.import": "no `processForCalendar`, nothing for Vault; spam is not judged",
    "gmail.users.messages.insert": "nothing for Vault",
    "gmail.users.messages.list": "`q` without category:, AROUND, has: of kinds of files, is:snoozed and the like",
    "gmail.users.messages.modify": "no classification labels",
    "gmail.users.settings.sendAs.create": "no mail server of one's own",
    "gmail.users.settings.sendAs.patch": "no mail server of one's own; the default address stays",
    "gmail.users.settings.sendAs.update": "no mail server of one's own; the default address stays",
    "gmail.users.threads.list": "`q` as in `messages.list`",
}
"""Method id -> what is missing of it."""


def written(page: str) -> str:
    """The page with its generated parts written anew."""
    for name, lines in _parts():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        text = "\n".join((begin, *lines, end))
        page, found = pattern.subn(lambda _, text=text: text, page)  # type: ignore[misc]
        if found != 1:
            raise ValueError(f"The page must have one part from {begin} to {end}.")
    return page


def _parts() -> Iterator[tuple[str, list[str]]]:
    methods = sorted({route.method.id for route in routes()})
    yield "counts", _counts(methods)
    for api in APIS:
        yield f"methods of {api}", _table([one for one in methods if one.startswith(f"{api}.")])
    kinds = json.loads(get_static_doc("sheets", "v4"))["schemas"]["Request"]["properties"]
    there, missing = (
        ", ".join(f"`{one}`" for one in sorted(kinds) if (one in requests._CHANGES) is wanted)
        for wanted in (True, False)
    )
    yield (
        "requests",
        [
            "",
            "| state | requests of `spreadsheets.batchUpdate` |",
            "|---|---|",
            f"| done | {there} |",
            f"| 501 | {missing} |",
            "",
        ],
    )
    yield "functions", ["", ", ".join(sorted(formula_functions.FUNCTIONS)), ""]


def _counts(methods: list[str]) -> list[str]:
    rows = ["", "| | done | partial | 501 |", "|---|---|---|---|"]
    for api, title in APIS.items():
        states = [_state(one)[0] for one in methods if one.startswith(f"{api}.")]
        rows.append(f"| {title} | " + " | ".join(str(states.count(one)) for one in ("done", "partial", "501")) + " |")
    return [*rows, ""]


def _table(methods: list[str]) -> list[str]:
    rows = [f"| `{one.partition('.')[2]}` | " + " | ".join(_state(one)) + " |" for one in methods]
    return ["", "| method | state | missing |", "|---|---|---|", *rows, ""]


def _state(method: str) -> tuple[str, str]:
    if method not in HANDLERS:
        return "501", ""
    return ("partial", PARTIAL[method]) if method in PARTIAL else ("done", "")


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
