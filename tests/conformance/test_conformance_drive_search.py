"""Drive: lists, their pages and their order, and the search language."""

from __future__ import annotations

from typing import Any

import pytest
from conformance_checks import check, table
from conformance_pages import FIELDS, FILE, SEARCH, SEARCH_TERMS, SHARED_DRIVES
from conformance_place import SPREADSHEET, refusal, status
from conformance_spaces import DriveSpace, names

LIST = FILE + "/list"
HELLO, THERE, VALENTINE, SLASH = "HelloWorld", "Hello there world", "Valentine's Day", "back\\slash"
TWO, TEN, ARCHIVE, THROWN = "report 2", "report 10", "Archive", "thrown away"
EVERYTHING = [HELLO, THERE, VALENTINE, SLASH, TWO, TEN, ARCHIVE, THROWN]


@table(
    "drive.files.list",
    SEARCH_TERMS,
    ("query", "wanted"),
    {
        "name = compares the whole name": ("name = 'HelloWorld'", [HELLO]),
        "name != is the opposite": ("name != 'HelloWorld' and name contains 'Hello'", [THERE]),
        "name contains matches the beginning of a name": ("name contains 'Hello'", [HELLO, THERE]),
        "name contains does not match the middle of a word": ("name contains 'World'", [THERE]),
        "name contains matches in the middle of a name where a word begins": ("name contains 'there'", [THERE]),
        "name contains finds nothing where the text is not there": ("name contains 'absent'", []),
        "fullText contains searches names too": ("fullText contains 'HelloWorld'", [HELLO]),
        "fullText contains matches whole words only": ("fullText contains 'HelloWor'", []),
        "fullText contains searches descriptions": ("fullText contains 'exceptional'", [HELLO]),
        "fullText contains with double quotes matches a phrase": ("fullText contains '\"Hello there\"'", [THERE]),
        "fullText contains with double quotes heeds the order": ("fullText contains '\"there Hello\"'", []),
        "an apostrophe is escaped with a backslash": (r"name = 'Valentine\'s Day'", [VALENTINE]),
        "a backslash is escaped with a backslash": (r"name = 'back\\slash'", [SLASH]),
        "mimeType = finds a type": (f"mimeType = '{SPREADSHEET}'", [THERE]),
        "mimeType contains finds a family of types": (
            "mimeType contains 'application/vnd.google-apps'",
            [THERE, ARCHIVE],
        ),
        "mimeType != leaves a type out": ("mimeType != 'text/plain'", [THERE, ARCHIVE]),
        "trashed = true finds what is in the trash": ("trashed = true", [THROWN]),
        "trashed = false leaves the trash out": ("trashed = false and name contains 'thrown'", []),
        "starred = true finds what is starred": ("starred = true", [TWO]),
        "modifiedTime compares RFC 3339 dates": ("modifiedTime < '2020-06-02T00:00:00'", [TEN]),
        "modifiedTime takes an offset": ("modifiedTime <= '2020-06-01T02:00:00+02:00'", [TEN]),
        "createdTime compares RFC 3339 dates": ("createdTime < '2020-01-02T00:00:00Z'", [TWO]),
        "properties has finds a public property": ("properties has { key='colour' and value='red' }", [VALENTINE]),
        "properties has compares the value": ("properties has { key='colour' and value='blue' }", []),
        "appProperties has finds a private property": ("appProperties has { key='kind' and value='test' }", [SLASH]),
        "properties has does not find private properties": ("properties has { key='kind' and value='test' }", []),
        "not negates": ("not name contains 'o' and not name contains 'report' and trashed = false", None),
        "or joins alternatives": ("name = 'HelloWorld' or name = 'Archive'", [HELLO, ARCHIVE]),
        "brackets group": ("(name = 'Archive' or name contains 'report') and starred = true", [TWO]),
    },
)
def test_search(drive: DriveSpace, query: str, wanted: list[str] | None) -> None:
    inside = drive.searched_folder()
    if wanted is None:
        wanted = [HELLO, THERE, VALENTINE, SLASH, ARCHIVE]
    both = f"'{inside}' in parents and ({query})"
    drive.place.eventually(lambda: sorted(drive.found(both)) == sorted(wanted))


@check("drive.files.list", SEARCH_TERMS, "'ID' in parents finds what lies directly in a folder")
def test_a_folder_has_what_lies_in_it(drive: DriveSpace) -> None:
    inside = drive.searched_folder()
    assert sorted(drive.found(f"'{inside}' in parents")) == sorted(EVERYTHING)
    assert drive.found(f"'{drive.folder}' in parents and name = 'Archive'") == []


@check("drive.files.list", SEARCH, "'root' in parents means the user's My Drive")
def test_root_is_my_drive(drive: DriveSpace) -> None:
    made = drive.new_mine("name", mimeType=SPREADSHEET)
    query = f"'root' in parents and name = '{made['name']}'"
    drive.place.eventually(lambda: names(drive.api.files().list(q=query).execute()) == [made["name"]])


@check("drive.files.list", SEARCH_TERMS, "'me' in owners and 'ADDRESS' in owners find one's own files")
def test_owners_are_searched(drive: DriveSpace) -> None:
    made = drive.new_mine("name", mimeType=SPREADSHEET)
    query = f"'{drive.place.owner.address}' in owners and name = '{made['name']}'"
    drive.place.eventually(lambda: names(drive.api.files().list(q=query).execute()) == [made["name"]])
    assert names(drive.api.files().list(q=query.replace(drive.place.owner.address, "me")).execute()) == [made["name"]]


@check("drive.files.list", SEARCH_TERMS, "sharedWithMe finds what others shared with the user")
def test_what_is_shared_is_found(drive: DriveSpace) -> None:
    outsider = drive.place.person("outsider")
    made = drive.new_mine("name", mimeType=SPREADSHEET)
    drive.share(made["id"], outsider, "reader")
    query = f"sharedWithMe and name = '{made['name']}'"
    drive.place.eventually(lambda: names(outsider.drive.files().list(q=query).execute()) == [made["name"]])
    assert names(drive.api.files().list(q=query).execute()) == []


@pytest.mark.parametrize(
    "query", ["name", "name = 'a", "name = a", "name like 'a'", "colour = 'red'", "name = 'a' and", "trashed = 'yes'"]
)
@check("drive.files.list", SEARCH, "a query that is none is refused: 400 invalid")
def test_a_query_that_is_none_is_refused(drive: DriveSpace, query: str) -> None:
    assert refusal(drive.listing(query)) == (400, "invalid")


@check("drive.files.list", LIST, "all files are listed, trashed ones included")
def test_the_trash_is_listed(drive: DriveSpace) -> None:
    assert THROWN in drive.found(f"'{drive.searched_folder()}' in parents")


@table(
    "drive.files.list",
    LIST,
    ("order", "wanted"),
    {
        "orderBy name sorts by name": ("name", [ARCHIVE, TEN, TWO]),
        "orderBy with desc turns the order round": ("name desc", [TWO, TEN, ARCHIVE]),
        "orderBy name_natural sorts numbers by their value": ("name_natural", [ARCHIVE, TWO, TEN]),
        "orderBy modifiedTime sorts the oldest first": ("modifiedTime", [TEN, TWO, ARCHIVE]),
        "orderBy createdTime sorts the oldest first": ("createdTime", [TWO, TEN, ARCHIVE]),
        "orderBy folder puts folders first": ("folder,name desc", [ARCHIVE, TWO, TEN]),
        "orderBy takes several keys": ("starred desc,name", [TWO, ARCHIVE, TEN]),
    },
)
def test_order(drive: DriveSpace, order: str, wanted: list[str]) -> None:
    query = f"'{drive.searched_folder()}' in parents and (name contains 'report' or name = 'Archive')"
    assert drive.found(query, orderBy=order) == wanted


@check("drive.files.list", LIST, "an unknown sort key is refused: 400")
def test_an_unknown_order_is_refused(drive: DriveSpace) -> None:
    assert status(drive.listing(orderBy="colour")) == 400


@check("drive.files.list", LIST, "pageSize cuts the list, nextPageToken goes on, the last page has none")
def test_pages_follow_each_other(drive: DriveSpace) -> None:
    query = f"'{drive.searched_folder()}' in parents"
    found: list[str] = []
    sizes: list[int] = []
    request = drive.listing(query, pageSize=3)
    while request is not None:
        answer = request.execute()
        sizes.append(len(answer["files"]))
        found += names(answer)
        request = drive.api.files().list_next(request, answer)
    assert sorted(found) == sorted(EVERYTHING)
    assert sizes == [3, 3, 2]


@table(
    "drive.files.list",
    LIST,
    ("size",),
    {"pageSize is at least 1": (0,), "pageSize is at most 1000": (1001,)},
)
def test_the_size_of_a_page_has_bounds(drive: DriveSpace, size: int) -> None:
    assert status(drive.listing(pageSize=size)) == 400


@check("drive.files.list", LIST, "a page token that is none is refused: 400")
def test_a_page_token_that_is_none_is_refused(drive: DriveSpace) -> None:
    assert status(drive.listing(pageToken="nonsense")) == 400


@check("drive.files.list", FIELDS, "`files(id)` chooses fields of each file; the rest of the answer is left out")
def test_fields_of_files_are_chosen(drive: DriveSpace) -> None:
    query = f"'{drive.searched_folder()}' in parents"
    answer: Any = drive.listing(query, pageSize=1, fields="files(id)").execute()
    assert set(answer) == {"files"}
    assert set(answer["files"][0]) == {"id"}


@check("drive.files.list", SHARED_DRIVES, "without includeItemsFromAllDrives there is nothing of shared drives")
def test_shared_drives_are_asked_for(drive: DriveSpace) -> None:
    drive.searched_folder()
    assert names(drive.api.files().list(q="name = 'HelloWorld'").execute()) == []
    answer = drive.api.files().list(
        q="name = 'HelloWorld'", corpora="allDrives", includeItemsFromAllDrives=True, supportsAllDrives=True
    )
    assert HELLO in names(answer.execute())


@table(
    "drive.files.list",
    SHARED_DRIVES,
    ("params",),
    {
        "corpora=drive needs a driveId": (
            {"corpora": "drive", "includeItemsFromAllDrives": True, "supportsAllDrives": True},
        ),
        "includeItemsFromAllDrives needs supportsAllDrives": ({"includeItemsFromAllDrives": True},),
        "an unknown corpora is refused": ({"corpora": "everything"},),
    },
)
def test_a_list_that_makes_no_sense_is_refused(drive: DriveSpace, params: dict[str, Any]) -> None:
    assert status(drive.api.files().list(**params)) in (400, 403)


@check("drive.files.list", SHARED_DRIVES, "an unknown shared drive is refused: 404")
def test_an_unknown_drive_is_refused(drive: DriveSpace) -> None:
    assert status(drive.listing(driveId="0AnothingHasThisIdPVA")) == 404


@check("drive.drives.list", SEARCH, "shared drives are searched by name")
def test_drives_are_searched(drive: DriveSpace) -> None:
    name = drive.api.drives().get(driveId=drive.drive_id).execute()["name"]
    found = drive.api.drives().list(q=f"name = '{name}'").execute()
    assert [one["id"] for one in found["drives"]] == [drive.drive_id]
    assert drive.api.drives().list(q="name = 'nothing has this name'").execute()["drives"] == []
