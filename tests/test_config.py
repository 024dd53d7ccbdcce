"""The configuration: what a file means, what is wrong with it, and that code, example and page say the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from email.utils import parseaddr
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from deploylog import readiness, rules
from deploylog.config import (
    Config,
    OidcConfig,
    ReadinessConfig,
    RulesConfig,
    ZammadConfig,
    keys,
    known_columns,
    load,
    unknown_columns,
)
from deploylog.errors import ConfigurationError
from deploylog.model import Check, Level, Rule

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config" / "deploylog.example.yaml"
PAGE = ROOT / "docs" / "configuration.md"
SECRETS = {"ZAMMAD_TOKEN": "zammad-secret", "GITLAB_TOKEN": "gitlab-secret", "OIDC_CLIENT_SECRET": "oidc-secret"}

REQUIRED = """\
organization: {name: Example, domains: [organization.example]}
google: {credentials: key.json, act_as: deployments@organization.example}
mail: {from: "Example <deployments@organization.example>"}
"""
"""Three lines: what a test adds starts in line 4."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "deploylog.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, added: str = "", environment: Mapping[str, str] | None = None) -> Config:
    return load(write(folder, REQUIRED + added), environment or {})


def problems(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    """The problems of a whole file, each without the file's path: `4: notify.settle: …`."""
    path = write(folder, text)
    with pytest.raises(ConfigurationError) as caught:
        load(path, environment or {})
    lines = str(caught.value).split("\n")
    assert all(line.startswith(f"{path}:") for line in lines)
    return [line.removeprefix(f"{path}:") for line in lines]


# What a good file means.


def test_only_five_keys_are_required_and_the_rest_has_the_designs_values(folder: Path) -> None:
    config = read(folder)

    assert config.organization.name == "Example"
    assert config.organization.domains == ("organization.example",)
    assert config.organization.time_zone == ZoneInfo("Europe/Madrid")
    assert config.organization.language == "es"
    assert config.organization.holidays == ("ES-IB",)
    assert config.organization.extra_holidays == frozenset()
    assert config.organization.support_portal == "https://zammad.soffid.com/"
    assert config.organization.support_phone == "871 96 29 12"
    assert config.google.act_as == "deployments@organization.example"
    assert config.google.endpoint is None
    assert config.drive.shared_drive == "Soffid"
    assert config.drive.folder == "DEPLOYMENTS"
    assert config.drive.template == "TEMPLATE - Deployment log"
    assert config.drive.registry == "REGISTRY - Customers"
    assert config.columns == {}
    assert (config.calendar.id, config.calendar.vacations) == ("primary", ())
    assert config.mail.from_ == "Example <deployments@organization.example>"
    assert config.mail.reply_to is None
    assert config.mail.redirect_to is None
    assert config.checklist.required == ("Deployed", "System validated", "Monitoring checked")
    assert (config.notify.start, config.notify.delay) == ("auto", "auto")
    assert config.notify.settle == timedelta(seconds=30)
    assert config.notify.start_lead == timedelta(0)
    assert config.notify.reminders == ()
    assert config.notify.late_after == config.notify.nudge == config.notify.delay_after == timedelta(minutes=10)
    assert config.sharing.outside_writers is Level.BLOCK
    assert config.poll.every == timedelta(seconds=15)
    assert config.poll.hot_within == timedelta(minutes=30)
    assert config.poll.replies == timedelta(minutes=5)
    assert config.tickets.zammad is None
    assert config.gitlab is None
    assert config.web.listen == "127.0.0.1:8080"
    assert (config.limits.mails_per_hour, config.limits.mails_per_log_per_hour) == (200, 20)
    assert config.templates is None


def test_every_rule_and_check_has_a_key_and_the_level_its_judge_takes_by_default() -> None:
    assert RulesConfig().levels == rules.DEFAULT_LEVELS
    assert ReadinessConfig().levels == readiness.DEFAULT_LEVELS
    assert set(RulesConfig.model_fields) == set(Rule)
    assert set(ReadinessConfig.model_fields) == {*Check, "link_hosts"}


def test_off_and_no_are_words_and_one_rule_leaves_the_others_alone(folder: Path) -> None:
    config = read(folder, "rules: {friday: off}\ncalendar: {id: NO}\ndrive: {folder: yes}\n")
    assert config.rules.levels[Rule.FRIDAY] is Level.OFF
    assert config.rules.levels[Rule.FREEZE] is Level.BLOCK
    assert config.calendar.id == "NO"
    assert config.drive.folder == "yes"


def test_off_is_a_word_even_under_a_yaml_1_1_line(folder: Path) -> None:
    config = load(write(folder, f"%YAML 1.1\n---\n{REQUIRED}rules: {{friday: off}}\n"), {})
    assert config.rules.friday is Level.OFF


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("30s", 30),
        ("10m", 600),
        ("2h", 7200),
        ("1d", 86400),
        ("0s", 0),
        ("1h30m", 5400),
        ("1d2h3m4s", 93784),
        ("90m", 5400),
        ("366d", 366 * 86400),
    ],
)
def test_durations_are_read(folder: Path, written: str, seconds: int) -> None:
    assert read(folder, f"notify: {{settle: {written}}}\n").notify.settle == timedelta(seconds=seconds)


def test_domains_are_compared_in_lower_case(folder: Path) -> None:
    text = REQUIRED.replace("[organization.example]", "[Organization.EXAMPLE]")
    assert load(write(folder, text), {}).organization.domains == ("organization.example",)


@pytest.mark.parametrize("written", ["''", "null"])
def test_portal_and_phone_can_be_left_out_of_mails(folder: Path, written: str) -> None:
    text = REQUIRED.replace("name: Example", f"name: Example, support_portal: {written}, support_phone: {written}")
    organization = load(write(folder, text), {}).organization
    assert (organization.support_portal, organization.support_phone) == ("", "")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("José Example <a@organization.example>", "José Example"),
        ('"Example, S.L." <a@organization.example>', "Example, S.L."),
        ("a@organization.example", ""),
    ],
)
def test_the_sender_is_read_back_with_its_name(folder: Path, written: str, name: str) -> None:
    text = REQUIRED.replace('"Example <deployments@organization.example>"', f"'{written}'")
    assert parseaddr(load(write(folder, text), {}).mail.from_) == (name, "a@organization.example")


@pytest.mark.parametrize("written", ["2026-08-28", "'2026-08-28'"])
def test_days_are_read_with_and_without_quotes(folder: Path, written: str) -> None:
    text = REQUIRED.replace("name: Example", f"name: Example, extra_holidays: [{written}]")
    assert load(write(folder, text), {}).organization.extra_holidays == {date(2026, 8, 28)}


def test_relative_paths_start_at_the_files_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "conf" / "words").mkdir(parents=True)
    path = write(folder / "conf", REQUIRED + "store: sqlite:///data/d.db?timeout=5\ntemplates: words\n")
    monkeypatch.chdir(folder)

    config = load(path.relative_to(folder), {})

    assert config.google.credentials == folder / "conf" / "key.json"
    assert config.store == f"sqlite:///{folder}/conf/data/d.db?timeout=5"
    assert config.templates == folder / "conf" / "words"


def test_the_default_store_stands_beside_the_file(folder: Path) -> None:
    assert read(folder).store == f"sqlite:///{folder}/deploylog.db"


def test_absolute_paths_and_other_stores_stay_as_they_are(folder: Path) -> None:
    assert read(folder, "store: sqlite:////var/lib/d.db\n").store == "sqlite:////var/lib/d.db"
    postgresql = "postgresql+psycopg://deploylog:p%40ss@db.example/deploylog?sslmode=require"
    assert read(folder, f"store: {postgresql}\n").store == postgresql
    text = REQUIRED.replace("key.json", "/etc/deploylog/key.json")
    assert load(write(folder, text), {}).google.credentials == Path("/etc/deploylog/key.json")


def test_adc_is_a_word_and_not_a_file(folder: Path) -> None:
    assert load(write(folder, REQUIRED.replace("key.json", "adc")), {}).google.credentials == "adc"


@pytest.mark.parametrize("written", ["http://127.0.0.1:8085", "http://127.0.0.1:8085/"])
def test_the_endpoint_has_no_slash_at_its_end(folder: Path, written: str) -> None:
    text = REQUIRED.replace("key.json,", f"key.json, endpoint: '{written}',")
    assert load(write(folder, text), {}).google.endpoint == "http://127.0.0.1:8085"


def test_secrets_come_from_the_environment_anywhere_in_a_text(folder: Path) -> None:
    added = """\
store: "postgresql+psycopg://${DB_USER}:${DB_PASSWORD}@db.example/deploylog"
tickets: {zammad: {url: "https://z.example/", token: "${TOKEN}"}}
"""
    config = read(folder, added, {"DB_USER": "u", "DB_PASSWORD": "p", "TOKEN": "12345"})
    assert config.store == "postgresql+psycopg://u:p@db.example/deploylog"
    assert config.tickets.zammad is not None
    assert config.tickets.zammad.token.get_secret_value() == "12345"
    assert config.tickets.zammad.url == "https://z.example"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("$", "$"), ("$$", "$$"), ("5 $ a day", "5 $ a day"), ("$A", "$A"), ("$${A}", "$a"), ("${A}${A}", "aa")],
)
def test_a_dollar_without_a_brace_stays(folder: Path, written: str, meant: str) -> None:
    assert read(folder, f"drive: {{folder: '{written}'}}\n", {"A": "a"}).drive.folder == meant


def test_what_came_from_the_environment_is_not_looked_at_again(folder: Path) -> None:
    assert read(folder, "drive: {folder: '${A}'}\n", {"A": "${B}", "B": "b"}).drive.folder == "${B}"


def test_the_shipped_pattern_tells_tickets(folder: Path) -> None:
    config = read(folder, "tickets: {zammad: {url: 'https://z.example', token: t}}\n")
    assert config.tickets.zammad is not None
    match = config.tickets.zammad.match.match("ES-7412280 Tractar")
    assert match is not None
    assert match[1] == "7412280"


def test_a_section_that_is_all_commented_out_counts_as_left_out(folder: Path) -> None:
    empty = read(folder, "notify:\nlimits:\ncolumns: {}\ntickets:\ngitlab:\n")
    assert empty.notify == read(folder).notify
    assert not {key for key in empty.given if key.split(".")[0] in ("notify", "limits", "tickets", "gitlab")}


def test_given_has_the_keys_the_file_sets_and_their_sections(folder: Path) -> None:
    config = read(folder, "limits: {mails_per_hour: 200}\ntickets: {zammad: null}\ncolumns: {Status: Estado}\n")
    assert config.given == {
        "organization",
        "organization.name",
        "organization.domains",
        "google",
        "google.credentials",
        "google.act_as",
        "mail",
        "mail.from",
        "limits",
        "limits.mails_per_hour",
        "columns",
    }


def test_a_config_cannot_be_changed_and_does_not_show_secrets(folder: Path) -> None:
    zammad = "tickets: {zammad: {url: 'https://z.example', token: hush-hush}}\n"
    config = read(folder, f"store: postgresql://u:hush-hush@db.example/d\n{zammad}")
    assert "hush-hush" not in repr(config)
    with pytest.raises(ValueError, match="frozen"):
        config.notify.settle = timedelta(0)


def test_names_of_ours_may_be_mapped(folder: Path) -> None:
    config = read(folder, "columns: {Status: Estado, Done: Hecho, History: Historia, not ready: No listo}\n")
    assert config.columns == {"Status": "Estado", "Done": "Hecho", "History": "Historia", "not ready": "No listo"}


def test_known_columns_has_names_of_every_kind_and_unknown_columns_tells_the_others() -> None:
    known = known_columns()
    assert {"Deployments", "Start", "Rolled back", "Needs attention", "Contacts", "Party", "Helpdesk"} <= known
    assert unknown_columns(["Start", " rolled  BACK", "Begin"], known) == ("Begin",)


def test_aliases_are_read(folder: Path) -> None:
    config = read(folder, "notify: {settle: &short 5s, nudge: *short}\npoll: {every: &short 6s, replies: *short}\n")
    assert config.notify.nudge == timedelta(seconds=5)
    assert config.poll.replies == timedelta(seconds=6)


def test_a_byte_order_mark_is_no_part_of_the_first_key(folder: Path) -> None:
    assert load(write(folder, "\ufeff" + REQUIRED), {}).organization.name == "Example"


# What is wrong with a bad file. Each line: what is added to a good file, and all that is said of it.

IS_DURATION = "is not a duration; write 30s, 10m or 1h"
IS_ADDRESS = 'is not one e-mail address; write Name <name@host.example> (a name with a comma: "A, B" <…>)'
IS_URL = "is not a web address; write https://host.example/"
IS_LISTEN = "is not an address to listen on; write HOST:PORT, such as 127.0.0.1:8080"

BAD_ADDITIONS = [
    ("notify: {late_after: ten}", f'4: notify.late_after: "ten" {IS_DURATION}'),
    ("notify: {settle: ''}", f'4: notify.settle: "" {IS_DURATION}'),
    ("notify: {settle: 30m1h}", f'4: notify.settle: "30m1h" {IS_DURATION}'),
    ("notify: {settle: -5m}", f'4: notify.settle: "-5m" {IS_DURATION}'),
    ("notify: {settle: 1.5}", f"4: notify.settle: 1.5 {IS_DURATION}"),
    ("notify: {settle: true}", f"4: notify.settle: true {IS_DURATION}"),
    ("notify: {settle: [5s]}", f"4: notify.settle: a list {IS_DURATION}"),
    ("notify: {settle: 30}", "4: notify.settle: 30 has no unit; write 30s, 30m or 30h"),
    ("notify: {settle: '30'}", '4: notify.settle: "30" has no unit; write 30s, 30m or 30h'),
    ("notify: {settle: 367d}", '4: notify.settle: "367d" is more than a year; write a shorter duration'),
    ("notify: {settle: 999999999d}", '4: notify.settle: "999999999d" is more than a year; write a shorter duration'),
    ("notify: {settle: }", "4: notify.settle: is empty; write a value"),
    ("poll: {every: 0s}", '4: poll.every: "0s" is too short; write at least 1s'),
    ("notify: {reminders: 1d}", "4: notify.reminders: text stands where a list is expected"),
    ("notify:\n  reminders:\n    - 1d\n    - soon", f'7: notify.reminders: "soon" {IS_DURATION}'),
    ("notify:\n  settle: 5s\n  late_aftr: 1m", "6: notify.late_aftr: there is no such key; did you mean late_after?"),
    ("notfy: {}", "4: notfy: there is no such key; did you mean notify?"),
    ("web: {xyz: 1}", "4: web.xyz: there is no such key; write one of oidc, url, listen, heartbeat"),
    ("tickets: {zamad: {}}", "4: tickets.zamad: there is no such key; did you mean zammad?"),
    ("given: []", "4: given: there is no such key; did you mean "),
    ("notify: {start: off}", '4: notify.start: "off" is not one of auto or ask'),
    ("rules: {friday: false}", "4: rules.friday: false is not one of block, warn or off"),
    ("rules: {fridy: warn}", "4: rules.fridy: there is no such key; did you mean friday?"),
    ("readiness: {contacts: blok}", '4: readiness.contacts: "blok" is not one of block, warn or off'),
    ("sharing: {outside_writers: [warn]}", "4: sharing.outside_writers: a list is not one of block, warn or off"),
    ("limits: {mails_per_hour: many}", "4: limits.mails_per_hour: text stands where a whole number is expected"),
    ("limits: {mails_per_hour: 1.5}", "4: limits.mails_per_hour: a number stands where a whole number is expected"),
    (
        "limits: {mails_per_hour: true}",
        "4: limits.mails_per_hour: true or false stands where a whole number is expected",
    ),
    ("limits: {mails_per_hour: 0}", "4: limits.mails_per_hour: 0 is too small; write a whole number above 0"),
    ("notify: 5", "4: notify: a number stands where a mapping (key: value) is expected"),
    ("rules: [friday]", "4: rules: a list stands where a mapping (key: value) is expected"),
    ("columns: Estado", "4: columns: text stands where a mapping (key: value) is expected"),
    ("columns: {Statsu: Estado}", "4: columns.Statsu: there is no such name of ours; did you mean Status?"),
    ("columns: {qqq: q}", "4: columns.qqq: there is no such name of ours; docs/configuration.md has all of them"),
    ("columns: {Status: 5}", "4: columns.Status: a number stands where text is expected; put it in quotes"),
    ("columns: {Status: ' '}", "4: columns.Status: is empty; write a value"),
    (
        "checklist:\n  required:\n    - Deploied",
        '6: checklist.required: "Deploied" is not a checkbox of the log; write some of Maintenance on, Deployed, '
        "Restarted, System validated, Changes validated, Monitoring checked, Maintenance off",
    ),
    ("drive: {folder: 2026}", "4: drive.folder: a number stands where text is expected; put it in quotes"),
    ("drive: {folder: {a: b}}", "4: drive.folder: a mapping stands where text is expected"),
    ("web: {listen: 8080}", "4: web.listen: a number stands where text is expected; put it in quotes"),
    (
        "web: {listen: '0.0.0.0:8080'}",
        '4: web.listen: "0.0.0.0:8080" lets other machines in without signing in; '
        "set web.oidc and web.url, or listen on 127.0.0.1",
    ),
    (
        "web: {listen: '[::]:8080'}",
        '4: web.listen: "[::]:8080" lets other machines in without signing in; '
        "set web.oidc and web.url, or listen on 127.0.0.1",
    ),
    (
        "web: {url: 'https://pages.example'}",
        '4: web.url: "https://pages.example" lets others in without signing in; set web.oidc as well',
    ),
    (
        "web: {url: 'http://pages.example', oidc: {client_id: a, client_secret: b}}",
        '4: web.url: "http://pages.example" is not encrypted; '
        "write https://, and let a proxy in front hold the certificate",
    ),
    (
        "web: {url: 'https://pages.example/a', oidc: {client_id: a, client_secret: b}}",
        '4: web.url: "https://pages.example/a" has more than scheme, host and port; write https://host.example',
    ),
    (
        "web: {listen: '0.0.0.0:8080', oidc: {client_id: a, client_secret: b}}",
        "4: web.url: is missing, which web.oidc needs; write what browsers call the pages",
    ),
    ("web: {listen: localhost}", f'4: web.listen: "localhost" {IS_LISTEN}'),
    ("web: {listen: 'localhost:65536'}", f'4: web.listen: "localhost:65536" {IS_LISTEN}'),
    (
        "templates: nowhere",
        '4: templates: "nowhere" is not a folder; write the path of a folder with templates, or null',
    ),
    (
        "store: mysql://db.example/d",
        "4: store: the value is not a store; write sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE",
    ),
    (
        "gitlab: {url: 'https://u:p@gitlab.example', token: t}",
        "4: gitlab.url: the value has a user name in it; write the address without",
    ),
    (
        "store: postgresql://u:p@ss@db.example/d",
        "4: store: the value has an @ in its password; write it as %40, also in the environment variable",
    ),
    (
        "store: postgresql://db.example/d?user=u&password=p",
        "4: store: the value has a password behind the ?; write postgresql+psycopg://USER:PASSWORD@HOST/DATABASE",
    ),
    (
        "store: deploylog.db",
        "4: store: the value is not a store; write sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE",
    ),
    (
        "tickets: {zammad: {url: 'https://z.example'}}",
        "4: tickets.zammad.token: is missing and has no default; write it here",
    ),
    ("gitlab: {token: t}", "4: gitlab.url: is missing and has no default; write it here"),
    ("gitlab: {url: 'https://g.example', token: ''}", "4: gitlab.token: is empty; write a value"),
    ("gitlab: {url: 'g.example', token: t}", f"4: gitlab.url: the value {IS_URL}"),
    (
        "tickets: {zammad: {url: 'https://z.example', token: t, match: '(ES-'}}",
        '4: tickets.zammad.match: "(ES-" is not a regular expression; see the syntax of Python\'s module re',
    ),
    (
        "tickets: {zammad: {url: 'https://z.example', token: t, match: 'ES-'}}",
        '4: tickets.zammad.match: "ES-" has no group; '
        r"put round brackets around the ticket's number, such as ^#(\d{5,})",
    ),
    ("drive: {folder: '${NAME}'}", "4: drive.folder: the environment variable NAME is not set; set it for the daemon"),
    (
        "drive: {folder: '${no name}'}",
        "4: drive.folder: ${ is not followed by the name of an environment variable and }; write ${NAME}",
    ),
    ("poll: {every: 5s}\npoll: {every: 6s}", "5: poll: stands a second time; the first is in line 4; keep one"),
    ("poll:\n  every: 5s\n  every: 6s", "6: poll.every: stands a second time; the first is in line 5; keep one"),
    ("drive: &d {folder: *d}", "4: drive.folder: an alias (*name) stands inside of what it names; write the value out"),
    (
        "drive: {folder: !word x}",
        "4: drive.folder: a YAML tag (!word) stands here; put the value in quotes, or take the tag out",
    ),
    ("? [a]\n: b", "4: a list or mapping stands where a key is expected; write a word"),
    (r'"a\nb": 1', "4: a b: there is no such key; "),
]


@pytest.mark.parametrize(("added", "said"), BAD_ADDITIONS, ids=[added for added, _ in BAD_ADDITIONS])
def test_a_bad_key_is_told_with_line_and_remedy(folder: Path, added: str, said: str) -> None:
    [line] = problems(folder, f"{REQUIRED}{added}\n")
    # A sentence that ends in a blank goes on with names that do not matter here.
    assert line.startswith(said) if said.endswith(" ") else line == said


BAD_REPLACEMENTS = [
    ("name: Example", "name: 5", "1: organization.name: a number stands where text is expected; put it in quotes"),
    ("name: Example", "name: null", "1: organization.name: is empty; write a value"),
    ("[organization.example]", "[]", "1: organization.domains: a list is empty; write at least one"),
    (
        "[organization.example]",
        "['@organization.example']",
        '1: organization.domains: "@organization.example" is not a domain; '
        "write what stands behind the @ of your addresses, such as host.example",
    ),
    (
        "name: Example",
        "name: E, time_zone: Europe/Madird",
        '1: organization.time_zone: "Europe/Madird" is not a time zone; did you mean Europe/Madrid?',
    ),
    (
        "name: Example",
        "name: E, time_zone: Europe",
        '1: organization.time_zone: "Europe" is not a time zone; did you mean ',
    ),
    (
        "name: Example",
        "name: E, language: NO",
        '1: organization.language: "NO" is not a language of the mails; write one of es, ca, en',
    ),
    (
        "name: Example",
        "name: E, holidays: [ES-CT, ES-XX]",
        '1: organization.holidays: "ES-XX" is not a region whose public holidays are known; '
        "write an ISO 3166-2 code such as ES-CT",
    ),
    (
        "name: Example",
        "name: E, holidays: [Spain]",
        '1: organization.holidays: "Spain" is not a region whose public holidays are known; '
        "write an ISO 3166-2 code such as ES-CT",
    ),
    (
        "name: Example",
        "name: E, extra_holidays: [2026-06-31]",
        '1: organization.extra_holidays: "2026-06-31" is not a day; write YEAR-MONTH-DAY, such as 2026-08-28',
    ),
    (
        "name: Example",
        "name: E, support_phone: 871962912",
        "1: organization.support_phone: a number stands where text is expected; put it in quotes",
    ),
    ("name: Example", "name: E, support_portal: portal", f'1: organization.support_portal: "portal" {IS_URL}'),
    (
        "act_as: deployments@organization.example",
        "act_as: deployments",
        f'2: google.act_as: "deployments" {IS_ADDRESS}',
    ),
    (
        "act_as: deployments@organization.example",
        "act_as: A <a@organization.example>",
        '2: google.act_as: "A <a@organization.example>" has a name beside the address; write the address alone',
    ),
    (
        "key.json",
        "'{}'",
        "2: google.credentials: the value is not the name of a file; write the path of a key or token file, or adc",
    ),
    ("key.json", "adc, endpoint: 'ftp://x.example'", f'2: google.endpoint: "ftp://x.example" {IS_URL}'),
    ("key.json", "adc, endpoint: 'http://x.example:99999'", f'2: google.endpoint: "http://x.example:99999" {IS_URL}'),
    ("key.json", "adc, endpoint: 'http://'", f'2: google.endpoint: "http://" {IS_URL}'),
    ("Example <deployments@organization.example>", "Example", f'3: mail.from: "Example" {IS_ADDRESS}'),
    (
        '"Example <deployments@organization.example>"',
        "a@b.example, redirect_to: A <a@b.example>",
        '3: mail.redirect_to: "A <a@b.example>" has a name beside the address; write the address alone',
    ),
    ('"Example <deployments@organization.example>"', "a@b.example, reply_to: nobody", f'"nobody" {IS_ADDRESS}'),
    ("Example <deployments@organization.example>", "a@b.example, c@d.example", IS_ADDRESS),
    ("Example <deployments@organization.example>", "A..b <a..b@c.example>", IS_ADDRESS),
    ("Example <deployments@organization.example>", r"A\nBcc: x <a@c.example>", IS_ADDRESS),
    ("Example <deployments@organization.example>", "Soffid, S.L. <a@c.example>", IS_ADDRESS),
]


@pytest.mark.parametrize(("old", "new", "said"), BAD_REPLACEMENTS, ids=[new for _, new, _ in BAD_REPLACEMENTS])
def test_a_bad_value_of_a_required_section_is_told(folder: Path, old: str, new: str, said: str) -> None:
    assert old in REQUIRED
    [line] = problems(folder, REQUIRED.replace(old, new))
    assert said in line


def test_missing_keys_are_told_at_the_line_of_their_section(folder: Path) -> None:
    assert problems(folder, "drive: {}\norganization:\n  name: Example\ngoogle:\n") == [
        "1: mail.from: is missing and has no default; write it here",
        "2: organization.domains: is missing and has no default; write it here",
        "4: google.act_as: is missing and has no default; write it here",
        "4: google.credentials: is missing and has no default; write it here",
    ]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "{}\n"])
def test_an_empty_file_misses_all_five_keys(folder: Path, text: str) -> None:
    assert [line.split(": ")[1] for line in problems(folder, text)] == [
        "google.act_as",
        "google.credentials",
        "mail.from",
        "organization.domains",
        "organization.name",
    ]


def test_all_problems_are_told_at_once_in_the_order_of_the_file(folder: Path) -> None:
    text = """\
organization: {name: Example, domains: [organization.example], colour: red}
google: {credentials: key.json}
columns: {Statsu: Estado}
notify:
  settle: ten
  settle: 5s
  start: "${NOBODY}"
"""
    assert [line.rpartition(";")[0] or line for line in problems(folder, text)] == [
        "1: mail.from: is missing and has no default",
        "1: organization.colour: there is no such key",
        "2: google.act_as: is missing and has no default",
        "3: columns.Statsu: there is no such name of ours",
        f'5: notify.settle: "ten" {IS_DURATION.rpartition(";")[0]}',
        "6: notify.settle: stands a second time; the first is in line 5",
        "7: notify.start: the environment variable NOBODY is not set",
    ]


BAD_YAML = [
    ("a: [1\nb: 2\n", 2),
    ("a: 1\nb: c: d\n", 2),
    ("a:\n\tb: 1\n", 2),
    ("a: 1\nb: *nobody\n", 2),
    ("a: 1\n---\nb: 2\n", 2),
    ("a: 'open\n", 2),
    ("a: 1\nb: \x07\n", 2),
    ("a: 1\nb: @x\n", 2),
]


@pytest.mark.parametrize(("text", "line"), BAD_YAML, ids=[text for text, _ in BAD_YAML])
def test_bad_yaml_is_told_with_its_line(folder: Path, text: str, line: int) -> None:
    [said] = problems(folder, text)
    assert re.match(rf"{line}: (this is not YAML: |a character stands here that YAML does not allow)", said)


def test_yaml_nested_too_deeply_is_told(folder: Path) -> None:
    assert problems(folder, "[" * 1000) == ["1: brackets or indents are nested too deeply; take some out"]


def test_a_list_in_place_of_the_whole_is_told(folder: Path) -> None:
    assert problems(folder, "- a\n") == ["1: a list stands where a mapping (key: value) is expected"]


def test_a_file_that_cannot_be_read_is_told(folder: Path) -> None:
    binary = folder / "binary.yaml"
    binary.write_bytes(b"a: \xff\n")
    for path, why in [
        (folder / "nowhere.yaml", "No such file or directory"),
        (folder, "Is a directory"),
        (binary, "it is not UTF-8 text"),
    ]:
        with pytest.raises(ConfigurationError) as caught:
            load(path, {})
        assert str(caught.value) == (
            f"{path}: the configuration cannot be read ({why}); name another file with -c or DEPLOYLOG_CONFIG"
        )


HUSH = "hush-hush"
LEAKS = [
    "drive: {folder: '${SECRET}', colour: '${SECRET}'}",
    "notify: {settle: '${SECRET}', start: '${SECRET}', reminders: ['${SECRET}']}",
    "rules: {friday: 'x${SECRET}'}",
    "web: {listen: '${SECRET}'}",
    "store: hush-hush",
    "store: mysql://u:hush-hush@db.example/d",
    "store: postgresql://u:hush@hush-hush@db.example/d",
    "store: postgresql://db.example/d?password=hush-hush",
    "tickets: {zammad: hush-hush}",
    "tickets: {zammad: {url: hush-hush, token: [hush-hush]}}",
    "tickets: {zammad: {url: 'https://z.example', token: '${SECRET}', match: '(${SECRET}'}}",
    "gitlab: {url: 'https://u:hush-hush@:99999', token: t, hush: hush-hush}",
    "gitlab: {url: 'https://u:hush-hush@gitlab.example', token: t}",
    "gitlab: {url: hush-hush, token: t, token: hush-hush}",
    "gitlab:\n  token: *hush-hush",
    "gitlab:\n  token: !hush-hush x",
    "gitlab:\n  token: !h!hush-hush x",
    "gitlab:\n  token: [hush-hush",
    "gitlab:\n  token: &hush-hush a\n  url: &hush-hush b",
    "gitlab:\n  token: 'hush-hush",
    "gitlab:\n  token: hush-hush: hush-hush",
    'gitlab:\n  token: "hush-hush\\q"',
]


@pytest.mark.parametrize("added", LEAKS)
def test_a_secret_stands_in_no_message(folder: Path, added: str) -> None:
    said = "\n".join(_any_problems(folder, REQUIRED + added + "\n", {"SECRET": HUSH}))
    assert said
    assert HUSH not in said


def test_a_password_in_a_web_address_stands_in_no_message(folder: Path) -> None:
    text = REQUIRED.replace("key.json", "key.json, endpoint: 'ftp://u:hush-hush@x.example'")
    assert problems(folder, text) == [f"2: google.endpoint: the value {IS_URL}"]


def _any_problems(folder: Path, text: str, environment: Mapping[str, str]) -> Iterator[str]:
    """The messages of the error and of what it came from, as a traceback would show them."""
    with pytest.raises(ConfigurationError) as caught:
        load(write(folder, text), environment)
    error: BaseException | None = caught.value
    while error is not None:
        yield str(error)
        error = error.__cause__


_TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1h", "off", "${A}"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([part for key in keys() for part in key.split(".")]), inner, max_size=6)
    ),
    max_leaves=20,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=_TREES, text=st.text(max_size=30))
def test_no_file_ends_in_anything_but_a_config_or_a_configuration_error(
    tmp_path: Path, tree: object, text: str
) -> None:
    for content in (json.dumps(tree), text):
        path = tmp_path / "deploylog.yaml"
        path.write_bytes(content.encode("utf-8", "replace"))
        said = ""
        try:
            load(path, {"A": "a"})
        except ConfigurationError as error:
            said = str(error)
        assert all(line.startswith(str(path)) for line in said.split("\n") if said)


# Code, example and page.


@dataclass(frozen=True)
class Row:
    default: str
    meaning: str


def page() -> dict[str, Row]:
    rows = re.findall(r"^\| `([\w.]+)` \| .*? \| (\S.*?) \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len({key for key, _, _ in rows}) == len(rows)
    return {key: Row(default.replace(r"\|", "|").strip("`"), meaning) for key, default, meaning in rows}


def uncommented_example() -> str:
    """The example with every `#key` taken in; `# words` stay comments."""
    return re.sub(r"^( *)#(?=\w)", r"\1", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)


def leaves(tree: Mapping[str, object], prefix: str = "") -> list[str]:
    found: list[str] = []
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            found += leaves(value, f"{prefix}{key}.")
        else:
            found.append(f"{prefix}{key}")
    return found


def test_every_key_stands_in_the_example_and_on_the_page_in_the_codes_order() -> None:
    example = YAML(typ="safe", pure=True).load(uncommented_example())
    assert leaves(example) == list(keys())
    assert list(page()) == list(keys())


def test_the_example_loads_as_it_is(folder: Path) -> None:
    text = EXAMPLE.read_text("utf-8")
    config = load(write(folder, text), {})
    assert {key for key in config.given if key in keys()} == {
        key
        for key, row in page().items()
        if row.default == "required" and not key.startswith(("tickets", "gitlab", "web.oidc"))
    }


def test_the_uncommented_example_has_the_codes_defaults(folder: Path) -> None:
    plain = load(write(folder, EXAMPLE.read_text("utf-8")), {})
    full = load(write(folder, uncommented_example()), SECRETS)
    assert full.google.endpoint == "http://127.0.0.1:8085"
    assert full.tickets.zammad is not None
    assert full.tickets.zammad.match == ZammadConfig.model_fields["match"].default
    assert full.gitlab is not None
    assert full.gitlab.projects == {}
    assert full.web.oidc is not None
    assert full.web.oidc.issuer == OidcConfig.model_fields["issuer"].default
    web = full.web.model_copy(update={"oidc": None, "url": None})
    examples = {"gitlab": None, "tickets": plain.tickets, "google": plain.google, "web": web}
    assert full.model_copy(update=examples) == plain


ADDRESS = "https://pages.example"
"""What signing in needs beside its own keys."""


def test_the_defaults_of_the_page_are_the_codes(folder: Path) -> None:
    needed = {
        "organization.name": "Example",
        "organization.domains": "[organization.example]",
        "google.credentials": "key.json",
        "google.act_as": "deployments@organization.example",
        "mail.from": "Example <deployments@organization.example>",
        "tickets.zammad.url": "https://z.example",
        "tickets.zammad.token": "t",
        "gitlab.url": "https://g.example",
        "gitlab.token": "t",
        "web.oidc.client_id": "c",
        "web.oidc.client_secret": "s",
    }
    assert {key for key, row in page().items() if row.default == "required"} == set(needed)
    assert [key for key, row in page().items() if row.default == "none"] == ["google.endpoint", "web.url"]
    yaml = YAML(typ="safe", pure=True)
    tree: dict[str, object] = {}
    for key, row in page().items():
        if row.default != "none" or key == "web.url":
            _put(tree, key.split("."), yaml.load({**needed, "web.url": ADDRESS}.get(key, row.default)))
    written = load(write(folder, json.dumps(tree, default=str)), {})
    systems = "tickets: {zammad: {url: 'https://z.example', token: t}}\ngitlab: {url: 'https://g.example', token: t}\n"
    systems += f"web: {{url: {ADDRESS}, oidc: {{client_id: c, client_secret: s}}}}\n"
    assert written == read(folder, systems)


def _put(tree: dict[str, object], parts: list[str], value: object) -> None:
    for part in parts[:-1]:
        inner = tree.setdefault(part, {})
        assert isinstance(inner, dict)
        tree = inner
    tree[parts[-1]] = value


def test_the_page_shows_what_load_says(folder: Path) -> None:
    shown = re.findall(r"^deploylog\.yaml:(\d+: .*)$", PAGE.read_text("utf-8"), re.MULTILINE)
    text = REQUIRED + "\n" * 9 + "notify:\n  late_after: ten\n  late_aftr: 1h\n"
    assert problems(folder, text) == shown


def test_the_smallest_file_of_the_page_loads(folder: Path) -> None:
    smallest = re.search(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert smallest is not None
    assert load(write(folder, smallest[1]), {}).organization.name == "Example"
