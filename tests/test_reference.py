"""The reference says what is so: pages written by the code are up to date, and every `Needs attention` is explained.

The page on the configuration is held against the code in `test_config.py`."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from deploylog import customer_logs, follow_ups, guards, lifecycle
from deploylog.messages import Messages
from deploylog.tickets import mail_threads, zammad
from reference_pages import DOCS, pages

TEMPLATES = DOCS.parent / "templates"
SENTENCES = {one: YAML(typ="safe").load(TEMPLATES / f"sentences.{one}.yaml") for one in ("en", "es")}
ELSEWHERE = {
    # said beside other words than Needs attention
    "invitation_stands",
    "sending_now",
    "end_passed",
    "recorded_only",
    "log_without_contacts",
    "log_listed",
    # what comes next
    "next_waits_for_boxes",
    "next_waits_for_staff",
    "next_start_asked",
}
"""Sentences of functions that decide for Needs attention, which are no reason for it."""


@pytest.mark.parametrize("path", pages(Messages(None, None)), ids=lambda path: path.name)  # type: ignore[arg-type]
def test_a_page_written_by_the_code_is_up_to_date(path: Path) -> None:
    written = pages(Messages(None, None))[path]  # type: ignore[arg-type]  # nothing on it has a time
    assert path.read_text("utf-8") == written, "run make reference"


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
    for module in (follow_ups, mail_threads, zammad):
        found |= set(re.findall(r"Unfit\(Sentence\.of\('([a-z_]+)'", ast.unparse(ast.parse(inspect.getsource(module)))))
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
