"""Zammad and GitLab: whether they answer, and whose the tokens are. One bounded GET each; nothing else is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from deploylog.checks.finding import Check, Finding, Patient, Verdict, bad, good
from deploylog.errors import OutsideError
from deploylog.rest import Rest

SECONDS = (5.0, 10.0)
"""Time-outs: to connect, and between two parts of the answer."""


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
    found = _ask("Zammad", config.url, "/api/v1/users/me", headers, "tickets.zammad.url", fix)
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
    found = _ask("GitLab", config.url, "/api/v4/user", headers, "gitlab.url", fix)
    if isinstance(found, Finding):
        yield found
        return
    user = found.get("username", "")
    yield good(f"{config.url}, as {user}")
    for component, path in config.projects.items():
        member = (
            f"give {user} the role Reporter in {config.url}/{path}, or write its path in gitlab.projects.{component}"
        )
        project = _ask("GitLab", config.url, f"/api/v4/projects/{quote(path, safe='')}", headers, "", member)
        if isinstance(project, Finding):
            yield project


def _ask(name: str, origin: str, path: str, headers: Mapping[str, str], key: str, fix: str) -> dict[str, Any] | Finding:
    """The answer, or why there is none. Redirects are not followed: they would take the token elsewhere."""
    url, rest = f"{origin}{path}", Rest(name, origin, headers, SECONDS)
    try:
        document, status = rest.get(path), 200
    except OutsideError as problem:
        document, status = None, problem.status
        if not status:
            words = f"{name} does not answer at {url} ({type(problem.__cause__ or problem).__name__})"
            return Finding(Verdict.FAIL, words, f"check {key or 'the network'}, and the network", waited_out=True)
    finally:
        rest.close()
    if 300 <= status < 400:
        return bad(f"{url} leads elsewhere ({status})", f"write the address it leads to as {key}")
    if status in (401, 403, 404):
        return bad(f"{name} answers {status} to {url}", fix)
    if status >= 500 or status == 429:
        return Finding(Verdict.FAIL, f"{name} answers {status} to {url}", "try again later", waited_out=True)
    if not isinstance(document, dict):
        return bad(f"what answers at {url} is not {name}", f"write {name}'s own address as {key}")
    return document


CHECKS = (Check("zammad", zammad), Check("gitlab", gitlab))
