"""Which method a request means, and whether it is one Google would take: read from Google's discovery documents.

The documents are those that google-api-python-client carries, so that a client built from them and this server
agree by construction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote

from googleapiclient.discovery_cache import get_static_doc

from workspace_sandbox import fields
from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.schemas import SchemaError, Schemas

_APIS = (("drive", "v3"), ("sheets", "v4"), ("calendar", "v3"), ("gmail", "v1"))
_VARIABLE = re.compile(r"\{(\+?)(\w+)\}")
_STRING: Mapping[str, Any] = {"type": "string"}
_GLOBAL: Mapping[str, Mapping[str, Any]] = {
    "$.xgafv": {"type": "string", "enum": ["1", "2"]},
    "alt": {"type": "string", "enum": ["json", "media", "proto"]},
    "prettyPrint": {"type": "boolean"},
    **dict.fromkeys(("access_token", "callback", "fields", "key", "oauth_token", "quotaUser"), _STRING),
    **dict.fromkeys(("uploadType", "upload_id", "upload_protocol", "userIp"), _STRING),
}
"""Parameters that every method takes; some are missing in some documents, and all are taken by all APIs."""
_NOT_THERE = {
    "access_token": "tokens anywhere but in the Authorization header",
    "callback": "answers as scripts (callback)",
    "oauth_token": "tokens anywhere but in the Authorization header",
}
"""Parameters of every method that the sandbox does not have, and what that is."""
_OVERLOOKED = {
    "drive.files.get": frozenset(("includeItemsFromAllDrives",)),
    "drive.permissions.create": frozenset(("withLink",)),
}
"""What gspread sends though no document has it, and Drive takes without a word: parameters and fields of the body.

https://github.com/burnash/gspread/blob/master/gspread/http_client.py; its recorded answers show that it works."""
_NULL_IS_UNSET = ("sheets", "gmail")
"""APIs whose bodies are protocol buffers: "null is an accepted value for all field types and treated as the default
value" (https://protobuf.dev/programming-guides/json/). In the others a null takes a value away."""


@dataclass(frozen=True)
class Method:
    """One method of a discovery document."""

    id: str
    api: str
    """`drive`, `sheets`, `calendar` or `gmail`."""
    verb: str
    parameters: Mapping[str, Mapping[str, Any]]
    request: str | None
    """The schema of the body."""
    response: str | None
    """The schema of the answer; None where there is none, as for most deletions."""
    takes_media: bool
    gives_media: bool
    scopes: tuple[str, ...]
    schemas: Schemas


@dataclass(frozen=True)
class Route:
    """A path of a method: the ordinary one or the one of uploads."""

    method: Method
    pattern: re.Pattern[str]
    literal: int
    """Characters of the path that are not variables: of several matching routes the most literal is meant."""
    upload: bool


@dataclass(frozen=True)
class Match:
    """A request's method with the variables of its path, decoded."""

    method: Method
    variables: Mapping[str, str]
    upload: bool


@cache
def routes() -> tuple[Route, ...]:
    """Every path of every method of the four APIs, the most literal first."""
    found = [route for api, version in _APIS for route in _routes_of(api, version)]
    return tuple(sorted(found, key=lambda route: -route.literal))


@cache
def method_ids() -> frozenset[str]:
    """The ids of all methods of the four APIs."""
    return frozenset(route.method.id for route in routes())


def schemas(api: str) -> Schemas:
    """The schemas of an API (`sheets`)."""
    return next(route.method.schemas for route in routes() if route.method.api == api)


def match(verb: str, raw_path: str) -> Match | None:
    """The method that `verb` and the still percent-encoded `raw_path` mean, or None."""
    for route in routes():
        if route.method.verb != verb:
            continue
        found = route.pattern.fullmatch(raw_path)
        if found:
            variables = {name: unquote(value) for name, value in found.groupdict().items()}
            return Match(route.method, variables, route.upload)
    return None


def typed_parameters(method: Method, variables: Mapping[str, str], query: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Path and query parameters by name, typed. Raises ApiError 400 for what Google would refuse.

    The parameters every method takes (`fields`, `alt`, …) stay strings; what is not given is left out.
    """
    typed: dict[str, Any] = {}
    for name, text in [*variables.items(), *query]:
        if name in _OVERLOOKED.get(method.id, ()):
            continue
        if name in _GLOBAL and name not in method.parameters:
            typed[name] = _for_every_method(name, text)
            continue
        known = method.parameters.get(name)
        if known is None or (known["location"] == "path") != (name in variables):
            raise _unknown_parameter(method, name)
        value = _typed(name, text, known)
        if known.get("repeated"):
            typed.setdefault(name, []).append(value)
        else:
            typed[name] = value
    for name, known in method.parameters.items():
        if known.get("required") and typed.get(name) in (None, ""):
            raise ApiError(400, "required", f"Required parameter: {name}")
    return typed


def checked_body(method: Method, body: Json) -> Json:
    """The body as the method takes it. Raises ApiError 400 where it is no instance of the method's request schema."""
    body = {name: value for name, value in body.items() if name not in _OVERLOOKED.get(method.id, ())}
    if method.api in _NULL_IS_UNSET:
        body = _without_nulls(body)
    if method.request is None:
        if body:
            name = next(iter(body))
            raise ApiError(
                400, "badRequest", f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
            )
        return body
    try:
        method.schemas.check(body, method.request)
    except SchemaError as error:
        raise ApiError(400, "badRequest", error.message) from None
    return body


def _without_nulls(value: Any) -> Any:
    """Without the fields that are null; in a list, as in one of cells, a null has its place."""
    if isinstance(value, dict):
        return {name: _without_nulls(one) for name, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def check_answer(method: Method, body: object) -> None:
    """Raise ApiError 500 where an answer of ours is not what the document promises: a fault of the sandbox."""
    if method.response is None:
        if body:
            raise ApiError(500, "internalError", f"Fault of the sandbox: {method.id} has no answer, but got one.")
        return
    try:
        method.schemas.check(body, method.response)
    except SchemaError as error:
        raise ApiError(
            500, "internalError", f"Fault of the sandbox in the answer of {method.id}: {error.message}"
        ) from None


def selected(method: Method, mask: str | None, body: Any) -> Any:
    """What the `fields` parameter leaves of an answer. Raises ApiError 400 for a field the schema lacks."""
    if not mask or method.response is None:
        return body
    parsed = fields.parse(mask)
    fields.check(parsed, method.schemas, method.response)
    return fields.apply(parsed, body)


def _typed(name: str, text: str, known: Mapping[str, Any]) -> str | int | bool:
    invalid = ApiError(400, "invalidParameter", f"Invalid value '{text}' for parameter {name}.")
    if known["type"] == "boolean":
        if text.lower() not in ("true", "false"):
            raise invalid
        return text.lower() == "true"
    if known["type"] == "integer":
        if not re.fullmatch(r"-?\d+", text):
            raise invalid
        number = int(text)
        if number < int(known.get("minimum", number)) or number > int(known.get("maximum", number)):
            raise ApiError(
                400,
                "invalidParameter",
                f"Invalid value '{text}' for parameter {name}. Values must be within the range: "
                f"[{known.get('minimum', '')}, {known.get('maximum', '')}]",
            )
        return number
    if "enum" in known and text not in known["enum"]:
        raise invalid
    return text


def _for_every_method(name: str, text: str) -> str:
    _typed(name, text, _GLOBAL[name])
    missing = _NOT_THERE.get(name) or (
        "answers as protocol buffers (alt=proto)" if (name, text) == ("alt", "proto") else ""
    )
    if missing:
        raise ApiError(501, "notImplemented", f"The sandbox does not have {missing}.")
    return text


def _unknown_parameter(method: Method, name: str) -> ApiError:
    return ApiError(
        400,
        "invalidParameter",
        f"Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter. Field '{name}' could "
        f"not be found in request message of {method.id}.",
    )


def _routes_of(api: str, version: str) -> Iterator[Route]:
    text = get_static_doc(api, version)
    if text is None:
        raise RuntimeError(f"google-api-python-client carries no document of {api} {version}; reinstall it.")
    document = json.loads(text)
    known = Schemas(document["schemas"])
    for raw in _methods(document):
        method = _method(api, raw, known)
        yield _route(method, "/" + document["servicePath"] + raw["path"], upload=False)
        for protocol in raw.get("mediaUpload", {}).get("protocols", {}).values():
            yield _route(method, protocol["path"], upload=True)


def _methods(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _methods(inner)


def _method(api: str, raw: Mapping[str, Any], schemas: Schemas) -> Method:
    return Method(
        id=raw["id"],
        api=api,
        verb=raw["httpMethod"],
        parameters=raw.get("parameters", {}),
        request=raw.get("request", {}).get("$ref"),
        response=raw.get("response", {}).get("$ref"),
        takes_media=bool(raw.get("supportsMediaUpload")),
        gives_media=bool(raw.get("supportsMediaDownload")),
        scopes=tuple(raw.get("scopes", ())),
        schemas=schemas,
    )


def _route(method: Method, path: str, *, upload: bool) -> Route:
    pattern, literal, end = "", 0, 0
    for variable in _VARIABLE.finditer(path):
        fixed = path[end : variable.start()]
        # `{+name}` may span several segments of the path (RFC 6570, reserved expansion).
        pattern += re.escape(fixed) + f"(?P<{variable[2]}>{'.+' if variable[1] else '[^/]+'})"
        literal += len(fixed)
        end = variable.end()
    fixed = path[end:]
    return Route(method, re.compile(pattern + re.escape(fixed)), literal + len(fixed), upload)
