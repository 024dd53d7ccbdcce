"""Which spreadsheet a call means, whether its user may read or write it, and keeping what was changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from workspace_sandbox.calls import ApiError, Call, Json
from workspace_sandbox.drive.files import SPREADSHEET, Files, rank
from workspace_sandbox.sheets.formulas import Calculation
from workspace_sandbox.sheets.grid import Block, copied
from workspace_sandbox.sheets.kept_answers import KeptAnswers


@dataclass(frozen=True)
class Opened:
    """A spreadsheet within one call. `document` is a copy that may be changed where it was opened to write."""

    id: str
    file: Json
    document: Json
    files: Files
    call: Call
    writing: bool = False
    titles: list[str] = field(default_factory=list)
    """New names of the file, given to it with the rest of the changes."""

    @property
    def locale(self) -> str:
        return str(self.document["locale"])

    @property
    def today(self) -> date:
        """The date in the spreadsheet's time zone."""
        return self.call.now.astimezone(ZoneInfo(self.document["timeZone"])).date()

    def calculation(self) -> Calculation:
        """The values of all cells: of a document that is only read kept until it changes, else of how it is now."""
        if self.writing:
            return Calculation(self.document, self.call.now)
        derived, key = self.call.workspace.derived, f"calculation of {self.id}"
        kept: Calculation | None = derived.get(key)
        if kept is None or kept.document is not self.document or (kept.volatile and kept.now != self.call.now):
            kept = derived[key] = Calculation(self.document, self.call.now)
        return kept

    def kept_answers(self) -> KeptAnswers:
        """Answers about all spreadsheets; the version of one is its calculation."""
        kept: KeptAnswers = self.call.workspace.derived.setdefault("answers", KeptAnswers())
        return kept

    def save(self) -> None:
        """Keep the changed document, and tell Drive of it."""
        self.call.workspace.collection("spreadsheets").put(self.id, self.document)
        self.files.cells_edited(self.id, self.call.user)
        for title in self.titles:
            file = self.files.find(self.id, self.call.user)
            assert file is not None
            self.files.edit(file, {"name": title}, self.call.user)

    def retitle(self, title: str) -> None:
        """Give the file that name in Drive, once the change is kept."""
        self.titles.append(title)

    def require_unprotected(self, block: Block) -> None:
        """Raise ApiError 400 where a protection, other than a mere warning, keeps the user from these cells."""
        for one in block.sheet["protectedRanges"]:
            if one.get("warningOnly") or may_edit(one, self.call.user, self.file):
                continue
            free = any(contains(area, block) for area in one.get("unprotectedRanges", []))
            if overlaps(one.get("range", {}), block) and not free:
                raise ApiError(
                    400,
                    "badRequest",
                    "You are trying to edit a protected cell or object. Please contact the spreadsheet owner to remove "
                    "protection if you need to edit.",
                )


def may_edit(protection: Json, user: str, file: Json) -> bool:
    """The owner, the editors named, and the people of the domain where it is said so."""
    editors = protection.get("editors", {})
    named = [str(one).lower() for one in [*editors.get("users", []), *editors.get("groups", [])]]
    if user in named or user == file.get("owner"):
        return True
    owner = str(file.get("owner") or protection.get("addedBy", "")).partition("@")[2]
    return bool(editors.get("domainUsersCanEdit")) and user.endswith(f"@{owner}")


def overlaps(grid_range: Json, block: Block) -> bool:
    """Whether a GridRange of the same sheet and the block have a cell in common."""
    return bool(
        grid_range.get("startRowIndex", 0) < block.end_row
        and block.row < grid_range.get("endRowIndex", block.end_row)
        and grid_range.get("startColumnIndex", 0) < block.end_column
        and block.column < grid_range.get("endColumnIndex", block.end_column)
    )


def contains(grid_range: Json, block: Block) -> bool:
    """Whether all cells of the block lie within a GridRange of the same sheet."""
    return bool(
        grid_range.get("startRowIndex", 0) <= block.row
        and block.end_row <= grid_range.get("endRowIndex", block.end_row)
        and grid_range.get("startColumnIndex", 0) <= block.column
        and block.end_column <= grid_range.get("endColumnIndex", block.end_column)
    )


def open_to_read(call: Call) -> Opened:
    """Raises ApiError 404 where there is no such spreadsheet, 403 where the user may not read it."""
    return _open(call, "reader")


def open_to_write(call: Call) -> Opened:
    """As `open_to_read`, for users who may write; the document is a copy."""
    opened = _open(call, "writer")
    return Opened(opened.id, opened.file, copied(opened.document), opened.files, call, writing=True)


def _open(call: Call, role: str) -> Opened:
    files = Files(call.workspace, call.now)
    file_id = call.params["spreadsheetId"]
    file = files.find(file_id, call.user)
    if file is None:
        raise ApiError(404, "notFound", "Requested entity was not found.")
    if files.rank_of(file, call.user) < rank(role):
        raise ApiError(403, "forbidden", "The caller does not have permission")
    document = call.workspace.collection("spreadsheets").get(file_id)
    if file["mimeType"] != SPREADSHEET or document is None:
        raise ApiError(400, "failedPrecondition", "This operation is not supported for this document")
    return Opened(file_id, file, document, files, call)
