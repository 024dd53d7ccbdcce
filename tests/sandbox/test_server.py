"""HTTP, routing, validation, uploads, batches, faults and counts, through real clients over real HTTP."""

from __future__ import annotations

import http.client
import io
import time
from typing import Any

import pytest
import requests
from googleapiclient.http import BatchHttpRequest, MediaIoBaseUpload
from werkzeug.test import Client
from workspace_clients import SPREADSHEET, Person, message_of, refusal

from workspace_sandbox.calls import HANDLERS, Call


def calls(person: Person) -> dict[str, int]:
    return dict(person.http.get(f"{person.origin}/sandbox/calls").json())


def fault(person: Person, **asked: Any) -> None:
    answer = person.http.post(f"{person.origin}/sandbox/faults", json=asked)
    assert answer.status_code == 200, answer.text


def names(person: Person, drive_id: str) -> list[str]:
    found = person.drive.files().list(
        corpora="drive", driveId=drive_id, includeItemsFromAllDrives=True, supportsAllDrives=True
    )
    return sorted(one["name"] for one in found.execute()["files"])


def create(person: Person, drive_id: str, name: str = "new") -> Any:
    return person.drive.files().create(body={"name": name, "parents": [drive_id]}, supportsAllDrives=True)


def test_no_token_is_401_in_googles_shape(ana: Person) -> None:
    """Drive, "Resolve errors": 401 with reason authError."""
    answer = requests.get(f"{ana.origin}/drive/v3/files", timeout=10)
    assert answer.status_code == 401
    assert answer.json()["error"]["errors"][0]["reason"] == "authError"


def test_connections_are_kept_alive(ana: Person) -> None:
    """RFC 9112, section 9.3: HTTP/1.1 connections persist, also after a body and after a refusal."""
    connection = http.client.HTTPConnection(ana.origin.removeprefix("http://"), timeout=10)
    asked = {"Authorization": "Bearer ana@soffid.example"}
    sockets = []
    for verb, path, body in (("GET", "drives", None), ("POST", "nothing", b"x" * 10_000), ("GET", "drives", None)):
        connection.request(verb, f"/drive/v3/{path}", body, asked)
        sockets.append(connection.sock)
        connection.getresponse().read()
    assert connection.sock is not None
    assert sockets == [connection.sock] * 3
    connection.close()


def test_an_unknown_parameter_is_refused(ana: Person) -> None:
    """Brief of the sandbox: requests are held against the discovery documents."""
    answer = ana.http.get(f"{ana.origin}/drive/v3/files", params={"supportAllDrives": "true"})
    assert answer.status_code == 400
    assert "supportAllDrives" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("parameters", "named"),
    [({"pageSize": "many"}, "pageSize"), ({"pageSize": "1001"}, "pageSize"), ({"supportsAllDrives": "1"}, "supports")],
)
def test_a_parameter_of_the_wrong_kind_is_refused(ana: Person, parameters: dict[str, str], named: str) -> None:
    """Discovery document of Drive v3: type, minimum and maximum of the parameters of files.list."""
    answer = ana.http.get(f"{ana.origin}/drive/v3/files", params=parameters)
    assert answer.status_code == 400
    assert named in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"requests": [{"addSheet": {"proprties": {}}}]}, "Unknown name \"proprties\" at 'requests[0].addSheet'"),
        ({"requests": [{"addSheet": {"properties": {"title": 3}}}]}, "requests[0].addSheet.properties.title"),
        ({"requests": {}}, "Invalid value at 'requests'"),
    ],
)
def test_a_body_that_the_schema_does_not_allow_is_refused(
    ana: Person, sheet: str, body: dict[str, Any], sentence: str
) -> None:
    """Discovery document of Sheets v4, schema BatchUpdateSpreadsheetRequest."""
    answer = ana.http.post(f"{ana.origin}/v4/spreadsheets/{sheet}:batchUpdate", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert sentence in answer.json()["error"]["message"]


def test_what_is_not_built_says_so(ana: Person) -> None:
    """The sandbox never makes up a success: 501 with the name of what is missing."""
    request = ana.drive.comments().list(fileId="any", fields="comments")
    assert refusal(request) == (501, "notImplemented")
    assert "drive.comments.list" in message_of(request)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"alt": "xml"}, 400),
        ({"prettyPrint": "maybe"}, 400),
        ({"$.xgafv": "3"}, 400),
        ({"alt": "proto"}, 501),
        ({"callback": "f"}, 501),
        ({"access_token": "x"}, 501),
        ({"quotaUser": "x", "key": "y", "alt": "json"}, 200),
    ],
)
def test_the_parameters_of_every_method_are_looked_at(ana: Person, query: dict[str, str], status: int) -> None:
    """https://cloud.google.com/apis/docs/system-parameters, and `parameters` of the discovery documents."""
    assert ana.http.get(f"{ana.origin}/drive/v3/files", params=query, timeout=10).status_code == status


@pytest.mark.parametrize(
    ("path", "status"),
    [("/drive/v2/files", 501), ("/upload/drive/v2/files/1", 501), ("/drive/v3/filez", 404), ("/nowhere", 404)],
)
def test_another_version_is_not_there_and_a_wrong_path_is_not_found(ana: Person, path: str, status: int) -> None:
    assert ana.http.get(ana.origin + path, timeout=10).status_code == status


def test_fields_leave_what_is_asked_for(ana: Person, drive_id: str, sheet: str) -> None:
    """Drive, "Return specific fields": commas, slashes, parentheses; an unknown field is 400 invalidParameter."""
    files = ana.drive.files()
    found = files.get(fileId=sheet, supportsAllDrives=True, fields="name,capabilities(canEdit)").execute()
    assert found == {"name": "DIBA - Deployment log", "capabilities": {"canEdit": True}}
    found = files.get(fileId=sheet, supportsAllDrives=True, fields="capabilities/canEdit").execute()
    assert found == {"capabilities": {"canEdit": True}}
    assert refusal(files.get(fileId=sheet, supportsAllDrives=True, fields="nam")) == (400, "invalidParameter")


def test_a_multipart_upload_keeps_metadata_and_content(ana: Person, drive_id: str) -> None:
    """Drive, "Upload file data": multipart/related, metadata first; alt=media gives the content back."""
    content = bytes(range(256)) + b"\r\n--boundary\r\n\r\n"
    media = MediaIoBaseUpload(io.BytesIO(content), "application/octet-stream")
    body = {"name": "artefact", "parents": [drive_id]}
    made = ana.drive.files().create(body=body, media_body=media, supportsAllDrives=True, fields="id,size").execute()
    assert made["size"] == str(len(content))
    assert ana.drive.files().get_media(fileId=made["id"], supportsAllDrives=True).execute() == content


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
def test_an_upload_may_end_its_lines_either_way(ana: Person, drive_id: str, newline: bytes) -> None:
    """RFC 2046 wants CRLF; googleapiclient writes LF. What stands before the boundary's line break is content."""
    content = b"ends with a carriage return\r"
    lines = [
        b"--b",
        b"Content-Type: application/json",
        b"",
        b'{"name": "x", "parents": ["' + drive_id.encode() + b'"]}',
        b"--b",
        b"Content-Type: text/plain",
        b"",
        content,
        b"--b--",
    ]
    answer = ana.http.post(
        f"{ana.origin}/upload/drive/v3/files",
        params={"uploadType": "multipart", "supportsAllDrives": "true", "fields": "id,mimeType"},
        data=newline.join(lines),
        headers={"Content-Type": "multipart/related; boundary=b"},
    )
    made = answer.json()
    assert made["mimeType"] == "text/plain"
    assert ana.drive.files().get_media(fileId=made["id"], supportsAllDrives=True).execute() == content


def test_a_batch_answers_each_call_by_itself(ana: Person, drive_id: str, sheet: str) -> None:
    """Drive, "Send multiple operations at once": multipart/mixed, one answer per call, failures apart."""
    answers: dict[str, Any] = {}
    batch = BatchHttpRequest(lambda key, answer, error: answers.update({key: error or answer}))
    batch._batch_uri = f"{ana.origin}/batch/drive/v3"
    batch.add(ana.drive.files().get(fileId=sheet, supportsAllDrives=True), request_id="good")
    batch.add(ana.drive.files().get(fileId="nothing", supportsAllDrives=True), request_id="bad")
    batch.add(create(ana, drive_id), request_id="made")
    batch.execute(http=create(ana, drive_id).http)
    assert answers["good"]["id"] == sheet
    assert answers["bad"].status_code == 404
    assert answers["made"]["name"] == "new"


def test_a_long_query_may_be_posted(ana: Person, sheet: str) -> None:
    """googleapiclient sends a GET beyond 2,048 characters as POST with `x-http-method-override: GET`."""
    ranges = [f"Sheet1!A{row}:Z{row}" for row in range(1, 150)]
    found = ana.sheets.values().batchGet(spreadsheetId=sheet, ranges=ranges).execute()
    assert len(found["valueRanges"]) == 149


def test_calls_are_counted_by_method_but_not_those_of_pages(ana: Person, drive_id: str) -> None:
    """design.md: GET /sandbox/calls by method id."""
    before = calls(ana)
    names(ana, drive_id)
    ana.http.get(f"{ana.origin}/drive/v3/files", headers={"X-Sandbox-Page": "1"})
    assert calls(ana) == {**before, "drive.files.list": before.get("drive.files.list", 0) + 1}


def test_an_error_fault_does_nothing_and_ends_after_its_times(ana: Person, drive_id: str) -> None:
    """design.md: mode error answers instead of doing the work."""
    fault(ana, method="drive.files.create", mode="error", status=503, times=2)
    assert refusal(create(ana, drive_id))[0] == 503
    assert refusal(create(ana, drive_id)) == (503, "backendError")
    assert names(ana, drive_id) == []
    create(ana, drive_id).execute()
    assert names(ana, drive_id) == ["new"]


def test_a_dropped_call_is_carried_out_once_and_its_connection_cut(ana: Person, drive_id: str) -> None:
    """design.md: mode drop does the work and cuts the answer."""
    fault(ana, method="*", mode="drop")
    with pytest.raises(requests.ConnectionError):
        create(ana, drive_id).execute()
    assert names(ana, drive_id) == ["new"]


def test_a_delayed_call_waits_and_is_then_carried_out(ana: Person, drive_id: str) -> None:
    """design.md: mode delay waits `seconds`."""
    fault(ana, method="drive.files.create", mode="delay", seconds=0.05)
    started = time.monotonic()
    create(ana, drive_id).execute()
    assert time.monotonic() - started >= 0.05
    assert names(ana, drive_id) == ["new"]


def test_in_process_a_dropped_call_raises_after_the_work(ana: Person, running: Any, drive_id: str) -> None:
    """Without a socket to cut, whoever calls the application gets a ConnectionError."""
    fault(ana, method="drive.files.create", mode="drop")
    client = Client(running.sandbox)
    with pytest.raises(ConnectionError):
        client.post(
            "/drive/v3/files?supportsAllDrives=true",
            json={"name": "new", "parents": [drive_id]},
            headers={"Authorization": f"Bearer {ana.address}"},
        )
    assert names(ana, drive_id) == ["new"]


def test_a_fault_of_the_sandbox_is_500_in_json_and_logged(
    ana: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A client reads JSON whatever happens; who works on the sandbox reads the log."""

    def broken(call: Call) -> dict[str, Any]:
        raise KeyError("gone")

    monkeypatch.setitem(HANDLERS, "drive.about.get", broken)
    assert refusal(ana.drive.about().get(fields="user")) == (500, "internalError")
    assert "drive.about.get failed" in caplog.text


def test_an_answer_that_google_would_not_give_is_500_and_names_the_field(
    ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox's answers are held against the discovery documents too."""
    monkeypatch.setitem(HANDLERS, "drive.about.get", lambda call: {"user": {"emailAddress": 3}})
    said = message_of(ana.drive.about().get(fields="user"))
    assert said.startswith("Fault of the sandbox in the answer of drive.about.get")
    assert "user.emailAddress" in said


@pytest.mark.parametrize(
    "asked", [{}, {"method": "*", "mode": "explode"}, {"method": "*", "tims": 2}, {"method": "drive.file.list"}]
)
def test_a_fault_that_cannot_be_understood_is_refused(ana: Person, asked: dict[str, Any]) -> None:
    """A typing mistake in a test must not pass for a fault that never comes."""
    assert ana.http.post(f"{ana.origin}/sandbox/faults", json=asked).status_code == 400


def test_a_reset_leaves_the_shared_drive_alone(ana: Person, drive_id: str, sheet: str) -> None:
    """design.md: the shared drive `Soffid` is there from the start."""
    assert names(ana, drive_id) != []
    ana.http.post(f"{ana.origin}/sandbox/reset")
    assert names(ana, drive_id) == []
    assert [one["name"] for one in ana.drive.drives().list().execute()["drives"]] == ["Soffid"]


def test_the_whole_answer_fits_the_discovery_document(ana: Person, sheet: str) -> None:
    """The server answers 500 where an answer of its own deviates, so a success shows that it does not."""
    whole = ana.drive.files().get(fileId=sheet, supportsAllDrives=True, fields="*").execute()
    assert whole["mimeType"] == SPREADSHEET
    assert whole["version"] == "1"
