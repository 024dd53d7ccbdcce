"""Gmail's search language (`q`): https://support.google.com/mail/answer/7190.

Words match whole words of sender, recipients, subject, text and names of attached files, whatever their case. Other
headers cannot be searched, as in Gmail. What the language has and this has not is refused with 501.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.gmail.mime import Letter, file_names, text

_DATES = ZoneInfo("America/Los_Angeles")
"""Dates mean midnight there: https://developers.google.com/workspace/gmail/api/guides/filtering."""
_TOKEN = re.compile(r'\s+|(-?)(?:([A-Za-z0-9_]+):)?("[^"]*"|[({]|[^\s(){}"]+)|([)}])')
_MISSING = frozenset({"category", "around", "annotation", "stored"})
_LABEL_WORDS = {"sent": "SENT", "draft": "DRAFT", "drafts": "DRAFT", "starred": "STARRED", "trash": "TRASH"}


@dataclass(frozen=True)
class Candidate:
    """One message to be judged; its content is read when a term asks for it."""

    message: Json
    read: Callable[[], bytes]
    now: datetime
    own_labels: Mapping[str, str]
    """The labels the person made: as a query names them (`label_word`) -> id."""

    @cached_property
    def content(self) -> bytes:
        return self.read()

    @cached_property
    def letter(self) -> Letter:
        return Letter.parse(self.content)

    @cached_property
    def everything(self) -> str:
        return "\n".join((*self.headers("From", "To", "Cc", "Bcc", "Subject"), text(self.content), *self.files))

    @cached_property
    def files(self) -> list[str]:
        return file_names(self.content)

    def headers(self, *names: str) -> list[str]:
        return [self.letter.value(name) for name in names]


Test = Callable[[Candidate], bool]


def compiled(query: str) -> Test:
    """The test a message must pass. Raises ApiError 501 for what is not there."""
    tokens = _tokens(query)
    test, rest = _sequence(tokens, 0, "", _words)
    # A bracket that closes nothing is no part of any word.
    while rest < len(tokens):
        more, rest = _sequence(tokens, rest + 1, "", _words)
        test = _all([test, more])
    return test


def reaches_trash(query: str) -> bool:
    """Whether the query itself asks for what was thrown away or is spam."""
    return re.search(r"(?i)\b(?:in|is|label):(?:anywhere|trash|spam)\b", query) is not None


@dataclass(frozen=True)
class _Token:
    negated: bool
    operator: str
    text: str


def _tokens(query: str) -> list[_Token]:
    found = []
    for match in _TOKEN.finditer(query):
        if match[4]:
            found.append(_Token(False, "", match[4]))
        elif match[3]:
            found.append(_Token(bool(match[1]), (match[2] or "").lower(), match[3]))
    return found


def _sequence(tokens: list[_Token], at: int, closing: str, plain: Callable[[str], Test]) -> tuple[Test, int]:
    """Terms up to the closing bracket: all of them, or in braces any; OR joins its neighbours."""
    groups: list[list[Test]] = []
    joined = False
    while at < len(tokens) and tokens[at].text not in (")", "}"):
        token = tokens[at]
        if token.text == "OR" and not token.operator and groups:
            joined, at = True, at + 1
            continue
        test, at = _term(tokens, at, plain)
        if joined:
            groups[-1].append(test)
        else:
            groups.append([test])
        joined = False
    tests = [_any(group) for group in groups]
    return (_any(tests) if closing == "}" else _all(tests)), at


def _term(tokens: list[_Token], at: int, plain: Callable[[str], Test]) -> tuple[Test, int]:
    token = tokens[at]
    if token.text in ("(", "{"):
        inner = _operator(token.operator) if token.operator else plain
        test, at = _sequence(tokens, at + 1, ")" if token.text == "(" else "}", inner)
    else:
        test = _operator(token.operator)(token.text) if token.operator else plain(token.text)
    return (_none(test) if token.negated else test), at + 1


def _operator(name: str) -> Callable[[str], Test]:
    """What makes a test of the word after `name:`."""
    fields = {
        "from": ("From",),
        "to": ("To", "Cc", "Bcc"),
        "cc": ("Cc",),
        "deliveredto": ("Delivered-To",),
        "list": ("List-ID", "List-Post"),
        "bcc": ("Bcc",),
        "subject": ("Subject",),
    }
    if name in fields:
        return lambda value: lambda one: _says("\n".join(one.headers(*fields[name])), value)
    operators: dict[str, Callable[[str], Test]] = {
        "in": _in,
        "label": _in,
        "is": _is,
        "has": _has,
        "rfc822msgid": lambda value: lambda one: one.message["messageId"].strip("<>") == value.strip('"<>'),
        "after": _not_before,
        "newer": _not_before,
        "before": lambda value: _none(_not_before(value)),
        "older": lambda value: _none(_not_before(value)),
        "newer_than": _younger,
        "older_than": lambda value: _none(_younger(value)),
        "filename": lambda value: lambda one: _says("\n".join(one.files), value),
        "larger": _larger,
        "size": _larger,
        "smaller": _smaller,
    }
    if name in operators:
        return operators[name]
    if name in _MISSING:
        raise _not_there(f"{name}:")
    # To Gmail an unknown operator is but a word with a colon in it.
    return lambda value: _words(f"{name}:{value}")


def _words(value: str) -> Test:
    if value == "AROUND":
        raise _not_there("AROUND")
    return lambda one: _says(one.everything, value)


def _in(value: str) -> Test:
    name = value.strip('"').lower()
    if name in ("anywhere", "all"):
        return lambda one: True
    system, word = _LABEL_WORDS.get(name, name.upper()), label_word(name)
    return lambda one: one.own_labels.get(word, system) in one.message["labelIds"]


def _is(value: str) -> Test:
    name = value.lower()
    if name == "read":
        return lambda one: "UNREAD" not in one.message["labelIds"]
    if name in ("unread", "starred", "important", "sent", "draft"):
        return lambda one: name.upper() in one.message["labelIds"]
    raise _not_there(f"is:{value}")


def _has(value: str) -> Test:
    name = value.lower()
    if name == "attachment":
        return lambda one: bool(one.files)
    if name in ("userlabels", "nouserlabels"):
        wanted = name == "userlabels"
        return lambda one: bool(set(one.message["labelIds"]) & set(one.own_labels.values())) == wanted
    raise _not_there(f"has:{value}")


def _not_before(value: str) -> Test:
    """At or after a date (year first), or so many seconds since 1970."""
    if re.fullmatch(r"\d{7,}", value):
        seconds = float(value)
    else:
        try:
            day = datetime.strptime(value.replace("-", "/"), "%Y/%m/%d").replace(tzinfo=_DATES)
        except ValueError:
            raise _not_there(f"the date {value}") from None
        seconds = day.timestamp()
    return lambda one: bool(one.message["internalDate"] >= seconds * 1000)


def _younger(value: str) -> Test:
    found = re.fullmatch(r"(\d+)([dmy])", value)
    if found is None:
        raise _not_there(f"the age {value}")
    age = timedelta(days={"d": 1, "m": 30, "y": 365}[found[2]] * int(found[1]))
    return lambda one: bool(one.message["internalDate"] >= (one.now - age).timestamp() * 1000)


def _larger(value: str) -> Test:
    size = _bytes(value)
    return lambda one: bool(one.message["sizeEstimate"] >= size)


def _smaller(value: str) -> Test:
    size = _bytes(value)
    return lambda one: bool(one.message["sizeEstimate"] < size)


def _bytes(value: str) -> int:
    """A size: bytes, or with K or M."""
    found = re.fullmatch(r"(\d+)([kKmM]?)[bB]?", value)
    if found is None:
        raise _not_there(f"the size {value}")
    return int(found[1]) * {"": 1, "k": 1024, "m": 1024**2}[found[2].lower()]


def label_word(name: str) -> str:
    """The name of a label as a query writes it: spaces and slashes as hyphens, case aside."""
    return re.sub(r"[\s/&()\"]+", "-", name.strip()).casefold()


def _says(where: str, wanted: str) -> bool:
    """Whether the words stand there, one after the other, as whole words."""
    words = _split(wanted)
    there = _split(where)
    return any(there[start : start + len(words)] == words for start in range(len(there) - len(words) + 1))


def _split(value: str) -> list[str]:
    return re.findall(r"\w+", value.casefold())


def _all(tests: list[Test]) -> Test:
    return lambda one: all(test(one) for test in tests)


def _any(tests: list[Test]) -> Test:
    return lambda one: any(test(one) for test in tests)


def _none(test: Test) -> Test:
    return lambda one: not test(one)


def _not_there(what: str) -> ApiError:
    return ApiError(501, "notImplemented", f"The sandbox cannot search mail by {what} yet.")
