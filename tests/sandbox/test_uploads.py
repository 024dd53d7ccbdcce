"""Resumable uploads, through Google's generated client over HTTP."""

from __future__ import annotations

import io
from typing import Any

import pytest
from googleapiclient.http import MediaIoBaseUpload
from mail_clients import mail
from workspace_clients import Person

PIECE = 256 * 1024
CONTENT = bytes(range(256)) * 1024 * 2 + b"the rest"


def start(person: Person, drive_id: str, **headers: str) -> str:
    answer = person.http.post(
        f"{person.origin}/upload/drive/v3/files?uploadType=resumable&supportsAllDrives=true&fields=id,name,size",
        json={"name": "artefact", "parents": [drive_id]},
        headers={"X-Upload-Content-Type": "application/zip", **headers},
    )
    assert (answer.status_code, answer.content) == (200, b"")
    return answer.headers["Location"]


def piece(person: Person, session: str, content: bytes, said: str) -> tuple[int, str]:
    answer = person.http.put(session, data=content, headers={"Content-Range": said})
    return answer.status_code, answer.headers.get("Range", "")


def test_the_client_uploads_in_pieces(ana: Person, drive_id: str) -> None:
    """Drive, "Upload file data", resumable upload: multiples of 256 KiB, 308 with Range until all is there."""
    media = MediaIoBaseUpload(io.BytesIO(CONTENT), "application/zip", chunksize=PIECE, resumable=True)
    request = ana.drive.files().create(
        body={"name": "artefact", "parents": [drive_id]}, media_body=media, supportsAllDrives=True, fields="*"
    )
    progress, answer = [], None
    while answer is None:
        status, answer = request.next_chunk()
        progress.append(status.resumable_progress if status else None)
    assert progress == [PIECE, 2 * PIECE, None]
    assert (answer["name"], answer["mimeType"], answer["size"]) == ("artefact", "application/zip", str(len(CONTENT)))
    assert ana.drive.files().get_media(fileId=answer["id"], supportsAllDrives=True).execute() == CONTENT
    assert ana.http.get(f"{ana.origin}/sandbox/calls").json()["drive.files.create"] == 1


def test_an_interrupted_upload_is_resumed_where_it_stopped(ana: Person, drive_id: str) -> None:
    """Drive, "Upload file data", resume an interrupted upload: `bytes */TOTAL` asks how much arrived."""
    session, total = start(ana, drive_id), len(CONTENT)
    assert piece(ana, session, b"", f"bytes */{total}") == (308, "")
    assert piece(ana, session, CONTENT[:PIECE], f"bytes 0-{PIECE - 1}/{total}") == (308, f"bytes=0-{PIECE - 1}")
    assert piece(ana, session, b"", f"bytes */{total}") == (308, f"bytes=0-{PIECE - 1}")
    answer = ana.http.put(
        session, data=CONTENT[PIECE:], headers={"Content-Range": f"bytes {PIECE}-{total - 1}/{total}"}
    )
    assert answer.json()["size"] == str(total)
    assert piece(ana, session, b"", f"bytes */{total}")[0] == 404


@pytest.mark.parametrize("said", ["bytes 5-14/20", "bytes 0-9/20", "bytes 0-7/8", "0-9"])
def test_a_piece_that_does_not_fit_is_refused(ana: Person, drive_id: str, said: str) -> None:
    """Drive, "Upload file data": pieces follow one another, and all but the last are multiples of 256 KiB."""
    assert piece(ana, start(ana, drive_id), b"x" * 10, said)[0] == 400


def test_a_session_ends_after_a_week(ana: Person, running: Any, drive_id: str) -> None:
    """Drive, "Upload file data": a resumable session URI expires after one week."""
    session = start(ana, drive_id)
    running.clock.forward(weeks=1)
    assert piece(ana, session, b"x", "bytes 0-0/1")[0] == 404


def test_what_is_wrong_is_said_before_the_content_is_sent(ana: Person) -> None:
    """Drive, "Upload file data": the initial request is answered like any other where it is wrong."""
    address = f"{ana.origin}/upload/drive/v3/files?uploadType=resumable"
    assert ana.http.post(address, json={"nam": "x"}).status_code == 400
    assert ana.http.post(f"{address}&nothing=1", json={}).status_code == 400
    assert ana.http.post(address, json={}, headers={"Authorization": "Bearer none"}).status_code == 401


def test_mail_is_uploaded_the_same_way(ana: Person) -> None:
    """Gmail, "Uploading attachments", resumable upload."""
    media = MediaIoBaseUpload(io.BytesIO(mail("bea@partner.example", "Long")), "message/rfc822", resumable=True)
    messages = ana.build("gmail", "v1").users().messages()
    sent = messages.send(userId="me", body={}, media_body=media).execute()
    assert sent["labelIds"] == ["SENT"]
