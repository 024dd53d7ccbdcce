"""Cells of spreadsheets: read at once, written absolutely.

No write of Sheets is conditional, and a 503 may come although the write happened; so every write here names its cells
and their values, and doing it again changes nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from deploylog.cells import column_letters
from deploylog.errors import NotCarriedOut, Refused
from deploylog.google.failures import outside, understood
from deploylog.google.transport import SheetsClient, as_object, retrying

T = TypeVar("T")

Cell = str | int | float | bool | None
"""What a cell holds. A date-time is a number: days since 1899-12-30 in the spreadsheet's own time zone."""

_READ = {"valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "SERIAL_NUMBER"}
SURVEYED_ROWS = 12
"""Rows a survey reads in full: where a header may stand, and the row below it."""
_SURVEY_FIELDS = (
    "sheets(properties(sheetId),data(columnMetadata(pixelSize),"
    "rowData(values(formattedValue,note,dataValidation,userEnteredFormat))))"
)
_VALUES_FIELDS = "properties(timeZone),sheets(properties(title),data(rowData(values(effectiveValue))))"
_ERRORS = {
    # What a formula that failed shows, by Sheets' ErrorType.
    "ERROR": "#ERROR!",
    "NULL_VALUE": "#NULL!",
    "DIVIDE_BY_ZERO": "#DIV/0!",
    "VALUE": "#VALUE!",
    "REF": "#REF!",
    "NAME": "#NAME?",
    "NUM": "#NUM!",
    "N_A": "#N/A",
    "LOADING": "Loading...",
}
_INFO_FIELDS = "properties(title,timeZone,locale),sheets.properties(sheetId,title,gridProperties(rowCount,columnCount))"


class MissingTab(Refused):
    """The spreadsheet has no tab of that name (any more); `tab` is the name."""

    def __init__(self, tab: str, *, method: str, status: int) -> None:
        super().__init__(
            f"The spreadsheet has no tab {tab}; give the tab that name again, or map it in columns.",
            method=method,
            status=status,
        )
        self.tab = tab


@dataclass(frozen=True, slots=True)
class TabInfo:
    """A tab's id and the size of its grid, empty rows and columns included."""

    sheet_id: int
    title: str
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class SpreadsheetInfo:
    """What a spreadsheet is, without its cells."""

    title: str
    time_zone: str
    """An IANA name, such as `Europe/Madrid`."""
    locale: str
    tabs: dict[str, TabInfo]
    """By title, in the order of the spreadsheet."""


@dataclass(frozen=True, slots=True)
class TabSurvey:
    """How a tab is laid out, to tell what it lacks."""

    info: TabInfo
    top: list[list[dict[str, Any]]]
    """The first rows as Sheets gives cells (CellData): value, note, data validation, format."""
    widths: list[int]
    """Of the columns, in pixels."""
    used_columns: int
    """Up to which column anything stands, in any row."""

    @property
    def top_values(self) -> list[list[str]]:
        """The texts of the first rows, as they are shown."""
        return [[cell.get("formattedValue", "") for cell in row] for row in self.top]


@dataclass(frozen=True, slots=True)
class CellWrite:
    """A value for one cell; `row` and `column` count from 1. None and "" clear the cell."""

    tab: str
    row: int
    column: int
    value: Cell


@dataclass(frozen=True, slots=True)
class _Block:
    """A rectangle of values; `row` and `column` of its first cell count from 1."""

    tab: str
    row: int
    column: int
    values: list[list[Cell]]


class Sheets:
    """Sheets, as the identity for files. Raises `deploylog.errors`."""

    def __init__(self, client: SheetsClient, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._sleep = sleep

    def read(self, file_id: str, tabs: Sequence[str]) -> dict[str, list[list[Cell]]]:
        """All cells of these tabs, row by row, in one call. Repeated.

        Trailing empty rows and cells are left out; an empty cell between others is "". Numbers, dates and checkboxes
        come as they are stored, not as they are shown. Raises MissingTab.
        """
        if not tabs:
            return {}
        ranges = [quoted(tab) for tab in tabs]

        def by_tab(answer: Any) -> dict[str, list[list[Cell]]]:
            return {tab: one.get("values", []) for tab, one in zip(tabs, answer["valueRanges"], strict=True)}

        with _naming_a_missing(tabs):
            return self._repeat(
                "sheets.spreadsheets.values.batchGet",
                lambda: self._client.values_batch_get(file_id, ranges, params=dict(_READ)),
                by_tab,
            )

    def read_with_zone(self, file_id: str, tabs: Sequence[str]) -> tuple[str, dict[str, list[list[Cell]]]]:
        """The spreadsheet's time zone (an IANA name) and what `read` gives, in one call. Repeated.

        For a spreadsheet whose zone is not known: the answer is several times larger than that of `read`.
        """
        params = {"fields": _VALUES_FIELDS, "ranges": [quoted(tab) for tab in tabs]}
        with _naming_a_missing(tabs):
            return self._repeat(
                "sheets.spreadsheets.get",
                lambda: self._client.fetch_sheet_metadata(file_id, params=params),
                lambda answer: (answer["properties"]["timeZone"], _by_tab(answer, tabs)),
            )

    def describe(self, file_id: str) -> SpreadsheetInfo:
        """Title, time zone, locale and tabs. Repeated."""
        return retrying(lambda: self._describe_once(file_id), self._sleep)

    def survey(self, file_id: str) -> list[TabSurvey]:
        """How every tab is laid out, in the order of the spreadsheet. Three calls. Repeated."""
        tabs = self.describe(file_id).tabs
        ranges = [f"{quoted(title)}!1:{min(SURVEYED_ROWS, tab.rows)}" for title, tab in tabs.items() if tab.rows]
        answer = self._repeat(
            "sheets.spreadsheets.get",
            lambda: self._client.fetch_sheet_metadata(file_id, params={"fields": _SURVEY_FIELDS, "ranges": ranges}),
            as_object,
        )
        grids = {one["properties"].get("sheetId", 0): one.get("data", [{}])[0] for one in answer.get("sheets", [])}
        values = self.read(file_id, list(tabs))
        return [
            TabSurvey(
                tab,
                [row.get("values", []) for row in grids.get(tab.sheet_id, {}).get("rowData", [])],
                [one.get("pixelSize", 100) for one in grids.get(tab.sheet_id, {}).get("columnMetadata", [])],
                max((_used(row) for row in values[title]), default=0),
            )
            for title, tab in tabs.items()
        ]

    def write(self, file_id: str, cells: Sequence[CellWrite]) -> None:
        """Write these cells and no other, as they are (RAW: a `=` starts no formula), in one call. Repeated.

        Where a cell is named twice the later value holds. Raises MissingTab, and Refused for a cell outside the grid.
        """
        if not cells:
            return
        body = {
            "valueInputOption": "RAW",
            "data": [{"range": _a1(block), "values": block.values} for block in _blocks(cells)],
        }
        with _naming_a_missing([one.tab for one in cells]):
            self._repeat(
                "sheets.spreadsheets.values.batchUpdate",
                lambda: self._client.values_batch_update(file_id, body),
                as_object,
            )

    def grow(self, file_id: str, tab: TabInfo, rows: int, columns: int) -> TabInfo:
        """Make the tab's grid at least that large and give its size; no call where `tab` is large enough.

        Repeated; each attempt looks at the present size first. Rows and columns are appended: setting a size, from one
        read a moment ago, would cut off rows that staff added since.
        """
        if tab.rows >= rows and tab.columns >= columns:
            return tab
        return retrying(lambda: self._grow_once(file_id, tab, rows, columns), self._sleep)

    def batch_update(self, file_id: str, requests: Sequence[dict[str, Any]], repeat: bool) -> list[dict[str, Any]]:
        """Carry out requests of `spreadsheets.batchUpdate`, all or none, and give their replies.

        Repeated only with `repeat`, for requests that are harmless to carry out twice; else InDoubt is the caller's.
        """
        body = {"requests": list(requests)}

        def once() -> list[dict[str, Any]]:
            return self._once(
                "sheets.spreadsheets.batchUpdate",
                lambda: self._client.batch_update(file_id, body),
                lambda answer: list(answer.get("replies", [])),
            )

        return retrying(once, self._sleep) if repeat else once()

    def _grow_once(self, file_id: str, tab: TabInfo, rows: int, columns: int) -> TabInfo:
        now = self._describe_once(file_id)
        present = next((one for one in now.tabs.values() if one.sheet_id == tab.sheet_id), None)
        if present is None:
            raise MissingTab(tab.title, method="sheets.spreadsheets.get", status=200)
        wanted = (("ROWS", rows - present.rows), ("COLUMNS", columns - present.columns))
        appended = [
            {"appendDimension": {"sheetId": tab.sheet_id, "dimension": dimension, "length": length}}
            for dimension, length in wanted
            if length > 0
        ]
        if appended:
            self.batch_update(file_id, appended, repeat=False)
        return TabInfo(tab.sheet_id, present.title, max(rows, present.rows), max(columns, present.columns))

    def _describe_once(self, file_id: str) -> SpreadsheetInfo:
        return self._once(
            "sheets.spreadsheets.get",
            lambda: self._client.fetch_sheet_metadata(file_id, params={"fields": _INFO_FIELDS}),
            _info,
        )

    def _repeat(self, method: str, call: Callable[[], Any], read: Callable[[Any], T]) -> T:
        return retrying(lambda: self._once(method, call, read), self._sleep)

    @staticmethod
    def _once(method: str, call: Callable[[], Any], read: Callable[[Any], T]) -> T:
        with outside(method):
            answer = call()
        return understood(method, answer, read)


def quoted(tab: str) -> str:
    """A tab's name in A1 notation: always in single quotes, one inside doubled."""
    doubled = tab.replace("'", "''")
    return f"'{doubled}'"


def _a1(block: _Block) -> str:
    last_row, last_column = block.row + len(block.values) - 1, block.column + len(block.values[0]) - 1
    first, last = f"{column_letters(block.column)}{block.row}", f"{column_letters(last_column)}{last_row}"
    return f"{quoted(block.tab)}!{first}:{last}" if first != last else f"{quoted(block.tab)}!{first}"


def _blocks(cells: Sequence[CellWrite]) -> Iterator[_Block]:
    """The cells joined into rectangles: neighbours of a row first, then equally wide runs of rows below each other."""
    open_block: _Block | None = None
    for run in _runs(cells):
        if (
            open_block is not None
            and open_block.tab == run.tab
            and open_block.column == run.column
            and open_block.row + len(open_block.values) == run.row
            and len(open_block.values[0]) == len(run.values[0])
        ):
            open_block.values.extend(run.values)
            continue
        if open_block is not None:
            yield open_block
        open_block = run
    if open_block is not None:
        yield open_block


def _runs(cells: Sequence[CellWrite]) -> Iterator[_Block]:
    """Neighbouring cells of a row as one block each, ordered by tab, row and column."""
    # A None in the values would skip the cell (Sheets, "Update values"); "" clears it.
    values: dict[tuple[str, int, int], Cell] = {
        (one.tab, one.row, one.column): "" if one.value is None else one.value for one in cells
    }
    run: _Block | None = None
    for (tab, row, column), value in sorted(values.items(), key=lambda item: item[0]):
        if run is not None and (run.tab, run.row, run.column + len(run.values[0])) == (tab, row, column):
            run.values[0].append(value)
            continue
        if run is not None:
            yield run
        run = _Block(tab, row, column, [[value]])
    if run is not None:
        yield run


def _by_tab(answer: Any, tabs: Sequence[str]) -> dict[str, list[list[Cell]]]:
    """The values of grid data, as `values.batchGet` would give them."""
    found = {one["properties"]["title"]: one.get("data", [{}])[0].get("rowData", []) for one in answer["sheets"]}
    return {
        tab: _trimmed([_trimmed([_cell(cell) for cell in row.get("values", [])]) for row in found[tab]]) for tab in tabs
    }


def _trimmed(items: list[Any]) -> list[Any]:
    """Without what is empty at the end."""
    while items and items[-1] in ("", []):
        items.pop()
    return items


def _cell(cell: Any) -> Cell:
    value = cell.get("effectiveValue", {})
    if "errorValue" in value:
        return _ERRORS.get(value["errorValue"].get("type", ""), "#ERROR!")
    return next(iter(value.values()), "")


@contextmanager
def _naming_a_missing(tabs: Sequence[str]) -> Iterator[None]:
    """A refusal that is for one of these tabs, which is not there, as `MissingTab`."""
    try:
        yield
    except Refused as error:
        if (missing := _missing_tab(error, tabs)) is not None:
            raise missing from error
        raise


def _missing_tab(error: NotCarriedOut, tabs: Sequence[str]) -> MissingTab | None:
    """Sheets says of a tab it does not know: 400 `Unable to parse range: 'Deployments'`."""
    if error.status != 400 or "Unable to parse range" not in str(error):
        return None
    said = str(error).split("Unable to parse range", 1)[1]
    named = [tab for tab in tabs if quoted(tab) in said] or [tab for tab in tabs if tab in said] or list(tabs[:1])
    return MissingTab(named[0], method=error.method, status=error.status) if named else None


def _used(row: Sequence[Cell]) -> int:
    """Up to which cell of a row something stands; an unticked checkbox is something, too."""
    return max((number for number, cell in enumerate(row, start=1) if cell not in ("", None)), default=0)


def _info(answer: Any) -> SpreadsheetInfo:
    properties = answer["properties"]
    tabs = [_tab(one["properties"]) for one in answer.get("sheets", [])]
    return SpreadsheetInfo(
        title=properties["title"],
        time_zone=properties["timeZone"],
        locale=properties["locale"],
        tabs={tab.title: tab for tab in tabs},
    )


def _tab(properties: Any) -> TabInfo:
    grid = properties.get("gridProperties", {})
    return TabInfo(properties["sheetId"], properties["title"], grid.get("rowCount", 0), grid.get("columnCount", 0))
