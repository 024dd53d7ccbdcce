"""Released artefacts in GitLab: whether a component's version is there, and whether its latest pipeline passed.

Plain REST (docs.gitlab.com, "REST API"): python-gitlab is LGPL, and five reads need no client. Each read is sent once,
with a time-out and without following redirects: the token goes to the configured address alone. After a failure GitLab
is left alone for a while, so that one that does not answer costs one time-out, not one per component.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from deploylog.cells import folded
from deploylog.facts import Release, ReleaseState
from deploylog.model import Component, Sentence
from deploylog.sending import once_only

LONGEST_SILENCE = 3.0
"""Seconds; how long one request waits for a connection, and for each next part of the answer."""
LEFT_ALONE = 60.0
"""Seconds in which nothing is asked after a failure, where GitLab names no time itself."""
LONGEST_LEFT_ALONE = 3600.0
MOST_BYTES = 2_000_000
"""The longest answer that is read."""


class _Unknown(Exception):  # noqa: N818  (what the caller gets to know: nothing)
    """The look came to nothing; `sentence` says why, `pause` for how many seconds not to ask again."""

    def __init__(self, sentence: Sentence, pause: float = 0) -> None:
        super().__init__(sentence.code)
        self.sentence = sentence
        self.pause = pause


@dataclass(frozen=True, slots=True)
class _Found:
    """A release or tag."""

    tag: str
    link: str
    commit: str


class Gitlab:
    """The components whose projects are known, as a `facts.ReleaseSource`. Call `close` when done."""

    def __init__(
        self, url: str, token: str, projects: Mapping[str, str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`projects`: a component's name, and the path of its project. `clock`: seconds that only go forward."""
        self._url = url.rstrip("/")
        self._host = urlsplit(url).hostname or url
        self._projects = {folded(name): path.strip("/") for name, path in projects.items()}
        self._clock = clock
        self._session = once_only(requests.Session(), self._url)
        self._session.headers.update({"PRIVATE-TOKEN": token, "Accept": "application/json"})
        self._quiet_until = float("-inf")
        self._quiet_because = Sentence.of("look_no_answer", host=self._host)

    def close(self) -> None:
        self._session.close()

    def release(self, component: Component, seconds: float) -> Release | None:
        """The component's version as it is there now; None where no project is known for it.

        Asks no more once `seconds` are over. Never raises for what GitLab does.
        """
        project = self._projects.get(folded(component.name))
        if project is None:
            return None
        if self._clock() < self._quiet_until:
            return Release(component.name, component.version, ReleaseState.UNKNOWN, reason=self._quiet_because)
        try:
            return _Look(self, project, component, self._clock() + seconds).release()
        except _Unknown as unknown:
            if unknown.pause:
                self._quiet_until = self._clock() + unknown.pause
                self._quiet_because = unknown.sentence
            return Release(component.name, component.version, ReleaseState.UNKNOWN, reason=unknown.sentence)

    def get(self, path: str, parameters: Mapping[str, str], deadline: float) -> Any:
        """What `/api/v4/projects/…` answers as JSON; None for 404. Raises `_Unknown`, `_Forbidden` for 403."""
        left = deadline - self._clock()
        if left <= 0:
            raise _Unknown(Sentence.of("look_no_answer", host=self._host))
        timeout = min(LONGEST_SILENCE, left)
        try:
            with self._session.get(
                f"{self._url}/api/v4/projects/{path}",
                params=dict(parameters),
                timeout=(timeout, timeout),
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code == 404:
                    return None
                self._refuse(response)
                return json.loads(self._body(response, deadline))
        except requests.RequestException as failure:
            raise _Unknown(Sentence.of("look_no_answer", host=self._host), LEFT_ALONE) from failure
        except ValueError as failure:  # no JSON, or no text at all
            raise _Unknown(Sentence.of("look_unreadable", host=self._host), LEFT_ALONE) from failure

    def page(self, project: str, *parts: str) -> str:
        """The address of a page for people, on the configured host whatever the answers say."""
        return "/".join([self._url, quote(project), "-", *(quote(part, safe="") for part in parts)])

    def _refuse(self, response: requests.Response) -> None:
        status = response.status_code
        if status == 200:
            return
        if status == 403:
            raise _Forbidden(Sentence.of("look_denied", host=self._host))
        if status == 401:
            raise _Unknown(Sentence.of("look_denied", host=self._host), LEFT_ALONE)
        if status == 429:
            raise _Unknown(Sentence.of("look_busy", host=self._host), _asked_wait(response))
        if 300 <= status < 400:
            # A project that was moved answers so, and so does a host that is not GitLab's API.
            raise _Unknown(Sentence.of("look_redirect", host=self._host))
        raise _Unknown(Sentence.of("look_status", host=self._host, status=status), LEFT_ALONE)

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        body = bytearray()
        for part in response.iter_content(1024):
            body += part
            if len(body) > MOST_BYTES:
                raise _Unknown(Sentence.of("look_unreadable", host=self._host), LEFT_ALONE)
            if self._clock() > deadline:
                raise _Unknown(Sentence.of("look_no_answer", host=self._host), LEFT_ALONE)
        return bytes(body)

    def unreadable(self) -> _Unknown:
        return _Unknown(Sentence.of("look_unreadable", host=self._host), LEFT_ALONE)


class _Forbidden(_Unknown):
    """403: this part of the project is closed to the token, or switched off."""


class _Look:
    """One look for one version of one component."""

    def __init__(self, gitlab: Gitlab, project: str, component: Component, deadline: float) -> None:
        self._gitlab = gitlab
        self._project = project
        self._component = component
        self._deadline = deadline
        self._forbidden: _Forbidden | None = None

    def release(self) -> Release:
        try:
            found = self._release() or self._tag()
            if found is None:
                return self._without_tag()
            state, link, status = self._pipeline(found)
            return self._with_latest(self._result(state, link, status))
        except (KeyError, TypeError, AttributeError) as failure:  # JSON, but not GitLab's
            raise self._gitlab.unreadable() from failure

    def _release(self) -> _Found | None:
        """Releases API, "Get a release by a tag name"."""
        for tag in self._tags():
            answer = self._ask(f"releases/{quote(tag, safe='')}")
            if answer is not None:
                commit = str((answer.get("commit") or {}).get("id", ""))
                return _Found(str(answer["tag_name"]), self._page("releases", tag), commit)
        return None

    def _tag(self) -> _Found | None:
        """Tags API, "Get a single repository tag"."""
        for tag in self._tags():
            answer = self._ask(f"repository/tags/{quote(tag, safe='')}")
            if answer is not None:
                return _Found(str(answer["name"]), self._page("tags", tag), str(answer["commit"]["id"]))
        return None

    def _without_tag(self) -> Release:
        """Packages API, "List packages for a project"; what is not there either is missing."""
        packages = self._ask("packages", package_version=self._component.version, per_page="1")
        if packages is None and self._forbidden is None:
            # Also a project whose packages are switched off answers 404.
            there = self._ask("") is not None
            if not there and self._forbidden is None:
                return self._result(ReleaseState.NO_PROJECT)
        # A GitLab before 16.6 does not know the filter and answers with any package.
        if any(one["version"] == self._component.version for one in packages or []):
            return self._with_latest(self._result(ReleaseState.RELEASED, self._page("packages")))
        if self._forbidden is not None:
            raise self._forbidden
        return self._result(ReleaseState.MISSING, self._page("releases"))

    def _pipeline(self, found: _Found) -> tuple[ReleaseState, str, str]:
        """Pipelines API, "List project pipelines": `pipelines/latest` answers 403 where there is none.

        A tag may have been set on a commit whose pipeline ran for its branch.
        """
        newest = {"order_by": "id", "sort": "desc", "per_page": "1"}
        pipelines = self._ask_surely("pipelines", ref=found.tag, **newest)
        if not pipelines and found.commit:
            pipelines = self._ask_surely("pipelines", sha=found.commit, **newest)
        if not pipelines:
            return ReleaseState.NO_PIPELINE, found.link, ""
        [latest, *_] = pipelines
        status, link = str(latest["status"]), self._page("pipelines", str(latest["id"]))
        if status == "success":
            return ReleaseState.RELEASED, found.link, ""
        return ReleaseState.NOT_PASSED, link, status

    def _with_latest(self, release: Release) -> Release:
        """Releases API, "List releases", newest first; one announced for the future is not out yet."""
        newest = self._ask("releases", order_by="released_at", sort="desc", per_page="5") or []
        out = [str(one["tag_name"]) for one in newest if not one.get("upcoming_release")]
        if not out or out[0] in self._tags():
            return release
        return replace(release, latest=out[0], latest_link=self._page("releases", out[0]))

    def _ask(self, what: str, **parameters: str) -> Any:
        """The answer; None for 404, and for 403, which is kept."""
        try:
            return self._ask_surely(what, **parameters)
        except _Forbidden as forbidden:
            self._forbidden = forbidden
            return None

    def _ask_surely(self, what: str, **parameters: str) -> Any:
        path = "/".join(filter(None, (quote(self._project, safe=""), what)))
        return self._gitlab.get(path, parameters, self._deadline)

    def _tags(self) -> tuple[str, ...]:
        """`3.2.11`, and `v3.2.11`."""
        version = self._component.version
        return (version, version[1:]) if version[:1] in ("v", "V") else (version, f"v{version}")

    def _page(self, *parts: str) -> str:
        return self._gitlab.page(self._project, *parts)

    def _result(self, state: ReleaseState, link: str = "", status: str = "") -> Release:
        name, version = self._component.name, self._component.version
        return Release(name, version, state, link, status, project=self._project)


def _asked_wait(response: requests.Response) -> float:
    """`Retry-After` in seconds (GitLab, "Rate limit response headers")."""
    said = response.headers.get("Retry-After", "")
    return min(float(said), LONGEST_LEFT_ALONE) if said.isdecimal() and int(said) else LEFT_ALONE
