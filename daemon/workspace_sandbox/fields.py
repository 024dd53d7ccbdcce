"""Partial answers: the `fields` parameter (`a,b(c,d/e),f/*`), parsed, checked against a schema and applied.

https://developers.google.com/workspace/drive/api/guides/fields-parameter. The newer APIs (Sheets, Gmail) also take
the dots of a protocol buffer's field mask (`sheets.properties`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workspace_sandbox.calls import ApiError
from workspace_sandbox.schemas import Schemas

Mask = dict[str, "Mask"]
"""Field -> what is wanted of it; an empty mask means all of it. The field `*` means every field."""


def parse(text: str) -> Mask:
    """The mask that a `fields` parameter spells. Raises ApiError 400 where it is not one."""
    mask, end = _parse_list(text, 0)
    if end != len(text):
        raise _invalid(text)
    return mask


def has(mask: Mask, *path: str) -> bool:
    """Whether anything at or below `path` is wanted."""
    if not path or not mask:
        return True
    inner = mask.get(path[0], mask.get("*"))
    return inner is not None and has(inner, *path[1:])


def below(mask: Mask, *path: str) -> Mask | None:
    """What is wanted of the field at `path`: an empty mask for all of it, None where it is not wanted."""
    for name in path:
        if not mask:
            return mask
        inner = mask.get(name, mask.get("*"))
        if inner is None:
            return None
        mask = inner
    return mask


def check(mask: Mask, schemas: Schemas, name: str) -> None:
    """Raise ApiError 400 where the mask names a field that the answer's schema does not have."""
    _check(mask, schemas, schemas.named(name), "")


def apply(mask: Mask, value: Any) -> Any:
    """What the mask leaves of an answer; of a list, what it leaves of every item."""
    if not mask:
        return value
    if isinstance(value, list):
        return [apply(mask, item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, item in value.items():
        inner = mask.get(name, mask.get("*"))
        if inner is not None:
            kept[name] = apply(inner, item)
    return kept


def _check(mask: Mask, schemas: Schemas, schema: Mapping[str, Any], path: str) -> None:
    schema = schemas.resolve(schema)
    while schema.get("type") == "array":
        schema = schemas.resolve(schema["items"])
    properties = schema.get("properties", {})
    for name, inner in mask.items():
        at = f"{path}/{name}" if path else name
        known = schema.get("additionalProperties") if name not in properties else properties[name]
        if name == "*":
            continue
        if known is None:
            raise _invalid(at)
        _check(inner, schemas, known, at)


def _parse_list(text: str, at: int) -> tuple[Mask, int]:
    mask: Mask = {}
    while True:
        at = _parse_path(text, at, mask)
        if at >= len(text) or text[at] != ",":
            return mask, at
        at += 1


def _parse_path(text: str, at: int, mask: Mask) -> int:
    """Read `a/b(c,d)` into `mask`; the position after it."""
    start = at
    while at < len(text) and text[at] not in ",()/.":
        at += 1
    name = text[start:at].strip()
    if not name:
        raise _invalid(text)
    seen = name in mask
    inner: Mask = {}
    if at < len(text) and text[at] in "/.":
        at = _parse_path(text, at + 1, inner)
    elif at < len(text) and text[at] == "(":
        inner, at = _parse_list(text, at + 1)
        if at >= len(text) or text[at] != ")":
            raise _invalid(text)
        at += 1
    if seen and (not inner or not mask[name]):
        mask[name] = {}
    else:
        _merge(mask.setdefault(name, {}), inner)
    return at


def _merge(into: Mask, other: Mask) -> None:
    for name, inner in other.items():
        if name in into and (not inner or not into[name]):
            into[name] = {}
        else:
            _merge(into.setdefault(name, {}), inner)


def _invalid(text: str) -> ApiError:
    return ApiError(400, "invalidParameter", f"Invalid field selection {text}")
