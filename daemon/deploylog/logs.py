"""The daemon's log: lines for people on a terminal, JSON elsewhere, always on standard error; output stays output."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog


def set_up() -> None:
    """Give every line its form, those of libraries as well, which speak through Python's own logging."""
    human = sys.stderr.isatty()
    renderer: Any = (
        # Plain tracebacks: the others show the values of variables, secrets among them.
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if human
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    common: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # On a terminal the renderer writes tracebacks itself.
        *([] if human else [structlog.processors.format_exc_info]),
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
