"""What must be there in the Google Workspace: drive, folder, spreadsheets, calendars, mailbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from email.utils import parseaddr

from deploylog import registry
from deploylog.bootstrap import TEMPLATE_TABS, check_columns, names_of
from deploylog.checks.finding import Check, Finding, Patient, bad, good, warning
from deploylog.errors import AccessDenied, ConfigurationError, NotFound
from deploylog.google.drive import DriveFile
from deploylog.messages import Messages
from deploylog.model import Level
from deploylog.sharing import WRITERS, named, outsiders

MOST_LOGS = 100
"""So many logs' permissions are looked at, those changed last."""
WRITING_ROLES = ("owner", "writer")
READING_ROLES = ("owner", "writer", "reader")


def shared_drive(patient: Patient) -> Iterator[Finding]:
    name = patient.config.drive.shared_drive
    try:
        patient.drive_id = patient.google.drive.shared_drive(name)
    except ConfigurationError as problem:
        yield bad(
            str(problem).partition(";")[0],
            f"in Google Drive, open the shared drive {name} > Manage members, add {patient.account} as Content "
            "manager (where Drive refuses outsiders, which a service account always is: docs/set-up.md, step 5); or "
            "write the name it has as drive.shared_drive",
        )
        return
    yield good(f"{patient.account} is a member of {name}")


def folder(patient: Patient) -> Iterator[Finding]:
    drive = patient.config.drive
    found = patient.google.drive.folder(patient.drive_id, drive.folder)
    if found is None:
        yield _missing(f"folder {drive.folder}", "drive.folder", patient)
        return
    patient.files["folder"] = found
    may = patient.google.drive.capabilities(found.id)
    if may.get("canAddChildren"):
        yield good(f"{drive.folder}, where logs can be made")
    else:
        yield bad(
            f"{patient.account} may make no files in {drive.folder}",
            f"in Google Drive, open the shared drive {drive.shared_drive} > Manage members, make {patient.account} "
            "Content manager",
        )


def template(patient: Patient) -> Iterator[Finding]:
    yield from _spreadsheet(patient, "template", TEMPLATE_TABS)


def registry_(patient: Patient) -> Iterator[Finding]:
    yield from _spreadsheet(patient, "registry", registry.TABS)


def _spreadsheet(patient: Patient, key: str, tabs: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """Whether it is there, may be written, and has all tabs and columns; each tab that lacks some is told."""
    name = str(getattr(patient.config.drive, key))
    file = patient.google.drive.find_spreadsheet(patient.drive_id, patient.files["folder"].id, name)
    if file is None:
        yield _missing(f"spreadsheet {name}", f"drive.{key}", patient)
        return
    patient.files[key] = file
    if not patient.google.drive.capabilities(file.id).get("canEdit"):
        yield bad(f"{patient.account} may not write {name}", f"make {patient.account} Content manager of the drive")
    # The shipped words: whether one's own templates work is another check's question.
    names, messages = names_of(patient.config), Messages(None, patient.config.organization.time_zone)
    whole = True
    for tab, columns in tabs.items():
        try:
            check_columns(patient.google, file, {tab: columns}, names, messages)
        except ConfigurationError as problem:
            whole = False
            fix = (
                "run deploylog init, which adds what is missing; or, if yours are called otherwise, rename them or map "
                "them in columns"
            )
            yield bad(str(problem).partition(";")[0], fix)
    if whole:
        yield good(f"{name} has all its tabs and columns")


def _missing(what: str, key: str, patient: Patient) -> Finding:
    drive = patient.config.drive.shared_drive
    return bad(f"the shared drive {drive} has no {what}", f"run deploylog init to make it, or write its name as {key}")


def outside_writers(patient: Patient) -> Iterator[Finding]:
    """Who outside the organization may edit a log, or see what is internal."""
    domains = patient.config.organization.domains
    internal = [patient.files[key] for key in ("template", "registry") if key in patient.files]
    for file in internal:
        if strangers := outsiders(patient.google.drive.permissions(file.id), domains):
            yield warning(
                f"{file.name} is shared outside {', '.join(domains)}: {', '.join(named(strangers))}",
                f"take that back: {file.link} > Share",
            )
    logs = patient.google.drive.spreadsheets(patient.drive_id, patient.files["folder"].id)
    logs = [one for one in logs if one.id not in {each.id for each in internal}]
    edited = 0
    for file in logs[:MOST_LOGS]:
        for finding in _writers(patient, file, domains):
            edited += 1
            yield finding
    if not edited:
        looked = f"{min(len(logs), MOST_LOGS)} of {len(logs)} logs looked at"
        yield good(f"nobody outside may edit a log ({looked})")


def _writers(patient: Patient, file: DriveFile, domains: Sequence[str]) -> Iterator[Finding]:
    level = patient.config.sharing.outside_writers
    permissions = outsiders(patient.google.drive.permissions(file.id), domains)
    writers = named([one for one in permissions if one.role in WRITERS])
    if writers and level is not Level.OFF:
        words = f"{file.name} may be edited by {', '.join(writers)}"
        fix = f"make them Commenter or Viewer: {file.link} > Share; or set sharing.outside_writers to warn or off"
        yield bad(f"{words}: nothing is sent for it", fix) if level is Level.BLOCK else warning(words, fix)


# Calendar --------------------------------------------------------------------------------------------------------


def calendar(patient: Patient) -> Iterator[Finding]:
    calendar_id, act_as = patient.config.calendar.id, patient.config.google.act_as
    share = f"{_share(calendar_id, act_as, 'Make changes to events')}; or write another calendar.id"
    try:
        role = patient.google.calendar.role(calendar_id)
    except NotFound:
        yield bad(f"{act_as} sees no calendar {calendar_id}", share)
        return
    if role in WRITING_ROLES:
        yield good(f"{act_as} may write the calendar {calendar_id}")
    else:
        yield bad(f"{act_as} may only read the calendar {calendar_id}", share)


def vacations(patient: Patient) -> Iterator[Finding]:
    """A calendar of vacations must show its events, not only when somebody is busy."""
    act_as = patient.config.google.act_as
    for one in patient.config.calendar.vacations:
        share = f"{_share(one, act_as, 'See all event details')}; or take it out of calendar.vacations"
        try:
            role = patient.google.calendar.role(one)
        except (NotFound, AccessDenied):
            yield bad(f"{act_as} sees no calendar {one}", share)
            continue
        if role in READING_ROLES:
            yield good(f"{act_as} may read the calendar {one}")
        else:
            yield bad(f"{act_as} sees of the calendar {one} only when it is busy", share)
    if not patient.config.calendar.vacations:
        yield good("none are configured (calendar.vacations)")


def _share(calendar_id: str, act_as: str, right: str) -> str:
    page = f"calendar.google.com > {calendar_id} > Settings and sharing > Share with specific people"
    return f"as its owner, at {page}, give {act_as} “{right}”"


# Mailbox ---------------------------------------------------------------------------------------------------------


def mailbox(patient: Patient) -> Iterator[Finding]:
    """The mailbox, and whether Gmail lets it send as `mail.from`: else it writes its own address there."""
    act_as = patient.config.google.act_as
    profile = patient.google.gmail.profile()
    if profile.lower() != act_as.lower():
        yield warning(f"the mailbox of {act_as} is {profile}", f"write {profile} as google.act_as: an alias may go")
    else:
        yield good(f"{profile} has a mailbox")
    sender = parseaddr(patient.config.mail.from_)[1].lower()
    known = patient.google.gmail.send_as()
    where = f"in Gmail as {act_as}: Settings > See all settings > Accounts > Send mail as"
    if sender not in known:
        yield bad(
            f"{profile} may not send as {sender} (mail.from); Gmail would write another sender",
            f"{where} > Add another email address, {sender}; or write {profile} as mail.from",
        )
    elif not known[sender]:
        yield bad(f"{sender} (mail.from) is not verified", f"{where}: verify {sender} by the mail Google sent to it")
    else:
        yield good(f"may send as {sender}")
    if redirect := patient.config.mail.redirect_to:
        yield good(f"a rehearsal: all mail goes to {redirect} alone (mail.redirect_to)")


CHECKS = (
    Check("shared drive", shared_drive, ("token",)),
    Check("folder", folder, ("shared drive",)),
    Check("template", template, ("folder",)),
    Check("registry", registry_, ("folder",)),
    Check("outside writers", outside_writers, ("folder",)),
    Check("calendar", calendar, ("delegation",)),
    Check("vacation calendars", vacations, ("delegation",)),
    Check("mailbox", mailbox, ("delegation",)),
)
