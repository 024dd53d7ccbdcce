"""What a ticket system has to do for us, so that another one can be added without touching anything else.

docs/integrations.md says how. `follow_ups.py` holds what is the same for all of them: which notes are wanted, that each
is written once, and what is told where one cannot be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from deploylog.errors import DeploylogError
from deploylog.google.gmail import Gmail
from deploylog.model import Customer, Sentence


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket that was found."""

    id: str
    """What the system knows it by."""
    number: str
    """What people know it by."""


class Unfit(DeploylogError):  # noqa: N818  (the word says more than an -Error would)
    """A line names something that cannot be told of the deployment; `sentence` goes into the row."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence.code)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Services:
    """The services besides Google's that an installation works with (`bootstrap.py` makes them)."""

    trackers: tuple[Tracker, ...] = ()
    at_start: frozenset[str] = frozenset()
    """The names of the trackers that get a note at the start, too."""
    mailboxes: Mapping[str, Gmail] = field(default_factory=dict)
    """By address, the mailboxes besides our own in which threads are looked for and answered."""


class Tracker(Protocol):
    """A ticket system. Every method but `reference` makes calls and raises `OutsideError`."""

    name: str
    """As people call it: `Zammad`."""

    def reference(self, line: str) -> str:
        """What one line of `Tickets and e-mails` says of a ticket of this system; empty where it names none. Pure."""
        ...

    def find(self, reference: str, customer: Customer) -> Ticket:
        """The one ticket of that reference. Raises `Unfit` where there is none, or it is not the customer's."""
        ...

    def note_with(self, ticket: Ticket, marker: str) -> str:
        """The id of the ticket's note that carries the marker; empty where there is none."""
        ...

    def add_note(self, ticket: Ticket, text: str, internal: bool) -> str:
        """Write a note and give its id. Called once; never repeated by itself."""
        ...

    def close(self, ticket: Ticket) -> None:
        """Whatever else the configuration wants of a ticket whose deployment is done; harmless to repeat."""
        ...
