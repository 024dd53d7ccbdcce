"""The folder, TEMPLATE and registry: found at every start, made by `deploylog init` where they are missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deploylog.cells import Names
from deploylog.config import Config
from deploylog.customer_logs import Installation
from deploylog.errors import ConfigurationError
from deploylog.google.connect import Google
from deploylog.google.drive import DriveFile
from deploylog.template import Request, registry_requests, template_requests

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
    """One thing `init` would do, in words, and how."""

    words: str
    do: Callable[[], None]


class Initializer:
    """Makes what is missing, and nothing else. Every step can be interrupted and done again."""

    def __init__(self, google: Google, config: Config, names: Names) -> None:
        self._google = google
        self._config = config
        self._names = names

    def steps(self) -> list[Step]:
        """What is missing now, in the order it has to be made; empty where everything is there.

        Raises `ConfigurationError` where the shared drive itself is not there: people make that one.
        """
        drive = self._config.drive
        drive_id = self._google.drive.shared_drive(drive.shared_drive)
        folder = self._google.drive.folder(drive_id, drive.folder)
        steps = []
        if folder is None:
            steps.append(Step(f"make the folder {drive.folder} in {drive.shared_drive}", self._make_folder))
        for name, role, requests in (
            (drive.template, "template", template_requests),
            (drive.registry, "registry", registry_requests),
        ):
            there = self._google.drive.find_spreadsheet(drive_id, folder.id, name) if folder else None
            if there is None:
                words = f"make the spreadsheet {name} in {drive.folder}"
            elif there.properties.get(ROLE) == role and self._is_bare(there):
                words = f"lay out the spreadsheet {name}, which an interrupted init left bare"
            else:
                continue
            steps.append(Step(words, lambda name=name, role=role, requests=requests: self._make(name, role, requests)))  # type: ignore[misc]
        return steps

    def _is_bare(self, file: DriveFile) -> bool:
        """As it was made: one tab with nothing in it. Whatever people made of it since is left alone."""
        tabs = list(self._google.sheets.describe(file.id).tabs)
        return len(tabs) == 1 and not any(self._google.sheets.read(file.id, tabs).values())

    def _make_folder(self) -> None:
        drive_id = self._google.drive.shared_drive(self._config.drive.shared_drive)
        self._google.drive.create_folder(drive_id, self._config.drive.folder)

    def _make(self, name: str, role: str, requests: Callable[[int, Names], list[Request]]) -> None:
        drive_id = self._google.drive.shared_drive(self._config.drive.shared_drive)
        folder = self._google.drive.folder(drive_id, self._config.drive.folder)
        assert folder is not None
        file = self._google.drive.find_spreadsheet(drive_id, folder.id, name)
        if file is None:
            file = self._google.drive.create_spreadsheet(folder.id, name, {ROLE: role})
        [first] = self._google.sheets.describe(file.id).tabs.values()
        self._google.sheets.batch_update(file.id, requests(first.sheet_id, self._names), repeat=False)
