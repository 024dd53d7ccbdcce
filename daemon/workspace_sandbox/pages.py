"""The sandbox's pages for people: drives, an editable grid, calendars and mailboxes.

The pages are static files. What they show they fetch in the browser from the sandbox's own API, as any other client,
acting as the person named in the address (`?as=ADDRESS`, `/calendar/ADDRESS`, `/mail/ADDRESS`); their calls carry
the header `X-Sandbox-Page` so that they are not counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from werkzeug.wrappers import Response

from workspace_sandbox.gmail.mailbox import has_mailbox
from workspace_sandbox.workspace import Workspace

STATIC = Path(__file__).parent / "static"

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}

# Mails are shown in frames that inherit this policy: they may carry styles of their own, but load and run nothing.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "frame-src 'self' data: about:",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)

# An address needs its `@`, so that `/calendar/v3` stays the API's.
ROUTES = (
    (re.compile(r"/"), "drive.html"),
    (re.compile(r"/sheets/[A-Za-z0-9_-]+/?"), "sheet.html"),
    (re.compile(r"/calendar(/([^/@]+@[^/@]+)?)?"), "calendar.html"),
    (re.compile(r"/mail(/([^/@]+@[^/@]+)?)?"), "mail.html"),
)

# One flat folder: a name with anything but these characters is not looked for on disk at all.
STATIC_NAME = re.compile(r"/static/([a-z_]+\.(?:css|js))")


def page(path: str, query: Mapping[str, str]) -> Response | None:
    """The page or static file at `path` (already decoded), or None where the sandbox has none there.

    `query` (`as`) changes nothing here: the scripts of the page read it in the browser.
    """
    if match := STATIC_NAME.fullmatch(path):
        return _file(match[1])
    for pattern, name in ROUTES:
        if pattern.fullmatch(path):
            return _file(name)
    return None


def people(workspace: Workspace) -> list[str]:
    """The addresses that have a mailbox by now, sorted (`GET /sandbox/people`): what the pages offer to choose from."""
    return sorted(address for address, _ in workspace.collection("mailboxes").items() if has_mailbox(address))


def _file(name: str) -> Response | None:
    file = STATIC / name
    if not file.is_file():
        return None
    return Response(
        file.read_bytes(),
        content_type=CONTENT_TYPES[file.suffix],
        headers={
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            # A newer version of the sandbox on the same port must not meet scripts of the older one.
            "Cache-Control": "no-cache",
        },
    )
