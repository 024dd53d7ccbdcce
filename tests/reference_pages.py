"""The reference pages that the code writes itself: `make reference` writes docs/columns.md and docs/commands.md.

`test_reference.py` holds the pages that lie in docs/ against what this would write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
import typer.main

from deploylog import deployment_log as log
from deploylog import registry
from deploylog.cli import app
from deploylog.messages import Messages
from deploylog.model import CHECKLIST

DOCS = Path(__file__).parent.parent / "docs"
LANGUAGE = "en"


def columns_page(messages: Messages) -> str:
    """Every tab and column, who writes it, what it may say, and the note that stands on its header."""
    in_registry = {**registry.DROPDOWNS, registry.PAUSE: "checkbox", "From": "date", "To": "date"}
    daemons = (registry.LOG, registry.STATE)
    parts = [
        "# Tabs and columns",
        "Written by `make reference` from the code; the texts are the notes on the headers. The order of the columns is"
        " free: they are found by the names in the header row. `columns` in the configuration gives any of these names,"
        " and any of the choices, another one.",
        "## `CUSTOMER - Deployment log`",
        _tab(log.DEPLOYMENTS, log.COLUMNS, {**log.DROPDOWNS, **_kinds()}, log.DAEMON_COLUMNS, messages),
        _tab(log.HISTORY, log.HISTORY_COLUMNS, {"Time": "date and time"}, log.HISTORY_COLUMNS, messages),
        "## `REGISTRY - Customers`",
        *(_tab(tab, columns, in_registry, daemons, messages) for tab, columns in registry.TABS.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _kinds() -> Mapping[str, str]:
    times = dict.fromkeys(log.DATE_TIMES, "date and time")
    return times | dict.fromkeys(CHECKLIST, "checkbox") | {log.DURATION: "whole minutes"}


def _tab(
    tab: str,
    columns: Sequence[str],
    values: Mapping[str, Sequence[str] | str],
    daemons: Sequence[str],
    messages: Messages,
) -> str:
    lines = [f"### {tab}", "", "| column | written by | may hold | note |", "|---|---|---|---|"]
    for column in columns:
        held = values.get(column, "text")
        may_hold = held if isinstance(held, str) else " · ".join(held)
        note = re.sub(r"\[([^\]]+)\]", r"`\1`", messages.sheet_text(f"{tab}/{column}", LANGUAGE))
        writer = "deploylog" if column in daemons else "staff"
        lines.append(f"| `{column}` | {writer} | {may_hold} | {_cell(note)} |")
    return "\n".join(lines)


def commands_page() -> str:
    """Every command with its arguments and options, as `--help` says them."""
    parts = [
        "# Commands",
        "Written by `make reference` from the code; the same as `deploylog COMMAND --help`. Exit status: 0 done, 1"
        " something needs attention, 2 wrong usage or configuration.",
    ]
    main = typer.main.get_command(app)
    for name, command in main.commands.items():  # type: ignore[attr-defined]  # an app with commands is a group
        parts += _command(f"deploylog {name}", command)
    return "\n\n".join(parts) + "\n"


def _command(name: str, command: Any) -> Iterable[str]:
    context = typer.Context(command, info_name=name)
    yield f"## {name.removeprefix('deploylog ')}"
    yield f"`{' '.join((name, *command.collect_usage_pieces(context)))}`"
    yield " ".join((command.help or "").split())
    for below, one in getattr(command, "commands", {}).items():
        yield from _command(f"{name} {below}", one)
    records = [one.get_help_record(context) for one in command.params]
    if told := [record for record in records if record is not None]:
        lines = (f"| `{left}` | {_cell(right)} |" for left, right in told)
        yield "\n".join(["| argument or option | meaning |", "|---|---|", *lines])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def pages(messages: Messages) -> dict[Path, str]:
    return {DOCS / "columns.md": columns_page(messages), DOCS / "commands.md": commands_page()}


if __name__ == "__main__":
    from zoneinfo import ZoneInfo

    for path, text in pages(Messages(None, ZoneInfo("Europe/Madrid"))).items():
        path.write_text(text, encoding="utf-8")
        print(path)
