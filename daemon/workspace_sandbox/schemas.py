"""Holds JSON against the schemas of a discovery document: what callers send, and what this server answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_INT32 = (-(2**31), 2**31 - 1)
_DIGITS = re.compile(r"-?\d+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:?\d{2})?")
_STRING_FORMATS = {"date": _DATE, "date-time": _DATE_TIME, "google-datetime": _DATE_TIME}

_Accepts = Callable[[object, set[tuple[int, int]]], bool]
"""Whether a value is an instance; the set holds objects already looked at."""


class SchemaError(Exception):
    """A value that the schema does not allow; the message is Google's sentence, `path` where it stands."""

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


class Schemas:
    """The schemas of one discovery document, by name."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._schemas = schemas
        self._accepting: dict[int, _Accepts] = {}

    def named(self, name: str) -> Mapping[str, Any]:
        schema: Mapping[str, Any] = self._schemas[name]
        return schema

    def resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema itself, or the one its `$ref` names."""
        return self.named(schema["$ref"]) if "$ref" in schema else schema

    def check(self, value: object, name: str) -> None:
        """Raise SchemaError unless `value` is an instance of the schema `name`."""
        if not self._accepts(self.named(name))(value, set()):
            # Only to say what is wrong, and where.
            self._check(value, self.named(name), "", set())

    def _accepts(self, schema: Mapping[str, Any]) -> _Accepts:
        """A test for instances of the schema, made once: answers of thousands of cells are checked by it."""
        schema = self.resolve(schema)
        accepts = self._accepting.get(id(schema))
        if accepts is None:
            kind = schema.get("type", "any")
            if kind == "object":
                accepts = self._accepts_object(schema)
            elif kind == "array":
                accepts = self._accepts_array(schema)
            else:
                accepts = _accepts_scalar(schema)
            self._accepting[id(schema)] = accepts
        return accepts

    def _accepts_object(self, schema: Mapping[str, Any]) -> _Accepts:
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        tests: dict[str, _Accepts] = {}

        def accepts(value: object, seen: set[tuple[int, int]]) -> bool:
            if type(value) is not dict:
                return value is None
            before: object = None
            tested: _Accepts | None = None
            for name, item in value.items():
                test = tests.get(name)
                if test is None:
                    inner = properties.get(name, others)
                    if inner is None:
                        return False
                    test = tests[name] = self._accepts(inner)
                if test is _accepts_text:
                    # Most of what is in a cell: a call for each would take longer than all the rest.
                    if type(item) is not str and item is not None:
                        return False
                    continue
                if item is before and test is tested:
                    # What was entered into a cell is mostly its value as well.
                    continue
                before, tested = item, test
                if type(item) is dict and len(item) > 1:
                    # Thousands of cells share one default format: the same object need not be looked at again.
                    mark = (id(item), id(test))
                    if mark in seen:
                        continue
                    seen.add(mark)
                if not test(item, seen):
                    return False
            return True

        return accepts

    def _accepts_array(self, schema: Mapping[str, Any]) -> _Accepts:
        def accepts(value: object, seen: set[tuple[int, int]]) -> bool:
            if type(value) is not list:
                return value is None
            test = self._accepts(schema["items"])
            for item in value:  # noqa: SIM110  # not with `all`, whose generator takes longer than the tests
                if not test(item, seen):
                    return False
            return True

        return accepts

    def _check(self, value: object, schema: Mapping[str, Any], path: str, seen: set[tuple[int, int]]) -> None:
        if value is None:
            return
        schema = self.resolve(schema)
        kind = schema.get("type", "any")
        if kind == "any":
            return
        if kind == "object":
            self._check_object(value, schema, path, seen)
        elif kind == "array":
            if not isinstance(value, list):
                raise _wrong(value, path, "a list")
            for position, item in enumerate(value):
                self._check(item, schema["items"], f"{path}[{position}]", seen)
        else:
            check_scalar(value, schema, path)

    def _check_object(self, value: object, schema: Mapping[str, Any], path: str, seen: set[tuple[int, int]]) -> None:
        if not isinstance(value, dict):
            raise _wrong(value, path, "an object")
        # Thousands of cells share one default format: the same object need not be looked at again.
        key = (id(value), id(schema))
        if key in seen:
            return
        seen.add(key)
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties")
        for name, item in value.items():
            inner = properties.get(name, others)
            if inner is None:
                at = f" at '{path}'" if path else ""
                raise SchemaError(
                    f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.',
                    _joined(path, name),
                )
            self._check(item, inner, _joined(path, name), seen)


def _accepts_text(value: object, _: set[tuple[int, int]]) -> bool:
    return value is None or isinstance(value, str)


def _accepts_scalar(schema: Mapping[str, Any]) -> _Accepts:
    kind = schema.get("type", "any")
    if kind == "any":
        return lambda value, seen: True
    if kind == "string" and not {"format", "enum"} & set(schema):
        return _accepts_text

    def accepts(value: object, _: set[tuple[int, int]]) -> bool:
        if kind == "integer" and type(value) is int and 0 <= value <= _INT32[1]:
            return True
        try:
            if value is not None:
                check_scalar(value, schema, "")
        except SchemaError:
            return False
        return True

    return accepts


def check_scalar(value: object, schema: Mapping[str, Any], path: str) -> None:
    """Raise SchemaError unless `value` is the string, number or boolean that the schema asks for."""
    kind = schema["type"]
    if kind == "string":
        _check_string(value, schema, path)
    elif kind == "boolean":
        if not isinstance(value, bool):
            raise _wrong(value, path, "TYPE_BOOL")
    elif kind == "integer":
        _check_integer(value, path)
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(value, path, "TYPE_DOUBLE")


def _check_integer(value: object, path: str) -> None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(value, path, "TYPE_INT32")
    if not _INT32[0] <= value <= 2 * _INT32[1] + 1:
        raise _wrong(value, path, "TYPE_INT32")


def _check_string(value: object, schema: Mapping[str, Any], path: str) -> None:
    form = schema.get("format")
    if form in ("int64", "uint64"):
        # 64-bit integers are strings in JSON; a number is taken too (proto3's JSON mapping).
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole and not (isinstance(value, str) and _DIGITS.fullmatch(value)):
            raise _wrong(value, path, "TYPE_INT64")
        return
    if not isinstance(value, str):
        raise _wrong(value, path, "TYPE_STRING")
    if "enum" in schema and value not in schema["enum"]:
        raise _wrong(value, path, "one of " + ", ".join(schema["enum"]))
    pattern = _STRING_FORMATS.get(form or "")
    if pattern is not None and not pattern.fullmatch(value):
        raise _wrong(value, path, f"a {form}")


def _wrong(value: object, path: str, wanted: str) -> SchemaError:
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    return SchemaError(f"Invalid value at '{path}' ({wanted}), {shown}", path)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
