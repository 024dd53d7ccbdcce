"""The daemon's log: lines for people on a terminal, JSON elsewhere, always on standard error; output stays output."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_CONTROL = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)))
"""Unicode's control characters but tab and line feed."""


def harmless(text: str) -> str:
    """The text without what a terminal would obey: cells, names and mails are others' words."""
    return text.translate(_CONTROL)


def set_up() -> None:
    """Give every line its form, those of libraries as well, which speak through Python's own logging."""
    human = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer(exception_formatter=_traceback)
        if human
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    common: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # On a terminal the renderer writes tracebacks itself.
        *([] if human else [structlog.processors.format_exc_info]),
        _harmless_values,
    ]
    structlog.configure(
        processors=[*common, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # What no handler takes: libraries' warnings and worse.
    assert logging.lastResort is not None
    logging.lastResort.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*common, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    # A poll that finds a pass still under way is left out, which is as it should be and no line of the log.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    # A page that waits for a free thread is no news either.
    logging.getLogger("waitress").setLevel(logging.ERROR)


def _harmless_values(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: harmless(value) if isinstance(value, str) else value for name, value in line.items()}


def _traceback(stream: Any, exception: Any) -> None:
    """A plain one: the others show the values of variables, secrets among them."""
    text = io.StringIO()
    structlog.dev.plain_traceback(text, exception)
    stream.write(harmless(text.getvalue()))
