"""Zammad and GitLab: whether they answer, and whose the tokens are. One bounded GET each; nothing else is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import requests
import urllib3.exceptions

from deploylog.checks.finding import Check, Finding, Patient, Verdict, bad, good

SECONDS = (5.0, 10.0)
"""Time-outs: to connect, and between two parts of the answer."""
LONGEST_ANSWER = 200_000
"""Bytes that are read of an answer."""


def zammad(patient: Patient) -> Iterator[Finding]:
    config = patient.config.tickets.zammad
    if config is None:
        yield good("not configured: tickets get no comments")
        return
    headers = {"Authorization": f"Token token={config.token.get_secret_value()}"}
    fix = (
        f"at {config.url}/#profile/token_access make a token with the permission ticket.agent, and set it as "
        "tickets.zammad.token"
    )
    found = _ask("Zammad", f"{config.url}/api/v1/users/me", headers, "tickets.zammad.url", fix)
    if isinstance(found, Finding):
        yield found
    else:
        yield good(f"{config.url}, as {found.get('login', '')}")


def gitlab(patient: Patient) -> Iterator[Finding]:
    config = patient.config.gitlab
    if config is None:
        yield good("not configured: released artefacts are not looked up")
        return
    headers = {"PRIVATE-TOKEN": config.token.get_secret_value()}
    fix = (
        f"at {config.url}/-/user_settings/personal_access_tokens make a token with the scope read_api, and set it as "
        "gitlab.token"
    )
    found = _ask("GitLab", f"{config.url}/api/v4/user", headers, "gitlab.url", fix)
    if isinstance(found, Finding):
        yield found
        return
    user = found.get("username", "")
    yield good(f"{config.url}, as {user}")
    for component, path in config.projects.items():
        member = (
            f"give {user} the role Reporter in {config.url}/{path}, or write its path in gitlab.projects.{component}"
        )
        project = _ask("GitLab", f"{config.url}/api/v4/projects/{quote(path, safe='')}", headers, "", member)
        if isinstance(project, Finding):
            yield project


def _ask(name: str, url: str, headers: Mapping[str, str], key: str, fix: str) -> dict[str, Any] | Finding:
    """The answer, or why there is none. Redirects are not followed: they would take the token elsewhere."""
    try:
        with requests.get(
            url, headers=dict(headers), timeout=SECONDS, allow_redirects=False, stream=True, auth=_as_it_is
        ) as answer:
            status = answer.status_code
            content = answer.raw.read(LONGEST_ANSWER, decode_content=True)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as problem:
        words = f"{name} does not answer at {url} ({type(problem).__name__})"
        return Finding(Verdict.FAIL, words, f"check {key or 'the network'}, and the network", waited_out=True)
    if 300 <= status < 400:
        return bad(f"{url} leads elsewhere ({status})", f"write the address it leads to as {key}")
    if status in (401, 403, 404):
        return bad(f"{name} answers {status} to {url}", fix)
    if status >= 500 or status == 429:
        return Finding(Verdict.FAIL, f"{name} answers {status} to {url}", "try again later", waited_out=True)
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if status != 200 or not isinstance(document, dict):
        return bad(f"what answers at {url} is not {name}", f"write {name}'s own address as {key}")
    return document


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Without this, requests would take a password from ~/.netrc."""
    return request


CHECKS = (Check("zammad", zammad), Check("gitlab", gitlab))
