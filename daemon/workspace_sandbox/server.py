"""HTTP in, HTTP out: one origin for the four APIs, their uploads and batches, `/token`, the pages and `/sandbox/…`.

What a request means is found in `discovery.py`, who sends it in `tokens.py`; what is done is a function registered
with `calls.method`.
"""

from __future__ import annotations

import io
import logging
import re
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from workspace_sandbox import discovery, multipart, pages, tokens, trouble, uploads
from workspace_sandbox.calendar import calendars, events
from workspace_sandbox.calls import HANDLERS, Answer, ApiError, Call, Json
from workspace_sandbox.drive import changes, file_methods, permissions, shared_drives
from workspace_sandbox.faults import DroppedConnectionError, Fault, Faults
from workspace_sandbox.founding import Founding
from workspace_sandbox.gmail import labels, messages, settings
from workspace_sandbox.quota import Quota
from workspace_sandbox.refusals import error_body
from workspace_sandbox.sheets import spreadsheets, values
from workspace_sandbox.workspace import Workspace

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_log = logging.getLogger(__name__)
_JSON = "application/json; charset=UTF-8"
MODULES = (
    *(changes, file_methods, permissions, shared_drives),
    *(spreadsheets, values),
    *(calendars, events),
    *(labels, messages, settings),
)
"""The modules that register the methods when they are imported."""
_ELSEWHERE = re.compile(
    r"/(upload/)?(?!drive/v3/|calendar/v3/|gmail/v1/)(drive|sheets|calendar|gmail|oauth2|docs|admin|people|tasks)/"
)
"""Paths of other versions and of other APIs of Google's."""
_LONGEST_BATCH = 100
"""Calls of one batch (https://developers.google.com/workspace/drive/api/guides/performance)."""


@dataclass(frozen=True)
class Incoming:
    """One request for an API, on its own or in a batch."""

    verb: str
    raw_path: str
    """Still percent-encoded."""
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    """Names in lower case."""
    content: bytes
    metadata: Json | None = None
    """The metadata of a resumable upload, whose content this is."""


class Sandbox:
    """The WSGI application. `found` puts a fresh workspace in place, at the start and after a reset.

    With a `quota`, calls beyond Google's published limits are refused; the pages' are not counted.

    A dropped connection (`POST /sandbox/faults`) leaves as DroppedConnectionError, which `serve` turns into a closed
    socket; whoever calls the application in-process gets the exception.
    """

    def __init__(
        self,
        workspace: Workspace,
        found: Callable[[Workspace], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        quota: Quota | None = None,
    ) -> None:
        self.workspace = workspace
        self.faults = Faults()
        self._quota = quota
        self._found = found or Founding()
        self._sleep = sleep
        self._counts: Counter[str] = Counter()
        with workspace.one_call():
            self._found(workspace)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        return self.respond(request)(environ, start_response)

    def respond(self, request: Request) -> Response:
        """The answer to any request; never an exception but DroppedConnectionError."""
        incoming = _incoming(request)
        try:
            return self._route(incoming, request)
        except DroppedConnectionError:
            raise
        except ApiError as error:
            return _refusal("", error)
        except Exception:
            _log.exception("%s %s failed", incoming.verb, incoming.raw_path)
            return _refusal("", _our_fault())

    def _route(self, incoming: Incoming, request: Request) -> Response:
        path = incoming.raw_path
        if path.startswith("/sandbox/"):
            return self._control(incoming)
        if path == "/token":
            return self._token(incoming, request)
        if path == "/batch" or path.startswith("/batch/"):
            return self._batch(incoming)
        upload_id = dict(incoming.query).get("upload_id")
        if upload_id is not None and incoming.verb == "PUT":
            return self._continue_upload(upload_id, incoming)
        if discovery.match(incoming.verb, path) is not None:
            if ("uploadType", "resumable") in incoming.query:
                return self._open_upload(incoming)
            return self.call(incoming)
        page = pages.page(request.path, request.args)
        if page is not None:
            return page
        if _ELSEWHERE.match(path):
            raise ApiError(
                501, "notImplemented", f"The sandbox has Drive v3, Sheets v4, Calendar v3 and Gmail v1, not {path}."
            )
        raise ApiError(404, "notFound", f"There is nothing at {incoming.verb} {path}.")

    def call(self, incoming: Incoming) -> Response:
        """The answer to one call of an API."""
        found = discovery.match(incoming.verb, incoming.raw_path)
        if found is None:
            raise ApiError(404, "notFound", f"There is nothing at {incoming.verb} {incoming.raw_path}.")
        method = found.method
        fault = None
        if "x-sandbox-page" not in incoming.headers:
            self._counts[method.id] += 1
            fault = self._meet(method.id)
        try:
            if fault is not None and fault.mode == "error":
                raise fault.error()
            response = self._carry_out(found, incoming)
        except ApiError as error:
            response = _refusal(method.api, error)
        except Exception:
            _log.exception("%s failed", method.id)
            response = _refusal(method.api, _our_fault())
        if fault is not None and fault.mode == "drop":
            raise DroppedConnectionError(f"{method.id} was carried out and is not answered.")
        return response

    def _meet(self, method_id: str) -> Fault | None:
        fault = self.faults.next_for(method_id)
        if fault is not None and fault.mode == "delay":
            self._sleep(fault.seconds)
        return fault

    def _carry_out(self, found: discovery.Match, incoming: Incoming) -> Response:
        method = found.method
        authorization = incoming.headers.get("authorization")
        with self.workspace.one_call():
            user = tokens.user_of(authorization, self.workspace)
            if self._quota is not None and "x-sandbox-page" not in incoming.headers:
                self._quota.take(method.id, user, self.workspace.clock())
            tokens.require_scope(authorization, method.scopes, self.workspace)
            params = discovery.typed_parameters(method, found.variables, incoming.query)
            if params.get("alt") == "media" and not method.gives_media:
                raise ApiError(400, "invalidParameter", f"{method.id} gives no media: alt=media is not possible.")
            body, media, media_type = _content(found, params, incoming)
            body = discovery.checked_body(method, body)
            handler = HANDLERS.get(method.id)
            if handler is None:
                raise ApiError(501, "notImplemented", f"The sandbox does not have {method.id}.")
            now = self.workspace.clock()
            app = tokens.app_of(authorization, self.workspace)
            call = Call(method.id, params, body, user, self.workspace, now, media, media_type, incoming.headers, app)
            given = handler(call)
            answer = given if isinstance(given, Answer) else Answer(given)
            return _answer(method, params, answer)

    def _open_upload(self, incoming: Incoming) -> Response:
        """Check what the call will be, and say where its content goes; the call is made once that is there."""
        found = discovery.match(incoming.verb, incoming.raw_path)
        assert found is not None
        try:
            with self.workspace.one_call():
                tokens.user_of(incoming.headers.get("authorization"), self.workspace)
                discovery.typed_parameters(found.method, found.variables, incoming.query)
                metadata = discovery.checked_body(found.method, multipart.json_object(incoming.content))
                address = uploads.opened(
                    self.workspace, incoming.verb, incoming.raw_path, incoming.query, incoming.headers, metadata
                )
        except ApiError as error:
            return _refusal(found.method.api, error)
        return Response(b"", headers={"Location": address})

    def _continue_upload(self, upload_id: str, incoming: Incoming) -> Response:
        with self.workspace.one_call():
            state = uploads.continued(self.workspace, upload_id, incoming.headers, incoming.content)
        if isinstance(state, int):
            received = {"Range": f"bytes=0-{state - 1}"} if state else {}
            return Response(b"", 308, headers=received)
        headers = {**incoming.headers, "authorization": state.authorization, "content-type": state.content_type}
        return self.call(Incoming(state.verb, state.raw_path, state.query, headers, state.content, state.metadata))

    def _token(self, incoming: Incoming, request: Request) -> Response:
        fault = self._meet("token")
        if fault is not None and fault.mode == "error":
            return _refusal("", fault.error())
        with self.workspace.one_call():
            form = dict(parse_qsl(incoming.content.decode("utf-8", "replace")))
            answer = tokens.grant(form, self.workspace)
        if fault is not None and fault.mode == "drop":
            raise DroppedConnectionError("The token was granted and is not answered.")
        return _json(answer.body, answer.status, answer.headers)

    def _batch(self, incoming: Incoming) -> Response:
        """Calls in one request, each answered on its own (multipart/mixed of application/http)."""
        parts = list(multipart.parts(incoming.headers.get("content-type", ""), incoming.content))
        if len(parts) > _LONGEST_BATCH:
            raise ApiError(400, "invalid", f"The batch request has more than {_LONGEST_BATCH} calls.")
        boundary = "batch_of_the_sandbox"
        out = io.BytesIO()
        for headers, content in parts:
            response = self._answer_part(_part(content, incoming))
            out.write(f"--{boundary}\r\nContent-Type: application/http\r\n".encode())
            if "content-id" in headers:
                out.write(f"Content-ID: <response-{headers['content-id'].strip().lstrip('<')}\r\n".encode())
            out.write(f"\r\nHTTP/1.1 {response.status}\r\n".encode())
            out.write("".join(f"{name}: {value}\r\n" for name, value in response.headers).encode())
            out.write(b"\r\n" + response.get_data() + b"\r\n")
        out.write(f"--{boundary}--\r\n".encode())
        return Response(out.getvalue(), content_type=f"multipart/mixed; boundary={boundary}")

    def _answer_part(self, incoming: Incoming) -> Response:
        try:
            return self.call(incoming)
        except ApiError as error:
            return _refusal("", error)

    def _control(self, incoming: Incoming) -> Response:
        """`/sandbox/…`, for tests: no authentication, nothing of it is counted."""
        asked = (incoming.verb, incoming.raw_path)
        if asked == ("GET", "/sandbox/calls"):
            return _json(dict(sorted(self._counts.items())))
        if asked == ("POST", "/sandbox/calls/reset"):
            self._counts.clear()
        elif asked == ("POST", "/sandbox/faults"):
            fault = multipart.json_object(incoming.content)
            self.faults.add(fault)
        elif asked == ("POST", "/sandbox/reset"):
            self.reset()
        elif incoming.verb == "POST" and self._trouble(incoming):
            pass
        elif asked == ("GET", "/sandbox/people"):
            with self.workspace.lock:
                return _json(pages.people(self.workspace))
        else:
            raise ApiError(404, "notFound", f"There is nothing at {incoming.verb} {incoming.raw_path}.")
        return _json({})

    def _trouble(self, incoming: Incoming) -> bool:
        with self.workspace.one_call():
            return trouble.make(incoming.raw_path, multipart.json_object(incoming.content), self.workspace)

    def reset(self) -> None:
        """A fresh workspace, no counts, no faults, nothing used of the quota."""
        with self.workspace.one_call():
            self.workspace.clear()
            self._found(self.workspace)
            self._counts.clear()
            self.faults.clear()
            if self._quota is not None:
                self._quota.clear()


def serve(sandbox: Sandbox, port: int = 0) -> BaseWSGIServer:
    """A server on 127.0.0.1 that accepts connections at once; `serve_forever` answers them, `port` is its port.

    With port 0 the system chooses one. Raises OSError where the port is taken.
    """
    # werkzeug ends the process with a message of its own where a port is taken; a bound socket avoids that.
    listener = socket.create_server(("127.0.0.1", port))
    try:
        server = make_server(
            "127.0.0.1",
            listener.getsockname()[1],
            sandbox,
            threaded=True,
            request_handler=_Handler,
            fd=listener.fileno(),
        )
    finally:
        listener.close()
    return server


class _Handler(WSGIRequestHandler):
    """Answers one connection after another request on it; werkzeug's own handler closes after each."""

    protocol_version = "HTTP/1.1"
    # Head and content go out as two writes: with Nagle's algorithm the second would wait for the first's receipt.
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.environ = environ = self.make_environ()
        stream = environ["wsgi.input"]
        chunked = environ.pop("wsgi.input_terminated", False)
        content = stream.read() if chunked else stream.read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(content)
        environ["CONTENT_LENGTH"] = str(len(content))
        try:
            response = self.server.app.respond(Request(environ))  # type: ignore[attr-defined]
        except DroppedConnectionError:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        body = b"" if self.command == "HEAD" else response.get_data()
        self.send_response(response.status_code)
        for name, value in response.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        _log.debug(message, *args)


def _incoming(request: Request) -> Incoming:
    raw = request.environ.get("REQUEST_URI") or quote(request.path)
    headers = {name.lower(): value for name, value in request.headers.items()}
    verb = request.method
    query = request.query_string.decode("utf-8", "replace")
    content = request.get_data(cache=True)
    if verb == "POST" and headers.get("x-http-method-override", "").upper() == "GET":
        # Where an address would be too long, Google's clients send its query as a form.
        verb, query, content = "GET", content.decode("utf-8", "replace"), b""
    return Incoming(
        verb, urlsplit("http://sandbox" + raw).path, parse_qsl(query, keep_blank_values=True), headers, content
    )


def _part(content: bytes, outer: Incoming) -> Incoming:
    """One call of a batch; the head of the batch holds for it where it says nothing of its own."""
    line, _, rest = content.lstrip(b"\r\n").partition(b"\n")
    words = line.decode("latin-1").split()
    if len(words) < 2:
        raise ApiError(400, "badContent", "A part of the batch is no HTTP request.")
    own, body = multipart.split_head(rest)
    headers = {name: value for name, value in outer.headers.items() if name in ("authorization", "x-sandbox-page")}
    address = urlsplit(words[1])
    query = parse_qsl(address.query, keep_blank_values=True)
    return Incoming(words[0].upper(), address.path, query, {**headers, **own}, body)


def _content(found: discovery.Match, params: Mapping[str, Any], incoming: Incoming) -> tuple[Json, bytes | None, str]:
    """Body, media and the media's type of a call."""
    content_type = incoming.headers.get("content-type", "")
    if not found.upload:
        if incoming.verb in ("GET", "DELETE") or not incoming.content:
            return {}, None, ""
        return multipart.json_object(incoming.content), None, ""
    kind = params.get("uploadType")
    if kind == "media":
        return {}, incoming.content, content_type or "application/octet-stream"
    if kind == "multipart":
        return multipart.upload(content_type, incoming.content)
    if kind == "resumable":
        # Only a session that has all its content comes here (`_continue_upload`).
        return incoming.metadata or {}, incoming.content, content_type
    raise ApiError(400, "required", "An upload needs uploadType: media, multipart or resumable.")


def _answer(method: discovery.Method, params: Mapping[str, Any], answer: Answer) -> Response:
    if isinstance(answer.body, bytes):
        return Response(answer.body, answer.status, headers=dict(answer.headers), content_type=answer.content_type)
    if answer.body is None:
        response = Response(b"", answer.status, headers=dict(answer.headers))
        del response.headers["Content-Type"]
        return response
    if answer.status < 300:
        discovery.check_answer(method, answer.body)
    body = discovery.selected(method, params.get("fields"), answer.body)
    response = _json(body, answer.status, answer.headers, pretty=params.get("prettyPrint") == "true")
    if answer.remember is not None:
        answer.remember(response.get_data())
    return response


def _json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None, *, pretty: bool = False) -> Response:
    text = msgspec.json.encode(body)
    if pretty:
        text = msgspec.json.format(text, indent=2)
    return Response(text, status, headers=dict(headers or {}), content_type=_JSON)


def _refusal(api: str, error: ApiError) -> Response:
    return _json(error_body(api, error), error.status)


def _our_fault() -> ApiError:
    return ApiError(500, "internalError", "The sandbox failed to answer this; its log says why.")
