"""What a conformance check is: a test of one documented behaviour, with the page of the vendor that documents it.

A test function says so with `@check`, a table of cases with `@table` (each row is a check of its own)::

    @check("drive.files.list", SEARCH_TERMS, "`contains` matches prefixes of words of a name only")
    def test_contains_matches_prefixes(drive: DriveSpace) -> None: ...

    @table("drive.files.list", SEARCH_TERMS, ("query", "names"), {"`=` compares the whole name": ("name = 'a'", ["a"])})
    def test_queries(drive: DriveSpace, query: str, names: list[str]) -> None: ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., None])


@dataclass(frozen=True)
class Check:
    """One documented behaviour."""

    method: str
    """The id in the discovery document, or `*` where all methods behave so."""
    documentation: str
    """The address of the vendor's page."""
    statement: str
    """What the page says, in one line."""


def check(method: str, documentation: str, statement: str) -> Callable[[Test], Test]:
    """Say what the test rests on. A docstring would do for readers; this can be counted and held against the code."""

    def mark(test: Test) -> Test:
        _keep(test, [Check(method, documentation, statement)])
        return test

    return mark


def table(
    method: str, documentation: str, names: tuple[str, ...], rows: Mapping[str, tuple[Any, ...]]
) -> Callable[[Test], Test]:
    """A check for each row; the key is its statement and its id, the values are the arguments `names`."""

    def mark(test: Test) -> Test:
        _keep(test, [Check(method, documentation, statement) for statement in rows])
        parameters = [pytest.param(*values, id=statement) for statement, values in rows.items()]
        marked: Test = pytest.mark.parametrize(names, parameters)(test)
        return marked

    return mark


def checks_of(modules: Iterable[ModuleType]) -> list[tuple[str, Check]]:
    """The checks of the test functions of the modules, each with the name of its function."""
    return [
        (f"{module.__name__}.{name}", one)
        for module in modules
        for name, value in vars(module).items()
        if name.startswith("test_")
        for one in getattr(value, "checks", [])
    ]


def _keep(test: Callable[..., None], checks: list[Check]) -> None:
    test.checks = checks  # type: ignore[attr-defined]
