"""The folder, TEMPLATE and registry: found at every start, made by `deploylog init` where they are missing.

An owner's own TEMPLATE and registry are adopted: what they lack is added, nothing else is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from deploylog.cells import Names
from deploylog.config import Config
from deploylog.customer_logs import Installation
from deploylog.errors import ConfigurationError
from deploylog.google.connect import Google
from deploylog.google.drive import DriveFile
from deploylog.google.sheets import TabSurvey
from deploylog.messages import Messages
from deploylog.template import registry_requests, template_requests
from deploylog.upgrade import Plan, registry_plan, template_plan, upgrade_plan

ROLE = "deploylog-role"
"""The property of a spreadsheet `init` made: `template` or `registry`. Only such a one is ever laid out."""


def find(google: Google, config: Config) -> Installation:
    """Where everything stands. Raises `ConfigurationError` that names what is missing and how to make it."""
    drive_id = google.drive.shared_drive(config.drive.shared_drive)
    folder = google.drive.folder(drive_id, config.drive.folder)
    if folder is None:
        raise _missing(f"folder {config.drive.folder}", "drive.folder", config)
    template = google.drive.find_spreadsheet(drive_id, folder.id, config.drive.template)
    if template is None:
        raise _missing(f"spreadsheet {config.drive.template}", "drive.template", config)
    registry = google.drive.find_spreadsheet(drive_id, folder.id, config.drive.registry)
    if registry is None:
        raise _missing(f"spreadsheet {config.drive.registry}", "drive.registry", config)
    return Installation(drive_id, folder, template, registry)


def _missing(what: str, key: str, config: Config) -> ConfigurationError:
    return ConfigurationError(
        f"the shared drive {config.drive.shared_drive} has no {what} ({key}); run deploylog init to make it, "
        "or set the name it has"
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One thing `init` or `upgrade` would do, in words, and how."""

    words: str
    do: Callable[[], None]


class Initializer:
    """Makes what is missing, and nothing else. Every step can be interrupted and done again."""

    def __init__(self, google: Google, config: Config, names: Names, messages: Messages) -> None:
        self._google = google
        self._config = config
        self._names = names
        self._say = partial(messages.sheet_text, language=config.organization.language)

    def steps(self) -> list[Step]:
        """What is missing now, in the order it has to be made; empty where everything is there.

        Raises `ConfigurationError` where the shared drive itself is not there, which people make, and where a
        spreadsheet of the owner's cannot be understood.
        """
        drive = self._config.drive
        drive_id = self._google.drive.shared_drive(drive.shared_drive)
        folder = self._google.drive.folder(drive_id, drive.folder)
        steps = []
        if folder is None:
            steps.append(Step(f"make the folder {drive.folder} in {drive.shared_drive}", self._make_folder))
        for role in ("template", "registry"):
            name = self._name(role)
            there = self._google.drive.find_spreadsheet(drive_id, folder.id, name) if folder else None
            if there is None:
                words = f"make the spreadsheet {name} in {drive.folder}"
            elif there.properties.get(ROLE) == role and self._is_bare(there):
                words = f"lay out the spreadsheet {name}, which an interrupted init left bare"
            else:
                steps += self._adopt(there, role)
                continue
            steps.append(Step(words, partial(self._make, name, role)))
        return steps

    def _name(self, role: str) -> str:
        return self._config.drive.template if role == "template" else self._config.drive.registry

    def _is_bare(self, file: DriveFile) -> bool:
        """As it was made: one tab with nothing in it. Whatever people made of it since is left alone."""
        tabs = list(self._google.sheets.describe(file.id).tabs)
        return len(tabs) == 1 and not any(self._google.sheets.read(file.id, tabs).values())

    def _make_folder(self) -> None:
        drive_id = self._google.drive.shared_drive(self._config.drive.shared_drive)
        self._google.drive.create_folder(drive_id, self._config.drive.folder)

    def _make(self, name: str, role: str) -> None:
        drive_id = self._google.drive.shared_drive(self._config.drive.shared_drive)
        folder = self._google.drive.folder(drive_id, self._config.drive.folder)
        assert folder is not None
        file = self._google.drive.find_spreadsheet(drive_id, folder.id, name)
        if file is None:
            file = self._google.drive.create_spreadsheet(folder.id, name, {ROLE: role})
        [first] = self._google.sheets.describe(file.id).tabs.values()
        organization = self._config.organization
        lay_out = template_requests if role == "template" else registry_requests
        requests = lay_out(first.sheet_id, self._names, self._say, organization.language, organization.time_zone.key)
        self._google.sheets.batch_update(file.id, requests, repeat=False)

    # What is there already is adopted ---------------------------------------------------------------------------

    def _adopt(self, file: DriveFile, role: str) -> list[Step]:
        """A step for each thing that an existing TEMPLATE or registry lacks; all are done together."""
        plan = self._plan(file, role)
        if not plan:
            return []
        words = f"in {file.name}: {'; '.join(plan.words)}"
        return [Step(words, lambda: self._carry_out(file.id, self._plan(file, role)))]

    def _plan(self, file: DriveFile, role: str) -> Plan:
        plan = template_plan if role == "template" else registry_plan
        with _named(file):
            return plan(self._google.sheets.survey(file.id), self._names, self._say)

    def _carry_out(self, file_id: str, plan: Plan) -> None:
        if plan:
            # Not repeated: where the answer is lost, the next plan tells whether anything is still missing.
            self._google.sheets.batch_update(file_id, plan.requests, repeat=False)

    def upgrades(self, template: DriveFile, logs: Sequence[DriveFile]) -> Iterator[Step | ConfigurationError]:
        """For each log that lacks something of the present TEMPLATE, the step that adds it; else why it cannot be.

        One log after the other, so that the caller can tell how far it is. Raises `ConfigurationError` where TEMPLATE
        itself cannot be understood.
        """
        with _named(template):
            model = self._google.sheets.survey(template.id)
            template_plan(model, self._names, self._say)
        for file in logs:
            try:
                plan = self._upgrade_plan(file, model)
            except ConfigurationError as problem:
                yield problem
                continue
            if plan:
                words = f"{file.name}: {'; '.join(plan.words)}"
                yield Step(words, lambda file=file: self._carry_out(file.id, self._upgrade_plan(file, model)))  # type: ignore[misc]

    def _upgrade_plan(self, file: DriveFile, model: Sequence[TabSurvey]) -> Plan:
        with _named(file):
            return upgrade_plan(model, self._google.sheets.survey(file.id), self._names, self._say)


@contextmanager
def _named(file: DriveFile) -> Iterator[None]:
    """A problem with a spreadsheet, told with its name."""
    try:
        yield
    except ConfigurationError as problem:
        raise ConfigurationError(f"{file.name}: {problem}") from problem
