"""`deploylog doctor`: tries every permission the daemon needs, one line each, with what to do where one is missing.

Nothing is changed: every call is a read. A check that fails stops only those that `needs` it. To add a check, write it
beside its like in `checks/` and put it into that module's CHECKS; a new module's are added here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deploylog.checks import identity, machine, mailboxes, services, store, workspace
from deploylog.checks.finding import Check, Finding, Patient, Verdict, good, warning
from deploylog.config import load
from deploylog.errors import ConfigurationError, DeploylogError, OutsideError, Refused

CHECKS: tuple[Check, ...] = (
    *machine.CHECKS,
    *store.CHECKS,
    *identity.CHECKS,
    *workspace.CHECKS,
    *mailboxes.CHECKS,
    *services.CHECKS,
)
"""In the order they are made; a check stands behind those it needs."""
CONFIGURATION = "config"


@dataclass(frozen=True, slots=True)
class Line:
    """What was found, under the name of the check that found it."""

    check: str
    finding: Finding

    def as_json(self) -> dict[str, str]:
        return {
            "check": self.check,
            "verdict": self.finding.verdict.value,
            "words": self.finding.words,
            "fix": self.finding.fix,
        }


def examine(
    file: Path, environment: Mapping[str, str], now: Callable[[], datetime], checks: Sequence[Check] = CHECKS
) -> Iterator[Line]:
    """Every line, as soon as it is known. `now`: UTC. Never raises for what it examines."""
    try:
        config = load(file, environment)
    except ConfigurationError as problem:
        # Without a configuration there is nothing else to try.
        for sentence in str(problem).splitlines():
            yield Line(CONFIGURATION, _from_sentence(sentence))
        return
    yield Line(CONFIGURATION, good(f"{file} is understood"))
    patient, failed = Patient(config, now), set[str]()
    try:
        for check in checks:
            for finding in _findings(check, patient, failed):
                if finding.verdict is Verdict.FAIL:
                    failed.add(check.name)
                yield Line(check.name, finding)
    finally:
        patient.close()


def status(lines: Sequence[Line]) -> int:
    """The exit status: 0 all well; 2 something has to be set right before the daemon works; 1 anything else."""
    findings = [line.finding for line in lines if line.finding.verdict is not Verdict.PASS]
    if any(one.verdict is Verdict.FAIL and not one.waited_out for one in findings):
        return 2
    return 1 if findings else 0


def _findings(check: Check, patient: Patient, failed: set[str]) -> Iterator[Finding]:
    missing = [name for name in check.needs if name in failed]
    if missing:
        # What needs this one cannot be examined either.
        failed.add(check.name)
        yield warning("not examined", f"set right first: {', '.join(missing)}")
        return
    try:
        yield from check.examine(patient)
    except DeploylogError as problem:
        passing = isinstance(problem, OutsideError) and not isinstance(problem, Refused)
        yield _from_sentence(str(problem), waited_out=passing)


def _from_sentence(sentence: str, waited_out: bool = False) -> Finding:
    """Our errors say what is wrong; after the last semicolon, what to do."""
    words, _, fix = sentence.rstrip(".").rpartition("; ")
    if not words:
        words, fix = fix, "try again; if it stays, see docs/runbook.md"
    return Finding(Verdict.FAIL, words, fix, waited_out)
