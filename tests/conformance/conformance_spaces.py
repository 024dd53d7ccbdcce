"""What the checks of each API work in, with the few calls that most of them make."""

from __future__ import annotations

import base64
from collections.abc import Callable
from email.message import EmailMessage
from itertools import count
from typing import Any

from conformance_place import FOLDER, SPREADSHEET, Person, Place
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaInMemoryUpload

Json = dict[str, Any]


class DriveSpace:
    """A folder in the shared drive."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.api = place.owner.drive
        self.drive_id = place.drive_id
        self._numbers = count(1)
        self._mine: list[str] = []
        self.folder = self.new(place.prefix, mimeType=FOLDER, parents=[place.drive_id])["id"]
        self._searched: str | None = None

    def name(self, stem: str = "file") -> str:
        """A name nothing else has."""
        return f"{self.place.prefix} {stem} {next(self._numbers)}"

    def new(self, name: str, fields: str = "id", content: bytes | None = None, **body: Any) -> Json:
        """A new file, in the folder unless `parents` say otherwise."""
        body = {"name": name, "parents": [getattr(self, "folder", "")], **body}
        media = None if content is None else MediaInMemoryUpload(content, mimetype=body.get("mimeType", "text/plain"))
        made: Json = (
            self.api.files().create(body=body, media_body=media, fields=fields, supportsAllDrives=True).execute()
        )
        return made

    def new_folder(self, **body: Any) -> str:
        return str(self.new(self.name("folder"), mimeType=FOLDER, **body)["id"])

    def new_mine(self, fields: str = "id", **body: Any) -> Json:
        """A new file in the owner's My Drive."""
        made: Json = self.api.files().create(body={"name": self.name("mine"), **body}, fields=f"id,{fields}").execute()
        self._mine.append(made["id"])
        return made

    def get(self, file_id: str, fields: str = "*", by: Person | None = None) -> Json:
        api = self.api if by is None else by.drive
        found: Json = api.files().get(fileId=file_id, fields=fields, supportsAllDrives=True).execute()
        return found

    def update(self, file_id: str, body: Json, fields: str = "*", by: Person | None = None, **more: Any) -> Json:
        api = self.api if by is None else by.drive
        return dict(
            api.files().update(fileId=file_id, body=body, fields=fields, supportsAllDrives=True, **more).execute()
        )

    def listing(self, query: str = "", by: Person | None = None, **more: Any) -> Any:
        """The request for a list of the shared drive."""
        params = {
            "corpora": "drive",
            "driveId": self.drive_id,
            "includeItemsFromAllDrives": True,
            "supportsAllDrives": True,
            **({"q": query} if query else {}),
            **more,
        }
        return (self.api if by is None else by.drive).files().list(**params)

    def found(self, query: str, **more: Any) -> list[str]:
        """The names of the files that a query finds, in the order of the answer."""
        return [one["name"] for one in self.listing(query, **more).execute()["files"]]

    def searched_folder(self) -> str:
        """A folder with a few files to search, made once."""
        if self._searched is None:
            inside = self.new_folder()
            self.new("HelloWorld", parents=[inside], content=b"x", description="An exceptional greeting")
            self.new("Hello there world", parents=[inside], mimeType=SPREADSHEET)
            self.new("Valentine's Day", parents=[inside], content=b"x", properties={"colour": "red", "size": "1"})
            self.new("back\\slash", parents=[inside], content=b"x", appProperties={"kind": "test"})
            self.new("report 2", parents=[inside], content=b"x", createdTime="2020-01-01T00:00:00Z", starred=True)
            self.new("report 10", parents=[inside], content=b"x", modifiedTime="2020-06-01T00:00:00Z")
            self.new("Archive", parents=[inside], mimeType=FOLDER)
            thrown = self.new("thrown away", parents=[inside], content=b"x")
            self.update(thrown["id"], {"trashed": True})
            self._searched = inside
        return self._searched

    def share(self, file_id: str, person: Person, role: str) -> Json:
        """A permission for the person, without a mail."""
        made: Json = (
            self.api.permissions()
            .create(
                fileId=file_id,
                body={"type": "user", "role": role, "emailAddress": person.address},
                sendNotificationEmail=False,
                supportsAllDrives=True,
                fields="*",
            )
            .execute()
        )
        return made

    def clean_up(self) -> None:
        for file_id in [*self._mine, self.folder]:
            _quietly(self.api.files().delete(fileId=file_id, supportsAllDrives=True))


class SheetsSpace:
    """Spreadsheets in the folder, one for each locale."""

    def __init__(self, place: Place, drive: DriveSpace) -> None:
        self.place = place
        self.drive = drive
        self.api = place.owner.sheets
        self._ids: dict[str, str] = {}
        self._numbers = count(1)

    def new(self) -> str:
        """The id of a new spreadsheet."""
        return str(self.drive.new(self.drive.name("spreadsheet"), mimeType=SPREADSHEET)["id"])

    def of_locale(self, locale: str) -> str:
        if locale not in self._ids:
            made = self.new()
            change = {"properties": {"locale": locale, "timeZone": "Europe/Madrid"}, "fields": "locale,timeZone"}
            body = {"requests": [{"updateSpreadsheetProperties": change}]}
            self.api.batchUpdate(spreadsheetId=made, body=body).execute()
            self._ids[locale] = made
        return self._ids[locale]

    def new_tab(self, locale: str) -> Tab:
        spreadsheet = self.of_locale(locale)
        properties = {"title": f"Check{next(self._numbers)}", "gridProperties": {"rowCount": 30, "columnCount": 12}}
        body = {"requests": [{"addSheet": {"properties": properties}}]}
        reply = self.api.batchUpdate(spreadsheetId=spreadsheet, body=body).execute()["replies"][0]
        return Tab(self, spreadsheet, reply["addSheet"]["properties"])


class Tab:
    """One tab of a spreadsheet, 30 rows by 12 columns."""

    def __init__(self, sheets: SheetsSpace, spreadsheet_id: str, properties: Json) -> None:
        self.sheets = sheets
        self.place = sheets.place
        self.api = sheets.api
        self.values = sheets.api.values()
        self.spreadsheet_id = spreadsheet_id
        self.id = properties["sheetId"]
        self.title = properties["title"]

    def at(self, a1: str) -> str:
        return f"{self.title}!{a1}"

    def put(self, a1: str, rows: list[list[Any]], option: str = "RAW", **more: Any) -> Json:
        body = {"values": rows}
        answer: Json = self.values.update(
            spreadsheetId=self.spreadsheet_id, range=self.at(a1), valueInputOption=option, body=body, **more
        ).execute()
        return answer

    def entered(self, text: Any) -> Any:
        """The value of a cell in which a person typed `text`."""
        self.put("A1", [[text]], "USER_ENTERED")
        return self.read("A1", valueRenderOption="UNFORMATTED_VALUE")[0][0]

    def answer(self, a1: str, **more: Any) -> Json:
        found: Json = self.values.get(spreadsheetId=self.spreadsheet_id, range=self.at(a1), **more).execute()
        return found

    def read(self, a1: str, **more: Any) -> list[list[Any]]:
        return list(self.answer(a1, **more).get("values", []))

    def shown(self, a1: str) -> Any:
        """The value of one cell as a person sees it."""
        rows = self.read(a1)
        return rows[0][0] if rows else ""

    def asking(self, *requests: Json, **more: Any) -> Any:
        return self.api.batchUpdate(spreadsheetId=self.spreadsheet_id, body={"requests": list(requests), **more})

    def do(self, *requests: Json) -> list[Json]:
        return list(self.asking(*requests).execute()["replies"])

    def range(self, row: int = 0, end_row: int = 1, column: int = 0, end_column: int = 1) -> Json:
        """A GridRange."""
        return {
            "sheetId": self.id,
            "startRowIndex": row,
            "endRowIndex": end_row,
            "startColumnIndex": column,
            "endColumnIndex": end_column,
        }

    def rows(self, start: int, end: int, dimension: str = "ROWS") -> Json:
        """A DimensionRange."""
        return {"sheetId": self.id, "dimension": dimension, "startIndex": start, "endIndex": end}

    def sheet(self, fields: str = "", ranges: str = "", **more: Any) -> Json:
        """The tab as `spreadsheets.get` gives it."""
        found = self.api.get(
            spreadsheetId=self.spreadsheet_id,
            fields=f"sheets(properties(sheetId),{fields or '*'})",
            **({"ranges": [self.at(ranges)]} if ranges else {}),
            **more,
        ).execute()
        return dict(next(one for one in found["sheets"] if one["properties"]["sheetId"] == self.id))

    def cell(self, a1: str, fields: str = "*") -> Json:
        """One cell as CellData."""
        data = self.sheet(f"data(rowData(values({fields})))", a1)["data"][0]
        rows = data.get("rowData") or [{}]
        return dict((rows[0].get("values") or [{}])[0])

    def remove(self) -> None:
        _quietly(self.asking({"deleteSheet": {"sheetId": self.id}}))


class CalendarSpace:
    """The owner's primary calendar."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.api = place.owner.calendar
        self.events = self.api.events()
        self._numbers = count(1)
        self._made: list[str] = []

    def title(self) -> str:
        """A summary no other event has."""
        return f"{self.place.prefix}event{next(self._numbers)}"

    def body(self, day: str = "2031-05-06", **more: Any) -> Json:
        """An event from nine to ten in Madrid."""
        return {
            "summary": self.title(),
            "start": {"dateTime": f"{day}T09:00:00", "timeZone": "Europe/Madrid"},
            "end": {"dateTime": f"{day}T10:00:00", "timeZone": "Europe/Madrid"},
            **more,
        }

    def all_day(self, first: str, after: str, **more: Any) -> Json:
        return {"summary": self.title(), "start": {"date": first}, "end": {"date": after}, **more}

    def add(self, body: Json | None = None, **params: Any) -> Json:
        made: Json = self.events.insert(calendarId="primary", body=body or self.body(), **params).execute()
        self.kept(made["id"])
        return made

    def kept(self, event_id: str) -> None:
        """To be removed at the end."""
        self._made.append(event_id)

    def get(self, event_id: str, by: Person | None = None) -> Json:
        events = self.events if by is None else by.calendar.events()
        return dict(events.get(calendarId="primary", eventId=event_id).execute())

    def patch(self, event_id: str, body: Json, by: Person | None = None, **params: Any) -> Json:
        events = self.events if by is None else by.calendar.events()
        return dict(events.patch(calendarId="primary", eventId=event_id, body=body, **params).execute())

    def delete(self, event_id: str, **params: Any) -> Any:
        return self.events.delete(calendarId="primary", eventId=event_id, **params).execute()

    def listed(self, **params: Any) -> list[Json]:
        """All events of all pages."""
        found: list[Json] = []
        request = self.events.list(calendarId="primary", **params)
        while request is not None:
            answer = request.execute()
            found += answer["items"]
            request = self.events.list_next(request, answer)
        return found

    def new_id(self, stem: str = "c0nf0rmance") -> str:
        """An id of one's own, in base32hex."""
        return f"{stem}{sum(map(ord, self.place.prefix))}{id(self):x}{next(self._numbers)}".replace("w", "a")

    def clean_up(self) -> None:
        for event_id in self._made:
            _quietly(self.events.delete(calendarId="primary", eventId=event_id, sendUpdates="none"))


class MailSpace:
    """The owner's mailbox."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.api = place.owner.gmail
        self.messages = self.api.messages()
        self.drafts = self.api.drafts()
        self.threads = self.api.threads()
        self._numbers = count(1)
        self._made: list[tuple[Person, str]] = []

    def subject(self) -> str:
        """A subject no other mail has, one word."""
        return f"{self.place.prefix.replace('-', '')}mail{next(self._numbers)}"

    def letter(self, subject: str = "", to: str | None = None, text: str = "It starts now.", **headers: str) -> bytes:
        """A message, to the owner unless said otherwise; `to=""` for nobody."""
        message = EmailMessage()
        receiver = self.place.owner.address if to is None else to
        if receiver:
            message["To"] = receiver
        message["Subject"] = subject or self.subject()
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        return message.as_bytes()

    def send(self, content: bytes, **more: str) -> Json:
        return self.kept(self.messages.send(userId="me", body=raw(content, **more)).execute())

    def draft(self, content: bytes, **more: str) -> Json:
        return dict(self.drafts.create(userId="me", body={"message": raw(content, **more)}).execute())

    def get(self, message_id: str, by: Person | None = None, **params: Any) -> Json:
        messages = self.messages if by is None else by.gmail.messages()
        return dict(messages.get(userId="me", id=message_id, **params).execute())

    def kept(self, message: Json, by: Person | None = None) -> Json:
        """The message, to be removed at the end."""
        self._made.append((by or self.place.owner, message["id"]))
        return message

    def found(self, query: str, by: Person | None = None, **params: Any) -> list[str]:
        messages = self.messages if by is None else by.gmail.messages()
        answer = messages.list(userId="me", q=query, **params).execute()
        return [one["id"] for one in answer.get("messages", [])]

    def arrived(self, subject: str, by: Person) -> Json:
        """The message with that subject in somebody's inbox, as soon as it is there."""
        found = self.place.eventually(lambda: self.found(f"in:inbox subject:{subject}", by))
        return self.kept(self.get(found[0], by), by)

    def clean_up(self) -> None:
        for person, message_id in self._made:
            _quietly(person.gmail.messages().delete(userId="me", id=message_id))


def raw(content: bytes, **more: str) -> Json:
    return {"raw": base64.urlsafe_b64encode(content).decode(), **more}


def header(message: Json, name: str) -> str:
    """The header's value, empty where there is none."""
    found = [one["value"] for one in message["payload"]["headers"] if one["name"].lower() == name.lower()]
    return found[0] if found else ""


def names(answer: Json, key: str = "files") -> list[str]:
    return [one["name"] for one in answer[key]]


def _quietly(request: Any, execute: Callable[[Any], Any] = lambda request: request.execute()) -> None:
    """Carry out a removal; what is gone already needs none."""
    try:
        execute(request)
    except HttpError:
        return
