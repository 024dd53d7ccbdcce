"""The reference says what is so: pages written by the code are up to date, the page on the configuration has every key
with its real default, and every `Needs attention` is explained."""

from __future__ import annotations

import ast
import inspect
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML

from deploylog import customer_logs, guards, lifecycle
from deploylog.config import Config, keys
from deploylog.messages import Messages
from reference_pages import DOCS, pages

ROW = re.compile(r"\| `(?P<key>[a-z_.]+)` \| (?P<value>.*?) \| (?P<default>.*?) \| (?P<meaning>.+?) \|")
OWN_NAMES = {"columns", "gitlab.projects"}
"""They hold names of the operator's own."""
TEMPLATES = DOCS.parent / "templates"
SENTENCES = {one: YAML(typ="safe").load(TEMPLATES / f"sentences.{one}.yaml") for one in ("en", "es")}
ELSEWHERE = {
    # said beside other words than Needs attention
    "invitation_stands",
    "sending_now",
    "end_passed",
    "recorded_only",
    "log_without_contacts",
    # what comes next
    "next_waits_for_boxes",
    "next_waits_for_staff",
    "next_start_asked",
}
"""Sentences of functions that decide for Needs attention, which are no reason for it."""


def documented() -> dict[str, re.Match[str]]:
    rows = [found for line in (DOCS / "configuration.md").read_text("utf-8").splitlines() if (found := ROW.match(line))]
    return {row["key"]: row for row in rows}


def field_of(key: str) -> FieldInfo:
    """The field of the configuration behind a dotted key."""
    section: Any = Config
    for part in key.split("."):
        field = next(one for name, one in section.model_fields.items() if (one.alias or name) == part)
        types = (field.annotation, *get_args(field.annotation))
        section = next((one for one in types if isinstance(one, type) and issubclass(one, BaseModel)), None)
    return field


def plain(value: Any) -> Any:
    """As YAML would give it; durations as seconds."""
    match value:
        case timedelta():
            return value.total_seconds()
        case tuple() | frozenset():
            return [plain(one) for one in value]
        case re.Pattern():
            return value.pattern
        case None | bool() | int():
            return value
    return str(value)


def seconds(text: str) -> float:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    return float(sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+)([smhd])", text)))


@pytest.mark.parametrize("path", pages(Messages(None, None)), ids=lambda path: path.name)  # type: ignore[arg-type]
def test_a_page_written_by_the_code_is_up_to_date(path: Path) -> None:
    written = pages(Messages(None, None))[path]  # type: ignore[arg-type]  # nothing on it has a time
    assert path.read_text("utf-8") == written, "run make reference"


@pytest.mark.parametrize("key", [key for key in keys() if key not in OWN_NAMES])
def test_the_default_on_the_page_is_the_one_that_holds(key: str) -> None:
    said, field = documented()[key]["default"], field_of(key)
    if said == "required":
        assert field.is_required()
        return
    held = field.get_default(call_default_factory=True)
    if said == "none":
        assert held is None
        return
    shown = YAML(typ="safe").load(said.strip("`").replace("\\|", "|"))
    assert (seconds(shown) if isinstance(held, timedelta) else shown) == plain(held)


def attention_codes() -> set[str]:
    """The sentences that stand behind `Needs attention`: those of every function that decides for it."""
    found: set[str] = set()
    for module in (lifecycle, guards, customer_logs):
        for function in ast.walk(ast.parse(inspect.getsource(module))):
            if not isinstance(function, ast.FunctionDef):
                continue
            text = ast.unparse(function)
            if "NEEDS_ATTENTION" in text or function.name in ("_parked", "_stuck") or module is guards:
                found |= {one for one in re.findall(r"'([a-z_]+)'", text) if one in SENTENCES["en"]}
    return found


def test_every_needs_attention_is_explained_in_the_words_of_the_sheet() -> None:
    page = (DOCS / "needs-attention.md").read_text("utf-8")
    missing = [
        code
        for code in sorted(attention_codes() - ELSEWHERE)
        for language in ("en", "es")
        if re.sub(r"\{\w+\}", "…", SENTENCES[language][code]) not in page
    ]
    assert missing == []
