"""The tabs Summary and Guide of a log, as requests of `spreadsheets.batchUpdate`.

Pure. Summary is formulas alone: it follows the rows by itself, also where columns are moved, because Sheets then moves
what the formulas name. Functions are named in English and separated by semicolons, which every locale understands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from deploylog import deployment_log as log
from deploylog import sheet_requests as ask
from deploylog.cells import Names, bracketed
from deploylog.model import Progress
from deploylog.sheet_requests import Place, Request

SUMMARY = "Summary"
GUIDE = "Guide"
MONTH, DEPLOYMENTS, ON_TIME, DELAYED, ROLLED_BACK, MEAN_DELAY = (
    "Month",
    "Deployments",
    "On time",
    "Delayed",
    "Rolled back",
    "Mean delay (min)",
)
SUMMARY_COLUMNS = (MONTH, DEPLOYMENTS, ON_TIME, DELAYED, ROLLED_BACK, MEAN_DELAY)
NEEDED = (log.PROGRESS, log.START, log.DURATION, log.ACTUAL_END)
"""The columns of Deployments the formulas read."""
MONTHS = 12
GUIDE_STEPS = 8
SERIES = {ON_TIME: "0072B2", DELAYED: "E69F00", ROLLED_BACK: "000000"}
"""Colours of the chart, of Okabe and Ito's palette: told apart by the colour-blind, and dark, light, black in print."""

Say = Callable[[str], str]
"""A text of `sheets.es.yaml` by its code."""


def summary_requests(sheet_id: int, letters: Mapping[str, str], names: Names, say: Say) -> list[Request]:
    """Make the tab Summary. `letters`: where the columns of `NEEDED` stand in Deployments, as in `{"Start": "F"}`."""
    rows = MONTHS + 2
    requests = [ask.tab(sheet_id, names.shown(SUMMARY), rows + 20, len(SUMMARY_COLUMNS) + 8, (1, 0), make=True)]
    for position, column in enumerate(SUMMARY_COLUMNS):
        place = Place(sheet_id, 1, position)
        requests += [
            ask.header(place, names.shown(column), bracketed(say(f"{SUMMARY}/{column}"), names)),
            ask.width(sheet_id, position, 125),
        ]
    requests.append(ask.look(Place(sheet_id, 1, 0), numberFormat={"type": "DATE", "pattern": "mmm yyyy"}))
    cells = [[{"userEnteredValue": {"formulaValue": one}} for one in line] for line in formulas(letters, names)]
    total = [{"userEnteredValue": {"stringValue": say("total")}}]
    total += [{"userEnteredValue": {"formulaValue": one}} for one in totals()]
    bold = {"userEnteredFormat": {"textFormat": {"bold": True}}}
    requests.append(ask.texts(sheet_id, 1, cells, "userEnteredValue"))
    requests.append(
        ask.texts(sheet_id, MONTHS + 1, [[{**one, **bold} for one in total]], "userEnteredValue,userEnteredFormat")
    )
    requests.append(ask.warning({"sheetId": sheet_id}, f"{names.shown(SUMMARY)}: formulas"))
    requests.append(_chart(sheet_id, names, say))
    return requests


def formulas(letters: Mapping[str, str], names: Names) -> list[list[str]]:
    """The formulas of the twelve months, oldest first: one list per row, one per column."""
    return [_month(row, letters, names) for row in range(2, MONTHS + 2)]


def _month(row: int, letters: Mapping[str, str], names: Names) -> list[str]:
    tab = names.shown(log.DEPLOYMENTS).replace("'", "''")
    # Whole columns: rows are inserted right below the header too, and the header itself is no number.
    progress, start, minutes, end = (f"'{tab}'!${letters[one]}:${letters[one]}" for one in NEEDED)
    done, rolled_back = (names.shown(one.value).replace('"', '""') for one in (Progress.DONE, Progress.ROLLED_BACK))
    within = f'{start};">="&$A{row};{start};"<"&EDATE($A{row};1)'
    late = f"ROUND(({end}-{start})*1440-{minutes};1)"
    closed = f'(LEFT({progress};{len(names.shown(Progress.DONE.value))})="{done}")*({start}>=$A{row})'
    delayed = f"{closed}*({start}<EDATE($A{row};1))*({late}>=1)"
    return [
        f"=EOMONTH(TODAY();-{MONTHS})+1" if row == 2 else f"=EDATE(A{row - 1};1)",
        f'=COUNTIFS({progress};"{done}*";{within})+E{row}',
        f"=B{row}-D{row}-E{row}",
        f"=SUMPRODUCT(IFERROR({delayed};0))",
        f'=COUNTIFS({progress};"{rolled_back}*";{within})',
        f'=IF(D{row}=0;"";ROUND(SUMPRODUCT(IFERROR({delayed}*{late};0))/D{row};0))',
    ]


def totals() -> list[str]:
    """The last row, from the second column on."""
    last, row = MONTHS + 1, MONTHS + 2
    sums = [f"=SUM({letter}2:{letter}{last})" for letter in "BCDE"]
    return [*sums, f'=IF(D{row}=0;"";ROUND(SUMPRODUCT(D2:D{last};F2:F{last})/D{row};0))']


def _chart(sheet_id: int, names: Names, say: Say) -> Request:
    def source(column: str) -> Request:
        position = SUMMARY_COLUMNS.index(column)
        area = {
            "sheetId": sheet_id,
            "startRowIndex": 0,
            "endRowIndex": MONTHS + 1,
            "startColumnIndex": position,
            "endColumnIndex": position + 1,
        }
        return {"sourceRange": {"sources": [area]}}

    series = [
        {"series": source(column), "targetAxis": "LEFT_AXIS", "colorStyle": {"rgbColor": ask.colour(one)}}
        for column, one in SERIES.items()
    ]
    spec = {
        "title": say("chart_title"),
        "altText": say("chart_described"),
        "basicChart": {
            "chartType": "COLUMN",
            "stackedType": "STACKED",
            "legendPosition": "BOTTOM_LEGEND",
            "headerCount": 1,
            "axis": [{"position": "LEFT_AXIS", "title": names.shown(DEPLOYMENTS)}],
            "domains": [{"domain": source(MONTH)}],
            "series": series,
        },
    }
    anchor = {"sheetId": sheet_id, "rowIndex": 1, "columnIndex": len(SUMMARY_COLUMNS) + 1}
    place = {"anchorCell": anchor, "widthPixels": 600, "heightPixels": 360}
    return {"addChart": {"chart": {"spec": spec, "position": {"overlayPosition": place}}}}


def guide_requests(sheet_id: int, names: Names, say: Say) -> list[Request]:
    """Make the tab Guide: the procedure's steps, and an example row."""
    example = [
        (names.shown(column), bracketed(say(f"example/{column}"), names))
        for column in log.STAFF_COLUMNS
        if column in EXAMPLE
    ]
    steps = [(str(number), bracketed(say(f"guide_{number}"), names)) for number in range(1, GUIDE_STEPS + 1)]
    title = {"textFormat": {"bold": True, "fontSize": 14}}
    lines = [
        [{}, _text(say("guide_title"), title)],
        *([_text(one), _text(other)] for one, other in steps),
        [],
        [{}, _text(say("guide_example"), title)],
        *([_text(one, {"textFormat": {"bold": True}}), _text(other)] for one, other in example),
    ]
    wrapped = {"wrapStrategy": "WRAP", "verticalAlignment": "TOP"}
    return [
        ask.tab(sheet_id, names.shown(GUIDE), len(lines) + 10, 2, (0, 0), make=True),
        ask.texts(sheet_id, 0, lines, "userEnteredValue,userEnteredFormat"),
        ask.look(Place(sheet_id, 0, 1), **wrapped),
        ask.look(Place(sheet_id, 1, 0), verticalAlignment="TOP", horizontalAlignment="LEFT"),
        ask.width(sheet_id, 0, 170),
        ask.width(sheet_id, 1, 640),
    ]


EXAMPLE = (
    log.STATUS,
    log.ENVIRONMENT,
    log.START,
    log.DURATION,
    log.TICKETS,
    log.COMPONENTS,
    log.RESTART,
    log.RESPONSIBLE,
    log.AGREED_WITH,
    log.VALIDATED_IN,
    log.CUSTOMER_VALIDATION,
    log.ROLLBACK_GUIDE,
)
"""The columns the Guide's example row fills in; the rest stays empty while a deployment is planned."""


def _text(text: str, style: Mapping[str, object] | None = None) -> Request:
    return {"userEnteredValue": {"stringValue": text}, **({"userEnteredFormat": style} if style else {})}
