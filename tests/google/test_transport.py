"""What the transport promises: one request each, and an error that says whether it was carried out."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from google_helpers import Bearer, Patience
from scripted_server import Behaviour, Scripted, answer, cut, half, silence

from deploylog import errors
from deploylog.google.failures import outside
from deploylog.google.gmail import Gmail
from deploylog.google.transport import SheetsClient, Transport, as_object, build_service, execute, retrying


def refusal(status: int, reason: str, message: str = "No.", **headers: str) -> Behaviour:
    """An answer in the shape of Drive, Calendar and Gmail."""
    document = {"error": {"code": status, "message": message, "errors": [{"reason": reason}]}}
    return answer(status, document, {name.replace("_", "-"): value for name, value in headers.items()})


def newer_refusal(status: int, word: str, reason: str = "", message: str = "No.") -> Behaviour:
    """An answer in the shape of Sheets: `status`, and an ErrorInfo among `details`."""
    error: dict[str, Any] = {"code": status, "message": message, "status": word}
    if reason:
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]
    return answer(status, {"error": error})


def send_draft(transport: Transport) -> Any:
    return build_service("gmail", "v1", transport).users().drafts().send(userId="me", body={"id": "r1"})


def list_files(transport: Transport) -> Any:
    return build_service("drive", "v3", transport).files().list(q="trashed = false")


@pytest.mark.parametrize("behaviour", [cut, half, silence, answer(503, {}), answer(500, content=b"<html>")])
def test_a_write_without_a_whole_answer_is_in_doubt_and_was_sent_exactly_once(
    behaviour: Behaviour, server: Scripted, transport: Transport
) -> None:
    server.script = [behaviour]
    with pytest.raises(errors.InDoubt) as caught:
        execute(send_draft(transport), as_object)
    assert caught.value.method == "gmail.users.drafts.send"
    assert server.methods == ["POST"]
    assert str(caught.value).endswith("it may have been carried out.")


def test_a_write_over_a_kept_connection_that_is_cut_is_not_sent_again(server: Scripted, transport: Transport) -> None:
    server.script = [answer(200, {}), cut]
    execute(list_files(transport), as_object)
    with pytest.raises(errors.InDoubt):
        execute(send_draft(transport), as_object)
    assert server.methods == ["GET", "POST"]


def test_an_answer_that_is_not_json_is_in_doubt(server: Scripted, transport: Transport) -> None:
    server.script = [answer(200, content=b"<html>Please log in</html>")] * 2
    with pytest.raises(errors.InDoubt, match="cannot be read"):
        execute(send_draft(transport), as_object)
    with pytest.raises(errors.InDoubt, match="cannot be read"), outside("sheets.spreadsheets.get"):
        SheetsClient(transport).fetch_sheet_metadata("id")


def test_a_failure_while_an_earlier_one_is_handled_is_judged_by_itself(
    closed_origin: str, bearer: Bearer, server: Scripted, transport: Transport
) -> None:
    """Python chains the earlier error to the later one; a refused connection must not make a cut one look unsent."""
    server.script = [cut, silence]
    for _ in range(2):
        try:
            execute(send_draft(Transport(bearer, closed_origin)), as_object)
        except errors.NotCarriedOut:
            with pytest.raises(errors.InDoubt):
                execute(send_draft(transport), as_object)
    assert len(server.asked) == 2


def test_an_answer_without_what_it_should_hold_is_in_doubt(
    server: Scripted, transport: Transport, patience: Patience
) -> None:
    server.script = [answer(200, {"hello": "world"}), answer(200, ["?"])]
    for _ in range(2):
        with pytest.raises(errors.InDoubt, match="cannot be read"):
            Gmail(build_service("gmail", "v1", transport), patience).send_draft("r1")
    assert (len(server.asked), patience.waits) == (2, [])


def test_an_unreachable_endpoint_means_not_carried_out(closed_origin: str, bearer: Bearer) -> None:
    transport = Transport(bearer, closed_origin)
    with pytest.raises(errors.NotCarriedOut) as caught:
        execute(send_draft(transport), as_object)
    assert type(caught.value) is errors.NotCarriedOut
    assert str(caught.value) == (
        f"Gmail cannot be reached at {closed_origin} for gmail.users.drafts.send: Connection refused; "
        "check the network."
    )


def test_only_a_write_in_doubt_says_that_it_may_have_been_carried_out(server: Scripted, transport: Transport) -> None:
    server.script = [refusal(503, "backendError", "Backend Error"), cut] * 2
    said = []
    for make in (list_files, list_files, send_draft, send_draft):
        with pytest.raises(errors.InDoubt) as caught:
            execute(make(transport), as_object)
        said.append(str(caught.value))
    assert said[:2] == [
        "Drive answered 503 to drive.files.list: Backend Error.",
        f"Drive at {server.origin} hung up before the whole answer to drive.files.list.",
    ]
    assert all(one.endswith("; it may have been carried out.") for one in said[2:])


def test_a_name_that_is_not_known_means_not_carried_out(bearer: Bearer, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    transport = Transport(bearer, "http://workspace.example")
    transport.session.trust_env = False
    with pytest.raises(errors.NotCarriedOut, match=r"at http://workspace\.example .*: its name is not known"):
        execute(list_files(transport), as_object)


def test_a_proxy_that_cannot_be_reached_means_not_carried_out(
    closed_origin: str, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", closed_origin)
    transport = Transport(bearer)
    with pytest.raises(errors.NotCarriedOut, match="Connection refused"):
        execute(send_draft(transport), as_object)


@pytest.mark.parametrize("behaviour", [answer(407, {}), answer(503, {})])
def test_a_proxy_that_lets_nothing_through_means_not_carried_out(
    behaviour: Behaviour, server: Scripted, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.origin)
    server.script = [behaviour]
    with pytest.raises(errors.NotCarriedOut) as caught:
        execute(send_draft(Transport(bearer)), as_object)
    assert type(caught.value) is errors.NotCarriedOut
    assert server.methods == ["CONNECT"]


def test_a_loopback_endpoint_is_reached_without_the_proxy_of_the_environment(
    closed_origin: str, server: Scripted, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", closed_origin)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert execute(list_files(transport), as_object) == {}


def test_the_token_is_not_replaced_by_a_password_of_netrc(
    server: Scripted, transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    transport.session.trust_env = True  # as with an endpoint that is not loopback
    execute(list_files(transport), as_object)
    assert server.asked[0].headers["authorization"] == "Bearer deployments@soffid.example"


def test_a_401_is_answered_with_one_fresh_token_and_no_more(
    server: Scripted, transport: Transport, bearer: Bearer
) -> None:
    server.script = [refusal(401, "authError"), answer(200, {"files": []})]
    assert execute(list_files(transport), as_object) == {"files": []}
    assert bearer.refreshed == 1

    server.script = [refusal(401, "authError"), refusal(401, "authError", "Invalid Credentials")]
    with pytest.raises(errors.AccessDenied, match=r"Invalid Credentials; check google\.credentials\.$"):
        execute(list_files(transport), as_object)
    assert len(server.asked) == 4


def test_a_redirected_write_is_refused_and_not_followed(server: Scripted, transport: Transport) -> None:
    server.script = [answer(307, {}, {"Location": f"{server.origin}/elsewhere"})]
    with pytest.raises(errors.Refused, match=r"check google\.endpoint"):
        execute(send_draft(transport), as_object)
    assert len(server.asked) == 1


def test_a_redirected_write_of_gspread_is_refused_and_not_followed(server: Scripted, transport: Transport) -> None:
    server.script = [answer(308, {}, {"Location": f"{server.origin}/elsewhere"})]
    with pytest.raises(errors.Refused), outside("sheets.spreadsheets.batchUpdate"):
        SheetsClient(transport).batch_update("id", {"requests": []})
    assert len(server.asked) == 1


def test_a_redirected_read_is_followed(server: Scripted, transport: Transport) -> None:
    server.script = [answer(302, {}, {"Location": f"{server.origin}/elsewhere"}), answer(200, {"files": []})]
    assert execute(list_files(transport), as_object) == {"files": []}


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (refusal(429, "rateLimitExceeded"), errors.Busy),
        (newer_refusal(429, "RESOURCE_EXHAUSTED"), errors.Busy),
        (answer(429, content=b""), errors.Busy),
        (refusal(403, "rateLimitExceeded"), errors.Busy),
        (refusal(403, "userRateLimitExceeded"), errors.Busy),
        (newer_refusal(403, "RESOURCE_EXHAUSTED"), errors.Busy),
        (newer_refusal(403, "PERMISSION_DENIED", "RATE_LIMIT_EXCEEDED"), errors.Busy),
        (refusal(403, "dailyLimitExceeded"), errors.Refused),
        (refusal(403, "quotaExceeded"), errors.Refused),
        (refusal(400, "badRequest"), errors.Refused),
        (refusal(413, "uploadTooLarge"), errors.Refused),
        (refusal(400, "failedPrecondition"), errors.AccessDenied),
        (newer_refusal(400, "FAILED_PRECONDITION"), errors.AccessDenied),
        (refusal(403, "forbidden"), errors.AccessDenied),
        (answer(403, content=b"<html>"), errors.AccessDenied),
        (refusal(404, "notFound"), errors.NotFound),
        (refusal(409, "duplicate"), errors.Conflict),
        (refusal(410, "deleted"), errors.Gone),
        (refusal(412, "conditionNotMet"), errors.Changed),
        (refusal(408, "timeout"), errors.InDoubt),
        (answer(502, [{"error": "?"}]), errors.InDoubt),
    ],
)
def test_every_refusal_has_its_error(
    behaviour: Behaviour, expected: type[errors.OutsideError], server: Scripted, transport: Transport
) -> None:
    server.script = [behaviour]
    with pytest.raises(errors.OutsideError) as caught:
        execute(send_draft(transport), as_object)
    assert type(caught.value) is expected
    assert caught.value.status >= 400
    assert len(server.asked) == 1


def test_failed_precondition_is_about_access_for_gmail_only(server: Scripted, transport: Transport) -> None:
    server.script = [refusal(400, "failedPrecondition")]
    with pytest.raises(errors.Refused) as caught:
        execute(list_files(transport), as_object)
    assert type(caught.value) is errors.Refused


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        (
            refusal(403, "forbidden", "The user\ndoes not  have\taccess."),
            "Drive answered 403 to drive.files.list: The user does not have access; make the service account a member "
            "of the shared drive.",
        ),
        (
            refusal(403, "accessNotConfigured", "Drive API has not been used."),
            "Drive answered 403 to drive.files.list: Drive API has not been used; enable the Drive API in the Google "
            "Cloud project of google.credentials, at console.cloud.google.com/apis/library/drive.googleapis.com.",
        ),
        (
            newer_refusal(403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "Insufficient scopes."),
            "Drive answered 403 to drive.files.list: Insufficient scopes; allow the scopes for Drive that `deploylog "
            "doctor` lists.",
        ),
        (
            refusal(404, "notFound", "File not found: 1a."),
            "Drive answered 404 to drive.files.list: File not found: 1a.",
        ),
        (answer(404, content=b"<html>" + b"x" * 9000), "Drive answered 404 to drive.files.list: Not Found."),
    ],
)
def test_a_refusal_says_who_answered_what_and_what_to_do(
    behaviour: Behaviour, sentence: str, server: Scripted, transport: Transport
) -> None:
    server.script = [behaviour]
    with pytest.raises(errors.Refused) as caught:
        execute(list_files(transport), as_object)
    assert str(caught.value) == sentence


DATE = "Tue, 24 Nov 2026 02:00:00 GMT"


@pytest.mark.parametrize(
    ("behaviour", "seconds"),
    [
        (refusal(429, "rateLimitExceeded", Retry_After="17"), 17.0),
        (refusal(429, "rateLimitExceeded", Retry_After="Tue, 24 Nov 2026 02:00:20 GMT"), 20.0),
        # Gmail names the instant in its message only.
        (
            refusal(429, "rateLimitExceeded", "User-rate limit exceeded.  Retry after 2026-11-24T02:15:00.500Z"),
            900.5,
        ),
        (refusal(429, "rateLimitExceeded"), 0.0),
        (refusal(429, "rateLimitExceeded", Retry_After="soon"), 0.0),
    ],
)
def test_busy_says_how_long_to_wait(
    behaviour: Behaviour, seconds: float, server: Scripted, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripted_server.Handler.date_time_string", lambda *_: DATE)
    server.script = [behaviour]
    with pytest.raises(errors.Busy) as caught:
        execute(send_draft(transport), as_object)
    assert caught.value.retry_after == seconds


def test_gspread_speaks_to_the_endpoint_with_the_same_token_and_errors(server: Scripted, transport: Transport) -> None:
    client = SheetsClient(transport)
    assert client.values_batch_get("1a", ["'A B'", "C"], params={"majorDimension": "ROWS"}) == {}
    assert server.asked[0].path == "/v4/spreadsheets/1a/values:batchGet?majorDimension=ROWS&ranges=%27A+B%27&ranges=C"
    assert server.asked[0].headers["authorization"] == "Bearer deployments@soffid.example"
    server.script = [newer_refusal(429, "RESOURCE_EXHAUSTED"), cut, silence]
    for expected in (errors.Busy, errors.InDoubt, errors.InDoubt):
        with pytest.raises(expected), outside("sheets.spreadsheets.batchUpdate"):
            client.batch_update("1a", {"requests": []})
    assert server.methods == ["GET", "POST", "POST", "POST"]


def test_every_address_of_the_services_leads_to_the_endpoint(server: Scripted, transport: Transport) -> None:
    for name, version, path in (
        ("drive", "v3", "/drive/v3/"),
        ("calendar", "v3", "/calendar/v3/"),
        ("gmail", "v1", "/"),
        ("sheets", "v4", "/"),
    ):
        service = build_service(name, version, transport)
        assert service._baseUrl == f"{server.origin}{path}"
        assert service._rootDesc["rootUrl"] == f"{server.origin}/"
        assert "mtlsRootUrl" not in service._rootDesc


def test_without_an_endpoint_the_services_speak_to_google_also_where_the_environment_wants_mtls(
    bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_API_USE_MTLS_ENDPOINT", "always")
    transport = Transport(bearer)
    assert build_service("drive", "v3", transport)._baseUrl == "https://www.googleapis.com/drive/v3/"
    assert transport.address("https://sheets.googleapis.com/v4/a?b=c") == "https://sheets.googleapis.com/v4/a?b=c"


def test_a_read_with_a_long_address_stays_a_read(server: Scripted, transport: Transport) -> None:
    files = build_service("drive", "v3", transport).files()
    execute(files.list(q=f"name = '{'x' * 2100}'"), as_object)
    assert server.asked[0].headers["x-http-method-override"] == "GET"
    assert b"x" * 2100 in server.asked[0].body


def test_words_beyond_ascii_arrive_whole(server: Scripted, transport: Transport) -> None:
    files = build_service("drive", "v3", transport).files()
    execute(files.create(body={"name": "Añil · càlcul"}), as_object)
    assert json.loads(server.asked[0].body) == {"name": "Añil · càlcul"}


class Failing:
    """A call that raises these errors, one after the other, then gives 7."""

    def __init__(self, *raised: Exception) -> None:
        self.raised = list(raised)
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        if self.raised:
            raise self.raised.pop(0)
        return 7


def test_retrying_repeats_what_passes(patience: Patience) -> None:
    call = Failing(errors.NotCarriedOut("unreached"), errors.InDoubt("503"), errors.Busy("429"))
    assert retrying(call, patience, random_part=lambda: 1.0) == 7
    assert patience.waits == [1.0, 2.0, 4.0]


def test_retrying_waits_as_long_as_the_service_asks(patience: Patience) -> None:
    call = Failing(errors.Busy("429", retry_after=12), errors.Busy("429", retry_after=1))
    assert retrying(call, patience, random_part=lambda: 1.0) == 7
    assert patience.waits == [12, 2.0]


def test_retrying_leaves_a_long_wait_to_the_caller(patience: Patience) -> None:
    call = Failing(errors.Busy("429", retry_after=900))
    with pytest.raises(errors.Busy):
        retrying(call, patience)
    assert (call.calls, patience.waits) == (1, [])


@pytest.mark.parametrize("kind", [errors.Refused, errors.NotFound, errors.AccessDenied, errors.Conflict])
def test_retrying_never_repeats_a_refusal(kind: type[errors.Refused], patience: Patience) -> None:
    call = Failing(kind("no"))
    with pytest.raises(kind):
        retrying(call, patience)
    assert (call.calls, patience.waits) == (1, [])


def test_retrying_gives_up_with_the_last_error_and_never_waits_longer_than_half_a_minute(
    patience: Patience,
) -> None:
    call = Failing(*[errors.InDoubt(str(number)) for number in range(9)])
    with pytest.raises(errors.InDoubt, match=r"^8$"):
        retrying(call, patience, attempts=9, random_part=lambda: 1.0)
    assert patience.waits == [1, 2, 4, 8, 16, 30, 30, 30]


def test_retrying_spreads_its_waits(patience: Patience) -> None:
    parts = iter([0.0, 0.5, 0.25])
    retrying(Failing(*[errors.InDoubt("503")] * 3), patience, random_part=lambda: next(parts))
    assert patience.waits == [0.0, 1.0, 1.0]
