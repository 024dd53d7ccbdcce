"""The command line.

Every error is one plain sentence with its remedy. Exit status: 0 done, 1 something needs attention, 2 wrong usage or
configuration.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import structlog
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from deploylog import __version__, bootstrap, logs, settling
from deploylog.cells import folded
from deploylog.errors import ConfigurationError, DeploylogError, OutsideError, StoreUnreachable
from deploylog.installation import Step
from deploylog.ledger import Effect, Ledger
from deploylog.messages import Messages, moment_words
from deploylog.model import LANGUAGES, MAIL_KINDS, Customer, Kind
from deploylog.month import BLOCKED, Verdict, blocked_days, finding_words, month_table, verdict, verdict_data
from deploylog.observe import LogView, RowView
from deploylog.ownership import Ownership, TakenOver
from deploylog.plan import as_data, plain, tables
from deploylog.reconcile import PassReport
from deploylog.shadow import REAL, SHADOW, Carrying
from deploylog.vitals import Heartbeat, ServiceManager

if TYPE_CHECKING:
    from flask import Flask

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

DONE, ATTENTION, WRONG = 0, 1, 2
WIDEST = 10_000
"""Characters of a line of a table that is not written to a terminal."""

ConfigFile = Annotated[
    Path, typer.Option("-c", "--config", envvar="DEPLOYLOG_CONFIG", help="The configuration file.", show_envvar=True)
]

log = structlog.get_logger("deploylog")


def main() -> None:
    """The entry point: runs a command, and turns errors meant for people into a sentence and an exit status."""
    try:
        app()
    except ConfigurationError as problem:
        _say_error(str(problem))
        sys.exit(WRONG)
    except DeploylogError as problem:
        _say_error(str(problem))
        sys.exit(ATTENTION)
    except KeyboardInterrupt:
        sys.exit(DONE)


@app.callback(invoke_without_command=True)
def version(show: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    """Announces, follows and records production deployments that staff plan as rows of a Google Sheet."""
    if show:
        typer.echo(f"deploylog {__version__}")
        raise typer.Exit(DONE)


TakeOver = Annotated[
    bool, typer.Option("--take-over", help="Work in the folder though another installation is marked in it.")
]


Shadow = Annotated[
    bool,
    typer.Option("--shadow", help="Judge and write back; mail to mail.redirect_to alone, withhold and tell all else."),
]


@app.command()
def run(config: ConfigFile, take_over: TakeOver = False, shadow: Shadow = False) -> None:
    """Run the daemon until SIGTERM."""
    logs.set_up()
    stopping = _Stopping()
    try:
        _run_until_stopped(config, stopping, take_over, SHADOW if shadow else REAL)
    except KeyboardInterrupt:
        log.info("stopped", reason="asked to before the start went through")
    else:
        log.info("stopped")


def _run_until_stopped(config: Path, stopping: _Stopping, take_over: bool, carrying: Carrying) -> None:
    from deploylog.scheduler import Scheduler
    from deploylog.web.server import create_app

    manager = ServiceManager(os.environ)

    def waiting(words: str) -> None:
        manager.starting()
        log.warning("waiting", reason=words)

    with bootstrap.parts(config, waiting, carrying) as parts, parts.ledger.hold():
        ownership = parts.ownership()
        bootstrap.patiently(lambda: ownership.claim(bootstrap.now(), take_over), waiting)
        problems = _Problems()
        heartbeat = Heartbeat(parts.config.web.heartbeat, parts.metrics.heartbeat)
        progress = _progress_lines(manager.alive)
        taken_over: list[TakenOver] = []

        def one_pass(whole: bool) -> bool:
            try:
                # Where Drive cannot be reached the pass will say so.
                with suppress(OutsideError):
                    ownership.renew(bootstrap.now())
            except TakenOver as lost:
                taken_over.append(lost)
                scheduler.stop()
                return True

            def run_pass() -> PassReport:
                bootstrap.check_clock(parts.ledger, bootstrap.now())
                return parts.reconciler.run_pass(bootstrap.now, whole, progress, stopping)

            began = bootstrap.now()
            report = problems.tell(run_pass)
            parts.metrics.passed(whole, report, began, bootstrap.now())
            manager.alive()
            if whole and report is not None:
                heartbeat.beat()
            return problems.store_reached

        scheduler = Scheduler(one_pass, parts.reconciler.next_due, parts.config.poll.every, bootstrap.now)
        stopping.then(scheduler.stop)
        pages = bootstrap.patiently(lambda: create_app(parts, bootstrap.now, scheduler.check_now), waiting)
        log.info(
            "running", folder=parts.config.drive.folder, every=str(parts.config.poll.every), shadow=carrying.shadow
        )
        with _served(pages, parts.config.web.listen):
            manager.ready()
            scheduler.run()
            manager.stopping()
        if taken_over:
            raise taken_over[0]
        _release(parts.ledger, ownership)


def _release(ledger: Ledger, ownership: Ownership) -> None:
    """Take the folder's mark away, unless other daemons work on with it; one that stays grows old."""
    with suppress(OutsideError, StoreUnreachable):
        if ledger.store.is_last():
            ownership.release()


@app.command()
def once(config: ConfigFile, take_over: TakeOver = False, shadow: Shadow = False) -> None:
    """One pass over all logs, then exit: 0 when all is well, 1 when something needs attention."""
    logs.set_up()
    with bootstrap.parts(config, None, SHADOW if shadow else REAL) as parts, parts.ledger.hold():
        ownership = parts.ownership()
        bootstrap.check_clock(parts.ledger, bootstrap.now())
        ownership.claim(bootstrap.now(), take_over)
        try:
            report = parts.reconciler.run_pass(bootstrap.now, True, _progress_lines(), unread=None)
        finally:
            _release(parts.ledger, ownership)
    for line in (*report.problems, *report.needs_attention):
        _say(line)
    typer.echo(f"{_count(report.logs_read, 'log')} read, {_count(len(report.outcomes), 'effect')} carried out")
    raise typer.Exit(ATTENTION if report.problems or report.needs_attention else DONE)


@app.command()
def plan(config: ConfigFile, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """What the next pass would do, and the coming days; nothing is done."""
    with bootstrap.parts(config) as parts:
        planned = as_data(parts, bootstrap.now())
    if as_json:
        typer.echo(json.dumps(planned, ensure_ascii=False, indent=2))
    else:
        if not planned["deployments"]:
            typer.echo("No deployments in any log.")
        for table in tables(planned):
            _print_table(table)
        for problem in planned["problems"]:
            _say(problem)
    attention = any(row["standing"] == "needs attention" for row in planned["deployments"])
    raise typer.Exit(ATTENTION if planned["problems"] or attention else DONE)


@app.command()
def init(config: ConfigFile, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Make folder, TEMPLATE and registry, or add what yours lack; asks first on a terminal."""
    from deploylog.config import load
    from deploylog.google.connect import connect
    from deploylog.installation import Initializer

    loaded = load(config, os.environ)
    google = connect(loaded.google, loaded.calendar.id)
    try:
        initializer = Initializer(google, loaded, bootstrap.names_of(loaded), bootstrap.messages_of(loaded))
        steps = bootstrap.as_configuration_fault(initializer.steps)
        if not steps:
            typer.echo("Folder, TEMPLATE and registry are there; nothing to do.")
            return
        for step in steps:
            _say(f"- {step.words}")
        if not _agreed(yes):
            return
        for step in steps:
            bootstrap.as_configuration_fault(lambda step=step: step.do())  # type: ignore[misc]
            _say(f"done: {step.words}")
    finally:
        google.close()


def _agreed(yes: bool) -> bool:
    """Whether to do what was shown: `--yes`, or no terminal to ask on, or asked and agreed to."""
    if yes or not sys.stdin.isatty() or typer.confirm("Do this?"):
        return True
    typer.echo("Nothing was done.")
    return False


@app.command()
def upgrade(config: ConfigFile, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Bring every log to the present TEMPLATE: tabs and columns it lacks, notes, choices; asks first on a terminal."""
    from deploylog.installation import Initializer

    with bootstrap.parts(config) as parts:
        initializer = Initializer(parts.google, parts.config, parts.policy.names, parts.messages)
        logs = parts.reconciler.logs(bootstrap.now())
        steps, problems = [], 0
        for found in initializer.upgrades(parts.installation.template, logs):
            if isinstance(found, ConfigurationError):
                problems += 1
                _say(f"not possible: {found}")
            else:
                steps.append(found)
                _say(f"- {found.words}")
        if not steps:
            typer.echo(f"{_count(len(logs), 'log')} looked at; nothing to do.")
        elif _agreed(yes):
            problems += _step_by_step(steps)
    raise typer.Exit(ATTENTION if problems else DONE)


def _step_by_step(steps: Sequence[Step]) -> int:
    """Do each, tell how far it is, go on after one that fails; how many failed. Run again, it does what is left."""
    failed = 0
    for number, step in enumerate(steps, start=1):
        try:
            step.do()
        except DeploylogError as problem:
            failed += 1
            _say(f"{number} of {len(steps)}, not done: {step.words}: {problem}")
        else:
            _say(f"{number} of {len(steps)}, done: {step.words}")
    if failed:
        typer.echo(f"{_count(failed, 'log')} not done; run deploylog upgrade again")
    return failed


@app.command()
def doctor(config: ConfigFile, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Try every permission the daemon needs and print each fix; nothing is changed.

    Exit status 0: all well; 2: something has to be set right before the daemon works; 1: anything else.
    """
    from deploylog.checks.finding import Verdict
    from deploylog.doctor import examine, status

    colours = {Verdict.PASS: typer.colors.GREEN, Verdict.WARN: typer.colors.YELLOW, Verdict.FAIL: typer.colors.RED}
    lines = []
    for line in examine(config, os.environ, bootstrap.now):
        lines.append(line)
        if not as_json:
            found = line.finding
            word = typer.style(f"{found.verdict.value:4}", fg=colours[found.verdict])
            typer.echo(f"{word}  {line.check}: {logs.harmless(found.words)}")
            if found.fix:
                _say(f"      -> {found.fix}")
    ended = status(lines)
    if as_json:
        answer = {"status": ended, "findings": [line.as_json() for line in lines]}
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    raise typer.Exit(ended)


@app.command("date")
def date_(
    config: ConfigFile,
    customer: str,
    day: str,
    at: Annotated[str, typer.Argument(help="Local time of the organization, HH:MM.")] = "09:00",
    responsible: Annotated[
        str, typer.Option("--responsible", help="Whose absences and deployments elsewhere count, too: an address.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Whether a customer may be deployed on a day (2026-12-07), the next free slots, and the month around it."""
    local_start = _local(day, at)
    with bootstrap.parts(config) as parts:
        reconciler, now = parts.reconciler, bootstrap.now()
        known = reconciler.customers()
        one = known.customer(customer)
        if one is None:
            names = ", ".join(each.name for each in known.customers) or "none"
            raise ConfigurationError(f"the registry has no customer {customer}; it has: {names}")
        around = reconciler.circumstances(one, known, responsible.lower(), now)
        organization = parts.config.organization
        found = verdict(one.name, local_start, timedelta(minutes=30), around, organization.time_zone, now)
        if as_json:
            answer = verdict_data(found, parts.messages, organization.language)
            typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        else:
            _show_verdict(found, parts.messages, organization.language)
    raise typer.Exit(DONE if found.allowed else ATTENTION)


def _show_verdict(found: Verdict, messages: Messages, language: str) -> None:
    zone = found.start.tzinfo
    assert isinstance(zone, ZoneInfo)
    start = moment_words(found.start, language)
    _say(f"{found.customer}, {start}: {'allowed' if found.allowed else 'not allowed'}")
    for finding in found.findings:
        _say(f"- {finding_words(finding, messages, language, zone)}")
    if found.findings:
        free = ", ".join(moment_words(slot.astimezone(zone), language) for slot in found.slots)
        typer.echo(f"Free: {free or 'nothing in the next 60 days'}")
    typer.echo()
    _print_table(month_table(found, language))
    for line in blocked_days(found, messages, language):
        _say(f"{BLOCKED} {line}")


def _local(day: str, at: str) -> datetime:
    try:
        moment = datetime.combine(date.fromisoformat(day), time.fromisoformat(at))
        if moment.tzinfo or not 2000 <= moment.year < 3000:
            raise ValueError
        return moment
    except ValueError:
        raise ConfigurationError(f"{day} {at} is no date and time; write them as in 2026-12-07 09:00") from None


@app.command()
def preview(
    config: ConfigFile,
    customer: str,
    identity: Annotated[str, typer.Argument(metavar="ID")],
    kind: Annotated[str, typer.Argument(metavar="KIND", help=", ".join(MAIL_KINDS))],
    lang: Annotated[str, typer.Option("--lang", help=", ".join(LANGUAGES))] = "",
    html: Annotated[bool, typer.Option("--html", help="The HTML part instead of the text.")] = False,
) -> None:
    """The mail as it would go: recipients, subject and text."""
    if kind not in MAIL_KINDS:
        raise ConfigurationError(f"{kind} is no kind of mail; there are {', '.join(MAIL_KINDS)}")
    if lang and lang not in LANGUAGES:
        raise ConfigurationError(f"{lang} is no language of the mails; there are {', '.join(LANGUAGES)}")
    with bootstrap.parts(config) as parts:
        view, row, owner = _row(parts, customer, identity)
        letter = parts.reconciler.preview(view, row, Kind(kind), lang or owner.language, bootstrap.now())
    _say(f"To: {', '.join(letter.to) or '(nobody in this language)'}")
    if letter.cc:
        _say(f"Cc: {', '.join(letter.cc)}")
    _say(f"Subject: {letter.subject}\n")
    _say(letter.html if html else letter.text)


def _row(parts: bootstrap.Parts, customer: str, identity: str) -> tuple[LogView, RowView, Customer]:
    view = parts.reconciler.look_at(customer, bootstrap.now())
    assert view.customer is not None
    for row in view.rows:
        if folded(row.deployment.id) == folded(identity):
            return view, row, view.customer
    there = ", ".join(row.deployment.id for row in view.rows) or "none"
    raise ConfigurationError(f"{view.file.name} has no deployment {identity}; it has: {there}")


@app.command()
def history(
    config: ConfigFile,
    customer: str,
    identity: Annotated[str, typer.Argument(metavar="[ID]")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """What was done for a customer, or for one deployment: every effect with its state, from the ledger."""
    with bootstrap.parts(config) as parts:
        file = parts.reconciler.log_file(customer, bootstrap.now())
        effects = parts.ledger.effects_of(file.id, identity.upper() or None)
        zone = parts.config.organization.time_zone
    rows = [_history_row(one) for one in effects]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if not rows:
        typer.echo(f"Nothing was done for {' '.join(filter(None, (customer, identity)))} yet.")
        return
    table = Table()
    for column in ("Effect", "Deployment", "What", "To", "State", "When", "Tries", "Id outside", "Reason"):
        table.add_column(column, overflow="fold")
    for row in rows:
        cells = (
            str(row["effect"]),
            row["deployment"],
            f"{row['kind']} {row['target']}".strip(),
            ", ".join(row["recipients"]),
            row["state"],
            f"{datetime.fromisoformat(row['at']).astimezone(zone):%Y-%m-%d %H:%M:%S}",
            str(row["attempts"]),
            row["external_id"],
            row["reason"],
        )
        table.add_row(*(plain(cell) for cell in cells))
    _print_table(table)


def _history_row(effect: Effect) -> dict[str, Any]:
    """One effect for `history`; `at` is when it came to be, or was meant (UTC)."""
    payload = effect.payload
    return {
        "effect": effect.number,
        "deployment": effect.key.deployment_id,
        "kind": effect.key.kind.value,
        "generation": effect.key.generation,
        "round": effect.key.round,
        "target": effect.key.target,
        "recipients": [*payload.get("to", ()), *payload.get("cc", ()), *payload.get("guests", ())],
        "state": effect.state.value,
        "at": (effect.at or effect.committed_at).isoformat(),
        "attempts": effect.attempts,
        "external_id": effect.external_id,
        "reason": effect.reason,
    }


@app.command()
def settle(
    config: ConfigFile,
    effect: int,
    verdict: Annotated[str, typer.Argument(metavar="sent|unsent")],
) -> None:
    """Close a parked effect: `sent`, it did go out; `unsent`, it did not, and goes out if it is still wanted."""
    from deploylog.config import load

    if verdict not in settling.VERDICTS:
        raise ConfigurationError(f"{verdict} is neither sent nor unsent")
    ledger = Ledger.open(load(config, os.environ).store)
    try:
        one = settling.settle(ledger, effect, verdict, bootstrap.now())
    finally:
        ledger.close()
    typer.echo(f"effect {effect} ({one.key.kind} {one.key.target} of {one.key.deployment_id}): {verdict}")


store_app = typer.Typer(no_args_is_help=True, help="The store the ledger is kept in.")
app.add_typer(store_app, name="store")


@store_app.command("copy")
def copy_(
    source: Annotated[str, typer.Argument(metavar="FROM", help="sqlite:///FILE or postgresql+psycopg://…")],
    target: Annotated[str, typer.Argument(metavar="TO", help="Likewise; made if it is not there, and must be empty.")],
) -> None:
    """Copy all of a store to another, such as from SQLite to PostgreSQL; stop the daemon first."""
    from deploylog.store_copy import copy_store

    with ExitStack() as opened:
        ledgers = []
        for url in (source, target):
            if url.startswith("sqlite:///") and url == source and not Path(url.removeprefix("sqlite:///")).is_file():
                raise ConfigurationError(f"store copy: there is no file {url.removeprefix('sqlite:///')}; check FROM")
            ledger = Ledger.open(url)
            opened.callback(ledger.close)
            ledgers.append(ledger)
        for ledger in ledgers:
            opened.enter_context(ledger.hold())
        for ledger in ledgers:
            if not ledger.store.is_last():
                raise ConfigurationError("store copy: a deploylog is running on one of the stores; stop it first")
        copied = copy_store(ledgers[0], ledgers[1], lambda table, rows: typer.echo(f"{table}: {_count(rows, 'row')}"))
    typer.echo(f"{_count(sum(copied.values()), 'row')} copied and counted; set store in the configuration to TO")


@app.command()
def demo(
    exit_when_done: Annotated[
        bool, typer.Option("--exit-when-done", help="Play the story, check it, exit 0 or 1.")
    ] = False,
) -> None:
    """Sandbox, daemon and sample customers, with a story to watch."""
    from deploylog.demo import play

    raise typer.Exit(play(exit_when_done))


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8085,
    data: Annotated[Path | None, typer.Option(help="Keep the state in this folder; else in memory.")] = None,
    write_config: Annotated[
        Path | None, typer.Option(help="Leave deploylog.yaml and service-account.json in this folder.")
    ] = None,
    empty: Annotated[bool, typer.Option("--empty", help="Only the shared drive, nothing in it.")] = False,
    feed_lag: Annotated[float, typer.Option(help="Seconds that cell edits stay out of the change feed.")] = 0,
    quota: Annotated[bool, typer.Option("--quota", help="Answer 429 as Google's limits would.")] = False,
) -> None:
    """A local Google Workspace (Drive, Sheets, Calendar, Gmail) to try deploylog on."""
    from workspace_sandbox.command import run_sandbox

    raise typer.Exit(run_sandbox(port, data, write_config, empty, feed_lag, quota))


# Running ---------------------------------------------------------------------------------------------------------


GRACE = 8.0
"""Seconds the effect in hand has to end once a stop was asked for; the design promises an end within ten."""


class _Stopping:
    """Whether SIGTERM or SIGINT asked to stop, and what to do then."""

    def __init__(self) -> None:
        self._asked = False
        self._action: Callable[[], None] | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def __call__(self) -> bool:
        return self._asked

    def then(self, action: Callable[[], None]) -> None:
        """Do this when asked. Until this is called a signal raises KeyboardInterrupt instead."""
        self._action = action

    def _ask(self, *_: object) -> None:
        self._asked = True
        if self._action is None:
            # Nothing is under way yet but reads: a start that waits for an answer need not wait to the end.
            raise KeyboardInterrupt
        self._action()
        hurry = threading.Timer(GRACE, self._leave)
        hurry.daemon = True
        hurry.start()

    @staticmethod
    def _leave() -> None:
        """End now: a call does not answer. What became of it is looked up at the next start, as after a crash."""
        log.warning("stopped", reason="a call was still under way; the next start looks up what became of it")
        os._exit(DONE)


class _Problems:
    """Logs what a pass could not do: each problem once while it lasts, not at every poll."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self.store_reached = True
        """Whether the store could be worked with in the last pass."""

    def tell(self, run_pass: Callable[[], PassReport]) -> PassReport | None:
        """Run a pass and log its new problems; a pass that fails as a whole is one, and the next tick tries again.

        Gives its report; None where it failed as a whole.
        """
        report, self.store_reached = None, True
        try:
            report = run_pass()
            now = set(report.problems)
        except StoreUnreachable as problem:
            now, self.store_reached = {f"pass not finished: {problem}"}, False
        except (DeploylogError, SQLAlchemyError) as problem:
            now = {f"pass not finished: {str(problem).splitlines()[0]}"}
        except Exception as fault:
            # A fault of ours: what is due next must be known all the same, and the next pass tries again.
            now = {f"pass not finished, because of a fault in the program ({fault!r})"}
            if not now <= self._known:
                log.exception("fault in the program; please report it")
        for sentence in sorted(now - self._known):
            log.warning("problem", what=sentence)
        if self._known and not now:
            log.info("no more problems")
        self._known = now
        return report


@contextmanager
def _served(pages: Flask, listen: str) -> Iterator[None]:
    """`web.listen` is served meanwhile; where it cannot be, that is said, and mails go out all the same."""
    from deploylog.web.server import serve

    with ExitStack() as stack:
        try:
            origin = stack.enter_context(serve(pages, listen))
        except OSError as problem:
            log.warning("pages not served", listen=listen, reason=problem.strerror or str(problem))
        else:
            log.info("pages served", at=origin)
        yield


def _progress_lines(alive: Callable[[], None] = lambda: None) -> Callable[[int, int], None]:
    """Progress of a long pass: a bar's worth of lines, one per tenth, and none for a short pass.

    `alive` is called whenever a pass has got on by a log.
    """
    told = {0}

    def tell(done: int, of: int) -> None:
        alive()
        if done == 0:
            told.clear()
            told.add(0)
        tenth = done * 10 // of if of else 0
        if of >= 20 and tenth not in told:
            told.add(tenth)
            log.info("reading logs", done=done, of=of)

    return tell


def _say(text: str) -> None:
    """Others' words to the terminal, which must obey none of them."""
    typer.echo(logs.harmless(text))


def _say_error(text: str) -> None:
    with suppress(BrokenPipeError):
        typer.echo(logs.harmless(f"deploylog: {text}" if "\n" not in text else text), err=True)


def _print_table(table: Table) -> None:
    """As wide as the terminal; where there is none, as wide as its cells, so that `grep` finds what it looks for."""
    console = Console() if sys.stdout.isatty() else Console(width=WIDEST)
    console.print(table)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


if __name__ == "__main__":
    main()
