"""One set-up per API for the whole session: a folder, a spreadsheet, a calendar and a mailbox to check in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conformance_place import Place
from conformance_place import place as the_place
from conformance_spaces import CalendarSpace, DriveSpace, MailSpace, SheetsSpace, Tab


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    with the_place() as found:
        yield found


@pytest.fixture(scope="session")
def drive(place: Place) -> Iterator[DriveSpace]:
    space = DriveSpace(place)
    yield space
    space.clean_up()


@pytest.fixture(scope="session")
def sheets(place: Place, drive: DriveSpace) -> SheetsSpace:
    return SheetsSpace(place, drive)


@pytest.fixture
def tab(sheets: SheetsSpace) -> Iterator[Tab]:
    """An empty tab of a spreadsheet with the locale en_US, in which the documentation's examples are written."""
    found = sheets.new_tab("en_US")
    yield found
    found.remove()


@pytest.fixture
def spanish_tab(sheets: SheetsSpace) -> Iterator[Tab]:
    """An empty tab of a spreadsheet with the locale es_ES."""
    found = sheets.new_tab("es_ES")
    yield found
    found.remove()


@pytest.fixture(scope="session")
def calendar(place: Place) -> Iterator[CalendarSpace]:
    space = CalendarSpace(place)
    yield space
    space.clean_up()


@pytest.fixture(scope="session")
def mail(place: Place) -> Iterator[MailSpace]:
    space = MailSpace(place)
    yield space
    space.clean_up()
