"""A stand-in of GitLab's REST API, version 4: projects, tags, releases, pipelines and packages, to be read.

Written from docs.gitlab.com (each answer names its page) as of GitLab 17 and 18. It is filled by its attributes, not
over HTTP.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

Json = dict[str, Any]

EPOCH = datetime(2026, 11, 2, 9, tzinfo=UTC)


class Refusal(Exception):  # noqa: N818  (an answer, not a fault)
    """An answer with an HTTP status of an error."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}


@dataclass
class Project:
    """One project. Every list holds the oldest first."""

    path: str
    """With its namespace: `soffid/addons/addon-diba`."""
    id: int = 1
    tags: dict[str, str] = field(default_factory=dict)
    """A tag's name, and the commit it stands on."""
    releases: list[tuple[str, datetime]] = field(default_factory=list)
    """A release's tag, and when it is released; one in the future is upcoming."""
    pipelines: list[tuple[str, str, str]] = field(default_factory=list)
    """Ref, commit and status."""
    packages: list[tuple[str, str]] = field(default_factory=list)
    """Name and version."""
    closed: set[str] = field(default_factory=set)
    """Parts the token may not read (`releases`, `pipelines`, `packages`, `repository`): they answer 403."""

    def tag(self, name: str) -> str:
        """Make a tag; gives its commit."""
        commit = hashlib.sha1(f"{self.path}@{name}".encode(), usedforsecurity=False).hexdigest()
        self.tags[name] = commit
        return commit

    def release(self, tag: str, status: str = "success", at: datetime | None = None) -> None:
        """Make a tag, its pipeline with that status (empty: none ran), and a release, each after the ones before."""
        commit = self.tag(tag)
        if status:
            self.pipelines.append((tag, commit, status))
        self.releases.append((tag, at or EPOCH.replace(minute=len(self.releases))))


@dataclass
class Gitlab:
    """The whole of it, as a WSGI application."""

    token: str = "glpat-stand-in"  # noqa: S105  (opens nothing but this)
    projects: dict[str, Project] = field(default_factory=dict)
    busy: int = 0
    """How many of the next requests are answered with 429."""
    retry_after: int = 42
    asked: list[str] = field(default_factory=list)
    """Method, path and query of each request, as they came."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    origin: str = "http://127.0.0.1"

    def project(self, path: str) -> Project:
        """Make a project."""
        self.projects[path] = Project(path, len(self.projects) + 1)
        return self.projects[path]

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        raw = str(environ.get("REQUEST_URI") or environ.get("RAW_URI") or request.full_path)
        self.asked.append(f"{request.method} {raw}")
        try:
            answer = self._answer(request, raw.partition("?")[0])
        except Refusal as refusal:
            answer = _json({"message": refusal.message}, refusal.status)
            answer.headers.update(refusal.headers)
        return answer(environ, start_response)

    def _answer(self, request: Request, raw_path: str) -> Response:
        if self.busy:
            # docs.gitlab.com/administration/settings/user_and_ip_rate_limits: plain text, with Retry-After.
            self.busy -= 1
            return Response("Retry later\n", 429, {"Retry-After": str(self.retry_after)})
        parts = [unquote(part) for part in raw_path.strip("/").split("/")]
        if parts[:3] != ["api", "v4", "projects"] or len(parts) < 4:
            raise Refusal(404, "404 Not Found")
        said = request.headers.get("PRIVATE-TOKEN") or request.headers.get("Authorization", "").removeprefix("Bearer ")
        if said and said != self.token:
            # docs.gitlab.com/api/rest/authentication
            raise Refusal(401, "401 Unauthorized")
        project = self._project(parts[3]) if said else None
        if project is None:
            # A private project is hidden from whoever may not see it.
            raise Refusal(404, "404 Project Not Found")
        if request.method not in ("GET", "HEAD"):
            raise Refusal(405, "405 Method Not Allowed")
        rest = parts[4:]
        if rest and rest[0] in project.closed:
            raise Refusal(403, "403 Forbidden")
        return self._part(project, rest, request)

    def _part(self, project: Project, rest: Sequence[str], request: Request) -> Response:
        match rest:
            case []:
                return _json(self._project_json(project))
            case ["releases"]:
                return self._releases(project, request)
            case ["releases", tag]:
                # docs.gitlab.com/api/releases, "Get a release by a tag name"
                found = [one for one in project.releases if one[0] == tag]
                if not found:
                    raise Refusal(404, "404 Not Found")
                return _json(self._release_json(project, *found[0]))
            case ["repository", "tags"]:
                # docs.gitlab.com/api/tags, "List project repository tags": the last updated first
                names = list(project.tags)
                if request.args.get("sort", "desc") == "desc":
                    names.reverse()
                return _page([self._tag_json(project, name) for name in names], request)
            case ["repository", "tags", tag]:
                # docs.gitlab.com/api/tags, "Get a single repository tag"
                if tag not in project.tags:
                    raise Refusal(404, "404 Tag Not Found")
                return _json(self._tag_json(project, tag))
            case ["pipelines"]:
                return self._pipelines(project, request)
            case ["pipelines", "latest"]:
                return self._latest_pipeline(project, request)
            case ["packages"]:
                return self._packages(project, request)
        raise Refusal(404, "404 Not Found")

    def _releases(self, project: Project, request: Request) -> Response:
        """docs.gitlab.com/api/releases, "List releases": by `released_at`, the newest first."""
        releases = sorted(project.releases, key=lambda one: one[1])
        if request.args.get("sort", "desc") == "desc":
            releases.reverse()
        return _page([self._release_json(project, *one) for one in releases], request)

    def _pipelines(self, project: Project, request: Request) -> Response:
        """docs.gitlab.com/api/pipelines, "List project pipelines": filtered, the highest id first."""
        found = []
        for number, (ref, sha, status) in enumerate(project.pipelines, start=1):
            asked = (request.args.get("ref", ref), request.args.get("sha", sha), request.args.get("status", status))
            if asked == (ref, sha, status):
                found.append(self._pipeline_json(project, number))
        if request.args.get("sort", "desc") == "desc":
            found.reverse()
        return _page(found, request)

    def _latest_pipeline(self, project: Project, request: Request) -> Response:
        """docs.gitlab.com/api/pipelines, "Get the latest pipeline": 403 where there is none for the commit."""
        ref = request.args.get("ref", "main")
        numbers = [number for number, one in enumerate(project.pipelines, start=1) if one[0] == ref]
        if not numbers:
            raise Refusal(403, "403 Forbidden")
        return _json(self._pipeline_json(project, numbers[-1]))

    def _packages(self, project: Project, request: Request) -> Response:
        """docs.gitlab.com/api/packages, "List packages for a project"; the filter by version is of GitLab 16.6."""
        version, name = request.args.get("package_version"), request.args.get("package_name", "")
        found = [
            self._package_json(project, number)
            for number, one in enumerate(project.packages, start=1)
            if name in one[0] and version in (None, one[1])
        ]
        return _page(found, request)

    # Answers ---------------------------------------------------------------------------------------------------

    def _project(self, said: str) -> Project | None:
        by_id = {str(one.id): one for one in self.projects.values()}
        return by_id.get(said) or self.projects.get(said)

    def _project_json(self, project: Project) -> Json:
        """docs.gitlab.com/api/projects, "Get a single project"; the part that tells one from another."""
        namespace, _, name = project.path.rpartition("/")
        return {
            "id": project.id,
            "name": name,
            "path": name,
            "path_with_namespace": project.path,
            "namespace": {"full_path": namespace},
            "default_branch": "main",
            "visibility": "private",
            "web_url": f"{self.origin}/{project.path}",
        }

    def _release_json(self, project: Project, tag: str, at: datetime) -> Json:
        page = f"{self.origin}/{project.path}/-/releases/{tag}"
        return {
            "tag_name": tag,
            "name": tag,
            "description": "",
            "created_at": _time(at),
            "released_at": _time(at),
            "upcoming_release": at > self.now(),
            "author": {"id": 1, "name": "Administrator", "username": "root", "state": "active"},
            "commit": _commit_json(project.tags[tag]),
            "commit_path": f"/{project.path}/-/commit/{project.tags[tag]}",
            "tag_path": f"/{project.path}/-/tags/{tag}",
            "assets": {"count": 0, "sources": [], "links": []},
            "evidences": [],
            "_links": {"self": page, "edit_url": f"{page}/edit"},
        }

    def _tag_json(self, project: Project, name: str) -> Json:
        released = name in [tag for tag, _ in project.releases]
        return {
            "name": name,
            "message": None,
            "target": project.tags[name],
            "commit": _commit_json(project.tags[name]),
            "release": {"tag_name": name, "description": ""} if released else None,
            "protected": False,
            "created_at": None,
        }

    def _pipeline_json(self, project: Project, number: int) -> Json:
        ref, sha, status = project.pipelines[number - 1]
        return {
            "id": number,
            "iid": number,
            "project_id": project.id,
            "sha": sha,
            "ref": ref,
            "status": status,
            "source": "push",
            "created_at": _time(EPOCH),
            "updated_at": _time(EPOCH),
            "web_url": f"{self.origin}/{project.path}/-/pipelines/{number}",
            "name": None,
        }

    def _package_json(self, project: Project, number: int) -> Json:
        name, version = project.packages[number - 1]
        return {
            "id": number,
            "name": name,
            "version": version,
            "package_type": "maven",
            "status": "default",
            "_links": {"web_path": f"/{project.path}/-/packages/{number}"},
            "created_at": _time(EPOCH),
            "tags": [],
        }


def _page(items: Sequence[Json], request: Request) -> Response:
    """docs.gitlab.com/api/rest, "Offset-based pagination": 20 a page, 100 at the most, and the headers it lists."""
    number = max(_number(request.args.get("page"), 1), 1)
    size = min(max(_number(request.args.get("per_page"), 20), 1), 100)
    pages = max(math.ceil(len(items) / size), 1)
    answer = _json(list(items[(number - 1) * size : number * size]))
    answer.headers.update(
        {
            "X-Page": str(number),
            "X-Per-Page": str(size),
            "X-Total": str(len(items)),
            "X-Total-Pages": str(pages),
            "X-Next-Page": str(number + 1) if number < pages else "",
            "X-Prev-Page": str(number - 1) if number > 1 else "",
        }
    )
    links = [("first", 1), ("last", pages)]
    if number < pages:
        links.insert(0, ("next", number + 1))
    if number > 1:
        links.insert(0, ("prev", number - 1))
    others = "&".join(f"{key}={value}" for key, value in request.args.items() if key not in ("page", "per_page"))
    path = str(request.environ.get("REQUEST_URI", request.path)).partition("?")[0]
    address = f"{request.host_url.rstrip('/')}{path}?{others}{'&' if others else ''}per_page={size}"
    answer.headers["Link"] = ", ".join(f'<{address}&page={page}>; rel="{name}"' for name, page in links)
    return answer


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() else default


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


def _commit_json(commit: str) -> Json:
    return {"id": commit, "short_id": commit[:8], "title": "", "parent_ids": [], "created_at": _time(EPOCH)}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
